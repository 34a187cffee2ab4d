//! Containers: what holds records or arrays. One file a container; the table below is the only list of them, and
//! benches, tests, `list`, documentation and report go through it.

mod bare;
mod fetch;
pub(crate) mod guard;
mod in_place;
pub(crate) mod mapped;
mod output;
pub mod record;
mod runs;
mod shards;
#[cfg(any(feature = "lmdb", feature = "redb", feature = "sqlite"))]
mod transaction;
#[cfg(test)]
mod trial;

use crate::error::{Error, Result};
use crate::store::facts::Facts;
use crate::store::options::OptionInfo;
use crate::store::tuning::Tuned;
use crate::store::{Format, FormatId};
use std::fmt::Display;
use std::path::{Path, PathBuf};

/// What a container is, as data.
#[derive(Debug, Clone, Copy)]
pub struct ContainerInfo {
    /// What it is, in a few words.
    pub about: &'static str,
    /// What is known of it without measuring.
    pub facts: Facts,
    /// Codecs it is offered with.
    pub codecs: &'static [&'static str],
    /// Options it takes.
    pub options: &'static [OptionInfo],
    /// Which of them are set, and to what, by `--tuning tuned`.
    pub tuned: &'static [Tuned],
    /// Where labels are kept, in words.
    pub labels: &'static str,
    /// Makes a format of it. Container, codec and options were checked one by one before; what is left to refuse
    /// is a combination.
    pub make: fn(&FormatId) -> Result<Box<dyn Format>>,
}

/// A line of the table.
#[derive(Debug, Clone, Copy)]
pub struct ContainerEntry {
    /// Name of the container, as in `dir:png`.
    pub name: &'static str,
    /// The Cargo feature it needs, if any.
    pub feature: Option<&'static str>,
    /// Formats measured by default.
    pub core: &'static [&'static str],
    /// Formats added by `--formats all`.
    pub more: &'static [&'static str],
    /// What the machine itself does with the same bytes: stores like the others, opened and verified like them, but
    /// what formats are compared with, and no formats to choose. `--formats all` leaves them out.
    pub references: &'static [&'static str],
    /// The container, where it is built in.
    pub info: Option<&'static ContainerInfo>,
}

macro_rules! containers {
    ($($name:ident $(if $feature:literal)? => core [$($core:literal),*] more [$($more:literal),*]
        $(references [$($reference:literal),*])?;)+) => {
        $($(#[cfg(feature = $feature)])? pub(crate) mod $name;)+
        /// Every container, built in or not.
        pub static CONTAINERS: &[ContainerEntry] = &[$(ContainerEntry {
            name: stringify!($name),
            feature: containers!(@feature $($feature)?),
            core: &[$($core),*],
            more: &[$($more),*],
            references: &[$($($reference),*)?],
            info: {
                $(#[cfg(not(feature = $feature))] { None })?
                $(#[cfg(feature = $feature)])? { Some(&$name::INFO) }
            },
        }),+];
    };
    (@feature $feature:literal) => { Some($feature) };
    (@feature) => { None };
}

containers! {
    dir => core ["dir:png", "dir:raw"] more ["dir:png,level=fast", "dir:png,fanout=1000", "dir:jpeg", "dir:qoi", "dir:webp", "dir:source"];
    lmdb if "lmdb" => core ["lmdb:bincode", "lmdb:raw", "lmdb:png"] more ["lmdb:raw,keys=integer", "lmdb:raw,read=direct", "lmdb:jpeg", "lmdb:qoi", "lmdb:webp", "lmdb:zstd", "lmdb:zstd,checksum=xxh64", "lmdb:lz4", "lmdb:source"];
    tar => core [] more ["tar:png", "tar:raw", "tar:source"];
    zip => core [] more ["zip:png", "zip:raw", "zip:source"];
    tfrecord => core [] more ["tfrecord:png", "tfrecord:raw", "tfrecord:source"];
    mds => core [] more ["mds:png", "mds:raw", "mds:source"];
    sqlite if "sqlite" => core [] more ["sqlite:raw", "sqlite:raw,mmap=on", "sqlite:png", "sqlite:source"];
    redb if "redb" => core [] more ["redb:raw", "redb:png", "redb:source"];
    rocksdb if "rocksdb" => core [] more ["rocksdb:raw", "rocksdb:png", "rocksdb:source"];
    hdf5 if "hdf5" => core ["hdf5:raw", "hdf5:raw,chunk=64", "hdf5:raw,chunk=64,deflate=4"] more ["hdf5:raw,chunk=1", "hdf5:raw,chunk=64,filter=lzf", "hdf5:raw,chunk=64,filter=blosc-zstd", "hdf5:raw,chunk=64,libver=latest", "hdf5:png", "hdf5:raw,read=direct", "hdf5:raw,chunk=64,read=direct", "hdf5:raw,chunk=64,deflate=4,read=direct", "hdf5:png,ragged=vlen", "hdf5:jpeg", "hdf5:source"];
    arrow if "arrow" => core [] more ["arrow:raw", "arrow:png", "arrow:source"];
    parquet if "parquet" => core [] more ["parquet:png", "parquet:raw", "parquet:raw,compression=zstd", "parquet:source"];
    zarr if "zarr" => core [] more ["zarr:raw", "zarr:raw,checksum=crc32c", "zarr:raw,zstd=3"];
    npy => core [] more ["npy:raw"];
    flat => core [] more [] references ["flat:raw", "flat:raw,read=memory"];
}

/// Which store, of which format: what an error about it has to name.
#[derive(Debug, Clone)]
pub struct StoreName {
    /// The format's full name.
    pub format: String,
    /// The store's directory.
    pub path: PathBuf,
}

impl StoreName {
    /// The store of format `id` at `path`.
    pub fn new(id: &FormatId, path: &Path) -> Self {
        Self { format: id.to_string(), path: path.to_owned() }
    }

    /// An error about this store.
    pub fn error(&self, cause: impl Into<String>, remedy: &str) -> Error {
        Error::Store {
            format: self.format.clone(),
            path: self.path.clone(),
            cause: cause.into(),
            remedy: remedy.into(),
        }
    }

    /// An error about bytes that cannot be what was written.
    pub fn damaged(&self, cause: impl Into<String>) -> Error {
        self.error(cause, "the store is damaged: write it again")
    }

    /// A library says why it cannot `action` the store.
    pub fn failed(&self, library: &str, action: &str, why: impl Display) -> Error {
        let remedy = "check the space left on the disk, or write the store again";
        self.error(format!("{library} cannot {action} it: {why}"), remedy)
    }

    /// The store is not what it was asked to be.
    pub fn mismatch(&self, detail: impl Into<String>) -> Error {
        Error::Mismatch { format: self.format.clone(), path: self.path.clone(), detail: detail.into() }
    }

    /// The format cannot do that.
    pub fn unsupported(&self, what: impl Into<String>) -> Error {
        Error::Unsupported { format: self.format.clone(), what: what.into() }
    }

    /// Refuses an index beyond the end.
    pub fn check_index(&self, index: u64, images: u64) -> Result<()> {
        if index < images {
            return Ok(());
        }
        Err(self.error(format!("image {index} was asked for, and it holds {images}"), "ask for a smaller number"))
    }
}
