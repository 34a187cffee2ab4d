//! What follows from several cells.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A verdict between the best cell of a workload and another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Comparison {
    /// The access pattern.
    pub workload: String,
    /// Id of the best cell.
    pub best: String,
    /// Id of the other.
    pub other: String,
    /// Time of the other over time of the best.
    pub ratio: f64,
    /// Lower end of the simultaneous interval.
    pub lo: f64,
    /// Upper end.
    pub hi: f64,
    /// `faster`, `slower`, `tied`, `inconclusive`.
    pub verdict: String,
    /// The smallest difference that could have been seen.
    pub min_detectable: Option<f64>,
}

/// The same format against itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NullControl {
    /// The access pattern.
    pub workload: String,
    /// Cache state.
    pub cache: String,
    /// Time of the twin over time of the first.
    pub ratio: f64,
    /// Lower end of the interval.
    pub lo: f64,
    /// Upper end.
    pub hi: f64,
    /// Should be `tied`.
    pub verdict: String,
}
