//! `labels.csv` of the container `dir`: opened with a fixed ending of files, and with one for each row.
#![no_main]

use libfuzzer_sys::fuzz_target;
use shelfmark::sample::{Batch, ImageShape, Shape};
use shelfmark::store::{FormatId, StoreSpec, registry};
use std::str::FromStr;
use std::sync::OnceLock;
use tempfile::TempDir;

/// Images that the store is said to hold.
const IMAGES: u64 = 4;

fuzz_target!(|table: &[u8]| {
    static FOLDER: OnceLock<TempDir> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        let folder = tempfile::tempdir().expect("there is a place for temporary files");
        std::fs::create_dir(folder.path().join("images")).expect("it can be written");
        std::fs::write(folder.path().join("images/00000000.raw"), [7; 6]).expect("it can be written");
        folder
    });
    std::fs::write(folder.path().join("labels.csv"), table).expect("it can be written");
    let spec = StoreSpec { shape: Shape::Fixed(ImageShape::new(1, 2, 3)), images: IMAGES };
    for name in ["dir:raw", "dir:source"] {
        let resolved = FormatId::from_str(name).and_then(|id| registry::resolve(&id)).expect("it is always built in");
        let Ok(mut reader) = resolved.format.open(folder.path(), &spec).and_then(|store| store.reader()) else {
            continue;
        };
        let mut batch = Batch::new();
        for index in 0..=IMAGES {
            let read = reader.read(index, &mut batch).is_ok();
            assert!(read == (index == 0 && name == "dir:raw"), "{name}: only the first image has a file");
        }
    }
});
