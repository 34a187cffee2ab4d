//! The types behind `schema/results.v1.json`. Fields may be added within version 1, never renamed or removed.
//! A field that was not measured is `null`, never zero.

mod cell;
mod dataset;
mod host;
mod measured;
mod run;
mod verdict;

pub use cell::{CacheProof, Cell, CellKind, Native, Status, StoreRef, Verified};
pub use dataset::{DatasetFacts, DatasetShape};
pub use host::{Host, Load, Place};
pub use measured::{Counters, Estimate, Latency, Ledger, Storage, Turns};
pub use run::{Git, Run};
pub use verdict::{Comparison, NullControl};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The name and version of this schema.
pub const SCHEMA_ID: &str = "shelfmark/results/1";

/// Everything one run found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Results {
    /// Always [`SCHEMA_ID`].
    pub schema: String,
    /// The run as a whole.
    pub run: Run,
    /// The machine and the place.
    pub host: Host,
    /// The image sets used.
    pub datasets: Vec<DatasetFacts>,
    /// What was measured, cell by cell; also what was not, with the reason.
    pub cells: Vec<Cell>,
    /// Verdicts between cells of the interleaved runner; empty from `cargo bench`, which cannot rank.
    #[serde(default)]
    pub comparisons: Vec<Comparison>,
    /// The noise floor: the same format against itself.
    #[serde(default)]
    pub null_control: Vec<NullControl>,
}
