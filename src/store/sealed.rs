//! Stores as directories: payload, names and manifest, sealed by one rename. A sealed store never changes.

use crate::error::{IoContext, Result};
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
    dataset: String,
    place: Option<String>,
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
        Ok(Self { writer, keys, placement, resolved, spec, options, written: 0, dataset: String::new(), place: None })
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
        let (resolved, dataset, place) = (resolved.clone(), progress.dataset.clone(), progress.place.clone());
        Ok(Self { writer, keys, placement, resolved, spec, options, written: progress.done, dataset, place })
    }

    /// Notes in the manifest which dataset is written.
    pub fn name_dataset(&mut self, name: String) {
        self.dataset = name;
    }

    /// Notes where the dataset lies, for whoever goes on with this.
    pub fn place_dataset(&mut self, place: Option<String>) {
        self.place = place;
    }

    /// Adds samples.
    ///
    /// # Errors
    /// As [`ImageWriter::append`].
    pub fn append(&mut self, samples: &Batch) -> Result<()> {
        self.keys.append(samples)?;
        self.writer.append(samples)?;
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
        self.writer.sync()?;
        self.keys.sync()?;
        let progress = Progress {
            format: self.resolved.id.to_string(),
            dataset: self.dataset.clone(),
            place: self.place.clone(),
            shape: self.spec.shape.clone(),
            images: self.spec.images,
            done: self.written,
        };
        progress.write(self.placement.path())
    }

    /// Leaves the store unfinished where another process can go on with it; says where, or that this format cannot.
    ///
    /// # Errors
    /// What the system says; nothing is then left.
    pub fn leave(mut self) -> Result<Option<PathBuf>> {
        if !self.resolved.format.can_resume() {
            return Ok(None);
        }
        self.checkpoint()?;
        drop(self.writer);
        Ok(Some(self.placement.leave()))
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

/// Something whole that does not have its name yet; removed when dropped.
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

    /// Leaves it under its temporary name, for another process to go on with if it knows how far it has come.
    pub fn leave(self) {
        self.placement.leave();
    }

    /// Syncs it if so asked for, and renames it into place.
    ///
    /// # Errors
    /// When something has appeared at the target; what the system says.
    pub fn put_in_place(self) -> Result<()> {
        Progress::remove(self.placement.path())?;
        self.placement.finish(self.durable)
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
    /// [`crate::Error::Store`] when it is no store, of another version, or damaged.
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
        let resolved = manifest.format.parse().and_then(|id| registry::resolve(&id))?;
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
mod tests {
    use super::*;
    use crate::dataset::Memory;
    use crate::sample::{ImageShape, Shape};
    use crate::store::copy::write;

    #[test]
    fn names_that_the_manifest_has_lost_are_missed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store");
        let shape = ImageShape::new(1, 1, 1);
        let mut samples = Batch::new();
        samples.push(shape, 0)[0] = 1;
        samples.set_key(b"a.png");
        let dataset = Memory::new("memory", Shape::Fixed(shape), samples);
        let resolved = registry::resolve(&"dir:raw".parse().unwrap()).unwrap();
        write(&resolved, &dataset, &path, WriteOptions::default(), IfExists::Refuse, &mut |_| Ok(())).unwrap();
        let manifest = path.join(MANIFEST_FILE);
        let text = std::fs::read_to_string(&manifest).unwrap();
        std::fs::write(&manifest, text.replace("\"named\"", "\"nqmed\"")).unwrap();
        let refused = OpenStore::open(&path).unwrap().keys(&path).map_err(|e| e.to_string());
        assert!(matches!(&refused, Err(why) if why.contains("damaged")), "{refused:?}");
    }
}
