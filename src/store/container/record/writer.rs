//! The adapter's writing side: samples encoded, by several threads where asked for, and put into the container in order.

use super::{NewRecord, RecordWriter, refuse_strange_shape};
use crate::error::{Error, Result};
use crate::image_file;
use crate::sample::{Batch, ImageShape, Sample, Shape};
use crate::store::codec::{Codec, CodecInfo, Decoder, Encoder};
use crate::store::container::StoreName;
use crate::store::{ImageWriter, Lossy};
use rayon::prelude::*;
use std::sync::Arc;

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

/// What a writer knows of its store.
pub struct Kept {
    pub shape: Shape,
    pub name: StoreName,
    /// Whether labels go in front of the codec's bytes.
    pub prefix: bool,
    pub info: &'static CodecInfo,
    /// What encodes, asked why where it could not.
    pub codec: Arc<dyn Codec>,
    pub sync_each: bool,
}

/// Encodes and puts.
pub struct Writer {
    records: Box<dyn RecordWriter>,
    /// One for each thread.
    lanes: Vec<Lane>,
    store: Kept,
    next: u64,
}

impl Writer {
    /// With one thread for each encoder; `next` is the number of the first record to come.
    pub fn new(records: Box<dyn RecordWriter>, encoders: Vec<Box<dyn Encoder>>, store: Kept, next: u64) -> Self {
        Self { records, lanes: encoders.into_iter().map(Lane::new).collect(), store, next }
    }

    fn refuse(&self, nth: usize, shape: Option<ImageShape>, why: &str) -> Error {
        // Of a ragged store only the largest image was known.
        if let Some(Err(why)) = shape.map(|shape| self.store.codec.accepts(shape)) {
            return self.store.name.unsupported(why);
        }
        self.store.name.error(format!("image {} cannot be encoded: {why}", self.next + nth as u64), "use another codec")
    }

    fn put(&mut self, sample: &Sample<'_>, record: &[u8]) -> Result<()> {
        let extension = match self.store.info.of_files {
            true => image_file::Kind::of(sample.file).map_or("bin", image_file::Kind::extension),
            false => self.store.info.extension,
        };
        self.records.put(NewRecord { index: self.next, label: sample.label, extension, bytes: record })?;
        self.next += 1;
        Ok(())
    }

    /// Each lane encodes its share of the samples at the same time as the others; then all is written in order.
    fn append_with_all_lanes(&mut self, samples: &Batch) -> Result<()> {
        let mut lanes = std::mem::take(&mut self.lanes);
        let share = samples.len().div_ceil(lanes.len()).max(1);
        let prefix = self.store.prefix;
        let failed = lanes.par_iter_mut().enumerate().find_map_first(|(nth, lane)| {
            lane.clear();
            let mine = samples.iter().enumerate().skip(nth * share).take(share);
            mine.map(|(at, sample)| (at, lane.encode(&sample, prefix))).find_map(|(at, done)| Some((at, done.err()?)))
        });
        let written = match failed {
            Some((at, why)) => Err(self.refuse(at, samples.get(at).map(|sample| sample.shape), &why)),
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
            lane.encode(&sample, self.store.prefix).map_err(|why| self.refuse(at, Some(sample.shape), &why))?;
            self.put(&sample, &lane.bytes)
        });
        self.lanes.push(lane);
        written
    }
}

impl ImageWriter for Writer {
    fn append(&mut self, samples: &Batch) -> Result<()> {
        samples
            .iter()
            .try_for_each(|sample| refuse_strange_shape(&self.store.name, &self.store.shape, sample.shape))?;
        match self.lanes.len() {
            1 => self.append_with_one_lane(samples)?,
            _ => self.append_with_all_lanes(samples)?,
        }
        if self.store.sync_each { self.records.sync() } else { Ok(()) }
    }

    fn sync(&mut self) -> Result<()> {
        self.records.sync()
    }

    fn finish(self: Box<Self>) -> Result<()> {
        self.records.finish()
    }
}

/// An image through a lossy codec and back.
pub struct Pass {
    encoder: Box<dyn Encoder>,
    decoder: Box<dyn Decoder>,
    record: Vec<u8>,
    name: StoreName,
}

impl Pass {
    /// Through these two; `name` is what errors speak of.
    pub fn new(encoder: Box<dyn Encoder>, decoder: Box<dyn Decoder>, name: StoreName) -> Self {
        Self { encoder, decoder, record: Vec::new(), name }
    }
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
