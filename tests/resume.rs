//! Conversions that failed and are gone on with, as a whole program: nothing here depends on when something is killed.
#![allow(clippy::unwrap_used)] // a test that cannot go on shall say so

use assert_cmd::Command;
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
