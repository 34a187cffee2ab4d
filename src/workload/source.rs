//! A dataset with what it takes to check everything delivered from it.

use super::Fingerprints;
use crate::dataset::{Dataset, Take};
use crate::error::Result;
use crate::store::registry::Resolved;
use std::sync::Arc;

/// A dataset and the fingerprints of its samples.
pub struct Source {
    dataset: Arc<dyn Dataset>,
    fingerprints: Arc<Fingerprints>,
}

impl Source {
    /// Reads the whole dataset once.
    ///
    /// # Errors
    /// What the dataset says.
    pub fn new(dataset: Arc<dyn Dataset>) -> Result<Self> {
        Ok(Self { fingerprints: Arc::new(Fingerprints::of(&*dataset)?), dataset })
    }

    /// The same dataset as a store of `format` has to give it back: other pixels where the format is lossy.
    ///
    /// # Errors
    /// What the dataset says, or the codec.
    pub fn through(self: &Arc<Self>, format: &Resolved) -> Result<Arc<Self>> {
        Ok(match Fingerprints::through(&*self.dataset, format)? {
            None => Arc::clone(self),
            Some(lossy) => Arc::new(Self { dataset: Arc::clone(&self.dataset), fingerprints: Arc::new(lossy) }),
        })
    }

    /// The dataset.
    pub fn dataset(&self) -> &dyn Dataset {
        &*self.dataset
    }

    /// The first `images` samples of it.
    ///
    /// # Errors
    /// [`crate::Error::Usage`] when it is empty.
    pub fn first(&self, images: u64) -> Result<Take> {
        Take::new(Arc::clone(&self.dataset), images)
    }

    /// What its samples have to look like.
    pub fn fingerprints(&self) -> &Arc<Fingerprints> {
        &self.fingerprints
    }

    /// Number of samples.
    pub fn images(&self) -> u64 {
        self.fingerprints.images()
    }
}
