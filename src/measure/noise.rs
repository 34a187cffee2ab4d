//! How noisy a host is, from a few seconds of identical work: what it takes each time, how long this program is kept
//! waiting, and what a small synced write costs in a place. In words, because that is what a reader of results needs.

mod gaps;
mod words;

use super::cold::nearest_existing;
use super::{Clock, Monotonic};
use crate::error::{IoContext, Result};
use crate::results::host::{load_average, processor_ticks, steal_pct};
use crate::sample::Sample;
use crate::stats::quantile;
use gaps::Gaps;
use serde::Serialize;
use std::io::{Seek, Write};
use std::path::Path;
use std::time::Duration;

pub use words::Level;

/// What was found. Percentages are of time that passed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Noise {
    /// Units of identical work (copying and arithmetic in the processor's caches) of about a millisecond each.
    pub work: Spread,
    /// Time in which this program was ready to run and did not, from a loop that does nothing but look at the clock.
    pub lost_pct: f64,
    /// The longest wait among them.
    pub longest_gap_ns: u64,
    /// Processor time that the hypervisor took away meanwhile; `None` where the system does not say.
    pub steal_pct: Option<f64>,
    /// One-minute load average before.
    pub load: Option<f64>,
    /// Processors that this process may use.
    pub processors: usize,
    /// 4 KiB written and synced; `None` where nothing can be written.
    pub sync: Option<Spread>,
}

/// Times of the same thing done again and again.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Spread {
    /// How often.
    pub count: usize,
    /// Median.
    pub median_ns: f64,
    /// 99th percentile.
    pub p99_ns: f64,
}

impl Spread {
    /// Of these times, in nanoseconds; `None` of none.
    pub fn of(times_ns: &[u64]) -> Option<Self> {
        let mut sorted: Vec<f64> = times_ns.iter().map(|ns| *ns as f64).collect();
        sorted.sort_by(f64::total_cmp);
        let quantile = |p| quantile(&sorted, p);
        (!sorted.is_empty()).then(|| Self { count: sorted.len(), median_ns: quantile(0.5), p99_ns: quantile(0.99) })
    }

    /// How much longer than the median the 99th percentile is, in percent.
    pub fn excess_pct(&self) -> f64 {
        if self.median_ns > 0.0 { 100.0 * (self.p99_ns / self.median_ns - 1.0).max(0.0) } else { 0.0 }
    }
}

/// What one unit of work is meant to take.
const UNIT_NS: u64 = 1_000_000;

/// Bytes that a unit of work copies and adds up, again and again: they fit into the caches next to a processor, so that it is
/// the processor that is asked, and not memory.
const WORK_BYTES: usize = 64 << 10;

/// Synced writes: enough for a median, and for a 99th percentile that is little more than the longest.
const SYNCED_WRITES: usize = 50;

/// Looks at the host for about `duration`: three fifths of it identical work, one fifth the clock alone, and for the
/// rest synced writes in `place` (or in the directory that it would be made in).
pub fn probe(place: &Path, duration: Duration) -> Noise {
    let clock = Monotonic::default();
    // 2^64 ns are 584 years.
    let fifth_ns = duration.as_nanos() as u64 / 5;
    let (ticks, load) = (processor_ticks(), load_average());
    let work = identical_work(&clock, 3 * fifth_ns);
    let gaps = Gaps::watch(&clock, fifth_ns);
    let sync = synced_writes(place, &clock, fifth_ns).ok().and_then(|times| Spread::of(&times));
    Noise {
        // There is always one unit.
        work: Spread::of(&work).unwrap_or(Spread { count: 0, median_ns: 0.0, p99_ns: 0.0 }),
        lost_pct: gaps.lost_pct(),
        longest_gap_ns: gaps.longest_ns,
        steal_pct: steal_pct(ticks, processor_ticks()),
        load,
        processors: std::thread::available_parallelism().map_or(1, usize::from),
        sync,
    }
}

/// Times of units of work, one after the other, for so long.
fn identical_work(clock: &dyn Clock, for_ns: u64) -> Vec<u64> {
    let from = vec![0x5A_u8; WORK_BYTES];
    let mut to = vec![0_u8; WORK_BYTES];
    let mut once = || {
        to.copy_from_slice(std::hint::black_box(&from));
        let sample = Sample { shape: [1, 1, 1].into(), label: 0, key: &[], pixels: &to, file: &[] };
        std::hint::black_box(sample.fingerprint());
    };
    // The shortest of some is what the work takes when nobody disturbs it.
    let shortest = (0..50).map(|_| timed(clock, &mut once)).min().unwrap_or(1);
    let times = (UNIT_NS / shortest.max(1)).max(1);
    repeated(clock, for_ns, || (0..times).for_each(|_| once()))
}

/// Does `work` again and again for so long, but once at least; how long it took each time.
fn repeated(clock: &dyn Clock, for_ns: u64, mut work: impl FnMut()) -> Vec<u64> {
    let mut times = Vec::new();
    let mut passed = 0;
    while passed < for_ns || times.is_empty() {
        let time = timed(clock, &mut work);
        times.push(time);
        // A clock that stands still must not keep anybody here.
        passed += time.max(1);
    }
    times
}

fn timed(clock: &dyn Clock, work: &mut impl FnMut()) -> u64 {
    let start = clock.now_ns();
    work();
    clock.now_ns().saturating_sub(start)
}

/// Times of 4 KiB written over and over, and synced each time; fewer than 50 where they take longer than `for_ns`.
fn synced_writes(place: &Path, clock: &dyn Clock, for_ns: u64) -> Result<Vec<u64>> {
    let place = nearest_existing(place).unwrap_or_else(|| place.to_owned());
    let mut file = tempfile::NamedTempFile::new_in(&place).at("write in", &place)?;
    let (mut times, mut passed) = (Vec::new(), 0);
    while times.len() < SYNCED_WRITES && (passed < for_ns || times.is_empty()) {
        let mut outcome = Ok(());
        let time = timed(clock, &mut || {
            outcome =
                file.rewind().and_then(|()| file.write_all(&[0x5A; 4096])).and_then(|()| file.as_file().sync_all());
        });
        outcome.at("write in", &place)?;
        times.push(time);
        passed += time;
    }
    Ok(times)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::Simulated;

    #[test]
    fn a_spread_is_median_and_99th_percentile() {
        let times: Vec<u64> = (0..=100).rev().map(|n| 1_000 + n).collect();
        let spread = Spread::of(&times).unwrap();
        assert_eq!(spread, Spread { count: 101, median_ns: 1_050.0, p99_ns: 1_099.0 });
        assert!((spread.excess_pct() - 100.0 * 49.0 / 1_050.0).abs() < 1e-9);
        assert_eq!(Spread::of(&[]), None);
        assert!(Spread::of(&[0, 0]).unwrap().excess_pct().abs() < f64::EPSILON);
    }

    #[test]
    fn work_is_repeated_for_its_time_and_once_at_least() {
        let mut done = 0;
        let clock = Simulated::ticking(10);
        assert_eq!(repeated(&clock, 95, || done += 1), [10; 10]);
        assert_eq!(done, 10);
        assert_eq!(repeated(&clock, 0, || ()), [10]);
        assert_eq!(repeated(&Simulated::ticking(0), 3, || ()), [0; 3]);
    }

    #[test]
    fn synced_writes_leave_nothing_and_end_in_time() {
        let place = tempfile::tempdir().unwrap();
        let not_there_yet = place.path().join("a/b");
        let clock = Simulated::ticking(10);
        assert_eq!(synced_writes(&not_there_yet, &clock, 35).unwrap(), [10; 4]);
        assert_eq!(synced_writes(place.path(), &clock, u64::MAX).unwrap(), [10; SYNCED_WRITES]);
        assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_probe_finds_something_of_everything() {
        let place = tempfile::tempdir().unwrap();
        let noise = probe(place.path(), Duration::from_millis(50));
        assert!(noise.work.count > 0 && noise.work.median_ns > 0.0, "{noise:?}");
        assert!((0.0..=100.0).contains(&noise.lost_pct), "{noise:?}");
        assert!(noise.sync.is_some_and(|sync| sync.median_ns > 0.0), "{noise:?}");
    }
}
