//! Readers of stores in which neighbours lie side by side: a batch is read run by run.

use super::StoreName;
use super::fetch::FETCH_AHEAD;
use super::record::KEEPS_NO_FILES;
use crate::error::Result;
use crate::sample::Batch;
use crate::store::ImageReader;

/// Reads neighbours in one piece.
pub trait RunReader: Send {
    /// Which store.
    fn name(&self) -> &StoreName;

    /// Number of images.
    fn images(&self) -> u64;

    /// Appends the images `first .. first + count` to `out`. There are as many, and `count` is not 0.
    ///
    /// # Errors
    /// As [`ImageReader::read`]; `out` is then as before.
    fn read_run(&mut self, first: u64, count: u64, out: &mut Batch) -> Result<()>;

    /// Appends the images `indices`, all of which there are, to `out`: run by run.
    ///
    /// # Errors
    /// As [`ImageReader::read_batch`].
    fn read_batch(&mut self, indices: &[u64], out: &mut Batch) -> Result<()> {
        run_by_run(self, indices, out)
    }

    /// As [`ImageReader::decoded_bytes`].
    fn decoded_bytes(&self) -> Option<u64> {
        None
    }
}

/// Appends the images `indices`, all of which there are, to `out`: neighbours in the request in one piece.
///
/// # Errors
/// As [`ImageReader::read_batch`].
pub fn run_by_run(reader: &mut (impl RunReader + ?Sized), indices: &[u64], out: &mut Batch) -> Result<()> {
    let mut runs = indices.chunk_by(|a, b| a.checked_add(1) == Some(*b));
    runs.try_for_each(|run| reader.read_run(run[0], run.len() as u64, out))
}

/// The same of scattered images that lie in memory: `touch` fetches the beginnings of several before the first is used. Of a
/// million each has its own page, and a table entry for it, to wait for.
///
/// # Errors
/// As [`ImageReader::read_batch`].
pub fn scattered<R: RunReader + ?Sized>(
    reader: &mut R,
    indices: &[u64],
    touch: impl Fn(&R, u64),
    out: &mut Batch,
) -> Result<()> {
    if indices.is_sorted_by(|a, b| a.checked_add(1) == Some(*b)) {
        return run_by_run(reader, indices, out);
    }
    indices.chunks(FETCH_AHEAD).try_for_each(|ahead| {
        ahead.iter().for_each(|&index| touch(reader, index));
        run_by_run(reader, ahead, out)
    })
}

/// Any [`RunReader`] as an [`ImageReader`].
pub struct Runs<R>(pub R);

impl<R: RunReader> ImageReader for Runs<R> {
    fn read(&mut self, index: u64, out: &mut Batch) -> Result<()> {
        self.0.name().check_index(index, self.0.images())?;
        self.0.read_run(index, 1, out)
    }

    fn read_batch(&mut self, indices: &[u64], out: &mut Batch) -> Result<()> {
        if let Some(highest) = indices.iter().max() {
            self.0.name().check_index(*highest, self.0.images())?;
        }
        self.0.read_batch(indices, out)
    }

    fn decoded_bytes(&self) -> Option<u64> {
        self.0.decoded_bytes()
    }

    fn read_file(&mut self, _: u64, _: &mut Batch) -> Result<()> {
        Err(self.0.name().unsupported(KEEPS_NO_FILES))
    }
}
