//! Conversions that failed and are gone on with, as a whole program: nothing here depends on when something is killed.
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

#[test]
fn a_conversion_gone_on_with_counts_only_what_it_wrote_itself() {
    let root = tempfile::tempdir().unwrap();
    let images = root.path().join("images");
    convert("synthetic:8x8x3", &images, "folder", &["--images", "300"]).assert().success();
    // The last one cannot be decoded at first: what comes before it stays, and that is more than one batch.
    let table = std::fs::read_to_string(images.join("labels.csv")).unwrap();
    let last = images.join(table.lines().last().unwrap().split(',').next().unwrap());
    let whole = std::fs::read(&last).unwrap();
    let source = format!("folder:{}", images.display());
    for format in ["dir:raw", "folder"] {
        let target = root.path().join("target");
        let more = ["--on-interrupt", "resume", "--threads", "1", "--json"];
        std::fs::write(&last, &whole[..whole.len() - 20]).unwrap();
        convert(&source, &target, format, &more).assert().code(1).stderr(contains("what was written is kept"));
        std::fs::write(&last, &whole).unwrap();
        let output = convert(&source, &target, format, &more).output().unwrap();
        let summary: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let number = |name: &str| summary[name].as_f64().unwrap();
        assert_eq!((number("images"), number("resumed_from"), number("verified")), (300.0, 256.0, 300.0), "{format}");
        let counted = number("images_per_s") * number("write_s");
        assert!((counted - 44.0).abs() < 1e-6, "{format}: {counted} images counted of 44");
        let gigabytes = summary["storage"]["apparent_bytes"].as_f64().unwrap() / 1e9 * 44.0 / 300.0;
        let core_s = number("core_s_per_gb") * gigabytes;
        assert!((core_s - number("core_s")).abs() < 1e-6, "{format}: {core_s} core-seconds");
        std::fs::remove_dir_all(&target).unwrap();
    }
}

/// A conversion in which no file may grow beyond so many bytes: what a full disk does, without one.
#[cfg(target_os = "linux")]
fn convert_on_a_full_disk(target: &Path, format: &str, bytes: u64) -> Command {
    let program = assert_cmd::cargo::cargo_bin("shelfmark");
    let mut command = Command::new("bash");
    let script = format!(
        "trap '' XFSZ; ulimit -f {}; exec \"$0\" convert synthetic:32x32x3 \"$1\" --format {format} --images 3000 --threads 1 --on-interrupt resume",
        bytes / 1024
    );
    command.args(["-c", &script]).arg(program).arg(target);
    command
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_leaves_what_was_safe() {
    let root = tempfile::tempdir().unwrap();
    let formats: &[(&str, u64)] = if cfg!(feature = "lmdb") {
        // The labels of `dir` in the order of their writing take some 40 KB.
        &[("lmdb:raw", 4 << 20), ("dir:raw", 24 << 10)]
    } else {
        &[("dir:raw", 24 << 10)]
    };
    for (format, bytes) in formats {
        let target = root.path().join("target");
        for _ in 0..2 {
            // The second finds the disk as full as before.
            convert_on_a_full_disk(&target, format, *bytes)
                .assert()
                .code(1)
                .stderr(contains("what was written is kept"));
        }
        let images = ["--images", "3000", "--on-interrupt", "resume"];
        let resumed = convert("synthetic:32x32x3", &target, format, &images).assert().success();
        resumed.stderr(contains("going on after"));
        assert_eq!(std::fs::read_dir(root.path()).unwrap().count(), 1, "{format}: something was left behind");
        std::fs::remove_dir_all(&target).unwrap();
    }
}

/// A folder of 300 images of which the last cannot be decoded, converted as far as can be.
fn stopped_at_the_last(root: &Path, more: &[&str]) -> std::path::PathBuf {
    let images = root.join("images");
    convert("synthetic:8x8x3", &images, "folder", &["--images", "300"]).assert().success();
    let table = std::fs::read_to_string(images.join("labels.csv")).unwrap();
    let last = images.join(table.lines().last().unwrap().split(',').next().unwrap());
    let whole = std::fs::read(&last).unwrap();
    std::fs::write(&last, &whole[..whole.len() - 20]).unwrap();
    let mut stopped = convert("images", Path::new("target"), "dir:raw", more);
    stopped.current_dir(root).assert().code(1).stderr(contains("what was written is kept"));
    last
}

/// Whether unfinished work is in a folder.
fn is_left(root: &Path) -> bool {
    std::fs::read_dir(root).unwrap().any(|entry| entry.unwrap().path().join("progress.json").is_file())
}

#[test]
fn other_spellings_are_the_same_work_and_other_work_is_never_removed_unasked() {
    let root = tempfile::tempdir().unwrap();
    let resume = ["--on-interrupt", "resume", "--threads", "1", "--no-verify"];
    stopped_at_the_last(root.path(), &resume);
    let target = Path::new("target");
    for spelling in ["./images", "images/", "folder:images/../images"] {
        let mut again = convert(spelling, target, "dir:raw", &resume);
        again.current_dir(root.path()).assert().code(1).stderr(contains("going on after 256 of 300"));
    }
    for (source, format, what) in
        [("images", "dir:png", "one to dir:raw"), ("synthetic:8x8x3", "dir:raw", "one of folder:")]
    {
        let mut other = convert(source, target, format, &resume);
        other.current_dir(root.path()).assert().code(1).stderr(contains(what).and(contains("--on-interrupt remove")));
        assert!(is_left(root.path()), "{what}: it was removed");
    }
    // Asked to, it begins again.
    let mut afresh = convert("synthetic:8x8x3", target, "dir:raw", &["--images", "9"]);
    afresh.current_dir(root.path()).assert().success().stderr(contains("removing an interrupted conversion"));
    assert!(!is_left(root.path()));
}

#[test]
fn a_source_that_has_changed_is_not_mixed_with_what_it_was() {
    let root = tempfile::tempdir().unwrap();
    let resume = ["--on-interrupt", "resume", "--threads", "1", "--no-verify"];
    let last = stopped_at_the_last(root.path(), &resume);
    // What could not be decoded may be mended, but what is written already has to be what it was.
    let table = std::fs::read_to_string(root.path().join("images/labels.csv")).unwrap();
    let first = root.path().join("images").join(table.lines().nth(1).unwrap().split(',').next().unwrap());
    std::fs::copy(&first, &last).unwrap();
    let second = std::fs::read(&first).unwrap();
    std::fs::write(&first, [&second[..], b"more"].concat()).unwrap();
    let mut again = convert("images", Path::new("target"), "dir:raw", &resume);
    again.current_dir(root.path()).assert().code(1).stderr(contains("changed since"));
    assert!(is_left(root.path()) && !root.path().join("target").exists());
}
