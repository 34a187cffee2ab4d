//! `shelfmark compare`, `history` and `run --profile exact` as programs: what they say, and how they end.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)] // a test that cannot go on shall say so

use serde_json::Value;
use shelfmark::results::Results;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

fn shelfmark(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_shelfmark")).args(arguments).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// Text without its line ends: where lines are broken is nobody's business here.
fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Counts two formats in two workloads.
fn count(place: &Path, name: &str) -> (Output, PathBuf) {
    let (stores, out) = (place.join("stores"), place.join(name));
    let output = shelfmark(&[
        "run",
        "--profile",
        "exact",
        "--dataset",
        "synthetic:16x16x3",
        "--images",
        "40",
        "--formats",
        "dir:raw",
        "dir:png",
        "--workloads",
        "read_one",
        "write_batch",
        "--dir",
        stores.to_str().unwrap(),
        "--out",
        out.to_str().unwrap(),
    ]);
    (output, out.join("results.json"))
}

/// One such run, made once: it is read only.
fn counted() -> &'static Value {
    static COUNTED: OnceLock<Value> = OnceLock::new();
    COUNTED.get_or_init(|| {
        let place = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let (output, file) = count(place.path(), "once");
        assert!(output.status.success(), "{}", said(&output));
        serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
    })
}

/// A base, and a head in which `change` was made to it.
struct Two {
    place: tempfile::TempDir,
}

impl Two {
    fn new(change: impl FnOnce(&mut Value)) -> Self {
        let place = tempfile::tempdir().unwrap();
        let mut head = counted().clone();
        std::fs::write(place.path().join("base.json"), head.to_string()).unwrap();
        head["run"]["id"] = "the head".into();
        change(&mut head);
        std::fs::write(place.path().join("head.json"), head.to_string()).unwrap();
        Self { place }
    }

    fn compare(&self, more: &[&str]) -> (Option<i32>, String) {
        let at = |name: &str| self.place.path().join(name).to_str().unwrap().to_owned();
        let (base, head) = (at("base.json"), at("head.json"));
        let output = shelfmark(&[&["compare", &base, &head], more].concat());
        (output.status.code(), said(&output))
    }

    fn gate(&self, text: &str) -> (Option<i32>, String) {
        let file = self.place.path().join("gate.toml");
        std::fs::write(&file, text).unwrap();
        self.compare(&["--gate", file.to_str().unwrap()])
    }
}

/// The cell of a format and workload.
fn cell<'v>(results: &'v mut Value, format: &str, workload: &str) -> &'v mut Value {
    let cells = results["cells"].as_array_mut().unwrap();
    cells.iter_mut().find(|cell| cell["format"] == format && cell["workload"] == workload).unwrap()
}

fn add(number: &mut Value, more: u64) {
    *number = (number.as_u64().unwrap() + more).into();
}

#[test]
fn the_exact_profile_counts_the_same_again_and_times_nothing() {
    let place = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let (output, file) = count(place.path(), "again");
    assert!(output.status.success(), "{}", said(&output));
    assert!(said(&output).contains("Counted, not timed"), "{}", said(&output));
    let results = Results::read(&file).unwrap();
    assert_eq!(results.cells.len(), 4, "no references, no twin");
    for cell in &results.cells {
        assert!(cell.verified.as_ref().is_some_and(|verified| verified.ok && verified.images >= 40), "{}", cell.id);
        assert!(cell.estimate.is_none() && cell.latency.is_none() && cell.turns.images.is_empty(), "{}", cell.id);
        assert!(cell.counters.as_ref().unwrap().read_calls.is_some(), "{}", cell.id);
    }
    let base = place.path().join("base.json");
    std::fs::write(&base, counted().to_string()).unwrap();
    let output = shelfmark(&["compare", base.to_str().unwrap(), file.to_str().unwrap(), "--gate"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(said(&output).contains("gate: passed, 28 exact metrics looked at"), "{}", said(&output));
    let page = std::fs::read_to_string(place.path().join("again/report.md")).unwrap();
    assert!(page.contains("calls, bytes and files were counted; nothing was timed"), "{page}");
    for wrong in [&["--budget", "3"][..], &["--peers", "python"]] {
        let output = shelfmark(&[&["run", "--profile", "exact"], wrong].concat());
        assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    }
}

#[test]
fn a_run_is_no_base_of_itself() {
    let two = Two::new(|head| head["run"]["id"] = counted()["run"]["id"].clone());
    let (code, text) = two.compare(&["--gate"]);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("of a run and itself a gate could only say yes"), "{text}");
    assert_eq!(two.compare(&[]).0, Some(0), "looking at it is free");
    let swapped = Two::new(|head| head["run"]["started_utc"] = "2001-01-01T00:00:00Z".into());
    assert!(swapped.compare(&[]).1.contains("are the two the wrong way round?"));
}

#[test]
fn the_same_results_are_equal_and_pass() {
    let two = Two::new(|_| {});
    let (code, text) = two.compare(&["--gate"]);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("4 cells compared; all 28 exact metrics equal; no verdict on times."), "{text}");
    let (code, text) = two.compare(&["--json"]);
    let value: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((code, value["schema"].as_str()), (Some(0), Some("shelfmark/comparison/1")));
    assert!(value["gate"].is_null() && value["cells"][0]["metrics"][0]["change"] == "equal");
    assert_eq!(two.compare(&["--format", "csv"]).1.lines().count(), 1 + 4 * 8);
    assert!(two.compare(&["--format", "md"]).1.starts_with("**shelfmark compare:** 4 cells compared;"));
    assert_eq!(two.compare(&["--strict"]).0, Some(0), "nothing was timed");
}

#[test]
fn one_more_call_or_byte_an_image_ends_with_3_and_is_named() {
    let call = Two::new(|head| {
        let counters = &mut cell(head, "dir:raw", "read_one")["counters"];
        let images = counters["images"].as_u64().unwrap();
        add(&mut counters["read_calls"], images);
    });
    let (code, text) = call.compare(&["--gate"]);
    assert_eq!(code, Some(3), "{text}");
    assert!(
        text.contains("dir:raw/read_one/") && flat(&text).contains("read_calls: 128 → 192 (+50 %; 2 → 3 an image"),
        "{text}"
    );
    assert_eq!(call.compare(&[]).0, Some(0), "without a gate it is told");
    let byte = Two::new(|head| add(&mut cell(head, "dir:png", "read_one")["storage"]["apparent_bytes"], 40));
    let (code, text) = byte.compare(&["--gate"]);
    assert!(code == Some(3) && text.contains("dir:png/read_one/") && text.contains("apparent_bytes: "), "{text}");
    let tolerance = "[[tolerance]]\nmetrics = [\"apparent_bytes\"]\nabsolute = 40\nreason = \"tried out\"\n";
    assert_eq!(byte.gate(tolerance).0, Some(0));
    assert_eq!(byte.gate(&tolerance.replace("40", "39")).0, Some(3));
    let accept = tolerance.replace("tolerance", "accept");
    assert_eq!(byte.gate(&format!("{accept}expires = 2999-12-31")).0, Some(0));
    let (code, text) = byte.gate(&format!("{accept}expires = 2001-01-01"));
    assert!(code == Some(3) && flat(&text).contains("accepted until 2001-01-01 (tried out)"), "{text}");
    let (code, text) = byte.gate(&tolerance.replace("absolute", "absolut"));
    assert!(code == Some(2) && text.contains("absolut") && text.contains("gate.toml"), "{text}");
}

#[test]
fn what_is_gone_fails_the_gate() {
    let two = Two::new(|head| {
        let cells = head["cells"].as_array_mut().unwrap();
        cells.retain(|cell| cell["format"] != "dir:png" || cell["workload"] != "read_one");
    });
    let (code, text) = two.compare(&["--gate"]);
    assert!(
        code == Some(3) && flat(&text).contains("was measured in the base, and is not in the head: absent"),
        "{text}"
    );
}

#[test]
fn nothing_in_common_is_never_a_success() {
    let two = Two::new(|_| {});
    for filter in [&["--formats", "lmdb:raw"][..], &["--workloads", "scan"], &["--filter", "no such cell"]] {
        let (code, text) = two.compare(&[filter, &["--gate"]].concat());
        assert!(code == Some(2) && text.contains("no cell matches"), "{code:?} {text}");
    }
    assert_eq!(two.compare(&["--workloads", "read_one", "--formats", "dir:raw"]).0, Some(0));
    let other = Two::new(|head| head["datasets"][0]["sha256"] = "0".repeat(64).into());
    let (code, text) = other.compare(&[]);
    assert!(code == Some(1) && text.contains("shares no cell") && text.contains("different images"), "{text}");
    let library = Two::new(|head| {
        for cell in head["cells"].as_array_mut().unwrap() {
            cell["native"] = serde_json::json!({ "library": "other", "version": "9" });
        }
    });
    let (code, text) = library.compare(&["--gate"]);
    assert!(
        code == Some(1) && flat(&text).contains("another library") && text.contains("nothing could be gated"),
        "{text}"
    );
}

#[test]
fn results_that_are_none_are_refused_in_words() {
    let refused = |change: fn(&mut Value), word: &str| {
        let (code, text) = Two::new(change).compare(&["--gate"]);
        assert!(code == Some(1) && text.contains(word) && text.contains("head.json"), "{code:?} {text}");
    };
    refused(|head| head["schema"] = "shelfmark/results/2".into(), "its schema is \"shelfmark/results/2\"");
    refused(|head| head["run"]["wall_s"] = Value::Null, "a field is missing or wrong");
    refused(|head| drop(head.as_object_mut().unwrap().remove("host")), "missing field `host`");
    refused(|head| head["cells"][0]["storage"]["files"] = (-1).into(), "a field is missing or wrong");
    let two = Two::new(|_| {});
    let text = std::fs::read_to_string(two.place.path().join("head.json")).unwrap();
    std::fs::write(two.place.path().join("head.json"), text.replacen("\"seed\":0", "\"seed\":NaN", 1)).unwrap();
    let (code, text) = two.compare(&[]);
    assert!(code == Some(1) && text.contains("this is not JSON"), "{text}");
}

#[test]
fn hostile_names_do_not_reach_the_terminal() {
    let two = Two::new(|head| {
        head["run"]["git"]["sha"] = "\u{1b}[2J\u{202e}".into();
        let cell = cell(head, "dir:raw", "read_one");
        (cell["status"], cell["reason"]) = ("failed".into(), "\u{7}<script>|`@all\n# x".into());
    });
    for format in ["table", "md"] {
        let (_, text) = two.compare(&["--format", format, "--gate"]);
        assert!(!text.contains(|c: char| c.is_control() && c != '\n' || c == '\u{202e}'), "{text:?}");
        assert!(format == "table" || !text.contains("<script>") && !text.contains("@all"), "{text}");
    }
}

#[test]
fn a_history_grows_by_runs_and_shows_them() {
    let two = Two::new(|head| {
        (head["run"]["id"], head["run"]["started_utc"]) = ("later".into(), "2999-01-01T00:00:00Z".into());
        add(&mut cell(head, "dir:raw", "read_one")["storage"]["apparent_bytes"], 40);
    });
    let at = |name: &str| two.place.path().join(name).to_str().unwrap().to_owned();
    let (history, base, head) = (at("history.jsonl"), at("base.json"), at("head.json"));
    let add = |results: &str| said(&shelfmark(&["history", "add", results, "--to", &history]));
    assert!(add(&base).contains("added to") && add(&head).contains("later added to"));
    assert!(add(&head).contains("already: nothing was added"));
    let show = |more: &[&str]| {
        let output = shelfmark(&[&["history", "show", &history], more].concat());
        (output.status.code(), said(&output))
    };
    let (code, text) = show(&[]);
    assert!(code == Some(0) && text.matches("apparent_bytes ").count() == 1, "{text}");
    assert_eq!(show(&["--formats", "dir:png", "--format", "csv"]).1.lines().count(), 1 + 2 * 2);
    let value: Value = serde_json::from_str(&show(&["--json"]).1).unwrap();
    assert_eq!(value["trends"].as_array().unwrap().len(), 4);
    assert_eq!(show(&["--filter", "no such cell"]).0, Some(2));
    let text = std::fs::read_to_string(&history).unwrap();
    std::fs::write(&history, &text[..text.len() - 9]).unwrap();
    let (code, text) = show(&[]);
    assert!(code == Some(1) && text.contains("line 2 is damaged"), "{text}");
    assert!(add(&base).contains("line 2 is damaged"));
}

#[test]
fn a_folder_stands_for_the_results_in_it() {
    let two = Two::new(|_| {});
    let folder = two.place.path();
    let report = |out: &str| {
        let (from, to) = (folder.to_str().unwrap(), folder.join(out));
        let output = shelfmark(&["report", from, "-o", to.to_str().unwrap()]);
        (output.status.code(), said(&output))
    };
    let (code, text) = report("page");
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("no results.json") && text.contains("base.json, head.json"), "{text}");
    std::fs::rename(folder.join("base.json"), folder.join("results-1.json")).unwrap();
    std::fs::rename(folder.join("head.json"), folder.join("results-2.json")).unwrap();
    let (code, text) = report("page");
    assert_eq!(code, Some(0), "{text}");
    let page = std::fs::read_to_string(folder.join("page/index.html")).unwrap();
    assert!(page.contains("Nothing was timed: this run counted calls, bytes and files"), "{page}");
    let base = folder.join("results-1.json");
    let output = shelfmark(&["compare", base.to_str().unwrap(), folder.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(said(&output).contains("has several results, and one is needed"), "{}", said(&output));
}
