//! What the kernel keeps of a file in memory, counted by the kernel itself: `cachestat(2)`, Linux 6.5 and later.

use std::fs::File;

/// Pages of one file in the page cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cached {
    /// In memory.
    pub pages: u64,
    /// Changed, and not yet on their way to the device.
    pub dirty: u64,
    /// On their way to the device.
    pub writeback: u64,
}

/// Counts the pages of `file`; `None` where the system cannot.
#[cfg(target_os = "linux")]
pub fn cached(file: &File) -> Option<Cached> {
    use std::os::fd::AsRawFd;

    /// The same number on every architecture.
    const SYS_CACHESTAT: libc::c_long = 451;
    // As in the kernel's `uapi/linux/mman.h`: a range (length 0: to the end of the file), and five counters.
    let range: [u64; 2] = [0, 0];
    let mut counts = [0_u64; 5];
    // SAFETY: the descriptor is open while `file` is borrowed; both pointers are valid for the sizes that the call
    // reads (16 bytes) and writes (40 bytes).
    let status = unsafe { libc::syscall(SYS_CACHESTAT, file.as_raw_fd(), range.as_ptr(), counts.as_mut_ptr(), 0) };
    let [pages, dirty, writeback, ..] = counts;
    (status == 0).then_some(Cached { pages, dirty, writeback })
}

/// Counts the pages of `file`; `None` where the system cannot.
#[cfg(not(target_os = "linux"))]
pub fn cached(_: &File) -> Option<Cached> {
    None
}

/// Asks the kernel to forget what it keeps of `file`; pages that are dirty or mapped stay.
///
/// # Errors
/// What the system says.
#[cfg(target_os = "linux")]
pub fn evict(file: &File) -> std::io::Result<()> {
    Ok(rustix::fs::fadvise(file, 0, None, rustix::fs::Advice::DontNeed)?)
}

/// Asks the kernel to forget what it keeps of `file`: not possible here.
///
/// # Errors
/// Always.
#[cfg(not(target_os = "linux"))]
pub fn evict(_: &File) -> std::io::Result<()> {
    Err(std::io::ErrorKind::Unsupported.into())
}
