//! `read=direct`: the file mapped into memory and read at the addresses that the library gave on opening, filters undone
//! here. So readers of several threads do not wait for the library's lock, and nothing is between a read and its bytes.
//! What a format of its own shows: what the bytes on disk would allow.

use super::addresses::{Addresses, Chunk};
use super::decoded::Decoded;
use super::filters::{self, Filters, Undo};
use super::{StoreName, file};
use crate::error::Result;
use crate::sample::{Batch, ImageShape};
use crate::store::container::fetch::fetch;
use crate::store::container::mapped::{Mapped, Reads};
use crate::store::container::runs::{RunReader, Runs, scattered};
use crate::store::{ImageReader, ImageStore};
use ::hdf5::Dataset;
use std::sync::Arc;

/// An open store.
pub struct Direct {
    map: Mapped,
    addresses: Addresses,
    filters: Filters,
    labels: Arc<[u32]>,
    shape: ImageShape,
    /// Bytes of decoded chunks that a reader keeps.
    keeps: usize,
    name: StoreName,
}

/// What is known of an array before it is looked at.
pub struct Expected {
    /// Of all images.
    pub shape: ImageShape,
    /// Images a chunk; none: contiguous.
    pub chunk: Option<u64>,
    /// Bytes of decoded chunks that HDF5 keeps of it.
    pub cache_bytes: usize,
}

impl Direct {
    /// The store called `name`, whose array was opened by the library.
    ///
    /// # Errors
    /// When images are not within the file or not as `expected`, or only the library undoes their filters; what the system
    /// says.
    pub fn open(images: &Dataset, labels: Arc<[u32]>, expected: &Expected, name: StoreName) -> Result<Self> {
        let Expected { shape, chunk, cache_bytes } = *expected;
        let filters = filters::of(images).map_err(|why| name.damaged(why))?;
        let filters = Filters::new(&filters).map_err(|why| name.unsupported(why))?;
        let map = Mapped::open(file::FILE, Reads::Near, &name)?;
        let addresses = Addresses::of(images, (labels.len() as u64, chunk), shape, map.bytes().len() as u64, &name)?;
        let direct = Self { map, addresses, filters, labels, shape, keeps: cache_bytes, name };
        direct.refuse_short_chunks()?;
        Ok(direct)
    }

    /// Chunks without filters are as long as their images.
    fn refuse_short_chunks(&self) -> Result<()> {
        let Addresses::Chunked { images, chunks } = &self.addresses else { return Ok(()) };
        let wanted = images * self.shape.bytes() as u64;
        match chunks.iter().position(|chunk| self.filters.is_empty() && u64::from(chunk.stored) != wanted) {
            Some(chunk) => Err(self
                .name
                .damaged(format!("chunk {chunk} is {} bytes long and has to be {wanted}", chunks[chunk].stored))),
            None => Ok(()),
        }
    }

    /// `length` bytes from `address` on; within the file, as was checked on opening.
    fn bytes(&self, address: u64, length: usize) -> &[u8] {
        let address = address as usize;
        &self.map.bytes()[address..address + length]
    }
}

impl ImageStore for Direct {
    fn reader(self: Arc<Self>) -> Result<Box<dyn ImageReader>> {
        if self.filters.is_empty() {
            return Ok(Box::new(Runs(Plain(self))));
        }
        let Addresses::Chunked { images, .. } = &self.addresses else {
            return Err(self.name.damaged("it has filters and no chunks"));
        };
        let chunk = usize::try_from(*images).unwrap_or(usize::MAX).saturating_mul(self.shape.bytes());
        let (undo, decoded) = (Undo::new(self.filters.clone()), Decoded::new(self.keeps, chunk));
        Ok(Box::new(Runs(Filtered { undo, decoded, bytes: 0, order: Vec::new(), run: Vec::new(), store: self })))
    }
}

/// Reads pixels that lie in the file as they are.
struct Plain(Arc<Direct>);

impl Plain {
    /// Image `index`, of which there is one, where it lies in the map.
    fn image(&self, index: u64) -> &[u8] {
        let of_one = self.0.shape.bytes();
        let address = match &self.0.addresses {
            Addresses::Contiguous(start) => start + index * of_one as u64,
            Addresses::Chunked { images, chunks } => {
                chunks[(index / images) as usize].address + index % images * of_one as u64
            }
        };
        self.0.bytes(address, of_one)
    }
}

impl RunReader for Plain {
    fn name(&self) -> &StoreName {
        &self.0.name
    }

    fn images(&self) -> u64 {
        self.0.labels.len() as u64
    }

    fn read_run(&mut self, first: u64, count: u64, out: &mut Batch) -> Result<()> {
        let store = &*self.0;
        let of_one = store.shape.bytes();
        // There are as many, so both numbers fit.
        let place = out.push_run(store.shape, &store.labels[first as usize..(first + count) as usize]);
        match &store.addresses {
            Addresses::Contiguous(start) => {
                place.copy_from_slice(store.bytes(start + first * of_one as u64, place.len()));
            }
            Addresses::Chunked { images, chunks } => {
                let (mut next, mut place) = (first, place);
                while !place.is_empty() {
                    let (chunk, within) = (chunks[(next / images) as usize], next % images);
                    let bytes = place.len().min((images - within) as usize * of_one);
                    let (now, rest) = place.split_at_mut(bytes);
                    now.copy_from_slice(store.bytes(chunk.address + within * of_one as u64, bytes));
                    (next, place) = (next + images - within, rest);
                }
            }
        }
        Ok(())
    }

    fn read_batch(&mut self, indices: &[u64], out: &mut Batch) -> Result<()> {
        scattered(self, indices, |reader, index| fetch(reader.image(index)), out)
    }
}

/// Reads pixels out of chunks that have to be decoded.
struct Filtered {
    undo: Undo,
    decoded: Decoded,
    /// Bytes of chunks that were decoded.
    bytes: u64,
    /// Chunk of each image asked for, and its place in the batch.
    order: Vec<(u64, usize)>,
    /// The images of a run.
    run: Vec<u64>,
    store: Arc<Direct>,
}

impl Filtered {
    fn fill(&mut self, indices: &[u64], place: &mut [u8]) -> Result<(), String> {
        let Self { undo, decoded, bytes, order, store, .. } = self;
        let Addresses::Chunked { images, chunks } = &store.addresses else {
            return Err("it has filters and no chunks".into());
        };
        let of_one = store.shape.bytes();
        let of_chunk = *images as usize * of_one;
        order.clear();
        order.extend(indices.iter().enumerate().map(|(at, index)| (index / images, at)));
        // So that each chunk is decoded once, however the batch is shuffled.
        order.sort_unstable();
        for group in order.chunk_by(|a, b| a.0 == b.0) {
            let (number, first) = group[0];
            let Chunk { address, stored, skipped } = chunks[number as usize];
            let from = store.bytes(address, stored as usize);
            let mut decode = |into: &mut [u8]| {
                *bytes += into.len() as u64;
                undo.undo(from, skipped, into).map_err(|why| format!("chunk {number}: {why}"))
            };
            let whole = group.len() as u64 == *images
                && group
                    .iter()
                    .enumerate()
                    .all(|(at, (_, to))| *to == first + at && indices[*to] == number * images + at as u64);
            // Straight to where it is wanted, unless all chunks are kept after the first pass.
            if whole && decoded.get(number).is_none() && chunks.len() > decoded.capacity() {
                decode(&mut place[first * of_one..][..of_chunk])?;
                continue;
            }
            let chunk = decoded.get_or_decode(number, of_chunk, decode)?;
            for (_, to) in group {
                let within = (indices[*to] % images) as usize;
                place[to * of_one..][..of_one].copy_from_slice(&chunk[within * of_one..][..of_one]);
            }
        }
        Ok(())
    }
}

impl RunReader for Filtered {
    fn name(&self) -> &StoreName {
        &self.store.name
    }

    fn images(&self) -> u64 {
        self.store.labels.len() as u64
    }

    fn read_run(&mut self, first: u64, count: u64, out: &mut Batch) -> Result<()> {
        // Taken out while the rest is borrowed.
        let mut run = std::mem::take(&mut self.run);
        run.clear();
        run.extend(first..first + count);
        let read = self.read_batch(&run, out);
        self.run = run;
        read
    }

    fn read_batch(&mut self, indices: &[u64], out: &mut Batch) -> Result<()> {
        let store = Arc::clone(&self.store);
        let place = out.push_each(indices.iter().map(|index| (store.shape, store.labels[*index as usize])));
        self.fill(indices, place).map_err(|why| {
            indices.iter().for_each(|_| out.pop());
            store.name.damaged(why)
        })
    }

    fn decoded_bytes(&self) -> Option<u64> {
        Some(self.bytes)
    }
}

#[cfg(test)]
mod tests;
