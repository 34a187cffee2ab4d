//! `cifar10:PATH`, `cifar100:PATH` and `cifar100-coarse:PATH`: the binary versions of CIFAR
//! (<https://www.cs.toronto.edu/~kriz/cifar.html>): records of one label byte (CIFAR-100: coarse, then fine) and 3,072
//! bytes, 32x32 pixels of red, then green, then blue.

use super::{Dataset, memory::out_of_range};
use crate::error::{Error, IoContext, Result};
use crate::sample::{Batch, ImageShape, Shape};
use std::path::{Path, PathBuf};

const SHAPE: ImageShape = ImageShape::new(32, 32, 3);
const PIXELS: usize = 32 * 32;

/// What tells one version of CIFAR from the other.
#[derive(Debug)]
pub struct CifarVersion {
    /// As on the command line.
    kind: &'static str,
    title: &'static str,
    /// The bytes before the pixels: a word for each ("label"), and how many classes it counts.
    labels: &'static [(&'static str, u8)],
    /// Which of them is the label.
    chosen: usize,
    training: &'static [&'static str],
    test: &'static str,
    archive: &'static str,
}

impl CifarVersion {
    /// CIFAR-10.
    pub const TEN: Self = Self {
        kind: "cifar10",
        title: "CIFAR-10",
        labels: &[("label", 10)],
        chosen: 0,
        training: &["data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"],
        test: "test_batch.bin",
        archive: "cifar-10-binary.tar.gz",
    };
    /// CIFAR-100 with its 100 fine labels.
    pub const HUNDRED: Self = Self {
        kind: "cifar100",
        title: "CIFAR-100",
        labels: &[("coarse label", 20), ("fine label", 100)],
        chosen: 1,
        training: &["train.bin"],
        test: "test.bin",
        archive: "cifar-100-binary.tar.gz",
    };
    /// CIFAR-100 with its 20 coarse labels.
    pub const HUNDRED_COARSE: Self = Self { kind: "cifar100-coarse", chosen: 0, ..Self::HUNDRED };

    const fn record(&self) -> usize {
        self.labels.len() + 3 * PIXELS
    }

    /// The other version whose records fit a file of this length, for a hint.
    fn rival(&self, length: usize) -> Option<&'static str> {
        let fits = |other: &&Self| other.record() != self.record() && length.is_multiple_of(other.record());
        [&Self::TEN, &Self::HUNDRED].into_iter().find(fits).map(|other| other.kind)
    }

    fn files_in(&self, folder: &Path) -> Result<Vec<PathBuf>> {
        let training: Vec<_> = self.training.iter().map(|name| folder.join(name)).collect();
        let present = training.iter().filter(|file| file.is_file()).count();
        let test = folder.join(self.test);
        let first = self.training[0];
        let pickled = [first, self.test].iter().any(|name| folder.join(name.trim_end_matches(".bin")).is_file());
        let refuse = |cause, remedy| Err(Error::Dataset { path: folder.to_owned(), cause, remedy });
        match present {
            all if all == training.len() => Ok(training),
            0 if test.is_file() => Ok(vec![test]),
            0 if pickled => refuse(
                "this is the Python version (pickled files)".into(),
                format!("get the binary version ({}) and extract it", self.archive),
            ),
            0 => refuse(
                format!("there is no {first} in it, and no {}", self.test),
                format!("give the folder that {} extracts to", self.archive),
            ),
            some => refuse(
                format!("only {some} of {first} to {} are there", self.training[self.training.len() - 1]),
                "extract the archive again".into(),
            ),
        }
    }
}

/// CIFAR-10 or CIFAR-100, in memory, channels last.
pub struct Cifar {
    name: String,
    labels: Vec<u8>,
    /// All images one after the other, HWC.
    pixels: Vec<u8>,
    remarks: Vec<String>,
}

impl Cifar {
    /// Reads one file of records, or a folder with the training files (else the test file).
    ///
    /// # Errors
    /// [`Error::Dataset`] naming the file and what is wrong with it.
    pub fn open(version: &CifarVersion, path: &Path) -> Result<Self> {
        let name = format!("{}:{}", version.kind, path.display());
        let mut set = Self { name, labels: Vec::new(), pixels: Vec::new(), remarks: Vec::new() };
        let metadata = std::fs::metadata(path).at("open", path)?;
        let files = if metadata.is_dir() { version.files_in(path)? } else { vec![path.to_owned()] };
        let test = path.join(version.test);
        if test.is_file() && !files.contains(&test) {
            set.remarks.push(super::only_training(&test));
        }
        files.iter().try_for_each(|file| set.add_file(version, file))?;
        Ok(set)
    }

    fn add_file(&mut self, version: &CifarVersion, path: &Path) -> Result<()> {
        let CifarVersion { title, labels, .. } = version;
        let record = version.record();
        let binary = || format!("give a {} or {} of the {title} binary version", version.training[0], version.test);
        let refuse = |cause, remedy| Err(Error::Dataset { path: path.to_owned(), cause, remedy });
        let bytes = std::fs::read(path).at("read", path)?;
        if bytes.is_empty() {
            return refuse("the file is empty".into(), binary());
        }
        if bytes.starts_with(&[0x80, 2]) {
            // How a pickle begins. No record does: there are no 128 labels.
            let remedy = format!("get the binary version ({})", version.archive);
            return refuse("this is the Python version (a pickled file)".into(), remedy);
        }
        if bytes.len() % record != 0 {
            let remedy = match version.rival(bytes.len()) {
                Some(rival) => format!("write {rival}:{}, whose records fit", path.display()),
                None => binary(),
            };
            return refuse(format!("{} bytes is no multiple of the record of {record} bytes", bytes.len()), remedy);
        }
        self.labels.reserve_exact(bytes.len() / record);
        self.pixels.reserve_exact(bytes.len() / record * SHAPE.bytes());
        for (nth, record) in bytes.chunks_exact(record).enumerate() {
            let (found, planes) = record.split_at(labels.len());
            for ((word, classes), label) in labels.iter().zip(found) {
                if label >= classes {
                    let last = classes - 1;
                    let cause = format!("record {nth} has {word} {label}, and {title} has {word}s 0 to {last}");
                    return refuse(cause, binary());
                }
            }
            self.labels.push(found[version.chosen]);
            let interleaved = (0..PIXELS).flat_map(|at| [planes[at], planes[PIXELS + at], planes[2 * PIXELS + at]]);
            self.pixels.extend(interleaved);
        }
        Ok(())
    }
}

impl Dataset for Cifar {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn len(&self) -> u64 {
        self.labels.len() as u64
    }

    fn shape(&self) -> Shape {
        Shape::Fixed(SHAPE)
    }

    fn remarks(&self) -> Vec<String> {
        self.remarks.clone()
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

    const ALL: [CifarVersion; 3] = [CifarVersion::TEN, CifarVersion::HUNDRED, CifarVersion::HUNDRED_COARSE];

    fn record(labels: &[u8], first: u8) -> Vec<u8> {
        let planes = (0..3 * PIXELS)
            .map(|at| first.wrapping_add((at / PIXELS * 50) as u8).wrapping_add((at % PIXELS % 7) as u8));
        labels.iter().copied().chain(planes).collect()
    }

    fn refusal(version: &CifarVersion, path: &Path) -> String {
        Cifar::open(version, path).map(|_| ()).unwrap_err().to_string()
    }

    #[test]
    fn planes_become_pixels_and_the_right_byte_the_label() {
        for (version, first, second, labels) in [
            (&ALL[0], &[3][..], &[9][..], [3, 9]),
            (&ALL[1], &[3, 5], &[19, 99], [5, 99]),
            (&ALL[2], &[3, 5], &[19, 99], [3, 19]),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join(version.test);
            std::fs::write(&file, [record(first, 10), record(second, 20)].concat()).unwrap();
            for path in [file.as_path(), folder.path()] {
                let set = Cifar::open(version, path).unwrap();
                assert_eq!(set.name(), format!("{}:{}", version.kind, path.display()));
                let mut batch = Batch::new();
                (0..set.len()).for_each(|index| set.read(index, &mut batch).unwrap());
                assert!(set.read(2, &mut batch).is_err());
                assert_eq!(batch.labels().collect::<Vec<_>>(), labels);
                // The second pixel of the second image: its red, green and blue stood 1,024 bytes apart.
                assert_eq!(batch.get(1).unwrap().pixels[3..6], [21, 71, 121]);
            }
        }
    }

    #[test]
    fn a_folder_gives_its_training_files_in_order_and_not_the_test_file() {
        for version in &ALL {
            let folder = tempfile::tempdir().unwrap();
            let put = |name: &str, label: u8| {
                std::fs::write(folder.path().join(name), record(&vec![label; version.labels.len()], 0)).unwrap();
            };
            put(version.test, 9);
            (1..).zip(version.training).for_each(|(label, name)| put(name, label));
            let set = Cifar::open(version, folder.path()).unwrap();
            assert_eq!(set.labels, (1..=version.training.len() as u8).collect::<Vec<_>>());
            assert!(set.remarks().concat().contains(version.test), "{:?}", set.remarks());
            assert!(Cifar::open(version, &folder.path().join(version.test)).unwrap().remarks().is_empty());
        }
    }

    #[test]
    fn wrong_files_are_refused_with_what_is_wrong() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("x.bin");
        let message = |version: &CifarVersion, bytes: &[u8]| {
            std::fs::write(&file, bytes).unwrap();
            refusal(version, &file)
        };
        let [ten, hundred, coarse] = &ALL;
        assert!(message(ten, &[0; 3074]).contains("no multiple of the record of 3073"));
        assert!(message(ten, &[0; 3074]).contains("write cifar100:"), "the other version is named");
        assert!(message(hundred, &[0; 2 * 3073]).contains("write cifar10:"));
        assert!(message(hundred, &[0; 3075]).contains("no multiple of the record of 3074"));
        assert!(message(hundred, &[0; 3075]).contains("train.bin or test.bin"));
        assert!(message(ten, &record(&[10], 0)).contains("label 10, and CIFAR-10 has labels 0 to 9"));
        for version in [hundred, coarse] {
            assert!(message(version, &record(&[20, 0], 0)).contains("coarse label 20"));
            assert!(message(version, &record(&[19, 100], 0)).contains("fine label 100"));
        }
        for version in &ALL {
            assert!(message(version, &[]).contains("empty"));
            assert!(message(version, b"\x80\x02}q\x01").contains("Python version"));
        }
    }

    #[test]
    fn wrong_folders_are_refused_with_what_is_wrong() {
        for (version, pickled) in [(&ALL[0], "data_batch_1"), (&ALL[1], "train"), (&ALL[2], "test")] {
            let folder = tempfile::tempdir().unwrap();
            assert!(refusal(version, folder.path()).contains(version.training[0]));
            std::fs::write(folder.path().join(pickled), b"\x80").unwrap();
            let message = refusal(version, folder.path());
            assert!(message.contains("Python version") && message.contains(version.archive), "{message}");
        }
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("data_batch_3.bin"), record(&[1], 0)).unwrap();
        assert!(refusal(&ALL[0], folder.path()).contains("only 1 of data_batch_1.bin to data_batch_5.bin"));
    }
}
