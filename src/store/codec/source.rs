//! `source`: the encoded file (JPEG, PNG, WebP ...) as it was, byte for byte. Reading picks the decoder by the first
//! bytes of each record.

use super::{Codec, CodecInfo, Decoder, Encoder, admit};
use crate::image_file;
use crate::results::Native;
use crate::sample::{Batch, ImageShape, Sample, Shape};
use crate::store::facts::Facts;
use std::collections::BTreeMap;

pub const INFO: CodecInfo = CodecInfo {
    name: "source",
    about: "the original encoded file, untouched",
    facts: Facts {
        licence: "that of the files",
        specification: "that of the files",
        others: "any program that reads such files",
    },
    options: &[],
    extension: "",
    of_files: true,
    lossy: false,
    holds_label: false,
    grey: true,
    make: |_| Box::new(Source),
};

struct Source;

impl Codec for Source {
    fn accepts(&self, _: ImageShape) -> Result<(), String> {
        Ok(())
    }

    fn encoder(&self, _: &Shape) -> Box<dyn Encoder> {
        Box::new(Files)
    }

    fn decoder(&self, shape: &Shape) -> Box<dyn Decoder> {
        Box::new(Images { shape: shape.clone(), decoder: image_file::Decoder::default() })
    }

    fn native(&self) -> Native {
        Native { library: "zune-jpeg".into(), version: env!("BUILT_ZUNE_JPEG_VERSION").into() }
    }

    fn settings(&self) -> BTreeMap<String, String> {
        BTreeMap::from([(
            "source decoders".into(),
            "zune-jpeg for JPEG, libdeflate or png for PNG, image for others".into(),
        )])
    }
}

struct Files;

impl Encoder for Files {
    fn encode(&mut self, sample: &Sample<'_>, out: &mut Vec<u8>) -> Result<(), String> {
        if sample.file.is_empty() {
            return Err("it was given as pixels, and its original file is what is kept".into());
        }
        out.extend_from_slice(sample.file);
        Ok(())
    }
}

struct Images {
    shape: Shape,
    decoder: image_file::Decoder,
}

impl Decoder for Images {
    fn decode(&mut self, record: &[u8], label: u32, out: &mut Batch) -> Result<(), String> {
        let shape = &self.shape;
        self.decoder.decode(record, |found| admit(shape, found), label, out)
    }
}
