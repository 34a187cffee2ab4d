//! Writing an HDF5 store, and giving one up.

use super::slab::Slab;
use super::{FILE, LABELS, StoreName, failed};
use crate::error::{IoContext, Result};
use crate::sample::{Batch, ImageShape, Shape};
use crate::store::container::record::refuse_strange_shape;
use crate::store::{Durability, ImageWriter};
use ::hdf5::File;

struct OpenFile {
    slab: Slab,
    file: File,
}

/// Takes images and labels; writes images as they come and labels at the end.
pub struct Writer {
    /// Taken out by `finish`; what is still here when the writer is dropped is abandoned, not closed.
    open: Option<OpenFile>,
    shape: ImageShape,
    labels: Vec<u32>,
    expected: u64,
    name: StoreName,
    sync_each: bool,
}

impl Writer {
    /// Into `file`, whose images are behind `slab`.
    pub fn new(
        file: File,
        slab: Slab,
        shape: ImageShape,
        images: u64,
        name: StoreName,
        durability: Durability,
    ) -> Self {
        let sync_each = durability == Durability::Each;
        Self { open: Some(OpenFile { slab, file }), shape, labels: Vec::new(), expected: images, name, sync_each }
    }

    fn open(&mut self) -> Result<&mut OpenFile> {
        self.open.as_mut().ok_or_else(|| self.name.error("it was given up after a failure", "write the store again"))
    }
}

impl ImageWriter for Writer {
    fn append(&mut self, samples: &Batch) -> Result<()> {
        let Some(pixels) = samples.uniform_pixels(self.shape) else {
            let strange = samples.iter().find(|sample| sample.shape != self.shape).map_or(self.shape, |s| s.shape);
            return refuse_strange_shape(&self.name, &Shape::Fixed(self.shape), strange);
        };
        let first = self.labels.len() as u64;
        let count = samples.len() as u64;
        if first + count > self.expected {
            return Err(self
                .name
                .error(format!("more than {} images were given", self.expected), "say the right number"));
        }
        let written = self.open()?.slab.write(first, count, pixels);
        written.map_err(|why| self.name.error(why, "check the space left on the disk"))?;
        self.labels.extend(samples.labels());
        if self.sync_each { self.sync() } else { Ok(()) }
    }

    fn sync(&mut self) -> Result<()> {
        let flushed = self.open()?.file.flush();
        flushed.map_err(|e| failed(&self.name, "flush", e))?;
        let path = self.name.path.join(FILE);
        std::fs::File::open(&path).and_then(|file| file.sync_all()).at("sync", &path)
    }

    fn finish(mut self: Box<Self>) -> Result<()> {
        let labels = std::mem::take(&mut self.labels);
        let file = &self.open()?.file;
        // Closing reports nothing, so what can fail is done before, with everything still open.
        let written = file.new_dataset_builder().with_data(&labels).create(LABELS).and_then(|labels| {
            file.flush()?;
            Ok(labels)
        });
        let labels = written.map_err(|e| failed(&self.name, "write", e))?;
        drop(labels);
        match self.open.take() {
            Some(OpenFile { slab, file }) => {
                drop(slab);
                file.close().map_err(|e| failed(&self.name, "close", e))
            }
            None => Ok(()),
        }
    }
}

impl Drop for Writer {
    /// HDF5 (1.10.8) crashes when it closes a chunked dataset whose chunks it could not write, as on a full disk. So
    /// a file that is not finished is never closed: its handles are leaked, and its space is given back by hand.
    fn drop(&mut self) {
        if let Some(open) = self.open.take() {
            std::mem::forget(open);
            let file = std::fs::OpenOptions::new().write(true).open(self.name.path.join(FILE));
            // The directory is about to be removed: failing to shorten the file first is no further failure.
            let _ = file.and_then(|file| file.set_len(0));
        }
    }
}
