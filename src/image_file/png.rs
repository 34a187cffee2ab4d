//! PNG (W3C Recommendation, <https://www.w3.org/TR/png/>): a short way over libdeflate for the files that training sets
//! are made of (`plain`), the crate `png` for all others.

mod filter;
mod plain;
#[cfg(test)]
mod tests;

use crate::sample::{Batch, ImageShape};
use ::png::{BitDepth, ColorType, DecodeOptions, Reader, Transformations};
use filter::Choice;
use plain::Deflate;
use std::io::Cursor;

/// Which PNGs are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accept {
    /// Those that shelfmark writes: 8 bits a channel, no palette; every checksum right, and nothing behind the end.
    OurOwn,
    /// Those with at most 8 bits a channel: palettes become colours, a transparent colour an alpha channel. As tolerant as
    /// other readers: CRCs of the image are checked, Adler-32 and CRCs of other chunks are not.
    AnyOf8Bits,
}

/// Bytes that one byte of a deflate stream can stand for, at most (258 for every two bits).
const MAX_RATIO: usize = 1032;

/// Whether a file of so many bytes can hold so many bytes of rows: none are reserved for a header's claim alone.
fn can_hold(file_bytes: usize, row_bytes: usize) -> bool {
    row_bytes <= file_bytes.saturating_mul(MAX_RATIO)
}

type OpenPng<'a> = Reader<Cursor<&'a [u8]>>;

fn open(bytes: &[u8], accept: Accept) -> Result<(OpenPng<'_>, ImageShape), String> {
    let mut options = DecodeOptions::default();
    options.set_ignore_adler32(accept == Accept::AnyOf8Bits);
    options.set_skip_ancillary_crc_failures(accept == Accept::AnyOf8Bits);
    let mut decoder = ::png::Decoder::new_with_options(Cursor::new(bytes), options);
    if accept == Accept::AnyOf8Bits {
        decoder.set_transformations(Transformations::EXPAND);
    }
    let reader = decoder.read_info().map_err(|e| e.to_string())?;
    let info = reader.info();
    if accept == Accept::OurOwn && (info.bit_depth != BitDepth::Eight || info.color_type == ColorType::Indexed) {
        return Err(format!("{:?} with {:?} bits is not what this store holds", info.color_type, info.bit_depth));
    }
    let (color, depth) = reader.output_color_type();
    if depth != BitDepth::Eight {
        return Err("16 bits a channel, and shelfmark's images have 8".into());
    }
    let shape = ImageShape::new(info.height, info.width, color.samples() as u32);
    Ok((reader, shape))
}

/// Shape and orientation.
pub fn header(bytes: &[u8]) -> Result<(ImageShape, u8), String> {
    let (reader, shape) = open(bytes, Accept::AnyOf8Bits)?;
    let exif = reader.info().exif_metadata.as_ref();
    let orientation = exif.and_then(|exif| image::metadata::Orientation::from_exif_chunk(exif));
    Ok((shape, orientation.map_or(1, |orientation| orientation.to_exif())))
}

/// Decodes PNGs one after another, with scratch memory that is reused.
#[derive(Default)]
pub struct Decoder {
    plain: plain::Reader,
}

impl Decoder {
    /// Appends the image to `out`; what an error leaves there the caller removes.
    ///
    /// # Errors
    /// What is wrong with the file, or what `admit` says.
    pub fn decode(
        &mut self,
        bytes: &[u8],
        accept: Accept,
        admit: impl Fn(ImageShape) -> Result<(), String>,
        label: u32,
        out: &mut Batch,
    ) -> Result<(), String> {
        if self.plain.decode(bytes, |shape| admit(shape).is_ok(), label, out) {
            return Ok(());
        }
        decode_any(bytes, accept, admit, label, out)
    }
}

/// As [`Decoder::decode`], by the crate `png` alone.
fn decode_any(
    bytes: &[u8],
    accept: Accept,
    admit: impl Fn(ImageShape) -> Result<(), String>,
    label: u32,
    out: &mut Batch,
) -> Result<(), String> {
    let (mut reader, shape) = open(bytes, accept)?;
    admit(shape)?;
    let info = reader.info();
    // Before palettes and bits become bytes.
    if !can_hold(bytes.len(), (info.raw_row_length() - 1).saturating_mul(info.height as usize)) {
        return Err(format!("{} bytes are too few for a {shape} image", bytes.len()));
    }
    let pixels = out.push(shape, label);
    let frame = reader.next_frame(pixels).map_err(|e| e.to_string())?;
    if frame.buffer_size() != pixels.len() {
        // Anything less would leave old pixels in the buffer.
        return Err("the image data ends early".into());
    }
    // To the end, so that a missing tail (IEND, late CRC) is noticed too.
    reader.finish().map_err(|e| e.to_string())?;
    // The crate looks no further than the first end; a second PNG there would end like one.
    if accept == Accept::OurOwn && !plain::ends_once(bytes) {
        return Err("its last bytes are not the end of a PNG".into());
    }
    Ok(())
}

/// How hard to compress.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Every row filtered alike, and a deflate that knows what filtered rows are like.
    Fastest,
    /// Filters chosen row by row, as from here on; libdeflate's level 1.
    Fast,
    /// Files no larger than Pillow's, PNG's usual writer in this field.
    Balanced,
    /// As small as libdeflate makes them.
    High,
}

impl Level {
    /// What it means, in words.
    pub fn words(self) -> String {
        let (filter, deflate) = self.means();
        let filter = match filter {
            Choice::Always(_) => "filter Paeth",
            Choice::SmallestSum => "filters chosen row by row",
        };
        match deflate {
            Deflate::Fdeflate => format!("{filter}, fdeflate"),
            Deflate::Libdeflate(level) => format!("{filter}, libdeflate level {level}"),
        }
    }

    /// How filters are chosen, and what deflates.
    fn means(self) -> (Choice, Deflate) {
        match self {
            Self::Fastest => (Choice::Always(filter::PAETH), Deflate::Fdeflate),
            Self::Fast => (Choice::SmallestSum, Deflate::Libdeflate(1)),
            Self::Balanced => (Choice::SmallestSum, Deflate::Libdeflate(6)),
            Self::High => (Choice::SmallestSum, Deflate::Libdeflate(12)),
        }
    }
}

/// Encodes PNGs one after another, with scratch memory that is reused.
pub struct Encoder {
    plain: plain::Writer,
}

impl Encoder {
    /// An encoder of that level.
    pub fn new(level: Level) -> Self {
        let (filter, deflate) = level.means();
        Self { plain: plain::Writer::new(filter, deflate) }
    }

    /// Appends an image as PNG to `out`.
    ///
    /// # Errors
    /// For shapes that PNG does not have.
    pub fn encode(&mut self, shape: ImageShape, pixels: &[u8], out: &mut Vec<u8>) -> Result<(), String> {
        self.plain.encode(holds(shape)?, shape, pixels, out)
    }
}

/// Appends one image as PNG to `out`; for many there is [`Encoder`].
///
/// # Errors
/// For shapes that PNG does not have.
pub fn encode(shape: ImageShape, pixels: &[u8], level: Level, out: &mut Vec<u8>) -> Result<(), String> {
    Encoder::new(level).encode(shape, pixels, out)
}

/// How PNG keeps images of such a shape.
///
/// # Errors
/// Why it does not.
pub fn holds(shape: ImageShape) -> Result<ColorType, String> {
    match shape.channels {
        _ if shape.height == 0 || shape.width == 0 => Err("PNG has no images without pixels".into()),
        1 => Ok(ColorType::Grayscale),
        2 => Ok(ColorType::GrayscaleAlpha),
        3 => Ok(ColorType::Rgb),
        4 => Ok(ColorType::Rgba),
        other => Err(format!("PNG holds 1 to 4 channels, not {other}")),
    }
}
