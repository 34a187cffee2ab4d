//! The HDF5 file of a store: made, opened, synced, and given up when it cannot be finished.

use super::kept::PREEMPTION;
use super::{StoreName, failed};
use crate::error::{IoContext, Result};
use ::hdf5::File;
use ::hdf5::file::{FileBuilder, FileCloseDegree};
use std::path::Path;

/// Name of the file.
pub const FILE: &str = "images.h5";

/// How contiguous bytes are read, in words. HDF5's own 64 KiB sieve buffer would read twenty images of 3 KiB for one.
pub const SIEVE: &str = "none: only the bytes asked for are read";

/// How much of the chunks that are read or written HDF5 keeps in memory.
#[derive(Debug, Clone, Copy)]
pub struct ChunkCache {
    /// 0: none, so that only the bytes asked for are moved.
    pub bytes: usize,
}

impl ChunkCache {
    /// No cache.
    pub const NONE: Self = Self { bytes: 0 };

    /// Places of its table.
    pub fn slots(self) -> usize {
        // 10,007, a prime: about a hundred for each chunk that fits, as HDF5's documentation advises.
        if self.bytes == 0 { 0 } else { 10_007 }
    }
}

/// Creates the file of a store in `at`; of HDF5's `latest` structures, or of those that every version reads.
///
/// # Errors
/// What HDF5 says.
pub fn create(at: &Path, cache: ChunkCache, latest: bool, name: &StoreName) -> Result<File> {
    written_with(cache, latest).create_excl(at.join(FILE)).map_err(|e| failed(name, "create", e))
}

/// Opens the file of a finished store in `at` to be changed.
///
/// # Errors
/// When it is missing; what HDF5 says.
pub fn open_to_change(at: &Path, cache: ChunkCache, latest: bool, name: &StoreName) -> Result<File> {
    let path = at.join(FILE);
    std::fs::metadata(&path).at("open", &path)?;
    written_with(cache, latest).open_rw(path).map_err(|e| failed(name, "open", e))
}

fn written_with(cache: ChunkCache, latest: bool) -> FileBuilder {
    let mut builder = File::with_options();
    builder.with_fapl(|p| {
        let p = p.fclose_degree(FileCloseDegree::Strong).chunk_cache(cache.slots(), cache.bytes, PREEMPTION);
        if latest { p.libver_latest() } else { p }
    });
    builder
}

/// Opens the file of a store in `at`. It is closed strongly, with whatever is open in it: it has to outlive that.
///
/// # Errors
/// When it is missing; what HDF5 says.
pub fn open(at: &Path, cache: ChunkCache, name: &StoreName) -> Result<File> {
    let path = at.join(FILE);
    std::fs::metadata(&path).at("open", &path)?;
    File::with_options()
        .with_fapl(|p| {
            let p = p.fclose_degree(FileCloseDegree::Strong).chunk_cache(cache.slots(), cache.bytes, PREEMPTION);
            // A sieve buffer of one byte is none: 0 would mean HDF5's default.
            p.sieve_buf_size(1)
        })
        .open(&path)
        .map_err(|e| failed(name, "open", e))
}

/// A file being written and what is open in it.
///
/// HDF5 (1.10.8) crashes when it closes a chunked dataset whose chunks it could not write, as on a full disk. So a
/// file that is not finished is never closed: its handles are leaked, and its space is given back by hand.
pub struct Unfinished<T> {
    /// Taken out by `finish`; what is still here when this is dropped is abandoned, not closed.
    open: Option<(T, File)>,
    /// Whether all that is in it was written by whoever has it open.
    is_new: bool,
    name: StoreName,
}

impl<T> Unfinished<T> {
    /// `file`, with `datasets` open in it.
    pub fn new(datasets: T, file: File, name: StoreName) -> Self {
        Self { open: Some((datasets, file)), is_new: true, name }
    }

    /// `file`, which was there before, with `datasets` open in it.
    pub fn changed(datasets: T, file: File, name: StoreName) -> Self {
        Self { open: Some((datasets, file)), is_new: false, name }
    }

    /// What is open in it.
    ///
    /// # Errors
    /// When it was given up.
    pub fn datasets(&mut self) -> Result<&mut T> {
        let open = self.open.as_mut().map(|(datasets, _)| datasets);
        open.ok_or_else(|| self.name.error("it was given up after a failure", "write the store again"))
    }

    /// Makes safe from a power cut what HDF5 has got so far.
    ///
    /// # Errors
    /// What HDF5 or the system says.
    pub fn sync(&mut self) -> Result<()> {
        self.flush()?;
        let path = self.name.path.join(FILE);
        std::fs::File::open(&path).and_then(|file| file.sync_all()).at("sync", &path)
    }

    /// Closes the file, finished.
    ///
    /// # Errors
    /// What HDF5 says.
    pub fn finish(mut self) -> Result<()> {
        // Closing reports nothing, so what can fail is done before, with everything still open.
        self.flush()?;
        let Some((datasets, file)) = self.open.take() else { return Ok(()) };
        drop(datasets);
        file.close().map_err(|e| failed(&self.name, "close", e))
    }

    fn flush(&mut self) -> Result<()> {
        let flushed = self.open.as_ref().map_or(Ok(()), |(_, file)| file.flush());
        flushed.map_err(|e| failed(&self.name, "write", e))
    }
}

impl<T> Drop for Unfinished<T> {
    fn drop(&mut self) {
        if let Some(open) = self.open.take() {
            std::mem::forget(open);
            if self.is_new {
                let file = std::fs::OpenOptions::new().write(true).open(self.name.path.join(FILE));
                // The directory is about to be removed: failing to shorten the file first is no further failure.
                let _ = file.and_then(|file| file.set_len(0));
            }
        }
    }
}
