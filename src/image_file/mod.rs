//! Encoded image files, as people keep them: what they are by their first bytes, their shape by their header, and their
//! pixels. Grey, grey + alpha, RGB and RGBA stay what they are; palettes become the colours they stand for; CMYK becomes
//! RGB; more than 8 bits a channel is refused, because dropping bits in silence would be a lie. The orientation in
//! EXIF data is told and not applied.

pub mod jpeg;
mod other;
pub mod png;

use crate::sample::{Batch, ImageShape};

/// Largest decoded image that is accepted where nothing else limits it: 1 GiB.
pub const MAX_IMAGE_BYTES: usize = 1 << 30;

/// A file format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// JPEG (ITU-T T.81).
    Jpeg,
    /// PNG (W3C).
    Png,
    /// WebP (RFC 9649).
    WebP,
    /// Windows bitmap.
    Bmp,
    /// TIFF 6.0.
    Tiff,
    /// PBM, PGM, PPM, PAM (Netpbm).
    Pnm,
}

impl Kind {
    /// What a file is, by its first bytes; names and endings are not asked.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0xFF, 0xD8, 0xFF, ..] => Some(Self::Jpeg),
            [0x89, b'P', b'N', b'G', 0x0D, 0x0A, 0x1A, 0x0A, ..] => Some(Self::Png),
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(Self::WebP),
            [b'B', b'M', ..] => Some(Self::Bmp),
            [b'I', b'I', 42, 0, ..] | [b'M', b'M', 0, 42, ..] => Some(Self::Tiff),
            [b'P', b'1'..=b'7', b' ' | b'\t' | b'\r' | b'\n', ..] => Some(Self::Pnm),
            _ => None,
        }
    }

    /// The usual ending of such a file's name, without the dot.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Png => "png",
            Self::WebP => "webp",
            Self::Bmp => "bmp",
            Self::Tiff => "tiff",
            Self::Pnm => "pnm",
        }
    }
}

/// What a file says of itself before its pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// What it is.
    pub kind: Kind,
    /// Shape of the decoded image.
    pub shape: ImageShape,
    /// Orientation as in EXIF, 1 (upright) to 8.
    pub orientation: u8,
}

/// Reads the header of a file. A beginning of the file is enough if the header lies in it.
///
/// # Errors
/// Why it is no image that shelfmark can hold.
pub fn header(bytes: &[u8]) -> Result<Header, String> {
    let kind = kind_of(bytes)?;
    let (shape, orientation) = match kind {
        Kind::Jpeg => jpeg::header(bytes)?,
        Kind::Png => png::header(bytes)?,
        _ => other::header(bytes)?,
    };
    refuse_giants(shape)?;
    Ok(Header { kind, shape, orientation })
}

/// Decodes files one after another, with scratch memory that is reused.
#[derive(Default)]
pub struct Decoder {
    png: png::Decoder,
}

impl Decoder {
    /// Appends the decoded image to `out`. `admit` may refuse its shape before anything is allocated for it.
    ///
    /// # Errors
    /// Why it cannot be decoded; `out` is then as before.
    pub fn decode(
        &mut self,
        bytes: &[u8],
        admit: impl Fn(ImageShape) -> Result<(), String>,
        label: u32,
        out: &mut Batch,
    ) -> Result<(), String> {
        let admit = |shape| refuse_giants(shape).and_then(|()| admit(shape));
        let before = out.len();
        let outcome = match kind_of(bytes)? {
            Kind::Jpeg => jpeg::decode(bytes, admit, label, out),
            Kind::Png => self.png.decode(bytes, png::Accept::AnyOf8Bits, admit, label, out),
            _ => other::decode(bytes, admit, label, out),
        };
        if outcome.is_err() && out.len() > before {
            out.pop();
        }
        outcome
    }
}

/// Appends one decoded image to `out`; for many there is [`Decoder`].
///
/// # Errors
/// As [`Decoder::decode`].
pub fn decode(
    bytes: &[u8],
    admit: impl Fn(ImageShape) -> Result<(), String>,
    label: u32,
    out: &mut Batch,
) -> Result<(), String> {
    Decoder::default().decode(bytes, admit, label, out)
}

fn kind_of(bytes: &[u8]) -> Result<Kind, String> {
    let known = "JPEG, PNG, WebP, BMP, TIFF or PNM";
    Kind::of(bytes).ok_or_else(|| {
        if bytes.is_empty() {
            "the file is empty".into()
        } else {
            format!("its first bytes are those of no {known} file")
        }
    })
}

fn refuse_giants(shape: ImageShape) -> Result<(), String> {
    match shape.bytes() {
        0 => Err(format!("an image of {shape} has no pixels")),
        1..=MAX_IMAGE_BYTES => Ok(()),
        _ => Err(format!("an image of {shape} is larger than 1 GiB")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{DynamicImage, ImageFormat};

    fn encoded(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
        let mut bytes = std::io::Cursor::new(Vec::new());
        image.write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    fn decoded(bytes: &[u8]) -> Result<(ImageShape, Vec<u8>), String> {
        let mut out = Batch::new();
        decode(bytes, |_| Ok(()), 3, &mut out)?;
        let sample = out.get(0).unwrap();
        assert_eq!(sample.label, 3);
        Ok((sample.shape, sample.pixels.to_vec()))
    }

    fn picture() -> image::RgbaImage {
        image::RgbaImage::from_fn(13, 7, |x, y| {
            image::Rgba([(x * 19) as u8, (y * 31) as u8, (x * y) as u8, 255 - x as u8])
        })
    }

    #[test]
    fn lossless_files_give_their_pixels_and_headers_their_shape() {
        let rgba = DynamicImage::from(picture());
        for (image, channels) in [
            (rgba.clone(), 4),
            (DynamicImage::from(rgba.to_rgb8()), 3),
            (DynamicImage::from(rgba.to_luma_alpha8()), 2),
            (DynamicImage::from(rgba.to_luma8()), 1),
        ] {
            use ImageFormat::{Bmp, Png, Pnm, Tiff, WebP};
            let formats: &[ImageFormat] = match channels {
                1 => &[Png, Tiff, Pnm],
                2 => &[Png],
                3 => &[Png, Bmp, Tiff, WebP, Pnm],
                _ => &[Png, Tiff, WebP],
            };
            for &format in formats {
                let bytes = encoded(&image, format);
                let shape = ImageShape::new(7, 13, channels);
                assert_eq!(header(&bytes).map(|h| (h.shape, h.orientation)), Ok((shape, 1)), "{format:?}");
                assert_eq!(decoded(&bytes), Ok((shape, image.as_bytes().to_vec())), "{format:?}");
            }
        }
    }

    #[test]
    fn a_jpeg_gives_what_another_decoder_gives_but_for_rounding() {
        let rgb = DynamicImage::from(DynamicImage::from(picture()).to_rgb8());
        for image in [rgb.clone(), DynamicImage::from(rgb.to_luma8())] {
            let bytes = encoded(&image, ImageFormat::Jpeg);
            let (shape, pixels) = decoded(&bytes).unwrap();
            assert_eq!((shape, 1), header(&bytes).map(|h| (h.shape, h.orientation)).unwrap());
            assert_eq!(shape.channels, u32::from(image.color().channel_count()));
            let other = image::load_from_memory(&bytes).unwrap();
            let apart = pixels.iter().zip(other.as_bytes()).map(|(a, b)| a.abs_diff(*b)).max();
            assert!(apart <= Some(3), "{apart:?}");
        }
    }

    #[test]
    fn palettes_become_colours() {
        let mut bytes = Vec::new();
        let mut encoder = ::png::Encoder::new(&mut bytes, 2, 1);
        encoder.set_color(::png::ColorType::Indexed);
        encoder.set_depth(::png::BitDepth::Two);
        encoder.set_palette(vec![1, 2, 3, 40, 50, 60]);
        encoder.write_header().unwrap().write_image_data(&[0b0100_0000]).unwrap();
        assert_eq!(decoded(&bytes), Ok((ImageShape::new(1, 2, 3), vec![40, 50, 60, 1, 2, 3])));
        assert_eq!(header(&bytes).map(|h| h.shape), Ok(ImageShape::new(1, 2, 3)));
    }

    #[test]
    fn what_cannot_be_held_is_refused_with_the_reason() {
        let sixteen = DynamicImage::from(DynamicImage::from(picture()).to_rgb16());
        for format in [ImageFormat::Png, ImageFormat::Tiff] {
            let bytes = encoded(&sixteen, format);
            assert!(header(&bytes).unwrap_err().contains("16"), "{format:?}");
            assert!(decoded(&bytes).unwrap_err().contains("16"), "{format:?}");
        }
        assert!(header(b"").unwrap_err().contains("empty"));
        assert!(header(b"hello, world").unwrap_err().contains("first bytes"));
        let refused = decode(&encoded(&picture().into(), ImageFormat::Png), |_| Err("no".into()), 0, &mut Batch::new());
        assert_eq!(refused, Err("no".into()));
    }

    #[test]
    fn a_file_cut_short_is_an_error_and_leaves_the_batch_as_it_was() {
        let rgb = DynamicImage::from(DynamicImage::from(picture()).to_rgb8()).resize_exact(
            200,
            150,
            image::imageops::FilterType::Triangle,
        );
        use ImageFormat::{Bmp, Jpeg, Png, Pnm, Tiff, WebP};
        for format in [Jpeg, Png, Bmp, Tiff, WebP, Pnm] {
            let whole = encoded(&rgb, format);
            for keep in [0, 1, 5, 20, 40, whole.len() / 2, whole.len() * 3 / 4] {
                let mut out = Batch::new();
                out.push(ImageShape::new(1, 1, 1), 9).copy_from_slice(&[7]);
                let outcome = decode(&whole[..keep], |_| Ok(()), 0, &mut out);
                assert!(outcome.is_err(), "{format:?} with {keep} of {} bytes", whole.len());
                assert_eq!((out.len(), out.bytes()), (1, 1), "{format:?} with {keep} bytes");
            }
        }
    }
}
