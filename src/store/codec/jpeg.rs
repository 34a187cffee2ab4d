//! `jpeg`: baseline JPEG (ITU-T T.81), lossy: grey or YCbCr. What a store has to give back is what this encoder and
//! decoder make of the pixels.

use super::{Codec, CodecInfo, Decoder, Encoder, admit};
use crate::image_file;
use crate::results::Native;
use crate::sample::{Batch, ImageShape, Sample, Shape};
use crate::store::facts::Facts;
use crate::store::options::{OptionInfo, Values, integer, word};
use jpeg_encoder::SamplingFactor;
use std::collections::BTreeMap;

/// What Pillow's users mostly set, and ImageNet's median is near.
const DEFAULT_QUALITY: u8 = 90;

/// The marker at the end of every JPEG.
const END_OF_IMAGE: [u8; 2] = [0xFF, 0xD9];

const QUALITY: OptionInfo = OptionInfo {
    key: "quality",
    values: Values::Integer { min: 1, max: 100 },
    default: "90",
    about: "as in libjpeg: larger is better and bigger",
    reading: false,
};

const SUBSAMPLING: OptionInfo = OptionInfo {
    key: "subsampling",
    values: Values::OneOf(&["444", "422", "420"]),
    default: "420",
    about: "colour resolution: full, half, or a quarter",
    reading: false,
};

pub const INFO: CodecInfo = CodecInfo {
    name: "jpeg",
    about: "JPEG, lossy",
    facts: Facts {
        licence: "MIT or Apache-2.0 or Zlib (zune-jpeg), MIT or Apache-2.0 and IJG (jpeg-encoder)",
        specification: "ITU-T T.81; ISO/IEC 10918-1",
        others: "libjpeg-turbo, mozjpeg, Pillow, OpenCV, nvJPEG",
    },
    options: &[QUALITY, SUBSAMPLING],
    extension: "jpg",
    of_files: false,
    lossy: true,
    holds_label: false,
    grey: true,
    make: |id| {
        let quality = integer(id, QUALITY.key).and_then(|quality| u8::try_from(quality).ok());
        let subsampling = match word(id, &SUBSAMPLING) {
            "444" => SamplingFactor::R_4_4_4,
            "422" => SamplingFactor::R_4_2_2,
            _ => SamplingFactor::R_4_2_0,
        };
        Box::new(Jpeg { quality: quality.unwrap_or(DEFAULT_QUALITY), subsampling })
    },
};

#[derive(Clone, Copy)]
struct Jpeg {
    quality: u8,
    subsampling: SamplingFactor,
}

/// As the option has it.
const fn words(subsampling: SamplingFactor) -> &'static str {
    match subsampling {
        SamplingFactor::R_4_4_4 => "444",
        SamplingFactor::R_4_2_2 => "422",
        _ => "420",
    }
}

impl Codec for Jpeg {
    fn accepts(&self, shape: ImageShape) -> Result<(), String> {
        image_file::jpeg::holds(shape).map(|_| ())
    }

    fn encoder(&self, _: &Shape) -> Box<dyn Encoder> {
        Box::new(*self)
    }

    fn decoder(&self, shape: &Shape) -> Box<dyn Decoder> {
        Box::new(Images { shape: shape.clone(), decoder: image_file::Decoder::default() })
    }

    fn native(&self) -> Native {
        Native { library: "jpeg-encoder, zune-jpeg".into(), version: env!("BUILT_ZUNE_JPEG_VERSION").into() }
    }

    fn settings(&self) -> BTreeMap<String, String> {
        BTreeMap::from([
            ("jpeg quality".into(), self.quality.to_string()),
            ("jpeg subsampling".into(), words(self.subsampling).into()),
        ])
    }
}

impl Encoder for Jpeg {
    fn encode(&mut self, sample: &Sample<'_>, out: &mut Vec<u8>) -> Result<(), String> {
        image_file::jpeg::encode(sample.shape, sample.pixels, self.quality, self.subsampling, out)
    }
}

struct Images {
    shape: Shape,
    decoder: image_file::Decoder,
}

impl Decoder for Images {
    fn decode(&mut self, record: &[u8], label: u32, out: &mut Batch) -> Result<(), String> {
        if image_file::Kind::of(record) != Some(image_file::Kind::Jpeg) {
            return Err("the record does not begin like a JPEG".into());
        }
        // Decoders make up the few bytes that a cut takes from the end of the image data; but all that we encode ends so.
        if !record.ends_with(&END_OF_IMAGE) {
            return Err("the record does not end like a JPEG".into());
        }
        let shape = &self.shape;
        self.decoder.decode(record, |found| admit(shape, found), label, out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::dataset::{Dataset, Synthetic};

    #[test]
    fn images_of_other_channels_are_refused_with_what_takes_them() {
        let codec = (INFO.make)(&"dir:jpeg".parse().unwrap());
        assert!(codec.accepts(ImageShape::new(3, 4, 4)).unwrap_err().ends_with("not 4; try png, or --rgb"));
    }

    #[test]
    fn a_record_without_its_last_bytes_is_no_image() {
        let shape = ImageShape::new(24, 20, 3);
        let mut sample = Batch::new();
        Synthetic::new(shape, 1, 1).read(0, &mut sample).unwrap();
        let codec = (INFO.make)(&"dir:jpeg".parse().unwrap());
        let shape = Shape::Fixed(shape);
        let mut record = Vec::new();
        codec.encoder(&shape).encode(&sample.get(0).unwrap(), &mut record).unwrap();
        let mut decoder = codec.decoder(&shape);
        let mut out = Batch::new();
        assert_eq!(decoder.decode(&record, 0, &mut out), Ok(()));
        for cut in 1..20 {
            let outcome = decoder.decode(&record[..record.len() - cut], 0, &mut out);
            assert!(outcome.is_err() && out.len() == 1, "without the last {cut} bytes");
        }
    }
}
