//! What the numbers mean for measuring.

use super::Noise;
use serde::Serialize;
use std::fmt::Write;

/// How far a host can be trusted with small differences.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Nothing that a usual run does not average out.
    Quiet,
    /// Enough that rankings need more blocks.
    Noisy,
    /// So much that intervals are wide.
    VeryNoisy,
}

impl Level {
    /// Of a number that is quiet up to the one bound, and very noisy above the other.
    fn of(number: f64, quiet: f64, noisy: f64) -> Self {
        if number <= quiet {
            Self::Quiet
        } else if number <= noisy {
            Self::Noisy
        } else {
            Self::VeryNoisy
        }
    }
}

/// The turns that a cell has in a launch, 20 ms and more together, hold twenty units of work: were one in a hundred of them 10 % late, totals would move by 0.1 %, far less
/// than the 2 % from which a difference counts.
const QUIET_EXCESS_PCT: f64 = 10.0;

/// One unit in a hundred that takes twice as long moves totals by 1 % on average, and 20 ms of turns by 5 %: more than
/// any difference that a run would call a tie.
const NOISY_EXCESS_PCT: f64 = 100.0;

/// Half of the 2 % from which a difference counts: less than this cannot make one.
const QUIET_LOST_PCT: f64 = 1.0;

/// Five times the 2 %: then what a turn loses is mostly luck.
const NOISY_LOST_PCT: f64 = 10.0;

impl Noise {
    /// The worst of what each number says.
    pub fn level(&self) -> Level {
        let lost = |pct| Level::of(pct, QUIET_LOST_PCT, NOISY_LOST_PCT);
        let work = Level::of(self.work.excess_pct(), QUIET_EXCESS_PCT, NOISY_EXCESS_PCT);
        let busy = if self.is_busy() { Level::Noisy } else { Level::Quiet };
        work.max(lost(self.lost_pct)).max(lost(self.steal_pct.unwrap_or(0.0))).max(busy)
    }

    /// Whether others want so many processors that none is left for a run. (The load average is of the minute before: it may
    /// tell of what has ended.)
    fn is_busy(&self) -> bool {
        self.load.is_some_and(|load| load + 1.0 > self.processors.max(1) as f64 + BUSY_ROOM)
    }

    /// One line for people: the level, what it rests on, and what follows.
    pub fn words(&self) -> String {
        let (level, advice) = match self.level() {
            Level::Quiet => ("quiet", ""),
            Level::Noisy => ("noisy", "; rankings need more blocks"),
            Level::VeryNoisy => ("very noisy", "; rankings need many more blocks, and intervals are wide"),
        };
        let excess = self.work.excess_pct();
        let varied = if excess <= 100.0 {
            format!("varied by up to {excess:.0} %")
        } else {
            format!("took up to {:.1} times as long", 1.0 + excess / 100.0)
        };
        let mut words = format!("{level}: identical work {varied}, {:.1} % of the time went to others", self.lost_pct);
        // Writing into a String cannot fail.
        if let Some(steal) = self.steal_pct.filter(|steal| *steal >= SHOWN_STEAL_PCT) {
            let _ = write!(words, ", the hypervisor took {steal:.1} %");
        }
        if let Some(load) = self.load.filter(|_| self.is_busy()) {
            let plural = if self.processors == 1 { "" } else { "s" };
            let _ = write!(words, ", the load average was {load:.1} on {} processor{plural}", self.processors);
        }
        if let Some(sync) = &self.sync {
            let (median, p99) = (milliseconds(sync.median_ns), milliseconds(sync.p99_ns));
            let _ = write!(words, "; a synced write of 4 KiB took {median} ms, one in 100 {p99} ms");
        }
        words + advice
    }
}

/// A load average is never quite that of whole programs: so much above is still taken for nobody.
const BUSY_ROOM: f64 = 0.2;

/// Less than this would be printed as nothing.
const SHOWN_STEAL_PCT: f64 = 0.05;

/// Two digits that count, and no more.
fn milliseconds(ns: f64) -> String {
    let ms = ns * 1e-6;
    if ms >= 10.0 {
        format!("{ms:.0}")
    } else if ms >= 1.0 {
        format!("{ms:.1}")
    } else if ms >= 0.1 {
        format!("{ms:.2}")
    } else {
        format!("{ms:.3}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::noise::Spread;

    fn noise(p99_ms: f64, lost_pct: f64) -> Noise {
        Noise {
            work: Spread { count: 1_800, median_ns: 1e6, p99_ns: p99_ms * 1e6 },
            lost_pct,
            longest_gap_ns: 0,
            steal_pct: None,
            load: Some(0.4),
            processors: 2,
            sync: None,
        }
    }

    #[test]
    fn each_number_can_make_a_host_noisy() {
        use Level::{Noisy, Quiet, VeryNoisy};
        let busy = |load, processors| Noise { load, processors, ..noise(1.0, 0.0) };
        for (noise, level) in [
            (noise(1.02, 0.1), Quiet),
            (noise(1.4, 0.1), Noisy),
            (noise(2.5, 0.1), VeryNoisy),
            (noise(1.02, 5.0), Noisy),
            (noise(1.02, 30.0), VeryNoisy),
            (noise(2.5, 5.0), VeryNoisy),
            (Noise { steal_pct: Some(0.9), ..noise(1.0, 0.0) }, Quiet),
            (Noise { steal_pct: Some(3.0), ..noise(1.0, 0.0) }, Noisy),
            (Noise { steal_pct: Some(11.0), ..noise(1.0, 0.0) }, VeryNoisy),
            (busy(Some(1.1), 2), Quiet),
            (busy(Some(1.3), 2), Noisy),
            (busy(Some(6.0), 8), Quiet),
            (busy(None, 1), Quiet),
        ] {
            assert_eq!(noise.level(), level, "{noise:?}");
        }
    }

    #[test]
    fn words_say_what_was_found_and_what_follows() {
        assert_eq!(
            noise(1.02, 0.1).words(),
            "quiet: identical work varied by up to 2 %, 0.1 % of the time went to others"
        );
        let sync = Some(Spread { count: 50, median_ns: 912_345.0, p99_ns: 31_400_000.0 });
        let noisy = Noise { steal_pct: Some(3.04), load: Some(3.12), sync, ..noise(1.4, 0.1) };
        assert_eq!(
            noisy.words(),
            "noisy: identical work varied by up to 40 %, 0.1 % of the time went to others, the hypervisor took 3.0 %, \
             the load average was 3.1 on 2 processors; a synced write of 4 KiB took 0.91 ms, one in 100 31 ms; \
             rankings need more blocks"
        );
        let words = noise(3.0, 20.0).words();
        assert!(
            words.starts_with("very noisy: identical work took up to 3.0 times as long, 20.0 %")
                && words.ends_with("intervals are wide"),
            "{words}"
        );
    }
}
