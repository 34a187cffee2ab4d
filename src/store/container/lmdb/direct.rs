//! `read=direct`: a table, made on opening, of where in the map each record lies; reading asks LMDB nothing any more.
//! A format of its own: what the bytes on disk would allow.

use super::reader::{FETCH_AHEAD, fetch};
use super::{MISSING, Snapshot, Store, failed, key};
use crate::error::Result;
use crate::store::container::record::{Record, RecordReader, RecordStore, TakeRecord};
use ::lmdb::{Cursor, Transaction};
use std::sync::Arc;

/// All records, in order, where they lie in the map.
type Records<'map> = Vec<&'map [u8]>;

self_cell::self_cell!(
    struct Table {
        owner: Snapshot,
        #[covariant]
        dependent: Records,
    }
);

/// The records of a store, and the transaction that keeps them where they are.
pub struct Direct(Table);

// SAFETY: of the table only the slices are used once it is made, and they are plain memory that nobody writes. The
// transaction beside them is touched again only when it is dropped, by one thread, and may have been begun by another
// because the environment was opened with MDB_NOTLS.
unsafe impl Send for Direct {}
// SAFETY: as above.
unsafe impl Sync for Direct {}

impl Direct {
    /// Goes through all records once.
    ///
    /// # Errors
    /// When one is missing; what LMDB says.
    pub fn new(store: &Store) -> Result<Arc<Self>> {
        Table::try_new(store.snapshot()?, |snapshot| records(store, snapshot)).map(|table| Arc::new(Self(table)))
    }
}

fn records<'map>(store: &Store, snapshot: &'map Snapshot) -> Result<Records<'map>> {
    let Store { database, records: expected, name, .. } = store;
    snapshot.with_dependent(|_, transaction| {
        let mut cursor = transaction.open_ro_cursor(*database).map_err(|e| failed(name, "read", e))?;
        // Checked to be the number of entries, so there is a byte for each in the file.
        let mut records = Vec::with_capacity(usize::try_from(*expected).unwrap_or(0));
        for entry in cursor.iter_start() {
            let (found, record) = entry.map_err(|e| failed(name, "read", e))?;
            if found != key(records.len() as u64) {
                break;
            }
            records.push(record);
        }
        if records.len() as u64 != *expected {
            return Err(name.damaged(format!("image {} {MISSING}", records.len())));
        }
        Ok(records)
    })
}

impl RecordStore for Direct {
    fn reader(self: Arc<Self>) -> Result<Box<dyn RecordReader>> {
        Ok(Box::new(Reader(self)))
    }
}

struct Reader(Arc<Direct>);

impl Reader {
    /// As many records are there as were checked to be.
    fn record(&self, index: u64) -> Record<'_> {
        Record { bytes: self.0.0.borrow_dependent()[index as usize], label: 0 }
    }
}

impl RecordReader for Reader {
    fn get(&mut self, index: u64) -> Result<Record<'_>> {
        Ok(self.record(index))
    }

    fn get_each(&mut self, indices: &[u64], take: &mut TakeRecord<'_>) -> Result<()> {
        indices.chunks(FETCH_AHEAD).try_for_each(|ahead| {
            ahead.iter().for_each(|&index| fetch(self.record(index).bytes));
            ahead.iter().try_for_each(|&index| take(index, self.record(index)))
        })
    }
}
