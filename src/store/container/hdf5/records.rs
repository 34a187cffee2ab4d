//! Records of any length in HDF5: what ragged and encoded images are kept as. `labels` is a dataset of its own; the
//! records are `values` + `offsets`, or variable-length lists.

use super::column::{self, Column};
use super::file::{self, ChunkCache, Unfinished};
use super::{LABELS, as_extent, failed, native, values, vlen};
use crate::error::Result;
use crate::results::Native;
use crate::store::container::StoreName;
use crate::store::container::record::{
    NewRecord, Record, RecordContainer, RecordLayout, RecordReader, RecordStore, RecordWriter,
};
use crate::store::{Capabilities, WriteOptions};
use ::hdf5::File;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// How records of any length are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Records {
    /// One after the other, and where each begins.
    Offsets,
    /// As variable-length lists.
    Vlen,
}

/// Takes the bytes of records, in order.
pub trait RecordSink {
    /// Adds a record.
    ///
    /// # Errors
    /// What HDF5 says.
    fn put(&mut self, record: &[u8]) -> Result<(), String>;
    /// Hands to HDF5 what it has not got yet.
    ///
    /// # Errors
    /// What HDF5 says.
    fn write_out(&mut self) -> Result<(), String>;
}

/// Open records, shared by the readers of all threads.
pub trait RecordSource: Send + Sync {
    /// For one thread.
    ///
    /// # Errors
    /// What HDF5 says.
    fn reader(&self) -> ::hdf5::Result<Box<dyn RecordBytes>>;
}

/// Gives the bytes of records back, one thread's worth.
pub trait RecordBytes: Send {
    /// Those of record `index`, until the next call.
    ///
    /// # Errors
    /// What HDF5 says.
    fn get(&mut self, index: u64) -> Result<&[u8], String>;
}

impl RecordContainer for Records {
    fn create(&self, at: &Path, layout: &RecordLayout, _: &WriteOptions) -> Result<Box<dyn RecordWriter>> {
        let name = &layout.name;
        let count = as_extent(layout.records, name)?;
        let file = file::create(at, ChunkCache::NONE, false, name)?;
        let sink: Box<dyn RecordSink> = match self {
            Self::Offsets => Box::new(values::Sink::create(&file, layout)?),
            Self::Vlen => Box::new(vlen::Sink::create(&file, layout)?),
        };
        let labels = Column::create(&file, LABELS, count).map_err(|e| failed(name, "create", e))?;
        Ok(Box::new(Writer { open: Unfinished::new((sink, labels), file, name.clone()), name: name.clone() }))
    }

    fn open(&self, at: &Path, layout: &RecordLayout) -> Result<Arc<dyn RecordStore>> {
        let name = &layout.name;
        let file = file::open(at, ChunkCache::NONE, name)?;
        let labels = column::read::<u32>(&file, LABELS, as_extent(layout.records, name)?, name)?;
        let source: Box<dyn RecordSource> = match self {
            Self::Offsets => Box::new(values::Source::open(&file, layout)?),
            Self::Vlen => Box::new(vlen::Source::open(&file, layout)?),
        };
        Ok(Arc::new(Store { source, labels, name: name.clone(), _file: file }))
    }

    fn audit(&self, at: &Path, layout: &RecordLayout) -> Result<()> {
        let file = file::open(at, ChunkCache::NONE, &layout.name)?;
        match self {
            Self::Offsets => values::audit(&file, layout),
            Self::Vlen => vlen::audit(&file, layout),
        }
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::RECORDS
    }

    fn native(&self) -> Option<Native> {
        Some(native())
    }

    fn settings(&self, layout: &RecordLayout) -> BTreeMap<String, String> {
        match self {
            Self::Offsets => BTreeMap::from([
                ("HDF5 layout".into(), "records one after the other, and offsets".into()),
                ("HDF5 chunk".into(), format!("{} KiB", values::chunk_bytes(layout) >> 10)),
                ("HDF5 chunk cache".into(), "none: only the bytes asked for are read".into()),
            ]),
            Self::Vlen => BTreeMap::from([("HDF5 layout".into(), "variable-length records".into())]),
        }
    }

    fn keeps_labels(&self) -> bool {
        true
    }
}

struct Writer {
    open: Unfinished<(Box<dyn RecordSink>, Column<u32>)>,
    name: StoreName,
}

impl Writer {
    fn write_out(&mut self) -> Result<()> {
        let (records, labels) = self.open.datasets()?;
        let written = records.write_out().and_then(|()| labels.write_out());
        written.map_err(|why| self.name.error(why, "check the space left on the disk"))
    }
}

impl RecordWriter for Writer {
    fn put(&mut self, record: NewRecord<'_>) -> Result<()> {
        let (records, labels) = self.open.datasets()?;
        labels.extend(std::iter::once(record.label));
        let put = records.put(record.bytes);
        put.map_err(|why| self.name.error(why, "check the space left on the disk"))
    }

    fn sync(&mut self) -> Result<()> {
        self.write_out()?;
        self.open.sync()
    }

    fn finish(mut self: Box<Self>) -> Result<()> {
        self.write_out()?;
        self.open.finish()
    }
}

struct Store {
    source: Box<dyn RecordSource>,
    labels: Vec<u32>,
    name: StoreName,
    // Closed strongly, so it has to outlive the datasets; fields are dropped in order.
    _file: File,
}

impl RecordStore for Store {
    fn reader(self: Arc<Self>) -> Result<Box<dyn RecordReader>> {
        let bytes = self.source.reader().map_err(|e| failed(&self.name, "read", e))?;
        Ok(Box::new(Reader { bytes, store: self }))
    }
}

struct Reader {
    bytes: Box<dyn RecordBytes>,
    store: Arc<Store>,
}

impl RecordReader for Reader {
    fn get(&mut self, index: u64) -> Result<Record<'_>> {
        let name = &self.store.name;
        let label = usize::try_from(index).ok().and_then(|at| self.store.labels.get(at)).copied();
        let label = label.ok_or_else(|| name.damaged(format!("image {index} has no label")))?;
        let bytes = self.bytes.get(index).map_err(|why| name.damaged(format!("image {index}: {why}")))?;
        Ok(Record { bytes, label })
    }
}
