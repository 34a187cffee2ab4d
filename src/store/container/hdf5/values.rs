//! Records one after the other in one list of bytes (`values`), and where each begins (`offsets`, one more than there are
//! records). Plain lists of numbers: whatever reads HDF5 reads them.

use super::column::{self, Column};
use super::records::{RecordBytes, RecordSink, RecordSource};
use super::slab::Slab;
use super::{as_extent, dataset, failed};
use crate::error::Result;
use crate::store::container::record::RecordLayout;
use ::hdf5::dataset::Layout;
use ::hdf5::plist::dataset_create::FillTime;
use ::hdf5::{Dataset, Extent, File};
use std::sync::Arc;

const VALUES: &str = "values";
const OFFSETS: &str = "offsets";

/// Bytes a chunk of `values`. Without a chunk cache HDF5 reads a record straight from its place, about as fast from chunks
/// of 4 MiB as from larger ones; with a cache that a chunk fits into, it reads the whole chunk for one record, tens of
/// times slower. Other programs have a cache, of 1 MiB if they do not choose, and of 8 MiB from HDF5 2.0 on: chunks are larger.
const CHUNK_BYTES: u64 = 16 << 20;

/// One page.
const MIN_CHUNK_BYTES: u64 = 4 << 10;

/// Bytes a chunk in such a store: of a small one, about an eighth of its pixels, so that the last chunk's empty end stays small.
pub fn chunk_bytes(layout: &RecordLayout) -> u64 {
    let about = layout.records.saturating_mul(layout.max_image_bytes) / 8;
    about.next_multiple_of(MIN_CHUNK_BYTES).clamp(MIN_CHUNK_BYTES, CHUNK_BYTES)
}

/// Refuses a file whose `values` do not lie as a new store's would.
pub fn audit(file: &File, layout: &RecordLayout) -> Result<()> {
    let name = &layout.name;
    let values = dataset(file, VALUES, "offsets", name)?;
    let wanted = Some(vec![chunk_bytes(layout) as usize]);
    let (found, chunk) = (values.layout(), values.chunk());
    let filters = super::filters::of(&values).map_err(|why| name.damaged(why))?;
    if found != Layout::Chunked || chunk != wanted || !filters.is_empty() {
        return Err(name.mismatch(format!(
            "{VALUES} are {found:?} with chunk {chunk:?} and filters {filters:?}, asked for was Chunked with {wanted:?}"
        )));
    }
    Ok(())
}

/// Takes records; hands chunks to HDF5 whole.
pub struct Sink {
    values: Slab<u8>,
    offsets: Column<u64>,
    chunk: u64,
    /// What HDF5 has not got yet of the present chunk.
    pending: Vec<u8>,
    end: u64,
}

impl Sink {
    /// The two datasets in `file`.
    ///
    /// # Errors
    /// What HDF5 says.
    pub fn create(file: &File, layout: &RecordLayout) -> Result<Self> {
        let fail = |e| failed(&layout.name, "create", e);
        let chunk = chunk_bytes(layout);
        // Every byte up to the end gets written, and what is behind it is never read.
        let builder = file.new_dataset_builder().chunk(chunk as usize).fill_time(FillTime::Never);
        let values = builder.empty::<u8>().shape(Extent::resizable(0)).create(VALUES).map_err(fail)?;
        let offsets = as_extent(layout.records.saturating_add(1), &layout.name)?;
        let mut offsets = Column::create(file, OFFSETS, offsets).map_err(fail)?;
        offsets.extend(std::iter::once(0));
        let values = Slab::new(values).map_err(fail)?;
        Ok(Self { values, offsets, chunk, pending: Vec::with_capacity(chunk as usize), end: 0 })
    }

    fn write_pending(&mut self) -> Result<(), String> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let (written, count) = (self.values.rows(), self.pending.len() as u64);
        self.values.grow(written + count)?;
        self.values.write(written, count, &self.pending)?;
        self.pending.clear();
        Ok(())
    }
}

impl RecordSink for Sink {
    fn put(&mut self, mut record: &[u8]) -> Result<(), String> {
        self.end += record.len() as u64;
        self.offsets.extend(std::iter::once(self.end));
        while !record.is_empty() {
            let room = self.chunk - self.values.rows() % self.chunk - self.pending.len() as u64;
            let (now, later) = record.split_at(record.len().min(room as usize));
            self.pending.extend_from_slice(now);
            record = later;
            if now.len() as u64 == room {
                self.write_pending()?;
            }
        }
        Ok(())
    }

    fn write_out(&mut self) -> Result<(), String> {
        self.write_pending()?;
        self.offsets.write_out()
    }
}

/// The open datasets.
pub struct Source {
    values: Dataset,
    offsets: Arc<[u64]>,
}

impl Source {
    /// Opens and checks both: afterwards every record lies within `values` and is no longer than a record can be.
    ///
    /// # Errors
    /// When they are missing, or not what was written.
    pub fn open(file: &File, layout: &RecordLayout) -> Result<Self> {
        let name = &layout.name;
        let values = dataset(file, VALUES, "offsets", name)?;
        let &[length] = &values.shape()[..] else {
            return Err(name.damaged(format!("{VALUES} have {} dimensions", values.ndim())));
        };
        if !values.dtype().is_ok_and(|dtype| dtype.is::<u8>()) {
            return Err(name.damaged(format!("{VALUES} are no bytes")));
        }
        // What is missing would be read as nothing at all, that is, as what was in memory before.
        if values.storage_size() < length as u64 {
            return Err(name.damaged(format!("{VALUES} are {length} bytes, and some of them are nowhere")));
        }
        let count = as_extent(layout.records.saturating_add(1), name)?;
        let offsets = column::read::<u64>(file, OFFSETS, count, name)?;
        check_offsets(&offsets, length as u64, layout.max_record_bytes()).map_err(|why| name.damaged(why))?;
        Ok(Self { values, offsets: offsets.into() })
    }
}

fn check_offsets(offsets: &[u64], values: u64, max_record: u64) -> Result<(), String> {
    if offsets.first() != Some(&0) || offsets.last() != Some(&values) {
        let (first, last) = (offsets.first(), offsets.last());
        return Err(format!("{OFFSETS} go from {first:?} to {last:?}, and {VALUES} from 0 to {values}"));
    }
    let wrong = offsets.windows(2).position(|pair| pair[1].checked_sub(pair[0]).is_none_or(|bytes| bytes > max_record));
    wrong.map_or(Ok(()), |at| Err(format!("the {OFFSETS} of record {at} are those of no image")))
}

impl RecordSource for Source {
    fn reader(&self) -> ::hdf5::Result<Box<dyn RecordBytes>> {
        let values = Slab::new(self.values.clone())?;
        Ok(Box::new(Reader { values, offsets: Arc::clone(&self.offsets), scratch: Vec::new() }))
    }
}

struct Reader {
    values: Slab<u8>,
    offsets: Arc<[u64]>,
    scratch: Vec<u8>,
}

impl RecordBytes for Reader {
    fn get(&mut self, index: u64) -> Result<&[u8], String> {
        let at = usize::try_from(index).map_err(|e| e.to_string())?;
        let Some(&[start, end]) = self.offsets.get(at..).and_then(|rest| rest.first_chunk::<2>()) else {
            return Err("it has no place".into());
        };
        // Checked on opening: no more than the longest record.
        let length = (end - start) as usize;
        if self.scratch.len() < length {
            self.scratch.resize(length, 0);
        }
        let record = &mut self.scratch[..length];
        self.values.read(start, length as u64, record)?;
        Ok(record)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_offsets_that_a_writer_can_have_made_are_taken() {
        assert_eq!(check_offsets(&[0], 0, 9), Ok(()));
        assert_eq!(check_offsets(&[0, 4, 4, 13], 13, 9), Ok(()));
        for (offsets, values) in [
            (&[][..], 0),
            (&[1, 4], 4),
            (&[0, 4], 5),
            (&[0, 5], 4),
            (&[0, 10], 10),
            (&[0, 4, 3, 9], 9),
            (&[0, u64::MAX, 4], 4),
        ] {
            assert!(check_offsets(offsets, values, 9).is_err(), "{offsets:?}");
        }
    }
}
