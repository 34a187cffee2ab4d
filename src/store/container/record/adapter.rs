//! The adapter: a record container and a codec as a [`Format`].

use super::metered::{MeteredCodec, MeteredContainer};
use super::writer::{Kept, Pass, Writer};
use super::{KEEPS_NO_FILES, Record, RecordContainer, RecordLayout, RecordReader, RecordStore, RecordWriter};
use crate::error::Result;
use crate::image_file;
use crate::measure::{Meter, Part};
use crate::results::Native;
use crate::sample::{Batch, ImageShape, Shape};
use crate::store::codec::{self, Codec, CodecInfo, Decoder};
use crate::store::container::StoreName;
use crate::store::{
    Capabilities, Durability, Format, FormatId, ImageReader, ImageStore, ImageWriter, Lossy, Removal, StoreSpec,
    WriteOptions,
};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// Makes a format of a record container and the codec that `id` names.
pub fn format(id: &FormatId, container: impl RecordContainer + 'static) -> Result<Box<dyn Format>> {
    let info = codec::find(&id.codec).ok_or_else(|| crate::store::registry::unknown_format(&id.to_string()))?;
    let codec: Arc<dyn Codec> = Arc::from((info.make)(id));
    Ok(Box::new(RecordFormat { id: id.clone(), container: Arc::new(container), codec, info }))
}

struct RecordFormat {
    id: FormatId,
    container: Arc<dyn RecordContainer>,
    codec: Arc<dyn Codec>,
    info: &'static CodecInfo,
}

impl RecordFormat {
    fn layout(&self, at: &Path, spec: &StoreSpec) -> RecordLayout {
        RecordLayout {
            name: StoreName::new(&self.id, at),
            records: spec.images,
            max_image_bytes: spec.shape.max().bytes() as u64,
            extension: (!self.info.of_files).then_some(self.info.extension),
        }
    }

    fn writer(
        &self,
        records: Box<dyn RecordWriter>,
        layout: RecordLayout,
        spec: &StoreSpec,
        write: &WriteOptions,
        next: u64,
    ) -> Box<dyn ImageWriter> {
        let encoders = (0..write.threads.get()).map(|_| self.codec.encoder(&spec.shape)).collect();
        Box::new(Writer::new(
            records,
            encoders,
            Kept {
                shape: spec.shape.clone(),
                name: layout.name,
                prefix: self.prefixes_label(),
                info: self.info,
                codec: Arc::clone(&self.codec),
                sync_each: write.durability == Durability::Each,
            },
            next,
        ))
    }

    /// Whether records are the pixels themselves.
    fn keeps_pixels(&self) -> bool {
        self.info.name == "raw"
    }

    /// Whether the adapter puts the label in front of the codec's bytes, as a little-endian `u32`.
    fn prefixes_label(&self) -> bool {
        !self.container.keeps_labels() && !self.info.holds_label
    }
}

impl Format for RecordFormat {
    fn create(&self, at: &Path, spec: &StoreSpec, write: &WriteOptions) -> Result<Box<dyn ImageWriter>> {
        let layout = self.layout(at, spec);
        self.codec.accepts(spec.shape.max()).map_err(|why| layout.name.unsupported(why))?;
        let records = self.container.create(at, &layout, write)?;
        Ok(self.writer(records, layout, spec, write, 0))
    }

    fn can_resume(&self) -> bool {
        self.container.can_resume()
    }

    fn resume(&self, at: &Path, spec: &StoreSpec, write: &WriteOptions, keep: u64) -> Result<Box<dyn ImageWriter>> {
        let layout = self.layout(at, spec);
        let records = self.container.resume(at, &layout, write, keep)?;
        Ok(self.writer(records, layout, spec, write, keep))
    }

    fn open_append(
        &self,
        at: &Path,
        spec: &StoreSpec,
        more: u64,
        write: &WriteOptions,
    ) -> Result<Box<dyn ImageWriter>> {
        let layout = self.layout(at, spec);
        let records = self.container.open_append(at, &layout, more, write)?;
        Ok(self.writer(records, layout, spec, write, spec.images))
    }

    fn remove(&self, at: &Path, spec: &StoreSpec, removal: &Removal, write: &WriteOptions) -> Result<()> {
        self.container.remove(at, &self.layout(at, spec), removal, write)
    }

    fn removes_at_once(&self) -> bool {
        self.container.removes_at_once()
    }

    fn open(&self, at: &Path, spec: &StoreSpec) -> Result<Arc<dyn ImageStore>> {
        let layout = self.layout(at, spec);
        Ok(Arc::new(Store {
            records: self.container.open(at, &layout)?,
            codec: Arc::clone(&self.codec),
            name: layout.name,
            spec: spec.clone(),
            prefix: self.prefixes_label(),
            of_files: self.info.of_files,
            copies: self.keeps_pixels(),
        }))
    }

    fn audit(&self, at: &Path, spec: &StoreSpec) -> Result<()> {
        let layout = self.layout(at, spec);
        self.container.audit(at, &layout)?;
        let mut records = self.container.open(at, &layout)?.reader()?;
        let mut decoder = self.codec.decoder(&spec.shape);
        // The container checked the number of records on opening; here the codec has to know its own bytes.
        for index in [0, spec.images / 2, spec.images.saturating_sub(1)].into_iter().filter(|i| *i < spec.images) {
            let record = records.get(index)?;
            let decoded = split(record, self.prefixes_label())
                .and_then(|(bytes, label)| decoder.decode(bytes, label, &mut Batch::new()));
            if let Err(why) = decoded {
                return Err(layout.name.mismatch(format!("record {index} is not {}: {why}", self.info.name)));
            }
        }
        Ok(())
    }

    fn capabilities(&self) -> Capabilities {
        let container = self.container.capabilities();
        Capabilities {
            grey: self.info.grey,
            checksums: container.checksums || self.codec.checksums(),
            // Bytes without a copy are of use only where they are the pixels.
            zero_copy: container.zero_copy && self.keeps_pixels(),
            ..container
        }
    }

    fn native(&self) -> Native {
        self.container.native().unwrap_or_else(|| self.codec.native())
    }

    fn takes_files(&self) -> bool {
        self.info.of_files
    }

    fn metered(&self, _: &StoreSpec, meter: &Arc<Meter>) -> Result<Arc<dyn Format>, String> {
        let part = if self.keeps_pixels() { Part::Copy } else { Part::Decode };
        let (container, codec) = (Arc::clone(&self.container), Arc::clone(&self.codec));
        Ok(Arc::new(Self {
            id: self.id.clone(),
            container: Arc::new(MeteredContainer { inner: container, meter: Arc::clone(meter) }),
            codec: Arc::new(MeteredCodec { inner: codec, meter: Arc::clone(meter), part }),
            info: self.info,
        }))
    }

    fn lossy(&self, spec: &StoreSpec) -> Option<Box<dyn Lossy>> {
        self.info.lossy.then(|| -> Box<dyn Lossy> {
            let name = StoreName::new(&self.id, Path::new(""));
            Box::new(Pass::new(self.codec.encoder(&spec.shape), self.codec.decoder(&spec.shape), name))
        })
    }

    fn settings(&self, spec: &StoreSpec) -> BTreeMap<String, String> {
        let mut settings = self.container.settings(&self.layout(Path::new(""), spec));
        settings.extend(self.codec.settings());
        settings
    }
}

/// Refuses an image that does not belong into a store of this shape.
pub fn refuse_strange_shape(name: &StoreName, store: &Shape, image: ImageShape) -> Result<()> {
    if store.admits(image) {
        return Ok(());
    }
    Err(name.unsupported(format!("a {image} image in a store of shape {store}")))
}

struct Store {
    records: Arc<dyn RecordStore>,
    codec: Arc<dyn Codec>,
    name: StoreName,
    spec: StoreSpec,
    prefix: bool,
    of_files: bool,
    /// Whether records are the pixels themselves, with nothing to decode.
    copies: bool,
}

impl ImageStore for Store {
    fn reader(self: Arc<Self>) -> Result<Box<dyn ImageReader>> {
        Ok(Box::new(Reader {
            records: Arc::clone(&self.records).reader()?,
            decoder: self.codec.decoder(&self.spec.shape),
            pixels: 0,
            store: self,
        }))
    }
}

struct Reader {
    records: Box<dyn RecordReader>,
    decoder: Box<dyn Decoder>,
    /// Bytes of pixels that the codec has decoded.
    pixels: u64,
    store: Arc<Store>,
}

impl ImageReader for Reader {
    fn read(&mut self, index: u64, out: &mut Batch) -> Result<()> {
        self.store.name.check_index(index, self.store.spec.images)?;
        let record = self.records.get(index)?;
        let before = out.bytes();
        let decoded = decode(&mut *self.decoder, &self.store, index, record, out);
        self.pixels += out.bytes().saturating_sub(before) as u64;
        decoded
    }

    fn read_batch(&mut self, indices: &[u64], out: &mut Batch) -> Result<()> {
        let Self { records, decoder, pixels, store } = self;
        let before = out.bytes();
        if let Some(highest) = indices.iter().max() {
            store.name.check_index(*highest, store.spec.images)?;
        }
        let read = records.get_each(indices, &mut |index, record| decode(&mut **decoder, store, index, record, out));
        *pixels += out.bytes().saturating_sub(before) as u64;
        read
    }

    /// What the container decodes, and behind it the codec, unless that has nothing to decode.
    fn decoded_bytes(&self) -> Option<u64> {
        let codec = if self.store.copies { 0 } else { self.pixels };
        self.records.decoded_bytes().map(|of_container| of_container + codec)
    }

    fn read_file(&mut self, index: u64, out: &mut Batch) -> Result<()> {
        let name = &self.store.name;
        if !self.store.of_files {
            return Err(name.unsupported(KEEPS_NO_FILES));
        }
        name.check_index(index, self.store.spec.images)?;
        let damaged = |why: String| name.damaged(format!("image {index}: {why}"));
        let (file, label) = split(self.records.get(index)?, self.store.prefix).map_err(damaged)?;
        let shape = image_file::header(file).map_err(damaged)?.shape;
        out.push_file(shape, label, file.len()).copy_from_slice(file);
        Ok(())
    }
}

fn decode(decoder: &mut dyn Decoder, store: &Store, index: u64, record: Record<'_>, out: &mut Batch) -> Result<()> {
    #[cfg(test)]
    tests::SEEN_AT.set(record.bytes.as_ptr().addr());
    split(record, store.prefix)
        .and_then(|(bytes, label)| decoder.decode(bytes, label, out))
        .map_err(|why| store.name.damaged(format!("image {index}: {why}")))
}

/// The codec's bytes and the label of a record.
fn split(record: Record<'_>, prefixed: bool) -> Result<(&[u8], u32), String> {
    if !prefixed {
        return Ok((record.bytes, record.label));
    }
    let (label, bytes) = record.bytes.split_first_chunk::<4>().ok_or("the record is too short to hold a label")?;
    Ok((bytes, u32::from_le_bytes(*label)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{Dataset, Memory};
    use crate::error::Error;
    use crate::store::container::trial::Trial;
    use crate::store::copy::write;
    use crate::store::registry;
    use crate::store::sealed::IfExists;

    thread_local! {
        /// Where in memory the last record was.
        pub static SEEN_AT: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
    }

    /// What is handed out without a copy lies at one place, whoever reads it.
    #[test]
    fn records_are_copied_unless_the_format_says_that_they_are_not() {
        let mut tried = [0, 0];
        for row in registry::rows().iter().filter(|row| row.id.codec == "raw") {
            // HDF5 keeps bare pixels as an array, zarr and npy, too; redb's readers share its cache.
            let Ok(resolved) = registry::resolve(&row.id) else { continue };
            if ["hdf5", "zarr", "npy", "redb", "rocksdb"].contains(&row.id.container.as_str()) {
                continue;
            }
            let trial = Trial::new(&row.id.to_string(), 3);
            let store = resolved.format.open(&trial.path, &trial.spec).unwrap();
            let mut readers = [Arc::clone(&store).reader().unwrap(), store.reader().unwrap()];
            let seen = readers.each_mut().map(|reader| {
                reader.read(1, &mut Batch::new()).unwrap();
                SEEN_AT.get()
            });
            let zero_copy = resolved.format.capabilities().zero_copy;
            assert_eq!(seen[0] == seen[1], zero_copy, "{}: {seen:?}", row.id);
            tried[usize::from(zero_copy)] += 1;
        }
        assert!(tried[0] > 0 && tried[1] > 3, "{tried:?}");
    }

    #[test]
    fn the_audit_sees_records_of_another_codec() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store");
        let resolved = registry::resolve(&"dir:png".parse().unwrap()).unwrap();
        let dataset = Memory::ragged(9, &[3]);
        let spec = StoreSpec { shape: dataset.shape(), images: 9 };
        write(&resolved, &dataset, &path, WriteOptions::default(), IfExists::Refuse, &mut |_| Ok(())).unwrap();
        resolved.format.audit(&path, &spec).unwrap();
        // The first, the middle, the last: those that it looks at.
        for index in [0, 4, 8] {
            let file = path.join(format!("images/{index:08}.png"));
            let png = std::fs::read(&file).unwrap();
            std::fs::write(&file, "bare pixels, say").unwrap();
            match resolved.format.audit(&path, &spec) {
                Err(Error::Mismatch { detail, .. }) => {
                    assert!(detail.contains(&format!("record {index} is not png")), "{detail}");
                }
                other => panic!("record {index}: {other:?}"),
            }
            std::fs::write(&file, png).unwrap();
        }
        resolved.format.audit(&path, &spec).unwrap();
    }
}
