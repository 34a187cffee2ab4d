//! Latency of single operations, from a pass of its own in which each is timed alone.

use super::clock::{Clock, Stopwatch};
use crate::error::Result;
use crate::results::Latency;
use crate::workload::Session;

/// Times `operations` operations (at least one) one by one, after one that does not count. An operation is the
/// workload's: for `scan` and `epoch` the next batch of a pass, the last of which is smaller.
///
/// Each time includes one look at the clock; fast reads are therefore somewhat slower here than in long runs.
/// Percentiles are nearest ranks: the least time within which at least that share of the operations was done, a time
/// that really was taken. From fewer than 100 operations the 99th is the slowest.
///
/// # Errors
/// What the session says.
pub fn latency(session: &mut dyn Session, operations: u64, clock: &dyn Clock) -> Result<Latency> {
    session.run(1, &mut Stopwatch::new(clock))?;
    let mut watch = Stopwatch::by_operation(clock);
    session.run(operations.max(1), &mut watch)?;
    let mut laps = watch.laps().to_vec();
    laps.sort_unstable();
    Ok(Latency {
        p50_ns: nearest_rank(&laps, 50),
        p90_ns: nearest_rank(&laps, 90),
        p99_ns: nearest_rank(&laps, 99),
        count: laps.len() as u64,
    })
}

/// The least of the sorted times that at least `percent` in a hundred do not exceed; 0 where there are none.
fn nearest_rank(sorted: &[u64], percent: usize) -> u64 {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::super::clock::Simulated;
    use super::*;

    #[test]
    fn ranks_are_times_that_were_taken() {
        let hundred: Vec<u64> = (1..=100).collect();
        assert_eq!([50, 90, 99].map(|p| nearest_rank(&hundred, p)), [50, 90, 99]);
        assert_eq!([50, 90, 99].map(|p| nearest_rank(&[1, 2, 3], p)), [2, 3, 3]);
        assert_eq!([50, 99].map(|p| nearest_rank(&[8], p)), [8, 8]);
        assert_eq!(nearest_rank(&[1, 2, 3, 4], 50), 2);
        assert_eq!(nearest_rank(&[], 50), 0);
    }

    /// The nth operation takes 10 n ns in the second of two pieces, with something between them.
    struct Slower<'a> {
        clock: &'a Simulated,
        next: u64,
    }

    impl Session for Slower<'_> {
        fn run(&mut self, operations: u64, watch: &mut Stopwatch<'_>) -> Result<u64> {
            for _ in 0..operations {
                watch.time(|| ());
                self.clock.pass(1_000);
                watch.time(|| self.clock.pass(10 * self.next));
                watch.end_operation();
                self.next += 1;
            }
            Ok(operations)
        }
    }

    #[test]
    fn an_operation_is_all_of_its_pieces_and_the_first_does_not_count() {
        let clock = Simulated::ticking(10);
        let found = latency(&mut Slower { clock: &clock, next: 0 }, 200, &clock).unwrap();
        // And 10 ns to end each piece.
        let took = |n: u64| (n + 2) * 10;
        let expected = Latency { p50_ns: took(100), p90_ns: took(180), p99_ns: took(198), count: 200 };
        assert_eq!(found, expected);
        assert_eq!(latency(&mut Slower { clock: &clock, next: 0 }, 0, &clock).unwrap().count, 1);
    }
}
