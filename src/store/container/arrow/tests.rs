use super::FILE;
use crate::store::container::trial::{Trial, replace};
use arrow_array::Array;

#[test]
fn a_plain_reader_finds_both_columns() {
    let trial = Trial::new("arrow:raw,batch=4", 9);
    assert_eq!(trial.files(), [FILE, "shelfmark.json"]);
    let file = std::fs::File::open(trial.path.join(FILE)).unwrap();
    let batches: Vec<_> = arrow_ipc::reader::FileReader::try_new(file, None).unwrap().map(Result::unwrap).collect();
    assert_eq!(batches.iter().map(|batch| batch.num_rows()).collect::<Vec<_>>(), [4, 4, 1]);
    assert!(batches.iter().all(|batch| batch.column(0).null_count() == 0 && batch.num_columns() == 2));
}

#[test]
fn what_cannot_be_is_refused() {
    let trial = Trial::new("arrow:raw", 9);
    trial.noticed(FILE, |bytes| bytes.truncate(4), "it is too short");
    trial.noticed(FILE, |bytes| bytes.truncate(bytes.len() - 1), FILE);
    let last = |bytes: &mut Vec<u8>| {
        let at = bytes.len() - 10;
        bytes[at..at + 4].copy_from_slice(&i32::MAX.to_le_bytes());
    };
    trial.noticed(FILE, last, "its footer is too long");
    let rename = |bytes: &mut Vec<u8>| {
        // In the footer, which is what is read; the schema at the beginning says the same again.
        let half = bytes.len() / 2;
        let mut end = bytes.split_off(half);
        replace(&mut end, "label", "lable");
        bytes.extend_from_slice(&end);
    };
    trial.noticed(FILE, rename, "its columns are image, lable");
}

#[test]
fn the_audit_sees_larger_batches() {
    let trial = Trial::new("arrow:raw,batch=4", 9);
    trial.audit().unwrap();
    let other = Trial::new("arrow:raw", 9);
    std::fs::copy(other.path.join(FILE), trial.path.join(FILE)).unwrap();
    assert!(trial.audit().unwrap_err().to_string().contains("a batch of it has 9 records; asked for was batch=4"));
    let other = Trial::new("arrow:raw,batch=5", 9);
    std::fs::copy(other.path.join(FILE), trial.path.join(FILE)).unwrap();
    assert!(trial.audit().unwrap_err().to_string().contains("a batch of it has 5 records"), "one more is more");
}

#[test]
fn no_damage_makes_it_panic() {
    Trial::new("arrow:raw", 9).survives(FILE);
}
