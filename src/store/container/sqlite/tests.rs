use super::FILE;
use super::reader::uri;
use crate::store::WriteOptions;
use crate::store::change::remove;
use crate::store::container::trial::Trial;
use ::rusqlite::Connection;
use std::path::Path;

fn sql(trial: &Trial, text: &str) {
    Connection::open(trial.path.join(FILE)).unwrap().execute_batch(text).unwrap();
}

#[test]
fn a_plain_connection_finds_the_table() {
    let trial = Trial::new("sqlite:raw", 3);
    assert_eq!(trial.files(), [FILE, "shelfmark.json"], "no journal is left behind");
    let connection = Connection::open(trial.path.join(FILE)).unwrap();
    let row = |id: i64| connection.query_row("SELECT length(image) FROM images WHERE id = ?1", [id], |row| row.get(0));
    assert_eq!((row(0), row(2)), (Ok(192), Ok(192)));
    assert!(row(3).is_err());
}

#[test]
fn paths_are_what_they_are_and_no_questions() {
    assert_eq!(uri(Path::new("/a b/50%?#/ü")), "file:/a%20b/50%25%3F%23/%C3%BC?immutable=1");
}

#[test]
fn what_cannot_be_is_refused() {
    let refused = |change: &str, expected: &str| {
        let trial = Trial::new("sqlite:raw", 9);
        sql(&trial, change);
        let said = trial.read().map(|batch| batch.len()).unwrap_err().to_string();
        assert!(said.contains(expected), "{said}");
    };
    refused("DELETE FROM images WHERE id = 8", "its last image is Some(7), of 9 images");
    refused("DELETE FROM images WHERE id = 4", "image 4 is missing");
    refused("DELETE FROM images", "its last image is None");
    refused("UPDATE images SET image = 'text' WHERE id = 4", "image 4 is no blob");
    refused("UPDATE images SET label = -1 WHERE id = 4", "SQLite cannot read it");
    refused("UPDATE images SET image = zeroblob(1000000) WHERE id = 4", "too long for any image");
    refused("DROP TABLE images", "no such table");
}

#[test]
fn an_image_that_is_missing_takes_no_place() {
    let trial = Trial::new("sqlite:raw", 9);
    sql(&trial, "DELETE FROM images WHERE id = 7");
    // The last but one would take the place of the second.
    let refused = remove(&trial.format, &trial.path, &[0, 1], WriteOptions::default()).unwrap_err().to_string();
    assert!(refused.contains("image 7 is missing"), "{refused}");
    assert!(trial.read().unwrap_err().to_string().contains("image 7"), "as before");
    assert_eq!(trial.files(), [FILE, "shelfmark.json"]);
}

#[test]
fn a_file_that_is_cut_is_refused_however_little_is_gone() {
    let trial = Trial::new("sqlite:raw", 9);
    for gone in [1, 100, 4096] {
        trial.noticed(FILE, |bytes| bytes.truncate(bytes.len() - gone), "");
    }
    trial.noticed(FILE, |bytes| bytes.truncate(bytes.len() - 1), "bytes, and its pages have");
}

#[test]
fn the_audit_counts_and_looks_at_the_pages() {
    let trial = Trial::new("sqlite:raw,page=8192", 9);
    trial.audit().unwrap();
    sql(&trial, "PRAGMA page_size = 4096; PRAGMA journal_mode = DELETE; VACUUM");
    assert!(trial.audit().unwrap_err().to_string().contains("4096 bytes; asked for was page=8192"));
    sql(&trial, "PRAGMA page_size = 8192; VACUUM; DELETE FROM images WHERE id = 3");
    assert!(trial.audit().unwrap_err().to_string().contains("8 rows for 9 images"));
}

#[test]
fn no_damage_makes_it_panic() {
    Trial::new("sqlite:raw", 9).survives(FILE);
    Trial::new("sqlite:raw,mmap=on", 9).survives(FILE);
}

#[test]
fn no_damage_makes_a_change_panic() {
    Trial::new("sqlite:raw", 9).survives_changes(FILE);
}
