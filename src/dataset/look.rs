//! A first look at a dataset, before it is decided how much of it is used.

use super::Dataset;
use crate::error::Result;
use crate::sample::Batch;
use serde::{Deserialize, Serialize};

/// Images that a look takes.
const LOOKED_AT: u64 = 64;

/// What has to be known of a dataset before it is decided what to measure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Look {
    /// Its name.
    pub name: String,
    /// Images there are.
    pub images: u64,
    /// Bytes of an image's pixels, on average over those looked at.
    pub image_bytes: u64,
    /// Whether its images come as encoded files.
    pub has_files: bool,
}

impl Look {
    /// Looks at some images of `dataset`.
    ///
    /// # Errors
    /// What the dataset says.
    pub fn at(dataset: &dyn Dataset) -> Result<Self> {
        // Spread over the whole: the first may be thumbnails.
        let step = (dataset.len() / LOOKED_AT).max(1);
        let (mut seen, mut bytes, mut image) = (0, 0, Batch::new());
        for index in (0..dataset.len()).step_by(step as usize) {
            image.clear();
            dataset.read(index, &mut image)?;
            seen += 1;
            bytes += image.bytes() as u64;
        }
        Ok(Self {
            name: dataset.name(),
            images: dataset.len(),
            image_bytes: bytes / seen.max(1),
            has_files: dataset.has_files(),
        })
    }
}
