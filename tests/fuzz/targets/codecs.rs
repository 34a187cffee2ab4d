//! Every codec's decoder, for stores of one shape and of any shape.
#![no_main]

use libfuzzer_sys::fuzz_target;
use shelfmark::sample::{Batch, ImageShape, Shape};
use shelfmark::store::FormatId;
use shelfmark::store::codec::CODECS;
use std::collections::BTreeMap;

fuzz_target!(|record: &[u8]| {
    let shapes = [Shape::Fixed(ImageShape::new(9, 8, 3)), Shape::Ragged { max: ImageShape::new(40, 50, 4) }];
    for info in CODECS {
        let id = FormatId { container: "dir".into(), codec: info.name.into(), options: BTreeMap::new() };
        let codec = (info.make)(&id);
        for shape in &shapes {
            let mut batch = Batch::new();
            batch.push(ImageShape::new(1, 1, 1), 9)[0] = 7;
            let decoded = codec.decoder(shape).decode(record, 5, &mut batch);
            let before = batch.get(0).expect("what was there stays");
            assert_eq!((before.label, before.pixels), (9, &[7][..]), "{}", info.name);
            match decoded {
                Err(_) => assert_eq!((batch.len(), batch.bytes()), (1, 1), "{}: a failure left something", info.name),
                Ok(()) => {
                    let sample = batch.get(1).expect("a success appends a sample");
                    assert!(shape.admits(sample.shape), "{}: {} in a store of {shape}", info.name, sample.shape);
                    assert!(info.holds_label || sample.label == 5, "{}", info.name);
                }
            }
        }
    }
});
