//! `png`: Portable Network Graphics (W3C Recommendation, <https://www.w3.org/TR/png/>), 8 bits a channel, lossless.
//! The chunks' CRCs are checked on reading.

use super::{Codec, CodecInfo, Decoder, Encoder, admit};
use crate::results::Native;
use crate::sample::{Batch, ImageShape, Sample, Shape};
use crate::store::options::{OptionInfo, Values, word};
use ::png::{BitDepth, ColorType, Compression};
use std::collections::BTreeMap;
use std::io::Cursor;

/// The default is the level whose files are as small as those of Pillow, PNG's usual writer in this field.
const LEVEL: OptionInfo = OptionInfo {
    key: "level",
    values: Values::OneOf(&["fastest", "fast", "balanced", "high"]),
    default: "balanced",
    about: "compression level, as the png crate names them",
};

pub const INFO: CodecInfo = CodecInfo {
    name: "png",
    about: "PNG, lossless, CRC checked",
    options: &[LEVEL],
    extension: "png",
    holds_label: false,
    checksums: true,
    make: |id| {
        let level = word(id, &LEVEL);
        let compression = match level {
            "fastest" => Compression::Fastest,
            "fast" => Compression::Fast,
            "high" => Compression::High,
            _ => Compression::Balanced,
        };
        Box::new(Png { compression, level: level.to_owned() })
    },
};

struct Png {
    compression: Compression,
    level: String,
}

impl Codec for Png {
    fn accepts(&self, shape: ImageShape) -> Result<(), String> {
        if shape.height == 0 || shape.width == 0 {
            return Err("PNG has no images without pixels".into());
        }
        color_type(shape.channels).map(|_| ())
    }

    fn encoder(&self, _: &Shape) -> Box<dyn Encoder> {
        Box::new(PngEncoder { compression: self.compression })
    }

    fn decoder(&self, shape: &Shape) -> Box<dyn Decoder> {
        Box::new(PngDecoder { shape: shape.clone() })
    }

    fn native(&self) -> Native {
        Native { library: "png (Rust)".into(), version: env!("BUILT_PNG_VERSION").into() }
    }

    fn settings(&self) -> BTreeMap<String, String> {
        BTreeMap::from([("png level".into(), self.level.clone())])
    }
}

fn color_type(channels: u32) -> Result<ColorType, String> {
    match channels {
        1 => Ok(ColorType::Grayscale),
        2 => Ok(ColorType::GrayscaleAlpha),
        3 => Ok(ColorType::Rgb),
        4 => Ok(ColorType::Rgba),
        other => Err(format!("PNG holds 1 to 4 channels, not {other}")),
    }
}

struct PngEncoder {
    compression: Compression,
}

impl Encoder for PngEncoder {
    fn encode(&mut self, sample: &Sample<'_>, out: &mut Vec<u8>) -> Result<(), String> {
        let ImageShape { height, width, channels } = sample.shape;
        let mut encoder = ::png::Encoder::new(out, width, height);
        encoder.set_color(color_type(channels)?);
        encoder.set_depth(BitDepth::Eight);
        encoder.set_compression(self.compression);
        let mut writer = encoder.write_header().map_err(|e| e.to_string())?;
        writer.write_image_data(sample.pixels).map_err(|e| e.to_string())?;
        writer.finish().map_err(|e| e.to_string())
    }
}

struct PngDecoder {
    shape: Shape,
}

impl Decoder for PngDecoder {
    fn decode(&mut self, record: &[u8], label: u32, out: &mut Batch) -> Result<(), String> {
        let mut reader = ::png::Decoder::new(Cursor::new(record)).read_info().map_err(|e| e.to_string())?;
        let info = reader.info();
        if info.bit_depth != BitDepth::Eight || info.color_type == ColorType::Indexed {
            return Err(format!("{:?} with {:?} bits is not what this store holds", info.color_type, info.bit_depth));
        }
        let channels = info.color_type.samples() as u32;
        let shape = ImageShape::new(info.height, info.width, channels);
        admit(&self.shape, shape)?;
        let pixels = out.push(shape, label);
        let outcome = reader.next_frame(pixels).map_err(|e| e.to_string()).and_then(|frame| {
            // An 8-bit, non-animated image fills the buffer exactly; anything less would leave old pixels in it.
            let whole = frame.buffer_size() == pixels.len();
            whole.then_some(()).ok_or_else(|| "the image data ends early".to_owned())
        });
        // Reads to the end so that a missing tail (IEND, late CRC) is noticed too.
        let outcome = outcome.and_then(|()| reader.finish().map_err(|e| e.to_string()));
        if outcome.is_err() {
            out.pop();
        }
        outcome
    }
}
