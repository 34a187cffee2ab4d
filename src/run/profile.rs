//! How much is measured: what `--profile` stands for.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How thorough a run is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Profile {
    /// A first answer in two minutes, for one store of each format.
    #[default]
    Quick,
    /// A set larger than the processor's caches, more launches, more blocks.
    Standard,
    /// Several stores of each format: what holds for the format, not for one store of it.
    Full,
    /// No contest of times: calls, bytes and files alone, which repeat exactly. For a gate, in seconds.
    Exact,
}

/// What a profile stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes {
    /// Images in the stores that are read, unless the user says otherwise.
    pub images: u64,
    /// Whether a smaller dataset is repeated until there are as many.
    pub repeats: bool,
    /// Bytes of pixels of the stores that are read, at most.
    pub read_bytes: u64,
    /// Images in the stores that are written.
    pub written: u64,
    /// Bytes of pixels of the stores that are written, at most.
    pub write_bytes: u64,
    /// Times that the worker processes are started anew; 0 where nothing is timed, and cells are counted only.
    pub launches: u32,
    /// Stores of each format; launch after launch reads the next.
    pub stores: u32,
    /// Time for all turns together.
    pub budget: Duration,
    /// The timed part of a turn lasts so long, unless checking takes many times as long.
    pub turn: Duration,
}

impl Profile {
    /// The word on the command line and in results.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Quick => "quick",
            Self::Standard => "standard",
            Self::Full => "full",
            Self::Exact => "exact",
        }
    }

    /// What it stands for.
    pub const fn sizes(self) -> Sizes {
        let turn = Duration::from_millis(2);
        match self {
            Self::Quick => Sizes {
                images: 10_000,
                repeats: false,
                read_bytes: 512 << 20,
                written: 500,
                write_bytes: 32 << 20,
                launches: 12,
                stores: 1,
                budget: Duration::from_secs(50),
                turn,
            },
            Self::Standard => Sizes {
                images: 100_000,
                repeats: true,
                read_bytes: 4 << 30,
                written: 2_000,
                write_bytes: 128 << 20,
                launches: 20,
                stores: 1,
                budget: Duration::from_secs(20 * 60),
                turn,
            },
            // A launch for each store: the unit of verdicts is then the store.
            Self::Full => {
                Sizes { launches: 8, stores: 8, budget: Duration::from_secs(2 * 3600), ..Self::Standard.sizes() }
            }
            Self::Exact => Sizes { images: 1_000, launches: 0, budget: Duration::ZERO, ..Self::Quick.sizes() },
        }
    }
}

impl Sizes {
    /// Whether cells take turns against the clock. Where they do not, only what repeats exactly is taken down.
    pub const fn is_timed(&self) -> bool {
        self.launches > 0
    }

    /// Images in the stores that are read, from a dataset of `there` images of `image_bytes` each.
    pub fn read_images(&self, there: u64, image_bytes: u64) -> u64 {
        let wanted = if self.repeats { self.images } else { self.images.min(there) };
        crate::workload::sizes::at_most(&[wanted], self.read_bytes / image_bytes.max(1))[0]
    }

    /// Images in the stores that are written, of `image_bytes` each.
    pub fn written_images(&self, image_bytes: u64) -> u64 {
        crate::workload::sizes::at_most(&[self.written], self.write_bytes / image_bytes.max(1))[0]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_images_make_small_stores() {
        let quick = Profile::Quick.sizes();
        assert_eq!(quick.read_images(50_000, 3_072), 10_000);
        assert_eq!(quick.read_images(700, 3_072), 700);
        assert_eq!(quick.read_images(50_000, 1 << 20), 500);
        assert_eq!(quick.written_images(1 << 20), 30);
        assert_eq!(Profile::Standard.sizes().read_images(700, 3_072), 100_000);
    }
}
