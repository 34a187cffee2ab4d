//! `png`: Portable Network Graphics (W3C Recommendation, <https://www.w3.org/TR/png/>), 8 bits a channel, lossless.
//! The chunks' CRCs are checked on reading.

use super::{Codec, CodecInfo, Decoder, Encoder, admit};
use crate::image_file::png;
use crate::results::Native;
use crate::sample::{Batch, ImageShape, Sample, Shape};
use crate::store::options::{OptionInfo, Values, word};
use ::png::Compression;
use std::collections::BTreeMap;

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
    of_files: false,
    lossy: false,
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
        png::color_type(shape.channels).map(|_| ())
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

struct PngEncoder {
    compression: Compression,
}

impl Encoder for PngEncoder {
    fn encode(&mut self, sample: &Sample<'_>, out: &mut Vec<u8>) -> Result<(), String> {
        png::encode(sample.shape, sample.pixels, self.compression, out)
    }
}

struct PngDecoder {
    shape: Shape,
}

impl Decoder for PngDecoder {
    fn decode(&mut self, record: &[u8], label: u32, out: &mut Batch) -> Result<(), String> {
        let before = out.len();
        let outcome = png::decode(record, png::Accept::OurOwn, |shape| admit(&self.shape, shape), label, out);
        if outcome.is_err() && out.len() > before {
            out.pop();
        }
        outcome
    }
}
