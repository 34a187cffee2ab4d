//! Reading from a store that is not in memory: opening it is part of what is timed.

use super::read::{Opener, Opens, Reads, read_all};
use super::{Fingerprints, Order, Session, Workload};
use crate::error::Result;
use crate::measure::Stopwatch;
use crate::sample::Batch;
use crate::store::container::StoreName;
use crate::store::sealed::OpenStore;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A session whose every run opens the store, reads, and closes it again; nothing is open between runs, so that the
/// store can be evicted there. It is read once and checked before.
///
/// # Errors
/// When the store cannot be opened, or is not what was written.
pub fn session(workload: Workload, store: &Path, expected: &Arc<Fingerprints>, seed: u64) -> Result<Box<dyn Session>> {
    let open: Box<Opener> = Box::new(OpenStore::open);
    let Some(order) = workload.order(expected.images(), seed) else {
        return Ok(Box::new(Opens::new(store, expected, open)?));
    };
    read_all(store, expected)?;
    let (store, expected) = (store.to_owned(), Arc::clone(expected));
    Ok(Box::new(ColdReads { store, expected, order: Some(order), batch: workload.batch(), open, buffers: Vec::new() }))
}

struct ColdReads {
    store: PathBuf,
    expected: Arc<Fingerprints>,
    /// Always there between runs.
    order: Option<Order>,
    batch: u64,
    open: Box<Opener>,
    /// What it delivers into.
    buffers: Vec<Batch>,
}

impl Session for ColdReads {
    fn run(&mut self, operations: u64, watch: &mut Stopwatch<'_>) -> Result<u64> {
        if operations == 0 {
            // Opening it would make it warm.
            return Ok(0);
        }
        let (open, reader) = watch.time(|| {
            let open = (self.open)(&self.store)?;
            let reader = open.reader()?;
            Ok::<_, crate::Error>((open, reader))
        })?;
        let name = StoreName::new(&open.resolved.id, &self.store);
        let order = self.order.take().unwrap_or_else(|| Order::sequential(self.expected.images()));
        let mut reads = Reads::from_open(reader, name, Some(Arc::clone(&self.expected)), order, self.batch);
        // Memory that is new each time would cost each time what is no matter of the store.
        reads.exchange_buffers(&mut self.buffers);
        let images = reads.run(operations, watch);
        reads.exchange_buffers(&mut self.buffers);
        self.order = Some(reads.into_order());
        images
    }

    fn exchange_buffers(&mut self, buffers: &mut Vec<Batch>) {
        std::mem::swap(&mut self.buffers, buffers);
    }
}
