//! Record containers, which put bytes under a number, and the adapter that makes a [`Format`](crate::store::Format) of one of them and a
//! codec. This is the seam where look-up and decoding can be told apart.

mod adapter;
mod metered;
mod writer;

pub use adapter::{format, refuse_strange_shape};

use super::StoreName;
use crate::error::Result;
use crate::image_file;
use crate::results::Native;
use crate::store::{CANNOT_APPEND, CANNOT_DELETE, CANNOT_RESUME, Capabilities, Removal, WriteOptions};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// Puts bytes under a number and gives them back.
pub trait RecordContainer: Send + Sync {
    /// Starts a new store in the empty directory `at`.
    ///
    /// # Errors
    /// What the library or system says.
    fn create(&self, at: &Path, layout: &RecordLayout, write: &WriteOptions) -> Result<Box<dyn RecordWriter>>;
    /// Whether an unfinished store can be gone on with.
    fn can_resume(&self) -> bool {
        false
    }
    /// Goes on with the unfinished store in `at`: keeps the first `keep` records and removes what is there beyond them.
    ///
    /// # Errors
    /// When fewer are there; what the library or system says.
    fn resume(
        &self,
        _at: &Path,
        layout: &RecordLayout,
        _write: &WriteOptions,
        _keep: u64,
    ) -> Result<Box<dyn RecordWriter>> {
        Err(layout.name.unsupported(CANNOT_RESUME))
    }
    /// Opens a finished store, which is as `layout` says, to add `more` records.
    ///
    /// # Errors
    /// [`crate::Error::Unsupported`] where the container cannot; when it is damaged.
    fn open_append(
        &self,
        _at: &Path,
        layout: &RecordLayout,
        _more: u64,
        _write: &WriteOptions,
    ) -> Result<Box<dyn RecordWriter>> {
        Err(layout.name.unsupported(CANNOT_APPEND))
    }
    /// Removes records from a finished store, which is as `layout` says.
    ///
    /// # Errors
    /// [`crate::Error::Unsupported`] where the container cannot; when it is damaged.
    fn remove(&self, _at: &Path, layout: &RecordLayout, _removal: &Removal, _write: &WriteOptions) -> Result<()> {
        Err(layout.name.unsupported(CANNOT_DELETE))
    }
    /// Whether [`RecordContainer::remove`] is one transaction: where it fails the store is as before.
    fn removes_at_once(&self) -> bool {
        false
    }
    /// Opens a finished store.
    ///
    /// # Errors
    /// When files are missing, damaged, or hold another number of records.
    fn open(&self, at: &Path, layout: &RecordLayout) -> Result<Arc<dyn RecordStore>>;
    /// Reads from the files themselves whether they have the layout that was asked for, where opening does not show it.
    ///
    /// # Errors
    /// [`crate::Error::Mismatch`] naming the first property that differs.
    fn audit(&self, _at: &Path, _layout: &RecordLayout) -> Result<()> {
        Ok(())
    }
    /// What the container can do; what the codec adds is added by the adapter.
    fn capabilities(&self) -> Capabilities;
    /// The library that does the work; `None` where it is the file system, so that the codec is named instead.
    fn native(&self) -> Option<Native>;
    /// Settings in force that the format's name does not show.
    fn settings(&self, layout: &RecordLayout) -> BTreeMap<String, String>;
    /// Whether labels are kept beside the records: the container's choice. Where not, they go into the record.
    fn keeps_labels(&self) -> bool;
}

/// What a record container needs to know of what it holds.
#[derive(Debug, Clone)]
pub struct RecordLayout {
    /// Which store, for errors.
    pub name: StoreName,
    /// Number of records.
    pub records: u64,
    /// Largest image, decoded; encoded records are rarely and little larger.
    pub max_image_bytes: u64,
    /// Ending of a file that holds one record; `None` where each record has its own.
    pub extension: Option<&'static str>,
}

impl RecordLayout {
    /// A record longer than this is damaged. No codec makes an image twice as large as its pixels; but a file from
    /// elsewhere may carry anything else.
    pub fn max_record_bytes(&self) -> u64 {
        match self.extension {
            Some(_) => self.max_image_bytes.saturating_mul(2).saturating_add(64 * 1024),
            None => image_file::MAX_IMAGE_BYTES as u64,
        }
    }
}

/// A record to be written.
#[derive(Debug, Clone, Copy)]
pub struct NewRecord<'a> {
    /// Its number, one higher than that of the record before.
    pub index: u64,
    /// The label, for containers that keep labels beside the records.
    pub label: u32,
    /// Ending of a file that holds this record.
    pub extension: &'static str,
    /// What to keep.
    pub bytes: &'a [u8],
}

/// Takes records in order.
pub trait RecordWriter {
    /// Adds a record.
    ///
    /// # Errors
    /// What the library or system says.
    fn put(&mut self, record: NewRecord<'_>) -> Result<()>;
    /// Makes all records so far safe from a power cut. Called after every batch with durability `each`, and now and then
    /// where work may have to be gone on with; finished stores are synced by [`sealed`](crate::store::sealed), for all containers alike.
    ///
    /// # Errors
    /// What the library or system says.
    fn sync(&mut self) -> Result<()>;
    /// Writes what is still in memory and closes every file.
    ///
    /// # Errors
    /// What the library or system says.
    fn finish(self: Box<Self>) -> Result<()>;
}

/// An open container.
pub trait RecordStore: Send + Sync {
    /// A reader for one thread.
    ///
    /// # Errors
    /// What the library says.
    fn reader(self: Arc<Self>) -> Result<Box<dyn RecordReader>>;
}

/// One thread's reader.
pub trait RecordReader: Send {
    /// Record `index`, which was checked to be in range, valid until the next call.
    ///
    /// # Errors
    /// When it is missing or cannot be read.
    fn get(&mut self, index: u64) -> Result<Record<'_>>;

    /// Hands the records `indices`, checked to be in range, to `take`, one by one in that order.
    ///
    /// # Errors
    /// As [`RecordReader::get`]; what `take` says.
    fn get_each(&mut self, indices: &[u64], take: &mut TakeRecord<'_>) -> Result<()> {
        indices.iter().try_for_each(|&index| take(index, self.get(index)?))
    }

    /// Bytes that this reader has made so far by decoding units of several records; `None` where a record is read alone.
    fn decoded_bytes(&self) -> Option<u64> {
        None
    }
}

/// Takes a record and its number.
pub type TakeRecord<'a> = dyn FnMut(u64, Record<'_>) -> Result<()> + 'a;

/// A record as stored.
#[derive(Debug, Clone, Copy)]
pub struct Record<'a> {
    /// The stored bytes.
    pub bytes: &'a [u8],
    /// The label, from containers that keep it.
    pub label: u32,
}

/// Why a format cannot give back the files that images came from.
pub const KEEPS_NO_FILES: &str = "only the codec source keeps the original files";
