//! What every image of a dataset has to look like when it is delivered: a fingerprint each.

use crate::dataset::Dataset;
use crate::error::{Error, IoContext, Result};
use crate::sample::Batch;
use crate::store::container::StoreName;
use crate::store::registry::Resolved;
use crate::store::{Lossy, StoreSpec};
use std::path::Path;

/// The fingerprints of a dataset's samples, in order; see [`crate::sample::Sample::fingerprint`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprints(Vec<u64>);

impl Fingerprints {
    /// Those of `dataset`, which is read once.
    ///
    /// # Errors
    /// What the dataset says.
    pub fn of(dataset: &dyn Dataset) -> Result<Self> {
        Self::collect(dataset, None)
    }

    /// Those of `dataset` as a store of `format` has to give it back: of other pixels where the format is lossy. `None`
    /// where it is not.
    ///
    /// # Errors
    /// What the dataset says, or the codec.
    pub fn through(dataset: &dyn Dataset, format: &Resolved) -> Result<Option<Self>> {
        let spec = StoreSpec { shape: dataset.shape(), images: dataset.len() };
        let lossy = format.format.lossy(&spec);
        lossy.map(|lossy| Self::collect(dataset, Some(lossy))).transpose()
    }

    fn collect(dataset: &dyn Dataset, mut lossy: Option<Box<dyn Lossy>>) -> Result<Self> {
        let mut fingerprints = Vec::new();
        let (mut sample, mut passed) = (Batch::new(), Batch::new());
        for index in 0..dataset.len() {
            sample.clear();
            dataset.read(index, &mut sample)?;
            let delivered = match &mut lossy {
                None => &sample,
                Some(lossy) => {
                    passed.clear();
                    sample.iter().try_for_each(|sample| lossy.pass(&sample, &mut passed))?;
                    &passed
                }
            };
            fingerprints.extend(delivered.iter().map(|sample| sample.fingerprint()));
        }
        Ok(Self(fingerprints))
    }

    /// Number of samples.
    pub fn images(&self) -> u64 {
        self.0.len() as u64
    }

    /// Writes them to `path`, eight bytes each, the least significant first.
    ///
    /// # Errors
    /// What the system says.
    pub fn write(&self, path: &Path) -> Result<()> {
        let bytes: Vec<u8> = self.0.iter().flat_map(|fingerprint| fingerprint.to_le_bytes()).collect();
        std::fs::write(path, bytes).at("write", path)
    }

    /// Reads what [`Fingerprints::write`] has written.
    ///
    /// # Errors
    /// When there is no such file, or it is none of `images` fingerprints.
    pub fn read(path: &Path, images: u64) -> Result<Self> {
        let bytes = std::fs::read(path).at("read", path)?;
        let (whole, rest) = bytes.as_chunks::<8>();
        if !rest.is_empty() || whole.len() as u64 != images {
            return Err(Error::Dataset {
                path: path.to_owned(),
                cause: format!("this is no file of {images} fingerprints: it has {} bytes", bytes.len()),
                remedy: "run again: it is made anew".into(),
            });
        }
        Ok(Self(whole.iter().map(|fingerprint| u64::from_le_bytes(*fingerprint)).collect()))
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
            let expected = usize::try_from(**index).ok().and_then(|index| self.0.get(index));
            expected != Some(&sample.fingerprint())
        });
        match wrong {
            Some((index, _)) => Err(name.mismatch(format!("image {index} was delivered changed"))),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::Memory;

    #[test]
    fn they_are_read_back_and_counted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("fingerprints");
        let fingerprints = Fingerprints::of(&Memory::ragged(5, &[1, 3])).unwrap();
        fingerprints.write(&path).unwrap();
        assert_eq!(Fingerprints::read(&path, 5).unwrap(), fingerprints);
        assert!(Fingerprints::read(&path, 4).unwrap_err().to_string().contains("40 bytes"));
    }
}
