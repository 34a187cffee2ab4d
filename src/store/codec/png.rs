//! `png`: Portable Network Graphics (W3C Recommendation, <https://www.w3.org/TR/png/>), 8 bits a channel, lossless.
//! The chunks' CRCs are checked on reading.

use super::{Codec, CodecInfo, Decoder, Encoder, admit};
use crate::image_file::png;
use crate::results::Native;
use crate::sample::{Batch, ImageShape, Sample, Shape};
use crate::store::facts::Facts;
use crate::store::options::{OptionInfo, Values, word};
use std::collections::BTreeMap;

/// The default is the level whose files are as small as those of Pillow, PNG's usual writer in this field.
const LEVEL: OptionInfo = OptionInfo {
    key: "level",
    values: Values::OneOf(&["fastest", "fast", "balanced", "high"]),
    default: "balanced",
    about: "fastest: all rows filtered alike; high: the smallest files",
    reading: false,
};

pub const INFO: CodecInfo = CodecInfo {
    name: "png",
    about: "PNG, lossless, CRC checked",
    facts: Facts {
        licence: "MIT (libdeflate), MIT or Apache-2.0 (png)",
        specification: "Portable Network Graphics (PNG), W3C Recommendation; ISO/IEC 15948",
        others: "libpng, Pillow, OpenCV, libspng, stb_image",
    },
    options: &[LEVEL],
    extension: "png",
    of_files: false,
    lossy: false,
    holds_label: false,
    grey: true,
    make: |id| {
        let name = word(id, &LEVEL);
        let level = match name {
            "fastest" => png::Level::Fastest,
            "fast" => png::Level::Fast,
            "high" => png::Level::High,
            _ => png::Level::Balanced,
        };
        Box::new(Png { level, name: name.to_owned() })
    },
};

struct Png {
    level: png::Level,
    name: String,
}

impl Codec for Png {
    fn accepts(&self, shape: ImageShape) -> Result<(), String> {
        png::holds(shape).map(|_| ())
    }

    fn encoder(&self, _: &Shape) -> Box<dyn Encoder> {
        Box::new(PngEncoder(png::Encoder::new(self.level)))
    }

    fn decoder(&self, shape: &Shape) -> Box<dyn Decoder> {
        Box::new(PngDecoder { shape: shape.clone(), decoder: png::Decoder::default() })
    }

    fn checksums(&self) -> bool {
        true
    }

    fn native(&self) -> Native {
        Native { library: "libdeflate".into(), version: env!("BUILT_LIBDEFLATE_VERSION").into() }
    }

    fn settings(&self) -> BTreeMap<String, String> {
        BTreeMap::from([("png level".into(), format!("{}: {}", self.name, self.level.words()))])
    }
}

struct PngEncoder(png::Encoder);

impl Encoder for PngEncoder {
    fn encode(&mut self, sample: &Sample<'_>, out: &mut Vec<u8>) -> Result<(), String> {
        self.0.encode(sample.shape, sample.pixels, out)
    }
}

struct PngDecoder {
    shape: Shape,
    decoder: png::Decoder,
}

impl Decoder for PngDecoder {
    fn decode(&mut self, record: &[u8], label: u32, out: &mut Batch) -> Result<(), String> {
        let before = out.len();
        let shape = &self.shape;
        let outcome = self.decoder.decode(record, png::Accept::OurOwn, |found| admit(shape, found), label, out);
        if outcome.is_err() && out.len() > before {
            out.pop();
        }
        outcome
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_fails_half_way_leaves_nothing_behind() {
        let (shape, mut file, mut out) = (ImageShape::new(9, 8, 3), Vec::new(), Batch::new());
        png::encode(shape, &[7; 216], png::Level::Fast, &mut file).unwrap();
        let mut decoder = PngDecoder { shape: Shape::Fixed(shape), decoder: png::Decoder::default() };
        decoder.decode(&file, 1, &mut out).unwrap();
        // In the image data, which is only come to when there is a place for the pixels.
        file[45] ^= 1;
        assert!(decoder.decode(&file, 2, &mut out).is_err());
        assert_eq!(out.iter().map(|sample| sample.label).collect::<Vec<_>>(), [1]);
    }
}
