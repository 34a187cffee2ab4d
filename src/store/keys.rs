//! The samples' names, in a file beside the payload: for all formats alike, because training does not ask for them and
//! few formats have a place for them. Each name is ended by a zero byte, the one byte that no path has, so that any
//! name survives as it was. A store whose samples are named by their numbers alone has no such file.

use crate::error::{IoContext, Result};
use crate::sample::Batch;
use crate::store::Removal;
use crate::store::container::StoreName;
use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Name of the file inside a store's directory.
pub const KEYS_FILE: &str = "keys";

/// Writes the names of samples as they come.
pub struct KeyWriter {
    path: PathBuf,
    name: StoreName,
    file: Option<BufWriter<File>>,
    samples: u64,
}

impl KeyWriter {
    /// For the store being written in `directory`.
    pub fn new(directory: &Path, name: StoreName) -> Self {
        Self { path: directory.join(KEYS_FILE), name, file: None, samples: 0 }
    }

    /// Goes on with the names of the first `keep` samples, removing what is there beyond them.
    ///
    /// # Errors
    /// When fewer are there; what the system says.
    pub fn resume(directory: &Path, name: StoreName, keep: u64) -> Result<Self> {
        let path = directory.join(KEYS_FILE);
        if !path.exists() {
            return Ok(Self { samples: keep, ..Self::new(directory, name) });
        }
        let bytes = std::fs::read(&path).at("read", &path)?;
        let ends = bytes.iter().enumerate().filter(|(_, byte)| **byte == 0).map(|(at, _)| at as u64 + 1);
        let (mut kept, mut length) = (0, 0);
        for end in ends.take(usize::try_from(keep).unwrap_or(usize::MAX)) {
            (kept, length) = (kept + 1, end);
        }
        if kept < keep {
            return Err(name.damaged(format!("{KEYS_FILE} holds {kept} names of the {keep} that were safe")));
        }
        let mut file = OpenOptions::new().write(true).open(&path).at("open", &path)?;
        file.set_len(length).and_then(|()| file.seek(SeekFrom::End(0))).at("write", &path)?;
        Ok(Self { path, name, file: Some(BufWriter::new(file)), samples: keep })
    }

    /// Makes the names so far safe from a power cut.
    ///
    /// # Errors
    /// What the system says.
    pub fn sync(&mut self) -> Result<()> {
        let Some(file) = &mut self.file else { return Ok(()) };
        file.flush().and_then(|()| file.get_ref().sync_all()).at("sync", &self.path)
    }

    /// Adds the names of these samples.
    ///
    /// # Errors
    /// When some samples have names and others do not, or a name holds a zero byte; what the system says.
    pub fn append(&mut self, samples: &Batch) -> Result<()> {
        for sample in samples.iter() {
            if sample.key.is_empty() && self.file.is_none() {
                self.samples += 1;
                continue;
            }
            if sample.key.is_empty() || sample.key.contains(&0) || (self.file.is_none() && self.samples > 0) {
                let cause =
                    format!("image {} has no name, a name with a zero byte, or is the first with one", self.samples);
                return Err(self.name.error(cause, "name all samples, or none"));
            }
            let file = match &mut self.file {
                Some(file) => file,
                none => none.insert(BufWriter::new(File::create_new(&self.path).at("create", &self.path)?)),
            };
            file.write_all(sample.key).and_then(|()| file.write_all(&[0])).at("write", &self.path)?;
            self.samples += 1;
        }
        Ok(())
    }

    /// Writes what is still in memory; says whether there are names.
    ///
    /// # Errors
    /// What the system says.
    pub fn finish(mut self) -> Result<bool> {
        match &mut self.file {
            Some(file) => file.flush().at("write", &self.path).map(|()| true),
            None => Ok(false),
        }
    }
}

/// The names of a store's samples, in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keys {
    bytes: Vec<u8>,
    /// Where each name ends; it begins behind the zero byte of the one before.
    ends: Vec<usize>,
}

impl Keys {
    /// Reads the names of the `images` samples of the store at `store`.
    ///
    /// # Errors
    /// [`crate::Error::Store`] when they are not as many as there are images; what the system says.
    pub fn read(store: &Path, images: u64, name: &StoreName) -> Result<Self> {
        let path = store.join(KEYS_FILE);
        Self::parse(std::fs::read(&path).at("read", &path)?, images, name)
    }

    /// The names of `images` samples that `bytes`, the content of such a file, are.
    ///
    /// # Errors
    /// [`crate::Error::Store`] when they are not as many as there are images.
    pub fn parse(bytes: Vec<u8>, images: u64, name: &StoreName) -> Result<Self> {
        let ends: Vec<usize> = bytes.iter().enumerate().filter(|(_, byte)| **byte == 0).map(|(at, _)| at).collect();
        let whole = ends.last().map_or(bytes.is_empty(), |last| last + 1 == bytes.len());
        if !whole || ends.len() as u64 != images {
            return Err(name.damaged(format!("{KEYS_FILE} holds {} names for {images} images", ends.len())));
        }
        Ok(Self { bytes, ends })
    }

    /// The name of sample `index`; empty beyond the end.
    pub fn get(&self, index: u64) -> &[u8] {
        let Some((at, &end)) = usize::try_from(index).ok().and_then(|at| Some((at, self.ends.get(at)?))) else {
            return &[];
        };
        let start = at.checked_sub(1).and_then(|before| self.ends.get(before)).map_or(0, |end| end + 1);
        &self.bytes[start..end]
    }

    /// Writes those that stay after a removal in place of all.
    ///
    /// # Errors
    /// What the system says.
    pub fn write_without(&self, removal: &Removal, store: &Path) -> Result<()> {
        let path = store.join(KEYS_FILE);
        let mut bytes = Vec::with_capacity(self.bytes.len());
        for index in 0..removal.left() {
            bytes.extend_from_slice(self.get(removal.before(index)));
            bytes.push(0);
        }
        std::fs::write(&path, bytes).at("write", &path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::ImageShape;

    fn named(keys: &[&[u8]]) -> Batch {
        let mut batch = Batch::new();
        for key in keys {
            batch.push(ImageShape::new(1, 1, 1), 0);
            batch.set_key(key);
        }
        batch
    }

    fn store() -> (tempfile::TempDir, StoreName) {
        let folder = tempfile::tempdir().unwrap();
        let name = StoreName { format: "dir:raw".into(), path: folder.path().into() };
        (folder, name)
    }

    #[test]
    fn any_name_survives() {
        let (folder, name) = store();
        let keys: [&[u8]; 4] = ["a/ü \"1\".jpg".as_bytes(), b"line\nbreak", b"\xff\xfe not Unicode", b",;'\\"];
        let mut writer = KeyWriter::new(folder.path(), name.clone());
        writer.append(&named(&keys[..1])).unwrap();
        writer.append(&named(&keys[1..])).unwrap();
        assert!(writer.finish().unwrap());
        let read = Keys::read(folder.path(), 4, &name).unwrap();
        assert_eq!([0, 1, 2, 3].map(|index| read.get(index)), keys);
        assert_eq!(read.get(4), b"");
        assert!(Keys::read(folder.path(), 5, &name).unwrap_err().to_string().contains("4 names for 5"));
        let file = folder.path().join(KEYS_FILE);
        let bytes = std::fs::read(&file).unwrap();
        std::fs::write(&file, &bytes[..bytes.len() - 1]).unwrap();
        assert!(Keys::read(folder.path(), 4, &name).is_err(), "the last name was cut short");
    }

    #[test]
    fn going_on_keeps_what_was_safe_and_drops_the_rest() {
        let (folder, name) = store();
        let mut writer = KeyWriter::new(folder.path(), name.clone());
        writer.append(&named(&[b"a", b"bb", b"ccc", b"half-writ"])).unwrap();
        writer.sync().unwrap();
        assert_eq!(std::fs::read(folder.path().join(KEYS_FILE)).unwrap(), b"a\0bb\0ccc\0half-writ\0", "sync writes");
        drop(writer);
        let mut writer = KeyWriter::resume(folder.path(), name.clone(), 2).unwrap();
        writer.append(&named(&[b"d"])).unwrap();
        assert!(writer.append(&named(&[b""])).is_err(), "all are named or none");
        writer.finish().unwrap();
        let keys = Keys::read(folder.path(), 3, &name).unwrap();
        assert_eq!([0, 1, 2].map(|index| keys.get(index)), [&b"a"[..], b"bb", b"d"]);
        assert!(KeyWriter::resume(folder.path(), name, 4).is_err(), "fewer are there than were safe");
    }

    #[test]
    fn all_are_named_or_none() {
        let (folder, name) = store();
        let writer = || KeyWriter::new(folder.path(), name.clone());
        let mut none = writer();
        none.append(&named(&[b"", b""])).unwrap();
        assert!(!none.finish().unwrap() && !folder.path().join(KEYS_FILE).exists());
        for wrong in [[&b""[..], b"a"], [b"a", b""], [b"a\0b", b"c"]] {
            assert!(writer().append(&named(&wrong)).is_err(), "{wrong:?}");
            let _ = std::fs::remove_file(folder.path().join(KEYS_FILE));
        }
    }
}
