//! Reading at a place of a file that several threads share.

use std::fs::File;

/// Fills `bytes` from byte `offset` of `file` on (pread(2)), without moving the place that others read at.
///
/// # Errors
/// What the system says; `UnexpectedEof` where the file ends before.
#[cfg(unix)]
pub fn read_exact_at(file: &File, bytes: &mut [u8], offset: u64) -> std::io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, offset)
}

/// Fills `bytes` from byte `offset` of `file` on, one thread at a time.
///
/// # Errors
/// What the system says; `UnexpectedEof` where the file ends before.
#[cfg(not(unix))]
pub fn read_exact_at(mut file: &File, bytes: &mut [u8], offset: u64) -> std::io::Result<()> {
    use std::io::{Read, Seek, SeekFrom};
    use std::sync::{Mutex, PoisonError};

    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    file.seek(SeekFrom::Start(offset))?;
    file.read_exact(bytes)
}
