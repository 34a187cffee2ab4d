//! What follows from the turns of a contest: speeds, verdicts, the noise floor, shares of the reference.

use super::outcome::Outcome;
use super::peers;
use super::plan::{Contest, Entry};
use crate::measure::Cache;
use crate::results::{Cell, CellKind, Comparison, NullControl, Status, Turns};
use crate::stats::{self, Interval, Rule, Table};
use crate::store::Durability;

/// Fills in the cells' estimates and compares them. A contest that was cut short gives estimates and no verdicts.
pub(super) fn judge(contest: &Contest, entries: &[Entry], cells: &mut [Cell], complete: bool) -> Outcome {
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
        if let (Some(estimate), Some(reference)) = (&mut estimate, reference.filter(|_| is_ranked(&entries[at]))) {
            // Time of the reference over time of the cell: the share of its speed.
            estimate.share_of_reference = stats::ratio(&table, reference, nth, &rule).map(|interval| interval.ratio);
        }
        cells[at].estimate = estimate;
    }
    let mut outcome = Outcome::default();
    if complete {
        let warmer = contest.cache != Cache::Warm && taking.iter().any(|&at| got_warmer(&cells[at].turns));
        if warmer {
            taking.iter().for_each(|&at| cells[at].reason = Some(HOST_CACHE.into()));
        }
        let ranked = !warmer && (contest.durability != Durability::None || !contest.workload.writes());
        for group in if ranked { groups(contest, entries, &taking) } else { Vec::new() } {
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
        outcome.null_control.extend(twins(entries).filter_map(|(twin, original)| {
            let interval = stats::ratio(&table, place(twin)?, place(original)?, &rule)?;
            Some(null_control(contest, &interval))
        }));
    }
    outcome.cells = cells.to_vec();
    outcome
}

/// Why a cold contest has no verdicts although it was held.
const HOST_CACHE: &str = "not ranked: after the first block cold reads were over 20 % faster, so the host seems to keep the data in its own memory";

/// Whether cold reads became over 20 % faster after the first block: from then on the host of a virtual machine may have
/// had in memory what the machine itself had not.
fn got_warmer(turns: &Turns) -> bool {
    let mut blocks: Vec<(u64, u64)> = Vec::new();
    let mut seen = None;
    for (nth, place) in turns.launch.iter().zip(&turns.block).enumerate() {
        if seen != Some(place) {
            seen = Some(place);
            blocks.push((0, 0));
        }
        if let Some((images, ns)) = blocks.last_mut() {
            *images += turns.images[nth];
            *ns += turns.elapsed_ns[nth];
        }
    }
    let each = |(images, ns): &(u64, u64)| *ns as f64 / (*images).max(1) as f64;
    let Some((first, rest)) = blocks.split_first() else { return false };
    // The median: a single slow block among the later ones must not hide it, nor a fast one feign it.
    let mut rest: Vec<f64> = rest.iter().map(each).collect();
    rest.sort_by(f64::total_cmp);
    rest.get(rest.len() / 2).is_some_and(|later| each(first) > 1.2 * later)
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

/// Whether an entry is compared with others: formats are, and what people run today.
pub(super) fn is_ranked(entry: &Entry) -> bool {
    entry.kind == CellKind::Format || entry.kind == CellKind::Peer && !peers::is_bridge(&entry.name)
}

/// Cells that are ranked together. Evicting by name leaves the names and inodes of files in memory, which flatters stores
/// of many files: with `cold-data` these are ranked apart.
fn groups(contest: &Contest, entries: &[Entry], taking: &[usize]) -> Vec<Vec<usize>> {
    let ranked = taking.iter().copied().filter(|&at| is_ranked(&entries[at]));
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
        // Two turns of a hundred images to a block, three blocks to a launch.
        let column = |of: fn(u32) -> u32| (0..ns.len() as u32 * 2).map(of).collect::<Vec<u32>>();
        Turns {
            launch: column(|n| n / 6),
            block: column(|n| n / 2 % 3),
            position: column(|n| n % 2),
            images: vec![100; ns.len() * 2],
            elapsed_ns: ns.iter().flat_map(|ns| [*ns, *ns]).collect(),
        }
    }

    #[test]
    fn a_host_that_keeps_the_data_is_suspected() {
        assert!(got_warmer(&turns(&[1_300, 1_000, 1_000, 1_010])));
        assert!(!got_warmer(&turns(&[1_100, 1_000, 1_000, 1_010])));
        // One fast block is chance.
        assert!(!got_warmer(&turns(&[1_100, 500, 1_000, 1_010])));
        assert!(!got_warmer(&turns(&[1_000])));
        assert!(!got_warmer(&Turns::default()));
    }
}
