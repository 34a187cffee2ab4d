//! Reading an array by the library.

use crate::error::Result;
use crate::sample::{Batch, ImageShape};
use crate::store::container::StoreName;
use crate::store::container::hdf5::failed;
use crate::store::container::hdf5::file::ChunkCache;
use crate::store::container::hdf5::kept::KeptChunks;
use crate::store::container::hdf5::slab::Slab;
use crate::store::container::runs::{RunReader, Runs, run_by_run};
use crate::store::{ImageReader, ImageStore};
use ::hdf5::{Dataset, File};
use std::sync::{Arc, Mutex, PoisonError};

/// An open array.
pub struct Store {
    pub images: Dataset,
    pub labels: Arc<[u32]>,
    pub shape: ImageShape,
    /// Where chunks have to be decoded before there are pixels.
    pub decodes: Option<Decodes>,
    pub name: StoreName,
    // Closed strongly, so it has to outlive the dataset; fields are dropped in order.
    pub _file: File,
}

/// What is known of the decoding that the library does.
pub struct Decodes {
    chunk_bytes: u64,
    /// All readers have one dataset, and so one cache. With several threads its order may differ from the library's.
    kept: Mutex<KeptChunks>,
}

impl Decodes {
    /// Of chunks of so many images, which the library keeps in `cache`.
    pub fn new(rows: u64, shape: ImageShape, cache: ChunkCache) -> Self {
        let chunk_bytes = rows.saturating_mul(shape.bytes() as u64);
        Self { chunk_bytes, kept: Mutex::new(KeptChunks::new(rows, chunk_bytes, cache.bytes, cache.slots())) }
    }

    /// Bytes that the library decodes to read so many images from `first` on.
    fn for_reading(&self, first: u64, count: u64) -> u64 {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.read(first, count) * self.chunk_bytes
    }
}

impl ImageStore for Store {
    fn reader(self: Arc<Self>) -> Result<Box<dyn ImageReader>> {
        let slab = Slab::new(self.images.clone()).map_err(|e| failed(&self.name, "read", e))?;
        Ok(Box::new(Runs(Reader { slab, order: Vec::new(), decoded: 0, store: self })))
    }
}

struct Reader {
    slab: Slab<u8>,
    /// Images of a batch, in the order of the file, and the place of each in the batch.
    order: Vec<(u64, usize)>,
    /// Bytes that the library has decoded.
    decoded: u64,
    store: Arc<Store>,
}

impl RunReader for Reader {
    fn name(&self) -> &StoreName {
        &self.store.name
    }

    fn images(&self) -> u64 {
        self.store.labels.len() as u64
    }

    fn read_run(&mut self, first: u64, count: u64, out: &mut Batch) -> Result<()> {
        let store = &self.store;
        self.decoded += store.decodes.as_ref().map_or(0, |decodes| decodes.for_reading(first, count));
        // There are as many, so both numbers fit.
        let labels = &store.labels[first as usize..(first + count) as usize];
        // Not by H5Dread_chunk, where an image is a chunk: it is faster, but writes as many bytes as a damaged index claims,
        // and HDF5 1.10 says how many only by walking that index.
        let read = self.slab.read(first, count, out.push_run(store.shape, labels));
        read.map_err(|why| {
            labels.iter().for_each(|_| out.pop());
            store.name.damaged(format!("image {first}: {why}"))
        })
    }

    /// Where chunks have to be decoded: in the order of the file, so that each is decoded once for a batch.
    fn read_batch(&mut self, indices: &[u64], out: &mut Batch) -> Result<()> {
        if self.store.decodes.is_none() || indices.is_sorted() {
            return run_by_run(self, indices, out);
        }
        let Self { slab, order, decoded, store } = self;
        order.clear();
        order.extend(indices.iter().copied().zip(0..));
        order.sort_unstable();
        let of_one = store.shape.bytes();
        let place = out.push_each(indices.iter().map(|index| (store.shape, store.labels[*index as usize])));
        let failed = order.iter().find_map(|&(index, at)| {
            *decoded += store.decodes.as_ref().map_or(0, |decodes| decodes.for_reading(index, 1));
            let read = slab.read(index, 1, &mut place[at * of_one..][..of_one]);
            read.err().map(|why| store.name.damaged(format!("image {index}: {why}")))
        });
        failed.map_or(Ok(()), |error| {
            indices.iter().for_each(|_| out.pop());
            Err(error)
        })
    }

    fn decoded_bytes(&self) -> Option<u64> {
        self.store.decodes.is_some().then_some(self.decoded)
    }
}
