//! Fetching ahead: what lies all over a mapped file is asked for before it is used, so that waiting for one record's memory and
//! address goes on while others are copied.

/// Records whose beginning is fetched before the first of them is used.
pub const FETCH_AHEAD: usize = 16;

/// Makes the processor fetch the beginning of a record, and does not wait for it: instructions behind a load that nothing
/// uses wait all the same once the processor's window is full of them, which is after a few records.
pub fn fetch(record: &[u8]) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: a hint, which changes nothing that a program sees, faults nowhere, and may name any address; every
        // processor of this architecture has the instruction.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(record.as_ptr().cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    std::hint::black_box(record.first().copied());
}
