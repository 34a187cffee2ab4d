//! Stores to read from: written once, verified whole, measured for space, removed at the end.

use super::Source;
use crate::error::{IoContext, Result};
use crate::measure::space;
use crate::results::Storage;
use crate::store::registry::Resolved;
use crate::store::sealed::IfExists;
use crate::store::verify::{verify, write};
use crate::store::{Durability, WriteOptions};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use tempfile::TempDir;

/// A verified store, ready to be read.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// Its directory.
    pub path: PathBuf,
    /// When it was written.
    pub written: SystemTime,
    /// Images compared with the dataset, all of them right.
    pub verified: u64,
    /// Space it takes.
    pub storage: Storage,
}

/// A directory of prepared stores, one for each format and number of images; removed when dropped.
pub struct Shelf {
    directory: TempDir,
    prepared: BTreeMap<(String, u64), Prepared>,
}

/// Names of such directories: this, the number of the process, and something random.
const PREFIX: &str = "run-";

/// Removes what runs that were killed have left behind. Where it cannot be told whether a process lives, nothing is.
fn remove_abandoned(place: &Path) {
    let lives = |process: u32| Path::new("/proc").join(process.to_string()).exists();
    if !lives(std::process::id()) {
        return;
    }
    for entry in std::fs::read_dir(place).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let process = name.to_str().and_then(|name| name.strip_prefix(PREFIX)?.split_once('-')?.0.parse::<u32>().ok());
        if process.is_some_and(|process| !lives(process)) {
            // If it cannot be removed it stays; that is no reason not to measure.
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

impl Shelf {
    /// A new directory below `place`.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn new(place: &Path) -> Result<Self> {
        std::fs::create_dir_all(place).at("create", place)?;
        remove_abandoned(place);
        let prefix = format!("{PREFIX}{}-", std::process::id());
        let directory =
            tempfile::Builder::new().prefix(&prefix).tempdir_in(place).at("create a directory in", place)?;
        Ok(Self { directory, prepared: BTreeMap::new() })
    }

    /// Where a store of this format and size belongs.
    pub fn path_of(&self, resolved: &Resolved, images: u64) -> PathBuf {
        self.directory.path().join(format!("{}-{images}", resolved.id.directory_name()))
    }

    /// The store of this format with all of `source`, written and verified on first use.
    ///
    /// # Errors
    /// When it cannot be written, or what comes back is not what was written.
    pub fn prepare(&mut self, resolved: &Resolved, source: &Source) -> Result<Prepared> {
        let key = (resolved.id.to_string(), source.images());
        if let Some(prepared) = self.prepared.get(&key) {
            return Ok(prepared.clone());
        }
        let path = self.path_of(resolved, source.images());
        let options = WriteOptions { durability: Durability::Close };
        write(resolved, source.dataset(), &path, options, IfExists::Refuse, &mut |_| {})?;
        let written = SystemTime::now();
        let verified = verify(&path, source.dataset(), &mut |_| {})?;
        let prepared = Prepared { storage: space(&path)?, path, written, verified };
        self.prepared.insert(key, prepared.clone());
        Ok(prepared)
    }
}
