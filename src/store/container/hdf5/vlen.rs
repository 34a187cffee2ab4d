//! Records as one list (`records`) of variable-length lists of bytes (`H5T_VLEN`): what h5py calls `vlen_dtype`. HDF5
//! keeps each in its global heap and only its address in the list.

use super::records::{RecordBytes, RecordSink, RecordSource};
use super::sequence::{self, Sequence};
use super::slab::Slab;
use super::{as_extent, dataset, failed};
use crate::error::Result;
use crate::store::container::record::RecordLayout;
use ::hdf5::dataset::Layout;
use ::hdf5::types::TypeDescriptor;
use ::hdf5::{Dataset, File, H5Type};

const RECORDS: &str = "records";

/// Records are handed to HDF5 many at once, up to so many bytes.
const PENDING_BYTES: usize = 1 << 20;

/// Refuses a file whose `records` do not lie as a new store's would.
pub fn audit(file: &File, layout: &RecordLayout) -> Result<()> {
    let name = &layout.name;
    let records = dataset(file, RECORDS, "vlen", name)?;
    if records.layout() != Layout::Contiguous || !is_sequences(&records) {
        let (found, of) = (records.layout(), records.dtype().and_then(|dtype| dtype.to_descriptor()));
        return Err(name.mismatch(format!(
            "{RECORDS} are {found:?} of {of:?}, asked for was Contiguous of {:?}",
            Sequence::type_descriptor()
        )));
    }
    Ok(())
}

fn is_sequences(records: &Dataset) -> bool {
    let found: ::hdf5::Result<TypeDescriptor> = records.dtype().and_then(|dtype| dtype.to_descriptor());
    found.is_ok_and(|found| found == Sequence::type_descriptor())
}

/// Takes records.
pub struct Sink {
    records: Slab<Sequence>,
    written: u64,
    pending: Vec<u8>,
    ends: Vec<usize>,
}

impl Sink {
    /// The dataset in `file`.
    ///
    /// # Errors
    /// What HDF5 says.
    pub fn create(file: &File, layout: &RecordLayout) -> Result<Self> {
        let fail = |e| failed(&layout.name, "create", e);
        let count = as_extent(layout.records, &layout.name)?;
        // HDF5 insists on filling lists of this type.
        let builder = file.new_dataset_builder().no_chunk().empty::<Sequence>();
        let records = builder.shape(count).create(RECORDS).and_then(Slab::new).map_err(fail)?;
        Ok(Self { records, written: 0, pending: Vec::new(), ends: Vec::new() })
    }
}

impl RecordSink for Sink {
    fn put(&mut self, record: &[u8]) -> Result<(), String> {
        self.pending.extend_from_slice(record);
        self.ends.push(self.pending.len());
        if self.pending.len() < PENDING_BYTES { Ok(()) } else { self.write_out() }
    }

    fn write_out(&mut self) -> Result<(), String> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        let records = starts.zip(&self.ends).map(|(start, end)| &self.pending[start..*end]);
        self.written += sequence::write(&mut self.records, self.written, records)?;
        self.pending.clear();
        self.ends.clear();
        Ok(())
    }
}

/// The open dataset.
pub struct Source {
    records: Dataset,
    max_record: u64,
}

impl Source {
    /// Opens and checks it.
    ///
    /// # Errors
    /// When it is missing, or not what was written.
    pub fn open(file: &File, layout: &RecordLayout) -> Result<Self> {
        let name = &layout.name;
        let records = dataset(file, RECORDS, "vlen", name)?;
        let count = as_extent(layout.records, name)?;
        if records.shape() != [count] || !is_sequences(&records) {
            let found = records.shape();
            return Err(name.damaged(format!("{RECORDS} are no [{count}] lists of bytes, their shape is {found:?}")));
        }
        Ok(Self { records, max_record: layout.max_record_bytes() })
    }
}

impl RecordSource for Source {
    fn reader(&self) -> ::hdf5::Result<Box<dyn RecordBytes>> {
        let limit = usize::try_from(self.max_record).unwrap_or(usize::MAX);
        Ok(Box::new(sequence::Reader::new(self.records.clone(), limit)?))
    }
}

impl RecordBytes for sequence::Reader {
    fn get(&mut self, index: u64) -> Result<&[u8], String> {
        self.read(index)
    }
}
