//! Changing finished stores: adding samples behind those in it, and removing some. While a change is under way the store has
//! no manifest under its own name, so that one that was cut short is never taken for whole.

use crate::error::{IoContext, Result};
use crate::sample::Batch;
use crate::store::container::StoreName;
use crate::store::keys::{KeyWriter, Keys};
use crate::store::manifest::{CHANGING_FILE, Manifest};
use crate::store::registry::{Resolved, written_as};
use crate::store::{
    CANNOT_APPEND, CANNOT_DELETE, Durability, ImageWriter, MANIFEST_FILE, Removal, StoreSpec, WriteOptions, sync,
};
use std::path::{Path, PathBuf};

/// A finished store that takes more samples.
pub struct Appender {
    writer: Box<dyn ImageWriter>,
    keys: KeyWriter,
    change: Change,
    more: u64,
    added: u64,
}

impl Appender {
    /// Opens the store at `path`, which is of the format `resolved`, to add `more` samples.
    ///
    /// # Errors
    /// [`crate::Error::Unsupported`] where the format cannot, and [`crate::Error::Store`] where there is no whole store of
    /// it; it is then as before.
    pub fn open(resolved: &Resolved, path: &Path, more: u64, options: WriteOptions) -> Result<Self> {
        let change = Change::of(resolved, path, options)?;
        if !resolved.format.capabilities().append {
            return Err(change.name.unsupported(CANNOT_APPEND));
        }
        let spec = change.manifest.spec();
        let writer = resolved.format.open_append(path, &spec, more, &options)?;
        let keys = KeyWriter::resume(path, change.name.clone(), spec.images)?;
        change.begin()?;
        Ok(Self { writer, keys, change, more, added: 0 })
    }

    /// Adds samples.
    ///
    /// # Errors
    /// As [`ImageWriter::append`]; the store cannot be used any more.
    pub fn append(&mut self, samples: &Batch) -> Result<()> {
        self.keys.append(samples)?;
        self.writer.append(samples)?;
        self.added += samples.len() as u64;
        Ok(())
    }

    /// Closes all files, notes in the manifest how many there are now, and syncs as asked for.
    ///
    /// # Errors
    /// When samples are missing; what the system says. The store cannot be used any more.
    pub fn finish(self) -> Result<()> {
        let Self { writer, keys, change, more, added } = self;
        if added != more {
            let cause = format!("{added} images were added of {more}");
            return Err(change.name.error(cause, "give as many samples as were announced"));
        }
        writer.finish()?;
        let named = keys.finish()?;
        let images = change.manifest.images + added;
        change.end(images, named)
    }
}

/// Removes the samples `indices` from the store at `path`, which is of the format `resolved`; the last samples take their
/// places, as [`Removal`] says.
///
/// # Errors
/// [`crate::Error::Unsupported`] where the format cannot, and [`crate::Error::Store`] where a sample is not in it; the store is
/// then as before. What the system says; then it cannot be used any more.
pub fn remove(resolved: &Resolved, path: &Path, indices: &[u64], options: WriteOptions) -> Result<Removal> {
    let change = Change::of(resolved, path, options)?;
    if !resolved.format.capabilities().can_delete() {
        return Err(change.name.unsupported(CANNOT_DELETE));
    }
    let (spec, named) = (change.manifest.spec(), change.manifest.named);
    let removal = Removal::new(&change.name, spec.images, indices)?;
    change.begin()?;
    resolved.format.remove(path, &spec, &removal, &options)?;
    if named {
        Keys::read(path, spec.images, &change.name)?.write_without(&removal, path)?;
    }
    change.end(removal.left(), named)?;
    Ok(removal)
}

/// A change under way.
struct Change {
    manifest: Manifest,
    resolved: Resolved,
    path: PathBuf,
    name: StoreName,
    durable: bool,
}

impl Change {
    fn of(resolved: &Resolved, path: &Path, options: WriteOptions) -> Result<Self> {
        let (manifest, name) = (Manifest::read(path)?, StoreName::new(&resolved.id, path));
        if manifest.format.parse().ok().map(|id| written_as(&id)) != Some(written_as(&resolved.id)) {
            return Err(name.mismatch(format!("it is a store of the format {}", manifest.format)));
        }
        let durable = options.durability != Durability::None;
        Ok(Self { manifest, resolved: resolved.clone(), path: path.to_owned(), name, durable })
    }

    /// From now on the store is not whole.
    fn begin(&self) -> Result<()> {
        let file = self.path.join(MANIFEST_FILE);
        std::fs::rename(&file, self.path.join(CHANGING_FILE)).at("rename", &file)
    }

    /// Whole again, with so many images.
    fn end(self, images: u64, named: bool) -> Result<()> {
        let Self { mut manifest, resolved, path, durable, .. } = self;
        let spec = StoreSpec { shape: manifest.shape.clone(), images };
        (manifest.images, manifest.named) = (images, named);
        manifest.settings = resolved.format.settings(&spec);
        let changing = path.join(CHANGING_FILE);
        std::fs::write(&changing, manifest.to_json()).at("write", &changing)?;
        if durable {
            sync::tree(&path)?;
        }
        std::fs::rename(&changing, path.join(MANIFEST_FILE)).at("rename", &changing)?;
        if durable { sync::one(&path) } else { Ok(()) }
    }
}
