//! Shards: a store in files of a bounded size, numbered from 0, each with an index beside it: what `tar` and `tfrecord` have
//! in common.

use super::StoreName;
use super::mapped::{Mapped, Reads};
use super::output::Output;
use super::record::RecordLayout;
use crate::error::Result;
use crate::store::options::{OptionInfo, Values, integer};
use crate::store::{Durability, FormatId, WriteOptions, sync};
use std::path::PathBuf;

/// The size that a shard is not begun to exceed.
pub const SHARD: OptionInfo = OptionInfo {
    key: "shard",
    values: Values::Integer { min: 1, max: 1 << 20 },
    default: "256",
    about: "MiB a shard",
    reading: false,
};

/// The size of shards that `id` asks for, in bytes.
pub fn shard_bytes(id: &FormatId) -> u64 {
    integer(id, SHARD.key).unwrap_or(256) << 20
}

/// How shards are called, and what is around their records.
#[derive(Debug, Clone, Copy)]
pub struct Shards {
    /// The ending of their names.
    pub ending: &'static str,
    /// That of their indices.
    pub index_ending: &'static str,
    /// What a shard ends with.
    pub end: &'static [u8],
    /// What an index of so many records begins with.
    pub index_head: fn(usize) -> String,
}

/// Adds to `places`, of which there are as many as records before the shard, those of the shard of this number and so many
/// bytes: one at least.
type ReadIndex<P> = fn(number: u32, bytes: u64, layout: &RecordLayout, places: &mut Vec<P>) -> Result<()>;

impl Shards {
    /// Name of a shard.
    pub fn name(self, number: u32) -> String {
        format!("images-{number:06}.{}", self.ending)
    }

    /// Name of the index beside a shard.
    pub fn index_name(self, number: u32) -> String {
        format!("images-{number:06}.{}", self.index_ending)
    }

    /// Maps as many as hold the records of the store, and tells where in them each lies.
    ///
    /// # Errors
    /// When one is missing; what `read` says.
    pub fn open<P>(self, reads: Reads, layout: &RecordLayout, read: ReadIndex<P>) -> Result<(Vec<Mapped>, Vec<P>)> {
        let (mut shards, mut places) = (Vec::new(), Vec::new());
        while (places.len() as u64) < layout.records {
            let number = shards.len() as u32;
            let shard = Mapped::open(self.name(number), reads, &layout.name)?;
            read(number, shard.bytes().len() as u64, layout, &mut places)?;
            shards.push(shard);
        }
        Ok((shards, places))
    }

    /// How many there are, one behind the other.
    fn count(self, name: &StoreName) -> u32 {
        (0..u32::MAX).find(|number| !name.path.join(self.name(*number)).exists()).unwrap_or(u32::MAX)
    }

    /// Refuses a store with shards beyond the last that is known of.
    ///
    /// # Errors
    /// When there is a shard of number `count`.
    pub fn refuse_more(self, count: u32, name: &StoreName) -> Result<()> {
        let next = self.name(count);
        match name.path.join(&next).exists() {
            true => Err(name.damaged(format!("there is a shard {next} beyond the last image"))),
            false => Ok(()),
        }
    }
}

/// A shard being written.
pub struct Shard {
    pub file: Output,
    /// A line for each record.
    pub index: String,
}

/// Adds shards to those that there are. None of these is gone back to: what is added makes new ones, as whoever adds to such
/// a set does.
pub struct ShardWriter {
    folder: PathBuf,
    shards: Shards,
    /// A shard is not begun to be larger.
    shard_bytes: u64,
    open: Option<Shard>,
    /// Shards that were begun.
    begun: u32,
    sync_each: bool,
}

impl ShardWriter {
    /// Goes on behind the last of `shards`.
    pub fn new(shards: Shards, shard_bytes: u64, layout: &RecordLayout, write: &WriteOptions) -> Self {
        let (begun, sync_each) = (shards.count(&layout.name), write.durability == Durability::Each);
        Self { folder: layout.name.path.clone(), shards, shard_bytes, open: None, begun, sync_each }
    }

    /// The shard that takes a record of so many bytes.
    ///
    /// # Errors
    /// What the system says.
    pub fn shard_for(&mut self, bytes: u64) -> Result<&mut Shard> {
        if self.open.as_ref().is_some_and(|open| open.file.bytes() + bytes > self.shard_bytes) {
            self.end_shard()?;
        }
        match &mut self.open {
            Some(open) => Ok(open),
            none => {
                let file = Output::create(&self.folder.join(self.shards.name(self.begun)))?;
                self.begun += 1;
                Ok(none.insert(Shard { file, index: String::new() }))
            }
        }
    }

    /// Ends the last shard, and writes its index.
    ///
    /// # Errors
    /// What the system says.
    pub fn end_shard(&mut self) -> Result<()> {
        let Some(Shard { mut file, index: lines }) = self.open.take() else { return Ok(()) };
        file.add(self.shards.end)?;
        file.flush(self.sync_each)?;
        let mut index = Output::create(&self.folder.join(self.shards.index_name(self.begun - 1)))?;
        index.add((self.shards.index_head)(lines.lines().count()).as_bytes())?;
        index.add(lines.as_bytes())?;
        index.flush(self.sync_each)
    }

    /// Puts the last shard so far, without its index, on the device.
    ///
    /// # Errors
    /// What the system says.
    pub fn sync(&mut self) -> Result<()> {
        if let Some(open) = &mut self.open {
            open.file.flush(true)?;
        }
        sync::one(&self.folder)
    }
}
