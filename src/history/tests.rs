//! Histories of results that are known.

use super::*;
use crate::report::fixture;
use crate::results::{Only, Results, Status};

/// A run of one format at a time, so fast, with files of so many bytes in all.
fn run(id: &str, started: &str, us: f64, bytes: u64) -> Results {
    let mut cell = fixture::cell("lmdb:raw", "epoch", 100, us);
    cell.storage.as_mut().unwrap().apparent_bytes = bytes;
    let mut failed = fixture::cell("dir:png", "scan", 100, us);
    failed.status = Status::Failed;
    let mut results = fixture::results(vec![cell, failed]);
    (results.run.id, results.run.started_utc) = (id.into(), started.into());
    results
}

#[test]
fn a_run_is_added_once_and_trends_are_in_order_of_time() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("made/history.jsonl");
    let second = run("b", "2026-11-24T00:00:00Z", 5.0, 1_100);
    let first = run("a", "2026-11-23T00:00:00Z", 10.0, 1_000);
    assert_eq!(add(&second, &path).unwrap(), Added::Now);
    assert_eq!(add(&first, &path).unwrap(), Added::Now);
    let before = std::fs::read(&path).unwrap();
    assert_eq!(add(&second, &path).unwrap(), Added::Before);
    assert_eq!(std::fs::read(&path).unwrap(), before);
    let trends = trends(&read(&path).unwrap(), &Only::default());
    assert_eq!(
        trends.iter().map(|trend| trend.cell.as_str()).collect::<Vec<_>>(),
        ["dir:png/scan/100", "lmdb:raw/epoch/100"]
    );
    let steps = &trends[1].steps;
    assert_eq!((steps[0].run.as_str(), steps[0].speed_ratio, steps[0].changed.len()), ("a", None, 0));
    assert!((steps[1].speed_ratio.unwrap() - 2.0).abs() < 1e-9 && steps[1].changed.len() == 1, "{steps:?}");
    let text = terminal(&trends);
    assert!(text.contains("2.00 × the speed; apparent_bytes 1,000 → 1,100 (+10 %; 10 → 11 an image); on "), "{text}");
    assert!(text.contains("  failed  on "), "what failed is told: {text}");
    assert!(markdown(&trends).contains("| 2026-11-24T00:00:00Z | 6f1d2a7c0b3e | 200,000 ("), "{}", markdown(&trends));
    assert_eq!(csv(&trends).unwrap().lines().count(), 5);
}

#[test]
fn what_delivered_wrong_pixels_has_failed_and_has_no_numbers() {
    let mut wrong = run("a", "2026-11-23T00:00:00Z", 10.0, 1_000);
    wrong.cells[0].verified = Some(crate::results::Verified { images: 100, ok: false });
    let point = Entry::of(&wrong).cells.remove("lmdb:raw/epoch/100").unwrap();
    assert_eq!((point.status, point.estimate, point.metrics.len()), (Status::Failed, None, 0));
}

#[test]
fn another_machine_and_other_images_are_told() {
    let [one, mut two] = ["a", "b"].map(|id| run(id, "2026-11-23T00:00:00Z", 10.0, 1_000));
    two.host.cores = 64;
    two.datasets[0].sha256 = "0".repeat(64);
    let all = trends(&[Entry::of(&one), Entry::of(&two)], &Only::default());
    let step = &all[1].steps[1];
    assert!(step.speed_ratio.is_none() && step.other_images && step.machine != all[1].steps[0].machine, "{step:?}");
    let only = Only { formats: vec!["dir:png".into()], ..Only::default() };
    assert_eq!(trends(&[Entry::of(&one)], &only).len(), 1);
    let none = Only { text: Some("no such cell".into()), ..Only::default() };
    assert!(trends(&[Entry::of(&one)], &none).is_empty());
}

#[test]
fn a_damaged_line_is_named_and_nothing_is_added_behind_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.jsonl");
    add(&run("a", "2026-11-23T00:00:00Z", 10.0, 1_000), &path).unwrap();
    let whole = std::fs::read_to_string(&path).unwrap();
    for (tail, word) in [
        (whole[..whole.len() / 2].to_owned(), "line 2 is damaged: it is not JSON"),
        ("{\"schema\":\"shelfmark/history/9\"}".to_owned(), "line 2 is damaged: its schema is"),
        ("{\"schema\":\"shelfmark/history/1\"}".to_owned(), "line 2 is damaged: a field is missing"),
    ] {
        std::fs::write(&path, format!("{whole}{tail}")).unwrap();
        for error in [read(&path).unwrap_err(), add(&run("b", "2026", 1.0, 1), &path).unwrap_err()] {
            assert!(error.to_string().contains(word), "{error}");
        }
        assert_eq!(std::fs::read_to_string(&path).unwrap(), format!("{whole}{tail}"));
    }
    // A last line without its end is whole.
    std::fs::write(&path, whole.trim_end()).unwrap();
    add(&run("b", "2026-11-24T00:00:00Z", 1.0, 1), &path).unwrap();
    assert_eq!(read(&path).unwrap().len(), 2);
    let mut nothing = run("c", "2026", 1.0, 1);
    nothing.cells.iter_mut().for_each(|cell| cell.status = Status::Failed);
    assert!(add(&nothing, &path).is_err());
}
