//! `inspect`, as a whole program.
#![allow(clippy::unwrap_used)] // a test that cannot go on shall say so

use assert_cmd::Command;
use predicates::prelude::*;
use predicates::str::contains;
use std::path::Path;

fn convert(source: &str, target: &Path, format: &str, more: &[&str]) -> Command {
    let mut command = Command::cargo_bin("shelfmark").unwrap();
    command.args(["convert", source]).arg(target).args(["--format", format]).args(more);
    command
}

fn inspect(source: &Path, more: &[&str]) -> Command {
    let mut command = Command::cargo_bin("shelfmark").unwrap();
    command.arg("inspect").arg(source).args(more);
    command
}

#[test]
fn inspect_tells_what_is_there_and_whether_it_is_whole() {
    let root = tempfile::tempdir().unwrap();
    let photographs = root.path().join("photographs");
    convert("synthetic:30x40x3", &photographs, "folder", &["--images", "30"]).assert().success();
    let store = root.path().join("store");
    convert(&format!("folder:{}", photographs.display()), &store, "dir:source", &[]).assert().success();
    let inspect = |more: &[&str]| inspect(&store, more);
    let picture = root.path().join("7.png");
    let json = inspect(&["--json", "--all", "--show", "7", picture.to_str().unwrap()]).output().unwrap();
    let found: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!((&found["images"], &found["looked_at"], &found["whole"]), (&30.into(), &30.into(), &true.into()));
    assert_eq!((&found["heights"]["median"], &found["widths"]["max"]), (&30.into(), &40.into()));
    assert_eq!((&found["store"]["format"], &found["files"]["png"]), (&"dir:source".into(), &30.into()));
    assert_eq!(std::fs::read(picture).unwrap()[1..4], *b"PNG");
    let other = root.path().join("7.jpg");
    inspect(&["--show", "7", other.to_str().unwrap()]).assert().code(2).stderr(contains("name it .png"));
    assert!(!other.exists());
    // A damaged image, then a store that is none.
    let victim = store.join("images/00000009.png");
    std::fs::write(&victim, &std::fs::read(&victim).unwrap()[..200]).unwrap();
    inspect(&["--all"]).assert().code(5).stdout(contains("NOT WHOLE: 1 image cannot").and(contains("image 9")));
    std::fs::remove_file(store.join("labels.csv")).unwrap();
    inspect(&[]).assert().code(5).stderr(contains("labels.csv"));
    Command::cargo_bin("shelfmark")
        .unwrap()
        .args(["inspect", "/no/such"])
        .assert()
        .code(1)
        .stderr(contains("/no/such"));
}

#[test]
fn what_options_made_of_a_store_is_among_its_settings() {
    let root = tempfile::tempdir().unwrap();
    let mut stores = vec![("dir:raw,fanout=7", vec!["files a subfolder: 7\n"], "HDF5")];
    if cfg!(feature = "hdf5") {
        let filters = vec!["HDF5 chunk: 5 images\n", "HDF5 filters: deflate 4, fletcher32\n"];
        stores.push(("hdf5:raw,chunk=5,deflate=4,checksum=fletcher32", filters, "subfolder"));
        stores.push(("hdf5:raw,chunk=5", vec!["HDF5 chunk: 5 images\n"], "HDF5 filters"));
    }
    for (at, (format, settings, absent)) in stores.into_iter().enumerate() {
        let store = root.path().join(at.to_string());
        convert("synthetic:8x8x3", &store, format, &["--images", "20"]).assert().success();
        let told = inspect(&store, &[]).assert().success().stdout(contains(absent).not()).get_output().stdout.clone();
        let told = String::from_utf8(told).unwrap();
        assert!(settings.iter().all(|setting| told.contains(setting)), "{format}: {told}");
    }
}

#[test]
fn of_what_was_not_looked_at_nothing_is_said() {
    let root = tempfile::tempdir().unwrap();
    let store = root.path().join("store");
    convert("synthetic:2x2x1", &store, "dir:raw", &["--images", "1500"]).assert().success();
    let found = |more: &[&str]| -> serde_json::Value {
        serde_json::from_slice(&inspect(&store, more).output().unwrap().stdout).unwrap()
    };
    let some = found(&["--json"]);
    assert_eq!((&some["looked_at"], &some["whole"]), (&1000.into(), &serde_json::Value::Null));
    let all = found(&["--json", "--all"]);
    assert_eq!((&all["looked_at"], &all["whole"]), (&1500.into(), &true.into()));
    inspect(&store, &[]).assert().success().stdout(contains("whole, as far as was looked"));
    let one = root.path().join("one");
    convert("synthetic:2x2x1", &one, "dir:raw", &["--images", "1"]).assert().success();
    inspect(&one, &[]).assert().success().stdout(contains("images of each: 1\n"));
}

#[test]
#[cfg(unix)]
fn names_do_nothing_to_the_terminal() {
    let root = tempfile::tempdir().unwrap();
    let images = root.path().join("images");
    convert("synthetic:8x8x3", &images, "folder", &["--images", "1"]).assert().success();
    let file = walkdir::WalkDir::new(&images).into_iter().map(Result::unwrap).find(|entry| entry.path().is_file());
    std::fs::rename(file.unwrap().path(), images.join("a\u{1b}[2J\nWHOLE.png")).unwrap();
    let _ = std::fs::remove_file(images.join("labels.csv"));
    let told = inspect(&images, &[]).assert().success().get_output().stdout.clone();
    let told = String::from_utf8(told).unwrap();
    assert!(told.contains("a\\u{1b}[2J\\nWHOLE.png") && !told.contains('\u{1b}'), "{told:?}");
    std::fs::write(images.join("a\u{1b}[2J\nWHOLE.png"), "none").unwrap();
    inspect(&images, &[]).assert().code(1).stderr(contains("\\u{1b}").and(contains("\u{1b}").not()));
}

#[test]
fn a_missing_image_is_the_same_to_inspect_and_to_verify() {
    let root = tempfile::tempdir().unwrap();
    let store = root.path().join("store");
    convert("synthetic:8x8x3", &store, "dir:raw", &["--images", "9"]).assert().success();
    std::fs::remove_file(store.join("images/00000000.raw")).unwrap();
    inspect(&store, &[]).assert().code(5).stdout(contains("NOT WHOLE").and(contains("DAMAGED")));
    let mut verify = Command::cargo_bin("shelfmark").unwrap();
    verify.arg("verify").arg("--store").arg(&store);
    verify.assert().code(5);
}

/// The files of a store that hold its images, without its manifest.
#[cfg(unix)]
fn payload(store: &Path) -> Vec<std::path::PathBuf> {
    let entries = walkdir::WalkDir::new(store).sort_by_file_name().into_iter().map(Result::unwrap);
    let files = entries.filter(|entry| entry.file_type().is_file()).map(walkdir::DirEntry::into_path);
    files.filter(|file| file.file_name().unwrap() != "shelfmark.json").collect()
}

#[test]
fn what_is_no_store_of_this_version_is_not_damaged() {
    let root = tempfile::tempdir().unwrap();
    let store = root.path().join("store");
    convert("synthetic:8x8x3", &store, "dir:raw", &["--images", "3"]).assert().success();
    let manifest = store.join("shelfmark.json");
    let text = std::fs::read_to_string(&manifest).unwrap();
    std::fs::write(&manifest, text.replace("shelfmark/store/1", "shelfmark/store/2")).unwrap();
    inspect(&store, &[])
        .assert()
        .code(1)
        .stderr(contains("shelfmark/store/2").and(contains("the version of shelfmark")));
    std::fs::write(&manifest, text.replace("\"dir:raw\"", "\"cabinet:raw\"")).unwrap();
    inspect(&store, &[])
        .assert()
        .code(1)
        .stderr(contains("does not know").and(contains("unknown container 'cabinet'")));
    std::fs::write(&manifest, text.replace("\"dir:raw\"", "\"dir:raw,drawer=7\"")).unwrap();
    inspect(&store, &[]).assert().code(1).stderr(contains("or not with these options").and(contains("drawer")));
    let mut verify = Command::cargo_bin("shelfmark").unwrap();
    verify.arg("verify").arg("--store").arg(&store).assert().code(1);
    convert(&format!("store:{}", store.display()), &root.path().join("to"), "dir:raw", &[]).assert().code(1);
    std::fs::write(&manifest, &text[..text.len() / 2]).unwrap();
    inspect(&store, &[]).assert().code(5).stderr(contains("damaged"));
    std::fs::remove_file(&manifest).unwrap();
    let named = |path: &Path| format!("store:{}", path.display());
    inspect(Path::new(&named(&store)), &[]).assert().code(1).stderr(contains("there is no shelfmark.json in it"));
    inspect(Path::new(&named(&root.path().join("none"))), &[]).assert().code(1).stderr(contains("no such path"));
}

/// What is wrong with a store of ours is known; what other programs wrote can only not be read.
#[test]
#[cfg(unix)]
fn what_other_programs_wrote_is_not_called_damaged() {
    let root = tempfile::tempdir().unwrap();
    for format in ["tar:png", "tfrecord:png", "npy:raw"] {
        let store = root.path().join(format.replace(':', "-"));
        convert("synthetic:8x8x3", &store, format, &["--images", "9"]).assert().success();
        let kind = format.split(':').next().unwrap();
        let is_data = |file: &&std::path::PathBuf| file.extension().is_some_and(|ending| ending == kind);
        let data = payload(&store).iter().find(is_data).unwrap().clone();
        let bytes = std::fs::read(&data).unwrap();
        let alone = root.path().join(format!("alone.{kind}"));
        std::fs::write(&alone, &bytes[..bytes.len() / 2]).unwrap();
        std::fs::write(&data, &bytes[..bytes.len() / 2]).unwrap();
        inspect(&alone, &["--all"]).assert().code(1);
        inspect(&store, &["--all"]).assert().code(5);
        // One image of many, which may be found only when it is read.
        let mut changed = bytes.clone();
        changed[bytes.len() / 2] ^= 0xff;
        std::fs::write(&alone, &changed).unwrap();
        if kind == "tfrecord" {
            inspect(&alone, &["--all"]).assert().code(1);
        }
    }
}

/// `inspect` as a user to whom nothing belongs, where this test runs as the one whom the system refuses nothing; `None` where
/// that user cannot start this program.
#[cfg(unix)]
fn inspect_refused(store: &Path) -> Option<std::process::Output> {
    use std::os::unix::process::CommandExt;
    let mut command = std::process::Command::new(assert_cmd::cargo::cargo_bin("shelfmark"));
    command.arg("inspect").arg("--all").arg(store);
    if payload(store).iter().all(|file| std::fs::File::open(file).is_ok()) {
        command.uid(65_534).gid(65_534);
    }
    command.output().ok()
}

#[test]
#[cfg(unix)]
fn what_the_system_refuses_is_no_damage() {
    use std::fs::{Permissions, set_permissions};
    use std::os::unix::fs::PermissionsExt;
    let root = tempfile::tempdir().unwrap();
    set_permissions(root.path(), Permissions::from_mode(0o755)).unwrap();
    let keep = |file: &Path| set_permissions(file, Permissions::from_mode(0o000)).unwrap();
    let mut formats = vec!["dir:raw", "tar:png", "npy:raw"];
    for (built, format) in [
        (cfg!(feature = "lmdb"), "lmdb:raw"),
        (cfg!(feature = "hdf5"), "hdf5:raw"),
        (cfg!(feature = "sqlite"), "sqlite:png"),
        (cfg!(feature = "redb"), "redb:raw"),
        (cfg!(feature = "parquet"), "parquet:png"),
        (cfg!(feature = "zarr"), "zarr:raw"),
    ] {
        formats.extend(built.then_some(format));
    }
    for format in formats {
        let store = root.path().join(format.replace(':', "-"));
        convert("synthetic:8x8x3", &store, format, &["--images", "9"]).assert().success();
        payload(&store).iter().for_each(|file| keep(file));
        let Some(output) = inspect_refused(&store) else { return };
        let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{format}: {said}");
        assert!(said.contains("check who may read"), "{format}: {said}");
    }
    // Of several images one is kept from us, the first, which the audit looks at, too; then another is damaged.
    let mut stores = vec![("dir:raw", ["images/00000000.raw", "images/00000005.raw"])];
    if cfg!(feature = "zarr") {
        stores.push(("zarr:raw,chunk=1,shard=1", ["images.zarr/c/0/0/0/0", "images.zarr/c/5/0/0/0"]));
    }
    for (format, [kept, damaged]) in stores {
        let store = root.path().join(format!("{}-one", &format[..3]));
        convert("synthetic:8x8x3", &store, format, &["--images", "9"]).assert().success();
        keep(&store.join(kept));
        for (code, unreadable) in [(1, "1 image cannot"), (5, "2 images cannot")] {
            let output = inspect_refused(&store).unwrap();
            let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(code), "{format}: {said}");
            assert!(said.contains(&format!("NOT WHOLE: {unreadable}")), "{format}: {said}");
            std::fs::write(store.join(damaged), "short").unwrap();
        }
    }
}
