//! Making a finished store safe from a power cut, for all formats alike.

use crate::error::{IoContext, Result};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Up to here files are synced one by one; above, one `syncfs` for the whole file system is the cheapest call that
/// gives the same promise (what package managers use for many small files).
const FILES_SYNCED_SINGLY: usize = 16;

/// Puts everything below `directory` on the device.
///
/// # Errors
/// What the system says, naming the file.
pub fn tree(directory: &Path) -> Result<()> {
    let mut entries: Vec<PathBuf> = Vec::new();
    // Stops looking as soon as there are too many: with 100,000 files the list itself would cost.
    for entry in walkdir::WalkDir::new(directory).into_iter().take(FILES_SYNCED_SINGLY + 1) {
        entries.push(entry.map_err(std::io::Error::from).at("list", directory)?.into_path());
    }
    if entries.len() > FILES_SYNCED_SINGLY {
        return file_system(directory);
    }
    entries.iter().try_for_each(|path| one(path))
}

/// Puts one file, or the names in one directory, on the device.
///
/// # Errors
/// What the system says.
pub fn one(path: &Path) -> Result<()> {
    File::open(path).and_then(|file| file.sync_all()).at("sync", path)
}

/// Waits until what was written or removed below `directory` is on the device, so that it does not slow down what is
/// timed next: one sync of the file system, then until little is left to write back, or two seconds have passed
/// (another process may be writing).
///
/// # Errors
/// What the system says to the sync.
pub fn settle(directory: &Path) -> Result<()> {
    file_system(directory)?;
    let deadline = Instant::now() + Duration::from_secs(2);
    while unwritten_kib().is_some_and(|kib| kib > 1024) && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(2));
    }
    Ok(())
}

/// Dirty and being written back, in the whole system; `None` where the system does not say.
fn unwritten_kib() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line =
        |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.split_whitespace().next()?.parse().ok());
    Some(line("Dirty:").unwrap_or(0) + line("Writeback:").unwrap_or(0))
}

/// Puts all of the file system that `directory` lies in on the device.
///
/// # Errors
/// What the system says.
#[cfg(target_os = "linux")]
pub fn file_system(directory: &Path) -> Result<()> {
    let handle = File::open(directory).at("open", directory)?;
    rustix::fs::syncfs(&handle).map_err(std::io::Error::from).at("sync", directory)
}

/// Puts everything below `directory` on the device.
///
/// # Errors
/// What the system says.
#[cfg(not(target_os = "linux"))]
pub fn file_system(directory: &Path) -> Result<()> {
    for entry in walkdir::WalkDir::new(directory) {
        one(entry.map_err(std::io::Error::from).at("list", directory)?.path())?;
    }
    Ok(())
}
