//! Reading by LMDB's own look-ups.

use super::{Snapshot, Store, failed};
use crate::error::Result;
use crate::store::container::fetch::{FETCH_AHEAD, fetch};
use crate::store::container::record::{Record, RecordReader, TakeRecord};
use ::lmdb::{Cursor, RoTransaction, Transaction};
use ::lmdb_sys::MDB_SET;
use std::sync::Arc;

/// Neighbours from which on a cursor walks from one to the next: an eighth faster than looking each up.
const WALK_FROM: usize = 8;

/// Records looked up before the first is used: a batch of a training job.
const LOOK_UPS: usize = 256;

/// One thread's reader: a snapshot, taken when it was made.
pub struct Reader {
    snapshot: Snapshot,
    store: Arc<Store>,
}

// SAFETY: a read transaction may move between threads when the environment was opened with MDB_NOTLS, which
// `SharedEnvironment::open` does; it is used by one thread at a time because all methods take `&mut self`.
unsafe impl Send for Reader {}

impl Reader {
    /// A reader of all that is there.
    ///
    /// # Errors
    /// What LMDB says.
    pub fn new(store: Arc<Store>) -> Result<Self> {
        Ok(Self { snapshot: store.snapshot()?, store })
    }
}

impl RecordReader for Reader {
    fn get(&mut self, index: u64) -> Result<Record<'_>> {
        let (database, key) = (self.store.database, self.store.keys.of(index));
        let found = self.snapshot.with_dependent(|_, transaction| transaction.get(database, &key));
        Ok(Record { bytes: self.store.looked_up(found, index)?, label: 0 })
    }

    fn get_each(&mut self, indices: &[u64], take: &mut TakeRecord<'_>) -> Result<()> {
        let store = &*self.store;
        self.snapshot.with_dependent(|_, transaction| {
            let mut asked = LookUps { transaction, store, take };
            let mut rest = indices;
            while let Some(&first) = rest.first() {
                let neighbours = rest.iter().zip(first..).take_while(|(index, next)| **index == *next).count();
                let walk = neighbours >= WALK_FROM;
                let (now, later) = rest.split_at(if walk { neighbours } else { rest.len().min(LOOK_UPS) });
                if walk {
                    asked.walk_along(now)?
                } else {
                    asked.sorted(now)?
                };
                rest = later;
            }
            Ok(())
        })
    }
}

/// Look-ups in one transaction, for one batch.
struct LookUps<'a, 'env, 'take> {
    transaction: &'a RoTransaction<'env>,
    store: &'a Store,
    take: &'a mut TakeRecord<'take>,
}

impl LookUps<'_, '_, '_> {
    /// Neighbours, by a cursor that finds the first and then goes on from leaf to leaf.
    fn walk_along(&mut self, indices: &[u64]) -> Result<()> {
        let Self { transaction, store, take } = self;
        let Some(&first) = indices.first() else { return Ok(()) };
        let mut cursor = transaction.open_ro_cursor(store.database).map_err(|e| failed(&store.name, "read", e))?;
        let mut entries = cursor.iter_from(store.keys.of(first));
        indices.iter().try_for_each(|&index| {
            let found = match entries.next().unwrap_or(Err(::lmdb::Error::NotFound)) {
                Ok((found, bytes)) if found == store.keys.of(index).as_ref() => Ok(bytes),
                Ok(_) => Err(::lmdb::Error::NotFound),
                Err(e) => Err(e),
            };
            take(index, Record { bytes: store.looked_up(found, index)?, label: 0 })
        })
    }

    /// At most [`LOOK_UPS`] in any order. Looked up in the order of keys, so that the cursor often finds the next on the
    /// leaf where it is: six tenths of the time of looking up each from the root.
    fn sorted(&mut self, indices: &[u64]) -> Result<()> {
        let Self { transaction, store, take } = self;
        let (mut order, mut records) = ([(0, 0); LOOK_UPS], [&[][..]; LOOK_UPS]);
        let order = &mut order[..indices.len()];
        order.iter_mut().zip(indices).enumerate().for_each(|(at, (place, index))| *place = (*index, at));
        order.sort_unstable();
        let cursor = transaction.open_ro_cursor(store.database).map_err(|e| failed(&store.name, "read", e))?;
        for &mut (index, at) in order {
            let found = cursor.get(Some(store.keys.of(index).as_ref()), None, MDB_SET).map(|(_, bytes)| bytes);
            records[at] = store.looked_up(found, index)?;
        }
        for (ahead, records) in indices.chunks(FETCH_AHEAD).zip(records.chunks(FETCH_AHEAD)) {
            records.iter().copied().for_each(fetch);
            ahead.iter().zip(records).try_for_each(|(&index, bytes)| take(index, Record { bytes, label: 0 }))?;
        }
        Ok(())
    }
}
