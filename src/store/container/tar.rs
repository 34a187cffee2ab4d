//! `tar`: WebDataset's shards (<https://github.com/webdataset/webdataset>): tar files (POSIX ustar) in which the files of a
//! sample stand one after another under one name, `00000012.cls` (the label in digits) and `00000012.png`. Beside each
//! shard, for reading in any order, the index that NVIDIA DALI's `wds2idx` makes of it (version 1.2): a line for each
//! sample, and of each of its files ending, offset, length and name.

mod index;

use super::fetch::fetch;
use super::in_place::InPlace;
use super::mapped::{Mapped, READAHEAD, Reads, TUNED};
use super::output::Output;
use super::record::{self, NewRecord, Record, RecordContainer, RecordLayout, RecordStore, RecordWriter};
use super::shards::{SHARD, Shard, ShardWriter, Shards, shard_bytes};
use super::{ContainerInfo, StoreName};
use crate::error::{IoContext, Result};
use crate::results::Native;
use crate::store::facts::Facts;
use crate::store::{Capabilities, WriteOptions};
use ::tar::Header;
use index::{Part, Sample};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

pub const INFO: ContainerInfo = ContainerInfo {
    about: "WebDataset: shards of tar, with DALI's index beside",
    codecs: &["png", "raw", "source", "jpeg", "qoi", "webp", "zstd", "lz4"],
    facts: Facts {
        licence: "MIT or Apache-2.0 (tar)",
        specification: "POSIX ustar (IEEE 1003.1); WebDataset's naming; the index of NVIDIA DALI's wds2idx, version 1.2",
        others: "webdataset, torchdata, NVIDIA DALI, tar and every archiver",
    },
    options: &[SHARD, READAHEAD],
    tuned: &[TUNED],
    labels: "a file of its own in each sample, NAME.cls",
    make: |id| record::format(id, Tar { shard_bytes: shard_bytes(id), reads: Reads::of(id) }),
};

const SHARDS: Shards =
    Shards { ending: "tar", index_ending: "idx", end: &[0; index::END_BYTES as usize], index_head: index::head };
/// Ending of the file with the label.
const LABEL: &str = "cls";
/// Tar's unit.
const BLOCK: u64 = 512;

struct Tar {
    /// A shard is not begun to be larger.
    shard_bytes: u64,
    reads: Reads,
}

impl RecordContainer for Tar {
    fn create(&self, _: &Path, layout: &RecordLayout, write: &WriteOptions) -> Result<Box<dyn RecordWriter>> {
        Ok(Box::new(Writer(ShardWriter::new(SHARDS, self.shard_bytes, layout, write))))
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
        let (shards, samples) = SHARDS.open(self.reads, layout, index::read)?;
        SHARDS.refuse_more(shards.len() as u32, &layout.name)?;
        Ok(Arc::new(Store { shards, samples, name: layout.name.clone() }))
    }

    /// Whether the shards hold what their indices say, by their own headers.
    fn audit(&self, at: &Path, layout: &RecordLayout) -> Result<()> {
        let (shards, samples) = SHARDS.open(self.reads, layout, index::read)?;
        let mut first = 0;
        for ((shard, samples), number) in shards.iter().zip(samples.chunk_by(|a, b| a.shard == b.shard)).zip(0..) {
            index::compare(shard, samples, first, &at.join(SHARDS.name(number)), &layout.name)?;
            first += samples.len() as u64;
        }
        Ok(())
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { append: true, zero_copy: true, ..Capabilities::RECORDS }
    }

    fn native(&self) -> Option<Native> {
        Some(Native { library: "tar".into(), version: env!("BUILT_TAR_VERSION").into() })
    }

    fn settings(&self, _: &RecordLayout) -> BTreeMap<String, String> {
        BTreeMap::from([
            ("tar shard".into(), format!("{} MiB", self.shard_bytes >> 20)),
            ("tar read".into(), format!("{}, at the places that the index gives", self.reads.words())),
        ])
    }

    fn keeps_labels(&self) -> bool {
        true
    }
}

/// Bytes of a file in the archive: its header, and its bytes in whole blocks.
fn member_bytes(length: u64) -> u64 {
    BLOCK + length.next_multiple_of(BLOCK)
}

/// Adds a file to an archive.
fn add(tar: &mut Output, name: &str, bytes: &[u8]) -> Result<Part> {
    let (mut header, length) = (Header::new_ustar(), bytes.len() as u64);
    header.set_path(name).at("write", tar.path())?;
    header.set_size(length);
    header.set_mode(0o644);
    header.set_mtime(0);
    header.set_cksum();
    tar.add(header.as_bytes())?;
    let offset = tar.bytes();
    tar.add(bytes)?;
    tar.add(&[0; BLOCK as usize][..(length.next_multiple_of(BLOCK) - length) as usize])?;
    Ok(Part { offset, length })
}

struct Writer(ShardWriter);

impl RecordWriter for Writer {
    fn put(&mut self, record: NewRecord<'_>) -> Result<()> {
        let NewRecord { index, label, extension, bytes } = record;
        let digits = label.to_string();
        let needed = member_bytes(digits.len() as u64) + member_bytes(bytes.len() as u64);
        let Shard { file: tar, index: lines } = self.0.shard_for(needed)?;
        let label = add(tar, &member(index, LABEL), digits.as_bytes())?;
        let image = add(tar, &member(index, extension), bytes)?;
        index::add(index, label, (extension, image), lines);
        Ok(())
    }

    /// The shard so far: what a power cut leaves of it, tar reads up to its last whole file.
    fn sync(&mut self) -> Result<()> {
        self.0.sync()
    }

    fn finish(mut self: Box<Self>) -> Result<()> {
        self.0.end_shard()
    }
}

/// Name of a sample's file in its shard.
fn member(index: u64, extension: &str) -> String {
    format!("{index:08}.{extension}")
}

struct Store {
    shards: Vec<Mapped>,
    samples: Vec<Sample>,
    name: StoreName,
}

impl Store {
    /// Label, in digits, and image of a sample. Both places were compared with the shard's length on opening.
    fn sample(&self, index: u64) -> Option<(&[u8], &[u8])> {
        let sample = self.samples.get(usize::try_from(index).ok()?)?;
        let part = |part: Part| self.shards.get(sample.shard as usize)?.part(part.offset, part.length);
        Some((part(sample.label)?, part(sample.image)?))
    }
}

impl InPlace for Store {
    fn fetch(&self, index: u64) {
        if let Some((digits, image)) = self.sample(index) {
            fetch(digits);
            fetch(image);
        }
    }

    fn record(&self, index: u64) -> Result<Record<'_>> {
        let damaged = |what: &str| self.name.damaged(format!("image {index} {what}"));
        let (digits, bytes) = self.sample(index).ok_or_else(|| damaged("is missing"))?;
        let label = index::digits(digits).ok_or_else(|| damaged("has no label"))?;
        Ok(Record { bytes, label })
    }
}

#[cfg(test)]
mod tests;
