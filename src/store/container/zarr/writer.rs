//! Writing: images by the shard, each of which is a file and written once; all labels at the end.

use super::{Opened, options};
use crate::error::Result;
use crate::sample::Batch;
use crate::store::container::StoreName;
use crate::store::container::bare::pixels_to_add;
use crate::store::{ImageWriter, StoreSpec};

/// Gathers images until they fill a shard.
pub struct Writer {
    images: Opened,
    labels: Opened,
    shard_bytes: usize,
    /// Pixels of the shard so far.
    shard: Vec<u8>,
    /// Shards that were written.
    shards: u64,
    all_labels: Vec<u32>,
    spec: StoreSpec,
    name: StoreName,
}

impl Writer {
    /// Writes what is as `spec` says into two arrays, `shard_bytes` of images at once.
    pub fn new(images: Opened, labels: Opened, shard_bytes: usize, spec: StoreSpec, name: StoreName) -> Self {
        Self { images, labels, shard_bytes, shard: Vec::new(), shards: 0, all_labels: Vec::new(), spec, name }
    }

    /// Writes the shard so far, filled up with zeros, under its number.
    fn store_shard(&mut self) -> Result<()> {
        let mut pixels = std::mem::take(&mut self.shard);
        pixels.resize(self.shard_bytes, 0);
        let stored = self.images.store_chunk_opt(&[self.shards, 0, 0, 0], pixels, &options());
        stored.map_err(|e| self.name.failed("zarrs", "write", e))
    }

    fn store_labels(&mut self) -> Result<()> {
        let mut labels = self.all_labels.clone();
        labels.resize(self.spec.images.max(1) as usize, 0);
        let stored = self.labels.store_chunk_opt(&[0], labels, &options());
        stored.map_err(|e| self.name.failed("zarrs", "write", e))
    }
}

impl ImageWriter for Writer {
    fn append(&mut self, samples: &Batch) -> Result<()> {
        let mut pixels = pixels_to_add(samples, self.all_labels.len() as u64, &self.spec, &self.name)?;
        self.all_labels.extend(samples.labels());
        while !pixels.is_empty() {
            let (now, rest) = pixels.split_at(pixels.len().min(self.shard_bytes - self.shard.len()));
            self.shard.extend_from_slice(now);
            pixels = rest;
            if self.shard.len() == self.shard_bytes {
                self.store_shard()?;
                self.shards += 1;
            }
        }
        Ok(())
    }

    fn sync(&mut self) -> Result<()> {
        Err(self.name.unsupported("durability each"))
    }

    fn finish(mut self: Box<Self>) -> Result<()> {
        if !self.shard.is_empty() {
            self.store_shard()?;
        }
        if self.spec.images > 0 { self.store_labels() } else { Ok(()) }
    }
}
