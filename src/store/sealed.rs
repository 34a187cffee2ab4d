//! Stores as directories: built under a temporary name, given their manifest, synced and renamed into place. A reader
//! never sees half a store, and a failure leaves nothing behind.

use crate::error::{Error, IoContext, Result};
use crate::sample::Batch;
use crate::store::container::StoreName;
use crate::store::keys::KeyWriter;
use crate::store::registry::{self, Resolved};
use crate::store::{
    Durability, ImageReader, ImageStore, ImageWriter, Keys, MANIFEST_FILE, Manifest, StoreSpec, WriteOptions, scratch,
    sync,
};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;

/// What to do when there is something at the place of a new store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IfExists {
    /// Refuse.
    Refuse,
    /// Replace it if it is a store; anything else is still refused.
    Replace,
}

/// A store being written.
pub struct StoreWriter {
    // Dropped before `directory`, so that files are closed when it is removed.
    writer: Box<dyn ImageWriter>,
    directory: TempDir,
    target: PathBuf,
    resolved: Resolved,
    spec: StoreSpec,
    options: WriteOptions,
    if_exists: IfExists,
    written: u64,
    keys: KeyWriter,
    dataset: String,
}

impl StoreWriter {
    /// Starts a store that will stand at `target`.
    ///
    /// # Errors
    /// [`Error::Store`] when something is there already; [`Error::Unsupported`] when the format cannot hold `spec`.
    pub fn create(
        resolved: &Resolved,
        target: &Path,
        spec: &StoreSpec,
        options: WriteOptions,
        if_exists: IfExists,
    ) -> Result<Self> {
        let name = StoreName::new(&resolved.id, target);
        refuse_existing(&name, target, if_exists)?;
        let stem = target.file_name().unwrap_or_default().to_string_lossy();
        let directory = scratch::directory(parent_of(target), &stem)?;
        open_to_all(directory.path())?;
        let writer = resolved.format.create(directory.path(), spec, &options)?;
        let keys = KeyWriter::new(directory.path(), name);
        let (resolved, spec, target, dataset) = (resolved.clone(), spec.clone(), target.to_owned(), String::new());
        Ok(Self { writer, directory, target, resolved, spec, options, if_exists, written: 0, keys, dataset })
    }

    /// Notes in the manifest which dataset is written.
    pub fn name_dataset(&mut self, name: String) {
        self.dataset = name;
    }

    /// Adds samples.
    ///
    /// # Errors
    /// As [`ImageWriter::append`].
    pub fn append(&mut self, samples: &Batch) -> Result<()> {
        self.written += samples.len() as u64;
        self.keys.append(samples)?;
        self.writer.append(samples)
    }

    /// Closes all files, writes the manifest, syncs as asked for and renames the store into place.
    ///
    /// # Errors
    /// When samples are missing, the system refuses, or something has appeared at the target.
    pub fn finish(self) -> Result<()> {
        let Self { writer, directory, target, resolved, spec, options, if_exists, written, keys, dataset } = self;
        let name = StoreName::new(&resolved.id, &target);
        if written != spec.images {
            let cause = format!("{written} images were written of {}", spec.images);
            return Err(name.error(cause, "give as many samples as were announced"));
        }
        writer.finish()?;
        let named = keys.finish()?;
        let library = resolved.format.native();
        let mut manifest =
            Manifest::new(&resolved.id, &spec, resolved.labels, library, resolved.format.settings(&spec));
        manifest.dataset = dataset;
        manifest.named = named;
        let manifest_path = directory.path().join(MANIFEST_FILE);
        std::fs::write(&manifest_path, manifest.to_json()).at("write", &manifest_path)?;
        let durable = options.durability != Durability::None;
        if durable {
            sync::tree(directory.path())?;
        }
        refuse_existing(&name, &target, if_exists)?;
        let old = set_aside(&target)?;
        if let Err(error) = std::fs::rename(directory.path(), &target).at("rename into place", &target) {
            if let Some(old) = old {
                // Better the old store than none; should that fail too, it is kept where it was set aside.
                let aside = old.keep();
                std::fs::rename(aside.join("store"), &target).at("move back the old store", &target)?;
                let _ = std::fs::remove_dir(aside);
            }
            return Err(error);
        }
        // The directory has another name now: there is nothing left to remove at the temporary one.
        let _ = directory.keep();
        if durable {
            sync::one(parent_of(&target))?;
        }
        drop(old);
        Ok(())
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
    /// [`Error::Store`] when it is no store, of another version, or damaged.
    pub fn open(path: &Path) -> Result<Self> {
        let manifest = Manifest::read(path)?;
        let resolved = manifest.format.parse().and_then(|id| registry::resolve(&id))?;
        let store = resolved.format.open(path, &manifest.spec())?;
        Ok(Self { manifest, resolved, store })
    }

    /// The samples' names, read from `path`, where the store was opened; `None` where numbers are the only names.
    ///
    /// # Errors
    /// When they are missing or damaged.
    pub fn keys(&self, path: &Path) -> Result<Option<Keys>> {
        let name = StoreName::new(&self.resolved.id, path);
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

fn parent_of(target: &Path) -> &Path {
    target.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn refuse_existing(name: &StoreName, target: &Path, if_exists: IfExists) -> Result<()> {
    if target.file_name().is_none() {
        return Err(Error::Usage(format!("'{}' is no path that a store could have", target.display())));
    }
    // `symlink_metadata`: a dangling link is something, too.
    if target.symlink_metadata().is_err() {
        return Ok(());
    }
    if target.join(MANIFEST_FILE).is_file() {
        return match if_exists {
            IfExists::Replace => Ok(()),
            IfExists::Refuse => {
                Err(name.error("there is a store already", "use --force to replace it, or another --dir"))
            }
        };
    }
    Err(name.error("something that is no store is there already", "remove it, or choose another --dir"))
}

/// Moves an old store out of the way; it is removed when the returned value is dropped.
fn set_aside(target: &Path) -> Result<Option<TempDir>> {
    if target.symlink_metadata().is_err() {
        return Ok(None);
    }
    let aside = scratch::directory(parent_of(target), "replaced")?;
    std::fs::rename(target, aside.path().join("store")).at("move aside", target)?;
    Ok(Some(aside))
}

/// Temporary directories are private by default; a store is a directory like others.
fn open_to_all(directory: &Path) -> Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(directory, std::fs::Permissions::from_mode(0o755))
            .at("set permissions of", directory)?;
    }
    Ok(())
}
