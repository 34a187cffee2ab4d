//! Folders that are written out.

use super::*;
use crate::dataset::folder::export::{self, FolderWriter};
use crate::sample::Sample;
use crate::store::Threads;
use crate::store::placement::IfExists;
use crate::store::progress::Progress;

fn work(dataset: &dyn Dataset) -> Progress {
    let (shape, images) = (dataset.shape(), dataset.len());
    let source = dataset.name();
    Progress { format: export::FORMAT.into(), dataset: dataset.name(), source, state: None, shape, images, done: 0 }
}

fn exported(dataset: &dyn Dataset, target: &Path) -> Result<u64> {
    let mut writer = FolderWriter::new(target, work(dataset), None, IfExists::Refuse)?;
    let mut samples = Batch::new();
    for index in 0..dataset.len() {
        if dataset.has_files() { dataset.read_file(index, &mut samples)? } else { dataset.read(index, &mut samples)? }
    }
    writer.append(&samples)?;
    writer.seal()?.put_in_place()?;
    export::verify(target, dataset, Threads::ONE, &mut |_| Ok(()))
}

#[test]
fn a_folder_written_out_is_the_folder_that_was_read() {
    let root = tempfile::tempdir().unwrap();
    for path in ["a/1.png", "a/2.png", "b/1.png"] {
        put(&root.path().join("in"), path, &png_file(3, 4, 3, path.len() as u8));
    }
    let folder = open(&root.path().join("in")).unwrap();
    let out = root.path().join("out");
    assert_eq!(exported(&folder, &out).unwrap(), 3);
    for path in ["a/1.png", "a/2.png", "b/1.png"] {
        assert_eq!(std::fs::read(out.join(path)).unwrap(), std::fs::read(root.path().join("in").join(path)).unwrap());
    }
    assert!(!out.join("labels.csv").exists(), "folders tell the labels");
    // A changed byte, or another label, is noticed.
    put(&out, "a/2.png", &png_file(3, 4, 3, 99));
    assert!(export::verify(&out, &folder, Threads::ONE, &mut |_| Ok(())).is_err());
    assert!(exported(&folder, &out).is_err(), "nothing is overwritten");
}

#[test]
fn labels_that_folders_cannot_tell_get_a_table() {
    let root = tempfile::tempdir().unwrap();
    let shape = ImageShape::new(2, 2, 3);
    for (nth, (keys, labels)) in
        [(["a/1.png", "b/1.png"], [1, 0]), (["1.png", "2.png"], [3, 3]), (["b/1.png", "a/1.png"], [0, 1])]
            .into_iter()
            .enumerate()
    {
        let mut samples = Batch::new();
        for (key, label) in keys.iter().zip(labels) {
            samples.push(shape, label).fill(label as u8);
            samples.set_key(key.as_bytes());
        }
        let memory = crate::dataset::Memory::new("memory", Shape::Fixed(shape), samples);
        let out = root.path().join(nth.to_string());
        assert_eq!(exported(&memory, &out).unwrap(), 2);
        assert!(out.join("labels.csv").is_file(), "{keys:?}");
        assert_eq!(listing(&open(&out).unwrap()), pairs(&[(keys[0], labels[0]), (keys[1], labels[1])]));
    }
}

#[test]
fn names_never_lead_out_of_the_folder() {
    let root = tempfile::tempdir().unwrap();
    let sample =
        |key: &'static [u8]| Sample { shape: ImageShape::new(1, 1, 1), label: 0, key, pixels: &[1], file: &[] };
    for key in [&b"../x.png"[..], b"/etc/x.png", b"a/../../x.png", b"a//x.png", b"./x.png", b"x.png/", b"..", b"/"] {
        let mut samples = Batch::new();
        samples.push_copy(&sample(key));
        let memory = crate::dataset::Memory::new("memory", Shape::Fixed(ImageShape::new(1, 1, 1)), samples);
        let outcome = exported(&memory, &root.path().join("inner/out"));
        assert!(outcome.is_err(), "{:?}", String::from_utf8_lossy(key));
    }
    assert_eq!(
        walkdir::WalkDir::new(root.path()).into_iter().filter(|e| e.as_ref().unwrap().path().is_file()).count(),
        0
    );
}
