//! The image-store traits, and what is common to all formats.
//!
//! A **format** is a container, a codec and options. Record containers put bytes under a number
//! ([`container::record`]), codecs turn images into bytes ([`codec`]), and one adapter makes a [`Format`] of
//! any sensible pair. Array containers (HDF5) implement [`Format`] themselves. [`registry`] is the one table of all
//! of them, [`sealed`] makes a directory on disk out of a format and a dataset, [`verify`](mod@verify) compares the two.

mod capabilities;
pub mod change;
pub mod codec;
pub mod conformance;
pub mod container;
pub mod copy;
pub mod facts;
mod format_id;
mod keys;
mod manifest;
pub mod options;
pub mod placement;
pub mod progress;
pub mod registry;
mod removal;
pub mod scratch;
pub mod sealed;
mod sweep;
pub mod sync;
pub mod tuning;
pub mod verify;

pub use capabilities::Capabilities;
pub use format_id::FormatId;
pub use keys::{KEYS_FILE, Keys};
pub use manifest::{MANIFEST_FILE, Manifest};
pub use removal::Removal;
pub use sync::settle;

use crate::error::{Error, Result};
use crate::measure::Meter;
use crate::results::Native;
use crate::sample::{Batch, Sample, Shape};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// What a store holds, known before its first byte is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreSpec {
    /// One shape for all images, or each its own.
    pub shape: Shape,
    /// Number of samples.
    pub images: u64,
}

/// What a format says that has to begin again after its process died.
pub const CANNOT_RESUME: &str = "going on with an unfinished store";

/// What a format says whose finished stores take no more samples.
pub const CANNOT_APPEND: &str = "adding to a finished store: write it anew";

/// What a format says out of whose finished stores nothing is taken.
pub const CANNOT_DELETE: &str = "removing from a finished store: write it anew without them";

/// What a format says whose work cannot be taken apart.
pub const NO_SEAM: &str =
    "pixels are read straight into the caller's buffer: finding, moving and decoding are one call";

/// When written data is safe from a power cut.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Durability {
    /// Whenever the system sees fit.
    None,
    /// When the finished store has its name: files, directories and the rename are synced once.
    #[default]
    Close,
    /// After every `append`.
    Each,
}

impl Durability {
    /// The word used in results.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Close => "close",
            Self::Each => "each",
        }
    }
}

/// How to write.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WriteOptions {
    /// When data must be on the device. Formats see to `Each` themselves; `Close` is done for all of them
    /// in one place ([`sealed`]).
    pub durability: Durability,
    /// Threads that may read, decode and encode at once. Measuring uses one.
    pub threads: Threads,
}

/// A number of threads, at least one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Threads(std::num::NonZeroUsize);

impl Threads {
    /// One thread.
    pub const ONE: Self = Self(std::num::NonZeroUsize::MIN);

    /// As many as asked for; `None` and 0 mean one for each processor.
    pub fn new(asked: Option<usize>) -> Self {
        let all = || std::thread::available_parallelism().unwrap_or(std::num::NonZeroUsize::MIN);
        Self(asked.and_then(std::num::NonZeroUsize::new).unwrap_or_else(all))
    }

    /// The number.
    pub const fn get(self) -> usize {
        self.0.get()
    }
}

impl Default for Threads {
    fn default() -> Self {
        Self::ONE
    }
}

/// A way of keeping images: a container, a codec and options, checked and ready for use.
pub trait Format: Send + Sync {
    /// Starts a new store in the existing, empty directory `at`.
    ///
    /// # Errors
    /// [`crate::Error::Unsupported`] when the format cannot hold such images; otherwise what the system says.
    fn create(&self, at: &Path, spec: &StoreSpec, write: &WriteOptions) -> Result<Box<dyn ImageWriter>>;

    /// Opens a finished store.
    ///
    /// # Errors
    /// When files are missing, damaged or not what `spec` says.
    fn open(&self, at: &Path, spec: &StoreSpec) -> Result<Arc<dyn ImageStore>>;

    /// Reads from the files themselves whether they really have the layout, options and codec that were asked for.
    ///
    /// # Errors
    /// [`crate::Error::Mismatch`] naming the first property that differs.
    fn audit(&self, at: &Path, spec: &StoreSpec) -> Result<()>;

    /// What this format can do.
    fn capabilities(&self) -> Capabilities;

    /// The library that does the work.
    fn native(&self) -> Native;

    /// Whether an unfinished store can be gone on with after its process died.
    fn can_resume(&self) -> bool {
        false
    }

    /// Goes on with the unfinished store in `at`, of which the first `keep` samples are safe; whatever is there beyond
    /// them is removed.
    ///
    /// # Errors
    /// [`crate::Error::Unsupported`] where [`Format::can_resume`] says no; when less is there than should be.
    fn resume(&self, _: &Path, _: &StoreSpec, _: &WriteOptions, _keep: u64) -> Result<Box<dyn ImageWriter>> {
        Err(Error::Unsupported { format: "this format".into(), what: CANNOT_RESUME.into() })
    }

    /// Opens the finished store in `at`, which holds `spec`, to add `more` samples behind those in it. Data is put on the
    /// device as with [`Format::create`].
    ///
    /// # Errors
    /// [`crate::Error::Unsupported`] where [`Capabilities::append`] says no; when the store is damaged. It is then as before.
    fn open_append(&self, _: &Path, _: &StoreSpec, _more: u64, _: &WriteOptions) -> Result<Box<dyn ImageWriter>> {
        Err(Error::Unsupported { format: "this format".into(), what: CANNOT_APPEND.into() })
    }

    /// Removes samples from the finished store in `at`, which holds `spec`.
    ///
    /// # Errors
    /// [`crate::Error::Unsupported`] where [`Capabilities::delete`] says no; when the store is damaged.
    fn remove(&self, _: &Path, _: &StoreSpec, _: &Removal, _: &WriteOptions) -> Result<()> {
        Err(Error::Unsupported { format: "this format".into(), what: CANNOT_DELETE.into() })
    }

    /// Whether [`Format::remove`] is one transaction: where it fails the store is as before.
    fn removes_at_once(&self) -> bool {
        false
    }

    /// Whether it keeps encoded files (codec `source`): its writer then takes samples as files, not as pixels.
    fn takes_files(&self) -> bool {
        false
    }

    /// What a lossy format makes of an image; `None` where images come back as they went in.
    fn lossy(&self, _spec: &StoreSpec) -> Option<Box<dyn Lossy>> {
        None
    }

    /// The same format, as far as stores like `spec` go, with `meter` where look-up, reading and decoding meet.
    ///
    /// # Errors
    /// Why they cannot be told apart.
    fn metered(&self, _spec: &StoreSpec, _meter: &Arc<Meter>) -> Result<Arc<dyn Format>, String> {
        Err(NO_SEAM.into())
    }

    /// Settings in force that the format's name does not show: cache sizes, transaction sizes, levels.
    fn settings(&self, spec: &StoreSpec) -> BTreeMap<String, String>;
}

/// What comes back from a lossy format, worked out without a store.
pub trait Lossy: Send {
    /// Appends to `out` what has to come back for `sample`.
    ///
    /// # Errors
    /// When the codec refuses the image.
    fn pass(&mut self, sample: &Sample<'_>, out: &mut Batch) -> Result<()>;
}

/// Takes samples, in order, until there are as many as the specification said.
pub trait ImageWriter {
    /// Adds samples behind those already there.
    ///
    /// # Errors
    /// When an image does not fit the store's shape, or the system refuses the write.
    fn append(&mut self, samples: &Batch) -> Result<()>;

    /// Makes all samples so far safe from a power cut.
    ///
    /// # Errors
    /// What the system says.
    fn sync(&mut self) -> Result<()>;

    /// Writes what is still in memory and closes every file.
    ///
    /// # Errors
    /// When the system refuses; the store is then not usable.
    fn finish(self: Box<Self>) -> Result<()>;
}

/// An open store, shared by the readers of all threads.
pub trait ImageStore: Send + Sync {
    /// A reader for one thread, with its own transaction, handles and scratch memory.
    ///
    /// # Errors
    /// When the library refuses another reader.
    fn reader(self: Arc<Self>) -> Result<Box<dyn ImageReader>>;
}

/// Reads samples, one thread's worth.
pub trait ImageReader: Send {
    /// Appends sample `index` to `out`. Allocates nothing once `out` and the reader have grown to size.
    ///
    /// # Errors
    /// [`crate::Error::Store`] when `index` is out of range or the bytes there are no such image; `out` is then as before.
    fn read(&mut self, index: u64, out: &mut Batch) -> Result<()>;

    /// Appends the samples `indices` to `out`, in the order asked for, duplicates included.
    ///
    /// # Errors
    /// As [`ImageReader::read`]; samples before the failing one may have been appended.
    fn read_batch(&mut self, indices: &[u64], out: &mut Batch) -> Result<()> {
        indices.iter().try_for_each(|&index| self.read(index, out))
    }

    /// Bytes that this reader has made so far by decoding (inflating, decompressing, checking) where what has to be decoded at
    /// once is more than an image: a chunk, a page. `None` where every image is moved or decoded alone, so that as many
    /// bytes were decoded as delivered.
    fn decoded_bytes(&self) -> Option<u64> {
        None
    }

    /// Appends sample `index` to `out` as the encoded file that was written, not decoded.
    ///
    /// # Errors
    /// As [`ImageReader::read`]; and where the format keeps no files.
    fn read_file(&mut self, index: u64, out: &mut Batch) -> Result<()>;
}
