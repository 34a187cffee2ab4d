//! What follows from the turns of a contest: speeds, verdicts, the noise floor, shares of the reference.

use super::outcome::Outcome;
use super::peers;
use super::plan::{Contest, Entry};
use crate::measure::Cache;
use crate::results::{Cell, CellKind, Comparison, NullControl, Status};
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
        if let (Some(estimate), Some(reference)) = (&mut estimate, reference.filter(|_| is_ranked_kind(&entries[at]))) {
            // Time of the reference over time of the cell: the share of its speed.
            estimate.share_of_reference = stats::ratio(&table, reference, nth, &rule).map(|interval| interval.ratio);
        }
        cells[at].estimate = estimate;
    }
    let mut outcome = Outcome::default();
    if complete {
        let ranked = contest.durability != Durability::None || !contest.workload.writes();
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

fn is_ranked_kind(entry: &Entry) -> bool {
    entry.kind == CellKind::Format || entry.kind == CellKind::Peer && !peers::is_bridge(&entry.name)
}

/// Cells that are ranked together. Evicting by name leaves the names and inodes of files in memory, which flatters stores
/// of many files: with `cold-data` these are ranked apart.
fn groups(contest: &Contest, entries: &[Entry], taking: &[usize]) -> Vec<Vec<usize>> {
    let ranked = taking.iter().copied().filter(|&at| is_ranked_kind(&entries[at]));
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
