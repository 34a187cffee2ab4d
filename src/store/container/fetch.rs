//! Fetching ahead: what lies all over a mapped file is asked for before it is used, so that waiting for one record's memory and
//! address goes on while others are copied.

use std::hint::black_box;

/// Records whose first byte is fetched before the first of them is used.
pub const FETCH_AHEAD: usize = 16;

/// Makes the processor fetch the beginning of a record.
pub fn fetch(record: &[u8]) {
    black_box(record.first().copied());
}
