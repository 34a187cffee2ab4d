//! What `zstd` and `lz4` share: a record of the codec `raw`, compressed by a library for bytes of any kind.

use super::{Decoder, Encoder, raw};
use crate::sample::{Batch, Sample, Shape};

/// Compresses bytes.
pub(super) trait Compress: Send {
    /// Appends what becomes of `bytes` to `out`.
    ///
    /// # Errors
    /// What the library says.
    fn compress(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), String>;
}

/// And back.
pub(super) trait Decompress: Send {
    /// How many bytes a record claims to hold. Nothing is allocated for them before they are known to be as many as an
    /// image has.
    ///
    /// # Errors
    /// Why it is no record of this kind.
    fn length(&self, record: &[u8]) -> Result<u64, String>;

    /// Fills `out`, which is as long as the record claims.
    ///
    /// # Errors
    /// Why the bytes are damaged.
    fn decompress(&mut self, record: &[u8], out: &mut [u8]) -> Result<(), String>;
}

/// Images to compressed records.
pub(super) struct Compressed<C> {
    /// What compresses.
    pub library: C,
    /// Makes the record that is compressed.
    pub plain: raw::RawRecords,
    /// That record, where it is not the pixels alone.
    pub scratch: Vec<u8>,
}

impl<C> Compressed<C> {
    /// For a store of this shape.
    pub fn new(library: C, shape: &Shape) -> Self {
        Self { library, plain: raw::RawRecords::new(shape), scratch: Vec::new() }
    }
}

impl<C: Compress> Encoder for Compressed<C> {
    fn encode(&mut self, sample: &Sample<'_>, out: &mut Vec<u8>) -> Result<(), String> {
        if self.plain.fixed().is_some() {
            return self.library.compress(sample.pixels, out);
        }
        self.scratch.clear();
        self.plain.encode(sample, &mut self.scratch)?;
        self.library.compress(&self.scratch, out)
    }
}

impl<C: Decompress> Decoder for Compressed<C> {
    fn decode(&mut self, record: &[u8], label: u32, out: &mut Batch) -> Result<(), String> {
        let length = self.library.length(record)?;
        let most = self.plain.most_bytes() as u64;
        let Some(shape) = self.plain.fixed() else {
            if length > most {
                return Err(format!(
                    "the record claims {length} bytes, and no image of the store has more than {most}"
                ));
            }
            self.scratch.resize(length as usize, 0);
            self.library.decompress(record, &mut self.scratch)?;
            return self.plain.decode(&self.scratch, label, out);
        };
        if length != most {
            return Err(format!("the record claims {length} bytes of pixels, a {shape} image has {most}"));
        }
        // Straight to where the pixels are wanted.
        let before = out.len();
        let filled = self.library.decompress(record, out.push(shape, label));
        if filled.is_err() && out.len() > before {
            out.pop();
        }
        filled
    }
}
