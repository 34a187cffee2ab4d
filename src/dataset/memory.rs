//! Samples held in memory: for tests, and for sets small enough to be read at once.

use super::Dataset;
use crate::error::{Error, Result};
use crate::sample::{Batch, ImageShape, Shape};
use std::path::PathBuf;

/// Samples held in memory, one after the other.
pub struct Memory {
    name: String,
    shape: Shape,
    samples: Batch,
}

impl Memory {
    /// A set of the samples in `samples`, all of which fit `shape`.
    pub fn new(name: &str, shape: Shape, samples: Batch) -> Self {
        Self { name: name.into(), shape, samples }
    }

    /// A copy of `dataset` in memory, so that reading it costs the same whatever it comes from.
    ///
    /// # Errors
    /// What the dataset says.
    pub fn copy_of(dataset: &dyn Dataset) -> Result<Self> {
        let mut samples = Batch::new();
        (0..dataset.len()).try_for_each(|index| dataset.read(index, &mut samples))?;
        Ok(Self::new(&dataset.name(), dataset.shape(), samples))
    }

    /// A ragged set of `count` small images with all shapes from 1x1x1 on, filled with a pattern.
    pub fn ragged(count: u64) -> Self {
        let max = ImageShape::new(9, 7, 4);
        let mut samples = Batch::new();
        for index in 0..count as u32 {
            let shape = ImageShape::new(1 + index % max.height, 1 + index % max.width, 1 + index % max.channels);
            for (at, byte) in samples.push(shape, index * 7).iter_mut().enumerate() {
                *byte = (at as u32 * 31 + index * 17) as u8;
            }
        }
        Self::new("memory:ragged", Shape::Ragged { max }, samples)
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
        let sample = usize::try_from(index).ok().and_then(|index| self.samples.get(index));
        let sample = sample.ok_or_else(|| out_of_range(&self.name, index, self.len()))?;
        out.push(sample.shape, sample.label).copy_from_slice(sample.pixels);
        Ok(())
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
