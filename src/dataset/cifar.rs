//! `cifar10:PATH`: the CIFAR-10 binary version (<https://www.cs.toronto.edu/~kriz/cifar.html>): records of one label
//! byte and 3,072 bytes, 32x32 pixels of red, then green, then blue.

use super::{Dataset, memory::out_of_range};
use crate::error::{Error, IoContext, Result};
use crate::sample::{Batch, ImageShape, Shape};
use std::path::{Path, PathBuf};

const SHAPE: ImageShape = ImageShape::new(32, 32, 3);
const PIXELS: usize = 32 * 32;
const RECORD: usize = 1 + 3 * PIXELS;
const CLASSES: u8 = 10;

/// CIFAR-10, in memory, channels last.
pub struct Cifar10 {
    name: String,
    labels: Vec<u8>,
    /// All images one after the other, HWC.
    pixels: Vec<u8>,
}

impl Cifar10 {
    /// Reads one batch file, or a folder with the five training batches (else the test batch).
    ///
    /// # Errors
    /// [`Error::Dataset`] naming the file and what is wrong with it.
    pub fn open(path: &Path) -> Result<Self> {
        let mut set = Self { name: format!("cifar10:{}", path.display()), labels: Vec::new(), pixels: Vec::new() };
        let metadata = std::fs::metadata(path).at("open", path)?;
        let files = if metadata.is_dir() { batches_in(path)? } else { vec![path.to_owned()] };
        files.iter().try_for_each(|file| set.add_batch(file))?;
        Ok(set)
    }

    fn add_batch(&mut self, path: &Path) -> Result<()> {
        let refuse = |cause: String| Error::Dataset {
            path: path.to_owned(),
            cause,
            remedy: "give a data_batch_N.bin or test_batch.bin of the CIFAR-10 binary version".into(),
        };
        let bytes = std::fs::read(path).at("read", path)?;
        if bytes.is_empty() {
            return Err(refuse("the file is empty".into()));
        }
        if bytes.len() % RECORD != 0 {
            return Err(refuse(format!("{} bytes is no multiple of the record of {RECORD} bytes", bytes.len())));
        }
        self.pixels.reserve_exact(bytes.len() / RECORD * SHAPE.bytes());
        for (nth, record) in bytes.chunks_exact(RECORD).enumerate() {
            if record[0] >= CLASSES {
                return Err(refuse(format!("record {nth} has label {}, and CIFAR-10 has labels 0 to 9", record[0])));
            }
            self.labels.push(record[0]);
            let planes = &record[1..];
            let interleaved = (0..PIXELS).flat_map(|at| [planes[at], planes[PIXELS + at], planes[2 * PIXELS + at]]);
            self.pixels.extend(interleaved);
        }
        Ok(())
    }
}

fn batches_in(folder: &Path) -> Result<Vec<PathBuf>> {
    let training: Vec<_> = (1..=5).map(|nth| folder.join(format!("data_batch_{nth}.bin"))).collect();
    let present: Vec<_> = training.iter().filter(|file| file.is_file()).cloned().collect();
    let test = folder.join("test_batch.bin");
    let refuse =
        |cause: String, remedy: &str| Err(Error::Dataset { path: folder.to_owned(), cause, remedy: remedy.into() });
    match present.len() {
        5 => Ok(present),
        0 if test.is_file() => Ok(vec![test]),
        0 if folder.join("data_batch_1").is_file() => refuse(
            "this is the Python version (pickled files)".into(),
            "get the binary version (cifar-10-binary.tar.gz) and extract it",
        ),
        0 => refuse(
            "there is no data_batch_1.bin in it".into(),
            "give the folder that cifar-10-binary.tar.gz extracts to",
        ),
        some => refuse(
            format!("only {some} of data_batch_1.bin to data_batch_5.bin are there"),
            "extract the archive again",
        ),
    }
}

impl Dataset for Cifar10 {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn len(&self) -> u64 {
        self.labels.len() as u64
    }

    fn shape(&self) -> Shape {
        Shape::Fixed(SHAPE)
    }

    fn read(&self, index: u64, out: &mut Batch) -> Result<()> {
        let at = usize::try_from(index).ok().filter(|at| *at < self.labels.len());
        let at = at.ok_or_else(|| out_of_range(&self.name, index, self.len()))?;
        let pixels = &self.pixels[at * SHAPE.bytes()..][..SHAPE.bytes()];
        out.push(SHAPE, u32::from(self.labels[at])).copy_from_slice(pixels);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(label: u8, first: u8) -> Vec<u8> {
        let planes = (0..3 * PIXELS)
            .map(|at| first.wrapping_add((at / PIXELS * 50) as u8).wrapping_add((at % PIXELS % 7) as u8));
        std::iter::once(label).chain(planes).collect()
    }

    #[test]
    fn planes_become_pixels() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("test_batch.bin");
        std::fs::write(&file, [record(3, 10), record(9, 20)].concat()).unwrap();
        for path in [file.as_path(), folder.path()] {
            let set = Cifar10::open(path).unwrap();
            let mut batch = Batch::new();
            (0..set.len()).for_each(|index| set.read(index, &mut batch).unwrap());
            assert_eq!(batch.labels().collect::<Vec<_>>(), [3, 9]);
            // The second pixel of the second image: its red, green and blue stood 1,024 bytes apart.
            assert_eq!(batch.get(1).unwrap().pixels[3..6], [21, 71, 121]);
        }
    }

    #[test]
    fn wrong_files_are_refused_with_what_is_wrong() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("x.bin");
        let message = |bytes: &[u8]| {
            std::fs::write(&file, bytes).unwrap();
            Cifar10::open(&file).map(|_| ()).unwrap_err().to_string()
        };
        assert!(message(&[0; 3074]).contains("no multiple of the record of 3073"));
        assert!(message(&[]).contains("empty"));
        assert!(message(&record(10, 0)).contains("label 10"));
        assert!(Cifar10::open(folder.path()).map(|_| ()).unwrap_err().to_string().contains("data_batch_1.bin"));
        std::fs::write(folder.path().join("data_batch_3.bin"), record(1, 0)).unwrap();
        assert!(Cifar10::open(folder.path()).map(|_| ()).unwrap_err().to_string().contains("only 1 of"));
    }
}
