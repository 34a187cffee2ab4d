//! What a pilot finds out: how many operations make a turn. Its turns do not count.

use super::hosts::Hosts;
use super::plan::{Contest, Entry};
use crate::measure::Cache;
use crate::results::CellKind;
use crate::store::FormatId;
use crate::worker::protocol::{Failure, Turned};
use crate::workload::Workload;
use std::time::Duration;

/// A turn with all that is not timed may be so many times as long as its timed part is meant to be.
const LONGEST_TURN: f64 = 5.0;

/// Cells of which each is at most so many times slower than the one before do equally many operations.
const ALIKE: f64 = 1.25;

/// For the sake of that, a turn becomes at most so many times as long.
const STRETCH: f64 = 4.0;

/// How often each cell is tried out again, after all others.
pub(super) const ROUNDS: u32 = 4;

/// An operation that takes as long as so many turns needs none before it.
const LONG: f64 = 50.0;

/// Images of a cold shuffled pass that are read in a turn: enough to see what seeking costs.
const COLD_IMAGES: u64 = 1_024;

/// What is known of a cell after its pilot.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Pace {
    /// The format, where cells of the same do the same: twins, and what is slowed down on purpose.
    format: Option<String>,
    /// Operations of a turn that was long enough.
    tried: u64,
    /// Nanoseconds an operation: what is timed.
    timed_ns: f64,
    /// Nanoseconds an operation, with drawing and checking.
    wall_ns: f64,
    /// The timed part of a turn is meant to be so long.
    turn_ns: f64,
    /// Whether anything is delivered.
    delivers: bool,
    /// Operations of a turn where these do not depend on the pace.
    fixed: Option<u64>,
    /// Nanoseconds an image of the first turn, where that is what the others are compared with.
    pub first: Option<f64>,
}

/// The operations of a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Length {
    /// Timed.
    pub operations: u64,
    /// Before them, untimed.
    pub warm_up: u64,
}

/// Tries a cell out.
pub(super) fn try_out(
    contest: &Contest,
    entry: &Entry,
    cell: usize,
    turn: Duration,
    hosts: &mut Hosts<'_>,
) -> Result<Pace, Failure> {
    // Where nothing is delivered, nothing waits for memory or for a device: less time tells as much.
    let delivers = entry.store.is_some();
    let turn_ns = turn.as_nanos() as f64 / if delivers { 1.0 } else { 10.0 };
    let fixed = fixed_operations(contest);
    let mut operations = fixed.unwrap_or(1);
    let mut turned = hosts.turn(cell, entry, 0, operations)?;
    let first = fixed.map(|_| turned.0.elapsed_ns as f64 / turned.0.images as f64);
    // More of them until the turn is long enough to be scaled.
    while fixed.is_none() && (turned.0.elapsed_ns as f64) < turn_ns / 2.0 && operations < 1 << 24 {
        operations *= 4;
        turned = hosts.turn(cell, entry, 0, operations)?;
    }
    let format = entry.store.as_ref().filter(|_| entry.kind != CellKind::Peer).map(FormatId::to_string);
    let (timed_ns, wall_ns) = each(&turned, operations);
    Ok(Pace { format, tried: operations, timed_ns, wall_ns, turn_ns, delivers, fixed, first })
}

/// Tries it out once more. What disturbs a turn makes it longer: the shortest says most about the cell.
pub(super) fn try_again(pace: &mut Pace, entry: &Entry, cell: usize, hosts: &mut Hosts<'_>) -> Result<(), Failure> {
    if pace.fixed.is_none() {
        let (timed_ns, wall_ns) = each(&hosts.turn(cell, entry, 0, pace.tried)?, pace.tried);
        (pace.timed_ns, pace.wall_ns) = (pace.timed_ns.min(timed_ns), pace.wall_ns.min(wall_ns));
    }
    Ok(())
}

/// Nanoseconds an operation: timed, and in all.
fn each((turned, took): &(Turned, Duration), operations: u64) -> (f64, f64) {
    // A clock may tick too slowly to see a single operation.
    let each = |ns: f64| ns / operations as f64;
    (each(turned.elapsed_ns.max(1) as f64), each(took.as_nanos() as f64))
}

/// The turns of all cells that were tried out, in their order.
///
/// The longer a turn, the more of a store is in the processor's caches at its end, and the faster is the turn: of identical
/// cells that did 20 % more operations were found 2 % faster. So cells that are about as fast do equally many.
pub(super) fn lengths(workload: Workload, paces: &[Option<Pace>]) -> Vec<Option<Length>> {
    let paces = &alike(paces);
    let alone = |pace: &Pace| {
        // What is not timed (drawing, checking) must not take many times as long as what is.
        let within = (pace.turn_ns / pace.timed_ns).min(LONGEST_TURN * pace.turn_ns / pace.wall_ns);
        pace.fixed.unwrap_or(within.ceil().max(1.0) as u64)
    };
    let mut operations: Vec<Option<u64>> = paces.iter().map(|pace| pace.as_ref().map(alone)).collect();
    let mut by_pace: Vec<(usize, &Pace)> =
        paces.iter().enumerate().filter_map(|(at, pace)| Some((at, pace.as_ref()?))).collect();
    by_pace.retain(|(_, pace)| pace.delivers && pace.fixed.is_none());
    by_pace.sort_by(|(_, a), (_, b)| a.timed_ns.total_cmp(&b.timed_ns));
    for group in groups(&by_pace) {
        let most = group.iter().filter_map(|(at, _)| operations[*at]).max();
        group.iter().for_each(|(at, _)| operations[*at] = most);
    }
    let length = |(operations, pace): (Option<u64>, &Option<Pace>)| {
        let (operations, pace) = (operations?, pace.as_ref()?);
        // Where a single operation is as long as many turns, what precedes it matters little.
        let short = pace.fixed.is_none() && pace.timed_ns < LONG * pace.turn_ns;
        Some(Length { operations, warm_up: if short { warm_up(workload).min(operations) } else { 0 } })
    };
    operations.into_iter().zip(paces).map(length).collect()
}

/// The same with one pace for all cells of a format: the fastest that was found for any of them.
fn alike(paces: &[Option<Pace>]) -> Vec<Option<Pace>> {
    let fastest = |pace: &Pace| {
        let kin = paces.iter().flatten().filter(|kin| pace.format.is_some() && kin.format == pace.format);
        let least = |of: fn(&Pace) -> f64| kin.clone().map(of).fold(of(pace), f64::min);
        Pace { timed_ns: least(|pace| pace.timed_ns), wall_ns: least(|pace| pace.wall_ns), ..pace.clone() }
    };
    paces.iter().map(|pace| pace.as_ref().map(fastest)).collect()
}

/// Cells in the order of their paces, divided where one is far slower than the one before; what then still goes from fast to
/// slow in small steps, where the step is widest.
fn groups<'a, 'b>(by_pace: &'a [(usize, &'b Pace)]) -> Vec<&'a [(usize, &'b Pace)]> {
    let step = |at: usize| by_pace[at].1.timed_ns / by_pace[at - 1].1.timed_ns;
    let (Some((_, fastest)), Some((_, slowest))) = (by_pace.first(), by_pace.last()) else { return Vec::new() };
    let widest = (1..by_pace.len()).max_by(|&a, &b| step(a).total_cmp(&step(b)));
    match widest.filter(|&at| step(at) > ALIKE || slowest.timed_ns > fastest.timed_ns * STRETCH) {
        Some(at) => [groups(&by_pace[..at]), groups(&by_pace[at..])].concat(),
        None => vec![by_pace],
    }
}

/// How long a block takes: each cell has two turns in it.
pub(super) fn block(lengths: &[Option<Length>], paces: &[Option<Pace>]) -> Duration {
    let turns = lengths.iter().zip(paces).filter_map(|(length, pace)| Some((length.as_ref()?, pace.as_ref()?)));
    let ns: f64 = turns.map(|(length, pace)| 2.0 * pace.wall_ns * (length.operations + length.warm_up) as f64).sum();
    Duration::from_nanos(ns as u64)
}

/// Untimed operations before a turn, which bring back what other cells have pushed out of the processor's caches. Single
/// reads are timed 64 at a time: as many are needed until the buffer has grown to its size.
fn warm_up(workload: Workload) -> u64 {
    match workload {
        Workload::WriteOne | Workload::WriteBatch | Workload::Append | Workload::Delete => 0,
        Workload::ReadOne => 64,
        Workload::ReadBatch | Workload::Scan | Workload::Epoch | Workload::Open => 1,
    }
}

/// Operations of a turn where these do not depend on how long they take: a store is written whole, and after a cold start
/// every image read makes the store warmer.
fn fixed_operations(contest: &Contest) -> Option<u64> {
    let pass = |images: u64| Some(images.div_ceil(contest.workload.batch()).max(1));
    match (contest.workload, contest.cache) {
        (Workload::WriteBatch | Workload::Append | Workload::Delete, _) => Some(1),
        (_, Cache::Warm) => None,
        (Workload::Scan, _) => pass(contest.images),
        (Workload::Epoch, _) => pass(contest.images.min(COLD_IMAGES)),
        _ => Some(1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pace(timed_ns: f64) -> Option<Pace> {
        let (format, tried, fixed, first) = (None, 1, None, None);
        Some(Pace { format, tried, timed_ns, wall_ns: 1.5 * timed_ns, turn_ns: 2e6, delivers: true, fixed, first })
    }

    fn operations(paces: &[Option<Pace>]) -> Vec<Option<u64>> {
        lengths(Workload::ReadOne, paces).iter().map(|length| length.map(|length| length.operations)).collect()
    }

    #[test]
    fn cells_that_are_about_as_fast_do_equally_many_operations() {
        // The second is a twin of the first with a pilot that was a little slow, the third a slow format.
        assert_eq!(operations(&[pace(1_000.0), pace(1_200.0), pace(25_000.0)]), [Some(2_000), Some(2_000), Some(80)]);
        // One after another, whatever their order, and what failed is left out.
        assert_eq!(
            operations(&[pace(1_400.0), None, pace(1_000.0), pace(1_200.0)]),
            [Some(2_000), None, Some(2_000), Some(2_000)]
        );
        // But not until turns become many times as long: twins stay together, wherever they are among many.
        let chain: Vec<_> =
            (0..12).flat_map(|n| [1.0, 1.01].map(|twin| pace(1_000.0 * twin * 1.2_f64.powi(n)))).collect();
        let found = operations(&chain);
        assert!(found.chunks(2).all(|twins| twins[0] == twins[1]), "{found:?}");
        let different: std::collections::BTreeSet<_> = found.iter().collect();
        assert!((2..8).contains(&different.len()), "{found:?}");
    }

    #[test]
    fn cells_of_one_format_do_equally_many_however_their_pilots_went() {
        let of = |format: &str, timed_ns| pace(timed_ns).map(|pace| Pace { format: Some(format.into()), ..pace });
        let found = operations(&[of("a", 1_400.0), of("a", 1_000.0), of("b", 1_400.0)]);
        assert_eq!(found, [Some(2_000), Some(2_000), Some(1_429)]);
    }

    #[test]
    fn what_is_fixed_or_delivers_nothing_is_left_alone() {
        let fixed = pace(1_000.0).map(|pace| Pace { fixed: Some(7), ..pace });
        let nothing = pace(900.0).map(|pace| Pace { delivers: false, turn_ns: 2e5, ..pace });
        assert_eq!(operations(&[fixed, nothing, pace(1_000.0)]), [Some(7), Some(223), Some(2_000)]);
    }

    #[test]
    fn turns_are_short_where_checking_takes_long_and_one_operation_at_least() {
        let checked = pace(100.0).map(|pace| Pace { wall_ns: 1_000.0, ..pace });
        assert_eq!(operations(&[checked.clone(), pace(2e8)]), [Some(10_000), Some(1)]);
        let found = lengths(Workload::ReadOne, &[checked.clone(), pace(2e8)]);
        assert_eq!(
            found.iter().map(|length| length.map(|length| length.warm_up)).collect::<Vec<_>>(),
            [Some(64), Some(0)]
        );
        // Twice (10,064 x 1 us + 1 x 300 ms).
        assert_eq!(block(&found, &[checked, pace(2e8)]), Duration::from_nanos(2 * (10_064_000 + 300_000_000)));
        let warmed_up = lengths(Workload::Scan, &[pace(1.98e6), pace(2.02e6), pace(8e6)]);
        assert!(warmed_up.iter().flatten().all(|length| length.warm_up == 1), "{warmed_up:?}");
    }
}
