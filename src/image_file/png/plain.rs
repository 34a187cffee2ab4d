//! A short way through the PNGs that training sets are made of: 8 bits a channel, no palette, not interlaced, one
//! stream, every CRC and the Adler-32 right (W3C PNG, <https://www.w3.org/TR/png/>). libdeflate inflates such a stream
//! at once, which is what makes it fast. Whatever is not so is left to the crate `png`, errors and their words included.

use super::can_hold;
use super::filter::{self, Choice};
use crate::sample::{Batch, ImageShape};
use ::png::ColorType;
use libdeflater::{CompressionLvl, Compressor, Decompressor, adler32, crc32};

const SIGNATURE: [u8; 8] = [0x89, b'P', b'N', b'G', 0x0D, 0x0A, 0x1A, 0x0A];

/// Length and kind of a chunk.
const CHUNK_HEAD: usize = 8;

/// A file's chunks, CRCs checked; ends at the first that is cut or damaged.
struct Chunks<'a>(&'a [u8]);

impl<'a> Iterator for Chunks<'a> {
    type Item = (&'a [u8; 4], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (length, rest) = self.0.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        let (covered, rest) = rest.split_at_checked(length.checked_add(4)?)?;
        let (crc, rest) = rest.split_first_chunk::<4>()?;
        if crc32(covered) != u32::from_be_bytes(*crc) {
            return None;
        }
        self.0 = rest;
        covered.split_first_chunk::<4>()
    }
}

/// Whether a file's first `IEND` ends it, every CRC before that being right.
pub fn ends_once(file: &[u8]) -> bool {
    let mut chunks = Chunks(file.strip_prefix(&SIGNATURE).unwrap_or_default());
    chunks.any(|(kind, _)| kind == b"IEND") && chunks.0.is_empty()
}

/// Shape of a plain image, from its first chunk.
fn shape(header: &[u8]) -> Option<ImageShape> {
    let (width, rest) = header.split_first_chunk::<4>()?;
    let (height, rest) = rest.split_first_chunk::<4>()?;
    // Bits, colour type, compression, filters, interlacing.
    let channels = match rest {
        [8, 0, 0, 0, 0] => 1,
        [8, 4, 0, 0, 0] => 2,
        [8, 2, 0, 0, 0] => 3,
        [8, 6, 0, 0, 0] => 4,
        _ => return None,
    };
    let (height, width) = (u32::from_be_bytes(*height), u32::from_be_bytes(*width));
    (height > 0 && width > 0).then_some(ImageShape::new(height, width, channels))
}

/// Reads plain PNGs, with scratch memory that is reused.
pub struct Reader {
    inflater: Decompressor,
    /// The stream, where it lies in several chunks.
    stream: Vec<u8>,
    filtered: Vec<u8>,
    /// The row above the first: never written.
    black: Vec<u8>,
}

impl Default for Reader {
    fn default() -> Self {
        Self { inflater: Decompressor::new(), stream: Vec::new(), filtered: Vec::new(), black: Vec::new() }
    }
}

impl Reader {
    /// Appends the image to `out`, if the file is plain and whole and `admit` takes its shape; says whether it did.
    pub fn decode(&mut self, file: &[u8], admit: impl Fn(ImageShape) -> bool, label: u32, out: &mut Batch) -> bool {
        self.inflate(file, admit).is_some_and(|shape| {
            let row = shape.width as usize * shape.channels as usize;
            self.black.resize(row, 0);
            let undone = filter::undo(&self.filtered, out.push(shape, label), &self.black, shape.channels as usize);
            if !undone {
                out.pop();
            }
            undone
        })
    }

    /// Fills `filtered`.
    fn inflate(&mut self, file: &[u8], admit: impl Fn(ImageShape) -> bool) -> Option<ImageShape> {
        let mut chunks = Chunks(file.strip_prefix(&SIGNATURE)?);
        let shape = match chunks.next()? {
            (b"IHDR", header) => shape(header)?,
            _ => return None,
        };
        if !can_hold(file.len(), shape.bytes()) || !admit(shape) {
            return None;
        }
        let (b"IDAT", mut stream) = chunks.next()? else { return None };
        let mut next = chunks.next()?;
        if next.0 == b"IDAT" {
            self.stream.clear();
            self.stream.extend_from_slice(stream);
            while let (b"IDAT", more) = next {
                self.stream.extend_from_slice(more);
                next = chunks.next()?;
            }
            stream = &self.stream;
        }
        if next != (b"IEND", &[]) || !chunks.0.is_empty() {
            return None;
        }
        let length = (shape.bytes()).checked_add(shape.height as usize)?;
        self.filtered.resize(length, 0);
        let inflated = self.inflater.zlib_decompress(stream, &mut self.filtered).ok()?;
        // libdeflate has checked the checksum and does not say where it was: nothing lies behind the stream, unless that
        // ends with the same four bytes.
        (inflated == length && stream.ends_with(&adler32(&self.filtered).to_be_bytes())).then_some(shape)
    }
}

/// What deflates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deflate {
    /// One fixed code, made for the rows of photographs, and runs of zeros: a tenth larger, several times as fast.
    Fdeflate,
    /// libdeflate, at a level from 0 to 12.
    Libdeflate(i32),
}

/// Writes PNGs, with scratch memory that is reused.
pub struct Writer {
    filter: Choice,
    /// None: [`Deflate::Fdeflate`].
    libdeflate: Option<Compressor>,
    filtered: Vec<u8>,
    rows: Vec<u8>,
}

impl Writer {
    /// A writer that chooses filters and deflates so.
    pub fn new(filter: Choice, deflate: Deflate) -> Self {
        let libdeflate = match deflate {
            Deflate::Fdeflate => None,
            Deflate::Libdeflate(level) => Some(Compressor::new(CompressionLvl::new(level).unwrap_or_default())),
        };
        Self { filter, libdeflate, filtered: Vec::new(), rows: Vec::new() }
    }

    /// Appends an image as PNG to `out`.
    ///
    /// # Errors
    /// When pixels and shape do not belong together.
    pub fn encode(
        &mut self,
        color: ColorType,
        shape: ImageShape,
        pixels: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), String> {
        if pixels.len() != shape.bytes() || pixels.is_empty() {
            return Err(format!("{} bytes of pixels do not make a {shape} image", pixels.len()));
        }
        let pixel = shape.channels as usize;
        self.filtered.clear();
        filter::apply(pixels, shape.width as usize * pixel, pixel, self.filter, &mut self.rows, &mut self.filtered);

        out.extend_from_slice(&SIGNATURE);
        chunk(out, b"IHDR", |out| {
            out.extend_from_slice(&shape.width.to_be_bytes());
            out.extend_from_slice(&shape.height.to_be_bytes());
            out.extend_from_slice(&[8, color as u8, 0, 0, 0]);
            Ok(())
        })?;
        chunk(out, b"IDAT", |out| {
            let Some(libdeflate) = &mut self.libdeflate else {
                let deflated = fdeflate::Compressor::new(out).and_then(|mut deflater| {
                    deflater.write_data(&self.filtered)?;
                    deflater.finish().map(|_| ())
                });
                return deflated.map_err(|e| e.to_string());
            };
            let start = out.len();
            out.resize(start + libdeflate.zlib_compress_bound(self.filtered.len()), 0);
            let length = libdeflate.zlib_compress(&self.filtered, &mut out[start..]).map_err(|e| e.to_string())?;
            out.truncate(start + length);
            Ok(())
        })?;
        chunk(out, b"IEND", |_| Ok(()))
    }
}

fn chunk(
    out: &mut Vec<u8>,
    kind: &[u8; 4],
    content: impl FnOnce(&mut Vec<u8>) -> Result<(), String>,
) -> Result<(), String> {
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(kind);
    content(out)?;
    let length = out.len() - start - CHUNK_HEAD;
    // PNG's own limit.
    let length = u32::try_from(length).ok().filter(|length| *length <= i32::MAX as u32);
    let length = length.ok_or("the image does not fit a PNG chunk of 2 GiB")?;
    out[start..start + 4].copy_from_slice(&length.to_be_bytes());
    let crc = crc32(&out[start + 4..]);
    out.extend_from_slice(&crc.to_be_bytes());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_alone_reserves_no_memory() {
        let mut file = Vec::new();
        let mut writer = Writer::new(Choice::Always(0), Deflate::Libdeflate(1));
        writer.encode(ColorType::Rgb, ImageShape::new(1, 1, 3), &[1, 2, 3], &mut file).unwrap();
        file[16..24].copy_from_slice(&[0, 0, 0x4E, 0x20, 0, 0, 0x4E, 0x20]); // 20,000 x 20,000
        let crc = crc32(&file[12..29]);
        file[29..33].copy_from_slice(&crc.to_be_bytes());
        let mut reader = Reader::default();
        assert!(!reader.decode(&file, |_| true, 0, &mut Batch::new()));
        assert_eq!(reader.filtered.capacity(), 0);
    }
}
