//! Reading by LMDB's own look-ups.

use super::{Snapshot, Store, failed};
use crate::error::Result;
use crate::store::container::fetch::{FETCH_AHEAD, fetch};
use crate::store::container::record::{Record, RecordReader, TakeRecord};
use ::lmdb::{Cursor, RoCursor, Transaction};
use ::lmdb_sys::{MDB_NEXT, MDB_SET_KEY};
use std::sync::Arc;

/// Neighbours from which on a cursor walks from one to the next: an eighth faster than looking each up.
const WALK_FROM: usize = 8;

/// Records looked up before the first is used: a batch of a training job.
const LOOK_UPS: usize = 256;

self_cell::self_cell!(
    struct OpenCursor {
        owner: Snapshot,
        #[covariant]
        dependent: RoCursor,
    }
);

/// One thread's reader: a snapshot, taken when it was made, and a cursor in it, which is made once: it looks on the leaf
/// where it is before it begins at the root.
pub struct Reader {
    cursor: OpenCursor,
    store: Arc<Store>,
}

// SAFETY: a read transaction and its cursors may move between threads when the environment was opened with MDB_NOTLS,
// which `SharedEnvironment::open` does; they are used by one thread at a time because all methods take `&mut self`.
unsafe impl Send for Reader {}

impl Reader {
    /// A reader of all that is there.
    ///
    /// # Errors
    /// What LMDB says.
    pub fn new(store: Arc<Store>) -> Result<Self> {
        let cursor = OpenCursor::try_new(store.snapshot()?, |snapshot| {
            snapshot.borrow_dependent().open_ro_cursor(store.database).map_err(|e| failed(&store.name, "read", e))
        });
        Ok(Self { cursor: cursor?, store })
    }
}

impl RecordReader for Reader {
    fn get(&mut self, index: u64) -> Result<Record<'_>> {
        Ok(Record { bytes: find(self.cursor.borrow_dependent(), &self.store, index, MDB_SET_KEY)?, label: 0 })
    }

    fn get_each(&mut self, indices: &[u64], take: &mut TakeRecord<'_>) -> Result<()> {
        let mut asked = LookUps { cursor: self.cursor.borrow_dependent(), store: &self.store, take };
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
    }
}

/// The record of image `index`, where the operation `how` takes the cursor. LMDB compares no more bytes of an integer key than
/// it was asked for, whatever length a page claims: the key that it found has to be the whole key.
fn find<'a>(cursor: &'a RoCursor<'a>, store: &Store, index: u64, how: u32) -> Result<&'a [u8]> {
    let key = store.keys.of(index);
    let asked = (how == MDB_SET_KEY).then_some(key.as_ref());
    let found = match cursor.get(asked, None, how) {
        Ok((Some(found), bytes)) if found == key.as_ref() => Ok(bytes),
        Ok(_) => Err(::lmdb::Error::NotFound),
        Err(e) => Err(e),
    };
    store.looked_up(found, index)
}

/// Look-ups by one cursor, for one batch.
struct LookUps<'a, 'take> {
    cursor: &'a RoCursor<'a>,
    store: &'a Store,
    take: &'a mut TakeRecord<'take>,
}

impl LookUps<'_, '_> {
    /// Neighbours: the first is looked up, the others are next to it.
    fn walk_along(&mut self, indices: &[u64]) -> Result<()> {
        let Self { cursor, store, take } = self;
        indices.iter().enumerate().try_for_each(|(nth, &index)| {
            let bytes = find(cursor, store, index, if nth == 0 { MDB_SET_KEY } else { MDB_NEXT })?;
            take(index, Record { bytes, label: 0 })
        })
    }

    /// At most [`LOOK_UPS`] in any order. Looked up in the order of keys, so that the cursor often finds the next on the
    /// leaf where it is: six tenths of the time of looking up each from the root.
    fn sorted(&mut self, indices: &[u64]) -> Result<()> {
        let Self { cursor, store, take } = self;
        let (mut order, mut records) = ([(0, 0); LOOK_UPS], [&[][..]; LOOK_UPS]);
        let order = &mut order[..indices.len()];
        order.iter_mut().zip(indices).enumerate().for_each(|(at, (place, index))| *place = (*index, at));
        order.sort_unstable();
        for &mut (index, at) in order {
            records[at] = find(cursor, store, index, MDB_SET_KEY)?;
        }
        for (ahead, records) in indices.chunks(FETCH_AHEAD).zip(records.chunks(FETCH_AHEAD)) {
            records.iter().copied().for_each(fetch);
            ahead.iter().zip(records).try_for_each(|(&index, bytes)| take(index, Record { bytes, label: 0 }))?;
        }
        Ok(())
    }
}
