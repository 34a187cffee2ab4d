//! What becomes of work whose output nobody reads any more.
#![allow(clippy::unwrap_used)] // a test that cannot go on shall say so
#![cfg(unix)]

use std::process::{Command, Stdio};

/// Runs the program with a standard output that nobody reads; its exit code, and what it said on standard error.
fn unread(arguments: &[&str], folder: &std::path::Path) -> (Option<i32>, String) {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let program = assert_cmd::cargo::cargo_bin("shelfmark");
    let mut command = Command::new(program);
    command.args(arguments).current_dir(folder).stdout(writer).stderr(Stdio::piped());
    let output = command.output().unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn work_is_done_and_its_outcome_counts_though_nobody_listens() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| unread(arguments, folder.path());
    let done = (Some(0), String::new());
    for json in [&[][..], &["--json"]] {
        let convert = ["convert", "synthetic:8x8x3", "target", "--format", "dir:raw", "--images", "9", "--force"];
        assert_eq!(run(&[&convert[..], json].concat()), done, "convert {json:?}");
        let verify = ["verify", "--dataset", "synthetic:8x8x3", "--images", "9", "--formats", "dir:raw", "dir:png"];
        assert_eq!(run(&[&verify[..], &["--dir", "stores"], json].concat()), done, "verify {json:?}");
        let store = ["verify", "--store", "target", "--dataset", "synthetic:8x8x3", "--images"];
        assert_eq!(run(&[&store[..], &["9"], json].concat()), done, "verify --store {json:?}");
        assert_eq!(run(&[&store[..], &["8"], json].concat()).0, Some(5), "a wrong store, {json:?}");
        let exact =
            ["run", "--profile", "exact", "--dataset", "synthetic:8x8x3", "--images", "9", "--formats", "dir:raw"];
        assert_eq!(run(&[&exact[..], &["--workloads", "scan"], json].concat()).0, Some(0), "run {json:?}");
    }
}
