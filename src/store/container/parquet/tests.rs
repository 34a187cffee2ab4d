use super::FILE;
use crate::store::container::trial::Trial;
use ::parquet::file::reader::{FileReader, SerializedFileReader};

#[test]
fn a_plain_reader_finds_rows_in_groups_and_pages() {
    let trial = Trial::new("parquet:raw,rowgroup=8,page=3", 20);
    assert_eq!(trial.files(), [FILE, "shelfmark.json"]);
    let file = SerializedFileReader::new(std::fs::File::open(trial.path.join(FILE)).unwrap()).unwrap();
    let rows: Vec<i64> = file.metadata().row_groups().iter().map(|group| group.num_rows()).collect();
    assert_eq!(rows, [8, 8, 4]);
    let group = file.get_row_group(0).unwrap();
    let pages: Vec<u32> = group.get_column_page_reader(0).unwrap().map(|page| page.unwrap().num_values()).collect();
    assert_eq!(pages, [3, 3, 2]);
    assert_eq!(trial.read().unwrap().len(), 20);
    trial.audit().unwrap();
}

#[test]
fn the_audit_sees_another_layout() {
    let trial = Trial::new("parquet:raw,rowgroup=8,page=3", 20);
    for (other, expected) in [
        ("parquet:raw,rowgroup=9,page=3", "a row group of it has 9 rows; asked for were 8"),
        ("parquet:raw,rowgroup=8,page=4", "a page of it has 4 rows; asked for were 3"),
        ("parquet:raw,rowgroup=8,page=3,compression=zstd", "compressed by Some(\"zstd\"); asked for was none"),
    ] {
        let other = Trial::new(other, 20);
        std::fs::copy(other.path.join(FILE), trial.path.join(FILE)).unwrap();
        let said = trial.audit().unwrap_err().to_string();
        assert!(said.contains(expected), "{said}");
    }
}

#[test]
fn what_is_none_is_refused() {
    let trial = Trial::new("parquet:raw", 9);
    trial.noticed(FILE, |bytes| bytes.truncate(4), FILE);
    trial.noticed(FILE, |bytes| bytes.truncate(bytes.len() - 1), FILE);
    let other = Trial::new("parquet:raw", 8);
    trial.noticed(FILE, |bytes| *bytes = std::fs::read(other.path.join(FILE)).unwrap(), "8 rows for 9 images");
}

#[test]
fn no_damage_makes_it_panic() {
    Trial::new("parquet:raw,page=3", 9).survives(FILE);
    Trial::new("parquet:raw,compression=zstd", 9).survives(FILE);
}
