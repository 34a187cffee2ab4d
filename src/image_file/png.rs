//! PNG, encoded and decoded by the crate `png`, which checks the chunks' CRCs.

use crate::sample::{Batch, ImageShape};
use ::png::{BitDepth, ColorType, Compression, Decoder, Encoder, Reader, Transformations};
use std::io::Cursor;

/// Which PNGs are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accept {
    /// Those that shelfmark writes: 8 bits a channel, no palette.
    OurOwn,
    /// Those with at most 8 bits a channel: palettes become colours, a transparent colour an alpha channel.
    AnyOf8Bits,
}

type OpenPng<'a> = Reader<Cursor<&'a [u8]>>;

fn open(bytes: &[u8], accept: Accept) -> Result<(OpenPng<'_>, ImageShape), String> {
    let mut decoder = Decoder::new(Cursor::new(bytes));
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

/// Appends the image to `out`; what an error leaves there the caller removes.
///
/// # Errors
/// What is wrong with the file, or what `admit` says.
pub fn decode(
    bytes: &[u8],
    accept: Accept,
    admit: impl Fn(ImageShape) -> Result<(), String>,
    label: u32,
    out: &mut Batch,
) -> Result<(), String> {
    let (mut reader, shape) = open(bytes, accept)?;
    admit(shape)?;
    let pixels = out.push(shape, label);
    let frame = reader.next_frame(pixels).map_err(|e| e.to_string())?;
    if frame.buffer_size() != pixels.len() {
        // Anything less would leave old pixels in the buffer.
        return Err("the image data ends early".into());
    }
    // To the end, so that a missing tail (IEND, late CRC) is noticed too.
    reader.finish().map_err(|e| e.to_string())
}

/// Appends an image as PNG to `out`.
///
/// # Errors
/// For shapes that PNG does not have.
pub fn encode(shape: ImageShape, pixels: &[u8], compression: Compression, out: &mut Vec<u8>) -> Result<(), String> {
    let ImageShape { height, width, channels } = shape;
    let mut encoder = Encoder::new(out, width, height);
    encoder.set_color(color_type(channels)?);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_compression(compression);
    let mut writer = encoder.write_header().map_err(|e| e.to_string())?;
    writer.write_image_data(pixels).map_err(|e| e.to_string())?;
    writer.finish().map_err(|e| e.to_string())
}

/// PNG's name for so many channels.
///
/// # Errors
/// Where it has none.
pub fn color_type(channels: u32) -> Result<ColorType, String> {
    match channels {
        1 => Ok(ColorType::Grayscale),
        2 => Ok(ColorType::GrayscaleAlpha),
        3 => Ok(ColorType::Rgb),
        4 => Ok(ColorType::Rgba),
        other => Err(format!("PNG holds 1 to 4 channels, not {other}")),
    }
}
