//! Where samples come from.

mod cifar;
mod memory;
mod mnist;
mod synthetic;
mod take;

pub use cifar::{Cifar, CifarVersion};
pub use memory::Memory;
pub use mnist::Mnist;
pub use synthetic::{Ragged, Synthetic};
pub use take::Take;

use crate::error::{Error, Result, unknown};
use crate::results::{DatasetFacts, DatasetShape};
use crate::sample::{Batch, ImageShape, Shape};
use sha2::{Digest, Sha256};
use std::path::Path;
use std::sync::Arc;

/// An ordered sequence of samples.
pub trait Dataset: Send + Sync {
    /// What it is, as on the command line.
    fn name(&self) -> String;
    /// Number of samples.
    fn len(&self) -> u64;
    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// Shape of its images.
    fn shape(&self) -> Shape;
    /// Appends sample `index` to `out`: pixels, label, and its key where it has one other than its number.
    ///
    /// # Errors
    /// When it cannot be read, or `index` is out of range; `out` is then as before.
    fn read(&self, index: u64, out: &mut Batch) -> Result<()>;
    /// Whether its images are encoded files (JPEG, PNG ...), so that [`Dataset::read_file`] works.
    fn has_files(&self) -> bool {
        false
    }
    /// Appends sample `index` to `out` as the encoded file it comes from, not decoded.
    ///
    /// # Errors
    /// As [`Dataset::read`]; and where there are no files.
    fn read_file(&self, _index: u64, _out: &mut Batch) -> Result<()> {
        Err(Error::Unsupported { format: self.name(), what: NO_FILES.into() })
    }
    /// What a user should know of it before trusting numbers about it, a line each.
    fn remarks(&self) -> Vec<String> {
        Vec::new()
    }
}

/// Why the codec `source` cannot take images that were never in encoded files.
pub const NO_FILES: &str = "its images come as pixels, and there are no encoded files to keep";

/// The error for an image that is there and cannot be decoded.
pub fn broken_image(dataset: &dyn Dataset, index: u64, key: &[u8], why: &str) -> Error {
    let key = String::from_utf8_lossy(key);
    Error::Dataset {
        path: dataset.name().into(),
        cause: format!("image {index} ({key}) cannot be decoded: {why}"),
        remedy: "replace or remove that file".into(),
    }
}

/// Seed of synthetic images unless told otherwise.
pub const DEFAULT_SEED: u64 = 0;

/// Images of a synthetic set unless told otherwise.
pub const DEFAULT_SYNTHETIC_IMAGES: u64 = 10_000;

/// Images of `synthetic:ragged` unless told otherwise: each takes a hundred times as long as a small one.
pub const DEFAULT_RAGGED_IMAGES: u64 = 1_000;

const KINDS: &[&str] = &["synthetic", "cifar10", "cifar100", "cifar100-coarse", "mnist"];

/// Opens what `--dataset` names: `synthetic:HxWxC`, `synthetic:ragged`, `cifar10:PATH`, `cifar100:PATH` (its fine labels),
/// `cifar100-coarse:PATH` or `mnist:PATH`. With `images`, takes that many from the start,
/// beginning again where the set is smaller.
///
/// # Errors
/// [`Error::Usage`] for a name that is none; [`Error::Dataset`] when the path holds no such set.
pub fn open(name: &str, images: Option<u64>) -> Result<Arc<dyn Dataset>> {
    let (kind, rest) = name.split_once(':').unwrap_or((name, ""));
    let whole: Arc<dyn Dataset> = match kind {
        "synthetic" if rest == "ragged" => {
            return Ok(Arc::new(Ragged::new(images.unwrap_or(DEFAULT_RAGGED_IMAGES), DEFAULT_SEED)));
        }
        "synthetic" => {
            let shape = parse_shape(rest).ok_or_else(|| {
                Error::Usage(format!(
                    "dataset '{name}': write synthetic:HEIGHTxWIDTHxCHANNELS, as in synthetic:32x32x3 (1 to 4 channels, at most 1 GiB an image), or synthetic:ragged"
                ))
            })?;
            let count = images.unwrap_or(DEFAULT_SYNTHETIC_IMAGES);
            return Ok(Arc::new(Synthetic::new(shape, count, DEFAULT_SEED)));
        }
        kind if KINDS.contains(&kind) && rest.is_empty() => {
            return Err(Error::Usage(format!("dataset '{name}': write {kind}:PATH with a file of it or its folder")));
        }
        "cifar10" => Arc::new(Cifar::open(&CifarVersion::TEN, Path::new(rest))?),
        "cifar100" => Arc::new(Cifar::open(&CifarVersion::HUNDRED, Path::new(rest))?),
        "cifar100-coarse" => Arc::new(Cifar::open(&CifarVersion::HUNDRED_COARSE, Path::new(rest))?),
        "mnist" => Arc::new(Mnist::open(Path::new(rest))?),
        other => return Err(unknown("dataset", other, KINDS.iter().copied())),
    };
    match images {
        Some(images) => Ok(Arc::new(Take::new(whole, images)?)),
        None => Ok(whole),
    }
}

/// Largest image that synthetic data is made for: 1 GiB.
const MAX_IMAGE_BYTES: usize = 1 << 30;

fn parse_shape(text: &str) -> Option<ImageShape> {
    let mut extents = text.split('x').map(|extent| extent.parse::<u32>().ok().filter(|extent| *extent > 0));
    let shape = ImageShape::new(extents.next()??, extents.next()??, extents.next()??);
    (extents.next().is_none() && shape.channels <= 4 && shape.bytes() <= MAX_IMAGE_BYTES).then_some(shape)
}

/// What results say of a dataset: reads all of it once.
///
/// # Errors
/// What the dataset says.
pub fn facts(id: &str, dataset: &dyn Dataset) -> Result<DatasetFacts> {
    let mut hash = Sha256::new();
    let mut sizes = Vec::new();
    let mut batch = Batch::new();
    for index in 0..dataset.len() {
        batch.clear();
        dataset.read(index, &mut batch)?;
        for sample in batch.iter() {
            for word in [sample.shape.height, sample.shape.width, sample.shape.channels, sample.label] {
                hash.update(word.to_le_bytes());
            }
            hash.update(sample.pixels);
            sizes.push(sample.pixels.len() as u64);
        }
    }
    let mut source_bytes = None;
    if dataset.has_files() {
        let mut sum = 0;
        for index in 0..dataset.len() {
            batch.clear();
            dataset.read_file(index, &mut batch)?;
            sum += batch.bytes() as u64;
        }
        source_bytes = Some(sum);
    }
    let raw_bytes = sizes.iter().sum();
    let shape = match dataset.shape() {
        Shape::Fixed(shape) => DatasetShape::Fixed(shape),
        Shape::Ragged { max } => {
            sizes.sort_unstable();
            let at = |percent: usize| sizes.get(sizes.len().saturating_sub(1) * percent / 100).copied().unwrap_or(0);
            DatasetShape::Ragged { max, size_quantiles: [0, 5, 50, 95, 100].map(at).to_vec() }
        }
    };
    let sha256 = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(DatasetFacts {
        id: id.into(),
        name: dataset.name(),
        images: dataset.len(),
        shape,
        raw_bytes,
        source_bytes,
        sha256,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_are_read_strictly() {
        assert_eq!(parse_shape("32x31x3"), Some(ImageShape::new(32, 31, 3)));
        for wrong in ["", "32", "32x32", "32x32x3x1", "0x1x1", "32x32x5", "-1x1x1", "a", "70000x70000x4"] {
            assert_eq!(parse_shape(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn as_many_images_are_made_as_are_asked_for() {
        let len = |name: &str, images| open(name, images).unwrap().len();
        assert_eq!([len("synthetic:ragged", None), len("synthetic:ragged", Some(3))], [DEFAULT_RAGGED_IMAGES, 3]);
        assert_eq!([len("synthetic:8x8x3", None), len("synthetic:8x8x3", Some(3))], [DEFAULT_SYNTHETIC_IMAGES, 3]);
    }

    #[test]
    fn a_name_that_is_none_gets_a_hint() {
        let message = |name: &str| open(name, None).map(|_| ()).unwrap_err().to_string();
        assert!(message("cifar:x").contains("did you mean 'cifar10'"));
        assert!(message("synthetic:big").contains("synthetic:32x32x3"));
        assert!(message("synthetic:big").contains("synthetic:ragged"));
        assert!(message("cifar10:").contains("cifar10:PATH"));
        assert!(message("cifar100-coarse").contains("cifar100-coarse:PATH"));
        assert!(message("cifar10:/no/such/path").contains("/no/such/path"));
    }
}
