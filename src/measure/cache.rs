//! States of the page cache before a turn.

use serde::{Deserialize, Serialize};

/// What is in memory when a turn begins.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cache {
    /// Everything: the store was read before, and no byte comes from the device.
    #[default]
    Warm,
    /// The files' data was evicted; their names and inodes are still in memory.
    ColdData,
    /// Data, names and inodes were dropped.
    ColdFull,
}

impl Cache {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Warm, Self::ColdData, Self::ColdFull];

    /// The word used on the command line and in results.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Warm => "warm",
            Self::ColdData => "cold-data",
            Self::ColdFull => "cold-full",
        }
    }
}

impl std::str::FromStr for Cache {
    type Err = crate::error::Error;

    fn from_str(name: &str) -> crate::error::Result<Self> {
        let known = Self::ALL.iter().find(|cache| cache.name() == name);
        known.copied().ok_or_else(|| crate::error::unknown("cache state", name, Self::ALL.map(Self::name)))
    }
}
