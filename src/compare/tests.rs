//! Comparisons and gates of results that are known.

mod gating;
mod matching;
mod telling;
mod times;

use super::gate::{Date, Gate};
use super::*;
use crate::report::fixture;
use crate::results::{Counters, Native, Turns};

/// Two formats in three workloads, counted, and timed in four launches.
fn run() -> Results {
    let mut cells = Vec::new();
    for format in ["dir:png", "lmdb:raw"] {
        for workload in ["epoch", "scan", "write_batch"] {
            let mut cell = fixture::cell(format, workload, 100, 10.0);
            cell.counters = Some(counters(64, 6_400));
            cell.turns = turns([1_000, 1_010, 990, 1_005]);
            cells.push(cell);
        }
    }
    let mut results = fixture::results(cells);
    results.run.profile = "exact".into();
    results
}

fn counters(operations: u64, images: u64) -> Counters {
    Counters {
        operations: Some(operations),
        images: Some(images),
        delivered_bytes: Some(images * 100),
        decoded_bytes: Some(images * 100),
        read_calls: Some(images),
        write_calls: Some(0),
        read_bytes: Some(images * 100),
        write_bytes: Some(0),
        device_read_bytes: Some(0),
        minor_faults: Some(17),
        major_faults: Some(0),
        user_ns: Some(1),
        sys_ns: Some(1),
        peak_anon_bytes: None,
        peak_file_bytes: None,
    }
}

/// Two turns of a block in each launch.
fn turns(ns: [u64; 4]) -> Turns {
    let twice = |n: u32| [n, n];
    Turns {
        launch: (0..4).flat_map(twice).collect(),
        block: vec![0; 8],
        position: [0, 1].repeat(4),
        images: vec![10; 8],
        elapsed_ns: ns.iter().flat_map(|ns| [*ns, *ns]).collect(),
    }
}

fn compared(base: &Results, head: &Results) -> Compared {
    compare(base, head, ("a.json", "b.json")).unwrap()
}

fn judged(base: &Results, head: &Results, gate: &str) -> Judgement {
    Gate::parse(gate).unwrap().judge(&compared(base, head), &day("2026-11-26T12:00:00Z"))
}

fn day(text: &str) -> Date {
    Date::of(humantime::parse_rfc3339(text).unwrap())
}

fn cell<'r>(results: &'r mut Results, format: &str, workload: &str) -> &'r mut Cell {
    results.cells.iter_mut().find(|cell| cell.format == format && cell.workload == workload).unwrap()
}

/// One more read call an image, of which the gate has to speak.
fn one_call_more() -> Results {
    let mut head = run();
    let counters = cell(&mut head, "lmdb:raw", "epoch").counters.as_mut().unwrap();
    counters.read_calls = Some(12_800);
    head
}

#[test]
fn a_run_is_equal_to_itself() {
    let found = compared(&run(), &run());
    assert!(found.cells.iter().all(|pair| pair.metrics.len() == 7 && pair.changed().next().is_none()));
    assert_eq!(found.inconclusive(), 0, "{found:?}");
    let judgement = judged(&run(), &run(), "");
    assert!(judgement.passed() && judgement.gated == 42, "{judgement:?}");
    let text = terminal(&found, Some(&judgement));
    assert!(text.contains("6 cells compared; all 42 exact metrics equal; times (advice only): 6 tied."), "{text}");
    assert!(text.contains("Both are the same run."), "{text}");
}
