//! What arrays of images and of labels have to be, whatever keeps them.

use crate::image_file::MAX_IMAGE_BYTES;
use crate::sample::ImageShape;

/// The shape of one image of an array: N x height x width, or with 1 to 4 channels behind.
pub fn image_shape(extents: &[u64]) -> Option<ImageShape> {
    let extent = |at: usize| extents.get(at).and_then(|extent| u32::try_from(*extent).ok());
    let shape = match extents.len() {
        3 => ImageShape::new(extent(1)?, extent(2)?, 1),
        4 => ImageShape::new(extent(1)?, extent(2)?, extent(3)?),
        _ => return None,
    };
    let sane = (1..=4).contains(&shape.channels) && (1..=MAX_IMAGE_BYTES).contains(&shape.bytes());
    sane.then_some(shape)
}

/// What to say where [`image_shape`] has none.
pub const IMAGES_ARE: &str = "images are N x height x width, or x 1 to 4 channels behind them";
/// And what to do.
pub const CHANNELS_LAST: &str = "transpose the array so that channels come last";

/// How a whole number is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Integer {
    /// Bytes: 1, 2, 4 or 8.
    pub size: usize,
    pub signed: bool,
    pub big_endian: bool,
}

impl Integer {
    /// By its name in NumPy (`<i8`, `|u1`) or elsewhere (`int64`, `uint8`), the latter little-endian.
    pub fn named(name: &str) -> Option<Self> {
        let of = |signed, bits: &str, unit: usize| {
            let size = bits.parse::<usize>().ok().filter(|bits| bits % unit == 0)? / unit;
            let big_endian = name.starts_with('>');
            [1, 2, 4, 8].contains(&size).then_some(Self { size, signed, big_endian })
        };
        match (name.strip_prefix("uint"), name.strip_prefix("int")) {
            (Some(bits), _) => of(false, bits, 8),
            (None, Some(bits)) => of(true, bits, 8),
            (None, None) => match name.trim_start_matches(['<', '>', '|', '=']).split_at_checked(1)? {
                ("u", bytes) => of(false, bytes, 1),
                ("i", bytes) => of(true, bytes, 1),
                _ => None,
            },
        }
    }

    /// The number in `bytes`, of which there are as many as it has.
    pub fn read(self, bytes: &[u8]) -> Option<i128> {
        let mut word = [0; 16];
        let (bytes, unsigned) = (bytes.get(..self.size)?, 8 * (16 - self.size));
        match self.big_endian {
            true => word[..self.size].iter_mut().zip(bytes.iter().rev()).for_each(|(to, from)| *to = *from),
            false => word[..self.size].copy_from_slice(bytes),
        }
        let value = i128::from_le_bytes(word);
        // Through the highest bits and back, which keeps the sign.
        Some(if self.signed { (value << unsigned) >> unsigned } else { value })
    }

    /// All labels in `bytes`.
    ///
    /// # Errors
    /// Which is none.
    pub fn labels(self, bytes: &[u8]) -> Result<Vec<u32>, String> {
        let label = |(nth, bytes): (usize, &[u8])| {
            let value = self.read(bytes).unwrap_or(-1);
            u32::try_from(value).map_err(|_| format!("label {nth} is {value}, which is below 0 or above 2^32"))
        };
        bytes.chunks_exact(self.size).enumerate().map(label).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_of_every_kind_are_read() {
        for (name, bytes, value) in [
            ("|u1", &[200][..], 200),
            ("|i1", &[200], -56),
            ("<i2", &[1, 2], 513),
            (">u2", &[1, 2], 258),
            (">i4", &[0xFF, 0xFF, 0xFF, 0xFE], -2),
            ("<i8", &[7, 0, 0, 0, 0, 0, 0, 0], 7),
            ("uint64", &[0xFF; 8], u64::MAX.into()),
            ("int16", &[0xFF; 2], -1),
        ] {
            assert_eq!(Integer::named(name).and_then(|kind| kind.read(bytes)), Some(value), "{name}");
        }
        for name in ["<f4", "|b1", "<i3", "<U5", "", "float32", "int", "int7", "|S1", "é8"] {
            assert_eq!(Integer::named(name), None, "{name}");
        }
        assert_eq!(Integer::named("<u2").unwrap().labels(&[1, 0, 0, 1]), Ok(vec![1, 256]));
        assert!(Integer::named("|i1").unwrap().labels(&[1, 0x80]).unwrap_err().contains("label 1 is -128"));
    }

    #[test]
    fn channels_come_last_and_are_at_most_four() {
        assert_eq!(image_shape(&[9, 3, 4]), Some(ImageShape::new(3, 4, 1)));
        assert_eq!(image_shape(&[9, 3, 4, 4]), Some(ImageShape::new(3, 4, 4)));
        for wrong in [&[9, 3][..], &[9, 3, 32, 32], &[9, 0, 4], &[9, 1 << 33, 1], &[9, 1 << 20, 1 << 20], &[1; 5]] {
            assert_eq!(image_shape(wrong), None, "{wrong:?}");
        }
    }
}
