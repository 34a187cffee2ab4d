//! Stores as directories: payload, names and manifest, sealed by one rename. A sealed store does not
//! change, but by [`change`](super::change).

use crate::dataset::Dataset;
use crate::error::{Error, IoContext, Result};
use crate::sample::Batch;
use crate::store::container::StoreName;
use crate::store::keys::KeyWriter;
use crate::store::placement::Placement;
use crate::store::progress::Progress;
use crate::store::registry::{self, Resolved};
use crate::store::{
    CANNOT_RESUME, Durability, ImageReader, ImageStore, ImageWriter, KEYS_FILE, Keys, MANIFEST_FILE, Manifest,
    StoreSpec, WriteOptions,
};
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use crate::store::placement::IfExists;

/// A store being written.
pub struct StoreWriter {
    // Dropped before the directory, so that files are closed when it is removed.
    writer: Box<dyn ImageWriter>,
    keys: KeyWriter,
    placement: Placement,
    resolved: Resolved,
    spec: StoreSpec,
    options: WriteOptions,
    written: u64,
    /// A write failed: beyond the last checkpoint nobody knows what is there.
    failed: bool,
    dataset: String,
    source: Option<Arc<dyn Dataset>>,
}

impl StoreWriter {
    /// Starts a store that will stand at `target`.
    ///
    /// # Errors
    /// [`crate::Error::Store`] when something is there already; [`crate::Error::Unsupported`] when the format cannot
    /// hold `spec`.
    pub fn create(
        resolved: &Resolved,
        target: &Path,
        spec: &StoreSpec,
        options: WriteOptions,
        if_exists: IfExists,
    ) -> Result<Self> {
        let name = StoreName::new(&resolved.id, target);
        let placement = Placement::new(name.clone(), if_exists)?;
        let writer = resolved.format.create(placement.path(), spec, &options)?;
        let keys = KeyWriter::new(placement.path(), name);
        let (resolved, spec) = (resolved.clone(), spec.clone());
        Ok(Self {
            writer,
            keys,
            placement,
            resolved,
            spec,
            options,
            written: 0,
            failed: false,
            dataset: String::new(),
            source: None,
        })
    }

    /// Goes on with the store of which a dead process left the part that `progress` tells of at `left`.
    ///
    /// # Errors
    /// [`crate::Error::Unsupported`] when the format cannot; what is there is then left alone. Otherwise as
    /// [`StoreWriter::create`].
    pub fn resume(
        resolved: &Resolved,
        target: &Path,
        options: WriteOptions,
        if_exists: IfExists,
        left: &Path,
        progress: &Progress,
    ) -> Result<Self> {
        let name = StoreName::new(&resolved.id, target);
        let spec = StoreSpec { shape: progress.shape.clone(), images: progress.images };
        if !resolved.format.can_resume() {
            return Err(name.unsupported(CANNOT_RESUME));
        }
        let placement = Placement::adopt(left, name.clone(), if_exists)?;
        let resumed = resolved.format.resume(placement.path(), &spec, &options, progress.done);
        let resumed =
            resumed.and_then(|writer| Ok((writer, KeyWriter::resume(placement.path(), name, progress.done)?)));
        let (writer, keys) = match resumed {
            Ok(both) => both,
            Err(error) => {
                // What cannot be gone on with now may be another time.
                placement.leave();
                return Err(error);
            }
        };
        let (resolved, dataset) = (resolved.clone(), progress.dataset.clone());
        let written = progress.done;
        Ok(Self { writer, keys, placement, resolved, spec, options, written, failed: false, dataset, source: None })
    }

    /// Notes in the manifest which dataset is written.
    pub fn name_dataset(&mut self, name: String) {
        self.dataset = name;
    }

    /// From now on checkpoints note the state of what is read, for whoever goes on with this.
    pub fn note_source(&mut self, source: Arc<dyn Dataset>) {
        self.source = Some(source);
    }

    /// Adds samples.
    ///
    /// # Errors
    /// As [`ImageWriter::append`].
    pub fn append(&mut self, samples: &Batch) -> Result<()> {
        let appended = self.keys.append(samples).and_then(|()| self.writer.append(samples));
        self.failed |= appended.is_err();
        appended?;
        // Only now: what a failure left of this batch does not count as written.
        self.written += samples.len() as u64;
        Ok(())
    }

    /// Hands what was written so far to the system, and notes it, so that another process can go on from here if this one
    /// dies. (Should the machine die, what comes after may have spoiled it: the comparison at the end would tell.) Does nothing
    /// where the format cannot be gone on with.
    ///
    /// # Errors
    /// What the system says.
    pub fn checkpoint(&mut self) -> Result<()> {
        if !self.resolved.format.can_resume() {
            return Ok(());
        }
        let synced = self.writer.sync().and_then(|()| self.keys.sync());
        self.failed |= synced.is_err();
        synced?;
        let progress = Progress {
            format: self.resolved.id.to_string(),
            dataset: self.dataset.clone(),
            source: self.dataset.clone(),
            state: None,
            shape: self.spec.shape.clone(),
            images: self.spec.images,
            done: self.written,
        };
        progress.of(self.source.as_deref(), self.written).write(self.placement.path())
    }

    /// Keeps what a checkpoint has noted, whatever this ends with: without it, a failure leaves nothing behind.
    pub fn keep_work(&mut self) {
        self.placement.keep_work();
    }

    /// Where it is while it is written.
    pub fn path(&self) -> &Path {
        self.placement.path()
    }

    /// Leaves the store unfinished where another process can go on with it; says where, or that this format cannot. Where
    /// nothing more can be noted, as on a full disk, what the last checkpoint noted still holds.
    ///
    /// # Errors
    /// What the system says, if there was no checkpoint; nothing is then left.
    pub fn leave(mut self) -> Result<Option<PathBuf>> {
        if !self.resolved.format.can_resume() {
            return Ok(None);
        }
        let noted = if self.failed { Ok(()) } else { self.checkpoint() };
        drop(self.writer);
        match Progress::read(self.placement.path()) {
            Some(_) => Ok(Some(self.placement.leave())),
            None => noted.map(|()| None),
        }
    }

    /// Closes all files, writes the manifest, syncs as asked for and renames the store into place.
    ///
    /// # Errors
    /// When samples are missing, the system refuses, or something has appeared at the target.
    pub fn finish(self) -> Result<()> {
        self.seal()?.put_in_place()
    }

    /// Closes all files and writes the manifest: the store is whole, and can be looked at before it gets its name.
    ///
    /// # Errors
    /// When samples are missing; what the system says.
    pub fn seal(self) -> Result<Sealed> {
        let Self { writer, keys, placement, resolved, spec, options, written, dataset, .. } = self;
        if written != spec.images {
            let cause = format!("{written} images were written of {}", spec.images);
            return Err(placement.name().error(cause, "give as many samples as were announced"));
        }
        writer.finish()?;
        let named = keys.finish()?;
        let library = resolved.format.native();
        let mut manifest =
            Manifest::new(&resolved.id, &spec, resolved.labels, library, resolved.format.settings(&spec));
        manifest.dataset = dataset;
        manifest.named = named;
        let manifest_path = placement.path().join(MANIFEST_FILE);
        std::fs::write(&manifest_path, manifest.to_json()).at("write", &manifest_path)?;
        Ok(Sealed { placement, durable: options.durability != Durability::None })
    }
}

/// Something whole that does not have its name yet; removed when dropped, unless its work is kept.
pub struct Sealed {
    placement: Placement,
    durable: bool,
}

impl Sealed {
    /// What is in `placement` is whole.
    pub(crate) fn new(placement: Placement, durable: bool) -> Self {
        Self { placement, durable }
    }

    /// Where it is for now.
    pub fn path(&self) -> &Path {
        self.placement.path()
    }

    /// Removes it, whatever was to be kept: it was found to be wrong.
    pub fn discard(self) {
        self.placement.discard();
    }

    /// Syncs it if so asked for, and renames it into place.
    ///
    /// # Errors
    /// When something has appeared at the target; what the system says.
    pub fn put_in_place(mut self) -> Result<()> {
        let progress = Progress::read(self.placement.path());
        Progress::remove(self.placement.path())?;
        let placed = self.placement.finish(self.durable);
        if let (Err(_), Some(progress), true) = (&placed, progress, self.placement.path().is_dir()) {
            // Without it, work that was to be kept would be removed. That it cannot be noted again says less than
            // the error that is there already.
            let _ = progress.write(self.placement.path());
        }
        placed
    }
}

/// An open store.
pub struct OpenStore {
    /// What it is.
    pub manifest: Manifest,
    /// Its format.
    pub resolved: Resolved,
    store: Arc<dyn ImageStore>,
}

impl OpenStore {
    /// Opens the store at `path`, whatever its format.
    ///
    /// # Errors
    /// [`crate::Error::Store`] when it is no store, or damaged; [`crate::Error::Unsupported`] when it is of another version.
    pub fn open(path: &Path) -> Result<Self> {
        Self::open_through(path, |resolved, _| Ok(resolved))
    }

    /// Opens the store at `path` with what `wrap` makes of its format: the same, with something around it.
    ///
    /// # Errors
    /// As [`OpenStore::open`]; what `wrap` says.
    pub fn open_through(path: &Path, wrap: impl FnOnce(Resolved, &StoreSpec) -> Result<Resolved>) -> Result<Self> {
        let manifest = Manifest::read(path)?;
        let spec = manifest.spec();
        let resolved = manifest.format.parse().and_then(|id| registry::resolve(&id)).map_err(|error| match error {
            // Nobody asked for it by that name.
            Error::Usage(why) => Error::Unsupported {
                format: format!("store {}", path.display()),
                what: format!(
                    "its {MANIFEST_FILE} names the format {}, which this shelfmark does not know, or not with these \
                     options ({why}); use the version of shelfmark that wrote it, or write the store again",
                    manifest.format
                ),
            },
            other => other,
        })?;
        let resolved = wrap(resolved, &spec)?;
        let store = resolved.format.open(path, &spec)?;
        Ok(Self { manifest, resolved, store })
    }

    /// The samples' names, read from `path`, where the store was opened; `None` where numbers are the only names.
    ///
    /// # Errors
    /// When they are missing or damaged.
    pub fn keys(&self, path: &Path) -> Result<Option<Keys>> {
        let name = StoreName::new(&self.resolved.id, path);
        // The word `named` itself may be what was damaged: a manifest without it is one of a store without names.
        if !self.manifest.named && path.join(KEYS_FILE).exists() {
            return Err(name.damaged(format!("there is a file {KEYS_FILE}, of which {MANIFEST_FILE} knows nothing")));
        }
        self.manifest.named.then(|| Keys::read(path, self.manifest.images, &name)).transpose()
    }

    /// A reader for one thread.
    ///
    /// # Errors
    /// When the library refuses another reader.
    pub fn reader(&self) -> Result<Box<dyn ImageReader>> {
        Arc::clone(&self.store).reader()
    }
}

#[cfg(test)]
mod tests;
