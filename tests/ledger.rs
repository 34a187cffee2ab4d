//! Ledgers of real stores: what is told apart is what the container and the codec do. No real clock decides anything here.
#![allow(clippy::unwrap_used)] // a test that cannot go on shall say so

use shelfmark::dataset::Synthetic;
use shelfmark::measure::{Clock, Simulated};
use shelfmark::results::Ledger;
use shelfmark::sample::ImageShape;
use shelfmark::store::registry::resolve;
use shelfmark::workload::{BATCH, Shelf, Source, Workload, ledger};
use std::sync::Arc;

const IMAGES: u64 = 300;
const READING: [Workload; 5] =
    [Workload::ReadOne, Workload::ReadBatch, Workload::Scan, Workload::Epoch, Workload::Open];

/// The ledger of 16 operations, by a clock that takes 1 ns for each look and stands still otherwise.
fn taken_apart(format: &str, workload: Workload) -> Result<Ledger, String> {
    let place = tempfile::tempdir().unwrap();
    let mut shelf = Shelf::new(place.path()).unwrap();
    let source = Arc::new(Source::new(Arc::new(Synthetic::new(ImageShape::new(8, 8, 3), IMAGES, 1))).unwrap());
    let prepared = shelf.prepare(&resolve(&format.parse().unwrap()).unwrap(), &source).unwrap();
    let clock: Arc<dyn Clock> = Arc::new(Simulated::ticking(1));
    ledger(workload, &prepared.path, source.fingerprints(), 16, 7, &clock).unwrap()
}

/// Images that 16 operations deliver after one that does not count, and how often the clock runs for them.
fn images_and_pieces(workload: Workload) -> (f64, f64) {
    match workload {
        Workload::ReadBatch => (16.0 * BATCH as f64, 16.0),
        // A batch of 44, then 7 passes of 256 and 44, then one of 256.
        Workload::Scan | Workload::Epoch => (8.0 * IMAGES as f64, 16.0),
        // One read to a turn, or single reads would share a look at the clock.
        _ => (16.0, 16.0),
    }
}

/// `looks`: at the meter's clock for each image; in `open`, two more.
fn check(format: &str, looks: f64, expected: &Ledger) {
    for workload in READING {
        let name = format!("{format} {}", workload.name());
        let (images, pieces) = images_and_pieces(workload);
        let found = taken_apart(format, workload).unwrap();
        // Nothing takes longer than a look, so that all of the time is in the rest.
        let whole = pieces / images;
        assert!((found.other_ns - whole).abs() < 1e-9, "{name}: {found:?}");
        assert!((found.total_ns.unwrap() - whole).abs() < 1e-9, "{name}: {found:?}");
        // The meter's looks show that it was there for every image, and only in one of the two sessions.
        let opening = if workload == Workload::Open { 4.0 } else { 0.0 };
        // And once at the beginning and once at the end of each batch.
        let batch = if workload.batch() > 1 { 2.0 } else { 0.0 };
        let share = (looks + opening) * images / pieces + batch;
        assert!((found.metering_share.unwrap() - share).abs() < 1e-9, "{name}: {found:?} and not {share}");
        let rest = Ledger { other_ns: 0.0, total_ns: None, metering_share: None, ..found };
        assert_eq!(rest, *expected, "{name}");
    }
}

const NOTHING: Ledger = Ledger {
    open_ns: 0.0,
    lookup_ns: None,
    read_ns: 0.0,
    decode_ns: 0.0,
    copy_ns: None,
    other_ns: 0.0,
    total_ns: None,
    metering_share: None,
};

#[test]
fn files_are_found_and_read_in_one() {
    // Two looks for nothing, two for reading, two for decoding.
    check("dir:png", 6.0, &NOTHING);
    check("dir:raw", 6.0, &Ledger { copy_ns: Some(0.0), ..NOTHING });
}

#[test]
#[cfg(feature = "lmdb")]
fn a_map_is_asked_first_and_read_then() {
    check("lmdb:bincode", 8.0, &Ledger { lookup_ns: Some(0.0), ..NOTHING });
    check("lmdb:raw", 8.0, &Ledger { lookup_ns: Some(0.0), copy_ns: Some(0.0), ..NOTHING });
}

#[test]
#[cfg(feature = "hdf5")]
fn records_in_hdf5_are_taken_apart_and_arrays_are_not() {
    check("hdf5:png", 6.0, &NOTHING);
    for format in ["hdf5:raw", "hdf5:raw,chunk=64"] {
        let reason = taken_apart(format, Workload::Epoch).unwrap_err();
        assert!(reason.contains("straight into the caller's buffer"), "{reason}");
    }
}

#[test]
fn writing_is_not_taken_apart() {
    for workload in [Workload::WriteOne, Workload::WriteBatch] {
        assert!(taken_apart("dir:raw", workload).unwrap_err().contains("only reading"));
    }
}
