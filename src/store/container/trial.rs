//! What tests of containers have in common: a small store, and what becomes of it when its files are changed.

use crate::dataset::{Dataset, Synthetic};
use crate::error::Result;
use crate::sample::{Batch, ImageShape, Shape};
use crate::store::change::{Appender, remove};
use crate::store::copy::write;
use crate::store::registry::{Resolved, resolve};
use crate::store::sealed::{IfExists, OpenStore};
use crate::store::{StoreSpec, WriteOptions};
use std::path::PathBuf;

/// A store of a few noisy images.
pub struct Trial {
    _place: tempfile::TempDir,
    pub path: PathBuf,
    pub format: Resolved,
    pub spec: StoreSpec,
}

impl Trial {
    /// Of `images` images of 8 x 8 x 3, in a new folder.
    pub fn new(format: &str, images: u64) -> Self {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("store");
        let format = resolve(&format.parse().unwrap()).unwrap();
        let dataset = Synthetic::new(ImageShape::new(8, 8, 3), images, 1);
        let spec = StoreSpec { shape: dataset.shape(), images };
        write(&format, &dataset, &path, WriteOptions::default(), IfExists::Refuse, &mut |_| Ok(())).unwrap();
        Self { _place: place, path, format, spec }
    }

    /// Opens it and reads every image.
    pub fn read(&self) -> Result<Batch> {
        let mut batch = Batch::new();
        let indices: Vec<u64> = (0..self.spec.images).collect();
        OpenStore::open(&self.path)?.reader()?.read_batch(&indices, &mut batch)?;
        Ok(batch)
    }

    /// Looks at its layout.
    pub fn audit(&self) -> Result<()> {
        self.format.format.audit(&self.path, &self.spec)
    }

    /// The names of its files, in order.
    pub fn files(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.path).unwrap();
        let mut names: Vec<_> = entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// Changes a file.
    pub fn change(&self, file: &str, change: impl FnOnce(&mut Vec<u8>)) {
        let path = self.path.join(file);
        let mut bytes = std::fs::read(&path).unwrap();
        change(&mut bytes);
        std::fs::write(path, bytes).unwrap();
    }

    /// Changes a file, which has to be noticed on reading in words that hold `expected`, and puts it back.
    pub fn noticed(&self, file: &str, change: impl FnOnce(&mut Vec<u8>), expected: &str) {
        let whole = std::fs::read(self.path.join(file)).unwrap();
        self.change(file, change);
        let said = self.read().map(|batch| batch.len()).unwrap_err().to_string();
        assert!(said.contains(expected), "{said}");
        assert!(said.contains(&self.format.id.to_string()) && said.contains("store"), "names format and path: {said}");
        std::fs::write(self.path.join(file), whole).unwrap();
        self.read().unwrap();
    }

    /// The same of what only a look at the layout shows.
    pub fn audited(&self, file: &str, change: impl FnOnce(&mut Vec<u8>), expected: &str) {
        let whole = std::fs::read(self.path.join(file)).unwrap();
        self.audit().unwrap();
        self.change(file, change);
        let said = self.audit().unwrap_err().to_string();
        assert!(said.contains(expected), "{said}");
        std::fs::write(self.path.join(file), whole).unwrap();
        self.audit().unwrap();
    }

    /// No change of a byte, and no cut, makes adding to it or removing from it panic. Its files lie in one folder.
    pub fn survives_changes(&self, file: &str) {
        let options = WriteOptions::default();
        let files: Vec<_> =
            self.files().into_iter().map(|name| (std::fs::read(self.path.join(&name)).unwrap(), name)).collect();
        let mut samples = Batch::new();
        Synthetic::new(ImageShape::new(8, 8, 3), 1, 2).read(0, &mut samples).unwrap();
        let mut state = 7_u64;
        for trial in 0..200_usize {
            let place = tempfile::tempdir().unwrap();
            files.iter().for_each(|(bytes, name)| std::fs::write(place.path().join(name), bytes).unwrap());
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let mut bytes = std::fs::read(place.path().join(file)).unwrap();
            let at = (state >> 33) as usize % bytes.len();
            bytes[at] ^= 1 << (state >> 29 & 7);
            std::fs::write(place.path().join(file), bytes).unwrap();
            if trial % 2 == 0 {
                let _ = remove(&self.format, place.path(), &[0, 4], options);
            } else if let Ok(mut appender) = Appender::open(&self.format, place.path(), 1, options) {
                let _ = appender.append(&samples).and_then(|()| appender.finish());
            }
        }
    }

    /// No change of a byte, and no cut, makes it panic; what is read is told to be damaged, or has as many images.
    pub fn survives(&self, file: &str) {
        let whole = std::fs::read(self.path.join(file)).unwrap();
        let mut state = 7_u64;
        for trial in 0..200_usize {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let at = (state >> 33) as usize % whole.len();
            let mut bytes = whole.clone();
            if trial % 4 == 0 {
                bytes.truncate(at)
            } else {
                bytes[at] ^= 1 << (state >> 29 & 7)
            }
            // A new file, so that nothing that is still mapped gets shorter.
            std::fs::remove_file(self.path.join(file)).unwrap();
            std::fs::write(self.path.join(file), bytes).unwrap();
            if let Ok(batch) = self.read() {
                assert_eq!(batch.len() as u64, self.spec.images);
            }
            let _ = self.audit();
        }
        std::fs::write(self.path.join(file), whole).unwrap();
        self.read().unwrap();
    }
}

/// `text` in place of `was`, wherever it is first.
pub fn replace(bytes: &mut Vec<u8>, was: &str, text: &str) {
    let at = bytes.windows(was.len()).position(|window| window == was.as_bytes()).unwrap();
    bytes.splice(at..at + was.len(), text.bytes());
}

/// A record that no image of a store can have is refused by every container of records, and not handed to a codec.
#[test]
fn records_that_are_too_long_are_refused() {
    let place = tempfile::tempdir().unwrap();
    let large = Synthetic::new(ImageShape::new(200, 200, 3), 3, 1);
    let small = StoreSpec { shape: Shape::Fixed(ImageShape::new(1, 1, 1)), images: 3 };
    let mut checked = 0;
    for name in
        ["dir", "lmdb", "tar", "zip", "tfrecord", "mds", "sqlite", "redb", "rocksdb", "hdf5", "arrow", "parquet"]
    {
        // HDF5 keeps raw images of one shape as an array.
        let format = format!("{name}:{}", if name == "hdf5" { "qoi" } else { "raw" });
        let Ok(format) = resolve(&format.parse().unwrap()) else { continue };
        let path = place.path().join(name);
        write(&format, &large, &path, WriteOptions::default(), IfExists::Refuse, &mut |_| Ok(())).unwrap();
        let read = format.format.open(&path, &small).and_then(|store| store.reader()?.read(1, &mut Batch::new()));
        let said = read.unwrap_err().to_string();
        let expected = match name {
            "mds" => "is not where its shard says",
            "hdf5" => "are those of no image",
            _ => "too long for any image",
        };
        assert!(said.contains(expected), "{name}: {said}");
        checked += 1;
    }
    assert!(checked >= 5);
}

/// Batches and row groups begin anew with the bytes that they hold.
#[test]
#[cfg(all(feature = "arrow", feature = "parquet"))]
fn limits_are_of_a_batch_and_not_of_a_file() {
    for (format, limit) in [("arrow:raw,batch=4", 4), ("parquet:raw,rowgroup=4,page=4", 4)] {
        let trial = Trial::new(format, 40);
        let bytes = std::fs::read(trial.path.join(trial.files()[0].clone())).unwrap();
        let batches = if format.starts_with("arrow") {
            arrow_ipc::reader::FileReader::try_new(std::io::Cursor::new(bytes), None).unwrap().num_batches()
        } else {
            use ::parquet::file::reader::{FileReader, SerializedFileReader};
            SerializedFileReader::new(bytes::Bytes::from(bytes)).unwrap().metadata().num_row_groups()
        };
        assert_eq!(batches, 40 / limit, "{format}");
    }
}
