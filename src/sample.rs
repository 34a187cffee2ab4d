//! Images and samples in memory: what datasets yield, writers take and readers fill.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An image's shape: height x width x channels of `u8`, row-major, channels last (HWC).
/// Written as `[height, width, channels]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(from = "[u32; 3]", into = "[u32; 3]")]
#[schemars(with = "[u32; 3]")]
pub struct ImageShape {
    /// Rows.
    pub height: u32,
    /// Columns.
    pub width: u32,
    /// Bytes a pixel: 1 grey, 2 grey + alpha, 3 RGB, 4 RGBA; more for raw data only.
    pub channels: u32,
}

impl ImageShape {
    /// A shape of `height` x `width` x `channels`.
    pub const fn new(height: u32, width: u32, channels: u32) -> Self {
        Self { height, width, channels }
    }

    /// Bytes of one image of this shape; saturates where no machine could hold it.
    pub const fn bytes(self) -> usize {
        (self.height as usize).saturating_mul(self.width as usize).saturating_mul(self.channels as usize)
    }

    /// Whether this image is no larger than `max` in any dimension.
    pub const fn fits(self, max: Self) -> bool {
        self.height <= max.height && self.width <= max.width && self.channels <= max.channels
    }
}

impl From<[u32; 3]> for ImageShape {
    fn from([height, width, channels]: [u32; 3]) -> Self {
        Self { height, width, channels }
    }
}

impl From<ImageShape> for [u32; 3] {
    fn from(shape: ImageShape) -> Self {
        [shape.height, shape.width, shape.channels]
    }
}

impl std::fmt::Display for ImageShape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}x{}x{}", self.height, self.width, self.channels)
    }
}

/// The shape of a dataset or store: all images alike, or each its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// Every image has this shape.
    Fixed(ImageShape),
    /// Every image has a shape of its own.
    Ragged {
        /// The largest extent in each dimension: no image is larger.
        max: ImageShape,
    },
}

impl Shape {
    /// The largest image there may be.
    pub const fn max(&self) -> ImageShape {
        match self {
            Self::Fixed(shape) | Self::Ragged { max: shape } => *shape,
        }
    }

    /// Whether an image of shape `image` may belong to a set of this shape.
    pub fn admits(&self, image: ImageShape) -> bool {
        match self {
            Self::Fixed(shape) => *shape == image,
            Self::Ragged { max } => image.fits(*max),
        }
    }
}

impl std::fmt::Display for Shape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Fixed(shape) => shape.fmt(f),
            Self::Ragged { max } => write!(f, "ragged, at most {max}"),
        }
    }
}

/// One sample, borrowed: an image, its label and its key. The image is there as pixels, or as the encoded file that it
/// came from, never as both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample<'a> {
    /// The image's shape, decoded.
    pub shape: ImageShape,
    /// The image's label.
    pub label: u32,
    /// The sample's name: bytes as in a path, without a zero byte. Empty where the number is the only name.
    pub key: &'a [u8],
    /// `shape.bytes()` bytes, HWC; none where there is a `file`.
    pub pixels: &'a [u8],
    /// The encoded file (JPEG, PNG ...), byte for byte; empty where there are pixels.
    pub file: &'a [u8],
}

impl Sample<'_> {
    /// A 64-bit fingerprint of shape, label and pixels (XXH3, <https://xxhash.com>).
    /// Fast enough (tens of GB/s) to compare every delivered image outside the timed region.
    pub fn fingerprint(&self) -> u64 {
        let ImageShape { height, width, channels } = self.shape;
        let head = [height, width, channels, self.label].iter().fold(0x5368_656c_666d_6172_u64, |acc, &word| {
            (acc ^ u64::from(word)).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(29)
        });
        xxhash_rust::xxh3::xxh3_64_with_seed(self.pixels, head)
    }
}

/// Samples side by side in memory that is reused: once it has grown to its largest use, filling it
/// allocates nothing. Readers append to it, datasets append to it, writers take it.
#[derive(Debug, Default, Clone)]
pub struct Batch {
    /// Never shrinks: what lies beyond `used` is left over from earlier uses and gets overwritten.
    bytes: Vec<u8>,
    used: usize,
    keys: Vec<u8>,
    entries: Vec<Entry>,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    offset: usize,
    length: usize,
    is_file: bool,
    shape: ImageShape,
    label: u32,
    /// Where the key begins and how long it is.
    key: (usize, usize),
}

impl Batch {
    /// An empty batch.
    pub fn new() -> Self {
        Self::default()
    }

    /// Forgets the samples and keeps the memory.
    pub fn clear(&mut self) {
        self.used = 0;
        self.keys.clear();
        self.entries.clear();
    }

    /// Forgets the samples and turns every byte they had into another, so that what is filled in next can only be
    /// right if all of it was written: a reader that leaves the memory as it is must not pass for one that reads.
    pub fn clear_and_spoil(&mut self) {
        self.bytes[..self.used].iter_mut().for_each(|byte| *byte = !*byte);
        self.clear();
    }

    /// Samples held.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether no sample is held.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Bytes of all held pixels and files together.
    pub fn bytes(&self) -> usize {
        self.used
    }

    /// Appends one sample and returns the place for its `shape.bytes()` pixels, whose content is unspecified
    /// until the caller has written all of it.
    pub fn push(&mut self, shape: ImageShape, label: u32) -> &mut [u8] {
        self.push_run(shape, &[label])
    }

    /// Appends one sample for each label, all of one shape, and returns the place for their pixels, contiguous.
    pub fn push_run(&mut self, shape: ImageShape, labels: &[u32]) -> &mut [u8] {
        self.push_each(labels.iter().map(|&label| (shape, label)))
    }

    /// Appends one sample for each shape and label, and returns the place for all their pixels, contiguous.
    pub fn push_each(&mut self, samples: impl Iterator<Item = (ImageShape, u32)>) -> &mut [u8] {
        let start = self.used;
        for (shape, label) in samples {
            self.entry(shape, label, shape.bytes(), false);
        }
        &mut self.bytes[start..self.used]
    }

    /// Appends one sample as its encoded file of `length` bytes, and returns the place for them. `shape` is that of
    /// the decoded image.
    pub fn push_file(&mut self, shape: ImageShape, label: u32, length: usize) -> &mut [u8] {
        let start = self.used;
        self.entry(shape, label, length, true);
        &mut self.bytes[start..self.used]
    }

    fn entry(&mut self, shape: ImageShape, label: u32, length: usize, is_file: bool) {
        self.entries.push(Entry { offset: self.used, length, is_file, shape, label, key: (self.keys.len(), 0) });
        self.used += length;
        if self.bytes.len() < self.used {
            self.bytes.resize(self.used, 0);
        }
    }

    /// Names the last sample.
    pub fn set_key(&mut self, key: &[u8]) {
        if let Some(entry) = self.entries.last_mut() {
            entry.key = (self.keys.len(), key.len());
            self.keys.extend_from_slice(key);
        }
    }

    /// Appends one sample whose label `fill` finds out while it writes the pixels.
    pub fn push_with(&mut self, shape: ImageShape, fill: impl FnOnce(&mut [u8]) -> u32) {
        let label = fill(self.push(shape, 0));
        self.set_label(label);
    }

    /// Labels the last sample.
    pub fn set_label(&mut self, label: u32) {
        if let Some(entry) = self.entries.last_mut() {
            entry.label = label;
        }
    }

    /// Appends a copy of a sample.
    pub fn push_copy(&mut self, sample: &Sample<'_>) {
        if sample.file.is_empty() {
            self.push(sample.shape, sample.label).copy_from_slice(sample.pixels);
        } else {
            self.push_file(sample.shape, sample.label, sample.file.len()).copy_from_slice(sample.file);
        }
        self.set_key(sample.key);
    }

    /// Removes the last sample: for a reader that failed half-way through filling it.
    pub fn pop(&mut self) {
        if let Some(entry) = self.entries.pop() {
            self.used = entry.offset;
            self.keys.truncate(entry.key.0);
        }
    }

    /// The sample at `position` of this batch, if there is one.
    pub fn get(&self, position: usize) -> Option<Sample<'_>> {
        self.entries.get(position).map(|entry| self.sample(entry))
    }

    /// All samples in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Sample<'_>> {
        self.entries.iter().map(|entry| self.sample(entry))
    }

    /// All pixels in order, if every image has the shape `shape`: what an array container writes at once.
    pub fn uniform_pixels(&self, shape: ImageShape) -> Option<&[u8]> {
        let uniform = self.entries.iter().all(|entry| entry.shape == shape);
        self.all_pixels().filter(|_| uniform)
    }

    /// All pixels in order, whatever the shapes, if there is no file among them.
    pub fn all_pixels(&self) -> Option<&[u8]> {
        let pixels = self.entries.iter().all(|entry| !entry.is_file);
        pixels.then(|| &self.bytes[..self.used])
    }

    /// All labels in order.
    pub fn labels(&self) -> impl ExactSizeIterator<Item = u32> + '_ {
        self.entries.iter().map(|entry| entry.label)
    }

    fn sample(&self, entry: &Entry) -> Sample<'_> {
        let Entry { offset, length, is_file, shape, label, key } = *entry;
        let bytes = &self.bytes[offset..offset + length];
        let (pixels, file) = if is_file { (&[][..], bytes) } else { (bytes, &[][..]) };
        Sample { shape, label, key: &self.keys[key.0..key.0 + key.1], pixels, file }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cleared_batch_reuses_its_memory_and_shows_nothing_old() {
        let mut batch = Batch::new();
        batch.push(ImageShape::new(2, 2, 1), 7).copy_from_slice(&[1, 2, 3, 4]);
        batch.push(ImageShape::new(1, 1, 3), 8).copy_from_slice(&[5, 6, 7]);
        let memory = batch.bytes.as_ptr();
        batch.clear_and_spoil();
        assert!(batch.push(ImageShape::new(7, 1, 1), 0).iter().zip(1..).all(|(left, was)| *left == !was));
        batch.clear();
        assert!(batch.is_empty() && batch.get(0).is_none());
        batch.push(ImageShape::new(1, 2, 1), 9).copy_from_slice(&[8, 9]);
        assert_eq!(batch.bytes.as_ptr(), memory);
        let only: Vec<_> = batch.iter().collect();
        assert_eq!(only, [Sample { shape: ImageShape::new(1, 2, 1), label: 9, key: &[], pixels: &[8, 9], file: &[] }]);
    }

    #[test]
    fn keys_and_files_stay_with_their_samples() {
        let mut batch = Batch::new();
        let shape = ImageShape::new(1, 2, 1);
        batch.push(shape, 1).copy_from_slice(&[1, 2]);
        batch.set_key(b"a/one");
        batch.push_file(shape, 2, 3).copy_from_slice(b"GIF");
        batch.set_key(b"a/two");
        batch.push(shape, 3);
        batch.set_key(b"gone");
        batch.pop();
        batch.push_run(shape, &[4, 5]).copy_from_slice(&[7, 8, 9, 10]);
        let found: Vec<_> = batch.iter().map(|s| (s.label, s.key, s.pixels, s.file)).collect();
        let none: &[u8] = &[];
        assert_eq!(
            found,
            [
                (1, &b"a/one"[..], &[1, 2][..], none),
                (2, b"a/two", none, b"GIF"),
                (4, none, &[7, 8], none),
                (5, none, &[9, 10], none),
            ]
        );
        assert_eq!(batch.uniform_pixels(shape), None, "a file is no pixels");
        assert_eq!(batch.all_pixels(), None, "a file is no pixels");
        let mut copy = Batch::new();
        batch.iter().for_each(|sample| copy.push_copy(&sample));
        assert!(copy.iter().eq(batch.iter()));
    }

    #[test]
    fn samples_of_many_shapes_lie_side_by_side() {
        let (wide, high) = (ImageShape::new(1, 3, 1), ImageShape::new(2, 1, 1));
        let mut batch = Batch::new();
        batch.push_each([(wide, 7), (high, 8)].into_iter()).copy_from_slice(&[1, 2, 3, 4, 5]);
        let found: Vec<_> = batch.iter().map(|sample| (sample.shape, sample.label, sample.pixels)).collect();
        assert_eq!(found, [(wide, 7, &[1, 2, 3][..]), (high, 8, &[4, 5])]);
        assert_eq!(batch.all_pixels(), Some(&[1, 2, 3, 4, 5][..]));
        assert_eq!(batch.uniform_pixels(wide), None, "two shapes");
    }

    #[test]
    fn fingerprint_sees_shape_label_and_pixels() {
        let pixels = [0u8; 12];
        let base = Sample { shape: ImageShape::new(2, 2, 3), label: 1, key: &[], pixels: &pixels, file: &[] };
        let other_shape = Sample { shape: ImageShape::new(1, 4, 3), ..base };
        let other_label = Sample { label: 2, ..base };
        let other_pixels = Sample { pixels: &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], ..base };
        for other in [other_shape, other_label, other_pixels] {
            assert_ne!(base.fingerprint(), other.fingerprint());
        }
    }

    #[test]
    fn fingerprint_is_what_python_computes() {
        // The same sample and number as in tests/interop/peers.py: the peers check themselves with their own code.
        let pixels: Vec<u8> = (0..24).collect();
        let sample = Sample { shape: ImageShape::new(2, 4, 3), label: 7, key: &[], pixels: &pixels, file: &[] };
        assert_eq!(sample.fingerprint(), 0x979B_3171_E58B_507D);
    }

    #[test]
    fn shapes_are_written_as_the_schema_says() {
        let json = |shape: Shape| serde_json::to_string(&shape).unwrap();
        assert_eq!(json(Shape::Fixed(ImageShape::new(32, 31, 3))), r#"{"fixed":[32,31,3]}"#);
        assert_eq!(json(Shape::Ragged { max: ImageShape::new(9, 8, 1) }), r#"{"ragged":{"max":[9,8,1]}}"#);
    }
}
