//! What a format is given, and what it has to give back.

use crate::dataset::{Dataset, Memory};
use crate::error::Result;
use crate::sample::Batch;
use crate::store::StoreSpec;
use crate::store::registry::Resolved;

/// A dataset as a format takes it, and what has to come back.
pub struct Given {
    /// What to write: with an encoded file for each image where the format keeps files.
    pub dataset: Memory,
    /// What has to be read: from a lossy format, what its own codec makes of the images.
    pub expected: Memory,
}

impl Given {
    /// Makes of `dataset` what `format` takes. Formats that keep files get each image as a JPEG or PNG.
    ///
    /// # Errors
    /// When no such file, or no such record of the format's codec, can be made of an image.
    pub fn new(format: &Resolved, dataset: &dyn Dataset) -> Result<Self> {
        let mut copy = Memory::copy_of(dataset)?;
        if format.format.takes_files() && !copy.has_files() {
            copy = copy.from_files()?;
        }
        let mut expected = Batch::new();
        let spec = StoreSpec { shape: dataset.shape(), images: dataset.len() };
        let mut lossy = format.format.lossy(&spec);
        let mut sample = Batch::new();
        for index in 0..dataset.len() {
            sample.clear();
            copy.read(index, &mut sample)?;
            sample.iter().try_for_each(|sample| match &mut lossy {
                Some(lossy) => lossy.pass(&sample, &mut expected),
                None => {
                    expected.push_copy(&sample);
                    Ok(())
                }
            })?;
        }
        Ok(Self { expected: Memory::new("expected", dataset.shape(), expected), dataset: copy })
    }
}
