//! `bincode`: the whole sample as one serialised object, decoded by borrowing: what "pickle the object and put it
//! into a key-value store" becomes in Rust. bincode 2, standard configuration: height, width, channels and label as
//! variable-length integers, then the pixels as length + bytes
//! (<https://github.com/bincode-org/bincode/blob/v2.0.1/docs/spec.md>).

use super::{Codec, CodecInfo, Decoder, Encoder, admit};
use crate::results::Native;
use crate::sample::{Batch, ImageShape, Sample, Shape};
use crate::store::facts::Facts;
use std::collections::BTreeMap;

pub const INFO: CodecInfo = CodecInfo {
    name: "bincode",
    about: "the sample as one serialised object, label included",
    facts: Facts {
        licence: "MIT",
        specification: "bincode's specification, version 2, standard configuration",
        others: "bindings are few: for Python it is read by hand",
    },
    options: &[],
    extension: "bincode",
    of_files: false,
    lossy: false,
    holds_label: true,
    grey: true,
    make: |_| Box::new(Bincode),
};

struct Bincode;

/// What is serialised. Borrowed on both sides: an owned `Vec<u8>` through serde is 5 to 20 times slower.
#[derive(::bincode::Encode, ::bincode::BorrowDecode)]
struct Object<'a> {
    height: u32,
    width: u32,
    channels: u32,
    label: u32,
    pixels: &'a [u8],
}

impl Codec for Bincode {
    fn accepts(&self, _: ImageShape) -> Result<(), String> {
        Ok(())
    }

    fn encoder(&self, shape: &Shape) -> Box<dyn Encoder> {
        Box::new(Objects { shape: shape.clone() })
    }

    fn decoder(&self, shape: &Shape) -> Box<dyn Decoder> {
        Box::new(Objects { shape: shape.clone() })
    }

    fn native(&self) -> Native {
        Native { library: "bincode".into(), version: env!("BUILT_BINCODE_VERSION").into() }
    }

    fn settings(&self) -> BTreeMap<String, String> {
        BTreeMap::from([("bincode configuration".into(), "standard".into())])
    }
}

struct Objects {
    shape: Shape,
}

impl Encoder for Objects {
    fn encode(&mut self, sample: &Sample<'_>, out: &mut Vec<u8>) -> Result<(), String> {
        let ImageShape { height, width, channels } = sample.shape;
        let object = Object { height, width, channels, label: sample.label, pixels: sample.pixels };
        ::bincode::encode_into_std_write(object, out, ::bincode::config::standard())
            .map(|_| ())
            .map_err(|e| e.to_string())
    }
}

impl Decoder for Objects {
    fn decode(&mut self, record: &[u8], _: u32, out: &mut Batch) -> Result<(), String> {
        let (object, used) =
            ::bincode::borrow_decode_from_slice::<Object<'_>, _>(record, ::bincode::config::standard())
                .map_err(|e| format!("this is no such object ({e})"))?;
        let shape = ImageShape::new(object.height, object.width, object.channels);
        admit(&self.shape, shape)?;
        if object.pixels.len() != shape.bytes() || used != record.len() {
            return Err(format!("{} bytes of pixels do not make a {shape} image", object.pixels.len()));
        }
        out.push(shape, object.label).copy_from_slice(object.pixels);
        Ok(())
    }
}
