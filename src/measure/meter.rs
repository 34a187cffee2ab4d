//! Sums of time by what it was spent on, kept by whatever is metered.

use super::clock::Clock;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What time is spent on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Opening a store.
    Open,
    /// Finding a record without moving it.
    Lookup,
    /// Moving bytes from where they are kept.
    Read,
    /// Turning a record into pixels.
    Decode,
    /// Copying pixels, with nothing to decode.
    Copy,
    /// Nothing at all: what two looks at the clock take.
    Nothing,
}

#[derive(Default)]
struct Sum {
    ns: AtomicU64,
    times: AtomicU64,
}

/// Adds up time by [`Part`].
pub struct Meter {
    clock: Arc<dyn Clock>,
    sums: [Sum; 6],
}

impl Meter {
    /// At zero.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, sums: Default::default() }
    }

    /// Does `work`, and counts its time as `part`.
    pub fn time<T>(&self, part: Part, work: impl FnOnce() -> T) -> T {
        let start = self.now_ns();
        let outcome = work();
        self.count_since(start, part);
        outcome
    }

    /// The clock's time, for work that is no closure.
    pub fn now_ns(&self) -> u64 {
        self.clock.now_ns()
    }

    /// Counts the time since then as `part`.
    pub fn count_since(&self, start_ns: u64, part: Part) {
        let end = self.clock.now_ns();
        let sum = &self.sums[part as usize];
        sum.ns.fetch_add(end.saturating_sub(start_ns), Ordering::Relaxed);
        sum.times.fetch_add(1, Ordering::Relaxed);
    }

    /// Back to zero.
    pub fn reset(&self) {
        for sum in &self.sums {
            sum.ns.store(0, Ordering::Relaxed);
            sum.times.store(0, Ordering::Relaxed);
        }
    }

    /// Time spent on `part`, less what looking at the clock took of it: for each time as much as [`Part::Nothing`] took on
    /// average. `None` where there was none of it.
    pub fn spent_ns(&self, part: Part) -> Option<f64> {
        let (ns, times) = self.sum(part);
        let (nothing_ns, nothing_times) = self.sum(Part::Nothing);
        let look = if nothing_times == 0 { 0.0 } else { nothing_ns as f64 / nothing_times as f64 };
        (times > 0).then(|| (ns as f64 - look * times as f64).max(0.0))
    }

    fn sum(&self, part: Part) -> (u64, u64) {
        let sum = &self.sums[part as usize];
        (sum.ns.load(Ordering::Relaxed), sum.times.load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::super::clock::Simulated;
    use super::*;

    #[test]
    fn the_cost_of_looking_is_taken_off() {
        let clock = Arc::new(Simulated::ticking(10));
        let meter = Meter::new(clock.clone());
        let work = |takes: u64| clock.pass(takes * 10);
        meter.time(Part::Read, || work(3));
        assert_eq!(meter.spent_ns(Part::Read), Some(40.0));
        meter.time(Part::Nothing, || ());
        assert_eq!(meter.spent_ns(Part::Read), Some(30.0));
        meter.time(Part::Read, || work(4));
        assert_eq!(meter.spent_ns(Part::Read), Some(70.0));
        meter.time(Part::Decode, || ());
        assert_eq!((meter.spent_ns(Part::Decode), meter.spent_ns(Part::Copy)), (Some(0.0), None));
        meter.reset();
        assert_eq!(meter.spent_ns(Part::Read), None);
    }
}
