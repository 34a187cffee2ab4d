//! Our PNG reader against the crate `png` alone: it takes all that the crate takes, with the same pixels. (libdeflate takes
//! a few streams with codes that nobody uses and others refuse.) Also with every CRC made right, so that what lies behind
//! them is reached.
#![no_main]

use libfuzzer_sys::fuzz_target;
use png::{BitDepth, Transformations};
use shelfmark::image_file::png::{Accept, Decoder};
use shelfmark::sample::{Batch, ImageShape};

/// Larger images are refused, as in `image_file`.
const MAX_BYTES: usize = 1 << 20;

fuzz_target!(|file: &[u8]| {
    let mut mended = file.to_vec();
    mend(&mut mended);
    for file in [file, &mended] {
        let mut batch = Batch::new();
        batch.push(ImageShape::new(1, 1, 1), 9)[0] = 7;
        let admit = |shape: ImageShape| if shape.bytes() <= MAX_BYTES { Ok(()) } else { Err("too large".to_owned()) };
        let ours = Decoder::default().decode(file, Accept::AnyOf8Bits, admit, 5, &mut batch);
        let ours = ours.ok().and_then(|()| batch.get(1).map(|sample| (sample.shape, sample.pixels.to_vec())));
        if let Some(by_crate) = by_crate(file) {
            assert_eq!(ours, Some(by_crate), "we and the crate differ");
        }
    }
});

/// What the crate makes of a file, read to its end.
fn by_crate(file: &[u8]) -> Option<(ImageShape, Vec<u8>)> {
    let mut decoder = png::Decoder::new(std::io::Cursor::new(file));
    decoder.set_transformations(Transformations::EXPAND);
    let mut reader = decoder.read_info().ok()?;
    let (color, depth) = reader.output_color_type();
    let shape = ImageShape::new(reader.info().height, reader.info().width, color.samples() as u32);
    // What a header alone claims is refused before anything is reserved for it.
    let claimed = reader.info().raw_row_length() * reader.info().height as usize;
    if depth != BitDepth::Eight || shape.bytes() > MAX_BYTES || claimed > file.len() * 1032 {
        return None;
    }
    let mut pixels = vec![0; reader.output_buffer_size()?];
    let frame = reader.next_frame(&mut pixels).ok()?;
    reader.finish().ok()?;
    (frame.buffer_size() == shape.bytes()).then_some((shape, pixels))
}

fn mend(file: &mut [u8]) {
    let mut at = 8;
    while let Some(length) = file.get(at..at + 4) {
        let length = u32::from_be_bytes(length.try_into().expect("four bytes were asked for")) as usize;
        let Some(covered) = file.get(at + 4..at + 8 + length) else { return };
        let crc = crc32fast::hash(covered).to_be_bytes();
        let Some(place) = file.get_mut(at + 8 + length..at + 12 + length) else { return };
        place.copy_from_slice(&crc);
        at += 12 + length;
    }
}
