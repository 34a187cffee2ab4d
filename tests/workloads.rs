//! Workloads time what they say and check what they deliver. No real clock decides anything here.
#![allow(clippy::unwrap_used)] // a test that cannot go on shall say so

use shelfmark::Error;
use shelfmark::dataset::Synthetic;
use shelfmark::measure::{Simulated, Stopwatch, latency};
use shelfmark::results::{Latency, Native};
use shelfmark::sample::{Batch, ImageShape};
use shelfmark::store::container::StoreName;
use shelfmark::store::registry::{Resolved, resolve};
use shelfmark::store::{Capabilities, Format, ImageStore, ImageWriter, Removal, StoreSpec, WriteOptions};
use shelfmark::sys::page_cache::{cached, evict};
use shelfmark::workload::{
    BATCH, Handicap, HandicapKind, Handicapped, Session, Shelf, Source, Workload, cold, nothing,
};
use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

const IMAGES: u64 = 300;

fn source() -> Arc<Source> {
    Arc::new(Source::new(Arc::new(Synthetic::new(ImageShape::new(8, 8, 3), IMAGES, 1))).unwrap())
}

fn raw() -> Resolved {
    resolve(&"dir:raw".parse().unwrap()).unwrap()
}

fn start(workload: Workload, shelf: &mut Shelf) -> Box<dyn Session> {
    let (source, resolved) = (source(), raw());
    let prepared = shelf.prepare(&resolved, &source).unwrap();
    workload.start(&resolved, &source, &prepared.path, WriteOptions::default(), 7).unwrap()
}

#[test]
fn the_clock_runs_while_the_store_works_and_at_no_other_time() {
    let place = tempfile::tempdir().unwrap();
    let mut shelf = Shelf::new(place.path()).unwrap();
    // Each piece of timed work costs one tick of a clock that moves only when it is looked at.
    for (workload, operations, images, pieces) in [
        // Create, two batches of 256 and 44, finish; twice.
        (Workload::WriteBatch, 2, 2 * IMAGES, 2 * 4),
        // 64 single reads to a piece: 64, 64 and 2.
        (Workload::ReadOne, 130, 130, 3),
        (Workload::ReadBatch, 5, 5 * BATCH, 5),
        // A pass is a batch of 256 and one of 44.
        (Workload::Scan, 3, BATCH + 44 + BATCH, 3),
        (Workload::Epoch, 4, 2 * IMAGES, 4),
        (Workload::Open, 6, 6, 6),
        // Open, one batch of 1 %, finish; twice.
        (Workload::Append, 2, 2 * 3, 2 * 3),
        (Workload::Delete, 2, 2 * 3, 2),
    ] {
        let mut session = start(workload, &mut shelf);
        let clock = Simulated::ticking(1);
        let mut watch = Stopwatch::new(&clock);
        assert_eq!(session.run(operations, &mut watch).unwrap(), images, "{}", workload.name());
        assert_eq!(watch.elapsed_ns(), pieces, "{}", workload.name());
    }
    drop(shelf);
    assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0, "stores were left behind");
}

#[test]
fn sessions_that_take_turns_deliver_into_the_memory_they_are_given() {
    let place = tempfile::tempdir().unwrap();
    let mut shelf = Shelf::new(place.path()).unwrap();
    let prepared = shelf.prepare(&raw(), &source()).unwrap();
    let (path, source) = (prepared.path, source());
    let expected = source.fingerprints();
    let slower = Handicap { kind: HandicapKind::Repeat, percent: 50.0 };
    let sessions: [(&str, usize, Box<dyn Session>); 5] = [
        ("batches", 1, start(Workload::Scan, &mut shelf)),
        ("openings", 1, start(Workload::Open, &mut shelf)),
        ("slowed down", 1, Box::new(Handicapped::new(start(Workload::ReadOne, &mut shelf), slower))),
        ("cold", 1, cold::session(Workload::Epoch, &path, expected, 7).unwrap()),
        ("three threads", 3, Workload::Epoch.start_team(&path, expected, 7, 3).unwrap()),
    ];
    let clock = Simulated::ticking(1);
    for (name, readers, mut session) in sessions {
        let mut buffers = Vec::new();
        for turn in 1..3 {
            session.exchange_buffers(&mut buffers);
            session.run(2, &mut Stopwatch::new(&clock)).unwrap();
            session.exchange_buffers(&mut buffers);
            let filled = buffers.iter().filter(|buffer| !buffer.is_empty()).count();
            assert_eq!((buffers.len(), filled), (readers, readers), "{name}, turn {turn}");
        }
    }
}

#[test]
fn reading_nothing_asks_and_is_timed_like_reading_something() {
    let place = tempfile::tempdir().unwrap();
    let mut shelf = Shelf::new(place.path()).unwrap();
    for workload in Workload::ALL {
        let Some(mut empty) = nothing::session(workload, IMAGES, 7) else {
            assert!(workload.writes() || workload == Workload::Open, "{}", workload.name());
            continue;
        };
        let mut real = start(workload, &mut shelf);
        // In several turns, which have to go on where the one before stopped.
        for operations in [1, 130, 3] {
            let done = |session: &mut dyn Session| {
                let clock = Simulated::ticking(1);
                let mut watch = Stopwatch::new(&clock);
                let images = session.run(operations, &mut watch).unwrap();
                (images, watch.elapsed_ns())
            };
            assert_eq!(done(&mut *empty), done(&mut *real), "{}", workload.name());
        }
    }
}

#[test]
fn latencies_are_those_of_single_operations() {
    let place = tempfile::tempdir().unwrap();
    let mut shelf = Shelf::new(place.path()).unwrap();
    for (workload, operations, pieces) in [
        (Workload::WriteOne, 2, 4),
        (Workload::WriteBatch, 2, 4),
        (Workload::ReadOne, 130, 1),
        (Workload::ReadBatch, 5, 1),
        (Workload::Scan, 3, 1),
        (Workload::Epoch, 4, 1),
        (Workload::Open, 6, 1),
        (Workload::Append, 2, 3),
        (Workload::Delete, 2, 1),
    ] {
        let mut session = start(workload, &mut shelf);
        let clock = Simulated::ticking(10);
        let found = latency(&mut *session, operations, &clock).unwrap();
        // Each piece takes one tick, and nothing else is in an operation's time.
        let expected = Latency { p50_ns: 10 * pieces, p90_ns: 10 * pieces, p99_ns: 10 * pieces, count: operations };
        assert_eq!(found, expected, "{}", workload.name());
    }
}

#[test]
fn a_wrong_pixel_in_a_timed_region_fails_the_workload() {
    for workload in [Workload::ReadOne, Workload::ReadBatch, Workload::Scan, Workload::Epoch, Workload::Open] {
        let place = tempfile::tempdir().unwrap();
        let mut shelf = Shelf::new(place.path()).unwrap();
        let mut session = start(workload, &mut shelf);
        let clock = Simulated::ticking(1);
        session.run(2, &mut Stopwatch::new(&clock)).unwrap();
        // Every image gets one wrong byte while the store is open.
        let images = shelf.prepare(&raw(), &source()).unwrap().path.join("images");
        for entry in std::fs::read_dir(images).unwrap() {
            let file = entry.unwrap().path();
            let mut bytes = std::fs::read(&file).unwrap();
            bytes[100] ^= 1;
            std::fs::write(&file, bytes).unwrap();
        }
        let outcome = session.run(2, &mut Stopwatch::new(&clock));
        assert!(matches!(outcome, Err(Error::Mismatch { .. })), "{}: {outcome:?}", workload.name());
        // Nor does a session begin on a store that is not what was written.
        let prepared = shelf.prepare(&raw(), &source()).unwrap();
        let again = workload.start(&raw(), &source(), &prepared.path, WriteOptions::default(), 7);
        assert!(matches!(again.map(|_| ()), Err(Error::Mismatch { .. })), "{}", workload.name());
    }
}

#[test]
fn each_workload_asks_in_its_own_order() {
    let pass = |workload: Workload| {
        let mut order = workload.order(IMAGES, 7).unwrap();
        let (mut pass, mut slice) = (Vec::new(), Vec::new());
        while (pass.len() as u64) < IMAGES {
            order.next(workload.batch(), &mut slice);
            pass.extend_from_slice(&slice);
        }
        pass
    };
    let in_order: Vec<u64> = (0..IMAGES).collect();
    assert_eq!(pass(Workload::Scan), in_order);
    let mut epoch = pass(Workload::Epoch);
    assert_ne!(epoch, in_order);
    epoch.sort_unstable();
    assert_eq!(epoch, in_order);
    let drawn = pass(Workload::ReadOne);
    assert!(drawn.windows(2).any(|pair| pair[0] + 1 != pair[1]));
    assert!(pass(Workload::ReadBatch)[..256].windows(2).all(|pair| pair[0] + 1 == pair[1]));
}

/// Writes like another format, but turns one pixel of the last image over in every store after the first; or does so with what
/// is added, or removes other images than it should.
struct Careless {
    honest: Arc<dyn Format>,
    stores: AtomicU32,
    workload: Workload,
}

struct CarelessWriter {
    honest: Box<dyn ImageWriter>,
    careless: bool,
}

impl ImageWriter for CarelessWriter {
    fn append(&mut self, samples: &Batch) -> shelfmark::Result<()> {
        let mut changed = Batch::new();
        for (position, sample) in samples.iter().enumerate() {
            let pixels = changed.push(sample.shape, sample.label);
            pixels.copy_from_slice(sample.pixels);
            pixels[0] ^= u8::from(self.careless && position + 1 == samples.len());
        }
        self.honest.append(&changed)
    }

    fn sync(&mut self) -> shelfmark::Result<()> {
        self.honest.sync()
    }

    fn finish(self: Box<Self>) -> shelfmark::Result<()> {
        self.honest.finish()
    }
}

impl Format for Careless {
    fn create(&self, at: &Path, spec: &StoreSpec, write: &WriteOptions) -> shelfmark::Result<Box<dyn ImageWriter>> {
        let careless = self.stores.fetch_add(1, Ordering::Relaxed) > 0
            && matches!(self.workload, Workload::WriteOne | Workload::WriteBatch);
        Ok(Box::new(CarelessWriter { honest: self.honest.create(at, spec, write)?, careless }))
    }
    fn open_append(
        &self,
        at: &Path,
        spec: &StoreSpec,
        more: u64,
        write: &WriteOptions,
    ) -> shelfmark::Result<Box<dyn ImageWriter>> {
        Ok(Box::new(CarelessWriter { honest: self.honest.open_append(at, spec, more, write)?, careless: true }))
    }
    fn remove(&self, at: &Path, spec: &StoreSpec, removal: &Removal, write: &WriteOptions) -> shelfmark::Result<()> {
        let name = StoreName { format: "careless".into(), path: at.to_owned() };
        let others = Removal::new(&name, removal.images(), &[0, 1, 2])?;
        assert_eq!(others.left(), removal.left());
        self.honest.remove(at, spec, &others, write)
    }
    fn open(&self, at: &Path, spec: &StoreSpec) -> shelfmark::Result<Arc<dyn ImageStore>> {
        self.honest.open(at, spec)
    }
    fn audit(&self, at: &Path, spec: &StoreSpec) -> shelfmark::Result<()> {
        self.honest.audit(at, spec)
    }
    fn capabilities(&self) -> Capabilities {
        self.honest.capabilities()
    }
    fn native(&self) -> Native {
        self.honest.native()
    }
    fn settings(&self, spec: &StoreSpec) -> BTreeMap<String, String> {
        self.honest.settings(spec)
    }
}

#[test]
fn a_wrong_pixel_in_a_store_that_was_timed_fails_the_workload() {
    for workload in [Workload::WriteOne, Workload::WriteBatch, Workload::Append, Workload::Delete] {
        let place = tempfile::tempdir().unwrap();
        let mut shelf = Shelf::new(place.path()).unwrap();
        let honest = raw();
        let format = Arc::new(Careless { honest: Arc::clone(&honest.format), stores: AtomicU32::new(0), workload });
        let resolved = Resolved { format, ..honest };
        let (prepared, source) = (shelf.prepare(&resolved, &source()).unwrap(), source());
        let mut session = workload.start(&resolved, &source, &prepared.path, WriteOptions::default(), 7).unwrap();
        let outcome = session.run(1, &mut Stopwatch::new(&Simulated::ticking(1)));
        assert!(matches!(outcome, Err(Error::Mismatch { .. })), "{}: {outcome:?}", workload.name());
    }
}

#[test]
fn reads_begin_with_the_whole_store_in_memory() {
    for workload in [Workload::ReadOne, Workload::ReadBatch, Workload::Scan, Workload::Epoch, Workload::Open] {
        // Not in /tmp, which may be memory that nothing can be evicted from.
        let place = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let mut shelf = Shelf::new(place.path()).unwrap();
        let prepared = shelf.prepare(&raw(), &source()).unwrap();
        let files = || {
            let listed = std::fs::read_dir(prepared.path.join("images")).unwrap();
            listed.map(|entry| File::open(entry.unwrap().path()).unwrap())
        };
        let missing = || files().filter(|file| cached(file).is_some_and(|cached| cached.pages == 0)).count();
        files().for_each(|file| evict(&file).unwrap());
        if missing() < IMAGES as usize {
            println!("skipped: files cannot be evicted from memory here, or the system does not say what is in it");
            return;
        }
        let session = workload.start(&raw(), &source(), &prepared.path, WriteOptions::default(), 7).unwrap();
        // Some systems take pages back within a second; what was never read would be missing altogether.
        assert!(missing() < IMAGES as usize / 2, "{}: {} files are not in memory", workload.name(), missing());
        drop(session);
    }
}
