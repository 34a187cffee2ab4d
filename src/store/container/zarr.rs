//! `zarr`: Zarr version 3 (<https://zarr-specs.readthedocs.io/en/latest/v3/core/>): arrays in folders, `images.zarr` (N x H x W x
//! C of `uint8`) and `labels.zarr` (N of `uint32`). Images lie in chunks, chunks in shards (the codec `sharding_indexed`), a file a
//! shard; chunks may be compressed and end with a CRC-32C. A shard's index is read once by each reader.

mod reader;
mod writer;

use super::bare::one_shape;
use super::guard::guarded;
use super::runs::Runs;
use super::{ContainerInfo, StoreName};
use crate::error::Result;
use crate::results::Native;
use crate::sample::ImageShape;
use crate::store::facts::Facts;
use crate::store::options::{OptionInfo, Values, integer, word};
use crate::store::{
    Capabilities, Durability, Format, FormatId, ImageReader, ImageStore, ImageWriter, StoreSpec, WriteOptions,
};
use std::collections::BTreeMap;
use std::fmt::Display;
use std::path::Path;
use std::sync::Arc;
use writer::Writer;
use zarrs::array::codec::{Crc32cCodec, ZstdCodec};
use zarrs::array::{Array, ArrayBuilder, BytesToBytesCodecTraits, CodecOptions, data_type};
use zarrs::filesystem::FilesystemStore;

const CHUNK: OptionInfo = OptionInfo {
    key: "chunk",
    values: Values::Integer { min: 1, max: 1 << 20 },
    default: "16",
    about: "images a chunk: what is read, and decompressed, for one of them",
    reading: false,
};

const SHARD: OptionInfo = OptionInfo {
    key: "shard",
    values: Values::Integer { min: 1, max: 1 << 20 },
    default: "256",
    about: "chunks a shard, which is a file; fewer where it would be larger than 256 MiB",
    reading: false,
};

const ZSTD: OptionInfo = OptionInfo {
    key: "zstd",
    values: Values::Integer { min: 0, max: 22 },
    default: "0",
    about: "compress each chunk at this level, 0 not at all",
    reading: false,
};

const CHECKSUM: OptionInfo = OptionInfo {
    key: "checksum",
    values: Values::OneOf(&["none", "crc32c"]),
    default: "none",
    about: "a checksum behind each chunk",
    reading: false,
};

pub const INFO: ContainerInfo = ContainerInfo {
    about: "Zarr v3, sharded arrays",
    codecs: &["raw"],
    facts: Facts {
        licence: "MIT or Apache-2.0 (zarrs)",
        specification: "Zarr core specification 3, codec sharding_indexed",
        others: "zarr-python, TensorStore, zarrita (JavaScript), GDAL",
    },
    options: &[CHUNK, SHARD, ZSTD, CHECKSUM],
    // Chunks of one image suit shuffled reads (compressed, 1.8 times as fast) and ruin reads in order (20 times as slow).
    tuned: &[],
    labels: "labels.zarr beside the images",
    make: |id| Ok(Box::new(Zarr::new(id))),
};

const IMAGES: &str = "images.zarr";
const LABELS: &str = "labels.zarr";
/// What images have where nothing was written.
const FILL: u8 = 0;
/// An array is the root of its folder.
const ROOT: &str = "/";

struct Zarr {
    id: FormatId,
    /// Images a chunk.
    chunk: u64,
    /// Chunks a shard.
    chunks: u64,
    /// Level of compression.
    zstd: Option<i32>,
    /// Whether chunks end with a checksum.
    checksum: bool,
}

/// A shard is not made to be larger.
const BYTES_A_SHARD: u64 = 256 << 20;

/// A chunk of more is refused: it is put together in memory.
const MAX_CHUNK_BYTES: u64 = 1 << 30;

/// Sizes in images.
#[derive(Debug, Clone, Copy)]
struct Units {
    chunk: u64,
    shard: u64,
}

type Opened = Array<FilesystemStore>;

/// One thread, and every shard a file, also one of zeros.
fn options() -> CodecOptions {
    CodecOptions::default().with_concurrent_target(1).with_store_empty_chunks(true)
}

impl Zarr {
    fn new(id: &FormatId) -> Self {
        let zstd = integer(id, ZSTD.key).and_then(|level| i32::try_from(level).ok()).filter(|level| *level > 0);
        Self {
            id: id.clone(),
            chunk: integer(id, CHUNK.key).unwrap_or(16),
            chunks: integer(id, SHARD.key).unwrap_or(256),
            zstd,
            checksum: word(id, &CHECKSUM) == "crc32c",
        }
    }

    /// Images a chunk and a shard, in a store like this: no more than there are, and no shard of more than 256 MiB, which is put
    /// together in memory.
    fn units(&self, spec: &StoreSpec, shape: ImageShape) -> Units {
        let chunk = self.chunk.min(spec.images.max(1));
        let of_chunk = chunk.saturating_mul(shape.bytes() as u64).max(1);
        let chunks = self.chunks.min(spec.images.div_ceil(chunk).max(1)).min((BYTES_A_SHARD / of_chunk).max(1));
        Units { chunk, shard: chunk.saturating_mul(chunks) }
    }

    fn codecs(&self) -> Vec<Arc<dyn BytesToBytesCodecTraits>> {
        let mut codecs: Vec<Arc<dyn BytesToBytesCodecTraits>> = Vec::new();
        if let Some(level) = self.zstd {
            codecs.push(Arc::new(ZstdCodec::new(level, false)));
        }
        if self.checksum {
            codecs.push(Arc::new(Crc32cCodec::new()));
        }
        codecs
    }

    /// What the images' array is to be.
    fn images(&self, spec: &StoreSpec, shape: ImageShape) -> ArrayBuilder {
        let [height, width, channels] = [shape.height, shape.width, shape.channels].map(u64::from);
        let units = self.units(spec, shape);
        let mut builder = ArrayBuilder::new(
            vec![spec.images, height, width, channels],
            vec![units.shard, height, width, channels],
            data_type::uint8(),
            FILL,
        );
        builder.subchunk_shape(vec![units.chunk, height, width, channels]).bytes_to_bytes_codecs(self.codecs());
        builder
    }
}

/// What the labels' array is to be: all in one chunk, with the codecs of the images.
fn labels(spec: &StoreSpec, codecs: Vec<Arc<dyn BytesToBytesCodecTraits>>) -> ArrayBuilder {
    let mut builder = ArrayBuilder::new(vec![spec.images], vec![spec.images.max(1)], data_type::uint32(), 0_u32);
    builder.bytes_to_bytes_codecs(codecs);
    builder
}

fn create(folder: &Path, builder: &ArrayBuilder, name: &StoreName) -> Result<Opened> {
    let fail = |e: &dyn Display| name.failed("zarrs", "create", e);
    let store = FilesystemStore::new(folder).map_err(|e| fail(&e))?;
    let array = builder.build(Arc::new(store), ROOT).map_err(|e| fail(&e))?;
    array.store_metadata().map_err(|e| fail(&e))?;
    Ok(array)
}

/// The array in `folder` of the store, which has to be what `builder` would make.
fn open(folder: &str, builder: &ArrayBuilder, name: &StoreName) -> Result<Opened> {
    let fail = |e: &dyn Display| name.failed("zarrs", "open", e);
    let store = FilesystemStore::new(name.path.join(folder)).map_err(|e| fail(&e))?;
    let array = guarded(|| Array::open(Arc::new(store), ROOT).map_err(|e| e.to_string())).map_err(|why| fail(&why))?;
    let wanted = builder.build_metadata().map_err(|e| fail(&e))?;
    let (found, wanted) = (described(array.metadata()), described(&wanted));
    match KEYS.iter().find(|key| found[**key] != wanted[**key]) {
        None => Ok(array),
        Some(key) => {
            Err(name.mismatch(format!("{folder}: its {key} is {}; asked for was {}", found[*key], wanted[*key])))
        }
    }
}

/// What of an array's description decides how its bytes are read.
const KEYS: [&str; 6] = ["shape", "data_type", "chunk_grid", "chunk_key_encoding", "fill_value", "codecs"];

fn described(metadata: &impl serde::Serialize) -> serde_json::Value {
    // Descriptions are texts and numbers: there is nothing to fail.
    let mut value = serde_json::to_value(metadata).unwrap_or_default();
    // A codec without a configuration is written as its name alone, or not.
    for codec in value["codecs"].as_array_mut().into_iter().flatten().filter(|codec| codec.is_string()) {
        *codec = serde_json::json!({ "name": codec.take() });
    }
    value
}

/// The file of a shard of the images.
fn shard_file(nth: u64) -> String {
    format!("{IMAGES}/c/{nth}/0/0/0")
}

/// A shard that is missing would pass for zeros.
fn refuse_missing(at: &Path, spec: &StoreSpec, images_a_shard: u64, name: &StoreName) -> Result<()> {
    let shards = (0..spec.images.div_ceil(images_a_shard)).map(shard_file);
    let labels = (spec.images > 0).then(|| format!("{LABELS}/c/0"));
    match shards.chain(labels).find(|file| !at.join(file).is_file()) {
        None => Ok(()),
        Some(file) => Err(name.damaged(format!("{file} is missing"))),
    }
}

impl Format for Zarr {
    fn create(&self, at: &Path, spec: &StoreSpec, write: &WriteOptions) -> Result<Box<dyn ImageWriter>> {
        let name = StoreName::new(&self.id, at);
        let shape = one_shape(spec, &name)?;
        if write.durability == Durability::Each {
            // A shard that a power cut finds half rewritten is lost, with what was safe in it.
            return Err(
                name.unsupported("durability each: zarrs writes a shard anew, in place, for each image added to it")
            );
        }
        let units = self.units(spec, shape);
        if units.chunk.saturating_mul(shape.bytes() as u64) > MAX_CHUNK_BYTES {
            return Err(name.unsupported(format!("chunks of {} {shape} images are larger than 1 GiB", units.chunk)));
        }
        let images = create(&at.join(IMAGES), &self.images(spec, shape), &name)?;
        let labels = create(&at.join(LABELS), &labels(spec, self.codecs()), &name)?;
        // At most as large as a chunk may be.
        let shard_bytes = (units.shard * shape.bytes() as u64) as usize;
        Ok(Box::new(Writer::new(images, labels, shard_bytes, spec.clone(), name)))
    }

    fn open(&self, at: &Path, spec: &StoreSpec) -> Result<Arc<dyn ImageStore>> {
        let name = StoreName::new(&self.id, at);
        let shape = one_shape(spec, &name)?;
        let units = self.units(spec, shape);
        refuse_missing(at, spec, units.shard, &name)?;
        let images = open(IMAGES, &self.images(spec, shape), &name)?;
        let array = open(LABELS, &labels(spec, self.codecs()), &name)?;
        let labels: Vec<u32> = match spec.images {
            0 => Vec::new(),
            _ => {
                guarded(|| array.retrieve_array_subset_opt(&array.subset_all(), &options()).map_err(|e| e.to_string()))
                    .map_err(|why| name.damaged(format!("{LABELS}: {why}")))?
            }
        };
        if labels.len() as u64 != spec.images {
            return Err(name.damaged(format!("there are {} labels for {} images", labels.len(), spec.images)));
        }
        let codecs = self.codecs();
        let coded = (!codecs.is_empty()).then_some(Coded { codecs, images: units.chunk, zstd: self.zstd.is_some() });
        Ok(Arc::new(Store { images, labels, shape, images_a_shard: units.shard, coded, name }))
    }

    /// Opening has compared the descriptions, and looked for every shard.
    fn audit(&self, at: &Path, spec: &StoreSpec) -> Result<()> {
        self.open(at, spec).map(|_| ())
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            random_access: true,
            concurrent_readers: true,
            grey: true,
            checksums: self.checksum,
            ..Default::default()
        }
    }

    fn native(&self) -> Native {
        Native { library: "zarrs".into(), version: env!("BUILT_ZARRS_VERSION").into() }
    }

    fn settings(&self, spec: &StoreSpec) -> BTreeMap<String, String> {
        let units = self.units(spec, spec.shape.max());
        let kept = if self.codecs().is_empty() { "" } else { ", and the chunk decoded last" };
        let zstd = self.zstd.map(|level| format!("zstd {level}"));
        let codecs: Vec<_> = zstd.into_iter().chain(self.checksum.then(|| "crc32c".into())).collect();
        BTreeMap::from([
            ("Zarr chunk".into(), format!("{} images", units.chunk)),
            ("Zarr shard".into(), format!("{} chunks", units.shard / units.chunk)),
            ("Zarr codecs".into(), if codecs.is_empty() { "none".into() } else { codecs.join(", ") }),
            ("Zarr cache".into(), format!("the indices of shards{kept}")),
        ])
    }
}

/// What chunks go through.
struct Coded {
    codecs: Vec<Arc<dyn BytesToBytesCodecTraits>>,
    /// Images a chunk.
    images: u64,
    /// Whether the first of them is Zstandard, whose frames say how long their content is.
    zstd: bool,
}

struct Store {
    images: Opened,
    labels: Vec<u32>,
    shape: ImageShape,
    images_a_shard: u64,
    coded: Option<Coded>,
    name: StoreName,
}

impl ImageStore for Store {
    fn reader(self: Arc<Self>) -> Result<Box<dyn ImageReader>> {
        Ok(match &self.coded {
            None => Box::new(Runs(reader::Plain::new(self))),
            Some(_) => Box::new(Runs(reader::Decoding::new(self))),
        })
    }
}

#[cfg(test)]
mod tests;
