//! The file of names: the first byte of the input says for how many images, the rest is the file.
#![no_main]

use libfuzzer_sys::fuzz_target;
use shelfmark::store::Keys;
use shelfmark::store::container::StoreName;

fuzz_target!(|input: &[u8]| {
    let Some((images, file)) = input.split_first() else { return };
    let images = u64::from(*images);
    let name = StoreName { format: "dir:raw".into(), path: "store".into() };
    let Ok(keys) = Keys::parse(file.to_vec(), images, &name) else { return };
    let mut joined = Vec::new();
    for index in 0..images {
        joined.extend_from_slice(keys.get(index));
        joined.push(0);
    }
    assert_eq!(joined, file, "the names are not what the file holds");
    assert!(keys.get(images).is_empty() && keys.get(u64::MAX).is_empty());
});
