//! `hdf5`: HDF5 (<https://docs.hdfgroup.org/hdf5/develop/>), one file with two datasets: `images` (N x H x W x C of
//! `u8`) and `labels` (N of `u32`). Contiguous, or chunked with K images a chunk and optional deflate.
//!
//! The library runs one call at a time in a process, so readers of several threads are right and not faster.

mod slab;
mod writer;

use super::record::KEEPS_NO_FILES;
use super::{ContainerInfo, StoreName};
use crate::error::{Error, IoContext, Result};
use crate::results::Native;
use crate::sample::{Batch, ImageShape, Shape};
use crate::store::options::{OptionInfo, Values, integer};
use crate::store::{Capabilities, Format, FormatId, ImageReader, ImageStore, ImageWriter, StoreSpec, WriteOptions};
use ::hdf5::dataset::Layout;
use ::hdf5::file::FileCloseDegree;
use ::hdf5::filters::Filter;
use ::hdf5::{Dataset, Extent, File};
use slab::Slab;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use writer::Writer;

const CHUNK: OptionInfo = OptionInfo {
    key: "chunk",
    values: Values::Integer { min: 1, max: 1 << 20 },
    default: "none: contiguous",
    about: "images a chunk (at most as many as there are)",
};

const DEFLATE: OptionInfo = OptionInfo {
    key: "deflate",
    values: Values::Integer { min: 1, max: 9 },
    default: "none",
    about: "deflate each chunk at this level; needs chunk",
};

pub const INFO: ContainerInfo = ContainerInfo {
    about: "HDF5, datasets images and labels",
    codecs: &["raw"],
    options: &[CHUNK, DEFLATE],
    labels: "a second dataset, labels",
    make: |id| {
        let chunk = integer(id, CHUNK.key);
        let deflate = integer(id, DEFLATE.key).and_then(|level| u8::try_from(level).ok());
        if deflate.is_some() && chunk.is_none() {
            return Err(Error::Usage(format!("format '{id}': deflate works on chunks; add chunk=64, say")));
        }
        Ok(Box::new(Hdf5 { id: id.clone(), chunk, deflate }))
    },
};

const FILE: &str = "images.h5";
const IMAGES: &str = "images";
const LABELS: &str = "labels";

/// HDF5 refuses chunks of 4 GiB and more.
const MAX_CHUNK_BYTES: u64 = u32::MAX as u64;

/// HDF5's own default for the chunk cache. A chunk larger than the cache would be read (and inflated) again for
/// every image, so the cache is never smaller than two chunks.
const MIN_CACHE_BYTES: usize = 1 << 20;

struct Hdf5 {
    id: FormatId,
    chunk: Option<u64>,
    deflate: Option<u8>,
}

impl Hdf5 {
    /// Images a chunk in a store of that many: HDF5 refuses chunks larger than the dataset.
    fn chunk_images(&self, images: u64) -> Option<u64> {
        self.chunk.map(|chunk| chunk.min(images.max(1)))
    }

    fn cache_bytes(&self, spec: &StoreSpec) -> usize {
        let chunk = self.chunk_images(spec.images).unwrap_or(0).saturating_mul(spec.shape.max().bytes() as u64);
        usize::try_from(chunk.saturating_mul(2)).unwrap_or(usize::MAX).max(MIN_CACHE_BYTES)
    }

    fn open_file(&self, at: &Path, spec: &StoreSpec, name: &StoreName) -> Result<File> {
        let path = at.join(FILE);
        std::fs::metadata(&path).at("open", &path)?;
        // 10,007 slots, a prime: about a hundred for each chunk that fits, as HDF5's documentation advises.
        let cache = self.cache_bytes(spec);
        File::with_options()
            .with_fapl(|p| p.fclose_degree(FileCloseDegree::Strong).chunk_cache(10_007, cache, 0.75))
            .open(&path)
            .map_err(|e| failed(name, "open", e))
    }

    fn shape_of(&self, spec: &StoreSpec, name: &StoreName) -> Result<ImageShape> {
        match spec.shape {
            Shape::Fixed(shape) => Ok(shape),
            Shape::Ragged { .. } => Err(name.unsupported("ragged")),
        }
    }
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

impl Format for Hdf5 {
    fn create(&self, at: &Path, spec: &StoreSpec, write: &WriteOptions) -> Result<Box<dyn ImageWriter>> {
        let name = StoreName::new(&self.id, at);
        let shape = self.shape_of(spec, &name)?;
        let fail = |e| failed(&name, "create", e);
        let path = at.join(FILE);
        let cache = self.cache_bytes(spec);
        let file = File::with_options()
            .with_fapl(|p| p.fclose_degree(FileCloseDegree::Strong).chunk_cache(10_007, cache, 0.75))
            .create_excl(&path)
            .map_err(fail)?;
        let images = as_extent(spec.images, &name)?;
        let [height, width, channels] = [shape.height, shape.width, shape.channels].map(|extent| extent as usize);
        // Every byte gets written, so filling the space first would be work for nothing.
        // Left to itself the crate chunks an empty dataset.
        let mut builder = file.new_dataset_builder().no_chunk();
        builder = builder.fill_time(::hdf5::plist::dataset_create::FillTime::Never);
        let mut first = Extent::fixed(images);
        if let Some(chunk) = self.chunk_images(spec.images) {
            if chunk.saturating_mul(shape.bytes() as u64) > MAX_CHUNK_BYTES {
                return Err(name.unsupported(format!("chunks of {chunk} {shape} images are 4 GiB or larger")));
            }
            builder = builder.chunk((as_extent(chunk, &name)?, height, width, channels));
            // A chunked dataset of no images needs room for one chunk.
            first = Extent::new(images, Some(images.max(1)));
        }
        if let Some(level) = self.deflate {
            builder = builder.deflate(level);
        }
        let extents = [first, Extent::fixed(height), Extent::fixed(width), Extent::fixed(channels)];
        let dataset = builder.empty::<u8>().shape(extents).create(IMAGES).map_err(fail)?;
        let slab = Slab::new(dataset, shape, spec.images).map_err(fail)?;
        Ok(Box::new(Writer::new(file, slab, shape, spec.images, name, write.durability)))
    }

    fn open(&self, at: &Path, spec: &StoreSpec) -> Result<Arc<dyn ImageStore>> {
        let name = StoreName::new(&self.id, at);
        let shape = self.shape_of(spec, &name)?;
        let file = self.open_file(at, spec, &name)?;
        let fail = |e| failed(&name, "read", e);
        let images = file.dataset(IMAGES).map_err(fail)?;
        let labels = file.dataset(LABELS).map_err(fail)?;
        refuse_other_extents(&images, &labels, spec, shape, &name)?;
        // Four bytes an image, read once: what everyone who uses HDF5 for training does with labels.
        let labels = labels.read_raw::<u32>().map_err(fail)?;
        Ok(Arc::new(Store { labels: labels.into(), images, shape, name, _file: file }))
    }

    fn audit(&self, at: &Path, spec: &StoreSpec) -> Result<()> {
        let name = StoreName::new(&self.id, at);
        let file = self.open_file(at, spec, &name)?;
        let images = file.dataset(IMAGES).map_err(|e| failed(&name, "read", e))?;
        let shape = self.shape_of(spec, &name)?;
        let image = [shape.height, shape.width, shape.channels].map(|extent| extent as usize);
        let wanted_chunk = self.chunk_images(spec.images).map(|chunk| [&[chunk as usize][..], &image].concat());
        let found_chunk = images.chunk();
        let wanted_layout = if self.chunk.is_some() { Layout::Chunked } else { Layout::Contiguous };
        if images.layout() != wanted_layout || found_chunk != wanted_chunk {
            let found = images.layout();
            return Err(name.mismatch(format!(
                "layout is {found:?} with chunk {found_chunk:?}, asked for was {wanted_layout:?} with {wanted_chunk:?}"
            )));
        }
        let wanted_filters: Vec<_> = self.deflate.map(Filter::Deflate).into_iter().collect();
        if images.filters() != wanted_filters {
            return Err(name.mismatch(format!("filters are {:?}, asked for were {wanted_filters:?}", images.filters())));
        }
        Ok(())
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            random_access: true,
            concurrent_readers: true,
            // zlib streams end with an Adler-32 of what they hold.
            checksums: self.deflate.is_some(),
            ..Default::default()
        }
    }

    fn native(&self) -> Native {
        let (major, minor, patch) = ::hdf5::library_version();
        Native { library: "HDF5".into(), version: format!("{major}.{minor}.{patch}") }
    }

    fn settings(&self, spec: &StoreSpec) -> BTreeMap<String, String> {
        match self.chunk_images(spec.images) {
            None => BTreeMap::from([("HDF5 layout".into(), "contiguous".into())]),
            Some(images) => BTreeMap::from([
                ("HDF5 chunk".into(), format!("{images} images")),
                ("HDF5 chunk cache".into(), format!("{} KiB", self.cache_bytes(spec) >> 10)),
            ]),
        }
    }
}

fn as_extent(images: u64, name: &StoreName) -> Result<usize> {
    usize::try_from(images).map_err(|_| name.unsupported(format!("{images} images on this machine")))
}

/// Refuses a file whose datasets are not as the manifest says, before anything is allocated for them.
fn refuse_other_extents(
    images: &Dataset,
    labels: &Dataset,
    spec: &StoreSpec,
    shape: ImageShape,
    name: &StoreName,
) -> Result<()> {
    let number = as_extent(spec.images, name)?;
    let wanted = [number, shape.height as usize, shape.width as usize, shape.channels as usize];
    if images.shape() != wanted || labels.shape() != [number] {
        return Err(name.damaged(format!(
            "images are {:?} and labels {:?} where {wanted:?} and [{number}] were written",
            images.shape(),
            labels.shape()
        )));
    }
    let bytes = images.dtype().is_ok_and(|dtype| dtype.is::<u8>());
    if !bytes || !labels.dtype().is_ok_and(|dtype| dtype.is::<u32>()) {
        return Err(name.damaged("the datasets hold another type of number"));
    }
    if labels.storage_size() < number as u64 * 4 {
        return Err(name.damaged("there are fewer labels than images"));
    }
    Ok(())
}

struct Store {
    images: Dataset,
    labels: Arc<[u32]>,
    shape: ImageShape,
    name: StoreName,
    // Closed strongly, so it has to outlive the dataset; fields are dropped in order.
    _file: File,
}

impl ImageStore for Store {
    fn reader(self: Arc<Self>) -> Result<Box<dyn ImageReader>> {
        let slab = Slab::new(self.images.clone(), self.shape, self.labels.len() as u64)
            .map_err(|e| failed(&self.name, "read", e))?;
        Ok(Box::new(Reader { slab, store: self }))
    }
}

struct Reader {
    slab: Slab,
    store: Arc<Store>,
}

impl Reader {
    fn read_run(&mut self, first: u64, count: u64, out: &mut Batch) -> Result<()> {
        let store = &self.store;
        let images = store.labels.len() as u64;
        store.name.check_index(first.saturating_add(count - 1), images)?;
        // In range, as just checked, so both numbers fit.
        let labels = &store.labels[first as usize..(first + count) as usize];
        let read = self.slab.read(first, count, out.push_run(store.shape, labels));
        read.map_err(|why| {
            labels.iter().for_each(|_| out.pop());
            store.name.damaged(format!("image {first}: {why}"))
        })
    }
}

impl ImageReader for Reader {
    fn read(&mut self, index: u64, out: &mut Batch) -> Result<()> {
        self.read_run(index, 1, out)
    }

    /// Neighbours in the request that are neighbours in the file are read in one call.
    fn read_batch(&mut self, indices: &[u64], out: &mut Batch) -> Result<()> {
        for run in indices.chunk_by(|a, b| a.checked_add(1) == Some(*b)) {
            self.read_run(run[0], run.len() as u64, out)?;
        }
        Ok(())
    }

    fn read_file(&mut self, _: u64, _: &mut Batch) -> Result<()> {
        Err(self.store.name.unsupported(KEEPS_NO_FILES))
    }
}
