//! Shards: a store in files of a bounded size, numbered from 0: what `tar` and `tfrecord` have in common.

use super::StoreName;
use crate::error::Result;
use crate::store::FormatId;
use crate::store::options::{OptionInfo, Values, integer};

/// The size that a shard is not begun to exceed.
pub const SHARD: OptionInfo = OptionInfo {
    key: "shard",
    values: Values::Integer { min: 1, max: 1 << 20 },
    default: "256",
    about: "MiB a shard",
    reading: false,
};

/// The size of shards that `id` asks for, in bytes.
pub fn shard_bytes(id: &FormatId) -> u64 {
    integer(id, SHARD.key).unwrap_or(256) << 20
}

/// How shards are called.
#[derive(Debug, Clone, Copy)]
pub struct Shards {
    /// The ending of their names.
    pub ending: &'static str,
}

impl Shards {
    /// Name of a shard.
    pub fn name(self, number: u32) -> String {
        format!("images-{number:06}.{}", self.ending)
    }

    /// How many there are, one behind the other.
    pub fn count(self, name: &StoreName) -> u32 {
        (0..u32::MAX).find(|number| !name.path.join(self.name(*number)).exists()).unwrap_or(u32::MAX)
    }

    /// Refuses a store with shards beyond the last that is known of.
    ///
    /// # Errors
    /// When there is a shard of number `count`.
    pub fn refuse_more(self, count: u32, name: &StoreName) -> Result<()> {
        let next = self.name(count);
        match name.path.join(&next).exists() {
            true => Err(name.damaged(format!("there is a shard {next} beyond the last image"))),
            false => Ok(()),
        }
    }
}
