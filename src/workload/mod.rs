//! What each access pattern does: one definition, used by benches, tests and (later) workers.
//!
//! | workload | one operation | timed |
//! |---|---|---|
//! | `write_one` | a new store with one sample | create to finish |
//! | `write_batch` | a new store of N samples, streamed in batches | create to finish |
//! | `read_one` | one sample by index, uniformly drawn | the read, store open |
//! | `read_batch` | a batch of consecutive samples from a drawn start | the read |
//! | `scan` | the next batch of a pass in order | the read |
//! | `epoch` | the next batch of a shuffled pass, each sample exactly once | the read |
//! | `open` | open an existing store to its first sample | all of it, closing excepted |
//! | `append` | 1 % more samples behind those of a finished store | open to finish, the store written before |
//! | `delete` | 1 % of the samples of a finished store, drawn, removed | open to finish, the store written before |
//!
//! Everything delivered in a timed region is checked outside it: shape, label and pixels of every image, by fingerprint.

mod change;
pub mod cold;
mod fingerprints;
mod handicap;
mod ledger;
pub mod nothing;
mod order;
mod prepare;
mod read;
mod reference;
pub mod sizes;
mod source;
mod team;
mod write;

pub use fingerprints::Fingerprints;
pub use handicap::{Handicap, HandicapKind, Handicapped};
pub use ledger::ledger;
pub use order::Order;
pub use prepare::{Prepared, Shelf};
pub use read::Opener;
pub use reference::references;
pub use source::Source;

use crate::error::Result;
use crate::measure::Stopwatch;
use crate::sample::Batch;
use crate::store::registry::Resolved;
use crate::store::sealed::OpenStore;
use crate::store::{CANNOT_APPEND, CANNOT_DELETE, Capabilities, WriteOptions};
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::sync::Arc;

/// Samples a training job asks for at once.
pub const BATCH: u64 = 256;

/// An access pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)] // the module's table says what each one is
pub enum Workload {
    WriteOne,
    WriteBatch,
    ReadOne,
    ReadBatch,
    Scan,
    Epoch,
    Open,
    Append,
    Delete,
}

impl Workload {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 9] = [
        Self::WriteOne,
        Self::WriteBatch,
        Self::ReadOne,
        Self::ReadBatch,
        Self::Scan,
        Self::Epoch,
        Self::Open,
        Self::Append,
        Self::Delete,
    ];

    /// Those that every store goes through, measured where nobody says otherwise: few training sets are changed after they
    /// were written, and few formats can be.
    pub const USUAL: [Self; 7] =
        [Self::WriteOne, Self::WriteBatch, Self::ReadOne, Self::ReadBatch, Self::Scan, Self::Epoch, Self::Open];

    /// The name used on the command line and in results.
    pub const fn name(self) -> &'static str {
        match self {
            Self::WriteOne => "write_one",
            Self::WriteBatch => "write_batch",
            Self::ReadOne => "read_one",
            Self::ReadBatch => "read_batch",
            Self::Scan => "scan",
            Self::Epoch => "epoch",
            Self::Open => "open",
            Self::Append => "append",
            Self::Delete => "delete",
        }
    }

    /// What one operation is, in a few words.
    pub const fn about(self) -> &'static str {
        match self {
            Self::WriteOne => "a new store with one image, create to finish",
            Self::WriteBatch => "a new store of N images, create to finish",
            Self::ReadOne => "one image by number, uniformly drawn",
            Self::ReadBatch => "256 consecutive images from a drawn start",
            Self::Scan => "the whole store in order, batches of 256",
            Self::Epoch => "the whole store shuffled, batches of 256, each image once",
            Self::Open => "open an existing store to its first image",
            Self::Append => "1 % more images behind those of a finished store, open to finish",
            Self::Delete => "1 % of the images of a finished store removed, open to finish",
        }
    }

    /// Whether it makes or changes stores rather than reads one.
    pub const fn writes(self) -> bool {
        matches!(self, Self::WriteOne | Self::WriteBatch | Self::Append | Self::Delete)
    }

    /// Images that an operation asks for at once, where the store has as many.
    pub const fn batch(self) -> u64 {
        match self {
            Self::WriteOne | Self::ReadOne | Self::Open => 1,
            Self::WriteBatch | Self::ReadBatch | Self::Scan | Self::Epoch | Self::Append | Self::Delete => BATCH,
        }
    }

    /// Images that one operation delivers, writes or removes in a store of `images`; at the end of a pass it may be fewer.
    pub fn images_per_operation(self, images: u64) -> u64 {
        match self {
            Self::WriteBatch => images,
            Self::Append | Self::Delete => change::changed(images),
            _ => self.batch().min(images),
        }
    }

    /// Images that were read back and compared, where `counted` images were timed in stores of `images`: what is changed is
    /// read whole afterwards.
    pub fn verified(self, counted: u64, images: u64) -> u64 {
        let changed = change::changed(images);
        match self {
            Self::Append => counted / changed * images,
            Self::Delete => counted / changed * images.saturating_sub(changed),
            _ => counted,
        }
    }

    /// Why a format that can do this cannot take part, if it cannot.
    pub fn refusal(self, can: &Capabilities) -> Option<&'static str> {
        match self {
            Self::Append if !can.append => Some(CANNOT_APPEND),
            Self::Delete if !can.can_delete() => Some(CANNOT_DELETE),
            _ => None,
        }
    }

    /// Makes ready for timing: reads go to the store at `store`, which is read once so that it is in memory; writes make
    /// stores of their own beside it. `seed` decides all draws.
    ///
    /// # Errors
    /// When the store cannot be opened, or is not what was written.
    pub fn start(
        self,
        resolved: &Resolved,
        source: &Arc<Source>,
        store: &Path,
        options: WriteOptions,
        seed: u64,
    ) -> Result<Box<dyn Session>> {
        Ok(match self {
            Self::WriteOne | Self::WriteBatch => Box::new(write::Writes::new(resolved, source, store, options)),
            Self::Append => Box::new(change::Appends::new(resolved, source, store, options)?),
            Self::Delete => Box::new(change::Deletes::new(resolved, source, store, options, seed)?),
            _ => return self.start_reading(store, source.fingerprints(), seed, Box::new(OpenStore::open)),
        })
    }

    /// As [`Workload::start`], for workloads that read: these need to know only what has to be delivered. `open` opens the
    /// store.
    ///
    /// # Errors
    /// When the store cannot be opened, or is not what was written.
    pub fn start_reading(
        self,
        store: &Path,
        expected: &Arc<Fingerprints>,
        seed: u64,
        open: Box<Opener>,
    ) -> Result<Box<dyn Session>> {
        match self.order(expected.images(), seed) {
            Some(order) => Ok(Box::new(read::Reads::new(store, expected, order, self.batch(), &*open)?)),
            None => Ok(Box::new(read::Opens::new(store, expected, open)?)),
        }
    }

    /// As [`Workload::start_reading`], by several threads, each with a reader and a share of every batch.
    ///
    /// # Errors
    /// [`crate::Error::Usage`] where a workload has no batches to share.
    pub fn start_team(
        self,
        store: &Path,
        expected: &Arc<Fingerprints>,
        seed: u64,
        threads: u32,
    ) -> Result<Box<dyn Session>> {
        let order = self.order(expected.images(), seed).filter(|_| self.batch() > 1);
        let order = order.ok_or_else(|| crate::Error::Usage(format!("{} is work for one thread", self.name())))?;
        Ok(Box::new(team::Team::new(store, expected, order, self.batch(), threads, &OpenStore::open)?))
    }

    /// In which order images of a store of `images` are asked for; `None` where the workload asks for none, or always
    /// for the first.
    pub fn order(self, images: u64, seed: u64) -> Option<Order> {
        match self {
            Self::WriteOne | Self::WriteBatch | Self::Open | Self::Append | Self::Delete => None,
            Self::ReadOne => Some(Order::uniform(images, seed)),
            Self::ReadBatch => Some(Order::runs(images, seed)),
            Self::Scan => Some(Order::sequential_from(images, BATCH, seed)),
            Self::Epoch => Some(Order::shuffled(images, seed)),
        }
    }
}

impl std::str::FromStr for Workload {
    type Err = crate::error::Error;

    fn from_str(name: &str) -> Result<Self> {
        let names = Self::ALL.map(Self::name);
        let position = names.iter().position(|known| *known == name);
        position.map(|at| Self::ALL[at]).ok_or_else(|| crate::error::unknown("workload", name, names))
    }
}

/// Bytes that a session has got from a store.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Delivered {
    /// Of pixels, in the caller's buffer.
    pub pixel_bytes: u64,
    /// That were decoded for them, see [`ImageReader::decoded_bytes`](crate::store::ImageReader::decoded_bytes).
    pub decoded_bytes: u64,
}

/// A workload under way: a cursor that goes on where it stopped.
pub trait Session {
    /// Does `operations` operations, with the watch running only while the store works, and checks all they delivered.
    /// Tells the watch where each ends.
    /// Returns the number of images delivered or written.
    ///
    /// # Errors
    /// [`crate::Error::Mismatch`] when something delivered is wrong; what the store says otherwise.
    fn run(&mut self, operations: u64, watch: &mut Stopwatch<'_>) -> Result<u64>;

    /// What it has read so far; `None` where nothing is read, or where the numbers cannot be known.
    fn delivered(&self) -> Option<Delivered> {
        None
    }

    /// Exchanges the memory that this session delivers into for `buffers`, one for each reader. Sessions that take turns
    /// deliver into the same memory: where a buffer lies decides how its pages share the processor's caches with what is
    /// read, which made reads of identical stores 4 % faster or slower for the life of a process.
    fn exchange_buffers(&mut self, buffers: &mut Vec<Batch>) {
        let _ = buffers;
    }
}

/// Exchanges `own`, in order, for the first of `buffers`, of which there are as many afterwards.
fn exchange<'a>(own: impl IntoIterator<Item = &'a mut Batch>, buffers: &mut Vec<Batch>) {
    for (nth, own) in own.into_iter().enumerate() {
        if buffers.len() == nth {
            buffers.push(Batch::new());
        }
        std::mem::swap(own, &mut buffers[nth]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back() {
        for workload in Workload::ALL {
            assert_eq!(workload.name().parse::<Workload>().unwrap(), workload);
        }
        assert!("epochs".parse::<Workload>().unwrap_err().to_string().contains("did you mean 'epoch'"));
    }
}
