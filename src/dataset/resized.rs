//! Another dataset's images brought to one size.

use super::Dataset;
use crate::error::{Error, Result};
use crate::sample::{Batch, ImageShape, Sample, Shape};
use image::imageops::FilterType;
use image::{ImageBuffer, Luma, LumaA, Pixel, Rgb, Rgba, imageops};
use std::path::Path;
use std::sync::Arc;

/// All images of another set, resized to one height and width (triangle filter, as Pillow's BILINEAR with its support
/// widened for shrinking); proportions are not kept. Channels stay as they are.
pub struct Resized {
    inner: Arc<dyn Dataset>,
    height: u32,
    width: u32,
    shape: Shape,
}

impl Resized {
    /// `inner` at `height` x `width`, both at least 1.
    pub fn new(inner: Arc<dyn Dataset>, height: u32, width: u32) -> Self {
        // Where images differ in channels they still differ in shape.
        let shape = match inner.channels() {
            Some(channels) => Shape::Fixed(ImageShape::new(height, width, channels)),
            None => Shape::Ragged { max: ImageShape::new(height, width, inner.shape().max().channels) },
        };
        Self { inner, height, width, shape }
    }

    fn resize(&self, sample: &Sample<'_>, out: &mut Batch) -> Result<()> {
        let shape = ImageShape::new(self.height, self.width, sample.shape.channels);
        let resized = match shape.channels {
            1 => self.pixels::<Luma<u8>>(sample),
            2 => self.pixels::<LumaA<u8>>(sample),
            3 => self.pixels::<Rgb<u8>>(sample),
            4 => self.pixels::<Rgba<u8>>(sample),
            _ => None,
        };
        let resized = resized.ok_or_else(|| Error::Unsupported {
            format: self.name(),
            what: format!("resizing a {} image", sample.shape),
        })?;
        out.push(shape, sample.label).copy_from_slice(&resized);
        out.set_key(sample.key);
        Ok(())
    }

    fn pixels<P: Pixel<Subpixel = u8> + 'static>(&self, sample: &Sample<'_>) -> Option<Vec<u8>> {
        let view: ImageBuffer<P, &[u8]> =
            ImageBuffer::from_raw(sample.shape.width, sample.shape.height, sample.pixels)?;
        Some(imageops::resize(&view, self.width, self.height, FilterType::Triangle).into_raw())
    }
}

impl Dataset for Resized {
    fn name(&self) -> String {
        format!("{} resized to {}x{}", self.inner.name(), self.height, self.width)
    }

    fn len(&self) -> u64 {
        self.inner.len()
    }

    fn path(&self) -> Option<&Path> {
        self.inner.path()
    }

    fn state(&self, images: u64) -> Option<u64> {
        self.inner.state(images)
    }

    fn shape(&self) -> Shape {
        self.shape.clone()
    }

    fn read(&self, index: u64, out: &mut Batch) -> Result<()> {
        let mut whole = Batch::new();
        self.inner.read(index, &mut whole)?;
        whole.iter().try_for_each(|sample| self.resize(&sample, out))
    }

    fn remarks(&self) -> Vec<String> {
        let mut remarks = self.inner.remarks();
        if matches!(self.shape, Shape::Ragged { .. }) {
            remarks.push("images have different numbers of channels, so shapes still differ after resizing".into());
        }
        remarks
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::Memory;

    #[test]
    fn all_images_get_one_size_and_keep_label_and_name() {
        let mut samples = Batch::new();
        for (label, side) in [(5, 8), (6, 20)] {
            samples.push(ImageShape::new(side, side + 2, 3), label).fill(40 * label as u8);
            samples.set_key(format!("a/{label}").as_bytes());
        }
        let memory = Memory::new("memory", Shape::Ragged { max: ImageShape::new(20, 22, 3) }, samples);
        let resized = Resized::new(Arc::new(memory), 4, 6);
        let mut out = Batch::new();
        (0..2).for_each(|index| resized.read(index, &mut out).unwrap());
        for (sample, label) in out.iter().zip([5_u32, 6]) {
            assert_eq!((sample.shape, sample.label), (ImageShape::new(4, 6, 3), label));
            assert_eq!(sample.key, format!("a/{label}").as_bytes());
            assert!(sample.pixels.iter().all(|pixel| *pixel == 40 * label as u8), "a flat image stays flat");
        }
    }
}
