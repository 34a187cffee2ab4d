//! Images of one shape as an array: datasets `images` (N x H x W x C of `u8`), contiguous or chunked, and `labels`.

mod reader;

use super::addresses::Addresses;
use super::column::{self, Column};
use super::direct::{Direct, Expected};
use super::file::{self, ChunkCache, Unfinished};
use super::filters;
use super::slab::Slab;
use super::writer::{Arrays, Writer};
use super::{LABELS, StoreName, as_extent, failed, native};
use crate::error::{IoContext, Result};
use crate::results::Native;
use crate::sample::{ImageShape, Shape};
use crate::store::{CANNOT_APPEND, Capabilities, Format, FormatId, ImageStore, ImageWriter, StoreSpec, WriteOptions};
use ::hdf5::dataset::Layout;
use ::hdf5::filters::Filter;
use ::hdf5::plist::dataset_create::FillTime;
use ::hdf5::{Dataset, Extent};
use reader::{Decodes, Store};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

const IMAGES: &str = "images";
/// Labels until they take the place of others.
const NEW_LABELS: &str = "labels.new";

/// HDF5 refuses chunks of 4 GiB and more.
const MAX_CHUNK_BYTES: u64 = u32::MAX as u64;

/// HDF5's own default for the chunk cache. A chunk larger than the cache would be read (and inflated) again for
/// every image, so the cache is never smaller than two chunks.
const MIN_CACHE_BYTES: usize = 1 << 20;

/// The array format, for images of one shape.
pub struct Array {
    /// Its name.
    pub id: FormatId,
    /// Images a chunk; none: contiguous.
    pub chunk: Option<u64>,
    /// Level of compression.
    pub deflate: Option<u8>,
    /// Another compression than that.
    pub compressed: Option<Filter>,
    /// Whether chunks end with a Fletcher-32 checksum.
    pub checksum: bool,
    /// Whether the file has HDF5's newest structures.
    pub latest: bool,
    /// Whether we read it at the addresses that the library gives, and not the library.
    pub direct: bool,
}

impl Array {
    /// Images a chunk in a store of that many: HDF5 refuses chunks larger than the dataset.
    fn chunk_images(&self, images: u64) -> Option<u64> {
        self.chunk.map(|chunk| chunk.min(images.max(1)))
    }

    /// For reading. Of chunks without filters HDF5 then reads the bytes asked for and not the whole chunk, six times as
    /// fast for single images of 3 KiB in chunks of 64, and no slower for runs of neighbours.
    fn read_cache(&self, spec: &StoreSpec) -> ChunkCache {
        if self.filters().is_empty() { ChunkCache::NONE } else { self.cache(spec) }
    }

    fn cache(&self, spec: &StoreSpec) -> ChunkCache {
        let chunk = self.chunk_images(spec.images).unwrap_or(0).saturating_mul(spec.shape.max().bytes() as u64);
        ChunkCache { bytes: usize::try_from(chunk.saturating_mul(2)).unwrap_or(usize::MAX).max(MIN_CACHE_BYTES) }
    }

    fn filters(&self) -> Vec<Filter> {
        let compression = self.deflate.map(Filter::Deflate).or_else(|| self.compressed.clone());
        compression.into_iter().chain(self.checksum.then_some(Filter::Fletcher32)).collect()
    }

    fn shape_of(&self, spec: &StoreSpec, name: &StoreName) -> Result<ImageShape> {
        match spec.shape {
            Shape::Fixed(shape) => Ok(shape),
            Shape::Ragged { .. } => Err(name.unsupported(
                "ragged images: chunk and read=direct are for arrays of one shape; try hdf5:raw or hdf5:source, or bring them to one shape: with --rgb where only their channels differ, with --resize where their sizes do",
            )),
        }
    }
}

impl Format for Array {
    fn create(&self, at: &Path, spec: &StoreSpec, write: &WriteOptions) -> Result<Box<dyn ImageWriter>> {
        let name = StoreName::new(&self.id, at);
        let shape = self.shape_of(spec, &name)?;
        let fail = |e| failed(&name, "create", e);
        let file = file::create(at, self.cache(spec), self.latest, &name)?;
        let images = as_extent(spec.images, &name)?;
        let [height, width, channels] = [shape.height, shape.width, shape.channels].map(|extent| extent as usize);
        // Every byte gets written, so filling the space first would be work for nothing.
        // Left to itself the crate chunks an empty dataset.
        let mut builder = file.new_dataset_builder().no_chunk().fill_time(FillTime::Never);
        let mut first = Extent::fixed(images);
        if let Some(chunk) = self.chunk_images(spec.images) {
            if chunk.saturating_mul(shape.bytes() as u64) > MAX_CHUNK_BYTES {
                return Err(name.unsupported(format!("chunks of {chunk} {shape} images are 4 GiB or larger")));
            }
            builder = builder.chunk((as_extent(chunk, &name)?, height, width, channels));
            // As with h5py's `maxshape=(None, ...)`: more can be added.
            first = Extent::resizable(images);
        }
        builder = builder.set_filters(&self.filters());
        let extents = [first, Extent::fixed(height), Extent::fixed(width), Extent::fixed(channels)];
        let dataset = builder.empty::<u8>().shape(extents).create(IMAGES).map_err(fail)?;
        let labels = Column::create(&file, LABELS, images).map_err(fail)?;
        let arrays = Arrays { images: Slab::new(dataset).map_err(fail)?, labels };
        let open = Unfinished::new(arrays, file, name.clone());
        Ok(Box::new(Writer::new(open, spec.images, shape, name, write.durability)))
    }

    /// The array of images is extended; that of the labels, which is contiguous, is replaced.
    fn open_append(
        &self,
        at: &Path,
        spec: &StoreSpec,
        more: u64,
        write: &WriteOptions,
    ) -> Result<Box<dyn ImageWriter>> {
        let name = StoreName::new(&self.id, at);
        let shape = self.shape_of(spec, &name)?;
        let after = spec.images.checked_add(more).ok_or_else(|| name.unsupported("so many images"))?;
        if self.chunk.is_none() {
            return Err(name.unsupported(CANNOT_APPEND));
        }
        if self.chunk_images(spec.images) != self.chunk_images(after) {
            return Err(name.unsupported(format!(
                "adding to a store of {} images, fewer than a chunk has: its chunks have as many; write it anew",
                spec.images
            )));
        }
        let fail = |e| failed(&name, "open", e);
        let file = file::open_to_change(at, self.cache(spec), self.latest, &name)?;
        let images = file.dataset(IMAGES).map_err(fail)?;
        refuse_other_extents(&images, spec, shape, &name)?;
        if !images.is_resizable() {
            return Err(name.unsupported("adding to an array of a fixed size: write it anew"));
        }
        let before = column::read::<u32>(&file, LABELS, as_extent(spec.images, &name)?, &name)?;
        let mut images = Slab::new(images).map_err(fail)?;
        let mut labels = Column::create(&file, NEW_LABELS, as_extent(after, &name)?).map_err(fail)?;
        labels.extend(before.into_iter());
        // Nothing that is there was changed so far, and from here on nothing is left to fail but a disk.
        file.unlink(LABELS).and_then(|()| file.relink(NEW_LABELS, LABELS)).map_err(fail)?;
        images.grow(after).map_err(|why| name.error(why, "check the space left on the disk"))?;
        let open = Unfinished::changed(Arrays { images, labels }, file, name.clone());
        Ok(Box::new(Writer::new(open, after, shape, name, write.durability)))
    }

    fn open(&self, at: &Path, spec: &StoreSpec) -> Result<Arc<dyn ImageStore>> {
        let name = StoreName::new(&self.id, at);
        let shape = self.shape_of(spec, &name)?;
        let file = file::open(at, self.read_cache(spec), &name)?;
        let images = file.dataset(IMAGES).map_err(|e| failed(&name, "read", e))?;
        refuse_other_extents(&images, spec, shape, &name)?;
        // Four bytes an image, read once: what everyone who uses HDF5 for training does with labels.
        let labels = column::read::<u32>(&file, LABELS, as_extent(spec.images, &name)?, &name)?;
        if self.direct {
            let (chunk, cache_bytes) = (self.chunk_images(spec.images), self.read_cache(spec).bytes);
            let expected = Expected { shape, chunk, cache_bytes };
            return Ok(Arc::new(Direct::open(&images, labels.into(), &expected, name)?));
        }
        let chunk = self.chunk_images(spec.images).filter(|_| !self.filters().is_empty());
        let kept = chunk.map(|rows| Decodes::new(rows, shape, self.read_cache(spec)));
        Ok(Arc::new(Store { labels: labels.into(), images, shape, decodes: kept, name, _file: file }))
    }

    fn audit(&self, at: &Path, spec: &StoreSpec) -> Result<()> {
        let name = StoreName::new(&self.id, at);
        let file = file::open(at, self.read_cache(spec), &name)?;
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
        let wanted_filters = self.filters();
        let found_filters = filters::of(&images).map_err(|why| name.damaged(why))?;
        if found_filters != wanted_filters {
            return Err(name.mismatch(format!("filters are {found_filters:?}, asked for were {wanted_filters:?}")));
        }
        // A chunk that the index has lost is read as whatever was in memory, without an error. Not asked on opening,
        // because HDF5 walks the whole index for the answer.
        let bytes = spec.images.saturating_mul(shape.bytes() as u64);
        if wanted_filters.is_empty() && images.storage_size() < bytes {
            return Err(name.damaged(format!("{} bytes of images are there of {bytes}", images.storage_size())));
        }
        // With filters the bytes do not tell, so each chunk is looked up.
        if !wanted_filters.is_empty() {
            let path = at.join(file::FILE);
            let file_bytes = std::fs::metadata(&path).at("look at", &path)?.len();
            Addresses::of(&images, (spec.images, self.chunk_images(spec.images)), shape, file_bytes, &name)?;
        }
        Ok(())
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            grey: true,
            random_access: true,
            append: self.chunk.is_some(),
            concurrent_readers: true,
            // zlib streams end with an Adler-32 of what they hold.
            checksums: self.deflate.is_some() || self.checksum,
            ..Default::default()
        }
    }

    fn native(&self) -> Native {
        native()
    }

    fn settings(&self, spec: &StoreSpec) -> BTreeMap<String, String> {
        let mut settings = match self.chunk_images(spec.images) {
            None => BTreeMap::from([("HDF5 layout".into(), "contiguous".into())]),
            Some(images) => BTreeMap::from([("HDF5 chunk".into(), format!("{images} images"))]),
        };
        let filters: Vec<_> = self.filters().iter().map(filters::words).collect();
        if self.latest {
            settings.insert("HDF5 structures".into(), "latest".into());
        }
        if !filters.is_empty() {
            settings.insert("HDF5 filters".into(), filters.join(", "));
        }
        match self.direct {
            true if self.filters().is_empty() => {
                settings.insert("HDF5 read".into(), "direct, from the mapped file".into())
            }
            true => {
                let kept =
                    format!("direct; a reader keeps {} KiB of decoded chunks", self.read_cache(spec).bytes >> 10);
                settings.insert("HDF5 read".into(), kept)
            }
            false if self.chunk.is_some() => settings
                .insert("HDF5 chunk cache".into(), format!("{} KiB for reading", self.read_cache(spec).bytes >> 10)),
            false => settings.insert("HDF5 sieve buffer".into(), file::SIEVE.into()),
        };
        settings
    }
}

/// Refuses a file whose images are not as the manifest says, before anything is allocated for them.
fn refuse_other_extents(images: &Dataset, spec: &StoreSpec, shape: ImageShape, name: &StoreName) -> Result<()> {
    let number = as_extent(spec.images, name)?;
    let wanted = [number, shape.height as usize, shape.width as usize, shape.channels as usize];
    if images.shape() != wanted {
        return Err(name.damaged(format!("images are {:?} where {wanted:?} were written", images.shape())));
    }
    if !images.dtype().is_ok_and(|dtype| dtype.is::<u8>()) {
        return Err(name.damaged("images hold another type of number"));
    }
    Ok(())
}
