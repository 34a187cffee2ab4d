//! `read=direct`: a table, made on opening, of where in the map each record lies; reading asks LMDB nothing any more.
//! A format of its own: what the bytes on disk would allow.

use super::{Snapshot, Store, failed};
use crate::error::Result;
use crate::store::container::fetch::fetch;
use crate::store::container::in_place::InPlace;
use crate::store::container::record::Record;
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

// SAFETY: of the table only the slices are used once it is made, and they are plain memory that nobody writes (nor may
// change or shorten the file, which is asked of all users of a store). The
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
    snapshot.with_dependent(|_, transaction| {
        let fail = |e| failed(&store.name, "read", e);
        let mut cursor = transaction.open_ro_cursor(store.database).map_err(fail)?;
        // Nothing reserved: how many there are is only what a header says.
        let mut records = Vec::new();
        for entry in cursor.iter_start() {
            let (found, record) = entry.map_err(fail)?;
            let index = records.len() as u64;
            if index == store.records || found != store.keys.of(index).as_ref() {
                break;
            }
            records.push(store.looked_up(Ok(record), index)?);
        }
        if records.len() as u64 != store.records {
            store.looked_up(Err(::lmdb::Error::NotFound), records.len() as u64)?;
        }
        Ok(records)
    })
}

impl Direct {
    /// As many records are there as were checked to be.
    fn bytes(&self, index: u64) -> &[u8] {
        self.0.borrow_dependent()[index as usize]
    }
}

impl InPlace for Direct {
    fn fetch(&self, index: u64) {
        fetch(self.bytes(index));
    }

    fn record(&self, index: u64) -> Result<Record<'_>> {
        Ok(Record { bytes: self.bytes(index), label: 0 })
    }
}
