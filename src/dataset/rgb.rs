//! Another dataset's images with three channels each, as most loaders deliver them.

use super::Dataset;
use crate::error::{Error, Result};
use crate::sample::{Batch, ImageShape, Sample, Shape};
use std::path::Path;
use std::sync::Arc;

/// All images of another set as RGB: grey three times over, alpha left out.
pub struct Rgb(Arc<dyn Dataset>);

impl Rgb {
    /// `inner` as RGB.
    pub fn new(inner: Arc<dyn Dataset>) -> Self {
        Self(inner)
    }

    fn convert(&self, sample: &Sample<'_>, out: &mut Batch) -> Result<()> {
        let channels = sample.shape.channels;
        if !(1..=4).contains(&channels) {
            let what = format!("making RGB of an image of {channels} channels");
            return Err(Error::Unsupported { format: self.name(), what });
        }
        let pixels = out.push(with_three(sample.shape), sample.label);
        for (from, to) in sample.pixels.chunks_exact(channels as usize).zip(pixels.chunks_exact_mut(3)) {
            match from {
                [grey] | [grey, _] => to.fill(*grey),
                _ => to.copy_from_slice(&from[..3]),
            }
        }
        out.set_key(sample.key);
        Ok(())
    }
}

fn with_three(shape: ImageShape) -> ImageShape {
    ImageShape { channels: 3, ..shape }
}

impl Dataset for Rgb {
    fn name(&self) -> String {
        format!("{} as RGB", self.0.name())
    }

    fn len(&self) -> u64 {
        self.0.len()
    }

    fn path(&self) -> Option<&Path> {
        self.0.path()
    }

    fn state(&self, images: u64) -> Option<u64> {
        self.0.state(images)
    }

    fn shape(&self) -> Shape {
        match self.0.shape() {
            Shape::Fixed(shape) => Shape::Fixed(with_three(shape)),
            Shape::Ragged { max } => Shape::Ragged { max: with_three(max) },
        }
    }

    fn channels(&self) -> Option<u32> {
        Some(3)
    }

    fn read(&self, index: u64, out: &mut Batch) -> Result<()> {
        let mut whole = Batch::new();
        self.0.read(index, &mut whole)?;
        whole.iter().try_for_each(|sample| self.convert(&sample, out))
    }

    fn remarks(&self) -> Vec<String> {
        self.0.remarks()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{Memory, Resized};

    #[test]
    fn any_number_of_channels_becomes_three() {
        let mut samples = Batch::new();
        let images: [&[u8]; 4] = [&[7, 8], &[7, 0, 8, 9], &[1, 2, 3, 4, 5, 6], &[1, 2, 3, 0, 4, 5, 6, 9]];
        for (channels, pixels) in (1..).zip(images) {
            samples.push(ImageShape::new(1, 2, channels), channels).copy_from_slice(pixels);
            samples.set_key(b"name");
        }
        let memory = Memory::new("memory", Shape::Ragged { max: ImageShape::new(1, 2, 4) }, samples);
        let rgb: Arc<dyn Dataset> = Arc::new(Rgb::new(Arc::new(memory)));
        let mut out = Batch::new();
        (0..4).for_each(|index| rgb.read(index, &mut out).unwrap());
        let found: Vec<_> = out.iter().map(|sample| (sample.label, sample.pixels.to_vec())).collect();
        let (grey, colour) = (vec![7, 7, 7, 8, 8, 8], vec![1, 2, 3, 4, 5, 6]);
        assert_eq!(found, [(1, grey.clone()), (2, grey), (3, colour.clone()), (4, colour)]);
        assert!(out.iter().all(|sample| sample.key == b"name"));
        // Of one size and with one number of channels, they are all alike.
        assert_eq!(Resized::new(rgb, 5, 6).shape(), Shape::Fixed(ImageShape::new(5, 6, 3)));
    }
}
