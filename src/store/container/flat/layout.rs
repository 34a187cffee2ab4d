//! Which bytes are which: read once on opening, and compared with the lengths of the files.

use super::{IMAGES, LABELS, SHAPES};
use crate::error::{IoContext, Result};
use crate::sample::{ImageShape, Shape};
use crate::store::StoreSpec;
use crate::store::container::StoreName;
use std::fs::File;
use std::io::Read;
use std::ops::Range;

/// Bytes of a label.
const LABEL: u64 = 4;
/// Bytes of a shape.
const SHAPE: u64 = 12;

/// Labels, shapes and where pixels begin.
pub struct Layout {
    labels: Vec<u32>,
    places: Places,
}

enum Places {
    /// All images alike.
    Even(ImageShape),
    /// Each its own shape; and where each begins, with the end of the last.
    Uneven { shapes: Vec<ImageShape>, offsets: Vec<u64> },
}

impl Layout {
    /// Reads the files beside the pixels, and opens that of the pixels. Nothing is allocated that the files are not
    /// long enough for.
    ///
    /// # Errors
    /// When a file is missing, or not as long as it has to be.
    pub fn open(spec: &StoreSpec, name: &StoreName) -> Result<(Self, File)> {
        let labels = read_words(LABELS, spec.images, LABEL, name)?;
        let places = match spec.shape {
            Shape::Fixed(shape) => Places::Even(shape),
            Shape::Ragged { .. } => uneven(spec, name)?,
        };
        let layout = Self { labels, places };
        let path = name.path.join(IMAGES);
        let file = File::open(&path).at("open", &path)?;
        let found = file.metadata().at("look at", &path)?.len();
        let expected = layout.checked_bytes();
        if expected != Some(found) {
            let expected = expected.map_or("more than any file can hold".into(), |bytes| format!("{bytes} bytes"));
            return Err(name.damaged(format!("{IMAGES} is {found} bytes long, its images are {expected}")));
        }
        Ok((layout, file))
    }

    /// Number of images.
    pub fn images(&self) -> u64 {
        self.labels.len() as u64
    }

    /// Bytes of all pixels, which is how long the file is.
    pub fn bytes(&self) -> u64 {
        // Known from opening to be the length of a file.
        self.checked_bytes().unwrap_or(0)
    }

    fn checked_bytes(&self) -> Option<u64> {
        match &self.places {
            Places::Even(shape) => (shape.bytes() as u64).checked_mul(self.images()),
            Places::Uneven { offsets, .. } => offsets.last().copied(),
        }
    }

    /// Where the pixels of `images` begin. Call with images that there are.
    pub fn offset(&self, image: usize) -> u64 {
        match &self.places {
            Places::Even(shape) => shape.bytes() as u64 * image as u64,
            Places::Uneven { offsets, .. } => offsets[image],
        }
    }

    /// Shapes and labels of `images`. Call with images that there are.
    pub fn samples(&self, images: Range<usize>) -> impl Iterator<Item = (ImageShape, u32)> + '_ {
        images.map(|image| {
            let shape = match &self.places {
                Places::Even(shape) => *shape,
                Places::Uneven { shapes, .. } => shapes[image],
            };
            (shape, self.labels[image])
        })
    }
}

fn uneven(spec: &StoreSpec, name: &StoreName) -> Result<Places> {
    let words = read_words(SHAPES, spec.images, SHAPE, name)?;
    let shapes: Vec<_> = words.chunks_exact(3).map(|shape| ImageShape::new(shape[0], shape[1], shape[2])).collect();
    let mut offsets = Vec::with_capacity(shapes.len() + 1);
    let mut end = 0_u64;
    offsets.push(end);
    for (image, shape) in shapes.iter().enumerate() {
        if !spec.shape.admits(*shape) {
            return Err(name.damaged(format!("image {image} is {shape} in a store of shape {}", spec.shape)));
        }
        let next = end.checked_add(shape.bytes() as u64);
        end = next.ok_or_else(|| name.damaged(format!("{SHAPES} tells of more bytes than any file can hold")))?;
        offsets.push(end);
    }
    Ok(Places::Uneven { shapes, offsets })
}

/// The little-endian words of a file that has to hold `bytes` for each image.
fn read_words(file_name: &str, images: u64, bytes: u64, name: &StoreName) -> Result<Vec<u32>> {
    let path = name.path.join(file_name);
    let mut file = File::open(&path).at("open", &path)?;
    let found = file.metadata().at("look at", &path)?.len();
    if images.checked_mul(bytes) != Some(found) {
        return Err(name.damaged(format!("{file_name} is {found} bytes long, {bytes} an image for {images} images")));
    }
    // As long as the file, so there is room for it wherever a file of such a length can be read.
    let mut content = Vec::with_capacity(usize::try_from(found).unwrap_or(0));
    file.read_to_end(&mut content).at("read", &path)?;
    if content.len() as u64 != found {
        return Err(name.damaged(format!("{file_name} changed its length while it was read")));
    }
    Ok(content.chunks_exact(4).map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]])).collect())
}
