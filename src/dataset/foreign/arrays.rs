//! What arrays of images and of labels have to be, whatever keeps them, and a dataset of two.

use super::refuse;
use crate::dataset::{Dataset, memory::out_of_range};
use crate::error::Result;
use crate::image_file::MAX_IMAGE_BYTES;
use crate::sample::{Batch, ImageShape, Shape};
use std::path::{Path, PathBuf};

/// What has the pixels of an array of images.
pub trait Pixels: Send + Sync {
    /// Reads those of image `index`, of which there is one, into `out`, which is as long as they are. `path` is for errors.
    ///
    /// # Errors
    /// What the library or system says.
    fn read(&self, index: u64, out: &mut [u8], path: &Path) -> Result<()>;
}

/// Images of one shape, and their labels.
pub struct Arrays<P> {
    /// All that it was asked for with.
    pub name: String,
    pub path: PathBuf,
    pub shape: ImageShape,
    pub images: u64,
    /// One for each image; where there are none, all are 0.
    pub labels: Option<Vec<u32>>,
    /// That of its files when it was opened.
    pub state: Option<u64>,
    pub remarks: Vec<String>,
    pub pixels: P,
}

impl<P: Pixels> Dataset for Arrays<P> {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn len(&self) -> u64 {
        self.images
    }

    fn path(&self) -> Option<&Path> {
        Some(&self.path)
    }

    fn state(&self, _: u64) -> Option<u64> {
        self.state
    }

    fn shape(&self) -> Shape {
        Shape::Fixed(self.shape)
    }

    fn read(&self, index: u64, out: &mut Batch) -> Result<()> {
        let at = usize::try_from(index).ok().filter(|_| index < self.images);
        let label = at.and_then(|at| self.labels.as_ref().map_or(Some(0), |labels| labels.get(at).copied()));
        let label = label.ok_or_else(|| out_of_range(&self.name, index, self.images))?;
        let read = self.pixels.read(index, out.push(self.shape, label), &self.path);
        if read.is_err() {
            out.pop();
        }
        read
    }

    fn remarks(&self) -> Vec<String> {
        self.remarks.clone()
    }
}

/// How many images the array at `path` has, and of what shape, which is one of such numbers.
///
/// # Errors
/// When it holds something else, or nothing.
pub fn images_of(path: &Path, numbers: &str, extents: &[u64]) -> Result<(u64, ImageShape)> {
    // Of a single byte the order says nothing, and some programs write one all the same: `<u1`.
    if Integer::named(numbers).is_none_or(|kind| kind.size != 1 || kind.signed) {
        let cause = format!("it holds {numbers}, and images are unsigned bytes (uint8)");
        return Err(refuse(path, cause, "write the pixels as uint8"));
    }
    let shape = image_shape(extents)
        .ok_or_else(|| refuse(path, format!("it is {extents:?}, and {IMAGES_ARE}"), CHANNELS_LAST))?;
    match extents.first() {
        Some(images) if *images > 0 => Ok((*images, shape)),
        _ => Err(refuse(path, "it is empty", "check the path")),
    }
}

/// How the array at `path`, one of such numbers, keeps the labels of so many `images`; `remedy` is for another number of them.
///
/// # Errors
/// When it holds something else.
pub fn labels_of(path: &Path, numbers: &str, extents: &[u64], images: u64, remedy: &str) -> Result<Integer> {
    let Some(kind) = Integer::named(numbers) else {
        let cause = format!("it holds {numbers}, and labels are whole numbers");
        return Err(refuse(path, cause, "number the classes from 0, as int64 for instance"));
    };
    match extents {
        [count] | [count, 1] if *count == images => Ok(kind),
        _ => Err(refuse(path, format!("it is {extents:?}, for {images} images"), remedy)),
    }
}

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

    /// Pixels that cannot be read.
    struct Gone;

    impl Pixels for Gone {
        fn read(&self, _: u64, _: &mut [u8], path: &Path) -> Result<()> {
            Err(refuse(path, "gone", "bring it back"))
        }
    }

    #[test]
    fn of_an_image_that_cannot_be_read_nothing_is_delivered() {
        let (name, path, shape) = (String::new(), PathBuf::new(), ImageShape::new(1, 1, 1));
        let set = Arrays { name, path, shape, images: 1, labels: None, state: None, remarks: vec![], pixels: Gone };
        let mut out = Batch::new();
        assert!(set.read(0, &mut out).is_err());
        assert_eq!(out.len(), 0);
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
