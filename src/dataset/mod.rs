//! Where samples come from.

mod cifar;
pub mod folder;
mod memory;
mod resized;
mod stored;
mod synthetic;
mod take;

pub use cifar::Cifar10;
pub use folder::{Folder, OnError};
pub use memory::Memory;
pub use resized::Resized;
pub use stored::Stored;
pub use synthetic::Synthetic;
pub use take::Take;

use crate::error::{Error, Result, nearest, unknown};
use crate::results::{DatasetFacts, DatasetShape};
use crate::sample::{Batch, ImageShape, Shape};
use crate::store::MANIFEST_FILE;
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
    /// Channels of its images, where all are known to have the same number.
    fn channels(&self) -> Option<u32> {
        match self.shape() {
            Shape::Fixed(shape) => Some(shape.channels),
            Shape::Ragged { .. } => None,
        }
    }
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
        remedy: "mend or remove that file, or leave it out with --on-error skip".into(),
    }
}

/// Seed of synthetic images unless told otherwise.
pub const DEFAULT_SEED: u64 = 0;

/// Images of a synthetic set unless told otherwise.
pub const DEFAULT_SYNTHETIC_IMAGES: u64 = 10_000;

const KINDS: &[&str] = &["synthetic", "cifar10", "folder", "store"];

/// How to open a dataset.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OpenOptions {
    /// Take so many from the start, beginning again where the set is smaller.
    pub images: Option<u64>,
    /// Bring all images to this height and width.
    pub resize: Option<(u32, u32)>,
    /// What to do about broken files.
    pub on_error: OnError,
}

/// Opens what `--dataset` names: `synthetic:HxWxC`, `cifar10:PATH`, `folder:PATH` or `store:PATH`; a bare path is looked
/// at to see what is there.
///
/// # Errors
/// [`Error::Usage`] for a name that is none; [`Error::Dataset`] when the path holds no such set.
pub fn open(name: &str, options: &OpenOptions) -> Result<Arc<dyn Dataset>> {
    let (kind, rest) = match name.split_once(':') {
        Some((kind, rest)) if KINDS.contains(&kind) => (kind, rest),
        _ if KINDS.contains(&name) => (name, ""),
        _ => match kind_of(Path::new(name)) {
            Some(kind) => (kind, name),
            None => return Err(unknown_dataset(name)),
        },
    };
    if rest.is_empty() {
        let what = if kind == "synthetic" { "HxWxC, as in synthetic:32x32x3" } else { "PATH" };
        return Err(Error::Usage(format!("dataset '{name}': write {kind}:{what}")));
    }
    let path = Path::new(rest);
    let mut dataset: Arc<dyn Dataset> = match kind {
        "synthetic" => {
            let shape = parse_shape(rest).ok_or_else(|| {
                Error::Usage(format!(
                    "dataset '{name}': write synthetic:HEIGHTxWIDTHxCHANNELS, as in synthetic:32x32x3 (1 to 4 channels, at most 1 GiB an image)"
                ))
            })?;
            Arc::new(Synthetic::new(shape, options.images.unwrap_or(DEFAULT_SYNTHETIC_IMAGES), DEFAULT_SEED))
        }
        "cifar10" => Arc::new(Cifar10::open(path)?),
        "store" => Arc::new(Stored::open(path)?),
        _ => Arc::new(Folder::open(path, options.images, options.on_error)?),
    };
    if let Some((height, width)) = options.resize {
        dataset = Arc::new(Resized::new(dataset, height, width));
    }
    match options.images.filter(|images| *images != dataset.len()) {
        Some(images) => Ok(Arc::new(Take::new(dataset, images)?)),
        None => Ok(dataset),
    }
}

/// What lies at a path, if anything does.
fn kind_of(path: &Path) -> Option<&'static str> {
    match () {
        () if path.join(MANIFEST_FILE).is_file() => Some("store"),
        () if path.is_dir() => Some("folder"),
        () => None,
    }
}

fn unknown_dataset(name: &str) -> Error {
    let (kind, _) = name.split_once(':').unwrap_or((name, ""));
    match nearest(kind, KINDS.iter().copied()) {
        None if name.contains(['/', '.']) => Error::Dataset {
            path: name.into(),
            cause: "there is no such path".into(),
            remedy: format!("check it, or name a dataset ({})", KINDS.join(", ")),
        },
        _ => unknown("dataset", kind, KINDS.iter().copied()),
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
    fn a_name_that_is_none_gets_a_hint() {
        let message = |name: &str| open(name, &OpenOptions::default()).map(|_| ()).unwrap_err().to_string();
        assert!(message("cifar:x").contains("did you mean 'cifar10'"));
        assert!(message("synthetic:big").contains("synthetic:32x32x3"));
        assert!(message("cifar10:").contains("cifar10:PATH"));
        assert!(message("cifar10:/no/such/path").contains("/no/such/path"));
    }
}
