//! What the system counts is counted exactly. One test: the counts are the process's, and tests share one.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)] // a test that cannot go on shall say so

use shelfmark::Result;
use shelfmark::dataset::Synthetic;
use shelfmark::measure::{Stopwatch, count};
use shelfmark::results::Counters;
use shelfmark::sample::ImageShape;
use shelfmark::store::WriteOptions;
use shelfmark::store::registry::resolve;
use shelfmark::sys::usage::{Mark, Resident};
use shelfmark::workload::{Session, Shelf, Source, Workload};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

const IMAGES: u64 = 300;
const IMAGE_BYTES: u64 = 8 * 8 * 3;
const MIB: u64 = 1 << 20;

#[test]
fn counts_are_exact() {
    if Mark::now().used().transfers.is_none() {
        println!("skipped: the system does not count here");
        return;
    }
    looking_counts_for_nothing();
    reads_are_counted_to_the_byte();
    only_what_is_timed_counts();
    reads_of_files_are_two_calls_each();
    writes_count_and_their_checks_do_not();
    memory_that_stays_is_seen();
    #[cfg(feature = "lmdb")]
    maps_are_read_without_calls();
    #[cfg(feature = "hdf5")]
    hdf5_moves_the_bytes_asked_for_and_no_others();
    #[cfg(feature = "hdf5")]
    chunks_that_have_to_be_decoded_are_read_once_for_a_batch();
}

fn looking_counts_for_nothing() {
    for _ in 0..100 {
        let used = Mark::now().used();
        let (transfers, processor) = (used.transfers.unwrap(), used.processor.unwrap());
        assert_eq!((transfers.read_calls, transfers.read_bytes), (0, 0));
        assert_eq!((transfers.write_calls, transfers.write_bytes, transfers.device_read_bytes), (0, 0, 0));
        assert_eq!(processor.major_faults, 0);
    }
    // Looks that nobody asks about lie inside what others count, as they should.
    let outer = Mark::now();
    Mark::now();
    assert_eq!(outer.used().transfers.unwrap().read_calls, 1);
}

fn reads_are_counted_to_the_byte() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    std::fs::write(&path, [7; 8192]).unwrap();
    let file = File::open(&path).unwrap();
    let mut buffer = [0; 777];
    for reads in [0, 1, 2, 99, 99, 1000] {
        let mark = Mark::now();
        for at in 0..reads {
            file.read_exact_at(&mut buffer, at).unwrap();
        }
        let counted = mark.used().transfers.unwrap();
        assert_eq!((counted.read_calls, counted.read_bytes), (reads, reads * 777));
    }
}

/// Reads five bytes in each operation; reads seven, and holds memory, outside the time.
struct Readings {
    file: File,
    held: Vec<u8>,
    passing: usize,
}

impl Session for Readings {
    fn run(&mut self, operations: u64, watch: &mut Stopwatch<'_>) -> Result<u64> {
        for _ in 0..operations {
            self.file.read_exact_at(&mut [0; 7], 0).unwrap();
            watch.time(|| {
                // Given back before the clock stops.
                drop(std::hint::black_box(vec![1_u8; self.passing]));
                self.file.read_exact_at(&mut [0; 5], 0).unwrap();
            });
        }
        std::hint::black_box(&self.held);
        Ok(operations * 3)
    }
}

fn readings(held: u64, passing: u64) -> Counters {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    std::fs::write(&path, [7; 100]).unwrap();
    let start = || -> Result<Box<dyn Session>> {
        let (file, held) = (File::open(&path).unwrap(), vec![1; held as usize]);
        Ok(Box::new(Readings { file, held, passing: passing as usize }))
    };
    count(start, 10).unwrap()
}

fn only_what_is_timed_counts() {
    let counted = readings(0, 0);
    assert_eq!((counted.operations, counted.images), (Some(10), Some(30)));
    assert_eq!((counted.read_calls, counted.read_bytes), (Some(10), Some(50)));
    assert_eq!((counted.write_calls, counted.write_bytes), (Some(0), Some(0)));
}

fn memory_that_stays_is_seen() {
    assert!(Resident::now().is_some());
    let peak = |held, passing| readings(held, passing).peak_anon_bytes.unwrap();
    let nothing = peak(0, 0);
    assert!(nothing < MIB, "{nothing}");
    let held = peak(40 * MIB, 0);
    assert!((40 * MIB..41 * MIB).contains(&held), "{held}");
    // What came and went within an operation is not seen: documented, and so in a test.
    let passing = peak(0, 40 * MIB);
    assert!(passing < MIB, "{passing}");
    // But it was touched: ten times 10,240 pages, or fewer that are huge.
    assert!(readings(0, 40 * MIB).minor_faults.unwrap() > readings(0, 0).minor_faults.unwrap());
}

fn counted(format: &str, workload: Workload, operations: u64) -> Counters {
    counted_of(ImageShape::new(8, 8, 3), format, workload, operations)
}

fn counted_of(shape: ImageShape, format: &str, workload: Workload, operations: u64) -> Counters {
    let place = tempfile::tempdir().unwrap();
    let mut shelf = Shelf::new(place.path()).unwrap();
    let source = Arc::new(Source::new(Arc::new(Synthetic::new(shape, IMAGES, 1))).unwrap());
    let resolved = resolve(&format.parse().unwrap()).unwrap();
    let prepared = shelf.prepare(&resolved, &source).unwrap();
    let start = || workload.start(&resolved, &source, &prepared.path, WriteOptions::default(), 7);
    count(start, operations).unwrap()
}

fn reads_of_files_are_two_calls_each() {
    for (workload, operations) in
        [(Workload::ReadOne, 130), (Workload::ReadBatch, 3), (Workload::Scan, 4), (Workload::Epoch, 5)]
    {
        let counted = counted("dir:raw", workload, operations);
        let images = counted.images.unwrap();
        assert!(images >= operations);
        // The file, and its end.
        assert_eq!(counted.read_calls, Some(2 * images), "{}", workload.name());
        assert_eq!(counted.read_bytes, Some(IMAGE_BYTES * images), "{}", workload.name());
        assert_eq!(counted.write_calls, Some(0), "{}", workload.name());
    }
    let (once, twice) = (counted("dir:raw", Workload::Open, 7), counted("dir:raw", Workload::Open, 14));
    assert!(once.read_calls.unwrap() > 7 * 2, "manifest and labels are read as well");
    assert_eq!(twice.read_calls, once.read_calls.map(|calls| 2 * calls));
    assert_eq!(twice.read_bytes, once.read_bytes.map(|bytes| 2 * bytes));
}

fn writes_count_and_their_checks_do_not() {
    for workload in [Workload::WriteOne, Workload::WriteBatch] {
        let counted = counted("dir:raw", workload, 2);
        // Every store is read back whole, in 600 calls: outside the time.
        assert!(counted.read_calls.unwrap() < 2 * IMAGES, "{counted:?}");
        assert!(counted.write_calls.unwrap() > 2 * IMAGES, "{counted:?}");
        assert!(counted.write_bytes.unwrap() > 2 * IMAGES * IMAGE_BYTES, "{counted:?}");
    }
}

#[cfg(feature = "lmdb")]
fn maps_are_read_without_calls() {
    let counted = counted("lmdb:raw", Workload::Epoch, 4);
    assert_eq!((counted.read_calls, counted.read_bytes), (Some(0), Some(0)));
    // The map is there while the clock stands still.
    assert!(counted.peak_file_bytes.unwrap() >= IMAGES * IMAGE_BYTES, "{counted:?}");
}

/// No sieve buffer, no chunk cache, and what a chunk holds besides is not read.
#[cfg(feature = "hdf5")]
fn hdf5_moves_the_bytes_asked_for_and_no_others() {
    for format in ["hdf5:raw", "hdf5:raw,chunk=64", "hdf5:raw,chunk=1"] {
        for workload in [Workload::ReadOne, Workload::Epoch] {
            let counted = counted(format, workload, 4);
            let images = counted.images.unwrap();
            assert_eq!(counted.read_bytes, Some(IMAGE_BYTES * images), "{format}, {}", workload.name());
            assert!(counted.read_calls.unwrap() <= images, "{format}, {}: {counted:?}", workload.name());
        }
    }
}

#[cfg(feature = "hdf5")]
fn chunks_that_have_to_be_decoded_are_read_once_for_a_batch() {
    // Chunks of 768 KiB, of which HDF5 keeps two.
    let counted = counted_of(ImageShape::new(64, 64, 3), "hdf5:raw,chunk=64,deflate=1", Workload::Epoch, 8);
    // Eight batches, of which each asks for images of all five.
    assert!(counted.read_calls.unwrap() <= 8 * 5, "{counted:?}");
}
