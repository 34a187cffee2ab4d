//! `qoi`: the Quite OK Image Format (<https://qoiformat.org/qoi-specification.pdf>), lossless, RGB and RGBA alone.

use super::{Codec, CodecInfo, Decoder, Encoder, admit, of_channels};
use crate::results::Native;
use crate::sample::{Batch, ImageShape, Sample, Shape};
use crate::store::facts::Facts;
use std::collections::BTreeMap;

pub const INFO: CodecInfo = CodecInfo {
    name: "qoi",
    about: "QOI, lossless, RGB and RGBA",
    facts: Facts {
        licence: "MIT or Apache-2.0",
        specification: "The Quite OK Image Format Specification 1.0",
        others: "qoi.h (C), Pillow, ImageMagick, FFmpeg, GIMP",
    },
    options: &[],
    extension: "qoi",
    of_files: false,
    lossy: false,
    holds_label: false,
    grey: false,
    make: |_| Box::new(Qoi),
};

struct Qoi;

impl Codec for Qoi {
    fn accepts(&self, shape: ImageShape) -> Result<(), String> {
        match shape.channels {
            3 | 4 => Ok(()),
            other => Err(format!("{}: QOI holds RGB and RGBA; try png, or --rgb", of_channels(other))),
        }
    }

    fn encoder(&self, _: &Shape) -> Box<dyn Encoder> {
        Box::new(Files)
    }

    fn decoder(&self, shape: &Shape) -> Box<dyn Decoder> {
        Box::new(Images { shape: shape.clone() })
    }

    fn native(&self) -> Native {
        Native { library: "qoi".into(), version: env!("BUILT_QOI_VERSION").into() }
    }

    fn settings(&self) -> BTreeMap<String, String> {
        BTreeMap::new()
    }
}

struct Files;

impl Encoder for Files {
    fn encode(&mut self, sample: &Sample<'_>, out: &mut Vec<u8>) -> Result<(), String> {
        Qoi.accepts(sample.shape)?;
        let encoder = ::qoi::Encoder::new(sample.pixels, sample.shape.width, sample.shape.height);
        let encoder = encoder.map_err(|e| e.to_string())?;
        let start = out.len();
        out.resize(start + encoder.required_buf_len(), 0);
        let length = encoder.encode_to_buf(&mut out[start..]).map_err(|e| e.to_string())?;
        out.truncate(start + length);
        Ok(())
    }
}

struct Images {
    shape: Shape,
}

impl Decoder for Images {
    fn decode(&mut self, record: &[u8], label: u32, out: &mut Batch) -> Result<(), String> {
        let header = ::qoi::decode_header(record).map_err(|e| e.to_string())?;
        let found = ImageShape::new(header.height, header.width, u32::from(header.channels.as_u8()));
        admit(&self.shape, found)?;
        let before = out.len();
        let decoded = ::qoi::decode_to_buf(out.push(found, label), record).map_err(|e| e.to_string());
        if decoded.is_err() && out.len() > before {
            out.pop();
        }
        decoded.map(|_| ())
    }
}
