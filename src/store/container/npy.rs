//! `npy`: NumPy's arrays in files (NEP 1, <https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>):
//! `images.npy`, N x H x W x C of `u8`, mapped for reading as by `numpy.load(..., mmap_mode="r")`, and `labels.npy`, N of `u32`.

pub(crate) mod header;

use super::bare::{one_shape, pixels_to_add};
use super::fetch::fetch;
use super::mapped::{Mapped, READAHEAD, Reads, TUNED};
use super::output::Output;
use super::runs::{RunReader, Runs, scattered};
use super::{ContainerInfo, StoreName};
use crate::error::Result;
use crate::results::Native;
use crate::sample::{Batch, ImageShape};
use crate::store::facts::Facts;
use crate::store::{
    Capabilities, Durability, Format, FormatId, ImageReader, ImageStore, ImageWriter, StoreSpec, WriteOptions, sync,
};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

pub const INFO: ContainerInfo = ContainerInfo {
    about: "NumPy's arrays, mapped: images.npy and labels.npy",
    codecs: &["raw"],
    facts: Facts {
        licence: "MIT (npyz), for the header",
        specification: "NEP 1: A Simple File Format for NumPy Arrays",
        others: "NumPy, and readers in most languages",
    },
    options: &[READAHEAD],
    tuned: &[TUNED],
    labels: "labels.npy beside the images",
    make: |id| Ok(Box::new(Npy { id: id.clone(), reads: Reads::of(id) })),
};

const IMAGES: &str = "images.npy";
const LABELS: &str = "labels.npy";

struct Npy {
    id: FormatId,
    reads: Reads,
}

fn extents(spec: &StoreSpec, shape: ImageShape) -> [u64; 4] {
    [spec.images, shape.height.into(), shape.width.into(), shape.channels.into()]
}

impl Format for Npy {
    fn create(&self, at: &Path, spec: &StoreSpec, write: &WriteOptions) -> Result<Box<dyn ImageWriter>> {
        let name = StoreName::new(&self.id, at);
        let shape = one_shape(spec, &name)?;
        let (mut images, mut labels) = (Output::create(&at.join(IMAGES))?, Output::create(&at.join(LABELS))?);
        images.add(&header::write("|u1", &extents(spec, shape)))?;
        labels.add(&header::write("<u4", &[spec.images]))?;
        let (spec, sync_each) = (spec.clone(), write.durability == Durability::Each);
        Ok(Box::new(Writer { images, labels, written: 0, spec, sync_each, name }))
    }

    fn open(&self, at: &Path, spec: &StoreSpec) -> Result<Arc<dyn ImageStore>> {
        let name = StoreName::new(&self.id, at);
        let shape = one_shape(spec, &name)?;
        let (map, pixels_at) = header::open(IMAGES, "|u1", &extents(spec, shape), self.reads, &name)?;
        let (labels, labels_at) = header::open(LABELS, "<u4", &[spec.images], Reads::Near, &name)?;
        // As many bytes are there as the extents say.
        let labels = labels.bytes()[labels_at..].chunks_exact(4);
        let labels = labels.map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]])).collect();
        Ok(Arc::new(Store { map, pixels_at, labels, shape, name }))
    }

    /// Opening has compared all that a header says, and how long the files are.
    fn audit(&self, at: &Path, spec: &StoreSpec) -> Result<()> {
        self.open(at, spec).map(|_| ())
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            random_access: true,
            concurrent_readers: true,
            zero_copy: true,
            grey: true,
            ..Default::default()
        }
    }

    fn native(&self) -> Native {
        Native { library: "npyz".into(), version: env!("BUILT_NPYZ_VERSION").into() }
    }

    fn settings(&self, _: &StoreSpec) -> BTreeMap<String, String> {
        BTreeMap::from([("npy read".into(), self.reads.words().into())])
    }
}

struct Writer {
    images: Output,
    labels: Output,
    written: u64,
    spec: StoreSpec,
    sync_each: bool,
    name: StoreName,
}

impl ImageWriter for Writer {
    fn append(&mut self, samples: &Batch) -> Result<()> {
        let pixels = pixels_to_add(samples, self.written, &self.spec, &self.name)?;
        self.written += samples.len() as u64;
        self.images.add(pixels)?;
        samples.labels().try_for_each(|label| self.labels.add(&label.to_le_bytes()))?;
        if self.sync_each { self.sync() } else { Ok(()) }
    }

    fn sync(&mut self) -> Result<()> {
        self.images.flush(true)?;
        self.labels.flush(true)?;
        sync::one(&self.name.path)
    }

    fn finish(mut self: Box<Self>) -> Result<()> {
        self.images.flush(false)?;
        self.labels.flush(false)
    }
}

struct Store {
    map: Mapped,
    /// Where in the map the first image begins.
    pixels_at: usize,
    labels: Vec<u32>,
    shape: ImageShape,
    name: StoreName,
}

impl ImageStore for Store {
    fn reader(self: Arc<Self>) -> Result<Box<dyn ImageReader>> {
        Ok(Box::new(Runs(Reader(self))))
    }
}

struct Reader(Arc<Store>);

impl RunReader for Reader {
    fn name(&self) -> &StoreName {
        &self.0.name
    }

    fn images(&self) -> u64 {
        self.0.labels.len() as u64
    }

    fn read_run(&mut self, first: u64, count: u64, out: &mut Batch) -> Result<()> {
        let Store { map, pixels_at, labels, shape, .. } = &*self.0;
        // There are as many, so both numbers fit.
        let run = first as usize..(first + count) as usize;
        let place = out.push_run(*shape, &labels[run.clone()]);
        let from = pixels_at + run.start * shape.bytes();
        place.copy_from_slice(&map.bytes()[from..from + place.len()]);
        Ok(())
    }

    fn read_batch(&mut self, indices: &[u64], out: &mut Batch) -> Result<()> {
        let touch = |reader: &Self, index: u64| {
            let Store { map, pixels_at, shape, .. } = &*reader.0;
            fetch(&map.bytes()[pixels_at + index as usize * shape.bytes()..]);
        };
        scattered(self, indices, touch, out)
    }
}

#[cfg(test)]
mod tests;
