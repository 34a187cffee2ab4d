//! `synthetic:HxWxC` and `synthetic:ragged`: images made on the spot, seeded, that look and compress like natural ones.
//! For machines without a data set at hand; the same seed gives the same pixels everywhere, before they become a JPEG.

mod generator;
mod layer;
mod print;
mod ragged;
mod roster;
mod splitmix;

pub use ragged::Ragged;

use super::{Dataset, memory::out_of_range};
use crate::error::Result;
use crate::sample::{Batch, ImageShape, Shape};
use generator::{Generator, Style};

/// Synthetic images of one shape.
pub struct Synthetic {
    shape: ImageShape,
    images: u64,
    generator: Generator,
}

impl Synthetic {
    /// `images` images of 1 to 4 channels; image n is the same whatever their number.
    pub fn new(shape: ImageShape, images: u64, seed: u64) -> Self {
        let generator = Generator::new(&Style::THUMBNAIL, seed, shape.height, shape.width, shape.channels);
        Self { shape, images, generator }
    }
}

impl Dataset for Synthetic {
    fn name(&self) -> String {
        format!("synthetic:{}", self.shape)
    }

    fn len(&self) -> u64 {
        self.images
    }

    fn shape(&self) -> Shape {
        Shape::Fixed(self.shape)
    }

    fn read(&self, index: u64, out: &mut Batch) -> Result<()> {
        if index >= self.images {
            return Err(out_of_range(&self.name(), index, self.images));
        }
        // The label is known only after the pixels are, so they are made where they belong and labelled after.
        out.push_with(self.shape, |pixels| self.generator.fill(index, pixels));
        Ok(())
    }
}
