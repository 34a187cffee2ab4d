//! What follows from the turns of a contest: speeds, verdicts, the noise floor, shares of the reference.

use super::outcome::Outcome;
use super::peers;
use super::plan::{Contest, Entry};
use crate::measure::Cache;
use crate::results::{Cell, CellKind, Comparison, NullControl, Status, Turns};
use crate::stats::{self, Interval, Rule, Table};
use crate::store::Durability;
use crate::store::registry::by_library;

/// Fills in the cells' estimates and compares them. A contest that was cut short gives estimates and no verdicts.
/// `pilots` are the nanoseconds an image of the turns that did not count.
pub(super) fn judge(
    contest: &Contest,
    entries: &[Entry],
    pilots: &[Option<f64>],
    cells: &mut [Cell],
    complete: bool,
) -> Outcome {
    // Cells that failed have turns that nobody else had beside them.
    let taking: Vec<usize> = (0..cells.len()).filter(|&at| cells[at].status == Status::Ok).collect();
    let turns: Vec<_> = taking.iter().map(|&at| &cells[at].turns).collect();
    let table = match Table::from_turns(&turns) {
        Ok(table) => table,
        Err(reason) => {
            taking.iter().for_each(|&at| cells[at].reason = Some(format!("no estimate: {reason}")));
            return Outcome { cells: cells.to_vec(), ..Outcome::default() };
        }
    };
    let rule = Rule::default();
    let place = |at: usize| taking.iter().position(|&taken| taken == at);
    let reference = reference(entries).and_then(place);
    for (nth, &at) in taking.iter().enumerate() {
        let mut estimate = stats::rate_of(&table, nth);
        if let (Some(estimate), Some(reference)) = (&mut estimate, reference.filter(|_| is_contestant(&entries[at]))) {
            // Time of the reference over time of the cell: the share of its speed.
            estimate.share_of_reference = stats::ratio(&table, reference, nth, &rule).map(|interval| interval.ratio);
        }
        cells[at].estimate = estimate;
    }
    let mut outcome = Outcome::default();
    if complete {
        for &at in &taking {
            if let Some(reason) = unfit(contest, &cells[at]) {
                cells[at].reason = Some(reason);
            }
        }
        let warmer = contest.cache != Cache::Warm && got_warmer(&taking, entries, pilots, cells);
        if warmer {
            taking.iter().for_each(|&at| cells[at].reason = Some(HOST_CACHE.into()));
        }
        let fit: Vec<usize> = taking.iter().copied().filter(|&at| cells[at].reason.is_none()).collect();
        let ranked = !warmer && (contest.durability != Durability::None || !contest.workload.writes());
        for group in if ranked { groups(contest, entries, &fit) } else { Vec::new() } {
            let competing: Vec<usize> = group.iter().filter_map(|&at| place(at)).collect();
            let Some((best, others)) = stats::against_best(&table, &competing, &rule) else { continue };
            let id = |nth: usize| cells[taking[nth]].id.clone();
            outcome.comparisons.extend(others.into_iter().map(|(other, interval)| Comparison {
                workload: contest.workload.name().into(),
                best: id(best),
                other: id(other),
                ratio: interval.ratio,
                lo: interval.lo,
                hi: interval.hi,
                verdict: interval.verdict.name().into(),
                min_detectable: Some(interval.min_detectable).filter(|least| least.is_finite()),
            }));
        }
        for &direct in fit.iter().filter(|&&at| is_bound(&entries[at], entries)) {
            let costs =
                library_of(&entries[direct], entries).filter(|library| fit.contains(library)).and_then(|library| {
                    let Interval { ratio, lo, hi, .. } = stats::ratio(&table, place(library)?, place(direct)?, &rule)?;
                    Some(format!("; {} takes {ratio:.2} × as long ({lo:.2} to {hi:.2})", entries[library].name))
                });
            // In one line of a terminal; what a bound is stands below the table.
            cells[direct].reason = Some(format!("a bound{}", costs.unwrap_or_default()));
        }
        let fit_twins = twins(entries).filter(|(twin, original)| fit.contains(twin) && fit.contains(original));
        outcome.null_control.extend(fit_twins.filter_map(|(twin, original)| {
            let interval = stats::ratio(&table, place(twin)?, place(original)?, &rule)?;
            Some(null_control(contest, &interval))
        }));
    }
    outcome.cells = cells.to_vec();
    outcome
}

/// Of what a warm cell delivered, so much at most may have come from the device. A read that waits for a device takes some
/// hundred times as long as one that does not: beyond this share it is the device that is measured. Up to it a cell is named
/// in the report as not wholly warm, and compared all the same.
const WARM: f64 = 0.001;

/// Why a cell that was measured is not compared with others: its reads were not as warm or as cold as it claims.
fn unfit(contest: &Contest, cell: &Cell) -> Option<String> {
    let proof = cell.cache_proof.as_ref()?;
    let device = proof.device_read_bytes.unwrap_or(0);
    if contest.cache != Cache::Warm {
        let left = proof.resident_before_pct.map_or("an unknown share".into(), |pct| format!("{pct:.1} %"));
        return (!proof.proved).then(|| format!("not ranked: {left} of the store was in memory before a turn"));
    }
    let each = cell.storage.as_ref()?.apparent_bytes as f64 / cell.images.max(1) as f64;
    let share = device as f64 / (each * cell.turns.images.iter().sum::<u64>() as f64).max(1.0);
    (share > WARM)
        .then(|| format!("not ranked: {:.2} % of the bytes came from the device, so it was not warm", 100.0 * share))
}

/// Why a cold contest has no verdicts although it was held.
pub const HOST_CACHE: &str = "not ranked: after the first turns cold reads were over 20 % faster, so the host seems to keep the data in its own memory";

/// Whether cold reads became over 20 % faster after the first ones, those of the pilot: from then on the host of a virtual
/// machine may have had in memory what the machine itself had not. Over all cells together: one of them alone may have
/// had a slow first turn by chance.
fn got_warmer(taking: &[usize], entries: &[Entry], pilots: &[Option<f64>], cells: &[Cell]) -> bool {
    let formats = taking.iter().copied().filter(|&at| entries[at].store.is_some());
    let ratios: Vec<f64> = formats.filter_map(|at| Some((pilots[at]? / usual(&cells[at].turns)?).ln())).collect();
    !ratios.is_empty() && ratios.iter().sum::<f64>() / ratios.len() as f64 > 1.2_f64.ln()
}

/// The median of the turns' nanoseconds an image.
fn usual(turns: &Turns) -> Option<f64> {
    let each = |(&images, &ns): (&u64, &u64)| ns as f64 / images.max(1) as f64;
    let mut each: Vec<f64> = turns.images.iter().zip(&turns.elapsed_ns).map(each).collect();
    each.sort_by(f64::total_cmp);
    each.get(each.len() / 2).copied().filter(|usual| *usual > 0.0)
}

fn null_control(contest: &Contest, interval: &Interval) -> NullControl {
    NullControl {
        workload: contest.workload.name().into(),
        cache: contest.cache.name().into(),
        ratio: interval.ratio,
        lo: interval.lo,
        hi: interval.hi,
        verdict: interval.verdict.name().into(),
    }
}

/// Whether an entry is what somebody could choose: formats are, and what people run today.
fn is_contestant(entry: &Entry) -> bool {
    entry.kind == CellKind::Format || entry.kind == CellKind::Peer && !peers::is_bridge(&entry.name)
}

/// Whether an entry is a format that we read directly, among formats and peers that libraries read: a bound, and no choice
/// that anybody has who uses the library. Among themselves such formats are ranked as others are.
fn is_bound(entry: &Entry, entries: &[Entry]) -> bool {
    let direct = |entry: &Entry| entry.store.as_ref().is_some_and(|id| by_library(id).is_some());
    let of_libraries = |other: &Entry| is_contestant(other) && !(other.kind == CellKind::Format && direct(other));
    entry.kind == CellKind::Format && direct(entry) && entries.iter().any(of_libraries)
}

/// Whether an entry is compared with others.
pub(super) fn is_ranked(entry: &Entry, entries: &[Entry]) -> bool {
    is_contestant(entry) && !is_bound(entry, entries)
}

/// The entry of a format that its library reads, where `direct` reads the same stores without it.
fn library_of(direct: &Entry, entries: &[Entry]) -> Option<usize> {
    let library = by_library(direct.store.as_ref()?)?;
    entries.iter().position(|other| other.kind == CellKind::Format && other.store.as_ref() == Some(&library))
}

/// Cells that are ranked together. Evicting by name leaves the names and inodes of files in memory, which flatters stores
/// of many files: with `cold-data` these are ranked apart.
fn groups(contest: &Contest, entries: &[Entry], taking: &[usize]) -> Vec<Vec<usize>> {
    let ranked = taking.iter().copied().filter(|&at| is_ranked(&entries[at], entries));
    let many_files = |at: &usize| entries[*at].store.as_ref().is_some_and(|id| id.container == "dir");
    let (many, single): (Vec<_>, Vec<_>) = ranked.partition(|at| contest.cache == Cache::ColdData && many_files(at));
    [single, many].into_iter().filter(|group| group.len() > 1).collect()
}

/// What a speed is given as a share of: the fastest that the machine does with the same bytes in the same order.
fn reference(entries: &[Entry]) -> Option<usize> {
    let of_bytes = |entry: &&Entry| entry.kind == CellKind::Reference && entry.store.is_some();
    let chosen = entries.iter().filter(of_bytes).max_by_key(|entry| entry.name.contains("read=memory"))?;
    entries.iter().position(|entry| entry == chosen)
}

/// Null twins with their originals.
fn twins(entries: &[Entry]) -> impl Iterator<Item = (usize, usize)> {
    let twins = entries.iter().enumerate().filter(|(_, entry)| entry.kind == CellKind::Null);
    twins.filter_map(|(twin, entry)| {
        let original = |other: &Entry| other.kind == CellKind::Format && other.store == entry.store;
        Some((twin, entries.iter().position(original)?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turns(ns: &[u64]) -> Turns {
        Turns { images: vec![100; ns.len()], elapsed_ns: ns.to_vec(), ..Turns::default() }
    }

    #[test]
    fn what_is_read_directly_is_a_bound_where_a_library_reads_too() {
        let entry = |name: &str| Entry::format(&name.parse().unwrap());
        let ranked = |names: &[&str]| {
            let entries: Vec<Entry> = names.iter().map(|name| entry(name)).collect();
            entries
                .iter()
                .filter(|entry| is_ranked(entry, &entries))
                .map(|entry| entry.name.clone())
                .collect::<Vec<_>>()
        };
        let direct = ["hdf5:raw,read=direct", "lmdb:raw,read=direct"];
        assert_eq!(ranked(&["dir:png", direct[0], "hdf5:raw"]), ["dir:png", "hdf5:raw"]);
        assert_eq!(ranked(&["dir:png", direct[0]]), ["dir:png"]);
        assert_eq!(ranked(&direct), direct, "there is nothing else that they could stand for");
        let beside = |kind, name: &str| {
            let entries = [entry(direct[0]), Entry { kind, name: name.into(), ..entry("lmdb:raw") }];
            is_ranked(&entries[0], &entries)
        };
        assert!(!beside(CellKind::Peer, "python:lmdb-raw"), "a program that uses a library is there");
        for nobody in [CellKind::Reference, CellKind::Null] {
            assert!(beside(nobody, "flat:raw"), "nothing that anybody could choose instead");
        }
        assert!(beside(CellKind::Peer, "lmdb:raw,read=direct (own process)"));
        let entries = [entry(direct[0]), entry("hdf5:raw"), entry("dir:png")];
        assert_eq!(entries.each_ref().map(|entry| library_of(entry, &entries)), [Some(1), None, None]);
        assert_eq!(library_of(&entries[0], &entries[..1]), None);
    }

    #[test]
    fn what_is_usual_is_the_median_of_the_turns() {
        assert_eq!(usual(&turns(&[1_000, 9_000, 1_200])), Some(12.0));
        assert_eq!(usual(&Turns::default()), None);
    }
}
