//! Stores to read from: written once, verified whole, measured for space, removed at the end.

use super::Source;
use crate::error::Result;
use crate::measure::space;
use crate::results::Storage;
use crate::store::copy::write;
use crate::store::registry::Resolved;
use crate::store::scratch::{self, Scratch};
use crate::store::sealed::IfExists;
use crate::store::verify::{Look, verify};
use crate::store::{Durability, Threads, WriteOptions};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

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
    directory: Scratch,
    prepared: BTreeMap<(String, u64), Prepared>,
}

impl Shelf {
    /// A new directory below `place`.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn new(place: &Path) -> Result<Self> {
        scratch::remove_abandoned(place);
        let directory = Scratch::new(place, "run")?;
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
        let options = WriteOptions { durability: Durability::Close, threads: Threads::ONE };
        write(resolved, source.dataset(), &path, options, IfExists::Refuse, &mut |_| Ok(()))?;
        let written = SystemTime::now();
        let verified = verify(&path, source.dataset(), Look::AtPixels, Threads::ONE, &mut |_| Ok(()))?;
        let prepared = Prepared { storage: space(&path)?, path, written, verified };
        self.prepared.insert(key, prepared.clone());
        Ok(prepared)
    }
}
