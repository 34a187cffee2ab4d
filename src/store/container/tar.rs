//! `tar`: WebDataset's shards (<https://github.com/webdataset/webdataset>): tar files (POSIX ustar) in which the files of a
//! sample stand one after another under one name, `00000012.cls` (the label in digits) and `00000012.png`. Beside each
//! shard, for reading in any order, the index that NVIDIA DALI's `wds2idx` makes of it (version 1.2): a line for each
//! sample, and of each of its files ending, offset, length and name.

mod index;

use super::fetch::each_ahead;
use super::mapped::{Mapped, READAHEAD, Reads, TUNED};
use super::output::Output;
use super::record::{
    self, NewRecord, Record, RecordContainer, RecordLayout, RecordReader, RecordStore, RecordWriter, TakeRecord,
};
use super::shards::{SHARD, Shards, shard_bytes};
use super::{ContainerInfo, StoreName};
use crate::error::{IoContext, Result};
use crate::results::Native;
use crate::store::facts::Facts;
use crate::store::{Capabilities, Durability, WriteOptions, sync};
use ::tar::{Builder, Header};
use index::{Part, Sample};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
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

const SHARDS: Shards = Shards { ending: "tar" };
/// Of the index beside a shard.
const INDEX: Shards = Shards { ending: "idx" };
/// Ending of the file with the label.
const LABEL: &str = "cls";
/// Tar's unit.
const BLOCK: u64 = 512;

struct Tar {
    /// A shard is not begun to be larger.
    shard_bytes: u64,
    reads: Reads,
}

impl Tar {
    /// Adds shards to the `shards` that there are.
    fn writer(&self, at: &Path, shards: u32, write: &WriteOptions) -> Writer {
        Writer {
            folder: at.to_owned(),
            shard_bytes: self.shard_bytes,
            open: None,
            shards,
            sync_each: write.durability == Durability::Each,
        }
    }
}

impl RecordContainer for Tar {
    fn create(&self, at: &Path, _: &RecordLayout, write: &WriteOptions) -> Result<Box<dyn RecordWriter>> {
        Ok(Box::new(self.writer(at, 0, write)))
    }

    /// Shards are not gone back to: what is added makes new ones, as whoever adds to such a set does.
    fn open_append(
        &self,
        at: &Path,
        layout: &RecordLayout,
        _: u64,
        write: &WriteOptions,
    ) -> Result<Box<dyn RecordWriter>> {
        Ok(Box::new(self.writer(at, SHARDS.count(&layout.name), write)))
    }

    fn open(&self, _: &Path, layout: &RecordLayout) -> Result<Arc<dyn RecordStore>> {
        let (mut shards, mut samples) = (Vec::new(), Vec::new());
        while (samples.len() as u64) < layout.records {
            let number = shards.len() as u32;
            let shard = Mapped::open(SHARDS.name(number), self.reads, &layout.name)?;
            index::read(number, shard.bytes().len() as u64, layout, &mut samples)?;
            shards.push(shard);
        }
        SHARDS.refuse_more(shards.len() as u32, &layout.name)?;
        Ok(Arc::new(Store { shards, samples, name: layout.name.clone() }))
    }

    /// Whether the shards hold what their indices say, by their own headers.
    fn audit(&self, at: &Path, layout: &RecordLayout) -> Result<()> {
        let (mut number, mut seen) = (0, Vec::new());
        while (seen.len() as u64) < layout.records {
            let shard = Mapped::open(SHARDS.name(number), self.reads, &layout.name)?;
            let first = seen.len();
            index::read(number, shard.bytes().len() as u64, layout, &mut seen)?;
            index::compare(&shard, &seen[first..], first as u64, &at.join(SHARDS.name(number)), &layout.name)?;
            number += 1;
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

/// A shard being written.
struct Open {
    tar: Builder<Output>,
    samples: Vec<Sample>,
    extensions: Vec<&'static str>,
    first: u64,
}

struct Writer {
    folder: PathBuf,
    shard_bytes: u64,
    open: Option<Open>,
    /// Shards that were begun.
    shards: u32,
    sync_each: bool,
}

/// Bytes of a file in the archive: its header, and its bytes in whole blocks.
fn member_bytes(length: u64) -> u64 {
    BLOCK + length.next_multiple_of(BLOCK)
}

impl Writer {
    /// The shard that takes a sample of so many bytes.
    fn shard_for(&mut self, bytes: u64, index: u64) -> Result<&mut Open> {
        let full = |open: &Open| open.tar.get_ref().bytes() + bytes > self.shard_bytes;
        if self.open.as_ref().is_some_and(full) {
            self.end_shard()?;
        }
        match &mut self.open {
            Some(open) => Ok(open),
            none => {
                let output = Output::create(&self.folder.join(SHARDS.name(self.shards)))?;
                self.shards += 1;
                Ok(none.insert(Open {
                    tar: Builder::new(output),
                    samples: Vec::new(),
                    extensions: Vec::new(),
                    first: index,
                }))
            }
        }
    }

    fn end_shard(&mut self) -> Result<()> {
        let Some(open) = self.open.take() else { return Ok(()) };
        let number = self.shards - 1;
        let path = self.folder.join(SHARDS.name(number));
        // The two blocks of zeros that end an archive.
        let mut output = open.tar.into_inner().at("write", &path)?;
        output.flush(self.sync_each)?;
        let mut index = Output::create(&self.folder.join(INDEX.name(number)))?;
        index::write(&open.samples, &open.extensions, open.first, &mut index)?;
        index.flush(self.sync_each)
    }
}

fn add(tar: &mut Builder<Output>, name: &str, bytes: &[u8], path: &Path) -> Result<Part> {
    let mut header = Header::new_ustar();
    header.set_size(bytes.len() as u64);
    header.set_mode(0o644);
    header.set_mtime(0);
    tar.append_data(&mut header, name, bytes).at("write", path)?;
    let length = bytes.len() as u64;
    Ok(Part { offset: tar.get_ref().bytes() - length.next_multiple_of(BLOCK), length })
}

impl RecordWriter for Writer {
    fn put(&mut self, record: NewRecord<'_>) -> Result<()> {
        let NewRecord { index, label, extension, bytes } = record;
        let digits = label.to_string();
        let path = self.folder.clone();
        let needed = member_bytes(digits.len() as u64) + member_bytes(bytes.len() as u64);
        let open = self.shard_for(needed, index)?;
        let label = add(&mut open.tar, &member(index, LABEL), digits.as_bytes(), &path)?;
        let image = add(&mut open.tar, &member(index, extension), bytes, &path)?;
        open.samples.push(Sample { shard: 0, label, image });
        open.extensions.push(extension);
        Ok(())
    }

    /// The shard so far: what a power cut leaves of it, tar reads up to its last whole file.
    fn sync(&mut self) -> Result<()> {
        if let Some(open) = &mut self.open {
            open.tar.get_mut().flush(true)?;
        }
        sync::one(&self.folder)
    }

    fn finish(mut self: Box<Self>) -> Result<()> {
        self.end_shard()
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

impl RecordStore for Store {
    fn reader(self: Arc<Self>) -> Result<Box<dyn RecordReader>> {
        Ok(Box::new(Reader(self)))
    }
}

struct Reader(Arc<Store>);

impl Reader {
    fn find(&self, index: u64) -> Result<Record<'_>> {
        let Store { shards, samples, name } = &*self.0;
        // Both were compared with the shard's length on opening.
        let part = |sample: &Sample, part: Part| shards.get(sample.shard as usize)?.part(part.offset, part.length);
        let sample = usize::try_from(index).ok().and_then(|at| samples.get(at));
        let found = sample.and_then(|sample| Some((part(sample, sample.label)?, part(sample, sample.image)?)));
        let (digits, bytes) = found.ok_or_else(|| name.damaged(format!("image {index} is missing")))?;
        let label = index::digits(digits).ok_or_else(|| name.damaged(format!("image {index} has no label")))?;
        Ok(Record { bytes, label })
    }
}

impl RecordReader for Reader {
    fn get(&mut self, index: u64) -> Result<Record<'_>> {
        self.find(index)
    }

    fn get_each(&mut self, indices: &[u64], take: &mut TakeRecord<'_>) -> Result<()> {
        each_ahead(indices, |index| self.find(index), take)
    }
}

#[cfg(test)]
mod tests;
