//! `hdf5`: HDF5 (<https://docs.hdfgroup.org/hdf5/develop/>), one file `images.h5` with the labels in a dataset `labels`
//! (N of `u32`) and the images in one of these layouts.
//!
//! | images | datasets |
//! |---|---|
//! | codec `raw`, all of one shape | `images`, N x H x W x C of `u8`: contiguous, or K images a chunk (`chunk=`) and perhaps deflated (`deflate=`) |
//! | codec `raw`, ragged; `png`, `jpeg`, `source` | `values`, all records one after the other (`u8`), and `offsets` (N + 1 of `u64`): record i is `values[offsets[i]..offsets[i + 1]]` |
//! | the same with `ragged=vlen` | `records`, N variable-length lists of `u8` |
//!
//! A ragged raw record begins with height, width and channels (three little-endian `u32`). `ragged=vlen` says how
//! records are kept where there are any: `hdf5:raw,ragged=vlen` still keeps images of one shape as an array. Chunks of
//! images need images of one size, so `chunk` and `deflate` refuse what is not. (`values` has chunks of its own, because
//! its length is not known while it is written.)
//!
//! The library runs one call at a time in a process, so readers of several threads are right and not faster; those of
//! `read=direct` do not ask it. Chunks with `deflate` or `checksum` apart, HDF5 notices no changed byte. Damaged files are refused as far as we see them first: extents, types
//! and offsets are checked before anything is allocated. HDF5 itself does not check all it reads (in variable-length
//! records least of all), and may crash: what may be damaged belongs in a process of its own.

mod addresses;
mod array;
mod column;
mod decoded;
mod direct;
mod file;
mod filters;
mod kept;
mod records;
mod sequence;
pub(crate) mod slab;
#[cfg(test)]
mod tests;
mod values;
mod vlen;
mod writer;

use super::{ContainerInfo, StoreName, record};
use crate::error::{Error, Result};
use crate::measure::Meter;
use crate::results::Native;
use crate::sample::Shape;
use crate::store::facts::Facts;
use crate::store::options::{OptionInfo, Values, integer, word};
use crate::store::{Capabilities, Format, FormatId, ImageStore, ImageWriter, StoreSpec, WriteOptions};
use ::hdf5::{Dataset, File};
use array::Array;
use records::Records;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

const CHUNK: OptionInfo = OptionInfo {
    key: "chunk",
    values: Values::Integer { min: 1, max: 1 << 20 },
    default: "none: contiguous",
    about: "images a chunk (at most as many as there are); raw images of one shape only",
    reading: false,
};

const DEFLATE: OptionInfo = OptionInfo {
    key: "deflate",
    values: Values::Integer { min: 0, max: 9 },
    default: "0",
    about: "deflate each chunk at this level, 0 not at all; needs chunk",
    reading: false,
};

const FILTER: OptionInfo = OptionInfo {
    key: "filter",
    values: Values::OneOf(&["lzf", "blosc-lz4", "blosc-zstd"]),
    default: "none",
    about: "compress each chunk by LZF (h5py has it) or Blosc (hdf5plugin has it; level 5, bits shuffled); needs chunk",
    reading: false,
};

const LIBVER: OptionInfo = OptionInfo {
    key: "libver",
    values: Values::OneOf(&["earliest", "latest"]),
    default: "earliest",
    about: "latest: HDF5's newest structures, whose checksums cover the index of chunks; raw images of one shape only",
    reading: false,
};

const CHECKSUM: OptionInfo = OptionInfo {
    key: "checksum",
    values: Values::OneOf(&["none", "fletcher32"]),
    default: "none",
    about: "a checksum behind each chunk; needs chunk",
    reading: false,
};

const READ: OptionInfo = OptionInfo {
    key: "read",
    values: Values::OneOf(&["library", "direct"]),
    default: "library",
    about: "by HDF5, or by shelfmark at the addresses that HDF5 gives; raw images of one shape only",
    reading: true,
};

const RAGGED: OptionInfo = OptionInfo {
    key: "ragged",
    values: Values::OneOf(&["offsets", "vlen"]),
    default: "offsets",
    about: "ragged and encoded images: one after the other with offsets, or variable-length lists",
    reading: false,
};

pub const INFO: ContainerInfo = ContainerInfo {
    about: "HDF5, datasets images and labels; ragged or encoded: values, offsets and labels",
    codecs: &["raw", "png", "source", "jpeg", "qoi", "webp", "zstd", "lz4"],
    facts: Facts {
        licence: "BSD-style (The HDF Group)",
        specification: "HDF5 File Format Specification 3.0 (The HDF Group)",
        others: "h5py, MATLAB, R and netCDF through the same library; independent readers: jHDF (Java), pyfive (Python), jsfive (JavaScript)",
    },
    options: &[CHUNK, DEFLATE, FILTER, CHECKSUM, LIBVER, RAGGED, READ],
    // Contiguous, the default, suits reading; chunks are there only where a name says so, and as large as it says. With
    // libver=latest reads were not told apart.
    tuned: &[],
    labels: "a dataset beside, labels",
    make,
};

const LABELS: &str = "labels";

fn make(id: &FormatId) -> Result<Box<dyn Format>> {
    let chunk = integer(id, CHUNK.key);
    let deflate = integer(id, DEFLATE.key).and_then(|level| u8::try_from(level).ok()).filter(|level| *level > 0);
    let checksum = word(id, &CHECKSUM) == "fletcher32";
    let direct = word(id, &READ) == "direct";
    let latest = word(id, &LIBVER) == "latest";
    let compressed = id.options.get(FILTER.key).map(|name| filters::compression(name)).transpose();
    let compressed = compressed.map_err(|what| Error::Unsupported { format: id.to_string(), what })?;
    let refuse = |why: &str| Err(Error::Usage(format!("format '{id}': {why}")));
    let records = if word(id, &RAGGED) == "vlen" { Records::Vlen } else { Records::Offsets };
    if id.codec != "raw" {
        return match chunk.is_some() || deflate.is_some() || compressed.is_some() || checksum || latest || direct {
            true => refuse(
                "chunk, deflate, filter, checksum, libver and read are for arrays of raw images; encoded ones have a size each",
            ),
            false => record::format(id, records),
        };
    }
    if (chunk.is_some() || direct || latest) && id.options.contains_key(RAGGED.key) {
        return refuse(
            "chunk, libver and read are for images of one shape, ragged is for others: leave out one of them",
        );
    }
    if (deflate.is_some() || compressed.is_some() || checksum) && chunk.is_none() {
        return refuse("deflate, filter and checksum work on chunks; add chunk=64, say");
    }
    if deflate.is_some() && compressed.is_some() {
        return refuse("deflate and filter both compress: leave out one of them");
    }
    let ragged = if chunk.is_none() && !direct && !latest { Some(record::format(id, records)?) } else { None };
    Ok(Box::new(Raw { array: Array { id: id.clone(), chunk, deflate, compressed, checksum, latest, direct }, ragged }))
}

/// Raw images: an array where they have one shape, records where they have not.
struct Raw {
    array: Array,
    /// None: with chunks of images, or read at their addresses.
    ragged: Option<Box<dyn Format>>,
}

impl Raw {
    fn of(&self, spec: &StoreSpec) -> &dyn Format {
        match (&spec.shape, &self.ragged) {
            (Shape::Ragged { .. }, Some(ragged)) => &**ragged,
            // Refuses what is ragged.
            _ => &self.array,
        }
    }
}

impl Format for Raw {
    fn create(&self, at: &Path, spec: &StoreSpec, write: &WriteOptions) -> Result<Box<dyn ImageWriter>> {
        self.of(spec).create(at, spec, write)
    }

    fn open_append(
        &self,
        at: &Path,
        spec: &StoreSpec,
        more: u64,
        write: &WriteOptions,
    ) -> Result<Box<dyn ImageWriter>> {
        self.of(spec).open_append(at, spec, more, write)
    }

    fn open(&self, at: &Path, spec: &StoreSpec) -> Result<Arc<dyn ImageStore>> {
        self.of(spec).open(at, spec)
    }

    fn audit(&self, at: &Path, spec: &StoreSpec) -> Result<()> {
        self.of(spec).audit(at, spec)
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { ragged: self.ragged.is_some(), ..self.array.capabilities() }
    }

    fn native(&self) -> Native {
        native()
    }

    fn metered(&self, spec: &StoreSpec, meter: &Arc<Meter>) -> Result<Arc<dyn Format>, String> {
        self.of(spec).metered(spec, meter)
    }

    fn settings(&self, spec: &StoreSpec) -> BTreeMap<String, String> {
        self.of(spec).settings(spec)
    }
}

fn native() -> Native {
    let (major, minor, patch) = ::hdf5::library_version();
    Native { library: "HDF5".into(), version: format!("{major}.{minor}.{patch}") }
}

fn as_extent(number: u64, name: &StoreName) -> Result<usize> {
    usize::try_from(number).map_err(|_| name.unsupported(format!("{number} images on this machine")))
}

/// A dataset of the record layout `ragged`, which a file of the other one does not have.
fn dataset(file: &File, dataset: &str, ragged: &str, name: &StoreName) -> Result<Dataset> {
    if !file.link_exists(dataset) {
        return Err(name.mismatch(format!("there are no {dataset} in it; asked for was {}={ragged}", RAGGED.key)));
    }
    file.dataset(dataset).map_err(|e| failed(name, "read", e))
}

fn failed(name: &StoreName, action: &str, e: ::hdf5::Error) -> Error {
    name.error(format!("HDF5 cannot {action} it: {}", explain(&e)), "if the disk is not full, write the store again")
}

/// HDF5's error in one line: of a failed system call it tells buffer addresses and times; here the system's message.
fn explain(e: &::hdf5::Error) -> String {
    let text = e.to_string();
    let system = text.split_once("error message = '").and_then(|(_, rest)| rest.split('\'').next());
    match (text.split_once(": time ="), system) {
        (Some((what, _)), Some(system)) => format!("{what}: {system}"),
        _ => text.split_whitespace().collect::<Vec<_>>().join(" "),
    }
}
