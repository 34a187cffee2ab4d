//! The stores of a run: written and verified by a worker before anything is measured.

use super::launcher::Launcher;
use crate::dataset::OpenOptions;
use crate::results::Storage;
use crate::store::FormatId;
use crate::worker::Host;
use crate::worker::protocol::{DatasetSpec, Failure, FailureKind, Reply, Request, WriteTask};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// Which store: a format, a number of images, and which of several with the same.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct StoreKey {
    /// The format.
    pub format: String,
    /// Images.
    pub images: u64,
    /// Its number.
    pub nth: u32,
}

/// A store that was written and found right.
#[derive(Debug, Clone)]
pub(super) struct Written {
    /// Its directory.
    pub path: PathBuf,
    /// What it has to give back.
    pub fingerprints: PathBuf,
    /// When it was finished.
    pub at: SystemTime,
    /// Images compared.
    pub verified: u64,
    /// Space that it takes.
    pub storage: Storage,
}

/// All stores of a run.
pub(super) struct Stores {
    directory: PathBuf,
    dataset: DatasetSpec,
    written: BTreeMap<StoreKey, Result<Written, Failure>>,
    /// The process that writes; it holds the dataset open.
    host: Option<Host>,
    limit: Duration,
}

impl Stores {
    /// None yet; they will lie in `directory`. No store may take longer than `limit`.
    pub(super) fn new(directory: &Path, dataset: DatasetSpec, limit: Duration) -> Self {
        Self { directory: directory.to_owned(), dataset, written: BTreeMap::new(), host: None, limit }
    }

    /// Writes a store and verifies it, unless that was done.
    pub(super) fn write(&mut self, key: StoreKey, launcher: &Launcher) {
        if !self.written.contains_key(&key) {
            let mut written = self.try_write(&key, launcher);
            let died = self.host.as_ref().is_some_and(|host| !host.is_alive());
            if died && written.as_ref().is_err_and(|failure| failure.kind == FailureKind::Failed) {
                // It may have been somebody's `kill`, and all contests need this store.
                written = self.try_write(&key, launcher);
            }
            self.written.insert(key, written);
        }
    }

    /// A store that was asked for before.
    pub(super) fn get(&self, key: &StoreKey) -> Result<&Written, Failure> {
        let unknown = || Failure::new(FailureKind::Failed, format!("no store of {} was written", key.format));
        self.written.get(key).ok_or_else(unknown)?.as_ref().map_err(Clone::clone)
    }

    /// Ends the process that writes: it must not be there while others are measured.
    pub(super) fn rest(&mut self) {
        if let Some(host) = self.host.take() {
            host.end();
        }
    }

    fn try_write(&mut self, key: &StoreKey, launcher: &Launcher) -> Result<Written, Failure> {
        let name = match key.format.parse::<FormatId>() {
            Ok(id) => id.directory_name(),
            Err(error) => return Err(error.into()),
        };
        let path = self.directory.join(format!("{name}-{}-{}", key.images, key.nth));
        let fingerprints = path.with_extension("fingerprints");
        let host = match self.host.take().filter(Host::is_alive) {
            Some(host) => host,
            None => launcher.worker()?,
        };
        let host = self.host.insert(host);
        // Small stores are of the first images: what lies behind need not be read.
        let options = OpenOptions { images: None, ..self.dataset.options };
        let task = WriteTask {
            dataset: DatasetSpec { name: self.dataset.name.clone(), options },
            images: key.images,
            format: key.format.clone(),
            store: path.clone(),
            fingerprints: fingerprints.clone(),
        };
        match host.ask(&Request::Write(task), self.limit)? {
            Reply::Written { storage, verified } => {
                Ok(Written { path, fingerprints, at: SystemTime::now(), verified, storage })
            }
            other => Err(Failure::new(FailureKind::Failed, format!("this is no answer to `write`: {other:?}"))),
        }
    }
}
