//! Time that is missing between two looks at the clock.

use crate::measure::Clock;

/// Two looks at the clock are some 25 ns apart. An interrupt takes a few microseconds, being moved from the processor for
/// another program hundreds at least: what is longer than this was somebody else's time.
const GAP_NS: u64 = 20_000;

/// What a loop that does nothing but look at the clock has missed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Gaps {
    /// Time that passed.
    pub total_ns: u64,
    /// Time that passed in gaps.
    pub lost_ns: u64,
    /// The longest gap.
    pub longest_ns: u64,
}

impl Gaps {
    /// Looks at the clock for so long.
    pub fn watch(clock: &dyn Clock, for_ns: u64) -> Self {
        let mut gaps = Self::default();
        let mut last = clock.now_ns();
        let mut looks = 0_u64;
        // A clock that stands still must not keep anybody here.
        while gaps.total_ns < for_ns && looks < for_ns {
            let now = clock.now_ns();
            gaps.note(now.saturating_sub(last));
            last = now;
            looks += 1;
        }
        gaps
    }

    fn note(&mut self, ns: u64) {
        self.total_ns += ns;
        if ns > GAP_NS {
            self.lost_ns += ns;
            self.longest_ns = self.longest_ns.max(ns);
        }
    }

    /// The share that was lost, in percent.
    pub fn lost_pct(&self) -> f64 {
        if self.total_ns == 0 { 0.0 } else { 100.0 * self.lost_ns as f64 / self.total_ns as f64 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::Simulated;
    use std::sync::atomic::{AtomicU64, Ordering};

    /// A clock that jumps by a millisecond at every tenth look, and ticks by 1 us at the others.
    #[derive(Default)]
    struct Interrupted {
        looks: AtomicU64,
    }

    impl Clock for Interrupted {
        fn now_ns(&self) -> u64 {
            let looks = self.looks.fetch_add(1, Ordering::Relaxed);
            looks * 1_000 + looks / 10 * 999_000
        }
    }

    #[test]
    fn jumps_of_the_clock_are_lost_time_and_ticks_are_not() {
        let gaps = Gaps::watch(&Interrupted::default(), 10 * 1_009_000);
        assert_eq!(gaps, Gaps { total_ns: 10_090_000, lost_ns: 10_000_000, longest_ns: 1_000_000 });
        assert!((gaps.lost_pct() - 100.0 / 1.009).abs() < 1e-9);
        let even = Gaps::watch(&Simulated::ticking(GAP_NS), 1_000_000);
        assert_eq!((even.lost_ns, even.total_ns), (0, 1_000_000));
        assert!(Gaps::watch(&Simulated::ticking(0), 1_000).lost_pct().abs() < f64::EPSILON);
    }
}
