//! `convert`, as a whole program: there and back, interrupted and gone on with.
#![allow(clippy::unwrap_used)] // a test that cannot go on shall say so

use assert_cmd::Command;
use predicates::prelude::*;
use predicates::str::contains;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

fn convert(source: &str, target: &Path, format: &str, more: &[&str]) -> Command {
    let mut command = Command::cargo_bin("shelfmark").unwrap();
    command.args(["convert", source]).arg(target).args(["--format", format]).args(more);
    command
}

/// Every file below a folder, with its bytes.
fn tree(root: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let files = walkdir::WalkDir::new(root).sort_by_file_name().into_iter().map(Result::unwrap);
    let files = files.filter(|entry| entry.file_type().is_file());
    files.map(|e| (e.path().strip_prefix(root).unwrap().to_owned(), std::fs::read(e.path()).unwrap())).collect()
}

/// A folder of PNGs in ten classes, made by shelfmark from synthetic images of 40x30.
fn photographs(root: &Path, images: u32) -> PathBuf {
    let photographs = root.join("photographs");
    let count = images.to_string();
    convert("synthetic:30x40x3", &photographs, "folder", &["--images", &count]).assert().success();
    // Synthetic images come in any order of classes: a table tells it.
    assert_eq!(tree(&photographs).len() as u32, images + 1);
    // Names that nobody would make up.
    let class = photographs.join("3");
    for file in std::fs::read_dir(&class).unwrap().map(|entry| entry.unwrap().path()) {
        std::fs::rename(&file, class.join(format!("ü {}", file.file_name().unwrap().display()))).unwrap();
    }
    let table = photographs.join("labels.csv");
    let text = std::fs::read_to_string(&table).unwrap();
    std::fs::write(table, text.replace("3/", "3/ü ").replace("/ü 3/", "/3/")).unwrap();
    photographs
}

#[test]
fn there_and_back_gives_the_same_files_under_the_same_names() {
    let root = tempfile::tempdir().unwrap();
    let photographs = photographs(root.path(), 60);
    let source = format!("folder:{}", photographs.display());
    for format in ["dir:source", "lmdb:source"] {
        if format.starts_with("lmdb") && !cfg!(feature = "lmdb") {
            continue;
        }
        let (store, back) = (root.path().join(format.replace(':', "-")), root.path().join("back"));
        convert(&source, &store, format, &[]).assert().success().stdout(contains("verified 60 of 60"));
        // A bare path is looked at to see what it is.
        convert(&store.display().to_string(), &back, "folder", &[]).assert().success();
        assert!(tree(&photographs) == tree(&back), "{format}: another folder came back");
        std::fs::remove_dir_all(back).unwrap();
    }
    let json = convert(&source, &root.path().join("raw"), "dir:raw", &["--json", "--resize", "8x9"]);
    let output = { json }.output().unwrap();
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&summary["images"], &summary["verified"]), (&60.into(), &60.into()));
    let bytes = summary["storage"]["apparent_bytes"].as_u64().unwrap();
    assert!((60 * 8 * 9 * 3..60 * 8 * 9 * 4).contains(&bytes), "{bytes}");
    for field in ["images_per_s", "core_s_per_gb", "peak_extra_bytes"] {
        assert!(summary[field].as_f64().unwrap() > 0.0, "{field}");
    }
}

#[test]
fn wrong_requests_are_refused_and_leave_nothing() {
    let root = tempfile::tempdir().unwrap();
    let target = root.path().join("target");
    convert("synthetic:8x8x3", &target, "dir:source", &["--images", "9"])
        .assert()
        .code(1)
        .stderr(contains("encoded files"));
    convert("/no/such/folder", &target, "dir:raw", &[]).assert().code(1).stderr(contains("/no/such/folder"));
    convert("foldr:x", &target, "dir:raw", &[]).assert().code(2).stderr(contains("did you mean 'folder'"));
    convert("synthetic:8x8x3", &target, "dir:rw", &[]).assert().code(2).stderr(contains("dir:raw"));
    convert("synthetic:8x8x3", &target, "", &[]).assert().code(2).stderr(contains("no format is named"));
    convert("synthetic:8x8x3", &target, "core", &[]).assert().code(2).stderr(contains("takes one format"));
    assert_eq!(std::fs::read_dir(root.path()).unwrap().count(), 0);
    convert("synthetic:8x8x3", &target, "dir:raw", &["--images", "9"]).assert().success();
    convert("synthetic:8x8x3", &target, "dir:raw", &["--images", "9"]).assert().code(1).stderr(contains("--force"));
    convert("synthetic:8x8x3", &target, "dir:raw", &["--images", "8", "--force"]).assert().success();
    convert("synthetic:8x8x3", &target, "folder", &["--images", "9"]).assert().code(1);
    // Leave to replace a store holds whatever replaces it; leave to replace anything else is never given.
    convert("synthetic:8x8x3", &target, "folder", &["--images", "9", "--force"]).assert().success();
    let again = convert("synthetic:8x8x3", &target, "folder", &["--images", "9", "--force"]).assert().code(1);
    again.stderr(contains("something that is no store"));
}

/// Starts a conversion that takes its time, and waits until it has noted some progress.
fn start_slow(target: &Path, format: &str, more: &[&str]) -> std::process::Child {
    let program = assert_cmd::cargo::cargo_bin("shelfmark");
    let mut command = std::process::Command::new(program);
    command.args([
        "convert",
        SLOW,
        "--format",
        format,
        "--images",
        "8000",
        "--threads",
        "1",
        "--on-interrupt",
        "resume",
    ]);
    command.arg(target).args(more).stdout(std::process::Stdio::null()).stderr(std::process::Stdio::piped());
    let child = command.spawn().unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    while partial(target).is_none_or(|directory| !directory.join("progress.json").is_file()) {
        assert!(Instant::now() < deadline, "no progress was noted");
        std::thread::sleep(Duration::from_millis(20));
    }
    child
}

const SLOW: &str = "synthetic:32x32x3";

fn partial(target: &Path) -> Option<PathBuf> {
    let entries = std::fs::read_dir(target.parent().unwrap()).unwrap().map(|entry| entry.unwrap().path());
    entries.into_iter().find(|path| path.extension().is_some_and(|ending| ending == "partial"))
}

#[test]
#[cfg(target_os = "linux")]
fn a_killed_conversion_never_looks_finished_and_is_gone_on_with_or_begun_again() {
    let root = tempfile::tempdir().unwrap();
    let formats: &[&str] =
        if cfg!(feature = "lmdb") { &["dir:raw", "lmdb:raw", "folder"] } else { &["dir:raw", "folder"] };
    for format in formats {
        let target = root.path().join("target");
        let mut child = start_slow(&target, format, &[]);
        child.kill().unwrap(); // SIGKILL
        child.wait().unwrap();
        assert!(!target.exists(), "{format}: a killed conversion looks finished");
        let left = partial(&target).unwrap();
        assert!(!left.join("shelfmark.json").exists(), "{format}");
        // What was not safe yet may be anything: here, half a file and a row too many.
        if *format == "dir:raw" {
            std::fs::write(left.join("images/00007999.raw"), "half").unwrap();
            let mut labels = std::fs::read_to_string(left.join("labels.csv")).unwrap();
            labels += "00007999.raw,1\n0000";
            std::fs::write(left.join("labels.csv"), labels).unwrap();
        }
        let again = |more: &[&str]| convert(SLOW, &target, format, &[&["--images", "8000"], more].concat());
        let resumed = again(&["--on-interrupt", "resume"]).assert().success();
        resumed.stderr(contains("going on after")).stdout(contains("verified 8000 of 8000"));
        assert_eq!(partial(&target), None, "{format}: something was left behind");
        std::fs::remove_dir_all(&target).unwrap();
    }
}

#[test]
#[cfg(target_os = "linux")]
fn interrupted_work_is_kept_or_removed_as_asked() {
    let root = tempfile::tempdir().unwrap();
    let target = root.path().join("target");
    let interrupt = |child: &std::process::Child| {
        std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    };
    let mut child = start_slow(&target, "dir:raw", &[]);
    interrupt(&child);
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(partial(&target).is_some() && !target.exists());
    // Asked to remove, the next one begins again; interrupted itself, it leaves nothing.
    let program = assert_cmd::cargo::cargo_bin("shelfmark");
    let mut command = std::process::Command::new(program);
    command.args(["convert", SLOW, "--format", "dir:raw", "--images", "8000", "--threads", "1"]).arg(&target);
    let mut child = command.spawn().unwrap();
    let old = partial(&target);
    let deadline = Instant::now() + Duration::from_secs(60);
    while partial(&target).is_none() || partial(&target) == old {
        assert!(Instant::now() < deadline, "it did not begin again");
        std::thread::sleep(Duration::from_millis(20));
    }
    std::thread::sleep(Duration::from_millis(300));
    interrupt(&child);
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert_eq!(std::fs::read_dir(root.path()).unwrap().count(), 0, "something was left behind");
}

#[test]
fn what_is_read_is_never_written_into_nor_replaced() {
    let root = tempfile::tempdir().unwrap();
    let photographs = photographs(root.path(), 12);
    let before = tree(&photographs);
    let folder = format!("folder:{}", photographs.display());
    let store = root.path().join("store");
    convert(&folder, &store, "dir:source", &[]).assert().success();
    let sealed = tree(&store);
    let same = store.join("../store/.");
    for (source, target) in [
        (store.display().to_string(), &store),
        (store.display().to_string(), &same),
        (folder.clone(), &photographs.join("in")),
    ] {
        convert(&source, target, "dir:png", &["--force"]).assert().code(2).stderr(contains("overlap"));
    }
    // The folder that a store was made around.
    std::fs::create_dir(store.join("mine")).unwrap();
    std::fs::write(store.join("mine/1.png"), &before[0].1).unwrap();
    let mine = format!("folder:{}", store.join("mine").display());
    convert(&mine, &store, "dir:png", &["--force"]).assert().code(2).stderr(contains("overlap"));
    std::fs::remove_dir_all(store.join("mine")).unwrap();
    assert!(tree(&photographs) == before && tree(&store) == sealed, "something was changed");
}

#[test]
#[cfg(target_os = "linux")]
fn a_conversion_that_is_wrong_never_gets_its_name() {
    let root = tempfile::tempdir().unwrap();
    let target = root.path().join("target");
    convert("synthetic:8x8x3", &target, "dir:raw", &["--images", "9"]).assert().success();
    let old = tree(&target);
    let mut child = start_slow(&root.path().join("new"), "dir:raw", &[]);
    child.kill().unwrap();
    child.wait().unwrap();
    // One label of what was safe is another when the work is gone on with.
    let left = partial(&root.path().join("new")).unwrap();
    let labels = std::fs::read_to_string(left.join("labels.csv")).unwrap();
    let (first, rest) = labels.split_at(labels.find("00000001").unwrap());
    std::fs::write(left.join("labels.csv"), first.replace(".raw,", ".raw,1") + rest).unwrap();
    let again = convert(SLOW, &root.path().join("new"), "dir:raw", &["--images", "8000", "--on-interrupt", "resume"]);
    { again }.assert().code(5).stderr(contains("image 0 came back changed"));
    assert!(!root.path().join("new").exists() && partial(&root.path().join("new")).is_none());
    // An old store is still there when the new one cannot be made.
    convert("synthetic:8x8x3", &target, "dir:source", &["--images", "9", "--force"]).assert().code(1);
    assert!(tree(&target) == old);
    convert("synthetic:8x8x3", &target, "dir:png", &["--images", "9", "--force"]).assert().success();
    assert!(tree(&target) != old && std::fs::read_dir(root.path()).unwrap().count() == 1);
}

#[test]
fn a_folder_has_one_file_of_a_name() {
    let root = tempfile::tempdir().unwrap();
    let photographs = photographs(root.path(), 12);
    let target = root.path().join("target");
    // The thirteenth is the first again.
    convert(&photographs.display().to_string(), &target, "folder", &["--images", "13"])
        .assert()
        .code(1)
        .stderr(contains("two samples are named").and(contains("--images")));
    assert!(!target.exists());
    convert(&photographs.display().to_string(), &target, "dir:source", &["--images", "13"]).assert().success();
}

#[test]
fn broken_files_stop_it_or_are_left_out() {
    let root = tempfile::tempdir().unwrap();
    let photographs = photographs(root.path(), 20);
    std::fs::remove_file(photographs.join("labels.csv")).unwrap();
    let victim = tree(&photographs).swap_remove(7);
    std::fs::write(photographs.join(&victim.0), &victim.1[..victim.1.len() / 2]).unwrap();
    let (source, name) = (format!("folder:{}", photographs.display()), victim.0.display().to_string());
    let target = root.path().join("target");
    // Its header is whole: `source` would not look at the rest, if it did not decode each file once.
    for format in ["dir:source", "dir:raw"] {
        convert(&source, &target, format, &[]).assert().code(1).stderr(contains(&name).and(contains("skip")));
        assert!(!target.exists());
        let done = convert(&source, &target, format, &["--on-error", "skip"]).assert().success();
        done.stderr(contains(&name)).stdout(contains("verified 19 of 19"));
        std::fs::remove_dir_all(&target).unwrap();
    }
}
