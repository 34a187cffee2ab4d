//! The run as a whole.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The run as a whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Run {
    /// Unique name of the run.
    pub id: String,
    /// When it began, RFC 3339, UTC.
    pub started_utc: String,
    /// How long it took, in seconds.
    pub wall_s: f64,
    /// The exact command, environment settings included.
    pub command: String,
    /// Which front and preset: `criterion`, `criterion-quick`, `criterion-realpython`, `quick`, `standard`, `full`, `exact`.
    pub profile: String,
    /// Which options were in force where none were named: `default`, `tuned`; null in results from before there was a choice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tuning: Option<String>,
    /// The seed of all draws.
    pub seed: u64,
    /// Whether the run reached its end.
    pub complete: bool,
    /// The source it was built from.
    pub git: Git,
    /// The compiler.
    pub rustc: String,
    /// Version of this crate.
    pub shelfmark_version: String,
    /// Cargo features built in.
    pub features: Vec<String>,
}

/// The source a binary was built from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Git {
    /// Commit, or null outside a checkout.
    pub sha: Option<String>,
    /// Whether what a program is built from differed from that commit, or had files that git did not know.
    pub dirty: Option<bool>,
}
