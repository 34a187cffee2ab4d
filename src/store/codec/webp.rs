//! `webp`: WebP, lossless (RFC 9649), RGB and RGBA: it has no images of one channel.

use super::{Codec, CodecInfo, Decoder, Encoder, admit, of_channels};
use crate::results::Native;
use crate::sample::{Batch, ImageShape, Sample, Shape};
use crate::store::facts::Facts;
use ::image_webp::{ColorType, WebPDecoder, WebPEncoder};
use std::collections::BTreeMap;
use std::io::Cursor;

pub const INFO: CodecInfo = CodecInfo {
    name: "webp",
    about: "WebP, lossless, RGB and RGBA",
    facts: Facts {
        licence: "MIT or Apache-2.0",
        specification: "WebP Image Format (RFC 9649)",
        others: "libwebp, Pillow, OpenCV, every browser",
    },
    options: &[],
    extension: "webp",
    of_files: false,
    lossy: false,
    holds_label: false,
    grey: false,
    make: |_| Box::new(WebP),
};

/// Most pixels along a side, as the specification has it.
const MAX_SIDE: u32 = 1 << 14;

struct WebP;

fn colours(shape: ImageShape) -> Result<ColorType, String> {
    if shape.height > MAX_SIDE || shape.width > MAX_SIDE {
        return Err(format!("images with sides of more than {MAX_SIDE} pixels: this one is {shape}"));
    }
    match shape.channels {
        3 => Ok(ColorType::Rgb8),
        4 => Ok(ColorType::Rgba8),
        other => Err(format!("{}: WebP holds RGB and RGBA; try png, or --rgb", of_channels(other))),
    }
}

impl Codec for WebP {
    fn accepts(&self, shape: ImageShape) -> Result<(), String> {
        colours(shape).map(|_| ())
    }

    fn encoder(&self, _: &Shape) -> Box<dyn Encoder> {
        Box::new(Files)
    }

    fn decoder(&self, shape: &Shape) -> Box<dyn Decoder> {
        Box::new(Images { shape: shape.clone() })
    }

    fn native(&self) -> Native {
        Native { library: "image-webp".into(), version: env!("BUILT_IMAGE_WEBP_VERSION").into() }
    }

    fn settings(&self) -> BTreeMap<String, String> {
        BTreeMap::new()
    }
}

struct Files;

impl Encoder for Files {
    fn encode(&mut self, sample: &Sample<'_>, out: &mut Vec<u8>) -> Result<(), String> {
        let ImageShape { height, width, .. } = sample.shape;
        let encoded = WebPEncoder::new(out).encode(sample.pixels, width, height, colours(sample.shape)?);
        encoded.map_err(|e| e.to_string())
    }
}

struct Images {
    shape: Shape,
}

impl Decoder for Images {
    fn decode(&mut self, record: &[u8], label: u32, out: &mut Batch) -> Result<(), String> {
        let mut decoder = WebPDecoder::new(Cursor::new(record)).map_err(|e| e.to_string())?;
        if decoder.is_animated() || decoder.is_lossy() {
            return Err("it is no lossless WebP of one image".into());
        }
        let (width, height) = decoder.dimensions();
        let found = ImageShape::new(height, width, if decoder.has_alpha() { 4 } else { 3 });
        admit(&self.shape, found)?;
        let before = out.len();
        let decoded = decoder.read_image(out.push(found, label)).map_err(|e| e.to_string());
        if decoded.is_err() && out.len() > before {
            out.pop();
        }
        decoded
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lossy_file_is_no_record_of_ours() {
        // A lossy WebP of one pixel (RIFF, WEBP, VP8 with a key frame), as libwebp writes it.
        let file = [
            b"RIFF\x3c\0\0\0WEBPVP8 \x30\0\0\0".as_slice(),
            b"\xd0\x01\0\x9d\x01\x2a\x01\0\x01\0\x01\0\x1c\x25\xa0\x02\x74\xba\x01\xf8\0\x03",
            b"\xb0\0\xfe\xf0\xc4\x0b\xff\x20\xb9\x61\x75\xc8\xd7\xff\x20\x3f\xe4\x07\xfc\x80\xff\xf8\xf2\0\0",
        ]
        .concat();
        let shape = Shape::Fixed(ImageShape::new(1, 1, 3));
        let refused = Images { shape }.decode(&file, 1, &mut Batch::new()).unwrap_err();
        assert!(refused.contains("no lossless WebP"), "{refused}");
    }
}
