//! Changing finished stores: adding samples behind those in it, and removing some. While a change is under way the store has
//! no manifest under its own name, so that one that was cut short is never taken for whole (by a power cut: with durability
//! `each` only). Nobody may have the store open meanwhile: readers count on files that do not change. Of readers in this
//! process LMDB's are noticed; others are the caller's business.

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
        let keys = KeyWriter::resume(path, change.name.clone(), spec.images)?;
        change.begin()?;
        match resolved.format.open_append(path, &spec, more, &options) {
            Ok(writer) => Ok(Self { writer, keys, change, more, added: 0 }),
            Err(error) => {
                change.give_up()?;
                Err(error)
            }
        }
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
    let keys = named.then(|| Keys::read(path, spec.images, &change.name)).transpose()?;
    change.begin()?;
    let removed = resolved.format.remove(path, &spec, &removal, &options);
    if let (Err(_), true) = (&removed, resolved.format.removes_at_once()) {
        change.give_up()?;
    }
    removed?;
    keys.map_or(Ok(()), |keys| keys.write_without(&removal, path))?;
    change.end(removal.left(), named)?;
    Ok(removal)
}

/// A change under way.
struct Change {
    manifest: Manifest,
    resolved: Resolved,
    path: PathBuf,
    name: StoreName,
    durability: Durability,
}

impl Change {
    fn of(resolved: &Resolved, path: &Path, options: WriteOptions) -> Result<Self> {
        let (manifest, name) = (Manifest::read(path)?, StoreName::new(&resolved.id, path));
        if manifest.format.parse().ok().map(|id| written_as(&id)) != Some(written_as(&resolved.id)) {
            return Err(name.mismatch(format!("it is a store of the format {}", manifest.format)));
        }
        let durability = options.durability;
        Ok(Self { manifest, resolved: resolved.clone(), path: path.to_owned(), name, durability })
    }

    /// From now on the store is not whole.
    fn begin(&self) -> Result<()> {
        let file = self.path.join(MANIFEST_FILE);
        std::fs::rename(&file, self.path.join(CHANGING_FILE)).at("rename", &file)?;
        if self.durability == Durability::Each { sync::one(&self.path) } else { Ok(()) }
    }

    /// Nothing came of it, and the store is as it was.
    fn give_up(&self) -> Result<()> {
        let file = self.path.join(CHANGING_FILE);
        std::fs::rename(&file, self.path.join(MANIFEST_FILE)).at("rename", &file)
    }

    /// Whole again, with so many images.
    fn end(self, images: u64, named: bool) -> Result<()> {
        let Self { mut manifest, resolved, path, durability, .. } = self;
        let durable = durability != Durability::None;
        let spec = StoreSpec { shape: manifest.shape.clone(), images };
        (manifest.images, manifest.named) = (images, named);
        // Of what it was written from, it holds more or less now.
        manifest.dataset.clear();
        manifest.library = resolved.format.native();
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

#[cfg(all(test, feature = "lmdb"))]
mod tests {
    use super::*;
    use crate::dataset::Memory;
    use crate::store::copy::write;
    use crate::store::registry::resolve;
    use crate::store::sealed::{IfExists, OpenStore};

    #[test]
    fn what_refuses_a_change_is_as_before() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store");
        let (resolved, options) = (resolve(&"lmdb:raw".parse().unwrap()).unwrap(), WriteOptions::default());
        let images = Memory::ragged(9, &[3]);
        write(&resolved, &images, &path, options, IfExists::Refuse, &mut |_| Ok(())).unwrap();
        let open = OpenStore::open(&path).unwrap();
        for refused in [
            remove(&resolved, &path, &[3], options).map(drop),
            Appender::open(&resolved, &path, 1, options).map(drop),
            // It is no such store, and there is no such image.
            remove(&resolve(&"dir:raw".parse().unwrap()).unwrap(), &path, &[3], options).map(drop),
            remove(&resolved, &path, &[9], options).map(drop),
        ] {
            assert!(refused.is_err());
            assert!(OpenStore::open(&path).is_ok(), "{refused:?}");
        }
        drop(open);
        assert_eq!(remove(&resolved, &path, &[3], options).unwrap().left(), 8);
        let manifest = OpenStore::open(&path).unwrap().manifest;
        assert_eq!((manifest.images, manifest.dataset.as_str()), (8, ""), "it is not that dataset any more");
    }

    #[test]
    fn as_many_are_added_as_were_announced() {
        let folder = tempfile::tempdir().unwrap();
        let (resolved, options) = (resolve(&"dir:raw".parse().unwrap()).unwrap(), WriteOptions::default());
        let images = Memory::ragged(9, &[3]);
        let mut samples = Batch::new();
        (0..2).for_each(|index| crate::dataset::Dataset::read(&images, index, &mut samples).unwrap());
        for (announced, said) in [(3, "2 images were added of 3"), (1, "2 images were added of 1"), (2, "")] {
            let path = folder.path().join(announced.to_string());
            write(&resolved, &images, &path, options, IfExists::Refuse, &mut |_| Ok(())).unwrap();
            let mut appender = Appender::open(&resolved, &path, announced, options).unwrap();
            let added = appender.append(&samples).and_then(|()| appender.finish());
            assert_eq!(added.is_err(), announced != 2);
            assert!(added.err().is_none_or(|e| e.to_string().contains(said)));
            assert_eq!(OpenStore::open(&path).is_ok(), announced == 2);
        }
    }

    /// Files that hold more images than the manifest says: those of another store, say.
    #[test]
    fn a_store_of_more_images_than_its_manifest_says_is_not_changed() {
        for format in ["lmdb:raw", "sqlite:raw", "redb:raw"] {
            let Ok(resolved) = resolve(&format.parse().unwrap()) else { continue };
            let folder = tempfile::tempdir().unwrap();
            let (path, options) = (folder.path().join("store"), WriteOptions::default());
            write(&resolved, &Memory::ragged(9, &[3]), &path, options, IfExists::Refuse, &mut |_| Ok(())).unwrap();
            let manifest = path.join(MANIFEST_FILE);
            let text = std::fs::read_to_string(&manifest).unwrap();
            std::fs::write(&manifest, text.replace("\"images\": 9", "\"images\": 8")).unwrap();
            for refused in [
                remove(&resolved, &path, &[3], options).map(drop),
                Appender::open(&resolved, &path, 1, options).map(drop),
            ] {
                let said = refused.unwrap_err().to_string();
                assert!(said.contains("8 images"), "{format}: {said}");
            }
            std::fs::write(&manifest, text).unwrap();
            assert_eq!(remove(&resolved, &path, &[3], options).unwrap().left(), 8, "it is as it was");
        }
    }

    #[test]
    fn a_cut_file_is_refused_and_not_mapped() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store");
        let (resolved, options) = (resolve(&"lmdb:raw".parse().unwrap()).unwrap(), WriteOptions::default());
        write(&resolved, &Memory::ragged(99, &[3]), &path, options, IfExists::Refuse, &mut |_| Ok(())).unwrap();
        let file = std::fs::File::options().write(true).open(path.join("data.mdb")).unwrap();
        file.set_len(3 * 4096).unwrap();
        assert!(remove(&resolved, &path, &[3], options).is_err());
        assert!(Appender::open(&resolved, &path, 1, options).is_err());
    }
}
