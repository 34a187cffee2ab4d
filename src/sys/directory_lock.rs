//! Directories that one process works in: locked (`flock(2)`), without a file that could be left behind.

use std::fs::File;
use std::path::Path;

/// What to do while another process has the lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// Wait for it.
    Yes,
    /// Fail.
    No,
}

/// Locks a directory for as long as what is returned lives; `None` where the file system has no locks. Only who locks it,
/// too, is kept out.
///
/// # Errors
/// [`std::io::ErrorKind::WouldBlock`] when another process has locked it, and that is not waited for; when it cannot be
/// opened.
#[cfg(unix)]
pub fn lock(path: &Path, wait: Wait) -> std::io::Result<Option<File>> {
    use rustix::fs::{FlockOperation, flock};
    use rustix::io::Errno;
    let directory = File::open(path)?;
    let operation = match wait {
        Wait::Yes => FlockOperation::LockExclusive,
        Wait::No => FlockOperation::NonBlockingLockExclusive,
    };
    match rustix::io::retry_on_intr(|| flock(&directory, operation)) {
        Ok(()) => Ok(Some(directory)),
        Err(Errno::WOULDBLOCK) => Err(Errno::WOULDBLOCK.into()),
        Err(_) => Ok(None),
    }
}

/// Locks a directory: not to be had here.
///
/// # Errors
/// Never.
#[cfg(not(unix))]
pub fn lock(_: &Path, _: Wait) -> std::io::Result<Option<File>> {
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn a_lock_that_somebody_has_for_a_moment_is_waited_for() {
        let place = tempfile::tempdir().unwrap();
        let theirs = lock(place.path(), Wait::No).unwrap().unwrap();
        let path = place.path().to_owned();
        let waiting = std::thread::spawn(move || lock(&path, Wait::Yes).unwrap().is_some());
        // Whether it has begun to wait by now or not, it gets the lock in the end.
        drop(theirs);
        assert!(waiting.join().unwrap());
    }
}
