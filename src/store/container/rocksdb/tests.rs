use super::key;
use crate::store::change::remove;
use crate::store::container::trial::Trial;
use crate::store::registry::resolve;
use crate::store::{WriteOptions, container::rocksdb::BYTES_A_TABLE};
use ::rocksdb::{DB, Options};

/// Has an ordinary program change the database.
fn changed(trial: &Trial, change: impl FnOnce(&DB)) {
    let database = DB::open_default(&trial.path).unwrap();
    change(&database);
    database.flush().unwrap();
}

#[test]
fn an_ordinary_program_finds_the_records() {
    let trial = Trial::new("rocksdb:raw", 3);
    let tables = trial.files().iter().filter(|file| file.ends_with(".sst")).count();
    assert_eq!(tables, 1, "{:?}", trial.files());
    assert!(!trial.files().iter().any(|file| file.starts_with("LOG") || file == "new.sst"), "{:?}", trial.files());
    let database = DB::open_for_read_only(&Options::default(), &trial.path, false).unwrap();
    // A label in front of the pixels.
    assert_eq!(database.get(key(2)).unwrap().map(|record| record.len()), Some(4 + 192));
    assert_eq!(database.get(key(3)).unwrap(), None);
}

#[test]
fn reading_changes_no_file() {
    let trial = Trial::new("rocksdb:raw", 30);
    let all = || trial.files().into_iter().map(|file| (std::fs::read(trial.path.join(&file)).unwrap(), file));
    let before: Vec<_> = all().collect();
    trial.read().unwrap();
    trial.audit().unwrap();
    assert!(all().eq(before));
}

#[test]
fn what_is_missing_is_told() {
    let said = |trial: &Trial| trial.read().map(|batch| batch.len()).unwrap_err().to_string();
    let trial = Trial::new("rocksdb:raw", 3);
    changed(&trial, |database| database.delete(key(1)).unwrap());
    assert!(said(&trial).contains("image 1 is missing"));
    assert!(trial.audit().unwrap_err().to_string().contains("image 1 is missing"));
    changed(&trial, |database| database.delete(key(2)).unwrap());
    assert!(said(&trial).contains("its last key is 0, of 3 images"));
}

#[test]
fn no_image_that_was_to_go_stands_for_one_that_is_missing() {
    let trial = Trial::new("rocksdb:raw", 4);
    changed(&trial, |database| database.delete(key(2)).unwrap());
    // It would take the place of the first.
    let resolved = resolve(&"rocksdb:raw".parse().unwrap()).unwrap();
    let refused = remove(&resolved, &trial.path, &[0, 3], WriteOptions::default()).unwrap_err();
    assert!(refused.to_string().contains("image 2 is missing"), "{refused}");
}

#[test]
fn many_records_are_several_tables() {
    let images = BYTES_A_TABLE as u64 / 196 * 5 / 2;
    let trial = Trial::new("rocksdb:raw", images);
    assert_eq!(trial.files().iter().filter(|file| file.ends_with(".sst")).count(), 3);
    trial.audit().unwrap();
}

/// Of its tables. A damaged MANIFEST can make the library go round in circles on opening, which is for `scripts/damage` to
/// show: there a process of its own opens it, and is ended.
#[test]
fn no_damage_of_a_table_makes_it_panic() {
    let trial = Trial::new("rocksdb:raw", 9);
    let table = trial.files().into_iter().find(|file| file.ends_with(".sst")).unwrap();
    trial.survives(&table);
}

#[test]
fn what_is_no_damage_is_not_called_so() {
    let trial = Trial::new("rocksdb:raw", 3);
    let _open = DB::open_default(&trial.path).unwrap();
    let resolved = resolve(&"rocksdb:raw".parse().unwrap()).unwrap();
    let said = remove(&resolved, &trial.path, &[0], WriteOptions::default()).unwrap_err().to_string();
    assert!(said.contains("RocksDB cannot open it") && !said.contains("damaged"), "{said}");
}
