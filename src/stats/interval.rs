//! Intervals from launches.

use super::table::LogTime;
use super::{CONFIDENCE, Rule, Table, Verdict, lag1_within, simultaneous_t, t_quantile, verdict};
use crate::results::Estimate;

/// A ratio of times and what is known of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// Time an image of the one cell over that of the other, from total times.
    pub ratio: f64,
    /// Lower end.
    pub lo: f64,
    /// Upper end.
    pub hi: f64,
    /// Standard error of ln(ratio).
    pub se_log: f64,
    /// Degrees of freedom behind `se_log`: launches less one.
    pub df: f64,
    /// What may be said.
    pub verdict: Verdict,
    /// The smallest ratio of times (above 1) that would have been called a difference with probability 0.8 or so:
    /// ln of it is ln(margin) + (reach of the interval + t.80) x `se_log`.
    pub min_detectable: f64,
}

impl Interval {
    /// Between ln ratios `lo` and `hi` around `log`.
    pub(super) fn new(log: f64, (lo, hi): (f64, f64), se_log: f64, reach: Reach, rule: &Rule) -> Self {
        let (lo, hi) = (lo.exp(), hi.exp());
        Self {
            ratio: log.exp(),
            lo,
            hi,
            se_log,
            df: reach.df,
            verdict: verdict(lo, hi, rule),
            min_detectable: (rule.differ.ln() + (reach.interval + reach.power) * se_log).exp(),
        }
    }
}

/// How far, in standard errors.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reach {
    /// Launches less one.
    pub df: f64,
    /// An interval reaches to either side.
    pub interval: f64,
    /// Beyond that a difference must lie to be found with probability 0.8.
    power: f64,
}

impl Reach {
    pub(super) fn new(launches: usize, comparisons: usize, rule: &Rule) -> Self {
        Self::with_df(launches as f64 - 1.0, comparisons, rule)
    }

    pub(super) fn with_df(df: f64, comparisons: usize, rule: &Rule) -> Self {
        Self { df, interval: simultaneous_t(rule.confidence, comparisons, df), power: t_quantile(0.8, df) }
    }
}

/// Standard error of the difference of two cells: paired, so that what slowed a whole launch down cancels.
pub(super) fn paired(a: &LogTime, b: &LogTime) -> f64 {
    LogTime::standard_error(a.pulls.iter().zip(&b.pulls).map(|(a, b)| a - b))
}

/// ln of time an image of a cell with the launches as units. `None` for fewer than two.
pub(super) fn log_time(table: &Table, cell: usize) -> Option<LogTime> {
    let launches = table.by_launch(cell)?;
    if launches.len() < 2 { None } else { LogTime::new(&launches) }
}

/// Time an image of cell `a` over that of cell `b`: ratio of total times, with a Student interval of its logarithm over
/// launches (the standard error by the delta method). For one comparison that was settled before the run: null control,
/// share of a reference, gate. `None` for fewer than two launches, or a cell that is not in every block.
pub fn ratio(table: &Table, a: usize, b: usize, rule: &Rule) -> Option<Interval> {
    let (a, b) = (log_time(table, a)?, log_time(table, b)?);
    let (log, se) = (a.value - b.value, paired(&a, &b));
    let reach = Reach::new(a.pulls.len(), 1, rule);
    let half = reach.interval * se;
    Some(Interval::new(log, (log - half, log + half), se, reach, rule))
}

/// Images a second of a cell: total images over total time, with a Student interval over launches. With one launch the
/// units are its blocks: such an interval knows only the spread within that launch. `lag1` is that of the blocks'
/// times within launches. `None` for fewer than two units.
pub fn rate_of(table: &Table, cell: usize) -> Option<Estimate> {
    let blocks = table.by_block(cell)?;
    let units = if let [alone] = &blocks[..] { alone.clone() } else { table.by_launch(cell)? };
    if units.len() < 2 {
        return None;
    }
    let log = LogTime::new(&units)?;
    let reach = t_quantile((1.0 + CONFIDENCE) / 2.0, units.len() as f64 - 1.0)
        * LogTime::standard_error(log.pulls.iter().copied());
    let per_second = |log_ns: f64| 1e9 / log_ns.exp();
    let times: Vec<Vec<f64>> =
        blocks.iter().map(|blocks| blocks.iter().map(|work| (work.ns / work.images).ln()).collect()).collect();
    Some(Estimate {
        images_per_s: per_second(log.value),
        lo: per_second(log.value + reach),
        hi: per_second(log.value - reach),
        confidence: CONFIDENCE,
        blocks: table.blocks() as u32,
        launches: table.launches.len() as u32,
        lag1: lag1_within(&times),
        share_of_reference: None,
    })
}
