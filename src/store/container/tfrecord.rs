//! `tfrecord`: TensorFlow's records (<https://www.tensorflow.org/tutorials/load_data/tfrecord>): shards of framed
//! `tf.train.Example` messages, each frame a length (`u64`, little-endian), its masked CRC-32C, the message, and the masked
//! CRC-32C of that. Features as in TensorFlow's own image datasets: `image/encoded` (bytes), `image/format` (bytes) and
//! `image/class/label` (int64). Beside each shard, for reading in any order, the index that `tfrecord2idx` makes of it (a
//! line `offset length` for each frame). Both checksums are verified on every read, as TensorFlow does.

pub(crate) mod example;
pub(crate) mod frame;

use super::fetch::fetch;
use super::in_place::InPlace;
use super::mapped::{Mapped, READAHEAD, Reads, TUNED};
use super::record::{self, NewRecord, Record, RecordContainer, RecordLayout, RecordStore, RecordWriter};
use super::shards::{SHARD, Shard, ShardWriter, Shards, shard_bytes};
use super::{ContainerInfo, StoreName};
use crate::error::{IoContext, Result};
use crate::results::Native;
use crate::store::facts::Facts;
use crate::store::{Capabilities, WriteOptions};
use example::Example;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

pub const INFO: ContainerInfo = ContainerInfo {
    about: "TFRecord: shards of tf.train.Example, CRC-32C checked",
    codecs: &["png", "raw", "source", "jpeg", "qoi", "webp", "zstd", "lz4"],
    facts: Facts {
        licence: "MIT or Apache-2.0, as shelfmark, from the specification",
        specification: "TFRecord and tf.train.Example (TensorFlow); the index of tfrecord2idx",
        others: "TensorFlow, tf.data, the tfrecord package, NVIDIA DALI, Apache Beam",
    },
    options: &[SHARD, READAHEAD],
    tuned: &[TUNED],
    labels: "a feature of each record, image/class/label",
    make: |id| record::format(id, TfRecord { shard_bytes: shard_bytes(id), reads: Reads::of(id) }),
};

const SHARDS: Shards = Shards { ending: "tfrecord", index_ending: "tfindex", end: &[], index_head: |_| String::new() };

struct TfRecord {
    /// A shard is not begun to be larger.
    shard_bytes: u64,
    reads: Reads,
}

impl RecordContainer for TfRecord {
    fn create(&self, _: &Path, layout: &RecordLayout, write: &WriteOptions) -> Result<Box<dyn RecordWriter>> {
        let shards = ShardWriter::new(SHARDS, self.shard_bytes, layout, write);
        Ok(Box::new(Writer { shards, message: Vec::new() }))
    }

    /// New shards, as those of a new store are.
    fn open_append(
        &self,
        at: &Path,
        layout: &RecordLayout,
        _: u64,
        write: &WriteOptions,
    ) -> Result<Box<dyn RecordWriter>> {
        self.create(at, layout, write)
    }

    fn open(&self, _: &Path, layout: &RecordLayout) -> Result<Arc<dyn RecordStore>> {
        let (shards, frames) = SHARDS.open(self.reads, layout, read_index)?;
        SHARDS.refuse_more(shards.len() as u32, &layout.name)?;
        Ok(Arc::new(Store { shards, frames, name: layout.name.clone() }))
    }

    /// Whether there is a frame wherever the index says. (That these lie one behind the other to the shard's end is asked on
    /// opening.)
    fn audit(&self, _: &Path, layout: &RecordLayout) -> Result<()> {
        let (shards, frames) = SHARDS.open(self.reads, layout, read_index)?;
        let is_there = |frame: &&Frame| {
            let bytes = shards.get(frame.shard as usize).and_then(|shard| shard.part(frame.offset, frame.length));
            bytes.and_then(frame::length) == Some(frame.length)
        };
        match frames.iter().find(|frame| !is_there(frame)) {
            None => Ok(()),
            Some(Frame { shard, offset, .. }) => {
                let shard = SHARDS.name(*shard);
                Err(layout.name.mismatch(format!("{shard}: no frame of the index begins at {offset}")))
            }
        }
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { append: true, checksums: true, zero_copy: true, ..Capabilities::RECORDS }
    }

    fn native(&self) -> Option<Native> {
        Some(Native { library: "shelfmark".into(), version: env!("CARGO_PKG_VERSION").into() })
    }

    fn settings(&self, _: &RecordLayout) -> BTreeMap<String, String> {
        BTreeMap::from([
            ("TFRecord shard".into(), format!("{} MiB", self.shard_bytes >> 20)),
            ("TFRecord checksums".into(), "verified on every read".into()),
            ("TFRecord read".into(), format!("{}, at the places that the index gives", self.reads.words())),
        ])
    }

    fn keeps_labels(&self) -> bool {
        true
    }
}

/// Where a frame lies.
#[derive(Debug, Clone, Copy)]
struct Frame {
    shard: u32,
    offset: u64,
    /// With length and checksums.
    length: u64,
}

/// A frame's largest overhead: checksums, and the message's names and lengths.
const OVERHEAD_BYTES: u64 = 256;

/// Adds the frames of shard `number`, which is `bytes` long, to those before them.
fn read_index(number: u32, bytes: u64, layout: &RecordLayout, frames: &mut Vec<Frame>) -> Result<()> {
    let file = SHARDS.index_name(number);
    let path = layout.name.path.join(&file);
    let text = std::fs::read_to_string(&path).at("read", &path)?;
    let damaged = |what: String| layout.name.damaged(format!("{file}: {what}"));
    let (before, mut end) = (frames.len(), 0);
    for line in text.lines() {
        let index = frames.len() as u64;
        let numbers = line.split_once(' ').and_then(|(at, length)| Some((at.parse().ok()?, length.parse().ok()?)));
        let (offset, length): (u64, u64) = numbers.ok_or_else(|| damaged(format!("image {index} has no place")))?;
        // One behind the other: else an index that is damaged would give one image for another.
        if offset != end {
            return Err(damaged(format!("image {index} does not begin where the one before ends")));
        }
        end = match offset.checked_add(length).filter(|end| *end <= bytes) {
            Some(end) => end,
            None => return Err(damaged(format!("image {index} would lie beyond the shard's end"))),
        };
        if length > layout.max_record_bytes().saturating_add(OVERHEAD_BYTES) {
            return Err(damaged(format!("image {index} is too long for any image")));
        }
        if index >= layout.records {
            return Err(damaged(format!("it tells of more than {} images", layout.records)));
        }
        frames.push(Frame { shard: number, offset, length });
    }
    if frames.len() == before {
        return Err(damaged("it is empty".into()));
    }
    if end == bytes { Ok(()) } else { Err(damaged("the shard goes on behind it".into())) }
}

struct Writer {
    shards: ShardWriter,
    message: Vec<u8>,
}

impl RecordWriter for Writer {
    fn put(&mut self, record: NewRecord<'_>) -> Result<()> {
        let NewRecord { label, extension, bytes, .. } = record;
        self.message.clear();
        Example { image: bytes, format: extension.as_bytes(), label: label.into() }.encode(&mut self.message);
        let length = frame::bytes(self.message.len());
        let Shard { file, index } = self.shards.shard_for(length)?;
        // Writing to a string cannot fail.
        let _ = writeln!(index, "{} {length}", file.bytes());
        frame::write(&self.message, file)
    }

    /// The frames so far, which are read without the index, too.
    fn sync(&mut self) -> Result<()> {
        self.shards.sync()
    }

    fn finish(mut self: Box<Self>) -> Result<()> {
        self.shards.end_shard()
    }
}

struct Store {
    shards: Vec<Mapped>,
    frames: Vec<Frame>,
    name: StoreName,
}

impl Store {
    /// The frame of a record, nothing of which is verified yet.
    fn frame(&self, index: u64) -> Option<&[u8]> {
        let frame = self.frames.get(usize::try_from(index).ok()?)?;
        self.shards.get(frame.shard as usize)?.part(frame.offset, frame.length)
    }
}

impl InPlace for Store {
    fn fetch(&self, index: u64) {
        self.frame(index).into_iter().for_each(fetch);
    }

    fn record(&self, index: u64) -> Result<Record<'_>> {
        let damaged = |why: String| self.name.damaged(format!("image {index}: {why}"));
        let frame = self.frame(index).ok_or_else(|| damaged("it is missing".into()))?;
        let example = frame::message(frame).and_then(Example::decode).map_err(damaged)?;
        let label = u32::try_from(example.label).map_err(|_| damaged(format!("its label is {}", example.label)))?;
        Ok(Record { bytes: example.image, label })
    }
}

#[cfg(test)]
mod tests;
