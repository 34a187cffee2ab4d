//! Clocks, and a stopwatch that runs only while the work does.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// Tells time in nanoseconds from some fixed point.
pub trait Clock: Send + Sync {
    /// Nanoseconds since a point that does not change.
    fn now_ns(&self) -> u64;
}

/// The system's monotonic clock.
pub struct Monotonic {
    start: Instant,
}

impl Default for Monotonic {
    fn default() -> Self {
        Self { start: Instant::now() }
    }
}

impl Clock for Monotonic {
    fn now_ns(&self) -> u64 {
        // 2^64 ns are 584 years.
        self.start.elapsed().as_nanos() as u64
    }
}

/// A clock for tests: each look at it takes a fixed time.
#[derive(Default)]
pub struct Simulated {
    now_ns: AtomicU64,
    /// How far each look moves it.
    pub tick_ns: u64,
}

impl Simulated {
    /// A clock that each look moves by `tick_ns`.
    pub fn ticking(tick_ns: u64) -> Self {
        Self { now_ns: AtomicU64::new(0), tick_ns }
    }

    /// Lets time pass without a look.
    pub fn pass(&self, ns: u64) {
        self.now_ns.fetch_add(ns, Ordering::Relaxed);
    }
}

impl Clock for Simulated {
    fn now_ns(&self) -> u64 {
        self.now_ns.fetch_add(self.tick_ns, Ordering::Relaxed)
    }
}

/// Looks on from outside the time while pieces of work are timed.
pub trait Onlooker {
    /// Just before the clock starts.
    fn before(&mut self);
    /// Just after it has stopped; what the work returned is still there.
    fn after(&mut self);
}

/// Adds up the time of the pieces of work it is given; what happens between them is not counted.
pub struct Stopwatch<'a> {
    clock: &'a dyn Clock,
    elapsed_ns: u64,
    onlooker: Option<&'a mut dyn Onlooker>,
    laps: Option<Laps>,
}

/// Times of single operations.
#[derive(Default)]
struct Laps {
    ns: Vec<u64>,
    /// Time that the operations before took together.
    counted_ns: u64,
}

impl<'a> Stopwatch<'a> {
    /// At zero.
    pub fn new(clock: &'a dyn Clock) -> Self {
        Self { clock, elapsed_ns: 0, onlooker: None, laps: None }
    }

    /// At zero, with somebody looking on.
    pub fn watched(clock: &'a dyn Clock, onlooker: &'a mut dyn Onlooker) -> Self {
        Self { onlooker: Some(onlooker), ..Self::new(clock) }
    }

    /// At zero; each operation is timed alone and its time kept as a lap.
    pub fn by_operation(clock: &'a dyn Clock) -> Self {
        Self { laps: Some(Laps::default()), ..Self::new(clock) }
    }

    /// Does `work` with the clock running.
    pub fn time<T>(&mut self, work: impl FnOnce() -> T) -> T {
        if let Some(onlooker) = &mut self.onlooker {
            onlooker.before();
        }
        let start = self.clock.now_ns();
        let outcome = work();
        self.elapsed_ns += self.clock.now_ns().saturating_sub(start);
        if let Some(onlooker) = &mut self.onlooker {
            onlooker.after();
        }
        outcome
    }

    /// Does operations that are each one piece of work, all with one look at the clock; one by one where each is a lap.
    ///
    /// # Errors
    /// The first of `work`.
    pub fn operations<T, E>(
        &mut self,
        items: impl IntoIterator<Item = T>,
        mut work: impl FnMut(T) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut items = items.into_iter();
        if self.laps.is_none() {
            return self.time(|| items.try_for_each(work));
        }
        items.try_for_each(|item| {
            let outcome = self.time(|| work(item));
            self.end_operation();
            outcome
        })
    }

    /// All that was timed since the operation before is one operation.
    pub fn end_operation(&mut self) {
        if let Some(laps) = &mut self.laps {
            laps.ns.push(self.elapsed_ns - laps.counted_ns);
            laps.counted_ns = self.elapsed_ns;
        }
    }

    /// Time counted so far.
    pub fn elapsed_ns(&self) -> u64 {
        self.elapsed_ns
    }

    /// The time of each operation, in order; none where they are not timed alone.
    pub fn laps(&self) -> &[u64] {
        self.laps.as_ref().map_or(&[], |laps| &laps.ns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_timed_counts() {
        let clock = Simulated::ticking(10);
        let mut watch = Stopwatch::new(&clock);
        watch.time(|| ());
        clock.now_ns(); // something between
        let inner = watch.time(|| clock.now_ns());
        assert_eq!(inner, 40);
        assert_eq!(watch.elapsed_ns(), 10 + 20);
    }

    #[test]
    fn operations_are_timed_together_or_one_by_one() {
        let clock = Simulated::ticking(10);
        let work = |takes: u64| -> Result<(), ()> {
            clock.pass(takes * 10);
            if takes == 9 { Err(()) } else { Ok(()) }
        };
        let mut together = Stopwatch::new(&clock);
        together.operations([1, 2], work).unwrap();
        together.end_operation();
        assert_eq!((together.elapsed_ns(), together.laps()), (40, &[][..]));
        let mut alone = Stopwatch::by_operation(&clock);
        alone.operations([1, 2], work).unwrap();
        assert_eq!((alone.elapsed_ns(), alone.laps()), (50, &[20, 30][..]));
        assert_eq!(alone.operations([0, 9, 1], work), Err(()));
        assert_eq!(alone.laps(), [20, 30, 10, 100], "nothing is done after a failure");
    }
}
