//! zarrs sets memory aside for what a compressed chunk says that it holds, and for what a shard's index says that a chunk has,
//! whatever that is. So chunks are looked at before they are decoded: each has to be within its file, and, where it is
//! compressed, one frame of Zstandard that says as much as the array does.

use super::{Opened, text};
use crate::store::container::guard::guarded;
use crate::sys::positioned::read_exact_at;
use serde_json::Value;
use std::fs::File;
use std::ops::Range;
use std::path::Path;
use zarrs::array::{ArrayShardedExt, ArrayShardedReadableExt, ArrayShardedReadableExtCache};
use zarrs::storage::byte_range::ByteRange;

/// Chunks in a shard: its index is read whole.
const CHUNKS_A_SHARD: u64 = 1 << 20;
/// Bytes of a CRC-32C.
const CHECKSUM: usize = 4;
/// Bytes that the index of a shard has of each chunk: its place and its length, all bits set where it is not there.
const ENTRY: usize = 16;

/// How the chunks of an array are packed.
pub struct Frames {
    /// Extents of a chunk; in shards, of those in them.
    chunk: Vec<u64>,
    /// Bytes a number.
    size: u64,
    /// Names of what chunks go through after they are bytes, in order.
    codecs: Vec<String>,
    /// Bytes of the largest file.
    largest: u64,
    /// The indices of shards.
    indices: ArrayShardedReadableExtCache,
    shards: Option<Shards>,
}

/// How chunks lie in shards.
struct Shards {
    /// Chunks in a shard along each extent.
    chunks: Vec<u64>,
    /// Whether the index is at a shard's beginning, not its end.
    index_first: bool,
    /// Bytes of checksums behind the index.
    checksums: u64,
}

impl Shards {
    /// The index of the shard at `path`, if it has one.
    fn index(&self, path: &Path) -> Option<Vec<u8>> {
        let file = File::open(path).ok()?;
        let length = product(&self.chunks)?.checked_mul(ENTRY as u64)?;
        // Nothing is set aside that the file does not have.
        let last = file.metadata().ok()?.len().checked_sub(self.checksums)?.checked_sub(length)?;
        let mut index = vec![0; usize::try_from(length).ok()?];
        read_exact_at(&file, &mut index, if self.index_first { 0 } else { last }).ok()?;
        Some(index)
    }
}

fn names(codecs: &Value) -> Vec<String> {
    let name = |codec: &Value| codec.as_str().or(codec["name"].as_str()).unwrap_or_default().to_owned();
    codecs.as_array().into_iter().flatten().map(name).collect()
}

/// Goes on to the next place before `ends`, the last extent running fastest; the first is not brought back to its beginning.
fn step(at: &mut [u64], ends: &[u64]) {
    for dimension in (0..at.len()).rev() {
        at[dimension] += 1;
        if dimension == 0 || at[dimension] < ends[dimension] {
            break;
        }
        at[dimension] = 0;
    }
}

/// Whether a chunk is in its shard, by the place that zarrs has for it.
///
/// # Errors
/// When it is longer than the longest shard.
pub fn is_in_shard(place: Result<Option<ByteRange>, String>, longest: u64) -> Result<bool, String> {
    match place {
        // zarrs 0.23 adds up the two marks of a chunk that is not there, and subtracts again; where additions are checked it
        // panics.
        Ok(Some(ByteRange::FromStart(u64::MAX, Some(u64::MAX)))) => Ok(false),
        Ok(Some(ByteRange::FromStart(_, Some(length)) | ByteRange::Suffix(length))) if length > longest => {
            Err("would lie beyond its shard's end".into())
        }
        Ok(Some(_)) => Ok(true),
        // What cannot be read says so itself when it is decoded.
        Ok(None) | Err(_) => Ok(false),
    }
}

fn product(extents: &[u64]) -> Option<u64> {
    extents.iter().try_fold(1_u64, |all, extent| all.checked_mul(*extent))
}

impl Frames {
    /// Looks at how an array of numbers of `size` bytes, in files of at most `largest` bytes, is described.
    ///
    /// # Errors
    /// When it is packed in a way that is not known here.
    pub fn of(array: &Opened, size: u64, largest: u64) -> Result<Self, String> {
        // Descriptions are texts and numbers: there is nothing to fail.
        let metadata = serde_json::to_value(array.metadata()).unwrap_or_default();
        if metadata["chunk_grid"]["name"] != "regular" {
            return Err(format!("its chunks are not all alike: {}", metadata["chunk_grid"]));
        }
        let whole = array.chunk_shape(&vec![0; array.dimensionality()]).map_err(text)?;
        let inner = array.subchunk_shape().unwrap_or_else(|| whole.clone());
        let [whole, chunk] = [whole, inner].map(|shape| shape.iter().map(|extent| extent.get()).collect::<Vec<_>>());
        let shards = metadata["codecs"].as_array().and_then(|all| all.iter().find(|c| c["name"] == "sharding_indexed"));
        let (all, of_index) = match shards {
            Some(shards) => {
                (names(&shards["configuration"]["codecs"]), names(&shards["configuration"]["index_codecs"]))
            }
            None => (names(&metadata["codecs"]), Vec::new()),
        };
        let mut codecs = all.iter().skip_while(|name| *name != "bytes").skip(1);
        let known = codecs.clone().all(|name| ["zstd", "crc32c"].contains(&name.as_str()))
            && codecs.clone().filter(|name| *name == "zstd").count() <= 1
            && of_index.iter().all(|name| ["bytes", "crc32c"].contains(&name.as_str()))
            && (shards.is_none() || metadata["codecs"].as_array().map(Vec::len) == Some(1));
        let several =
            product(&whole).zip(product(&chunk)).is_some_and(|(whole, chunk)| whole / chunk.max(1) > CHUNKS_A_SHARD);
        let shards = shards.map(|shards| Shards {
            chunks: whole.iter().zip(&chunk).map(|(whole, chunk)| whole / chunk).collect(),
            index_first: shards["configuration"]["index_location"] == "start",
            checksums: (CHECKSUM * of_index.iter().filter(|name| *name == "crc32c").count()) as u64,
        });
        match known && !several && all.first().is_some_and(|first| first == "bytes") {
            true => Ok(Self {
                chunk,
                size,
                largest,
                codecs: codecs.by_ref().cloned().collect(),
                indices: ArrayShardedReadableExtCache::new(array),
                shards,
            }),
            false => Err(format!("its codecs are not bytes, zstd, crc32c and sharding alone: {}", metadata["codecs"])),
        }
    }

    /// How many chunks the array has along each extent.
    fn ends(&self, array: &Opened) -> Vec<u64> {
        array.shape().iter().zip(&self.chunk).map(|(all, one)| all.div_ceil(*one)).collect()
    }

    /// How many chunks are missing in shards that are there.
    pub fn missing(&self, array: &Opened) -> u64 {
        let Some(shards) = &self.shards else { return 0 };
        let (ends, of_shards) = (self.ends(array), array.chunk_grid_shape());
        let (mut shard, mut missing) = (vec![0; ends.len()], 0);
        while shard.first() < of_shards.first() {
            let index = shards.index(&array.storage().key_to_fspath(&array.chunk_key(&shard))).unwrap_or_default();
            let mut at = vec![0; ends.len()];
            for entry in index.chunks_exact(ENTRY) {
                // At the array's edges some chunks of a shard are outside of it.
                let places = shard.iter().zip(&shards.chunks).zip(&at).map(|((shard, chunks), at)| shard * chunks + at);
                let inside = places.zip(&ends).all(|(place, end)| place < *end);
                missing += u64::from(inside && entry.iter().all(|byte| *byte == u8::MAX));
                step(&mut at, &shards.chunks);
            }
            step(&mut shard, of_shards);
        }
        missing
    }

    /// Looks at the chunks that hold `rows`.
    ///
    /// # Errors
    /// Which of them is larger than the array says, or no frame.
    pub fn check(&self, array: &Opened, rows: Range<u64>) -> Result<(), String> {
        let mut ends = self.ends(array);
        let (Some(first), Some(last)) = (self.chunk.first(), ends.first_mut()) else { return Ok(()) };
        let start = rows.start / first;
        *last = rows.end.div_ceil(*first);
        let mut at = vec![0; ends.len()];
        at[0] = start;
        while at[0] < ends[0] {
            self.check_one(array, &at).map_err(|why| format!("its chunk {at:?} {why}"))?;
            step(&mut at, &ends);
        }
        Ok(())
    }

    fn check_one(&self, array: &Opened, at: &[u64]) -> Result<(), String> {
        let sharded = self.indices.array_is_exclusively_sharded();
        if sharded {
            let place = guarded(|| array.subchunk_byte_range(&self.indices, at).map_err(text));
            if !is_in_shard(place, self.largest)? {
                return Ok(());
            }
        }
        let Some(zstd) = self.codecs.iter().position(|codec| codec == "zstd") else { return Ok(()) };
        let encoded = guarded(|| match sharded {
            true => array.retrieve_encoded_subchunk(&self.indices, at).map_err(text),
            false => array.retrieve_encoded_chunk(at).map_err(text),
        });
        let Ok(Some(encoded)) = encoded else { return Ok(()) };
        // Checksums come before the frame, and are in it, or behind it.
        let behind = CHECKSUM * (self.codecs.len() - zstd - 1);
        let length = product(&self.chunk).and_then(|all| all.checked_mul(self.size)).ok_or("is too large")?;
        let length = length + (CHECKSUM * zstd) as u64;
        let frame = encoded.len().checked_sub(behind).and_then(|end| encoded.get(..end)).unwrap_or_default();
        let told = ::zstd::zstd_safe::get_frame_content_size(frame).ok().flatten();
        let alone = ::zstd::zstd_safe::find_frame_compressed_size(frame) == Ok(frame.len());
        match told == Some(length) && alone {
            true => Ok(()),
            false => Err("is not one frame of Zstandard of as many bytes as it has to hold".into()),
        }
    }
}
