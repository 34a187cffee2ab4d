//! The first N samples of a set, beginning again where the set is smaller (the founding experiment doubled CIFAR-10
//! to reach 100,000).

use super::{Dataset, memory::out_of_range};
use crate::error::{Error, Result};
use crate::sample::{Batch, Shape};
use std::path::Path;
use std::sync::Arc;

/// The first N samples of another set, cycling.
pub struct Take {
    inner: Arc<dyn Dataset>,
    images: u64,
}

impl Take {
    /// The first `images` samples of `inner`, again from its start after its end.
    ///
    /// # Errors
    /// [`Error::Usage`] when samples are asked of an empty set.
    pub fn new(inner: Arc<dyn Dataset>, images: u64) -> Result<Self> {
        if inner.is_empty() && images > 0 {
            return Err(Error::Usage(format!("{images} images were asked of the empty dataset {}", inner.name())));
        }
        Ok(Self { inner, images })
    }
}

impl Dataset for Take {
    fn name(&self) -> String {
        self.inner.name()
    }

    fn len(&self) -> u64 {
        self.images
    }

    fn path(&self) -> Option<&Path> {
        self.inner.path()
    }

    fn state(&self, images: u64) -> Option<u64> {
        self.inner.state(images.min(self.inner.len()))
    }

    fn shape(&self) -> Shape {
        self.inner.shape()
    }

    fn read(&self, index: u64, out: &mut Batch) -> Result<()> {
        if index >= self.images {
            return Err(out_of_range(&self.name(), index, self.images));
        }
        self.inner.read(index % self.inner.len(), out)
    }

    fn channels(&self) -> Option<u32> {
        self.inner.channels()
    }

    fn has_files(&self) -> bool {
        self.inner.has_files()
    }

    fn read_file(&self, index: u64, out: &mut Batch) -> Result<()> {
        if index >= self.images {
            return Err(out_of_range(&self.name(), index, self.images));
        }
        self.inner.read_file(index % self.inner.len(), out)
    }

    fn remarks(&self) -> Vec<String> {
        let mut remarks = self.inner.remarks();
        if self.images > self.inner.len() {
            let there = self.inner.len();
            remarks.push(format!(
                "{} images were asked for and {there} are there: they come again and again",
                self.images
            ));
        }
        remarks
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::Memory;

    #[test]
    fn takes_the_first_and_cycles() {
        let labels = |images| {
            let taken = Take::new(Arc::new(Memory::ragged(3, &[3])), images).unwrap();
            let mut batch = Batch::new();
            (0..taken.len()).for_each(|index| taken.read(index, &mut batch).unwrap());
            assert!(taken.read(images, &mut batch).is_err());
            batch.labels().collect::<Vec<_>>()
        };
        assert_eq!(labels(2), [0, 7]);
        assert_eq!(labels(7), [0, 7, 14, 0, 7, 14, 0]);
    }
}
