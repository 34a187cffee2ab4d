//! Samples held in memory: for tests, and for sets small enough to be read at once.

use super::{Dataset, broken_image};
use crate::error::{Error, Result};
use crate::image_file::{self, jpeg, png};
use crate::sample::{Batch, ImageShape, Shape};
use std::path::PathBuf;

/// Samples held in memory, one after the other.
pub struct Memory {
    name: String,
    shape: Shape,
    samples: Batch,
    /// The same samples as encoded files; empty where there are none.
    files: Batch,
}

impl Memory {
    /// A set of the samples in `samples`, all of which fit `shape`.
    pub fn new(name: &str, shape: Shape, samples: Batch) -> Self {
        Self { name: name.into(), shape, samples, files: Batch::new() }
    }

    /// A copy of `dataset` in memory, so that reading it costs the same whatever it comes from.
    ///
    /// # Errors
    /// What the dataset says.
    pub fn copy_of(dataset: &dyn Dataset) -> Result<Self> {
        let mut copy = Self::new(&dataset.name(), dataset.shape(), Batch::new());
        if !dataset.has_files() {
            (0..dataset.len()).try_for_each(|index| dataset.read(index, &mut copy.samples))?;
            return Ok(copy);
        }
        for index in 0..dataset.len() {
            dataset.read_file(index, &mut copy.files)?;
            // What `read` gives is what is in the file: it need not be fetched or made twice.
            let Some(sample) = copy.files.len().checked_sub(1).and_then(|last| copy.files.get(last)) else { continue };
            image_file::decode(sample.file, |_| Ok(()), sample.label, &mut copy.samples)
                .map_err(|why| broken_image(dataset, index, sample.key, &why))?;
            copy.samples.set_key(sample.key);
        }
        Ok(copy)
    }

    /// The samples `indices` of this set, in that order.
    ///
    /// # Errors
    /// [`Error::Dataset`] when one is not in it.
    pub fn picked(&self, indices: impl IntoIterator<Item = u64>) -> Result<Self> {
        let mut picked = Self::new(&self.name, self.shape.clone(), Batch::new());
        for index in indices {
            self.copy(&self.samples, index, &mut picked.samples)?;
            if self.has_files() {
                self.copy(&self.files, index, &mut picked.files)?;
            }
        }
        Ok(picked)
    }

    /// A ragged set of `count` small images with all shapes from 1x1 on and these numbers of channels, filled with a
    /// pattern.
    pub fn ragged(count: u64, channels: &[u32]) -> Self {
        let max = ImageShape::new(9, 7, channels.iter().copied().max().unwrap_or(0));
        let mut samples = Batch::new();
        for (index, &channels) in (0..count as u32).zip(channels.iter().cycle()) {
            let shape = ImageShape::new(1 + index % max.height, 1 + index % max.width, channels);
            for (at, byte) in samples.push(shape, index * 7).iter_mut().enumerate() {
                *byte = (at as u32 * 31 + index * 17) as u8;
            }
        }
        Self::new("memory:ragged", Shape::Ragged { max }, samples)
    }

    /// The same images as if they came from files: every other one from a JPEG where it can, so that its pixels are
    /// what that JPEG gives, the rest from PNGs.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for what neither can hold.
    pub fn from_files(&self) -> Result<Self> {
        let mut copy = Self::new(&self.name, self.shape.clone(), Batch::new());
        let refuse = |what| Error::Unsupported { format: self.name.clone(), what };
        let mut file = Vec::new();
        for (index, sample) in self.samples.iter().enumerate() {
            file.clear();
            if index % 2 == 0 && [1, 3].contains(&sample.shape.channels) {
                jpeg::encode(sample.shape, sample.pixels, 90, jpeg::FULL_COLOUR, &mut file).map_err(refuse)?;
            } else {
                png::encode(sample.shape, sample.pixels, png::Level::Fast, &mut file).map_err(refuse)?;
            }
            image_file::decode(&file, |_| Ok(()), sample.label, &mut copy.samples).map_err(refuse)?;
            copy.samples.set_key(sample.key);
            copy.files.push_file(sample.shape, sample.label, file.len()).copy_from_slice(&file);
            copy.files.set_key(sample.key);
        }
        Ok(copy)
    }
}

impl Memory {
    fn copy(&self, from: &Batch, index: u64, out: &mut Batch) -> Result<()> {
        let sample = usize::try_from(index).ok().and_then(|index| from.get(index));
        out.push_copy(&sample.ok_or_else(|| out_of_range(&self.name, index, self.len()))?);
        Ok(())
    }
}

impl Dataset for Memory {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn len(&self) -> u64 {
        self.samples.len() as u64
    }

    fn shape(&self) -> Shape {
        self.shape.clone()
    }

    fn read(&self, index: u64, out: &mut Batch) -> Result<()> {
        self.copy(&self.samples, index, out)
    }

    fn has_files(&self) -> bool {
        !self.files.is_empty()
    }

    fn read_file(&self, index: u64, out: &mut Batch) -> Result<()> {
        if !self.has_files() {
            return Err(Error::Unsupported { format: self.name(), what: super::NO_FILES.into() });
        }
        self.copy(&self.files, index, out)
    }
}

/// The error for an index beyond the end of a dataset.
pub(super) fn out_of_range(name: &str, index: u64, images: u64) -> Error {
    Error::Dataset {
        path: PathBuf::from(name),
        cause: format!("image {index} was asked for, and it holds {images}"),
        remedy: "ask for a smaller number".into(),
    }
}
