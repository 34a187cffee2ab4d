//! Intervals and verdicts. Pure: the same turns give the same numbers.
//!
//! [`ratio`] and [`against_best`] judge interleaved cells; the unit is the launch (see [`Table`] for why). [`independent`]
//! compares what did not take turns, as advice. [`rate`] serves samples that were taken one after another in one process, which cannot rank.

mod best;
mod design;
mod interval;
mod samples;
mod series;
mod student;
mod table;
mod verdict;
mod welch;

#[cfg(test)]
mod calibration;
#[cfg(test)]
mod simulated;

pub use best::against_best;
pub use design::reachable;
pub use interval::{Interval, rate_of, ratio};
pub use samples::rate;
pub use series::{lag1, lag1_within, quantile};
pub use student::{simultaneous_t, t_quantile};
pub use table::{Table, Work};
pub use verdict::{Rule, Verdict, verdict};
pub use welch::independent;

/// Nominal coverage of every interval.
pub const CONFIDENCE: f64 = 0.95;
