use super::*;
use crate::sample::{Batch, ImageShape};
use crate::store::registry::resolve;
use crate::store::sealed::{IfExists, StoreWriter};
use crate::store::{FormatId, StoreSpec};

const LMDB: Lmdb = Lmdb { readahead: true, direct: false };

#[test]
fn one_huge_image_among_many_leaves_the_map_within_the_address_space() {
    let at = tempfile::tempdir().unwrap();
    let id: FormatId = "lmdb:source".parse().unwrap();
    let layout = RecordLayout {
        name: StoreName::new(&id, at.path()),
        records: MAX_RECORDS,
        max_image_bytes: 30_000 * 30_000 * 3,
        extension: None,
    };
    assert!(map_size(&layout) as u64 <= 16 << 40);
    assert!(LMDB.create(at.path(), &layout, &WriteOptions::default()).is_ok());
    let small = RecordLayout { records: 1_000, max_image_bytes: 3_072, ..layout };
    assert!(map_size(&small) as u64 > 1_000 * 3_072 * 2);
}

#[test]
fn records_are_handed_out_without_a_copy() {
    let id: FormatId = "lmdb:raw".parse().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path().join("store");
    let mut samples = Batch::new();
    samples.push(ImageShape::new(2, 2, 1), 5).copy_from_slice(&[1, 2, 3, 4]);
    let spec = StoreSpec { shape: crate::sample::Shape::Fixed(ImageShape::new(2, 2, 1)), images: 1 };
    let resolved = resolve(&id).unwrap();
    let mut writer = StoreWriter::create(&resolved, &at, &spec, WriteOptions::default(), IfExists::Refuse).unwrap();
    writer.append(&samples).unwrap();
    writer.finish().unwrap();

    let layout =
        RecordLayout { name: StoreName::new(&id, &at), records: 1, max_image_bytes: 4, extension: Some("raw") };
    let store = LMDB.open(&at, &layout).unwrap();
    let (mut one, mut two) = (Arc::clone(&store).reader().unwrap(), store.reader().unwrap());
    let (first, second) = (one.get(0).unwrap().bytes, two.get(0).unwrap().bytes);
    assert_eq!(first, [5, 0, 0, 0, 1, 2, 3, 4]);
    // Two readers with scratch memory of their own see one address: the one in the map.
    assert_eq!(first.as_ptr(), second.as_ptr());
}
