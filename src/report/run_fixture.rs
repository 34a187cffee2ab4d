//! Results of an interleaved run for tests: verdicts that the intervals do not suggest, twins, references, a peer, cold
//! reads with stores of many files ranked apart.

use super::fixture::{cell, results};
use crate::results::*;

/// Images of all stores that are read.
const IMAGES: u64 = 1_000;

/// A run that came to its end.
pub(super) fn run() -> Results {
    let mut cells = Vec::new();
    // Microseconds an image; intervals of lmdb are wide, the others' narrow: see `cell`.
    for (format, epoch, read_one) in
        [("dir:png", 30.0, 34.0), ("lmdb:raw", 0.8, 1.10), ("lmdb:bincode", 0.9, 1.08), ("hdf5:raw", 9.0, 9.4)]
    {
        cells.push(at("warm", format, "epoch", epoch));
        cells.push(at("warm", format, "read_one", read_one));
        cells.push(at("warm", format, "write_batch", 20.0));
    }
    cells.push(of(CellKind::Peer, at("warm", "python:h5py-single", "epoch", 60.0)));
    cells.push(of(CellKind::Null, at("warm", "lmdb:raw", "epoch", 0.82)));
    cells.push(of(CellKind::Reference, at("warm", "flat:raw", "epoch", 0.5)));
    cells.push(of(CellKind::Reference, at("warm", "flat:raw,read=memory", "epoch", 0.25)));
    cells.push(of(CellKind::Reference, at("warm", "nothing", "epoch", 0.000_2)));
    cells.push(of(CellKind::Reference, at("warm", "nothing", "read_one", 0.003)));
    for (format, us) in [("dir:png", 60.0), ("dir:raw", 40.0), ("lmdb:raw", 10.0), ("hdf5:raw", 30.0)] {
        cells.push(at("cold-data", format, "epoch", us));
    }
    for cell in &mut cells {
        measured_by_run(cell);
    }
    let mut all = results(cells);
    all.run.profile = "quick".into();
    all.run.command = "shelfmark run --cache warm cold-data".into();
    for (cache, workload, best, other, ratio, verdict) in [
        ("warm", "epoch", "lmdb:raw", "lmdb:bincode", 1.01, "tied"),
        ("warm", "epoch", "lmdb:raw", "hdf5:raw", 11.2, "inconclusive"),
        ("warm", "epoch", "lmdb:raw", "dir:png", 37.5, "slower"),
        ("warm", "epoch", "lmdb:raw", "python:h5py-single", 75.0, "slower"),
        ("warm", "read_one", "lmdb:raw", "lmdb:bincode", 1.3, "slower"),
        ("warm", "read_one", "lmdb:raw", "dir:png", 34.0, "slower"),
        ("warm", "read_one", "lmdb:raw", "hdf5:raw", 8.5, "slower"),
        ("warm", "write_batch", "lmdb:raw", "dir:png", 1.1, "inconclusive"),
        ("warm", "write_batch", "lmdb:raw", "hdf5:raw", 1.0, "tied"),
        ("cold-data", "epoch", "lmdb:raw", "hdf5:raw", 3.0, "slower"),
        ("cold-data", "epoch", "dir:raw", "dir:png", 1.5, "slower"),
    ] {
        let id = |format: &str| {
            let here = |c: &&Cell| {
                c.cache == cache && c.workload == workload && c.format == format && c.kind != CellKind::Null
            };
            all.cells.iter().find(here).unwrap().id.clone()
        };
        all.comparisons.push(Comparison {
            workload: workload.into(),
            best: id(best),
            other: id(other),
            ratio,
            lo: ratio * 0.9,
            hi: ratio * 1.1,
            verdict: verdict.into(),
            min_detectable: Some(1.3),
        });
    }
    let control = |ratio, lo, hi| NullControl {
        workload: "epoch".into(),
        cache: "warm".into(),
        ratio,
        lo,
        hi,
        verdict: "inconclusive".into(),
    };
    all.null_control.push(control(1.02, 0.8, 1.17));
    all
}

/// Gives a cell that took turns the kind `kind`.
pub(super) fn of(kind: CellKind, mut cell: Cell) -> Cell {
    cell.kind = kind;
    cell.id = format!("{kind:?} {}", cell.id);
    if kind != CellKind::Format {
        cell.capabilities = None;
    }
    cell
}

/// A cell of a format in a state of the cache.
pub(super) fn at(cache: &str, format: &str, workload: &str, us: f64) -> Cell {
    let mut cell = cell(format, workload, IMAGES, us);
    cell.cache = cache.into();
    cell.id = format!("{}/{cache}", cell.id);
    cell
}

fn measured_by_run(cell: &mut Cell) {
    let estimate = cell.estimate.as_mut().unwrap();
    (estimate.launches, estimate.blocks, estimate.lag1) = (6, 12, Some(0.7));
    if matches!(cell.kind, CellKind::Format | CellKind::Peer) && cell.workload == "epoch" {
        estimate.share_of_reference = Some(estimate.images_per_s * 0.25e-6);
    }
    cell.turns.images = vec![IMAGES; 24];
    cell.latency = Some(Latency { p50_ns: 1_500, p90_ns: 2_500, p99_ns: 12_000, count: 4_096 });
    match cell.format.as_str() {
        "lmdb:raw" => {
            cell.ledger = Some(Ledger {
                open_ns: 0.0,
                lookup_ns: Some(310.0),
                read_ns: 120.0,
                decode_ns: 0.0,
                copy_ns: Some(240.0),
                other_ns: 130.0,
                total_ns: Some(800.0),
                metering_share: Some(0.07),
            });
        }
        _ => cell.ledger_reason = Some("finding, moving and decoding are one call".into()),
    }
    cell.counters = Some(Counters {
        operations: Some(8),
        images: Some(2_000),
        delivered_bytes: Some(6_144_000),
        decoded_bytes: Some(if cell.format == "hdf5:raw" { 64 * 6_144_000 } else { 6_144_000 }),
        read_calls: Some(4_000),
        write_calls: Some(0),
        read_bytes: Some(6_144_000),
        write_bytes: None,
        device_read_bytes: Some(0),
        minor_faults: Some(500),
        major_faults: Some(0),
        user_ns: Some(1_000_000),
        sys_ns: Some(400_000),
        peak_anon_bytes: Some(864_256),
        peak_file_bytes: Some(41_250_816),
    });
    if cell.durability.is_none() {
        let cold = cell.cache != "warm";
        let bytes = cell.storage.as_ref().map_or(0, |storage| storage.apparent_bytes);
        cell.cache_proof = Some(CacheProof {
            resident_before_pct: cold.then_some(0.0),
            held: (!cold).then_some(cell.format != "hdf5:raw"),
            // Half of the store in each turn.
            device_read_bytes: Some(if cold { bytes * 12 } else { 0 }),
            metadata: "warm".into(),
            proved: cell.format != "hdf5:raw",
        });
    }
}
