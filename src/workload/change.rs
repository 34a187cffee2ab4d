//! Sessions that change a finished store: `append` and `delete`. Each operation changes a copy of one that was written
//! before. Copying is not timed, and whatever is in the copy afterwards is read back.

use super::read::{read_all, read_all_as};
use super::{BATCH, Order, Session, Source, Workload};
use crate::error::{IoContext, Result};
use crate::measure::Stopwatch;
use crate::sample::Batch;
use crate::store::change::{Appender, remove};
use crate::store::container::StoreName;
use crate::store::copy::{Form, write};
use crate::store::registry::Resolved;
use crate::store::sealed::{IfExists, OpenStore};
use crate::store::{WriteOptions, settle};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// One image of so many is added or removed: 1 %.
const ONE_OF: u64 = 100;

/// Images that an operation adds to a store so that it has `images`, or removes from one of so many.
pub const fn changed(images: u64) -> u64 {
    if images < ONE_OF { 1 } else { images / ONE_OF }
}

/// A store that is changed again and again, each time beginning with the same.
struct Changed {
    resolved: Resolved,
    source: Arc<Source>,
    /// What every operation begins with; removed at the end.
    before: PathBuf,
    /// The copy that is changed.
    target: PathBuf,
    options: WriteOptions,
}

impl Changed {
    /// Writes the first `images` of the source beside `store`.
    fn new(
        resolved: &Resolved,
        source: &Arc<Source>,
        store: &Path,
        options: WriteOptions,
        images: u64,
    ) -> Result<Self> {
        let name = store.file_name().unwrap_or_default().to_string_lossy();
        let beside = |what: &str| store.with_file_name(format!("{name}.{what}"));
        let (resolved, source) = (resolved.clone(), Arc::clone(source));
        let changed = Self { resolved, source, before: beside("before"), target: beside("turn"), options };
        // Of a worker that was killed: it was to be removed, as the whole place will be.
        for left in [&changed.before, &changed.target].into_iter().filter(|left| left.exists()) {
            std::fs::remove_dir_all(left).at("remove", left)?;
        }
        let first = changed.source.first(images)?;
        write(&changed.resolved, &first, &changed.before, options, IfExists::Refuse, &mut |_| Ok(()))?;
        Ok(changed)
    }

    /// A fresh copy, and nothing left to be written to the device.
    fn copy(&self) -> Result<()> {
        for entry in walkdir::WalkDir::new(&self.before) {
            let entry = entry.map_err(std::io::Error::from).at("list", &self.before)?;
            let Ok(relative) = entry.path().strip_prefix(&self.before) else { continue };
            let to = self.target.join(relative);
            match entry.file_type().is_dir() {
                true => std::fs::create_dir(&to).at("create", &to)?,
                // Not by `copy`, which some file systems do by sharing blocks: the first write to each would then pay for it.
                false => std::fs::read(entry.path()).and_then(|bytes| std::fs::write(&to, bytes)).at("write", &to)?,
            }
        }
        settle(self.place())
    }

    fn remove_copy(&self) -> Result<()> {
        std::fs::remove_dir_all(&self.target).at("remove", &self.target)?;
        settle(self.place())
    }

    fn place(&self) -> &Path {
        self.target.parent().unwrap_or(Path::new("."))
    }
}

impl Drop for Changed {
    fn drop(&mut self) {
        // The directory around it is removed at the end of the run, whatever happens here.
        let _ = std::fs::remove_dir_all(&self.before);
    }
}

fn refuse(workload: Workload, resolved: &Resolved, store: &Path) -> Result<()> {
    let refusal = workload.refusal(&resolved.format.capabilities());
    refusal.map_or(Ok(()), |what| Err(StoreName::new(&resolved.id, store).unsupported(what)))
}

/// Adds the last of the source to a store of those before.
pub struct Appends {
    store: Changed,
    samples: Batch,
    scratch: Batch,
}

impl Appends {
    /// Stores lie beside `store`, one at a time.
    ///
    /// # Errors
    /// [`crate::Error::Unsupported`] where the format cannot; what the system says.
    pub fn new(resolved: &Resolved, source: &Arc<Source>, store: &Path, options: WriteOptions) -> Result<Self> {
        refuse(Workload::Append, resolved, store)?;
        let images = source.images() - changed(source.images());
        let store = Changed::new(resolved, source, store, options, images)?;
        Ok(Self { store, samples: Batch::new(), scratch: Batch::new() })
    }

    /// The dataset is read with the watch stopped, as for a new store.
    fn append(&mut self, watch: &mut Stopwatch<'_>) -> Result<u64> {
        let Self { store: Changed { resolved, source, target, options, .. }, samples, scratch } = self;
        let (images, more) = (source.images(), changed(source.images()));
        let form = if resolved.format.takes_files() { Form::Files } else { Form::Pixels };
        let mut appender = watch.time(|| Appender::open(resolved, target, more, *options))?;
        for first in (images - more..images).step_by(BATCH as usize) {
            samples.clear();
            for index in first..(first + BATCH).min(images) {
                form.read(source.dataset(), index, scratch, samples)?;
            }
            watch.time(|| appender.append(samples))?;
        }
        watch.time(|| appender.finish())?;
        Ok(more)
    }
}

impl Session for Appends {
    fn run(&mut self, operations: u64, watch: &mut Stopwatch<'_>) -> Result<u64> {
        let mut images = 0;
        for _ in 0..operations {
            self.store.copy()?;
            images += self.append(watch)?;
            watch.end_operation();
            read_all(&self.store.target, self.store.source.fingerprints())?;
            self.store.remove_copy()?;
        }
        Ok(images)
    }
}

/// Removes some of a store, other ones each time.
pub struct Deletes {
    store: Changed,
    order: Order,
    indices: Vec<u64>,
}

impl Deletes {
    /// Stores lie beside `store`, one at a time; `seed` decides which images go.
    ///
    /// # Errors
    /// [`crate::Error::Unsupported`] where the format cannot; what the system says.
    pub fn new(
        resolved: &Resolved,
        source: &Arc<Source>,
        store: &Path,
        options: WriteOptions,
        seed: u64,
    ) -> Result<Self> {
        refuse(Workload::Delete, resolved, store)?;
        let images = source.images();
        let store = Changed::new(resolved, source, store, options, images)?;
        Ok(Self { store, order: Order::shuffled(images, seed), indices: Vec::new() })
    }
}

impl Session for Deletes {
    fn run(&mut self, operations: u64, watch: &mut Stopwatch<'_>) -> Result<u64> {
        let mut images = 0;
        for _ in 0..operations {
            let Self { store, order, indices } = self;
            store.copy()?;
            order.next(changed(store.source.images()), indices);
            let Changed { resolved, target, options, source, .. } = &*store;
            let removal = watch.time(|| remove(resolved, target, indices, *options))?;
            watch.end_operation();
            images += removal.images() - removal.left();
            let (open, expected) = (OpenStore::open(target)?, source.fingerprints());
            read_all_as(&open, target, expected, removal.left(), |index| removal.before(index))?;
            drop(open);
            store.remove_copy()?;
        }
        Ok(images)
    }
}
