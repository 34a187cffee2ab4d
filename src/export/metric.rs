//! What a cell says in numbers, each with its unit: the same list for every exporter.

use crate::results::{Cell, Counters, Estimate, Status};

/// One number of a cell. Of all of them less is better.
#[derive(Debug, Clone, PartialEq)]
pub struct Metric {
    /// Its name, in the letters that other tools take for names: `ns-per-image`.
    pub name: &'static str,
    /// What it counts, as in `ns/image`.
    pub unit: &'static str,
    /// The number; finite.
    pub value: f64,
    /// Lower end of its interval, where it has one; finite.
    pub lo: Option<f64>,
    /// Upper end of its interval, where it has one; finite.
    pub hi: Option<f64>,
}

impl Metric {
    /// Nothing, where there is no number that could be written down.
    fn new(name: &'static str, unit: &'static str, value: f64) -> Option<Self> {
        value.is_finite().then_some(Self { name, unit, value, lo: None, hi: None })
    }

    fn exact(name: &'static str, unit: &'static str, value: u64) -> Option<Self> {
        Self::new(name, unit, value as f64)
    }
}

/// The numbers of a cell that ended well; of any other none, for what it left may be wrong.
pub fn metrics(cell: &Cell) -> Vec<Metric> {
    if cell.status != Status::Ok {
        return Vec::new();
    }
    let mut found: Vec<Option<Metric>> = Vec::new();
    found.extend(cell.estimate.as_ref().map(|estimate| time(&cell.workload, estimate)));
    if let Some(latency) = &cell.latency {
        found.push(Metric::exact("latency-p50-ns", "ns/operation", latency.p50_ns));
        found.push(Metric::exact("latency-p90-ns", "ns/operation", latency.p90_ns));
        found.push(Metric::exact("latency-p99-ns", "ns/operation", latency.p99_ns));
    }
    if let Some(counters) = &cell.counters {
        found.extend(counted(counters));
    }
    if let Some(storage) = &cell.storage {
        found.push(Metric::exact("apparent-bytes", "bytes", storage.apparent_bytes));
        found.push(Metric::exact("allocated-bytes", "bytes", storage.allocated_bytes));
        found.push(Metric::exact("files", "files", storage.files));
    }
    found.into_iter().flatten().collect()
}

/// A rate as the time that one takes: its lower end is the time's upper one.
fn time(workload: &str, estimate: &Estimate) -> Option<Metric> {
    let (name, unit) = match workload {
        "open" => ("ns-per-open", "ns/open"),
        _ => ("ns-per-image", "ns/image"),
    };
    // An interval that reaches down to a rate of zero has no longest time.
    let each = |rate: f64| (rate > 0.0).then(|| 1e9 / rate).filter(|time| time.is_finite());
    let metric = Metric::new(name, unit, each(estimate.images_per_s)?)?;
    Some(Metric { lo: each(estimate.hi), hi: each(estimate.lo), ..metric })
}

/// Counts an operation, and the peaks of memory, which are those of the whole pass.
fn counted(counters: &Counters) -> impl Iterator<Item = Option<Metric>> {
    let operations = counters.operations.filter(|operations| *operations > 0);
    let totals = [
        ("read-calls-per-operation", "calls/operation", counters.read_calls),
        ("write-calls-per-operation", "calls/operation", counters.write_calls),
        ("read-bytes-per-operation", "bytes/operation", counters.read_bytes),
        ("write-bytes-per-operation", "bytes/operation", counters.write_bytes),
        ("decoded-bytes-per-operation", "bytes/operation", counters.decoded_bytes),
        ("device-read-bytes-per-operation", "bytes/operation", counters.device_read_bytes),
        ("minor-faults-per-operation", "faults/operation", counters.minor_faults),
        ("major-faults-per-operation", "faults/operation", counters.major_faults),
        ("user-ns-per-operation", "ns/operation", counters.user_ns),
        ("sys-ns-per-operation", "ns/operation", counters.sys_ns),
    ];
    let peaks = [
        ("peak-anon-bytes", "bytes", counters.peak_anon_bytes),
        ("peak-file-bytes", "bytes", counters.peak_file_bytes),
    ];
    let each =
        move |(name, unit, total): (_, _, Option<u64>)| Metric::new(name, unit, total? as f64 / operations? as f64);
    let whole = |(name, unit, peak): (_, _, Option<u64>)| Metric::exact(name, unit, peak?);
    totals.into_iter().map(each).chain(peaks.into_iter().map(whole))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// A cell with everything in it.
    fn full() -> Cell {
        let estimate = json!({ "images_per_s": 1e6, "lo": 9e5, "hi": 1.1e6, "confidence": 0.95, "blocks": 12, "launches": 6,
            "lag1": null, "share_of_reference": null });
        let turns = json!({ "launch": [], "block": [], "position": [], "images": [], "elapsed_ns": [] });
        let cell = json!({ "id": "a", "kind": "format", "format": "dir:png", "workload": "epoch", "dataset": "d",
            "images": 10, "batch": 1, "threads": 1, "cache": "warm", "durability": null, "deliver": "pixels", "store": null,
            "native": null, "status": "ok", "reason": null, "verified": null, "turns": turns, "estimate": estimate,
            "counters": { "operations": 8, "read_calls": 20, "peak_anon_bytes": 4096 }, "storage": null });
        serde_json::from_value(cell).unwrap()
    }

    fn named(cell: &Cell, name: &str) -> Option<Metric> {
        metrics(cell).into_iter().find(|metric| metric.name == name)
    }

    #[test]
    fn the_interval_of_a_rate_is_turned_round_as_a_time() {
        let mut cell = full();
        let estimate = cell.estimate.as_mut().unwrap();
        (estimate.images_per_s, estimate.lo, estimate.hi) = (1e6, 0.5e6, 2e6);
        let time = named(&cell, "ns-per-image").unwrap();
        assert_eq!((time.value, time.lo, time.hi), (1000.0, Some(500.0), Some(2000.0)));
        cell.workload = "open".into();
        assert_eq!(named(&cell, "ns-per-open").unwrap().unit, "ns/open");
        assert_eq!(named(&cell, "ns-per-image"), None);
    }

    #[test]
    fn what_is_no_number_is_left_out() {
        for value in [f64::NAN, f64::INFINITY] {
            assert_eq!(Metric::new("files", "files", value), None);
        }
        for (rate, lo, value) in [(0.0, 0.0, None), (f64::NAN, 1.0, None), (1e-320, 0.0, None), (2.0, 0.0, Some(5e8))] {
            let mut cell = full();
            let estimate = cell.estimate.as_mut().unwrap();
            (estimate.images_per_s, estimate.lo, estimate.hi) = (rate, lo, f64::INFINITY);
            let time = named(&cell, "ns-per-image");
            assert_eq!(time.as_ref().map(|time| time.value), value, "{rate}");
            assert_eq!(time.and_then(|time| time.hi), None, "no time is the longest at a rate of {lo}");
        }
    }

    #[test]
    fn counts_are_those_of_one_operation_and_peaks_of_all() {
        let mut cell = full();
        assert_eq!(named(&cell, "read-calls-per-operation").unwrap().value, 2.5);
        assert_eq!(named(&cell, "peak-anon-bytes").unwrap().value, 4096.0);
        for unknown in [None, Some(0)] {
            cell.counters.as_mut().unwrap().operations = unknown;
            assert_eq!(named(&cell, "read-calls-per-operation"), None);
            assert!(named(&cell, "peak-anon-bytes").is_some());
        }
    }

    #[test]
    fn a_cell_that_did_not_end_well_has_no_numbers() {
        let mut cell = full();
        assert!(!metrics(&cell).is_empty());
        cell.status = Status::Failed;
        assert_eq!(metrics(&cell), []);
    }
}
