//! One cell in a worker: a workload under way, which goes on where its last turn stopped.

use super::protocol::{Failure, Probed, Task, Turned};
use crate::error::Result;
use crate::measure::{Monotonic, Stopwatch};
use crate::store::{Threads, WriteOptions, registry};
use crate::store::sealed::OpenStore;
use crate::sys;
use crate::workload::{Fingerprints, Handicapped, Session, Source};
use std::sync::Arc;

/// A cell that takes turns.
pub(super) struct Contestant {
    task: Task,
    session: Box<dyn Session>,
    clock: Monotonic,
}

impl Contestant {
    /// Opens the store, reads it once and checks it; `source` is what writes write.
    pub(super) fn new(task: Task, source: Option<Arc<Source>>) -> Result<Self, Failure> {
        let session = match &source {
            Some(source) => {
                let resolved = registry::resolve(&task.format.parse()?)?;
                let source = source.through(&resolved)?;
                let options = WriteOptions { durability: task.durability, threads: Threads::ONE };
                task.workload.start(&resolved, &source, &task.store, options, task.seed)?
            }
            None => {
                let expected = Arc::new(Fingerprints::read(&task.fingerprints, task.images)?);
                task.workload.start_reading(&task.store, &expected, task.seed, Box::new(OpenStore::open))?
            }
        };
        let session = match task.handicap {
            Some(handicap) => Box::new(Handicapped::new(session, handicap)),
            None => session,
        };
        Ok(Self { task, session, clock: Monotonic::default() })
    }

    /// `warm_up` operations first, untimed: what other cells have pushed out of the processor's caches comes back there,
    /// so that the first timed operation is like the others.
    pub(super) fn turn(&mut self, warm_up: u64, operations: u64) -> Result<Turned> {
        self.session.run(warm_up, &mut Stopwatch::new(&self.clock))?;
        let mut watch = Stopwatch::new(&self.clock);
        let before = sys::device_read_bytes();
        let images = self.session.run(operations, &mut watch)?;
        let device_read_bytes = sys::device_read_bytes().zip(before).map(|(after, before)| after - before);
        Ok(Turned { images, elapsed_ns: watch.elapsed_ns(), device_read_bytes, resident_before_pct: None })
    }

    pub(super) fn probe(&mut self, _operations: u64) -> Result<Probed> {
        Ok(Probed::default())
    }
}
