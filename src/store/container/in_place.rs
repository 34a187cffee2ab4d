//! Stores whose records lie in memory, mapped: what was found on opening serves the readers of all threads.

use super::fetch::FETCH_AHEAD;
use super::record::{Record, RecordReader, RecordStore, TakeRecord};
use crate::error::Result;
use std::sync::Arc;

/// Such a store.
pub trait InPlace: Send + Sync + 'static {
    /// Fetches the beginning of record `index`, which was checked to be in range, as far as it can be told where that is.
    /// Waits for none of it: a checksum, a length before its bytes or a label among them is for [`InPlace::record`].
    fn fetch(&self, index: u64);

    /// Record `index`, which was checked to be in range.
    ///
    /// # Errors
    /// When it is missing or damaged.
    fn record(&self, index: u64) -> Result<Record<'_>>;
}

impl<S: InPlace> RecordStore for S {
    fn reader(self: Arc<Self>) -> Result<Box<dyn RecordReader>> {
        Ok(Box::new(Reader(self)))
    }
}

struct Reader<S>(Arc<S>);

impl<S: InPlace> RecordReader for Reader<S> {
    fn get(&mut self, index: u64) -> Result<Record<'_>> {
        self.0.record(index)
    }

    fn get_each(&mut self, indices: &[u64], take: &mut TakeRecord<'_>) -> Result<()> {
        indices.chunks(FETCH_AHEAD).try_for_each(|ahead| {
            ahead.iter().for_each(|&index| self.0.fetch(index));
            ahead.iter().try_for_each(|&index| take(index, self.0.record(index)?))
        })
    }
}
