//! `shelfmark run --peers`: Python programs as cells among the others. No time decides anything.
#![cfg(unix)]
#![allow(clippy::unwrap_used)] // a test that cannot go on shall say so

use assert_cmd::Command;
use predicates::str::contains;
use serde_json::Value;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// A run of 300 small images with these peers; its exit code and results.
fn run(dir: &Path, more: &[&str]) -> (i32, Value) {
    let mut command = Command::cargo_bin("shelfmark").unwrap();
    command.args(["run", "--dataset", "synthetic:8x8x3", "--images", "300", "--budget", "1", "--json"]);
    command.arg("--dir").arg(dir.join("stores")).arg("--out").arg(dir.join("report")).args(more);
    let output = command.output().unwrap();
    assert_eq!(std::fs::read_dir(dir.join("stores")).unwrap().count(), 0, "stores or scripts were left behind");
    let stderr = String::from_utf8_lossy(&output.stderr);
    let results = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {stderr}"));
    (output.status.code().unwrap(), results)
}

fn cells<'a>(results: &'a Value, kind: &'a str) -> impl Iterator<Item = &'a Value> {
    results["cells"].as_array().unwrap().iter().filter(move |cell| cell["kind"] == kind)
}

/// A program that passes for a Python interpreter: asked for packages it says `lacking`, as a peer it greets and then
/// answers everything with `reply`.
fn fake_python(dir: &Path, lacking: &str, reply: &str) -> PathBuf {
    let path = dir.join("python");
    let hello = r#"{"hello":{"protocol":1,"program":"fake"}}"#;
    let text = format!(
        "#!/bin/sh\nif [ \"$1\" = -c ]; then echo noise; echo '{lacking}'; exit; fi\n\
         [ -f \"$1\" ] || exit 9\nread hello; echo '{hello}'; while read request; do echo '{reply}'; done\n"
    );
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}

#[test]
fn peers_take_turns_with_the_formats_or_say_what_they_lack() {
    let dir = tempfile::tempdir().unwrap();
    let names = ["python:pillow", "python:lmdb-raw", "python:torch-png"];
    let mut arguments = vec!["--workloads", "scan", "--formats", "dir:raw", "--peers"];
    arguments.extend(names);
    let (code, results) = run(dir.path(), &arguments);
    assert_eq!(code, 0, "{results:#}");
    let format = cells(&results, "format").next().unwrap();
    assert_eq!(format["status"], "ok");
    let peers: Vec<&Value> = cells(&results, "peer").collect();
    let found: Vec<&str> = peers.iter().map(|cell| cell["format"].as_str().unwrap()).collect();
    assert_eq!(found, [&names[..], &["dir:raw (own process)"]].concat());
    for cell in peers {
        match cell["status"].as_str().unwrap() {
            "ok" => {
                assert_eq!(cell["turns"]["images"].as_array().unwrap().len(), turns(format), "{cell:#}");
                assert_eq!(cell["turns"]["block"], format["turns"]["block"], "not in the same blocks");
                assert_eq!(cell["verified"]["ok"], true);
                assert!(cell["native"].is_object() || cell["format"] == "dir:raw (own process)", "{cell:#}");
            }
            // No Python, no such package, or no LMDB in this build.
            "skipped" => assert!(cell["reason"].as_str().unwrap().contains("scripts/peers/setup"), "{cell:#}"),
            status => {
                let left_out = cell["format"] == "python:lmdb-raw" && !cfg!(feature = "lmdb");
                assert!(left_out && status == "unsupported", "{cell:#}");
            }
        }
    }
}

fn turns(cell: &Value) -> usize {
    cell["turns"]["images"].as_array().unwrap().len()
}

#[test]
fn a_peer_that_delivers_something_else_fails_the_run() {
    let dir = tempfile::tempdir().unwrap();
    let liar =
        fake_python(dir.path(), "{}", r#"{"failed":{"kind":"mismatch","message":"image 3 was delivered changed"}}"#);
    let python = liar.to_str().unwrap();
    let arguments = ["--workloads", "scan", "--formats", "dir:raw", "--peers", "python:pillow", "--python", python];
    let (code, results) = run(dir.path(), &arguments);
    assert_eq!(code, 5, "{results:#}");
    let cell = cells(&results, "peer").next().unwrap();
    assert_eq!((&cell["status"], &cell["verified"]["ok"]), (&"failed".into(), &false.into()));
    assert!(cell["reason"].as_str().unwrap().contains("image 3"));
    assert_eq!(cells(&results, "format").next().unwrap()["status"], "ok", "it spoils nobody else's turns");
}

#[test]
fn what_cannot_take_part_is_shown_with_its_reason() {
    let dir = tempfile::tempdir().unwrap();
    let poor = fake_python(dir.path(), r#"{"PIL":"No module named PIL"}"#, "");
    let python = poor.to_str().unwrap();
    let arguments =
        ["--workloads", "write_one", "scan", "--formats", "dir:raw", "--peers", "python:torch-png", "--python"];
    let (code, results) = run(dir.path(), &[&arguments[..], &[python]].concat());
    assert_eq!(code, 0, "{results:#}");
    let peers: Vec<&Value> = cells(&results, "peer").filter(|cell| cell["format"] == "python:torch-png").collect();
    let found: Vec<_> = peers.iter().map(|cell| (&cell["workload"], &cell["status"])).collect();
    assert_eq!(found, [(&"write_one".into(), &"unsupported".into()), (&"scan".into(), &"skipped".into())]);
    let reasons: Vec<_> = peers.iter().map(|cell| cell["reason"].as_str().unwrap()).collect();
    assert!(
        reasons[0].contains("writing") && reasons[1].contains("needs pillow") && reasons[1].contains("--python"),
        "{reasons:?}"
    );
}

#[test]
fn who_cannot_take_part_is_told_before_anything_is_measured() {
    let dir = tempfile::tempdir().unwrap();
    let poor = fake_python(dir.path(), r#"{"numpy":"No module named numpy"}"#, "");
    let mut command = Command::cargo_bin("shelfmark").unwrap();
    command.args(["run", "--formats", "dir:raw", "--peers", "python:pillow", "python:numpy-memmap", "--python"]);
    command.arg(poor).arg("--dataset").arg(dir.path().join("none")).arg("--out").arg(dir.path().join("out"));
    // The run itself fails at once, for want of images.
    let output = command.arg("--dir").arg(dir.path()).assert().code(1).get_output().stderr.clone();
    let text = String::from_utf8(output).unwrap();
    let told = "left out: python:pillow, python:numpy-memmap: needs numpy (No module named numpy)";
    assert_eq!((text.matches(told).count(), text.matches("left out").count()), (1, 1), "{text}");
}

#[test]
fn wrong_words_and_a_python_that_is_none_are_refused_at_once() {
    let dir = tempfile::tempdir().unwrap();
    for (arguments, hint) in [
        (&["--peers", "pyhton"][..], "did you mean 'python'"),
        (&["--peers", "python", "--python", "/no/such/python"], "/no/such/python"),
        (&["--peers", "python", "--python", "/bin/true"], "no Python that works"),
    ] {
        let mut command = Command::cargo_bin("shelfmark").unwrap();
        command.arg("run").args(arguments).arg("--dir").arg(dir.path().join("stores"));
        command.arg("--out").arg(dir.path()).assert().code(2).stderr(contains(hint));
        assert!(!dir.path().join("stores").exists(), "something was written");
    }
}
