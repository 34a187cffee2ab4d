//! Encoded image files: the header alone, and the whole image.
#![no_main]

use libfuzzer_sys::fuzz_target;
use shelfmark::image_file;
use shelfmark::sample::Batch;

/// Larger images are refused, as a store of small ones would: allocating them is not what is to be found out.
const MAX_BYTES: usize = 1 << 20;

fuzz_target!(|file: &[u8]| {
    let header = image_file::header(file);
    let admit = |shape: shelfmark::sample::ImageShape| match shape.bytes() {
        0..=MAX_BYTES => Ok(()),
        _ => Err("too large".to_owned()),
    };
    let mut batch = Batch::new();
    match image_file::decode(file, admit, 5, &mut batch) {
        Err(_) => assert!(batch.is_empty() && batch.bytes() == 0, "a failure left something behind"),
        Ok(()) => {
            let sample = batch.get(0).expect("a success appends a sample");
            assert_eq!(header.map(|header| header.shape), Ok(sample.shape), "the header said otherwise");
            assert_eq!((sample.label, sample.pixels.len()), (5, sample.shape.bytes()));
        }
    }
});
