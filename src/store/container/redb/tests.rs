use super::{FILE, TABLE};
use crate::store::WriteOptions;
use crate::store::change::remove;
use crate::store::container::trial::Trial;
use crate::store::registry::resolve;
use ::redb::{Database, ReadableTable};

#[test]
fn a_plain_database_finds_the_table() {
    let trial = Trial::new("redb:raw", 3);
    assert_eq!(trial.files(), [FILE, "shelfmark.json"]);
    let database = Database::open(trial.path.join(FILE)).unwrap();
    let write = database.begin_write().unwrap();
    {
        let mut table = write.open_table(TABLE).unwrap();
        // A label in front of the pixels.
        assert_eq!(table.get(2).unwrap().map(|record| record.value().len()), Some(4 + 192));
        table.remove(2).unwrap();
    }
    write.commit().unwrap();
    drop(database);
    assert!(trial.read().unwrap_err().to_string().contains("2 records for 3 images"));
}

#[test]
fn a_missing_record_is_told() {
    let trial = Trial::new("redb:raw", 3);
    let database = Database::open(trial.path.join(FILE)).unwrap();
    let write = database.begin_write().unwrap();
    {
        let mut table = write.open_table(TABLE).unwrap();
        let record = table.remove(1).unwrap().map(|record| record.value().to_vec()).unwrap();
        table.insert(9, &record[..]).unwrap();
    }
    write.commit().unwrap();
    drop(database);
    assert!(trial.read().unwrap_err().to_string().contains("image 1 is missing"));
}

#[test]
fn no_image_that_was_to_go_stands_for_one_that_is_missing() {
    let trial = Trial::new("redb:raw", 3);
    let database = Database::open(trial.path.join(FILE)).unwrap();
    let write = database.begin_write().unwrap();
    {
        let mut table = write.open_table(TABLE).unwrap();
        let record = table.remove(2).unwrap().map(|record| record.value().to_vec()).unwrap();
        table.insert(9, &record[..]).unwrap();
    }
    write.commit().unwrap();
    drop(database);
    // The last would take the place of the first.
    let resolved = resolve(&"redb:raw".parse().unwrap()).unwrap();
    let refused = remove(&resolved, &trial.path, &[0], WriteOptions::default()).unwrap_err();
    assert!(refused.to_string().contains("image 2 is missing"), "{refused}");
    assert!(trial.read().unwrap_err().to_string().contains("image 2 is missing"), "as before");
}

#[test]
fn a_file_that_is_none_is_refused() {
    let trial = Trial::new("redb:raw", 9);
    trial.noticed(FILE, |bytes| bytes[..16].fill(0), "redb cannot read it");
    trial.noticed(FILE, |bytes| bytes.truncate(100), "redb cannot read it");
}

#[test]
fn no_damage_makes_it_panic() {
    Trial::new("redb:raw", 9).survives(FILE);
}

#[test]
fn no_damage_makes_a_change_panic() {
    Trial::new("redb:raw", 9).survives_changes(FILE);
}
