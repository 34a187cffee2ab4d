use super::*;
use crate::sample::{Batch, ImageShape};
use crate::store::registry::resolve;
use crate::store::sealed::{IfExists, StoreWriter};
use crate::store::{FormatId, StoreSpec};
use ::lmdb::Cursor;

const LMDB: Lmdb = Lmdb { keys: Keys::Digits, readahead: true, direct: false };

#[test]
fn one_huge_image_among_many_leaves_the_map_within_the_address_space() {
    let at = tempfile::tempdir().unwrap();
    let id: FormatId = "lmdb:source".parse().unwrap();
    let layout = RecordLayout {
        name: StoreName::new(&id, at.path()),
        records: 100_000_000,
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

/// An environment with these keys, and records of so many bytes.
fn environment_of(at: &Path, entries: &[(&[u8], usize)]) {
    let environment = Environment::new().set_flags(EnvironmentFlags::NO_LOCK).set_map_size(1 << 24).open(at).unwrap();
    let database = environment.open_db(None).unwrap();
    let mut transaction = environment.begin_rw_txn().unwrap();
    for (key, length) in entries {
        transaction.put(database, key, &vec![7; *length], WriteFlags::empty()).unwrap();
    }
    transaction.commit().unwrap();
}

#[test]
fn what_is_not_under_its_key_or_as_long_as_no_image_is_refused() {
    let name = StoreName::new(&"lmdb:raw".parse().unwrap(), Path::new("store"));
    let layout = |records| RecordLayout { name: name.clone(), records, max_image_bytes: 4, extension: Some("raw") };
    let keys: Vec<_> = (0..10).map(|index| Keys::Digits.of(index)).collect();
    let whole: Vec<(&[u8], usize)> = keys.iter().map(|key| (key.as_ref(), 8)).collect();
    let with = |at: usize, entry: (&'static [u8], usize)| {
        let mut entries = whole.clone();
        entries[at] = if entry.0.is_empty() { (whole[at].0, entry.1) } else { entry };
        entries
    };
    let (none, of_all): (&[u64], &[u64]) = (&[], &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    for (entries, wrong) in [
        (whole.clone(), none),
        (with(3, (b"000000030", 8)), &[3]),
        (with(9, (b"0000000a", 8)), &[9]),
        (with(0, (b"0", 8)), &[0]),
        (with(5, (b"", 1 << 20)), &[5]),
    ] {
        let at = tempfile::tempdir().unwrap();
        environment_of(at.path(), &entries);
        assert!(LMDB.open(at.path(), &layout(9)).is_err(), "ten entries are not nine");
        let mut reader = LMDB.open(at.path(), &layout(10)).and_then(|store| store.reader()).unwrap();
        for index in 0..10 {
            assert_eq!(reader.get(index).is_err(), wrong.contains(&index), "{index} of {wrong:?}");
        }
        let mut taken = Vec::new();
        let walked = reader.get_each(of_all, &mut |index, record| {
            taken.push((index, record.bytes.len()));
            Ok(())
        });
        assert_eq!(walked.is_err(), !wrong.is_empty());
        let before = wrong.first().map_or(10, |first| *first);
        assert_eq!(taken, (0..before).map(|index| (index, 8)).collect::<Vec<_>>(), "{wrong:?}");
        let sorted = reader.get_each(&[9, 5, 3, 0], &mut |_, _| Ok(()));
        assert_eq!(sorted.is_err(), !wrong.is_empty());
        let direct = Lmdb { direct: true, ..LMDB }.open(at.path(), &layout(10)).map(|_| ());
        assert_eq!(direct.is_err(), !wrong.is_empty(), "{wrong:?}: {direct:?}");
    }
}

#[test]
fn a_number_of_records_that_only_a_header_claims_gets_no_memory() {
    let at = tempfile::tempdir().unwrap();
    environment_of(at.path(), &[(b"00000000", 8)]);
    let name = StoreName::new(&"lmdb:raw,read=direct".parse().unwrap(), at.path());
    let environment = SharedEnvironment::open(at.path(), true, &name).unwrap();
    let database = environment.get().open_db(None).unwrap();
    let store = Store { environment, database, keys: Keys::Digits, records: 1 << 60, max_bytes: 8, name };
    let error = Direct::new(&store).map(|_| ()).unwrap_err().to_string();
    assert!(error.contains("image 1 is missing"), "{error}");
}

#[test]
fn keys_are_what_the_format_says() {
    let place = tempfile::tempdir().unwrap();
    let images = crate::dataset::Memory::ragged(300, &[3]);
    let written = |name: &str| {
        let resolved = resolve(&name.parse().unwrap()).unwrap();
        let at = place.path().join(resolved.id.directory_name());
        let options = WriteOptions::default();
        crate::store::copy::write(&resolved, &images, &at, options, IfExists::Refuse, &mut |_| Ok(())).unwrap();
        at
    };
    for (format, keys, other) in
        [("lmdb:raw", Keys::Digits, Keys::Integers), ("lmdb:raw,keys=integer", Keys::Integers, Keys::Digits)]
    {
        let at = written(format);
        let name = StoreName::new(&format.parse().unwrap(), &at);
        let layout = RecordLayout { name, records: 300, max_image_bytes: 1 << 10, extension: Some("raw") };
        let environment = SharedEnvironment::open(&at, true, &layout.name).unwrap();
        let transaction = environment.get().begin_ro_txn().unwrap();
        let database = environment.get().open_db(None).unwrap();
        let mut cursor = transaction.open_ro_cursor(database).unwrap();
        // In the order of numbers, whatever the order of their bytes.
        let found: Vec<_> = cursor.iter_start().map(|entry| entry.unwrap().0.to_vec()).collect();
        assert_eq!(found, (0..300).map(|index| keys.of(index).as_ref().to_vec()).collect::<Vec<_>>());
        for direct in [false, true] {
            let error = Lmdb { keys: other, direct, ..LMDB }.open(&at, &layout).map(|_| ()).unwrap_err().to_string();
            assert!(error.contains("its keys are said to be"), "{error}");
        }
    }
}

#[test]
fn what_was_not_safe_is_gone_after_resuming() {
    let at = tempfile::tempdir().unwrap();
    let keys: Vec<_> = (0..10).map(|index| Keys::Digits.of(index)).collect();
    environment_of(at.path(), &keys.iter().map(|key| (key.as_ref(), 8)).collect::<Vec<_>>());
    let name = StoreName::new(&"lmdb:raw".parse().unwrap(), at.path());
    let layout = RecordLayout { name, records: 10, max_image_bytes: 4, extension: Some("raw") };
    LMDB.resume(at.path(), &layout, &WriteOptions::default(), 6).unwrap().finish().unwrap();
    let left = RecordLayout { records: 6, ..layout.clone() };
    LMDB.open(at.path(), &left).unwrap();
    assert!(LMDB.resume(at.path(), &layout, &WriteOptions::default(), 7).is_err(), "six are not seven");
}
