//! What a run can and cannot say.

use super::cells;
use crate::report::format;
use crate::report::model::{interleaved, point};
use crate::report::row::is_harness;
use crate::results::{CacheProof, Cell, CellKind, Estimate, Results};
use std::collections::BTreeSet;

/// How far it is proved that reads were as warm or as cold as they are called.
fn proofs(measured: &[&Cell], warm: bool) -> Option<String> {
    let reads = measured.iter().filter(|cell| cell.durability.is_none() && (cell.cache == "warm") == warm);
    let proofs = reads.filter_map(|cell| Some((cell, cell.cache_proof.as_ref()?)));
    let (proved, open): (Vec<_>, Vec<_>) = proofs.partition(|(_, proof)| proof.proved);
    if proved.is_empty() && open.is_empty() {
        return None;
    }
    let what = match warm {
        true => "of reads no byte came from a device while they were timed",
        false => "of cold reads it is proved that nothing of the store was in memory before each turn",
    };
    let mut text = format!("In {} {what}.", cells(proved.len()));
    if !open.is_empty() {
        let amount = |proof: &CacheProof| match warm {
            true => proof.device_read_bytes.map_or("an unknown amount".into(), format::bytes),
            false => proof.resident_before_pct.map_or("an unknown share of it".into(), |pct| {
                format!("up to {} of it in memory", format::percent(pct / 100.0))
            }),
        };
        let name = |(cell, proof): &(&&Cell, &CacheProof)| {
            format!("{} {} at {} ({})", cell.format, cell.workload, format::images(cell.images), amount(proof))
        };
        let named = 6;
        let mut which = open.iter().take(named).map(name).collect::<Vec<_>>().join("; ");
        if open.len() > named {
            which += &format!("; and {} besides", cells(open.len() - named));
        }
        let said = if warm {
            "Not wholly warm, so perhaps too slow here"
        } else {
            "Not proved cold, so perhaps too fast here"
        };
        text += &format!(" {said}: {which}.");
    }
    Some(text)
}

/// Which warm stores could not be held in memory.
fn held(measured: &[&Cell]) -> Option<String> {
    let part = |cell: &&&Cell| cell.cache_proof.as_ref().and_then(|p| p.held).is_some_and(|held| !held);
    let parts: BTreeSet<&str> = measured.iter().filter(part).map(|cell| cell.format.as_str()).collect();
    (!parts.is_empty()).then(|| {
        let which = parts.into_iter().collect::<Vec<_>>().join(", ");
        format!(
            "Not locked in memory during warm reads (too many files, too little memory to spare, or more than this process may \
             lock: ulimit -l), so the system may have taken pages away: {which}."
        )
    })
}

/// How many stores stand for a format, where the profile says so.
fn stores(result: &Results, measured: &[&Cell]) -> Option<String> {
    let elsewhere = "on one place of one host; another store, disk or machine may differ.";
    match result.run.profile.as_str() {
        "quick" | "standard" => {
            return Some(format!("One store of each format was written, {elsewhere}"));
        }
        "full" => {
            return Some(format!(
                "Several stores of each format were written, and launch after launch read the next, {elsewhere}"
            ));
        }
        _ => {}
    }
    let formats = measured.iter().filter(|cell| cell.kind == CellKind::Format);
    let stores: BTreeSet<_> = formats.filter_map(|c| Some((c.format.as_str(), c.store.as_ref()?.nth))).collect();
    let formats: BTreeSet<_> = stores.iter().map(|(format, _)| format).collect();
    (stores.len() == formats.len()).then(|| {
        "Each store was written once, on one place of one host; another store, disk or machine may differ.".to_owned()
    })
}

/// What an interleaved run rests on.
fn turns(measured: &[&Cell]) -> Option<String> {
    let range = |of: fn(&Estimate) -> u32| {
        let numbers = || measured.iter().filter_map(|cell| cell.estimate.as_ref().map(of));
        Some(match (numbers().min()?, numbers().max()?) {
            (least, most) if least == most => format::count(u64::from(least)),
            (least, most) => format!("{} to {}", format::count(u64::from(least)), format::count(u64::from(most))),
        })
    };
    let (launches, blocks) = (range(|e| e.launches)?, range(|e| e.blocks)?);
    Some(format!(
        "Cells took turns: launches of the worker process for each cell: {launches}; blocks in all of them together: \
         {blocks}, in each of which every competing cell has two turns. The launch is the unit of the intervals and verdicts."
    ))
}

/// What one run can and cannot say.
pub(in crate::report) fn limits(result: &Results) -> Vec<String> {
    let mut all = Vec::new();
    if result.run.profile.starts_with("criterion") {
        all.push(
            "Criterion measures one function after another. A slow spell of the machine hits some formats and spares others, \
             so read these numbers for the size of differences, not as a ranking; differences of a few percent mean nothing."
                .to_owned(),
        );
    }
    let measured: Vec<_> = result.cells.iter().filter(|c| point(c).is_some() && !is_harness(c)).collect();
    all.extend(stores(result, &measured));
    if interleaved(result) {
        all.extend(turns(&measured));
    }
    let caches: BTreeSet<&str> = measured.iter().filter(|c| c.durability.is_none()).map(|c| c.cache.as_str()).collect();
    if caches.iter().eq(["warm"].iter()) {
        all.push("Reads were warm: the stores were in memory. Reading from the disk was not measured.".to_owned());
    } else if caches.len() > 1 {
        all.push("Cache states are shown apart and must not be compared with one another.".to_owned());
    }
    all.extend([true, false].into_iter().filter_map(|warm| proofs(&measured, warm)));
    all.extend(held(&measured));
    for facts in &result.datasets {
        let raw = format::bytes(facts.raw_bytes);
        all.push(match result.host.l3_bytes {
            Some(l3) if facts.raw_bytes <= l3 => format!(
                "The raw pixels of {} ({raw}) fit in the last-level cache ({}): a set larger than that may read more slowly.",
                facts.name,
                format::bytes(l3)
            ),
            Some(l3) if facts.raw_bytes <= result.host.mem_bytes => format!(
                "The raw pixels of {} ({raw}) exceed the last-level cache ({}) and fit in main memory ({}).",
                facts.name,
                format::bytes(l3),
                format::bytes(result.host.mem_bytes)
            ),
            Some(_) => format!("The raw pixels of {} ({raw}) exceed main memory.", facts.name),
            None => format!("The size of the last-level cache is unknown, so whether {} ({raw}) fits is too.", facts.name),
        });
    }
    let writes: BTreeSet<&str> = measured.iter().filter_map(|c| c.durability.as_deref()).collect();
    for durability in writes {
        all.push(match durability {
            "close" => "Writes count until the finished store is synced once, at its end (durability close).".into(),
            "each" => "Writes were synced after every operation (durability each).".into(),
            "none" => "Writes with durability none were never synced: they are shown, never ranked.".into(),
            other => format!("Writes had durability {other}."),
        });
    }
    let drifting =
        measured.iter().filter(|c| c.estimate.as_ref().and_then(|e| e.lag1).is_some_and(|l| l > 0.2)).count();
    // Intervals from launches are not too narrow by it.
    if drifting > 0 && !interleaved(result) {
        all.push(format!(
            "In {} of {} measured cells neighbouring samples resemble each other (lag-1 autocorrelation above 0.2): their \
             intervals are too narrow.",
            drifting,
            measured.len()
        ));
    }
    if measured.iter().any(|c| c.estimate.as_ref().is_some_and(|e| (e.confidence - 0.95).abs() > 1e-9)) {
        all.push("Some intervals have another confidence than 95 %: the table of all cells says which.".to_owned());
    }
    if let Some(steal) = result.host.steal_pct.filter(|s| *s >= 1.0) {
        all.push(format!(
            "The hypervisor took away {} of the processor time during the run.",
            format::percent(steal / 100.0)
        ));
    }
    all.extend(result.host.noise.iter().map(|noise| format!("Noise of the host: {noise}.").replace("..", ".")));
    all
}
