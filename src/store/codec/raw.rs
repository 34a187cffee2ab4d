//! `raw`: the pixels as they are. In a ragged store each record begins with its height, width and channels
//! (three little-endian `u32`); in a fixed one the store's shape says it all.

use super::{Codec, CodecInfo, Decoder, Encoder, admit};
use crate::results::Native;
use crate::sample::{Batch, ImageShape, Sample, Shape};
use crate::store::facts::Facts;
use std::collections::BTreeMap;

pub const INFO: CodecInfo = CodecInfo {
    name: "raw",
    about: "the pixels as they are",
    facts: Facts {
        licence: "none: pixels as they are",
        specification: "height x width x channels, channels last, one byte each",
        others: "any program",
    },
    options: &[],
    extension: "raw",
    of_files: false,
    lossy: false,
    holds_label: false,
    grey: true,
    make: |_| Box::new(Raw),
};

struct Raw;

impl Codec for Raw {
    fn accepts(&self, _: ImageShape) -> Result<(), String> {
        Ok(())
    }

    fn encoder(&self, shape: &Shape) -> Box<dyn Encoder> {
        Box::new(RawRecords::new(shape))
    }

    fn decoder(&self, shape: &Shape) -> Box<dyn Decoder> {
        Box::new(RawRecords::new(shape))
    }

    fn native(&self) -> Native {
        Native { library: "shelfmark".into(), version: env!("CARGO_PKG_VERSION").into() }
    }

    fn settings(&self) -> BTreeMap<String, String> {
        BTreeMap::new()
    }
}

/// Bytes of the shape in front of the pixels of a ragged store.
const HEAD_BYTES: usize = 12;

/// Records of this codec; others compress them.
pub(super) struct RawRecords {
    shape: Shape,
}

impl RawRecords {
    /// Of a store of this shape.
    pub fn new(shape: &Shape) -> Self {
        Self { shape: shape.clone() }
    }

    /// The shape of all images, where they have one: records are then the pixels alone.
    pub fn fixed(&self) -> Option<ImageShape> {
        match self.shape {
            Shape::Fixed(shape) => Some(shape),
            Shape::Ragged { .. } => None,
        }
    }

    /// Bytes of the largest record.
    pub fn most_bytes(&self) -> usize {
        let head = if self.fixed().is_some() { 0 } else { HEAD_BYTES };
        self.shape.max().bytes().saturating_add(head)
    }
}

impl Encoder for RawRecords {
    fn encode(&mut self, sample: &Sample<'_>, out: &mut Vec<u8>) -> Result<(), String> {
        if matches!(self.shape, Shape::Ragged { .. }) {
            let ImageShape { height, width, channels } = sample.shape;
            for extent in [height, width, channels] {
                out.extend_from_slice(&extent.to_le_bytes());
            }
        }
        out.extend_from_slice(sample.pixels);
        Ok(())
    }
}

impl Decoder for RawRecords {
    fn decode(&mut self, record: &[u8], label: u32, out: &mut Batch) -> Result<(), String> {
        let (shape, pixels) = match &self.shape {
            Shape::Fixed(shape) => (*shape, record),
            Shape::Ragged { .. } => {
                let (head, pixels) =
                    record.split_first_chunk::<HEAD_BYTES>().ok_or("the record ends inside its shape")?;
                let extent = |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
                (ImageShape::new(extent(0), extent(4), extent(8)), pixels)
            }
        };
        admit(&self.shape, shape)?;
        if pixels.len() != shape.bytes() {
            return Err(format!(
                "the record holds {} bytes of pixels, a {shape} image has {}",
                pixels.len(),
                shape.bytes()
            ));
        }
        out.push(shape, label).copy_from_slice(pixels);
        Ok(())
    }
}
