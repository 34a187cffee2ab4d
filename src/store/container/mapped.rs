//! Files read where they lie, without a call a read.

use super::StoreName;
use crate::error::{IoContext, Result};
use crate::store::FormatId;
use crate::store::options::{OptionInfo, Values, word};
use crate::store::tuning::{Applies, Tuned};
use memmap2::Mmap;
use std::fs::File;
use std::path::Path;

/// Whether the system reads ahead where a map is touched.
pub const READAHEAD: OptionInfo = OptionInfo {
    key: "readahead",
    values: Values::OneOf(&["on", "off"]),
    default: "on",
    about: "off (madvise random): for random reads of a store that does not fit into memory",
    reading: true,
};

/// What tuning sets: read-ahead fetches neighbours that a shuffled epoch does not ask for next.
pub const TUNED: Tuned = Tuned {
    key: READAHEAD.key,
    value: "off",
    applies: Applies::Cold,
    why: "a shuffled epoch does not ask for neighbours next; what it gains there, and costs in order, was not measured",
};

/// What is expected of reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reads {
    /// Neighbours: the system reads more than it is asked for.
    Near,
    /// Any: it reads the pages that are touched.
    Anywhere,
}

impl Reads {
    /// What `id` says.
    pub fn of(id: &FormatId) -> Self {
        if word(id, &READAHEAD) == "off" { Self::Anywhere } else { Self::Near }
    }

    /// The same in words, for the settings of a format.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Near => "mapped",
            Self::Anywhere => "mapped, without readahead",
        }
    }
}

/// A file of a finished store, mapped whole.
pub struct Mapped(Mmap);

impl Mapped {
    /// Maps `file` of the store's directory.
    ///
    /// # Errors
    /// When it is missing or cannot be mapped.
    pub fn open(file: impl AsRef<Path>, reads: Reads, name: &StoreName) -> Result<Self> {
        let path = name.path.join(file);
        let opened = File::open(&path).at("open", &path)?;
        // SAFETY: nobody may change or shorten the file while it is mapped, which is asked of all users of a store (as for
        // LMDB's map): a finished one does not change while it is open (see `store::change`). `verify --store`, `inspect` and the workers of a run, which open what
        // may be damaged, do so in a process of its own; others die with a file that got shorter.
        let map = unsafe { Mmap::map(&opened) }.at("map", &path)?;
        #[cfg(unix)]
        if reads == Reads::Anywhere {
            map.advise(memmap2::Advice::Random).at("advise the map of", &path)?;
        }
        Ok(Self(map))
    }

    /// All of it.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The bytes `offset .. offset + length`, if there are as many.
    pub fn part(&self, offset: u64, length: u64) -> Option<&[u8]> {
        let start = usize::try_from(offset).ok()?;
        let end = start.checked_add(usize::try_from(length).ok()?)?;
        self.0.get(start..end)
    }
}

/// For libraries that take any bytes.
impl AsRef<[u8]> for Mapped {
    fn as_ref(&self) -> &[u8] {
        self.bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn without_readahead_the_system_is_told() {
        let place = tempfile::tempdir().unwrap();
        std::fs::write(place.path().join("file"), [1; 10_000]).unwrap();
        let name = StoreName::new(&"tar:raw".parse().unwrap(), place.path());
        // What the kernel knows of the map of this file: `rr`, random reads.
        let told = || {
            let maps = std::fs::read_to_string("/proc/self/smaps").unwrap();
            let (_, map) = maps.split_once(place.path().to_str().unwrap()).unwrap();
            map.lines().find(|line| line.starts_with("VmFlags:")).is_some_and(|flags| flags.contains(" rr"))
        };
        for (reads, expected) in [(Reads::Near, false), (Reads::Anywhere, true)] {
            let map = Mapped::open("file", reads, &name).unwrap();
            assert_eq!(told(), expected);
            drop(map);
        }
    }
}
