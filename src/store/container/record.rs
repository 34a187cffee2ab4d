//! Record containers, which put bytes under a number, and the adapter that makes a [`Format`] of one of them and a
//! codec. This is the seam where look-up and decoding can be told apart.

use super::StoreName;
use crate::error::{Error, Result};
use crate::image_file;
use crate::results::Native;
use crate::sample::{Batch, ImageShape, Sample, Shape};
use crate::store::codec::{self, Codec, CodecInfo, Decoder, Encoder};
use crate::store::{
    CANNOT_RESUME, Capabilities, Durability, Format, FormatId, ImageReader, ImageStore, ImageWriter, Lossy, StoreSpec,
    WriteOptions,
};
use rayon::prelude::*;
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
    /// Whether an unfinished store can be gone on with.
    fn can_resume(&self) -> bool {
        false
    }
    /// Goes on with the unfinished store in `at`: keeps the first `keep` records and removes what is there beyond them.
    ///
    /// # Errors
    /// When fewer are there; what the library or system says.
    fn resume(
        &self,
        _at: &Path,
        layout: &RecordLayout,
        _write: &WriteOptions,
        _keep: u64,
    ) -> Result<Box<dyn RecordWriter>> {
        Err(layout.name.unsupported(CANNOT_RESUME))
    }
    /// Opens a finished store.
    ///
    /// # Errors
    /// When files are missing, damaged, or hold another number of records.
    fn open(&self, at: &Path, layout: &RecordLayout) -> Result<Arc<dyn RecordStore>>;
    /// Reads from the files themselves whether they have the layout that was asked for, where opening does not show it.
    ///
    /// # Errors
    /// [`Error::Mismatch`] naming the first property that differs.
    fn audit(&self, _at: &Path, _layout: &RecordLayout) -> Result<()> {
        Ok(())
    }
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
    /// Ending of a file that holds one record; `None` where each record has its own.
    pub extension: Option<&'static str>,
}

impl RecordLayout {
    /// A record longer than this is damaged. No codec makes an image twice as large as its pixels; but a file from
    /// elsewhere may carry anything else.
    pub fn max_record_bytes(&self) -> u64 {
        match self.extension {
            Some(_) => self.max_image_bytes.saturating_mul(2).saturating_add(64 * 1024),
            None => image_file::MAX_IMAGE_BYTES as u64,
        }
    }
}

/// A record to be written.
#[derive(Debug, Clone, Copy)]
pub struct NewRecord<'a> {
    /// Its number, one higher than that of the record before.
    pub index: u64,
    /// The label, for containers that keep labels beside the records.
    pub label: u32,
    /// Ending of a file that holds this record.
    pub extension: &'static str,
    /// What to keep.
    pub bytes: &'a [u8],
}

/// Takes records in order.
pub trait RecordWriter {
    /// Adds a record.
    ///
    /// # Errors
    /// What the library or system says.
    fn put(&mut self, record: NewRecord<'_>) -> Result<()>;
    /// Makes all records so far safe from a power cut. Called after every batch with durability `each`, and now and then
    /// where work may have to be gone on with; finished stores are synced by [`sealed`](crate::store::sealed), for all containers alike.
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

/// Why a format cannot give back the files that images came from.
pub const KEEPS_NO_FILES: &str = "only the codec source keeps the original files";

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
        Box::new(Writer {
            records,
            lanes: (0..write.threads.get()).map(|_| Lane::new(self.codec.encoder(&spec.shape))).collect(),
            shape: spec.shape.clone(),
            name: layout.name,
            prefix: self.prefixes_label(),
            info: self.info,
            next,
            sync_each: write.durability == Durability::Each,
        })
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

    fn open(&self, at: &Path, spec: &StoreSpec) -> Result<Arc<dyn ImageStore>> {
        let layout = self.layout(at, spec);
        Ok(Arc::new(Store {
            records: self.container.open(at, &layout)?,
            codec: Arc::clone(&self.codec),
            name: layout.name,
            spec: spec.clone(),
            prefix: self.prefixes_label(),
            of_files: self.info.of_files,
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
            checksums: container.checksums || self.info.checksums,
            // Bytes without a copy are of use only where they are the pixels.
            zero_copy: container.zero_copy && self.info.name == "raw",
            ..container
        }
    }

    fn native(&self) -> Native {
        self.container.native().unwrap_or_else(|| self.codec.native())
    }

    fn takes_files(&self) -> bool {
        self.info.of_files
    }

    fn lossy(&self, spec: &StoreSpec) -> Option<Box<dyn Lossy>> {
        self.info.lossy.then(|| -> Box<dyn Lossy> {
            Box::new(Pass {
                encoder: self.codec.encoder(&spec.shape),
                decoder: self.codec.decoder(&spec.shape),
                record: Vec::new(),
                name: StoreName::new(&self.id, Path::new("")),
            })
        })
    }

    fn settings(&self, spec: &StoreSpec) -> BTreeMap<String, String> {
        let mut settings = self.container.settings(&self.layout(Path::new(""), spec));
        settings.extend(self.codec.settings());
        settings
    }
}

/// An encoder and what it made of its share of a batch.
struct Lane {
    encoder: Box<dyn Encoder>,
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Lane {
    fn new(encoder: Box<dyn Encoder>) -> Self {
        Self { encoder, bytes: Vec::new(), ends: Vec::new() }
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }

    fn encode(&mut self, sample: &Sample<'_>, prefix: bool) -> Result<(), String> {
        if prefix {
            self.bytes.extend_from_slice(&sample.label.to_le_bytes());
        }
        self.encoder.encode(sample, &mut self.bytes)?;
        self.ends.push(self.bytes.len());
        Ok(())
    }

    fn records(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| &self.bytes[start..*end])
    }
}

struct Writer {
    records: Box<dyn RecordWriter>,
    /// One for each thread.
    lanes: Vec<Lane>,
    shape: Shape,
    name: StoreName,
    prefix: bool,
    info: &'static CodecInfo,
    next: u64,
    sync_each: bool,
}

impl Writer {
    fn refuse(&self, nth: usize, why: &str) -> Error {
        self.name.error(format!("image {} cannot be encoded: {why}", self.next + nth as u64), "use another codec")
    }

    fn put(&mut self, sample: &Sample<'_>, record: &[u8]) -> Result<()> {
        let extension = match self.info.of_files {
            true => image_file::Kind::of(sample.file).map_or("bin", image_file::Kind::extension),
            false => self.info.extension,
        };
        self.records.put(NewRecord { index: self.next, label: sample.label, extension, bytes: record })?;
        self.next += 1;
        Ok(())
    }

    /// Each lane encodes its share of the samples at the same time as the others; then all is written in order.
    fn append_with_all_lanes(&mut self, samples: &Batch) -> Result<()> {
        let mut lanes = std::mem::take(&mut self.lanes);
        let share = samples.len().div_ceil(lanes.len()).max(1);
        let prefix = self.prefix;
        let failed = lanes.par_iter_mut().enumerate().find_map_first(|(nth, lane)| {
            lane.clear();
            let mine = samples.iter().enumerate().skip(nth * share).take(share);
            mine.map(|(at, sample)| (at, lane.encode(&sample, prefix))).find_map(|(at, done)| Some((at, done.err()?)))
        });
        let written = match failed {
            Some((at, why)) => Err(self.refuse(at, &why)),
            None => {
                let mut records = lanes.iter().flat_map(Lane::records);
                samples.iter().zip(&mut records).try_for_each(|(sample, record)| self.put(&sample, record))
            }
        };
        self.lanes = lanes;
        written
    }

    fn append_with_one_lane(&mut self, samples: &Batch) -> Result<()> {
        let Some(mut lane) = self.lanes.pop() else { return Ok(()) };
        let written = samples.iter().enumerate().try_for_each(|(at, sample)| {
            lane.clear();
            lane.encode(&sample, self.prefix).map_err(|why| self.refuse(at, &why))?;
            self.put(&sample, &lane.bytes)
        });
        self.lanes.push(lane);
        written
    }
}

impl ImageWriter for Writer {
    fn append(&mut self, samples: &Batch) -> Result<()> {
        samples.iter().try_for_each(|sample| refuse_strange_shape(&self.name, &self.shape, sample.shape))?;
        match self.lanes.len() {
            1 => self.append_with_one_lane(samples)?,
            _ => self.append_with_all_lanes(samples)?,
        }
        if self.sync_each { self.records.sync() } else { Ok(()) }
    }

    fn sync(&mut self) -> Result<()> {
        self.records.sync()
    }

    fn finish(self: Box<Self>) -> Result<()> {
        self.records.finish()
    }
}

/// An image through a lossy codec and back.
struct Pass {
    encoder: Box<dyn Encoder>,
    decoder: Box<dyn Decoder>,
    record: Vec<u8>,
    name: StoreName,
}

impl Lossy for Pass {
    fn pass(&mut self, sample: &Sample<'_>, out: &mut Batch) -> Result<()> {
        self.record.clear();
        let passed = self.encoder.encode(sample, &mut self.record);
        let passed = passed.and_then(|()| self.decoder.decode(&self.record, sample.label, out));
        passed.map_err(|why| self.name.unsupported(why))?;
        out.set_key(sample.key);
        Ok(())
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

/// The codec's bytes and the label of a record.
fn split(record: Record<'_>, prefixed: bool) -> Result<(&[u8], u32), String> {
    if !prefixed {
        return Ok((record.bytes, record.label));
    }
    let (label, bytes) = record.bytes.split_first_chunk::<4>().ok_or("the record is too short to hold a label")?;
    Ok((bytes, u32::from_le_bytes(*label)))
}
