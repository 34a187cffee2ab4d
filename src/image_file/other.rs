//! WebP, BMP, TIFF and PNM, decoded by the crate `image`.

use super::MAX_IMAGE_BYTES;
use crate::sample::{Batch, ImageShape};
use image::{ColorType, ImageDecoder, ImageReader, Limits};
use std::io::Cursor;

fn open(bytes: &[u8]) -> Result<(impl ImageDecoder, ImageShape), String> {
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().map_err(|e| e.to_string())?;
    let mut limits = Limits::default();
    limits.max_alloc = Some(2 * MAX_IMAGE_BYTES as u64);
    reader.limits(limits);
    let decoder = reader.into_decoder().map_err(|e| e.to_string())?;
    let channels = match decoder.color_type() {
        ColorType::L8 => 1,
        ColorType::La8 => 2,
        ColorType::Rgb8 => 3,
        ColorType::Rgba8 => 4,
        other => return Err(format!("{} bits a channel, and shelfmark's images have 8", bits(other))),
    };
    let (width, height) = decoder.dimensions();
    Ok((decoder, ImageShape::new(height, width, channels)))
}

fn bits(color: ColorType) -> u16 {
    color.bits_per_pixel() / u16::from(color.channel_count())
}

/// Shape and orientation.
pub fn header(bytes: &[u8]) -> Result<(ImageShape, u8), String> {
    let (mut decoder, shape) = open(bytes)?;
    // A file without readable EXIF data is upright.
    Ok((shape, decoder.orientation().map_or(1, |orientation| orientation.to_exif())))
}

/// Appends the image to `out`; what an error leaves there the caller removes.
pub fn decode(
    bytes: &[u8],
    admit: impl Fn(ImageShape) -> Result<(), String>,
    label: u32,
    out: &mut Batch,
) -> Result<(), String> {
    let (decoder, shape) = open(bytes)?;
    admit(shape)?;
    // Checked, because the decoder panics where the buffer has another length.
    if decoder.total_bytes() != shape.bytes() as u64 {
        return Err(format!("{} bytes do not make a {shape} image", decoder.total_bytes()));
    }
    decoder.read_image(out.push(shape, label)).map_err(|e| e.to_string())
}
