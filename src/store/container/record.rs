//! Record containers, which put bytes under a number, and the adapter that makes a [`Format`] of one of them and a
//! codec. This is the seam where look-up and decoding can be told apart.

use super::StoreName;
use crate::error::Result;
use crate::results::Native;
use crate::sample::{Batch, ImageShape, Shape};
use crate::store::codec::{self, Codec, CodecInfo, Decoder, Encoder};
use crate::store::{Capabilities, Format, FormatId, ImageReader, ImageStore, ImageWriter, StoreSpec, WriteOptions};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// Puts bytes under a number and gives them back.
pub trait RecordContainer: Send + Sync {
    /// Starts a new store in the empty directory `at`.
    ///
    /// # Errors
    /// What the library or system says.
    fn create(&self, at: &Path, layout: &RecordLayout, write: &WriteOptions) -> Result<Box<dyn RecordWriter>>;
    /// Opens a finished store.
    ///
    /// # Errors
    /// When files are missing, damaged, or hold another number of records.
    fn open(&self, at: &Path, layout: &RecordLayout) -> Result<Arc<dyn RecordStore>>;
    /// What the container can do; what the codec adds is added by the adapter.
    fn capabilities(&self) -> Capabilities;
    /// The library that does the work; `None` where it is the file system, so that the codec is named instead.
    fn native(&self) -> Option<Native>;
    /// Settings in force that the format's name does not show.
    fn settings(&self, layout: &RecordLayout) -> BTreeMap<String, String>;
    /// Whether labels are kept beside the records: the container's choice. Where not, they go into the record.
    fn keeps_labels(&self) -> bool;
}

/// What a record container needs to know of what it holds.
#[derive(Debug, Clone)]
pub struct RecordLayout {
    /// Which store, for errors.
    pub name: StoreName,
    /// Number of records.
    pub records: u64,
    /// Largest image, decoded; encoded records are rarely and little larger.
    pub max_image_bytes: u64,
    /// Ending of a file that holds one record.
    pub extension: &'static str,
}

/// Takes records in order.
pub trait RecordWriter {
    /// Adds record `index`, one higher than the one before. Containers that do not keep labels ignore `label`.
    ///
    /// # Errors
    /// What the library or system says.
    fn put(&mut self, index: u64, label: u32, record: &[u8]) -> Result<()>;
    /// Makes all records so far safe from a power cut. Called after every batch with durability `each`, else never:
    /// finished stores are synced by [`sealed`](crate::store::sealed), for all containers alike.
    ///
    /// # Errors
    /// What the library or system says.
    fn sync(&mut self) -> Result<()>;
    /// Writes what is still in memory and closes every file.
    ///
    /// # Errors
    /// What the library or system says.
    fn finish(self: Box<Self>) -> Result<()>;
}

/// An open container.
pub trait RecordStore: Send + Sync {
    /// A reader for one thread.
    ///
    /// # Errors
    /// What the library says.
    fn reader(self: Arc<Self>) -> Result<Box<dyn RecordReader>>;
}

/// One thread's reader.
pub trait RecordReader: Send {
    /// Record `index`, which was checked to be in range, valid until the next call.
    ///
    /// # Errors
    /// When it is missing or cannot be read.
    fn get(&mut self, index: u64) -> Result<Record<'_>>;
}

/// A record as stored.
#[derive(Debug, Clone, Copy)]
pub struct Record<'a> {
    /// The stored bytes.
    pub bytes: &'a [u8],
    /// The label, from containers that keep it.
    pub label: u32,
}

/// Makes a format of a record container and the codec that `id` names.
pub fn format(id: &FormatId, container: impl RecordContainer + 'static) -> Result<Box<dyn Format>> {
    let info = codec::find(&id.codec).ok_or_else(|| crate::store::registry::unknown_format(&id.to_string()))?;
    let codec: Arc<dyn Codec> = Arc::from((info.make)(id));
    Ok(Box::new(RecordFormat { id: id.clone(), container: Box::new(container), codec, info }))
}

struct RecordFormat {
    id: FormatId,
    container: Box<dyn RecordContainer>,
    codec: Arc<dyn Codec>,
    info: &'static CodecInfo,
}

impl RecordFormat {
    fn layout(&self, at: &Path, spec: &StoreSpec) -> RecordLayout {
        RecordLayout {
            name: StoreName::new(&self.id, at),
            records: spec.images,
            max_image_bytes: spec.shape.max().bytes() as u64,
            extension: self.info.extension,
        }
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
        Ok(Box::new(Writer {
            records: self.container.create(at, &layout, write)?,
            encoder: self.codec.encoder(&spec.shape),
            shape: spec.shape.clone(),
            name: layout.name,
            prefix: self.prefixes_label(),
            next: 0,
            scratch: Vec::new(),
            sync_each: write.durability == crate::store::Durability::Each,
        }))
    }

    fn open(&self, at: &Path, spec: &StoreSpec) -> Result<Arc<dyn ImageStore>> {
        let layout = self.layout(at, spec);
        Ok(Arc::new(Store {
            records: self.container.open(at, &layout)?,
            codec: Arc::clone(&self.codec),
            name: layout.name,
            spec: spec.clone(),
            prefix: self.prefixes_label(),
        }))
    }

    fn audit(&self, at: &Path, spec: &StoreSpec) -> Result<()> {
        let layout = self.layout(at, spec);
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
            checksums: container.checksums || self.info.checksums,
            // Bytes without a copy are of use only where they are the pixels.
            zero_copy: container.zero_copy && self.info.name == "raw",
            ..container
        }
    }

    fn native(&self) -> Native {
        self.container.native().unwrap_or_else(|| self.codec.native())
    }

    fn settings(&self, spec: &StoreSpec) -> BTreeMap<String, String> {
        let mut settings = self.container.settings(&self.layout(Path::new(""), spec));
        settings.extend(self.codec.settings());
        settings
    }
}

struct Writer {
    records: Box<dyn RecordWriter>,
    encoder: Box<dyn Encoder>,
    shape: Shape,
    name: StoreName,
    prefix: bool,
    next: u64,
    scratch: Vec<u8>,
    sync_each: bool,
}

impl ImageWriter for Writer {
    fn append(&mut self, samples: &Batch) -> Result<()> {
        for sample in samples.iter() {
            refuse_strange_shape(&self.name, &self.shape, sample.shape)?;
            self.scratch.clear();
            if self.prefix {
                self.scratch.extend_from_slice(&sample.label.to_le_bytes());
            }
            self.encoder.encode(&sample, &mut self.scratch).map_err(|why| {
                self.name.error(format!("image {} cannot be encoded: {why}", self.next), "use another codec")
            })?;
            self.records.put(self.next, sample.label, &self.scratch)?;
            self.next += 1;
        }
        if self.sync_each { self.records.sync() } else { Ok(()) }
    }

    fn finish(self: Box<Self>) -> Result<()> {
        self.records.finish()
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
}

impl ImageStore for Store {
    fn reader(self: Arc<Self>) -> Result<Box<dyn ImageReader>> {
        Ok(Box::new(Reader {
            records: Arc::clone(&self.records).reader()?,
            decoder: self.codec.decoder(&self.spec.shape),
            store: self,
        }))
    }
}

struct Reader {
    records: Box<dyn RecordReader>,
    decoder: Box<dyn Decoder>,
    store: Arc<Store>,
}

impl ImageReader for Reader {
    fn read(&mut self, index: u64, out: &mut Batch) -> Result<()> {
        self.store.name.check_index(index, self.store.spec.images)?;
        let record = self.records.get(index)?;
        split(record, self.store.prefix)
            .and_then(|(bytes, label)| self.decoder.decode(bytes, label, out))
            .map_err(|why| self.store.name.damaged(format!("image {index}: {why}")))
    }
}

/// The codec's bytes and the label of a record.
fn split(record: Record<'_>, prefixed: bool) -> Result<(&[u8], u32), String> {
    if !prefixed {
        return Ok((record.bytes, record.label));
    }
    let (label, bytes) = record.bytes.split_first_chunk::<4>().ok_or("the record is too short to hold a label")?;
    Ok((bytes, u32::from_le_bytes(*label)))
}
