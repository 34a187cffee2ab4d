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
    what_is_decoded_alone_is_decoded_once();
    #[cfg(feature = "hdf5")]
    hdf5_decodes_as_many_chunks_as_it_reads();
    #[cfg(feature = "hdf5")]
    what_is_decoded_directly_is_counted_where_it_is();
    #[cfg(feature = "zarr")]
    zarr_decodes_its_chunks();
    #[cfg(feature = "parquet")]
    parquet_decompresses_its_pages();
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
    let [counted] = counted_each(&source(shape), format, [(workload, operations)]);
    counted
}

fn source(shape: ImageShape) -> Arc<Source> {
    Arc::new(Source::new(Arc::new(Synthetic::new(shape, IMAGES, 1))).unwrap())
}

/// Several workloads on one store.
fn counted_each<const N: usize>(source: &Arc<Source>, format: &str, each: [(Workload, u64); N]) -> [Counters; N] {
    let place = tempfile::tempdir().unwrap();
    let mut shelf = Shelf::new(place.path()).unwrap();
    let resolved = resolve(&format.parse().unwrap()).unwrap();
    let prepared = shelf.prepare(&resolved, source).unwrap();
    each.map(|(workload, operations)| {
        let start = || workload.start(&resolved, source, &prepared.path, WriteOptions::default(), 7);
        count(start, operations).unwrap()
    })
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

/// Bytes delivered and decoded.
fn decoded(counted: &Counters) -> (u64, u64) {
    (counted.delivered_bytes.unwrap(), counted.decoded_bytes.unwrap())
}

fn what_is_decoded_alone_is_decoded_once() {
    let mut formats = vec!["dir:png", "tar:raw", "npy:raw", "flat:raw"];
    formats.extend(cfg!(feature = "hdf5").then_some("hdf5:raw,chunk=64"));
    formats.extend(cfg!(feature = "zarr").then_some("zarr:raw"));
    formats.extend(cfg!(feature = "parquet").then_some("parquet:png"));
    for format in formats {
        for workload in [Workload::ReadOne, Workload::Epoch, Workload::Open] {
            let counted = counted(format, workload, 3);
            let pixels = IMAGE_BYTES * counted.images.unwrap();
            assert_eq!(decoded(&counted), (pixels, pixels), "{format}, {}", workload.name());
            assert_eq!(counted.decoded_per_byte(), Some(1.0));
        }
    }
    let written = counted("dir:raw", Workload::WriteBatch, 1);
    assert_eq!((written.delivered_bytes, written.decoded_bytes, written.decoded_per_byte()), (None, None, None));
}

/// With a checksum alone a chunk is four bytes longer in the file than in memory, so the kernel's count of bytes is a count
/// of the chunks that the library decoded.
#[cfg(feature = "hdf5")]
fn hdf5_decodes_as_many_chunks_as_it_reads() {
    // Of images of 12,288 bytes: 85 chunks of one image fit into the cache, 21 of four, 5 of 16, and 2 of 64.
    let source = source(ImageShape::new(64, 64, 3));
    let each = [(Workload::ReadOne, 700), (Workload::ReadBatch, 9), (Workload::Scan, 9), (Workload::Epoch, 9)];
    for chunk in [1, 4, 16, 64] {
        let format = format!("hdf5:raw,chunk={chunk},checksum=fletcher32");
        let chunk_bytes = chunk * 64 * 64 * 3;
        for (counted, (workload, _)) in counted_each(&source, &format, each).iter().zip(each) {
            let (delivered, decoded) = decoded(counted);
            assert_eq!(delivered, 64 * 64 * 3 * counted.images.unwrap());
            let chunks = decoded / chunk_bytes;
            assert!(chunks > 0 && decoded % chunk_bytes == 0, "{format}, {}: {counted:?}", workload.name());
            let read = counted.read_bytes.unwrap();
            assert_eq!(read, chunks * (chunk_bytes + 4), "{format}, {}: {counted:?}", workload.name());
        }
    }
}

#[cfg(feature = "hdf5")]
fn what_is_decoded_directly_is_counted_where_it_is() {
    // Single reads: five chunks of 768 KiB, of which one is kept and then another, so that most reads decode one.
    let direct = "hdf5:raw,chunk=64,deflate=1,read=direct";
    let counted = counted_of(ImageShape::new(64, 64, 3), direct, Workload::ReadOne, 200);
    let per_byte = counted.decoded_per_byte().unwrap();
    assert!((10.0..64.0).contains(&per_byte), "{counted:?}");
}

#[cfg(feature = "zarr")]
fn zarr_decodes_its_chunks() {
    // All 300 images are 18 chunks of 16 and one that is filled up; in order, each is decoded once.
    let scan = counted("zarr:raw,zstd=3", Workload::Scan, 20);
    let per_byte = scan.decoded_per_byte().unwrap();
    assert!((1.0..1.2).contains(&per_byte), "{scan:?}");
    // One at a time, anywhere: a chunk each, but for those that lie in the one read last.
    let single = counted("zarr:raw,checksum=crc32c", Workload::ReadOne, 200);
    let (delivered, decoded) = decoded(&single);
    assert_eq!((delivered, decoded % (16 * IMAGE_BYTES)), (200 * IMAGE_BYTES, 0));
    assert!((14.0..=16.0).contains(&single.decoded_per_byte().unwrap()), "{single:?}");
}

#[cfg(feature = "parquet")]
fn parquet_decompresses_its_pages() {
    // Of ten images and the length of each in four bytes.
    let single = counted("parquet:raw,compression=zstd", Workload::ReadOne, 200);
    let (delivered, decoded) = decoded(&single);
    assert_eq!((delivered, decoded % (10 * (4 + IMAGE_BYTES))), (200 * IMAGE_BYTES, 0), "{single:?}");
    assert!((8.5..10.8).contains(&single.decoded_per_byte().unwrap()), "{single:?}");
    // Pages of files that have to be decoded as well: both count.
    let png = counted("parquet:png,compression=zstd", Workload::ReadOne, 200);
    assert!(png.decoded_per_byte().unwrap() > 2.0, "{png:?}");
}
