//! `zstd`: the pixels (in a ragged store behind their shape, as of the codec `raw`) as one Zstandard frame (RFC 8878) that
//! says how long its content is.

use super::compressed::{Compress, Compressed, Decompress};
use super::{Codec, CodecInfo, Decoder, Encoder};
use crate::results::Native;
use crate::sample::{ImageShape, Shape};
use crate::store::facts::Facts;
use crate::store::options::{OptionInfo, Values, integer, word};
use ::zstd::bulk::{Compressor, Decompressor};
use ::zstd::zstd_safe::{CParameter, VERSION_NUMBER, compress_bound, get_frame_content_size};
use std::collections::BTreeMap;

const LEVEL: OptionInfo = OptionInfo {
    key: "level",
    values: Values::Integer { min: 1, max: 22 },
    default: "3",
    about: "the library's own default is 3; 19 and more take far longer",
    reading: false,
};

const CHECKSUM: OptionInfo = OptionInfo {
    key: "checksum",
    values: Values::OneOf(&["none", "xxh64"]),
    default: "none",
    about: "a checksum of the content behind each frame, as the command zstd writes it and libraries do not by default",
    reading: false,
};

pub const INFO: CodecInfo = CodecInfo {
    name: "zstd",
    about: "the pixels, compressed by Zstandard",
    facts: Facts {
        licence: "BSD-3-Clause",
        specification: "Zstandard Compression (RFC 8878)",
        others: "bindings of the same C library for every language; independent decoders in Go, Java, Rust",
    },
    options: &[LEVEL, CHECKSUM],
    extension: "zst",
    of_files: false,
    lossy: false,
    holds_label: false,
    grey: true,
    make: |id| {
        let level = integer(id, LEVEL.key).and_then(|level| i32::try_from(level).ok()).unwrap_or(3);
        Box::new(Zstd { level, checksum: word(id, &CHECKSUM) == "xxh64" })
    },
};

#[derive(Clone, Copy)]
struct Zstd {
    level: i32,
    checksum: bool,
}

impl Codec for Zstd {
    fn accepts(&self, _: ImageShape) -> Result<(), String> {
        Ok(())
    }

    fn encoder(&self, shape: &Shape) -> Box<dyn Encoder> {
        let mut library = Compressor::new(self.level).map_err(|e| e.to_string());
        if let (Ok(compressor), true) = (&mut library, self.checksum) {
            let set = compressor.set_parameter(CParameter::ChecksumFlag(true));
            library = set.map_err(|e| e.to_string()).and(library);
        }
        Box::new(Compressed::new(library, shape))
    }

    fn decoder(&self, shape: &Shape) -> Box<dyn Decoder> {
        Box::new(Compressed::new(Decompressor::new().map_err(|e| e.to_string()), shape))
    }

    fn checksums(&self) -> bool {
        self.checksum
    }

    fn native(&self) -> Native {
        let (major, minor, patch) = (VERSION_NUMBER / 10_000, VERSION_NUMBER / 100 % 100, VERSION_NUMBER % 100);
        Native { library: "Zstandard".into(), version: format!("{major}.{minor}.{patch}") }
    }

    fn settings(&self) -> BTreeMap<String, String> {
        BTreeMap::from([("zstd level".into(), self.level.to_string())])
    }
}

/// The library refuses a context only where there is no memory; that is told when it is used.
type Library<T> = Result<T, String>;

impl Compress for Library<Compressor<'static>> {
    fn compress(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), String> {
        let compressor = self.as_mut().map_err(|why| why.clone())?;
        let start = out.len();
        out.resize(start + compress_bound(bytes.len()), 0);
        let length = compressor.compress_to_buffer(bytes, &mut out[start..]).map_err(|e| e.to_string())?;
        out.truncate(start + length);
        Ok(())
    }
}

impl Decompress for Library<Decompressor<'static>> {
    fn length(&self, record: &[u8]) -> Result<u64, String> {
        let length = get_frame_content_size(record).map_err(|_| "it does not begin with a frame of zstd")?;
        length.ok_or_else(|| "its frame does not say how long its content is".into())
    }

    fn decompress(&mut self, record: &[u8], out: &mut [u8]) -> Result<(), String> {
        let decompressor = self.as_mut().map_err(|why| why.clone())?;
        let length = decompressor.decompress_to_buffer(record, out).map_err(|e| e.to_string())?;
        if length == out.len() { Ok(()) } else { Err(format!("{length} bytes came out of it, not {}", out.len())) }
    }
}
