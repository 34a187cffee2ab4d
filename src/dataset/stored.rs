//! `store:PATH`: a store that shelfmark wrote, as a dataset: to turn it into another format, or to compare with.

use super::{Dataset, NO_FILES, memory::out_of_range};
use crate::error::{Error, Result};
use crate::sample::{Batch, Shape};
use crate::store::sealed::OpenStore;
use crate::store::{ImageReader, Keys};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// An open store. Any number of threads may read it: each call borrows a reader from those that are free.
pub struct Stored {
    path: PathBuf,
    store: OpenStore,
    keys: Option<Keys>,
    free: Mutex<Vec<Box<dyn ImageReader>>>,
}

impl Stored {
    /// Opens the store at `path`.
    ///
    /// # Errors
    /// [`Error::Store`] when it is no store, or damaged.
    pub fn open(path: &Path) -> Result<Self> {
        let store = OpenStore::open(path)?;
        let keys = store.keys(path)?;
        Ok(Self { path: path.to_owned(), store, keys, free: Mutex::default() })
    }

    fn with_reader(
        &self,
        index: u64,
        out: &mut Batch,
        read: impl FnOnce(&mut dyn ImageReader, &mut Batch) -> Result<()>,
    ) -> Result<()> {
        if index >= self.len() {
            return Err(out_of_range(&self.name(), index, self.len()));
        }
        // Poisoned only by a panic inside `push` or `pop`, which leave a list a list.
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut reader = free.map_or_else(|| self.store.reader(), Ok)?;
        let outcome = read(&mut *reader, out);
        self.free.lock().unwrap_or_else(PoisonError::into_inner).push(reader);
        outcome?;
        if let Some(keys) = &self.keys {
            out.set_key(keys.get(index));
        }
        Ok(())
    }
}

impl Dataset for Stored {
    fn name(&self) -> String {
        format!("store:{}", self.path.display())
    }

    fn len(&self) -> u64 {
        self.store.manifest.images
    }

    fn path(&self) -> Option<&Path> {
        Some(&self.path)
    }

    /// A store never changes; but it may have been replaced.
    fn state(&self, _: u64) -> Option<u64> {
        super::source::state_at(&self.path.join(crate::store::MANIFEST_FILE))
    }

    fn shape(&self) -> Shape {
        self.store.manifest.shape.clone()
    }

    fn read(&self, index: u64, out: &mut Batch) -> Result<()> {
        self.with_reader(index, out, |reader, out| reader.read(index, out))
    }

    fn has_files(&self) -> bool {
        self.store.resolved.format.takes_files()
    }

    fn read_file(&self, index: u64, out: &mut Batch) -> Result<()> {
        if !self.has_files() {
            return Err(Error::Unsupported { format: self.name(), what: NO_FILES.into() });
        }
        self.with_reader(index, out, |reader, out| reader.read_file(index, out))
    }

    fn remarks(&self) -> Vec<String> {
        match self.store.resolved.format.lossy(&self.store.manifest.spec()) {
            Some(_) => vec![format!("{} is lossy: its images are not those it was made from", self.store.resolved.id)],
            None => Vec::new(),
        }
    }
}
