//! Where samples come from.

mod cifar;
pub mod folder;
mod foreign;
pub mod kinds;
mod look;
mod memory;
mod mnist;
mod open;
mod resized;
mod rgb;
pub mod source;
mod stored;
mod synthetic;
mod take;

pub use cifar::{Cifar, CifarVersion};
pub use folder::{Folder, OnError};
pub use look::Look;
pub use memory::Memory;
pub use mnist::Mnist;
pub use open::{OpenOptions, open};
pub use resized::Resized;
pub use rgb::Rgb;
pub use stored::Stored;
pub use synthetic::{Ragged, Synthetic};
pub use take::Take;

use crate::error::{Error, Result};
use crate::results::{DatasetFacts, DatasetShape};
use crate::sample::{Batch, Shape};
use sha2::{Digest, Sha256};
use std::path::Path;

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
    /// The file or folder that it is read from, if it is read from one while it is used.
    fn path(&self) -> Option<&Path> {
        None
    }
    /// A number that changes when the files are written or replaced that its first `images` samples are read from, as far
    /// as was seen when it was opened; `None` where it is not read from files while it is used.
    fn state(&self, _images: u64) -> Option<u64> {
        None
    }
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
pub const NO_FILES: &str = "its images come as pixels, and there are no encoded files to keep; choose a codec, such as png, or give \
    the encoded files themselves (folder:PATH, or a store whose codec is source)";

/// The remark about a folder of which only the training files are taken.
fn only_training(test: &Path) -> String {
    format!("these are the training images; for the test images name their file, {}", test.display())
}

/// The error for an image that is there and cannot be decoded.
pub fn broken_image(dataset: &dyn Dataset, index: u64, key: &[u8], why: &str) -> Error {
    let key = String::from_utf8_lossy(key);
    Error::Dataset {
        path: dataset.name().into(),
        cause: format!("image {index} ({key}) cannot be decoded: {why}"),
        remedy: "mend or remove that file, or leave it out with --on-error skip".into(),
    }
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
