//! Folders that are not as a store's are.

use super::*;
use crate::store::FormatId;

const DIR: Dir = Dir { fanout: None };

/// Two images of two bytes, raw.
fn store(at: &Path) -> RecordLayout {
    let id: FormatId = "dir:raw".parse().unwrap();
    std::fs::create_dir(at.join(FOLDER)).unwrap();
    for (index, bytes) in [[1, 2], [3, 4]].iter().enumerate() {
        std::fs::write(at.join(format!("images/{index:08}.raw")), bytes).unwrap();
    }
    std::fs::write(at.join(LABELS), "file,label\n00000000.raw,5\n00000001.raw,6\n").unwrap();
    RecordLayout { name: StoreName::new(&id, at), records: 2, max_image_bytes: 2, extension: Some("raw") }
}

/// What reading the second image comes to.
fn second(at: &Path, layout: &RecordLayout) -> Result<Vec<u8>> {
    let mut reader = DIR.open(at, layout)?.reader()?;
    reader.get(1).map(|record| record.bytes.to_vec())
}

#[test]
fn the_table_has_a_row_for_each_image_and_names_its_file() {
    let at = tempfile::tempdir().unwrap();
    let layout = store(at.path());
    assert_eq!(second(at.path(), &layout).unwrap(), [3, 4]);
    for (table, expected) in [
        ("file,label\n00000000.raw,5\n", "1 rows for 2 images"),
        ("file,label\n00000000.raw,5\n00000001.raw,6\n00000002.raw,7\n", "3 rows for 2 images"),
        ("file,label\n00000001.raw,5\n00000000.raw,6\n", "row 0 does not name file 0"),
        ("file,label\n00000000.raw,5\n00000001.png,6\n", "row 1 does not name file 1"),
        ("file,label\n00000000.raw,5\n../00000001.raw,6\n", "row 1 does not name file 1"),
        ("file,label\n00000000.raw,5\n00000001.raw,six\n", "row 1 has no label"),
        ("label,file\n5,00000000.raw\n6,00000001.raw\n", "does not begin with the line"),
    ] {
        std::fs::write(at.path().join(LABELS), table).unwrap();
        let error = second(at.path(), &layout).unwrap_err().to_string();
        assert!(error.contains(expected), "{expected}: {error}");
    }
}

#[test]
fn a_file_too_long_for_any_image_is_refused() {
    let at = tempfile::tempdir().unwrap();
    let layout = store(at.path());
    let file = at.path().join("images/00000001.raw");
    let most = layout.max_record_bytes();
    std::fs::write(&file, vec![0; most as usize]).unwrap();
    assert_eq!(second(at.path(), &layout).unwrap().len() as u64, most);
    std::fs::write(&file, vec![0; most as usize + 1]).unwrap();
    let error = second(at.path(), &layout).unwrap_err().to_string();
    assert!(error.contains("too long"), "{error}");
}

#[test]
fn images_as_large_as_numbers_can_say_have_no_limit() {
    let at = tempfile::tempdir().unwrap();
    let layout = RecordLayout { max_image_bytes: u64::MAX, ..store(at.path()) };
    assert_eq!(second(at.path(), &layout).unwrap(), [3, 4]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_pipe_in_the_place_of_a_file_is_not_waited_for() {
    let at = tempfile::tempdir().unwrap();
    let layout = store(at.path());
    let file = at.path().join("images/00000001.raw");
    std::fs::remove_file(&file).unwrap();
    let kind = rustix::fs::FileType::Fifo;
    rustix::fs::mknodat(rustix::fs::CWD, &file, kind, rustix::fs::Mode::from_raw_mode(0o600), 0).unwrap();
    assert!(second(at.path(), &layout).unwrap().is_empty(), "it ends where nobody writes");
}

#[test]
fn a_file_that_is_there_is_not_written_over() {
    let at = tempfile::tempdir().unwrap();
    store(at.path());
    let folder = Folder::open(at.path().join(FOLDER)).unwrap();
    let error = folder.create("00000001.raw", &[9]).unwrap_err().to_string();
    assert!(error.contains("00000001.raw"), "{error}");
    assert_eq!(std::fs::read(at.path().join("images/00000001.raw")).unwrap(), [3, 4]);
}
