use super::*;
use crate::sample::{Batch, ImageShape};
use crate::store::container::record::NewRecord;
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
            assert!(error.contains("and the format says keys="), "{error}");
        }
    }
}

/// A record for each of `indices`, which is its number in eight bytes.
fn put_numbers(mut writer: Box<dyn RecordWriter>, indices: std::ops::Range<u64>) {
    for index in indices {
        writer.put(NewRecord { index, label: 0, extension: "raw", bytes: &index.to_le_bytes() }).unwrap();
    }
    writer.finish().unwrap();
}

fn layout_of_numbers(at: &Path, records: u64) -> RecordLayout {
    let name = StoreName::new(&"lmdb:raw".parse().unwrap(), at);
    RecordLayout { name, records, max_image_bytes: 4, extension: Some("raw") }
}

/// The records `asked`, each with its number, as they are handed out.
fn numbers(lmdb: Lmdb, at: &Path, records: u64, asked: &[u64]) -> Vec<(u64, u64)> {
    let store = lmdb.open(at, &layout_of_numbers(at, records)).unwrap();
    let mut taken = Vec::new();
    let take = &mut |index, record: record::Record<'_>| {
        taken.push((index, u64::from_le_bytes(record.bytes.try_into().unwrap())));
        Ok(())
    };
    store.reader().unwrap().get_each(asked, take).unwrap();
    taken
}

#[test]
fn records_come_in_the_order_asked_for() {
    // More than are looked up at once, neighbours among them, and some twice.
    let asked: Vec<u64> = (0..700).map(|at| at * 613 % 1_000).chain(20..60).chain([5, 5, 999, 0]).collect();
    for keys in [Keys::Digits, Keys::Integers] {
        let at = tempfile::tempdir().unwrap();
        let lmdb = Lmdb { keys, ..LMDB };
        let layout = layout_of_numbers(at.path(), 1_000);
        put_numbers(lmdb.create(at.path(), &layout, &WriteOptions::default()).unwrap(), 0..1_000);
        for direct in [false, true] {
            let taken = numbers(Lmdb { direct, ..lmdb }, at.path(), 1_000, &asked);
            assert!(
                taken.iter().map(|(index, _)| index).eq(&asked) && taken.iter().all(|(index, number)| index == number)
            );
        }
    }
}

#[test]
fn what_was_not_safe_is_gone_after_resuming() {
    for (keys, other) in [(Keys::Digits, Keys::Integers), (Keys::Integers, Keys::Digits)] {
        let at = tempfile::tempdir().unwrap();
        let (lmdb, layout) = (Lmdb { keys, ..LMDB }, layout_of_numbers(at.path(), 10));
        put_numbers(lmdb.create(at.path(), &layout, &WriteOptions::default()).unwrap(), 0..10);
        let resume = |lmdb: Lmdb, keep| lmdb.resume(at.path(), &layout, &WriteOptions::default(), keep);
        assert!(resume(Lmdb { keys: other, ..lmdb }, 6).is_err(), "other keys");
        resume(lmdb, 6).unwrap().finish().unwrap();
        lmdb.open(at.path(), &layout_of_numbers(at.path(), 6)).unwrap();
        assert!(resume(lmdb, 7).is_err(), "six are not seven");
        put_numbers(resume(lmdb, 6).unwrap(), 6..10);
        assert_eq!(numbers(lmdb, at.path(), 10, &[9, 6, 5, 0]), [(9, 9), (6, 6), (5, 5), (0, 0)]);
    }
}

#[test]
fn more_images_than_there_are_keys_for_are_refused_before_anything_is_written() {
    let at = tempfile::tempdir().unwrap();
    for (keys, most) in [(Keys::Digits, 100_000_000), (Keys::Integers, 1 << 32)] {
        let (lmdb, layout) = (Lmdb { keys, ..LMDB }, layout_of_numbers(at.path(), most + 1));
        let created = lmdb.create(at.path(), &layout, &WriteOptions::default()).map(|_| ());
        assert!(matches!(created, Err(Error::Unsupported { .. })), "{created:?}");
        let opened = lmdb.open(at.path(), &layout).map(|_| ());
        assert!(matches!(opened, Err(Error::Unsupported { .. })), "{opened:?}");
    }
    assert_eq!(std::fs::read_dir(at.path()).unwrap().count(), 0);
}

#[test]
fn a_key_that_claims_another_length_is_not_the_one_asked_for() {
    let at = tempfile::tempdir().unwrap();
    let (lmdb, layout) = (Lmdb { keys: Keys::Integers, ..LMDB }, layout_of_numbers(at.path(), 10));
    put_numbers(lmdb.create(at.path(), &layout, &WriteOptions::default()).unwrap(), 0..10);
    // Length of the key, key, record: with a shorter key the record would begin a byte early.
    let entry: Vec<u8> = [&[4, 0][..], &5_u32.to_ne_bytes(), &5_u64.to_le_bytes()].concat();
    let file = at.path().join("data.mdb");
    let mut bytes = std::fs::read(&file).unwrap();
    let place = bytes.windows(entry.len()).position(|window| window == entry).unwrap();
    bytes[place] = 3;
    std::fs::write(&file, bytes).unwrap();
    let mut reader = lmdb.open(at.path(), &layout).and_then(|store| store.reader()).unwrap();
    assert!(reader.get(5).is_err() && reader.get(4).is_ok());
    for asked in [&[9, 5, 1][..], &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]] {
        assert!(reader.get_each(asked, &mut |_, _| Ok(())).is_err(), "{asked:?}");
    }
}
