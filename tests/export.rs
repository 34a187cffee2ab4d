//! `shelfmark export`: what other tools get is what they document, and nothing is lost on the way unsaid.
#![allow(clippy::unwrap_used)] // a test that cannot go on shall say so

use assert_cmd::Command;
use predicates::prelude::*;
use predicates::str::contains;
use serde_json::{Value, json};
use shelfmark::export::EXPORTERS;
use std::path::{Path, PathBuf};

/// A file under `tests/export`.
fn here(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/export").join(name)
}

fn export(file: &Path, to: &str) -> Command {
    let mut command = Command::cargo_bin("shelfmark").unwrap();
    command.arg("export").arg(file).args(["--to", to]);
    command
}

fn text(command: &mut Command) -> String {
    String::from_utf8(command.assert().success().get_output().stdout.clone()).unwrap()
}

fn parsed(file: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
}

/// The results of the tests, changed, in a file of their own.
fn changed(dir: &Path, change: impl FnOnce(&mut Value)) -> PathBuf {
    let mut results = parsed(&here("results.json"));
    change(&mut results);
    let file = dir.join("changed.json");
    std::fs::write(&file, results.to_string()).unwrap();
    file
}

#[test]
fn exports_are_as_committed() {
    for exporter in EXPORTERS {
        let name = exporter.name();
        let expected = here(&format!("expected.{name}"));
        let found = text(&mut export(&here("results.json"), name));
        if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
            std::fs::write(&expected, &found).unwrap();
        }
        let committed = std::fs::read_to_string(&expected).unwrap_or_default();
        assert!(
            committed == found,
            "tests/export/expected.{name} is not what the exporter gives; look at the difference, then: \
             UPDATE_SNAPSHOTS=1 cargo test --test export"
        );
    }
}

/// What breaks the validator's silence.
fn errors(schema: &str, value: &Value) -> Vec<String> {
    let validator = jsonschema::validator_for(&parsed(&here(schema))).unwrap();
    validator.iter_errors(value).map(|e| format!("{}: {e}", e.instance_path)).collect()
}

#[test]
fn exports_obey_the_documented_formats() {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("reports/sample/results-1.json");
    for (name, schema) in [("bencher", "bmf.schema.json"), ("gha", "gha.schema.json")] {
        for file in [&here("results.json"), &sample] {
            let value: Value = serde_json::from_str(&text(&mut export(file, name))).unwrap();
            assert_eq!(errors(schema, &value), [""; 0], "{name}");
        }
    }
    for broken in [
        json!([]),
        json!({ "a": { "b": { "value": "1" } } }),
        json!({ "a": { "b": { "lower_value": 1 } } }),
        json!({ "a": { "b": { "value": null } } }),
        json!({ "a": { "B b": { "value": 1 } } }),
        json!({ "a".repeat(1025): { "b": { "value": 1 } } }),
    ] {
        assert!(!errors("bmf.schema.json", &broken).is_empty(), "{broken}");
    }
    for broken in [
        json!({}),
        json!([]),
        json!([{ "name": "a", "unit": "b" }]),
        json!([{ "name": "a", "value": 1 }]),
        json!([{ "name": "a", "unit": "b", "value": null }]),
        json!([{ "name": "a", "unit": "b", "value": 1, "range": 3 }]),
        json!([{ "name": "a", "unit": "b", "value": 1, "range": "wide" }]),
    ] {
        assert!(!errors("gha.schema.json", &broken).is_empty(), "{broken}");
    }
}

#[test]
fn a_times_interval_encloses_it() {
    let value: Value = serde_json::from_str(&text(&mut export(&here("results.json"), "bencher"))).unwrap();
    let times: Vec<&Value> =
        value.as_object().unwrap().values().filter_map(|measures| measures.get("ns-per-image")).collect();
    assert_eq!(times.len(), 4);
    for time in times {
        let bound = |name: &str| time[name].as_f64().unwrap();
        assert!(bound("lower_value") < bound("value") && bound("value") < bound("upper_value"), "{time}");
    }
}

#[test]
fn cells_without_a_number_are_counted_or_stand_with_their_reasons() {
    let told = "not exported, for they have no number: 4 cells (1 skipped, 1 unsupported, 1 failed, 1 timed out)";
    for name in ["bencher", "gha"] {
        let output = export(&here("results.json"), name).assert().success().stderr(contains(told));
        assert!(!String::from_utf8_lossy(&output.get_output().stdout).contains("HYPERLINK"));
    }
    let output = export(&here("results.json"), "csv").assert().success().stderr("").get_output().stdout.clone();
    let mut table = csv::Reader::from_reader(output.as_slice());
    let heads = table.headers().unwrap().clone();
    let at = |name: &str| heads.iter().position(|head| head == name).unwrap();
    let (metric, value, status, reason, format) = (at("metric"), at("value"), at("status"), at("reason"), at("format"));
    let rows: Vec<csv::StringRecord> = table.records().map(Result::unwrap).collect();
    let without: Vec<_> = rows.iter().filter(|row| row[value].is_empty()).collect();
    assert_eq!(without.len(), 4);
    assert!(without.iter().all(|row| row[metric].is_empty() && &row[status] != "ok" && !row[reason].is_empty()));
    assert_eq!(&without[0][reason], "'-1 of \"10,000\" images,\nread back otherwise");
    // Nothing that a spreadsheet would compute.
    assert_eq!(&without[0][format], "'=HYPERLINK(\"http://example.org\",\"png\")");
    for row in &rows {
        assert!(row.iter().all(|field| !field.starts_with(['=', '+', '-', '@'])), "{row:?}");
    }
    // One row for each cell and metric.
    let mut names: Vec<_> = rows.iter().map(|row| (row[at("cell")].to_owned(), row[metric].to_owned())).collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), rows.len());
}

#[test]
fn filters_choose_cells_and_one_that_matches_none_is_an_error() {
    let only = |more: &[&str]| -> Vec<String> {
        let value: Value = serde_json::from_str(&text(export(&here("results.json"), "bencher").args(more))).unwrap();
        value.as_object().unwrap().keys().cloned().collect()
    };
    assert_eq!(only(&[]).len(), 5);
    let png = only(&["--formats", "png"]);
    // The reference is one of another workload.
    assert!(png.len() == 1 && png[0].starts_with("dir:png/read_one/"), "{png:?}");
    assert_eq!(only(&["--workloads", "open", "write_one"]).len(), 2);
    export(&here("results.json"), "csv")
        .args(["--formats", "lmdb:png"])
        .assert()
        .code(2)
        .stderr(contains("no cell matches"));
    export(&here("results.json"), "xml").assert().code(2).stderr(contains("bencher").and(contains("csv")));
}

#[test]
fn an_export_without_a_number_is_none() {
    let dir = tempfile::tempdir().unwrap();
    let reasons = changed(dir.path(), |results| {
        results["cells"].as_array_mut().unwrap().retain(|cell| cell["status"] != "ok");
    });
    let out = dir.path().join("out");
    for exporter in EXPORTERS {
        let told = "there is no number to export: 4 cells (1 skipped, 1 unsupported, 1 failed, 1 timed out)";
        export(&reasons, exporter.name()).arg("-o").arg(&out).assert().code(1).stderr(contains(told));
        assert!(!out.exists());
    }
    let empty = changed(dir.path(), |results| results["cells"] = json!([]));
    export(&empty, "csv").assert().code(1).stdout("").stderr(contains("there are no cells"));
    // Measured, but at no speed that could be written down.
    let still = changed(dir.path(), |results| {
        let cells = results["cells"].as_array_mut().unwrap();
        cells.retain(|cell| cell["kind"] == "reference");
        cells[0]["estimate"]["images_per_s"] = json!(0.0);
    });
    export(&still, "bencher").assert().code(1).stderr(contains("1 cell (1 ok, but not measured)"));
}

#[test]
fn results_are_neither_overwritten_nor_mixed_up() {
    let dir = tempfile::tempdir().unwrap();
    let file = changed(dir.path(), |_| {});
    let before = std::fs::read(&file).unwrap();
    export(&file, "csv").arg("-o").arg(&file).assert().code(2).stderr(contains("would replace the results"));
    assert!(std::fs::read(&file).unwrap() == before);
    let out = dir.path().join("new/folder/out.csv");
    export(&file, "csv").arg("-o").arg(&out).assert().success().stdout("");
    assert!(std::fs::read_to_string(&out).unwrap() == text(&mut export(&here("results.json"), "csv")));
    // The same cells twice: a table can hold them, what goes by names cannot.
    export(&file, "csv").arg(here("results.json")).assert().success();
    for name in ["bencher", "gha"] {
        let told = contains("in these results twice").and(contains("--filter"));
        export(&file, name).arg(here("results.json")).assert().code(2).stderr(told);
    }
    let long = changed(dir.path(), |results| results["cells"][0]["id"] = "long/".repeat(300).into());
    export(&long, "bencher").assert().code(2).stderr(contains("1500 characters").and(contains("1024")));
}
