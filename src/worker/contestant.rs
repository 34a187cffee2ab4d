//! One cell in a worker: a workload under way, which goes on where its last turn stopped.

use super::protocol::{Failure, Probed, Task, Turned};
use crate::error::{IoContext, Result};
use crate::measure::cold::evict_store;
use crate::measure::{Cache, Clock, Monotonic, Stopwatch, count, latency};
use crate::sample::Batch;
use crate::store::sealed::OpenStore;
use crate::store::{Threads, WriteOptions, registry};
use crate::sys;
use crate::workload::{Fingerprints, Handicapped, Session, Source, cold, ledger, nothing};
use std::sync::Arc;

/// A cell that takes turns.
pub(super) struct Contestant {
    start: Start,
    session: Box<dyn Session>,
    clock: Arc<dyn Clock>,
}

/// What it takes to begin.
struct Start {
    task: Task,
    /// What writes write.
    source: Option<Arc<Source>>,
    /// What reads have to deliver; `None` where nothing is delivered.
    expected: Option<Arc<Fingerprints>>,
}

impl Start {
    /// Opens the store, reads it once and checks it.
    fn session(&self) -> Result<Box<dyn Session>> {
        let Task { workload, store, seed, cache, .. } = &self.task;
        if let Some(source) = &self.source {
            let resolved = registry::resolve(&self.task.format.parse()?)?;
            let source = source.through(&resolved)?;
            let options = WriteOptions { durability: self.task.durability, threads: Threads::ONE };
            return workload.start(&resolved, &source, store, options, *seed);
        }
        match &self.expected {
            Some(expected) if self.task.threads > 1 => {
                if *cache != Cache::Warm {
                    let what = "several threads on a cold store".into();
                    return Err(crate::Error::Unsupported { format: self.task.format.clone(), what });
                }
                workload.start_team(store, expected, *seed, self.task.threads)
            }
            Some(expected) if *cache == Cache::Warm => {
                workload.start_reading(store, expected, *seed, Box::new(OpenStore::open))
            }
            Some(expected) => cold::session(*workload, store, expected, *seed),
            None => {
                let no_reads = || crate::Error::Usage(format!("{} asks for no images", workload.name()));
                nothing::session(*workload, self.task.images, *seed).ok_or_else(no_reads)
            }
        }
    }
}

impl Contestant {
    /// Ready for its first turn; `source` is what writes write.
    pub(super) fn new(task: Task, source: Option<Arc<Source>>) -> Result<Self, Failure> {
        let delivers = source.is_none() && task.format != nothing::NAME;
        let expected = delivers.then(|| Fingerprints::read(&task.fingerprints, task.images)).transpose()?;
        let start = Start { task, source, expected: expected.map(Arc::new) };
        let mut session = start.session()?;
        if let Some(handicap) = start.task.handicap {
            session = Box::new(Handicapped::new(session, handicap));
        }
        Ok(Self { start, session, clock: Arc::new(Monotonic::default()) })
    }

    /// `warm_up` operations first, untimed: what other cells have pushed out of the processor's caches comes back there,
    /// so that the first timed operation is like the others. Before a cold turn the store is taken out of memory, and
    /// what is left of it there is counted. All cells of a worker deliver into the same `buffers`.
    pub(super) fn turn(&mut self, warm_up: u64, operations: u64, buffers: &mut Vec<Batch>) -> Result<Turned> {
        self.session.exchange_buffers(buffers);
        let turned = self.measure(warm_up, operations);
        self.session.exchange_buffers(buffers);
        turned
    }

    fn measure(&mut self, warm_up: u64, operations: u64) -> Result<Turned> {
        let resident_before_pct = self.cool()?;
        if warm_up > 0 {
            self.session.run(warm_up, &mut Stopwatch::new(&*self.clock))?;
        }
        let mut watch = Stopwatch::new(&*self.clock);
        let before = sys::device_read_bytes();
        let images = self.session.run(operations, &mut watch)?;
        let device_read_bytes = sys::device_read_bytes().zip(before).map(|(after, before)| after - before);
        Ok(Turned { images, elapsed_ns: watch.elapsed_ns(), device_read_bytes, resident_before_pct })
    }

    fn cool(&self) -> Result<Option<f64>> {
        let store = &self.start.task.store;
        let left = match self.start.task.cache {
            Cache::Warm => return Ok(None),
            Cache::ColdData => evict_store(store)?,
            Cache::ColdFull => {
                // Counted before the names are dropped: looking at the files would bring these back.
                let left = evict_store(store)?;
                sys::drop_caches().at("drop all caches, for", store)?;
                left
            }
        };
        Ok(Some(left.percent()))
    }

    /// What has no place in a turn, or only what of it is counted. Its sessions are new ones: what the turns' session holds must not count.
    pub(super) fn probe(&mut self, operations: u64, counters_only: bool) -> Result<Probed> {
        let Task { workload, store, seed, cache, .. } = &self.start.task;
        if *cache != Cache::Warm {
            // Every operation of a pass after the first would be a warm one.
            return Ok(Probed::default());
        }
        let mut probed = Probed::default();
        if !counters_only {
            probed.latency = Some(latency(&mut *self.session, operations, &*self.clock)?);
        }
        // Closed before its successor is opened.
        self.session = Box::new(Nobody);
        probed.counters = Some(count(|| self.start.session(), operations)?);
        if counters_only {
            return Ok(probed);
        }
        match &self.start.expected {
            _ if self.start.task.threads > 1 => {
                probed.ledger_reason = Some("parts that run at the same time do not add up".into());
            }
            None if workload.writes() => probed.ledger_reason = Some("only reading is taken apart".into()),
            None => probed.ledger_reason = Some("nothing is delivered".into()),
            Some(expected) => match ledger(*workload, store, expected, operations, *seed, &self.clock)? {
                Ok(ledger) => probed.ledger = Some(ledger),
                Err(reason) => probed.ledger_reason = Some(reason),
            },
        }
        Ok(probed)
    }
}

/// A session that is over.
struct Nobody;

impl Session for Nobody {
    fn run(&mut self, _: u64, _: &mut Stopwatch<'_>) -> Result<u64> {
        Ok(0)
    }
}
