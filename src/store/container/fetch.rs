//! Fetching ahead: what lies all over a mapped file is asked for before it is used, so that waiting for one record's memory and
//! address goes on while others are copied.

use super::record::{Record, TakeRecord};
use crate::error::Result;
use std::hint::black_box;

/// Records whose first byte is fetched before the first of them is used.
pub const FETCH_AHEAD: usize = 16;

/// Makes the processor fetch the beginning of a record.
pub fn fetch(record: &[u8]) {
    black_box(record.first().copied());
}

/// Hands records that lie in memory to `take`, the beginnings of several fetched before the first of them is used.
///
/// # Errors
/// What `find` says, before any of those fetched together was taken; what `take` says.
pub fn each_ahead<'a>(
    indices: &[u64],
    find: impl Fn(u64) -> Result<Record<'a>>,
    take: &mut TakeRecord<'_>,
) -> Result<()> {
    indices.chunks(FETCH_AHEAD).try_for_each(|ahead| {
        let mut found = [Record { bytes: &[], label: 0 }; FETCH_AHEAD];
        for (record, &index) in found.iter_mut().zip(ahead) {
            *record = find(index)?;
            fetch(record.bytes);
        }
        found.iter().zip(ahead).try_for_each(|(record, &index)| take(index, *record))
    })
}
