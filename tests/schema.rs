//! The committed schema is the one that the types give, and the committed results obey it.
#![allow(clippy::unwrap_used)] // a test that cannot go on shall say so

use shelfmark::results::{Results, json_schema};
use std::path::Path;

#[test]
fn the_committed_schema_is_the_types_own() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/results.v1.json");
    let generated = json_schema();
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        std::fs::write(&path, &generated).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == generated,
        "schema/results.v1.json is not what the types give; look at the difference, then: \
         UPDATE_SCHEMA=1 cargo test --test schema"
    );
}

#[test]
fn committed_results_obey_the_schema_and_survive_a_round_trip() {
    [
        "reports/sample/results-1.json",
        "reports/sample/results-2.json",
        "reports/sample/results-3.json",
        "reports/baseline/results.json",
    ]
    .into_iter()
    .for_each(obeys);
}

fn obeys(file: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let sample: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    let schema: serde_json::Value = serde_json::from_str(&json_schema()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<_> = validator.iter_errors(&sample).map(|e| format!("{}: {e}", e.instance_path)).collect();
    assert!(errors.is_empty(), "{errors:#?}");

    let results = Results::read(&path).unwrap();
    // Not assert_eq: it would print both, which is all of the sample, twice.
    assert!(serde_json::to_value(&results).unwrap() == sample, "a field of {file} is lost or renamed");

    let mut broken = sample.clone();
    broken["cells"][0]["status"] = "splendid".into();
    assert!(!validator.is_valid(&broken), "the schema accepts anything");
}
