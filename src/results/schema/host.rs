//! The machine and the place.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The machine, and the place where stores lay.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Host {
    /// Processor model.
    pub cpu: String,
    /// Logical processors this process may use.
    pub cores: usize,
    /// Main memory.
    pub mem_bytes: u64,
    /// Limits set by a control group, in words.
    pub cgroup: Option<String>,
    /// Operating system and version.
    pub os: String,
    /// Kernel version.
    pub kernel: String,
    /// The hypervisor or container, if one shows.
    pub virt: Option<String>,
    /// Size of the last-level cache.
    pub l3_bytes: Option<u64>,
    /// Where stores lay.
    pub place: Place,
    /// Load averages around the run.
    pub load: Load,
    /// Processor time that the hypervisor took away during the run, in percent.
    pub steal_pct: Option<f64>,
    /// How noisy the host was, in plain words.
    pub noise: Option<String>,
}

/// Where stores lay.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Place {
    /// What kind of path was given: `default`, `given`.
    pub path_kind: String,
    /// File system type.
    pub fs: Option<String>,
    /// Device or mount source.
    pub device: Option<String>,
}

/// One-minute load averages.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Load {
    /// When the run began.
    pub before: Option<f64>,
    /// When it ended.
    pub after: Option<f64>,
}
