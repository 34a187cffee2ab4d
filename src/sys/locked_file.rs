//! Files that stay in memory: mapped and locked (`mlock(2)`).

use std::fs::File;

/// A file that stays in memory for as long as this lives, as far as it was there when it was locked.
#[cfg(unix)]
#[derive(Debug)]
pub struct LockedFile {
    _map: memmap2::Mmap,
}

#[cfg(unix)]
impl LockedFile {
    /// Locks the first `length` bytes of `file`, at least one; what is not in memory is read.
    ///
    /// # Errors
    /// Where this process may not lock as much (`ulimit -l`), or map as many files.
    pub fn new(file: &File, length: u64) -> std::io::Result<Self> {
        let length = usize::try_from(length).map_err(|_| std::io::ErrorKind::OutOfMemory)?;
        // SAFETY: nothing reads or writes through the map, so that a file that is changed or cut short does no harm.
        let map = unsafe { memmap2::MmapOptions::new().len(length).map(file) }?;
        map.lock()?;
        Ok(Self { _map: map })
    }
}

/// A file that stays in memory: not to be had here.
#[cfg(not(unix))]
#[derive(Debug)]
pub struct LockedFile;

#[cfg(not(unix))]
impl LockedFile {
    /// Locks nothing.
    ///
    /// # Errors
    /// Always.
    pub fn new(_: &File, _: u64) -> std::io::Result<Self> {
        Err(std::io::ErrorKind::Unsupported.into())
    }
}
