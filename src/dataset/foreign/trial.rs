//! What the tests of these layouts have in common.

use crate::dataset::Dataset;
use crate::image_file::png;
use crate::sample::{Batch, ImageShape};

/// A PNG of `side` x `side`, all of it `value`.
pub fn image(side: u32, value: u8) -> Vec<u8> {
    let shape = ImageShape::new(side, side, 3);
    let mut file = Vec::new();
    png::encode(shape, &vec![value; shape.bytes()], png::Level::Fast, &mut file).unwrap();
    file
}

/// Key, label, height and first byte of every image, having seen that the encoded file is that image.
pub fn contents(set: &dyn Dataset) -> Vec<(String, u32, u32, u8)> {
    let (mut out, mut file) = (Batch::new(), Batch::new());
    for index in 0..set.len() {
        set.read(index, &mut out).unwrap();
        if set.has_files() {
            file.clear();
            set.read_file(index, &mut file).unwrap();
            let (file, image) = (file.get(0).unwrap(), out.get(out.len() - 1).unwrap());
            assert_eq!((file.key, file.label, file.shape), (image.key, image.label, image.shape));
            let mut again = Batch::new();
            crate::image_file::decode(file.file, |_| Ok(()), 0, &mut again).unwrap();
            assert_eq!(again.get(0).unwrap().pixels, image.pixels);
        }
    }
    assert!(set.read(set.len(), &mut out).is_err());
    let one = |s: crate::sample::Sample<'_>| {
        (String::from_utf8_lossy(s.key).into_owned(), s.label, s.shape.height, s.pixels[0])
    };
    out.iter().map(one).collect()
}

/// Why something was refused.
pub fn refusal<T>(opened: crate::error::Result<T>) -> String {
    opened.map(|_| ()).unwrap_err().to_string()
}

/// No damage makes opening and reading panic: every byte of a small file changed in turn, and the file cut everywhere.
pub fn survives_damage(path: &std::path::Path, step: usize, open: impl Fn() -> crate::error::Result<Box<dyn Dataset>>) {
    let whole = std::fs::read(path).unwrap();
    let attempt = |bytes: &[u8]| {
        std::fs::write(path, bytes).unwrap();
        let Ok(set) = open() else { return };
        let mut out = Batch::new();
        (0..set.len().min(9)).for_each(|index| drop(set.read(index, &mut out)));
    };
    for at in (0..whole.len()).step_by(step) {
        for mask in [0xFF, 0x80, 0x01] {
            let mut bytes = whole.clone();
            bytes[at] ^= mask;
            attempt(&bytes);
        }
        attempt(&whole[..at]);
    }
    std::fs::write(path, whole).unwrap();
}
