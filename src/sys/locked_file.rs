//! Files that stay in memory: mapped and locked (`mlock(2)`).

use std::fs::File;

/// A file that stays in memory for as long as this lives, as far as it was there when it was locked.
#[cfg(unix)]
#[derive(Debug)]
pub struct LockedFile {
    address: std::ptr::NonNull<libc::c_void>,
    length: usize,
}

// SAFETY: the mapping belongs to this value alone and is never read or written through it.
#[cfg(unix)]
unsafe impl Send for LockedFile {}

#[cfg(unix)]
impl LockedFile {
    /// Locks the first `length` bytes of `file`, at least one; what is not in memory is read.
    ///
    /// # Errors
    /// Where this process may not lock as much (`ulimit -l`), or map as many files.
    pub fn new(file: &File, length: u64) -> std::io::Result<Self> {
        use std::os::fd::AsRawFd;

        let length = usize::try_from(length).map_err(|_| std::io::ErrorKind::OutOfMemory)?;
        let (protection, descriptor) = (libc::PROT_READ, file.as_raw_fd());
        // SAFETY: a new mapping at an address of the kernel's choice touches no memory that is there.
        let address = unsafe { libc::mmap(std::ptr::null_mut(), length, protection, libc::MAP_SHARED, descriptor, 0) };
        if address == libc::MAP_FAILED {
            return Err(std::io::Error::last_os_error());
        }
        // A mapping that did not fail is not at null. Dropped, and so unmapped, where locking it fails.
        let locked = Self { address: std::ptr::NonNull::new(address).ok_or(std::io::ErrorKind::OutOfMemory)?, length };
        // SAFETY: the range was just mapped. Nothing here reads it, so that a file cut short meanwhile does no harm.
        match unsafe { libc::mlock(address, length) } {
            0 => Ok(locked),
            _ => Err(std::io::Error::last_os_error()),
        }
    }
}

#[cfg(unix)]
impl Drop for LockedFile {
    fn drop(&mut self) {
        // SAFETY: mapped in `new` with this length, unmapped (and with that unlocked) once, and nothing points into it.
        unsafe { libc::munmap(self.address.as_ptr(), self.length) };
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
