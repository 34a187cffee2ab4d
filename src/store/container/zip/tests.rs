use super::{FILE, LABELS};
use crate::store::container::trial::{Trial, replace};
use std::io::{Cursor, Write};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

#[test]
fn the_archive_is_one_that_stylegan_reads() {
    let trial = Trial::new("zip:png", 3);
    assert_eq!(trial.files(), [FILE, "shelfmark.json"]);
    let bytes = std::fs::read(trial.path.join(FILE)).unwrap();
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let names: Vec<_> = archive.file_names().map(|name| name.unwrap().into_owned()).collect();
    assert_eq!(names, ["00000000.png", "00000001.png", "00000002.png", LABELS]);
    let labels: serde_json::Value = serde_json::from_reader(archive.by_name(LABELS).unwrap()).unwrap();
    assert_eq!(labels["labels"][2][0], "00000002.png");
}

#[test]
fn a_changed_bit_is_noticed_wherever_it_matters() {
    let trial = Trial::new("zip:raw", 2);
    let whole = std::fs::read(trial.path.join(FILE)).unwrap();
    let right = trial.read().unwrap();
    for at in 0..whole.len() {
        trial.change(FILE, |bytes| bytes[at] ^= 1 << (at % 8));
        // Of dates, versions and flags nobody reads the pixels by.
        if let Ok(batch) = trial.read() {
            assert!(batch.iter().eq(right.iter()), "byte {at} came through");
        }
        std::fs::write(trial.path.join(FILE), &whole).unwrap();
    }
}

#[test]
fn what_cannot_be_is_refused() {
    let trial = Trial::new("zip:raw", 2);
    let image = [7; 192];
    let archive = |names: &[&str], method: CompressionMethod, labels: &str| {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        let options = SimpleFileOptions::default();
        for name in names {
            zip.start_file(*name, options.compression_method(method)).unwrap();
            zip.write_all(&image).unwrap();
        }
        zip.start_file(LABELS, options.compression_method(CompressionMethod::Stored)).unwrap();
        zip.write_all(labels.as_bytes()).unwrap();
        zip.finish().unwrap().into_inner()
    };
    let labels = r#"{"labels": [["00000000.raw", 1], ["00000001.raw", 2]]}"#;
    let stored = CompressionMethod::Stored;
    let put = |bytes: Vec<u8>| move |file: &mut Vec<u8>| *file = bytes;
    trial.change(FILE, put(archive(&["00000000.raw", "00000001.raw"], stored, labels)));
    assert_eq!(trial.read().unwrap().iter().map(|sample| sample.label).collect::<Vec<_>>(), [1, 2]);
    trial.noticed(FILE, put(archive(&["00000000.raw"], stored, labels)), "holds 2 files for 2 images");
    trial.noticed(FILE, put(archive(&["00000001.raw", "00000000.raw"], stored, labels)), "file 0 is not the one");
    let other = labels.replace("00000001", "00000002");
    trial.noticed(FILE, put(archive(&["00000000.raw", "00000001.raw"], stored, &other)), "a label for each of 2");
    let more = labels.replace("]]}", r#"], ["00000002.raw", 3]]}"#);
    trial.noticed(FILE, put(archive(&["00000000.raw", "00000001.raw"], stored, &more)), "a label for each of 2");
    trial.noticed(FILE, |bytes| bytes.truncate(300), FILE);
    // In the directory, which is what is read.
    let rename = |bytes: &mut Vec<u8>| {
        let mut end = bytes.split_off(bytes.len() - 100);
        replace(&mut end, "dataset.json", "dataset.jsom");
        bytes.extend_from_slice(&end);
    };
    trial.noticed(FILE, rename, FILE);
}

#[test]
fn no_damage_makes_it_panic() {
    Trial::new("zip:raw", 9).survives(FILE);
}
