//! A file being written from its beginning to its end.

use crate::error::{IoContext, Result};
use std::fs::File;
use std::io::{BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Bytes that are gathered before the system is asked to take them.
const BUFFER_BYTES: usize = 256 << 10;

/// A file, its name for errors, and how much of it there is.
pub struct Output {
    file: BufWriter<File>,
    path: PathBuf,
    /// Where the next byte goes.
    position: u64,
}

impl Output {
    /// Makes a new file.
    ///
    /// # Errors
    /// When there is one already; what the system says.
    pub fn create(path: &Path) -> Result<Self> {
        let file = File::create_new(path).at("create", path)?;
        Ok(Self { file: BufWriter::with_capacity(BUFFER_BYTES, file), path: path.to_owned(), position: 0 })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes written so far.
    pub fn bytes(&self) -> u64 {
        self.position
    }

    /// Adds bytes.
    ///
    /// # Errors
    /// What the system says.
    pub fn add(&mut self, bytes: &[u8]) -> Result<()> {
        self.write_all(bytes).at("write", &self.path)
    }

    /// Hands all of it to the system, and with `sync` to the device.
    ///
    /// # Errors
    /// What the system says.
    pub fn flush(&mut self, sync: bool) -> Result<()> {
        self.file.flush().at("write", &self.path)?;
        if sync { self.sync() } else { Ok(()) }
    }

    /// Puts on the device what the system has of it.
    ///
    /// # Errors
    /// What the system says.
    pub fn sync(&self) -> Result<()> {
        self.file.get_ref().sync_all().at("sync", &self.path)
    }
}

/// For libraries that write to anything.
impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.position += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}

impl Seek for Output {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        // Asking where one is must not empty the buffer, as it does for `BufWriter`.
        if to != SeekFrom::Current(0) {
            self.position = self.file.seek(to)?;
        }
        Ok(self.position)
    }
}
