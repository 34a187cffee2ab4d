//! `mds`: Mosaic Data Shards, version 2, what MosaicML's `streaming` reads
//! (<https://docs.mosaicml.com/projects/streaming>). A shard holds, all little-endian: how many samples it has (`u32`), where
//! each begins and the last ends (`u32`), a JSON text about its columns, and the samples; a sample the length of its image
//! (`u32`), the image's bytes (column `image`, encoding `bytes`) and the label (column `label`, encoding `int`, `i64`).
//! `index.json` tells of all shards. As in the original writer a shard is put together in memory and written whole.

mod index;

use super::fetch::fetch;
use super::in_place::InPlace;
use super::mapped::{Mapped, READAHEAD, Reads, TUNED};
use super::output::Output;
use super::record::{self, NewRecord, Record, RecordContainer, RecordLayout, RecordStore, RecordWriter};
use super::{ContainerInfo, StoreName};
use crate::error::{IoContext, Result};
use crate::results::Native;
use crate::store::facts::Facts;
use crate::store::options::{OptionInfo, Values, integer};
use crate::store::{Capabilities, Durability, WriteOptions, sync};
use index::{Index, Shard, column_text};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The limit that the original writer has, too.
const SHARD: OptionInfo = OptionInfo {
    key: "shard",
    // Places in a shard are u32.
    values: Values::Integer { min: 1, max: 4095 },
    default: "64",
    about: "MiB a shard",
    reading: false,
};

pub const INFO: ContainerInfo = ContainerInfo {
    about: "MosaicML Streaming's shards (MDS)",
    codecs: &["png", "raw", "source", "jpeg", "qoi", "webp", "zstd", "lz4"],
    facts: Facts {
        licence: "MIT or Apache-2.0, as shelfmark, from the layout",
        specification: "MDS version 2 (the source code of mosaicml-streaming)",
        others: "mosaicml-streaming",
    },
    options: &[SHARD, READAHEAD],
    tuned: &[TUNED],
    labels: "a column of each sample, label",
    make: |id| {
        record::format(id, Mds { shard_bytes: integer(id, SHARD.key).unwrap_or(64) << 20, reads: Reads::of(id) })
    },
};

struct Mds {
    /// A shard is not begun to be larger.
    shard_bytes: u64,
    reads: Reads,
}

/// Bytes of the label of a sample.
const LABEL_BYTES: usize = 8;
/// Bytes of a length or place.
const WORD: usize = 4;

impl Mds {
    /// Adds shards to those that there are.
    fn writer(&self, at: &Path, shards: Vec<Shard>, layout: &RecordLayout, write: &WriteOptions) -> Writer {
        Writer {
            folder: at.to_owned(),
            shard_bytes: self.shard_bytes,
            ends: Vec::new(),
            samples: Vec::new(),
            shards,
            sync_each: write.durability == Durability::Each,
            name: layout.name.clone(),
        }
    }
}

impl RecordContainer for Mds {
    fn create(&self, at: &Path, layout: &RecordLayout, write: &WriteOptions) -> Result<Box<dyn RecordWriter>> {
        Ok(Box::new(self.writer(at, Vec::new(), layout, write)))
    }

    /// New shards, and an index that tells of them, too.
    fn open_append(
        &self,
        at: &Path,
        layout: &RecordLayout,
        _: u64,
        write: &WriteOptions,
    ) -> Result<Box<dyn RecordWriter>> {
        let shards = Index::read(&layout.name)?.shards;
        Ok(Box::new(self.writer(at, shards, layout, write)))
    }

    fn open(&self, _: &Path, layout: &RecordLayout) -> Result<Arc<dyn RecordStore>> {
        let name = &layout.name;
        let index = Index::read(name)?;
        let mut shards = Vec::new();
        let mut first = 0_u64;
        for (nth, shard) in index.shards.iter().enumerate() {
            let map = Mapped::open(shard.file(nth, name)?, self.reads, name)?;
            let length = map.bytes().len() as u64;
            let damaged = |what: &str| name.damaged(format!("{}: {what}", shard.raw_data.basename));
            if length != shard.raw_data.bytes {
                return Err(damaged("it is not as long as index.json says"));
            }
            let places = (u64::from(shard.samples) + 1) * WORD as u64;
            if word(&map, 0) != Some(shard.samples) || map.part(WORD as u64, places).is_none() {
                return Err(damaged("it has not as many samples as index.json says"));
            }
            shards.push(Part { map, first });
            first += u64::from(shard.samples);
        }
        if first != layout.records {
            return Err(name.damaged(format!("index.json tells of {first} samples for {} images", layout.records)));
        }
        Ok(Arc::new(Store { shards, max_bytes: layout.max_record_bytes(), name: name.clone() }))
    }

    /// Whether every shard tells of the same columns as `index.json`, and its samples lie one behind the other to its end.
    fn audit(&self, _: &Path, layout: &RecordLayout) -> Result<()> {
        let name = &layout.name;
        for (nth, shard) in Index::read(name)?.shards.iter().enumerate() {
            let map = Mapped::open(shard.file(nth, name)?, self.reads, name)?;
            let wrong = |what: String| name.mismatch(format!("{}: {what}", shard.raw_data.basename));
            let text_at = WORD as u64 * (u64::from(shard.samples) + 2);
            let mut places = (0..=u64::from(shard.samples)).map(|nth| word(&map, WORD as u64 * (nth + 1)));
            let first = places.next().flatten().map(u64::from).filter(|first| *first >= text_at);
            let text = first.and_then(|first| map.part(text_at, first - text_at));
            if text.is_none_or(|text| !shard.has_columns(text)) {
                return Err(wrong("its own description of its columns is not that of index.json".into()));
            }
            let mut before = first;
            for place in places.map(|place| place.map(u64::from)) {
                if place.is_none() || place <= before {
                    return Err(wrong("its samples do not lie one behind the other".into()));
                }
                before = place;
            }
            if before != Some(map.bytes().len() as u64) {
                return Err(wrong("it goes on behind its last sample".into()));
            }
        }
        Ok(())
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { append: true, zero_copy: true, ..Capabilities::RECORDS }
    }

    fn native(&self) -> Option<Native> {
        Some(Native { library: "shelfmark".into(), version: env!("CARGO_PKG_VERSION").into() })
    }

    fn settings(&self, _: &RecordLayout) -> BTreeMap<String, String> {
        BTreeMap::from([
            ("MDS shard".into(), format!("{} MiB", self.shard_bytes >> 20)),
            ("MDS read".into(), self.reads.words().into()),
        ])
    }

    fn keeps_labels(&self) -> bool {
        true
    }
}

/// A number in a shard.
fn word(shard: &Mapped, offset: u64) -> Option<u32> {
    shard.part(offset, WORD as u64).and_then(|bytes| Some(u32::from_le_bytes(bytes.try_into().ok()?)))
}

struct Writer {
    folder: PathBuf,
    shard_bytes: u64,
    /// Where in `samples` each ends.
    ends: Vec<u32>,
    /// Those of the shard that is being put together.
    samples: Vec<u8>,
    /// Those that were written.
    shards: Vec<Shard>,
    sync_each: bool,
    name: StoreName,
}

impl Writer {
    /// Bytes of a shard before its samples.
    fn head_bytes(samples: usize) -> usize {
        WORD * (samples + 2) + column_text().len()
    }

    fn end_shard(&mut self) -> Result<()> {
        if self.ends.is_empty() {
            return Ok(());
        }
        let number = self.shards.len();
        let basename = Shard::basename(number);
        let mut out = Output::create(&self.folder.join(&basename))?;
        let (samples, start) = (self.ends.len() as u32, Self::head_bytes(self.ends.len()) as u32);
        let places = std::iter::once(0).chain(self.ends.iter().copied()).map(|end| start + end);
        let words: Vec<u8> = std::iter::once(samples).chain(places).flat_map(u32::to_le_bytes).collect();
        out.add(&words)?;
        out.add(column_text().as_bytes())?;
        out.add(&self.samples)?;
        out.flush(self.sync_each)?;
        self.shards.push(Shard::new(basename, out.bytes(), samples, self.shard_bytes));
        self.ends.clear();
        self.samples.clear();
        Ok(())
    }
}

impl RecordWriter for Writer {
    fn put(&mut self, record: NewRecord<'_>) -> Result<()> {
        let NewRecord { index, label, bytes, .. } = record;
        let sample = WORD + bytes.len() + LABEL_BYTES;
        let with = |writer: &Self| (Self::head_bytes(writer.ends.len() + 1) + writer.samples.len() + sample) as u64;
        if with(self) > self.shard_bytes {
            self.end_shard()?;
        }
        let length = u32::try_from(bytes.len()).ok().filter(|_| u32::try_from(with(self)).is_ok());
        let length = length.ok_or_else(|| self.name.unsupported(format!("image {index}: samples of 4 GiB")))?;
        self.samples.extend_from_slice(&length.to_le_bytes());
        self.samples.extend_from_slice(bytes);
        self.samples.extend_from_slice(&i64::from(label).to_le_bytes());
        self.ends.push(self.samples.len() as u32);
        Ok(())
    }

    /// A shard is whole or not there: what has come so far becomes one.
    fn sync(&mut self) -> Result<()> {
        self.end_shard()?;
        sync::tree(&self.folder)
    }

    fn finish(mut self: Box<Self>) -> Result<()> {
        self.end_shard()?;
        let shards = std::mem::take(&mut self.shards);
        let path = self.folder.join(index::FILE);
        std::fs::write(&path, Index::new(shards).text()).at("write", &path)?;
        if self.sync_each { sync::tree(&self.folder) } else { Ok(()) }
    }
}

/// A shard that is open.
struct Part {
    map: Mapped,
    /// Number of its first sample.
    first: u64,
}

struct Store {
    shards: Vec<Part>,
    max_bytes: u64,
    name: StoreName,
}

impl Store {
    /// The bytes of a sample, as its shard says where they are.
    fn sample(&self, index: u64) -> Option<&[u8]> {
        let shard = self.shards.get(self.shards.partition_point(|shard| shard.first <= index).checked_sub(1)?)?;
        let places = shard.map.part((index - shard.first + 1) * WORD as u64, 2 * WORD as u64)?;
        let (begin, end) = places.split_at(WORD);
        let place = |word: &[u8]| Some(u64::from(u32::from_le_bytes(word.try_into().ok()?)));
        let (begin, end) = (place(begin)?, place(end)?);
        shard.map.part(begin, end.checked_sub(begin)?)
    }
}

impl InPlace for Store {
    fn fetch(&self, index: u64) {
        self.sample(index).into_iter().for_each(fetch);
    }

    fn record(&self, index: u64) -> Result<Record<'_>> {
        let record = self.sample(index).and_then(|sample| {
            let (length, rest) = sample.split_first_chunk::<WORD>()?;
            let (bytes, label) = rest.split_last_chunk::<LABEL_BYTES>()?;
            let whole = bytes.len() == u32::from_le_bytes(*length) as usize && bytes.len() as u64 <= self.max_bytes;
            let label = u32::try_from(i64::from_le_bytes(*label)).ok()?;
            whole.then_some(Record { bytes, label })
        });
        record.ok_or_else(|| self.name.damaged(format!("image {index} is not where its shard says")))
    }
}

#[cfg(test)]
mod tests;
