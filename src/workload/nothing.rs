//! The null store: what asking costs by itself. Its reader is called like every other and delivers nothing, so that all
//! the time it takes is that of this program: the call, the loop and the clock. A format cannot be faster.

use super::read::Reads;
use super::{Session, Workload};
use crate::error::Result;
use crate::sample::Batch;
use crate::store::ImageReader;
use crate::store::container::StoreName;
use std::path::PathBuf;

/// Its name among formats, in results of the kind `reference`.
pub const NAME: &str = "nothing";

/// A session of `workload` on a store of `images` that does not exist: the same batches in the same order, of which nothing
/// is delivered and nothing checked. `None` where a workload does not ask for images: writing and opening.
pub fn session(workload: Workload, images: u64, seed: u64) -> Option<Box<dyn Session>> {
    let order = workload.order(images, seed)?;
    let name = StoreName { format: NAME.into(), path: PathBuf::new() };
    let reader: Box<dyn ImageReader> = Box::new(NoImages);
    // The compiler must not see which reader it is, or the calls would be gone.
    let reader = std::hint::black_box(reader);
    Some(Box::new(Reads::from_open(reader, name, None, order, workload.batch())))
}

struct NoImages;

impl ImageReader for NoImages {
    fn read(&mut self, _: u64, _: &mut Batch) -> Result<()> {
        Ok(())
    }

    fn read_batch(&mut self, _: &[u64], _: &mut Batch) -> Result<()> {
        Ok(())
    }

    fn read_file(&mut self, _: u64, _: &mut Batch) -> Result<()> {
        Ok(())
    }
}
