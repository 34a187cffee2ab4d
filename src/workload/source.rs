//! A dataset with what it takes to check everything delivered from it: a fingerprint of each sample.

use crate::dataset::Dataset;
use crate::error::Result;
use crate::sample::Batch;
use crate::store::StoreSpec;
use crate::store::container::StoreName;
use crate::store::registry::Resolved;
use std::sync::Arc;

/// A dataset and the fingerprints of its samples (8 bytes each).
pub struct Source {
    dataset: Arc<dyn Dataset>,
    fingerprints: Vec<u64>,
}

impl Source {
    /// Reads the whole dataset once.
    ///
    /// # Errors
    /// What the dataset says.
    pub fn new(dataset: Arc<dyn Dataset>) -> Result<Self> {
        let mut fingerprints = Vec::new();
        let mut batch = Batch::new();
        for index in 0..dataset.len() {
            batch.clear();
            dataset.read(index, &mut batch)?;
            fingerprints.extend(batch.iter().map(|sample| sample.fingerprint()));
        }
        Ok(Self { dataset, fingerprints })
    }

    /// The same dataset as a store of `format` has to give it back: other pixels where the format is lossy.
    ///
    /// # Errors
    /// What the dataset says, or the codec.
    pub fn through(self: &Arc<Self>, format: &Resolved) -> Result<Arc<Self>> {
        let spec = StoreSpec { shape: self.dataset.shape(), images: self.images() };
        let Some(mut lossy) = format.format.lossy(&spec) else { return Ok(Arc::clone(self)) };
        let mut fingerprints = Vec::new();
        let (mut sample, mut passed) = (Batch::new(), Batch::new());
        for index in 0..self.images() {
            sample.clear();
            passed.clear();
            self.dataset.read(index, &mut sample)?;
            sample.iter().try_for_each(|sample| lossy.pass(&sample, &mut passed))?;
            fingerprints.extend(passed.iter().map(|sample| sample.fingerprint()));
        }
        Ok(Arc::new(Self { dataset: Arc::clone(&self.dataset), fingerprints }))
    }

    /// The dataset.
    pub fn dataset(&self) -> &dyn Dataset {
        &*self.dataset
    }

    /// Number of samples.
    pub fn images(&self) -> u64 {
        self.fingerprints.len() as u64
    }

    /// Checks that `delivered` holds exactly the samples `indices`, in that order.
    ///
    /// # Errors
    /// [`crate::Error::Mismatch`] naming the first sample that is wrong.
    pub fn check(&self, name: &StoreName, indices: &[u64], delivered: &Batch) -> Result<()> {
        if indices.len() != delivered.len() {
            return Err(name.mismatch(format!("{} images were delivered for {}", delivered.len(), indices.len())));
        }
        let wrong = indices.iter().zip(delivered.iter()).find(|(index, sample)| {
            let expected = usize::try_from(**index).ok().and_then(|index| self.fingerprints.get(index));
            expected != Some(&sample.fingerprint())
        });
        match wrong {
            Some((index, _)) => Err(name.mismatch(format!("image {index} was delivered changed"))),
            None => Ok(()),
        }
    }
}
