//! `lz4`: the pixels (in a ragged store behind their shape, as of the codec `raw`) as one block of LZ4
//! (<https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md>) behind its length (little-endian `u32`), as Python's
//! `lz4.block` writes it.

use super::compressed::{Compress, Compressed, Decompress};
use super::{Codec, CodecInfo, Decoder, Encoder};
use crate::results::Native;
use crate::sample::{ImageShape, Shape};
use crate::store::facts::Facts;
use ::lz4_flex::block;
use std::collections::BTreeMap;

pub const INFO: CodecInfo = CodecInfo {
    name: "lz4",
    about: "the pixels, compressed by LZ4",
    facts: Facts {
        licence: "MIT (lz4_flex)",
        specification: "LZ4 Block Format Description, behind the length as in Python's lz4.block",
        others: "the C library lz4 and its bindings for every language",
    },
    options: &[],
    extension: "lz4",
    of_files: false,
    lossy: false,
    holds_label: false,
    grey: true,
    make: |_| Box::new(Lz4),
};

struct Lz4;

impl Codec for Lz4 {
    fn accepts(&self, _: ImageShape) -> Result<(), String> {
        Ok(())
    }

    fn encoder(&self, shape: &Shape) -> Box<dyn Encoder> {
        Box::new(Compressed::new(Block, shape))
    }

    fn decoder(&self, shape: &Shape) -> Box<dyn Decoder> {
        Box::new(Compressed::new(Block, shape))
    }

    fn native(&self) -> Native {
        Native { library: "lz4_flex".into(), version: env!("BUILT_LZ4_FLEX_VERSION").into() }
    }

    fn settings(&self) -> BTreeMap<String, String> {
        BTreeMap::new()
    }
}

/// Blocks behind their length.
struct Block;

impl Compress for Block {
    fn compress(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), String> {
        let length = u32::try_from(bytes.len()).map_err(|_| "it has 4 GiB or more")?;
        out.extend_from_slice(&length.to_le_bytes());
        let start = out.len();
        out.resize(start + block::get_maximum_output_size(bytes.len()), 0);
        let written = block::compress_into(bytes, &mut out[start..]).map_err(|e| e.to_string())?;
        out.truncate(start + written);
        Ok(())
    }
}

impl Decompress for Block {
    fn length(&self, record: &[u8]) -> Result<u64, String> {
        let (length, _) = record.split_first_chunk::<4>().ok_or("it ends inside its length")?;
        Ok(u64::from(u32::from_le_bytes(*length)))
    }

    fn decompress(&mut self, record: &[u8], out: &mut [u8]) -> Result<(), String> {
        let (_, bytes) = record.split_first_chunk::<4>().ok_or("it ends inside its length")?;
        let length = block::decompress_into(bytes, out).map_err(|e| e.to_string())?;
        if length == out.len() { Ok(()) } else { Err(format!("{length} bytes came out of it, not {}", out.len())) }
    }
}
