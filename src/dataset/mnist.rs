//! `mnist:PATH`: MNIST and whatever comes in the same pair of IDX files (Fashion-MNIST, KMNIST, EMNIST ...), one with
//! the images and one with the labels, plain or compressed by gzip.

mod idx;

use super::{Dataset, memory::out_of_range};
use crate::error::{Error, IoContext, Result};
use crate::image_file::MAX_IMAGE_BYTES;
use crate::sample::{Batch, ImageShape, Shape};
use idx::{Idx, Kind};
use std::path::{Path, PathBuf};

/// How the two names differ, in both spellings that are about.
const WORDS: [[&str; 2]; 2] = [["images-idx3", "labels-idx1"], ["images.idx3", "labels.idx1"]];

/// An MNIST-like set, in memory.
pub struct Mnist {
    name: String,
    shape: ImageShape,
    pixels: Vec<u8>,
    labels: Vec<u8>,
    remarks: Vec<String>,
}

impl Mnist {
    /// Reads a pair by its file of images, or the training pair (else the test pair) of a folder.
    ///
    /// # Errors
    /// [`Error::Dataset`] naming the file and what is wrong with it.
    pub fn open(path: &Path) -> Result<Self> {
        let metadata = std::fs::metadata(path).at("open", path)?;
        let (images_file, remarks) = match metadata.is_dir() {
            true => images_in(path)?,
            false => (path.to_owned(), Vec::new()),
        };
        let labels_file = labels_beside(&images_file)?;
        let Idx { extents, bytes: pixels } = Idx::read(&images_file, Kind::Images)?;
        let labels = Idx::read(&labels_file, Kind::Labels)?.bytes;
        let refuse =
            |cause, remedy: &str| Err(Error::Dataset { path: images_file.clone(), cause, remedy: remedy.into() });
        let (count, shape) = match extents[..] {
            [count, rows, columns] => (count, ImageShape::new(rows, columns, 1)),
            _ => return refuse("it holds no images".into(), "download it again"),
        };
        if pixels.is_empty() || shape.bytes() > MAX_IMAGE_BYTES {
            let cause = format!("its header says {count} images of {shape}");
            return refuse(cause, "give a file with at least one image of at most 1 GiB");
        }
        if labels.len() != count as usize {
            let cause = format!("it holds {count} images, and {} {} labels", labels_file.display(), labels.len());
            return refuse(cause, "give two files that belong together");
        }
        Ok(Self { name: format!("mnist:{}", path.display()), shape, pixels, labels, remarks })
    }
}

/// The training images, else the test images; and, where there are both, a word about those that are not taken.
fn images_in(folder: &Path) -> Result<(PathBuf, Vec<String>)> {
    let find = |part: &str| {
        let names = WORDS.iter().flat_map(|[images, _]| ["", ".gz"].map(|end| format!("{part}-{images}-ubyte{end}")));
        names.map(|name| folder.join(name)).find(|file| file.is_file())
    };
    match (find("train"), find("t10k")) {
        (Some(training), Some(test)) => return Ok((training, vec![super::only_training(&test)])),
        (Some(only), None) | (None, Some(only)) => return Ok((only, Vec::new())),
        (None, None) => {}
    }
    Err(Error::Dataset {
        path: folder.to_owned(),
        cause: "there is no train-images-idx3-ubyte and no t10k-images-idx3-ubyte in it, plain or .gz".into(),
        remedy: "give the folder with MNIST's four files, or a file of images by its name".into(),
    })
}

/// The file of labels that belongs to a file of images: its name says `labels-idx1` for `images-idx3`, and either may
/// be compressed.
fn labels_beside(images: &Path) -> Result<PathBuf> {
    let refuse = |cause, remedy| Err(Error::Dataset { path: images.to_owned(), cause, remedy });
    let name = images.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let plain = name.strip_suffix(".gz").unwrap_or(name);
    let Some([from, to]) = WORDS.into_iter().find(|[images, _]| plain.contains(images)) else {
        return refuse(
            "its name does not tell which file holds the labels".into(),
            "give the file of images with images-idx3 in its name, and labels-idx1 in that of its labels".into(),
        );
    };
    let labels = plain.replacen(from, to, 1);
    // Packed labels for packed images, where there are both: they were downloaded together.
    let mut endings = ["", ".gz"];
    if plain.len() < name.len() {
        endings.reverse();
    }
    let candidates = endings.map(|ending| images.with_file_name(format!("{labels}{ending}")));
    match candidates.into_iter().find(|file| file.is_file()) {
        Some(file) => Ok(file),
        None => refuse(
            format!("there is no {labels} beside it, plain or .gz"),
            "put the file of labels into the same folder".into(),
        ),
    }
}

impl Dataset for Mnist {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn len(&self) -> u64 {
        self.labels.len() as u64
    }

    fn shape(&self) -> Shape {
        Shape::Fixed(self.shape)
    }

    fn remarks(&self) -> Vec<String> {
        self.remarks.clone()
    }

    fn read(&self, index: u64, out: &mut Batch) -> Result<()> {
        let at = usize::try_from(index).ok().filter(|at| *at < self.labels.len());
        let at = at.ok_or_else(|| out_of_range(&self.name, index, self.len()))?;
        let pixels = &self.pixels[at * self.shape.bytes()..][..self.shape.bytes()];
        out.push(self.shape, u32::from(self.labels[at])).copy_from_slice(pixels);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, write::GzEncoder};
    use std::io::Write;

    fn idx(words: &[u32], bytes: &[u8]) -> Vec<u8> {
        words.iter().flat_map(|word| word.to_be_bytes()).chain(bytes.iter().copied()).collect()
    }

    /// Writes a file, packed where its name says so.
    fn put(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
        let file = folder.join(name);
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        let packed = encoder.finish().unwrap();
        std::fs::write(&file, if name.ends_with(".gz") { &packed } else { bytes }).unwrap();
        file
    }

    fn images(count: u8) -> Vec<u8> {
        idx(&[2051, count.into(), 2, 3], &(0..count * 6).collect::<Vec<_>>())
    }

    fn labels(count: u8, first: u8) -> Vec<u8> {
        idx(&[2049, count.into()], &(first..first + count).collect::<Vec<_>>())
    }

    fn contents(set: &Mnist) -> Vec<(u32, ImageShape, Vec<u8>)> {
        let mut batch = Batch::new();
        (0..set.len()).for_each(|index| set.read(index, &mut batch).unwrap());
        assert!(set.read(set.len(), &mut batch).is_err());
        batch.iter().map(|sample| (sample.label, sample.shape, sample.pixels.to_vec())).collect()
    }

    fn refusal(path: &Path) -> String {
        Mnist::open(path).map(|_| ()).unwrap_err().to_string()
    }

    #[test]
    fn pairs_are_found_in_all_spellings_and_give_the_same() {
        for (images_name, labels_name) in [
            ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
            ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"),
            ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte"),
            ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte.gz"),
            ("train-images.idx3-ubyte", "train-labels.idx1-ubyte"),
            ("t10k-images.idx3-ubyte.gz", "t10k-labels.idx1-ubyte.gz"),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let file = put(folder.path(), images_name, &images(3));
            put(folder.path(), labels_name, &labels(3, 5));
            for path in [file.as_path(), folder.path()] {
                let set = Mnist::open(path).unwrap();
                assert_eq!(set.shape(), Shape::Fixed(ImageShape::new(2, 3, 1)));
                let found = contents(&set);
                assert_eq!(found.iter().map(|sample| sample.0).collect::<Vec<_>>(), [5, 6, 7]);
                assert_eq!(found[1].2, [6, 7, 8, 9, 10, 11], "{images_name}");
            }
        }
    }

    #[test]
    fn a_folder_gives_its_training_pair_and_a_file_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let test = put(folder.path(), "t10k-images-idx3-ubyte", &images(1));
        put(folder.path(), "t10k-labels-idx1-ubyte", &labels(1, 4));
        put(folder.path(), "train-images-idx3-ubyte.gz", &images(2));
        put(folder.path(), "train-labels-idx1-ubyte.gz", &labels(2, 8));
        put(folder.path(), "train-labels-idx1-ubyte", &labels(2, 1));
        let both = Mnist::open(folder.path()).unwrap();
        assert_eq!(both.labels, [8, 9], "packed labels go with packed images");
        assert!(both.remarks().concat().contains("t10k-images-idx3-ubyte"), "{:?}", both.remarks());
        let test = Mnist::open(&test).unwrap();
        assert_eq!((test.labels.as_slice(), test.remarks().len()), (&[4][..], 0));
    }

    #[test]
    fn what_does_not_belong_together_is_refused_with_what_is_wrong() {
        let folder = tempfile::tempdir().unwrap();
        assert!(refusal(folder.path()).contains("no train-images-idx3-ubyte"));
        let file = put(folder.path(), "train-images-idx3-ubyte", &images(3));
        assert!(refusal(&file).contains("no train-labels-idx1-ubyte beside it"));
        let labels_file = put(folder.path(), "train-labels-idx1-ubyte", &labels(2, 0));
        let message = refusal(&file);
        assert!(message.contains("3 images") && message.contains("2 labels"), "{message}");
        assert!(refusal(&labels_file).contains("give the file of images"));
        put(folder.path(), "train-labels-idx1-ubyte", &images(3));
        assert!(refusal(&file).contains("this is a file of images"));
        for extents in [[0, 28, 28], [3, 0, 28]] {
            put(folder.path(), "train-images-idx3-ubyte", &idx(&[2051, extents[0], extents[1], extents[2]], &[]));
            put(folder.path(), "train-labels-idx1-ubyte", &labels(extents[0] as u8, 0));
            assert!(refusal(&file).contains("at least one image"));
        }
    }
}
