//! JPEG, decoded by `zune-jpeg` and encoded by `jpeg-encoder`: they need no library of the system, and decoding takes
//! 1.17 times as long as libjpeg-turbo's (METHODOLOGY.md).

use crate::sample::{Batch, ImageShape};
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

/// The largest extent that the format has.
const MAX_EXTENT: u16 = u16::MAX;

/// No subsampling: colours as sharp as brightness (4:4:4).
pub const FULL_COLOUR: SamplingFactor = SamplingFactor::R_4_4_4;

type Decoder<'a> = JpegDecoder<ZCursor<&'a [u8]>>;

fn open(bytes: &[u8]) -> Result<(Decoder<'_>, ImageShape), String> {
    // Strict: a file cut short is an error, not a picture that ends in grey.
    let options = DecoderOptions::new_fast()
        .set_max_width(MAX_EXTENT.into())
        .set_max_height(MAX_EXTENT.into())
        .set_strict_mode(true);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(|e| explain(&e))?;
    let info = decoder.info().ok_or("there is no header")?;
    let (colors, channels) = if info.components == 1 { (ColorSpace::Luma, 1) } else { (ColorSpace::RGB, 3) };
    decoder.set_options(options.jpeg_set_out_colorspace(colors));
    Ok((decoder, ImageShape::new(u32::from(info.height), u32::from(info.width), channels)))
}

/// Shape and orientation.
///
/// # Errors
/// What is wrong with the file.
pub fn header(bytes: &[u8]) -> Result<(ImageShape, u8), String> {
    let (decoder, shape) = open(bytes)?;
    let orientation = decoder.exif().and_then(|exif| image::metadata::Orientation::from_exif_chunk(exif));
    Ok((shape, orientation.map_or(1, |orientation| orientation.to_exif())))
}

/// Appends the image to `out`; what an error leaves there the caller removes.
///
/// # Errors
/// What is wrong with the file, or what `admit` says.
pub fn decode(
    bytes: &[u8],
    admit: impl Fn(ImageShape) -> Result<(), String>,
    label: u32,
    out: &mut Batch,
) -> Result<(), String> {
    let (mut decoder, shape) = open(bytes)?;
    admit(shape)?;
    let pixels = out.push(shape, label);
    // Anything less would leave old pixels in the buffer.
    if decoder.output_buffer_size() != Some(pixels.len()) {
        return Err(format!("{:?} bytes do not make a {shape} image", decoder.output_buffer_size()));
    }
    decoder.decode_into(pixels).map_err(|e| explain(&e))
}

/// The decoder's messages are Rust values printed for debugging.
fn explain(error: &zune_jpeg::errors::DecodeErrors) -> String {
    let text = format!("{error:?}");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Appends an image as baseline JPEG to `out`.
///
/// # Errors
/// For shapes that JPEG does not have.
pub fn encode(
    shape: ImageShape,
    pixels: &[u8],
    quality: u8,
    subsampling: SamplingFactor,
    out: &mut Vec<u8>,
) -> Result<(), String> {
    let colors = holds(shape)?;
    let mut encoder = Encoder::new(out, quality);
    encoder.set_sampling_factor(subsampling);
    // Both fit: `holds` looked.
    encoder.encode(pixels, shape.width as u16, shape.height as u16, colors).map_err(|e| e.to_string())
}

/// JPEG's name for the colours of such an image.
///
/// # Errors
/// Where there is no such JPEG.
pub fn holds(shape: ImageShape) -> Result<ColorType, String> {
    let max = u32::from(MAX_EXTENT);
    if shape.height > max || shape.width > max || shape.bytes() == 0 {
        return Err(format!("JPEG has 1 to 65,535 rows and columns, and the image is {shape}"));
    }
    match shape.channels {
        1 => Ok(ColorType::Luma),
        3 => Ok(ColorType::Rgb),
        other => Err(format!("JPEG holds 1 or 3 channels, not {other}; try png, or --rgb")),
    }
}
