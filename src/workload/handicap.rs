//! Slowing a workload down by a known share: how it is found out whether a difference would be seen.

use super::{Delivered, Session};
use crate::error::Result;
use crate::measure::Stopwatch;
use crate::sample::Batch;
use serde::{Deserialize, Serialize};
use std::time::{Duration, Instant};

/// Operations between two pieces of added time.
const OPERATIONS_AT_ONCE: u64 = 64;

/// A shorter sleep is mostly waking up.
const SHORTEST_SLEEP: Duration = Duration::from_micros(200);

/// A known slow-down.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Handicap {
    /// Of which sort.
    pub kind: HandicapKind,
    /// How much longer everything takes, in percent.
    pub percent: f64,
}

/// Sorts of slow-downs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HandicapKind {
    /// Keeps the processor busy after each piece of work, as slower code would.
    Spin,
    /// Sleeps now and then, as a device or a lock would make it.
    Sleep,
    /// Does some operations twice, as a format that moves more bytes would.
    Repeat,
}

/// A session with a handicap.
pub struct Handicapped {
    inner: Box<dyn Session>,
    handicap: Handicap,
    /// Time or operations that are owed.
    owed: f64,
}

impl Handicapped {
    /// `inner`, slowed down.
    pub fn new(inner: Box<dyn Session>, handicap: Handicap) -> Self {
        // Half of what is paid at once: what is still owed in the end is as often more than that as less.
        let owed = match handicap.kind {
            HandicapKind::Spin => 0.0,
            HandicapKind::Sleep => SHORTEST_SLEEP.as_nanos() as f64 / 2.0,
            HandicapKind::Repeat => 0.5,
        };
        Self { inner, handicap, owed }
    }
}

impl Session for Handicapped {
    fn run(&mut self, operations: u64, watch: &mut Stopwatch<'_>) -> Result<u64> {
        let (mut done, mut images) = (0, 0);
        let share = self.handicap.percent / 100.0;
        while done < operations {
            let now = OPERATIONS_AT_ONCE.min(operations - done);
            let before = watch.elapsed_ns();
            images += self.inner.run(now, watch)?;
            done += now;
            match self.handicap.kind {
                HandicapKind::Spin => {
                    let longer = Duration::from_nanos(((watch.elapsed_ns() - before) as f64 * share) as u64);
                    watch.time(|| spin(longer));
                }
                HandicapKind::Sleep => {
                    self.owed += (watch.elapsed_ns() - before) as f64 * share;
                    let longer = Duration::from_nanos(self.owed as u64);
                    if longer >= SHORTEST_SLEEP {
                        let before = watch.elapsed_ns();
                        watch.time(|| std::thread::sleep(longer));
                        // What it slept too long is owed less the next time.
                        self.owed -= (watch.elapsed_ns() - before) as f64;
                    }
                }
                HandicapKind::Repeat => {
                    self.owed += now as f64 * share;
                    let again = self.owed as u64;
                    self.owed -= again as f64;
                    if again > 0 {
                        // Its images do not count.
                        self.inner.run(again, watch)?;
                    }
                }
            }
        }
        Ok(images)
    }

    fn delivered(&self) -> Option<Delivered> {
        self.inner.delivered()
    }

    fn exchange_buffers(&mut self, buffers: &mut Vec<Batch>) {
        self.inner.exchange_buffers(buffers);
    }
}

fn spin(time: Duration) {
    let start = Instant::now();
    while start.elapsed() < time {
        std::hint::spin_loop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::Simulated;

    /// Each operation takes as many looks at the clock as it takes ticks.
    struct Ticks;

    impl Session for Ticks {
        fn run(&mut self, operations: u64, watch: &mut Stopwatch<'_>) -> Result<u64> {
            (0..operations).for_each(|_| watch.time(|| ()));
            Ok(operations)
        }
    }

    #[test]
    fn what_is_done_twice_takes_time_and_gives_nothing() {
        let clock = Simulated::ticking(100);
        let mut watch = Stopwatch::new(&clock);
        let handicap = Handicap { kind: HandicapKind::Repeat, percent: 5.0 };
        let mut session = Handicapped::new(Box::new(Ticks), handicap);
        // In turns of any length: what is owed is not forgotten.
        let images: u64 = (0..100).map(|_| session.run(7, &mut watch).unwrap()).sum();
        assert_eq!(images, 700);
        assert_eq!(watch.elapsed_ns(), 100 * (700 + 35));
    }

    #[test]
    fn what_is_added_is_timed() {
        let clock = crate::measure::Monotonic::default();
        for kind in [HandicapKind::Spin, HandicapKind::Sleep] {
            let mut watch = Stopwatch::new(&clock);
            let mut session = Handicapped::new(Box::new(Spinning), Handicap { kind, percent: 100.0 });
            assert_eq!(session.run(4, &mut watch).unwrap(), 4);
            // An operation spins for a millisecond at least; a handicap of 100 % adds as much at least.
            assert!(watch.elapsed_ns() >= 8_000_000, "{kind:?}: {}", watch.elapsed_ns());
        }
    }

    struct Spinning;

    impl Session for Spinning {
        fn run(&mut self, operations: u64, watch: &mut Stopwatch<'_>) -> Result<u64> {
            (0..operations).for_each(|_| watch.time(|| spin(Duration::from_millis(1))));
            Ok(operations)
        }
    }
}
