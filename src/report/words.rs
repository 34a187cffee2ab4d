//! What the report says in sentences: plain text, shared by the page and the Markdown.

use super::format;
use super::model::{Group, outcome, point};
use super::pick::{Pick, fastest, smallest, too_few_samples};
use crate::results::{Cell, CellKind, DatasetFacts, DatasetShape, Results};
use std::collections::BTreeSet;

/// A warning at the top of the page.
pub(super) struct Banner {
    /// Something went wrong, rather than: mind this.
    pub bad: bool,
    /// The warning.
    pub text: String,
}

/// A load average above this is not the run's own, which keeps at most one processor busy.
const BUSY_LOAD: f64 = 2.0;

/// The warnings that results call for.
pub(super) fn banners(results: &[Results]) -> Vec<Banner> {
    let mut all = Vec::new();
    let mut warn = |bad, text| all.push(Banner { bad, text });
    if results.is_empty() {
        warn(true, "There are no results: nothing was measured.".to_owned());
    }
    for (nth, result) in results.iter().enumerate() {
        let run = if results.len() > 1 { format!("Run {}: ", nth + 1) } else { String::new() };
        let count = |word| result.cells.iter().filter(|c| outcome(c) == word).count();
        match (count("failed"), count("timeout")) {
            (0, 0) => {}
            (failed, 0) => warn(true, format!("{run}{} failed: see “Not measured” below.", cells(failed))),
            (0, late) => warn(true, format!("{run}{} did not end in time: see “Not measured” below.", cells(late))),
            (failed, late) => {
                warn(
                    true,
                    format!(
                        "{run}{} failed and {} did not end in time: see “Not measured” below.",
                        cells(failed),
                        cells(late)
                    ),
                );
            }
        }
        if !result.run.complete {
            warn(true, format!("{run}the run did not reach its end: what follows is only a part of it."));
        }
        if !result.cells.iter().any(|c| point(c).is_some()) {
            warn(true, format!("{run}no cell gave a number that counts."));
        }
        if let Some(load) = result.host.load.after.filter(|load| *load >= BUSY_LOAD) {
            warn(
                true,
                format!(
                    "{run}other programs kept this machine busy: the load average was {load:.1} at the end, of which the \
                     run itself is about 1. Measure again when the machine is idle."
                ),
            );
        }
        if result.run.profile == "criterion-quick" {
            warn(
                false,
                format!("{run}this is a quick run of few samples: good for trying things out, not for conclusions."),
            );
        }
    }
    all
}

/// A number of cells: `1 cell`, `12 cells`.
pub(super) fn cells(n: usize) -> String {
    if n == 1 { "1 cell".into() } else { format!("{} cells", format::count(n as u64)) }
}

/// A dataset in one line.
pub(super) fn dataset(facts: &DatasetFacts) -> String {
    let shape = match &facts.shape {
        DatasetShape::Fixed(shape) => format!("each {shape} (height x width x channels)"),
        DatasetShape::Ragged { max, size_quantiles } => {
            let spread = match size_quantiles[..] {
                [_, low, middle, high, _] => {
                    let [low, middle, high] = [low, middle, high].map(format::bytes);
                    format!(", half of them up to {middle} of pixels, nine in ten between {low} and {high}")
                }
                _ => String::new(),
            };
            format!("of different shapes, at most {max}{spread}")
        }
    };
    let files = facts.source_bytes.map_or(String::new(), |bytes| format!(", in files of {}", format::bytes(bytes)));
    format!(
        "{}: {}, {shape}, {} of raw pixels{files}",
        facts.name,
        format::images(facts.images),
        format::bytes(facts.raw_bytes)
    )
}

/// The machine in one line.
pub(super) fn host(result: &Results) -> String {
    let h = &result.host;
    let l3 = h.l3_bytes.map_or("last-level cache unknown".into(), |b| format!("{} last-level cache", format::bytes(b)));
    let virt = h.virt.as_ref().map_or(String::new(), |v| format!(", {v}"));
    format!(
        "{}, {} logical cores, {} memory, {l3}, {} ({}){virt}",
        h.cpu,
        h.cores,
        format::bytes(h.mem_bytes),
        h.os,
        h.kernel
    )
}

/// Where stores lay, in one line.
pub(super) fn place(result: &Results) -> String {
    let p = &result.host.place;
    let fs = p.fs.as_deref().unwrap_or("file system unknown");
    format!("{fs} on {} ({} path)", p.device.as_deref().unwrap_or("an unknown device"), p.path_kind)
}

/// How far it is proved that reads were warm.
fn warmth(measured: &[&Cell]) -> Option<String> {
    let proofs = measured.iter().filter_map(|cell| Some((cell, cell.cache_proof.as_ref()?)));
    let (proved, open): (Vec<_>, Vec<_>) = proofs.partition(|(_, proof)| proof.proved);
    if proved.is_empty() && open.is_empty() {
        return None;
    }
    let mut text = format!("In {} of reads no byte came from a device while they were timed.", cells(proved.len()));
    if !open.is_empty() {
        let which: Vec<_> = open
            .iter()
            .map(|(cell, proof)| {
                let bytes = proof.device_read_bytes.map_or("an unknown amount".into(), format::bytes);
                format!("{} {} at {} ({bytes})", cell.format, cell.workload, format::images(cell.images))
            })
            .collect();
        text += &format!(" Not wholly warm, so too slow here: {}.", which.join("; "));
    }
    Some(text)
}

/// What one run can and cannot say.
pub(super) fn limits(result: &Results) -> Vec<String> {
    let mut all = Vec::new();
    if result.run.profile.starts_with("criterion") {
        all.push(
            "Criterion measures one function after another. A slow spell of the machine hits some formats and spares others, \
             so read these numbers for the size of differences, not as a ranking; differences of a few percent mean nothing."
                .to_owned(),
        );
    }
    let measured: Vec<_> = result.cells.iter().filter(|c| point(c).is_some()).collect();
    let stores: BTreeSet<_> =
        measured.iter().filter_map(|c| Some((c.format.as_str(), c.store.as_ref()?.nth))).collect();
    let formats: BTreeSet<_> = stores.iter().map(|(format, _)| format).collect();
    if stores.len() == formats.len() {
        all.push(
            "Each store was written once, on one place of one host; another store, disk or machine may differ."
                .to_owned(),
        );
    }
    let caches: BTreeSet<&str> = measured.iter().filter(|c| c.durability.is_none()).map(|c| c.cache.as_str()).collect();
    if caches.iter().eq(["warm"].iter()) {
        all.push("Reads were warm: the stores were in memory. Reading from the disk was not measured.".to_owned());
        all.extend(warmth(&measured));
    } else if caches.len() > 1 {
        all.push("Cache states are shown apart and must not be compared with one another.".to_owned());
    }
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
    if drifting > 0 {
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

/// A question of the reader with its answer.
pub(super) struct Answer {
    /// What is asked.
    pub question: &'static str,
    /// The answer in a few words.
    pub short: String,
    /// What belongs to it.
    pub rest: String,
}

/// Questions of the reader with their answers.
pub(super) fn answers(group: &Group<'_>) -> Vec<Answer> {
    let asked = [
        ("Fastest training read (shuffled epoch)", "epoch"),
        ("Fastest single read", "read_one"),
        ("Fastest ingest (writing a store in batches)", "write_batch"),
    ];
    let nothing = || match too_few_samples(group) {
        true => ("Not said".to_owned(), "by a quick run: it has too few samples to name one.".to_owned()),
        false => ("Not measured".to_owned(), "in these results.".to_owned()),
    };
    let answer = |question, found: Option<(String, String)>| {
        let (short, rest) = found.unwrap_or_else(nothing);
        Answer { question, short, rest }
    };
    let pick = |workload| group.column(workload).and_then(|column| fastest(group, column)).map(|pick| speed(&pick));
    let mut all: Vec<Answer> = asked.into_iter().map(|(question, workload)| answer(question, pick(workload))).collect();
    all.push(answer("Smallest on disk (allocated bytes)", space(group)));
    all
}

fn speed(pick: &Pick<'_, '_>) -> (String, String) {
    let unit = pick.column.unit();
    let (row, point) = pick.best;
    let short = format!("{} with {} {unit}", row.label, format::rate(point.rate));
    let mut text = String::new();
    if point.interval.is_some() {
        text += &format!("(95 % interval {}), ", format::interval(point.interval, unit));
    }
    text += &format!("{} per image, at {}.", format::micros(1e6 / point.rate), format::images(pick.column.images));
    let Some((slow_row, slow)) = pick.slowest else { return (short, text + " No other format gave a number.") };
    if pick.together.is_empty() {
        text += " The others are told apart from it.";
    } else {
        let names: Vec<&str> = pick.together.iter().map(|row| row.label.as_str()).collect();
        let names = names.join("; ");
        text += &format!(" Not told apart from it: {names} (which does not prove them equal).");
    }
    if !pick.together.iter().any(|row| row.format == slow_row.format) {
        let (rate, ratio) = (format::rate(slow.rate), format::times(point.rate / slow.rate));
        text += &format!(" Slowest: {} with {rate} {unit}; the fastest does {ratio} as many.", slow_row.label);
    }
    (short, text)
}

fn space(group: &Group<'_>) -> Option<(String, String)> {
    let (rows, least) = smallest(group)?;
    let names: Vec<&str> = rows.iter().map(|row| row.label.as_str()).collect();
    let each = if rows.len() > 1 { ", each" } else { "" };
    let short = format!("{}{each} with {} per image", names.join("; "), format::bytes_each(least));
    let raw = group.raw_bytes_each().filter(|raw| *raw > 0.0);
    let share = raw.map(|raw| format!("({} of the raw pixels).", format::percent(least / raw)));
    Some((short, share.unwrap_or_default()))
}

/// What tells a group from the others: dataset, cache, threads, what is delivered.
pub(super) fn group_title(group: &Group<'_>, run: usize, runs: usize) -> String {
    let run = if runs > 1 { format!("Run {run}: ") } else { String::new() };
    let name = group.dataset.map_or(group.dataset_id, |d| d.name.as_str());
    let threads = if group.threads == 1 { "1 thread".into() } else { format!("{} threads", group.threads) };
    format!("{run}{name}, {} cache, {threads}, delivering {}", group.cache, group.deliver)
}

/// Whether references or null twins are among the rows.
pub(super) fn has_controls(group: &Group<'_>) -> bool {
    group.rows.iter().any(|row| row.kind != CellKind::Format)
}

/// What the signs of the summary table mean.
pub(super) const LEGEND: &str = "★ fastest of its column. ≈ not told apart from it: the 95 % intervals overlap, one is wider than ± 50 % and not ten times away, or (measured one \
     after another) the numbers differ by less than a factor of 1.25; that does not prove them equal. ± is half the width of \
     the 95 % interval; where that is more than 50 %, its two ends are given.";
