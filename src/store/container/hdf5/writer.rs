//! Writing images of one shape, as an array.

use super::StoreName;
use super::column::Column;
use super::file::Unfinished;
use super::slab::Slab;
use crate::error::Result;
use crate::sample::{Batch, ImageShape, Shape};
use crate::store::container::record::refuse_strange_shape;
use crate::store::{Durability, ImageWriter};

/// Takes images and labels; writes images as they come, and labels whenever what is there has to be safe.
pub struct Writer {
    open: Unfinished<Arrays>,
    shape: ImageShape,
    expected: u64,
    name: StoreName,
    sync_each: bool,
}

/// The datasets of an array store.
pub struct Arrays {
    /// N x H x W x C.
    pub images: Slab<u8>,
    /// N.
    pub labels: Column<u32>,
}

impl Arrays {
    fn write_labels(&mut self, name: &StoreName) -> Result<()> {
        self.labels.write_out().map_err(|why| name.error(why, "check the space left on the disk"))
    }
}

impl Writer {
    /// Into arrays that are open, until there are as many as `expected`.
    pub fn new(
        open: Unfinished<Arrays>,
        expected: u64,
        shape: ImageShape,
        name: StoreName,
        durability: Durability,
    ) -> Self {
        let sync_each = durability == Durability::Each;
        Self { open, shape, expected, name, sync_each }
    }
}

impl ImageWriter for Writer {
    fn append(&mut self, samples: &Batch) -> Result<()> {
        let Some(pixels) = samples.uniform_pixels(self.shape) else {
            let strange = samples.iter().find(|sample| sample.shape != self.shape).map_or(self.shape, |s| s.shape);
            return refuse_strange_shape(&self.name, &Shape::Fixed(self.shape), strange);
        };
        let arrays = self.open.datasets()?;
        let first = arrays.labels.len();
        let count = samples.len() as u64;
        if first + count > self.expected {
            let cause = format!("more than {} images were given", self.expected);
            return Err(self.name.error(cause, "say the right number"));
        }
        let written = arrays.images.write(first, count, pixels);
        written.map_err(|why| self.name.error(why, "check the space left on the disk"))?;
        arrays.labels.extend(samples.labels());
        if self.sync_each { self.sync() } else { Ok(()) }
    }

    fn sync(&mut self) -> Result<()> {
        self.open.datasets()?.write_labels(&self.name)?;
        self.open.sync()
    }

    fn finish(mut self: Box<Self>) -> Result<()> {
        self.open.datasets()?.write_labels(&self.name)?;
        self.open.finish()
    }
}
