//! Reading: of plain chunks the bytes asked for; of others, which are compressed or end with a checksum, the whole chunk. (Of a
//! part of a chunk zarrs verifies no checksum, so the codecs are undone here, by its own code for them.)

use super::{Coded, FILL, Store, options, shard_file};
use crate::error::{IoContext, Result};
use crate::sample::{Batch, ImageShape};
use crate::store::container::StoreName;
use crate::store::container::guard::guarded;
use crate::store::container::runs::RunReader;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::File;
use std::sync::Arc;
use zarrs::array::{
    ArrayPartialDecoderTraits, ArrayShardedReadableExt, ArrayShardedReadableExtCache, ArraySubset, BytesRepresentation,
    CodecOptions,
};

/// Appends the images `first .. first + count` to `out`, in pieces that end at multiples of `unit`, each filled by `fill`: with
/// which unit, from which image in it on, and how many.
fn read_run(
    store: &Store,
    (first, count): (u64, u64),
    unit: u64,
    out: &mut Batch,
    mut fill: impl FnMut(u64, u64, u64, &mut [u8]) -> Result<(), String>,
) -> Result<()> {
    // There are as many, so both numbers fit.
    let mut place = out.push_run(store.shape, &store.labels[first as usize..(first + count) as usize]);
    let (mut next, end, of_one) = (first, first + count, store.shape.bytes());
    while next < end {
        let within = next % unit;
        let images = (end - next).min(unit - within);
        let (now, rest) = place.split_at_mut(images as usize * of_one);
        if let Err(why) = guarded(|| fill(next / unit, within, images, now)) {
            (0..count).for_each(|_| out.pop());
            // Where the system does not let the shard be read, zarrs says what it says of a damaged one.
            let shard = store.name.path.join(shard_file(next / store.images_a_shard));
            File::open(&shard).at("read", &shard)?;
            return Err(store.name.damaged(format!("image {next}: {why}")));
        }
        (next, place) = (next + images, rest);
    }
    Ok(())
}

fn text(e: impl std::fmt::Display) -> String {
    e.to_string()
}

/// Reads plain chunks.
pub struct Plain {
    /// Shards that were read from, with their indices.
    shards: BTreeMap<u64, Arc<dyn ArrayPartialDecoderTraits>>,
    options: CodecOptions,
    store: Arc<Store>,
}

impl Plain {
    /// For one thread.
    pub fn new(store: Arc<Store>) -> Self {
        Self { shards: BTreeMap::new(), options: options(), store }
    }
}

impl RunReader for Plain {
    fn name(&self) -> &StoreName {
        &self.store.name
    }

    fn images(&self) -> u64 {
        self.store.labels.len() as u64
    }

    fn read_run(&mut self, first: u64, count: u64, out: &mut Batch) -> Result<()> {
        let Self { shards, options, store } = self;
        read_run(store, (first, count), store.images_a_shard, out, |shard, first, count, place| {
            let decoder = match shards.get(&shard) {
                Some(decoder) => decoder,
                None => {
                    let decoder = store.images.partial_decoder_opt(&[shard, 0, 0, 0], options).map_err(text)?;
                    shards.entry(shard).or_insert(decoder)
                }
            };
            let ImageShape { height, width, channels } = store.shape;
            let extents = vec![count, height.into(), width.into(), channels.into()];
            let subset = ArraySubset::new_with_start_shape(vec![first, 0, 0, 0], extents).map_err(text)?;
            let bytes = decoder.partial_decode(&subset, options).map_err(text)?.into_fixed().map_err(text)?;
            if bytes.len() != place.len() {
                return Err(format!("{} bytes came out of it, not {}", bytes.len(), place.len()));
            }
            place.copy_from_slice(&bytes);
            Ok(())
        })
    }
}

/// Reads chunks that have to be decoded; the last one is kept.
pub struct Decoding {
    indices: ArrayShardedReadableExtCache,
    last: Option<(u64, Vec<u8>)>,
    /// Bytes of chunks that were decoded.
    decoded: u64,
    options: CodecOptions,
    store: Arc<Store>,
}

impl Decoding {
    /// For one thread.
    pub fn new(store: Arc<Store>) -> Self {
        let indices = ArrayShardedReadableExtCache::new(&store.images);
        Self { indices, last: None, decoded: 0, options: options(), store }
    }
}

/// The pixels of a chunk.
fn decoded(
    store: &Store,
    coded: &Coded,
    indices: &ArrayShardedReadableExtCache,
    chunk: u64,
    options: &CodecOptions,
) -> Result<Vec<u8>, String> {
    // Of a chunk that holds nothing but the fill value there is no more than that in the index, and zarrs 0.23 adds its
    // two marks up.
    let encoded = guarded(|| store.images.retrieve_encoded_subchunk(indices, &[chunk, 0, 0, 0]).map_err(text));
    let Ok(Some(encoded)) = encoded else { return filled(store, coded, chunk, options) };
    let mut bytes = Cow::from(encoded);
    let length = coded.images * store.shape.bytes() as u64;
    // In the reverse of the order in which they were done; only what comes out last is known to be of one length.
    for (nth, codec) in coded.codecs.iter().enumerate().rev() {
        if nth == 0 && coded.zstd && ::zstd::zstd_safe::get_frame_content_size(&bytes).ok().flatten() != Some(length) {
            return Err("its chunk does not begin with a frame of as many bytes as it has to hold".into());
        }
        let representation =
            if nth == 0 { BytesRepresentation::FixedSize(length) } else { BytesRepresentation::UnboundedSize };
        bytes = Cow::Owned(codec.decode(bytes, &representation, options).map_err(text)?.into_owned());
    }
    match bytes.len() as u64 == length {
        true => Ok(bytes.into_owned()),
        false => Err(format!("{} bytes came out of its chunk, not {length}", bytes.len())),
    }
}

/// The pixels of a chunk that is not there, because all of it is the fill value.
fn filled(store: &Store, coded: &Coded, chunk: u64, options: &CodecOptions) -> Result<Vec<u8>, String> {
    let first = chunk * coded.images;
    let (shard, within) = (first / store.images_a_shard, first % store.images_a_shard);
    let ImageShape { height, width, channels } = store.shape;
    let extents = vec![coded.images, height.into(), width.into(), channels.into()];
    let subset = ArraySubset::new_with_start_shape(vec![within, 0, 0, 0], extents).map_err(text)?;
    let decoder = store.images.partial_decoder_opt(&[shard, 0, 0, 0], options).map_err(text)?;
    let pixels = decoder.partial_decode(&subset, options).map_err(text)?.into_fixed().map_err(text)?.into_owned();
    match pixels.iter().all(|byte| *byte == FILL) {
        true => Ok(pixels),
        false => Err("its chunk cannot be read".into()),
    }
}

impl RunReader for Decoding {
    fn name(&self) -> &StoreName {
        &self.store.name
    }

    fn images(&self) -> u64 {
        self.store.labels.len() as u64
    }

    fn read_run(&mut self, first: u64, count: u64, out: &mut Batch) -> Result<()> {
        let Self { indices, last, decoded: bytes, options, store } = self;
        let Some(coded) = &store.coded else { return Err(store.name.damaged("it has no codecs")) };
        read_run(store, (first, count), coded.images, out, |chunk, first, _, place| {
            let pixels = match last.take().filter(|(kept, _)| *kept == chunk) {
                Some(kept) => &last.insert(kept).1,
                None => {
                    let pixels = &last.insert((chunk, decoded(store, coded, indices, chunk, options)?)).1;
                    *bytes += pixels.len() as u64;
                    pixels
                }
            };
            let from = first as usize * store.shape.bytes();
            place.copy_from_slice(&pixels[from..from + place.len()]);
            Ok(())
        })
    }

    fn decoded_bytes(&self) -> Option<u64> {
        Some(self.decoded)
    }
}
