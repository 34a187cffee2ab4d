//! LMDB environments whose values are encoded images (JPEG, PNG ...), whatever their keys: `%08d` mostly. Labels are not
//! in them, so all are 0.

use super::refuse;
use crate::dataset::{Dataset, memory::out_of_range};
use crate::error::Result;
use crate::image_file;
use crate::sample::{Batch, ImageShape, Shape};
use crate::store::container::StoreName;
use crate::store::container::lmdb::environment::SharedEnvironment;
use ::lmdb::{Cursor, Database, Environment, Transaction};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Images in an environment, in the order of their keys.
pub struct Values {
    path: PathBuf,
    environment: Arc<SharedEnvironment>,
    database: Database,
    entries: Vec<(Vec<u8>, ImageShape)>,
    shape: Shape,
    /// Whether its keys can be names.
    named: bool,
}

impl Values {
    /// Opens the environment in the folder `path` and reads the header of every image.
    ///
    /// # Errors
    /// When it is no environment, or values are something else: pickled objects, Caffe's `Datum`, bare pixels.
    pub fn open(path: &Path) -> Result<Self> {
        let name = StoreName { format: "lmdb".into(), path: path.to_owned() };
        let environment = SharedEnvironment::open(path, true, &name)?;
        let fail = |e: ::lmdb::Error| refuse(path, format!("LMDB cannot read it: {e}"), "check that it is whole");
        let database = environment.get().open_db(None).map_err(fail)?;
        let entries = entries(environment.get(), database, path)?;
        // Numbers in binary are no names.
        let named = entries.iter().all(|(key, _)| !key.is_empty() && !key.contains(&0));
        let shapes = entries.iter().map(|(_, shape)| *shape);
        let (shape, _) = crate::dataset::folder::common_shape(shapes);
        Ok(Self { path: path.to_owned(), environment, database, entries, shape, named })
    }

    fn with_value<T>(&self, index: u64, read: impl FnOnce(&[u8], &[u8], ImageShape) -> Result<T, String>) -> Result<T> {
        let entry = usize::try_from(index).ok().and_then(|at| self.entries.get(at));
        let (key, shape) = entry.ok_or_else(|| out_of_range(&self.name(), index, self.len()))?;
        let fail = |why: String| refuse(&self.path, format!("image {index}: {why}"), "check that the file is whole");
        let transaction = self.environment.get().begin_ro_txn().map_err(|e| fail(e.to_string()))?;
        let value = transaction.get(self.database, key).map_err(|e| fail(e.to_string()))?;
        read(key, value, *shape).map_err(fail)
    }
}

fn entries(environment: &Environment, database: Database, path: &Path) -> Result<Vec<(Vec<u8>, ImageShape)>> {
    let fail = |e: ::lmdb::Error| refuse(path, format!("LMDB cannot read it: {e}"), "check that it is whole");
    let transaction = environment.begin_ro_txn().map_err(fail)?;
    let mut cursor = transaction.open_ro_cursor(database).map_err(fail)?;
    let mut entries = Vec::new();
    for entry in cursor.iter() {
        let (key, value) = entry.map_err(fail)?;
        let header = image_file::header(value).map_err(|why| {
            let key = String::from_utf8_lossy(key);
            let cause =
                format!("the value of {key} is no encoded image: {}", super::kinds::what_it_is(value).unwrap_or(why));
            refuse(path, cause, "write the images into a folder with the program that made this, and give folder:PATH")
        })?;
        entries.push((key.to_vec(), header.shape));
    }
    if entries.is_empty() {
        return Err(refuse(path, "it is empty", "check the path"));
    }
    Ok(entries)
}

impl Dataset for Values {
    fn name(&self) -> String {
        format!("lmdb:{}", self.path.display())
    }

    fn len(&self) -> u64 {
        self.entries.len() as u64
    }

    fn path(&self) -> Option<&Path> {
        Some(&self.path)
    }

    fn state(&self, _: u64) -> Option<u64> {
        crate::dataset::source::state_at(&self.path.join("data.mdb"))
    }

    fn shape(&self) -> Shape {
        self.shape.clone()
    }

    fn read(&self, index: u64, out: &mut Batch) -> Result<()> {
        self.with_value(index, |key, value, shape| {
            let admit = |found| if found == shape { Ok(()) } else { Err("it has changed".into()) };
            image_file::decode(value, admit, 0, out)?;
            out.set_key(if self.named { key } else { &[] });
            Ok(())
        })
    }

    fn has_files(&self) -> bool {
        true
    }

    fn read_file(&self, index: u64, out: &mut Batch) -> Result<()> {
        self.with_value(index, |key, value, shape| {
            out.push_file(shape, 0, value.len()).copy_from_slice(value);
            out.set_key(if self.named { key } else { &[] });
            Ok(())
        })
    }

    fn remarks(&self) -> Vec<String> {
        vec!["labels are not in it: all are 0".into()]
    }
}

impl std::fmt::Debug for Values {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Values({})", self.path.display())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image_file::png;
    use ::lmdb::WriteFlags;

    fn environment(values: &[(&str, &[u8])]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let environment = Environment::new().set_map_size(1 << 20).open(folder.path()).unwrap();
        let database = environment.open_db(None).unwrap();
        let mut transaction = environment.begin_rw_txn().unwrap();
        for (key, value) in values {
            transaction.put(database, key, value, WriteFlags::empty()).unwrap();
        }
        transaction.commit().unwrap();
        folder
    }

    #[test]
    fn encoded_images_are_read_under_their_keys() {
        let shape = ImageShape::new(3, 5, 3);
        let mut file = Vec::new();
        png::encode(shape, &[9; 45], png::Level::Fast, &mut file).unwrap();
        let folder = environment(&[("00000001", &file), ("00000000", &file)]);
        let set = Values::open(folder.path()).unwrap();
        let mut out = Batch::new();
        set.read(0, &mut out).unwrap();
        set.read_file(1, &mut out).unwrap();
        assert!(set.read(2, &mut out).is_err());
        let found: Vec<_> = out.iter().map(|s| (s.key, s.pixels.len(), s.file.len())).collect();
        assert_eq!(found, [(&b"00000000"[..], 45, 0), (b"00000001", 0, file.len())]);
        assert_eq!(set.shape(), Shape::Fixed(shape));
        // Numbers in binary.
        let folder = environment(&[("\0\0\0\x01", &file)]);
        let set = Values::open(folder.path()).unwrap();
        out.clear();
        set.read(0, &mut out).unwrap();
        set.read_file(0, &mut out).unwrap();
        assert_eq!(out.iter().map(|sample| sample.key).collect::<Vec<_>>(), [&b""[..]; 2]);
    }

    #[test]
    fn anything_else_is_refused_with_what_it_is() {
        for (value, why) in [
            (&b"\x80\x04\x95\x10\0\0\0\0\0\0\0\x8c\x05image"[..], "pickled Python object"),
            (b"\x08\x03\x10\x20\x18\x20\x22\x80\x18", "Datum of Caffe"),
            (&[7; 3072], "first bytes"),
        ] {
            let folder = environment(&[("00000000", value)]);
            let message = Values::open(folder.path()).unwrap_err().to_string();
            assert!(message.contains(why) && message.contains("00000000"), "{message}");
        }
        let empty = environment(&[]);
        assert!(Values::open(empty.path()).unwrap_err().to_string().contains("empty"));
    }
}
