//! Writing sessions: `write_one` and `write_batch`.

use super::{BATCH, Session, Source};
use crate::error::{IoContext, Result};
use crate::measure::Stopwatch;
use crate::sample::Batch;
use crate::store::container::StoreName;
use crate::store::registry::Resolved;
use crate::store::sealed::{IfExists, OpenStore, StoreWriter};
use crate::store::{StoreSpec, WriteOptions, settle};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Writes the whole of a source as a new store, checks it, and removes it.
pub struct Writes {
    resolved: Resolved,
    source: Arc<Source>,
    target: PathBuf,
    options: WriteOptions,
    samples: Batch,
    indices: Vec<u64>,
}

impl Writes {
    /// Stores are written under a name beside `store`, one at a time.
    pub fn new(resolved: &Resolved, source: &Arc<Source>, store: &Path, options: WriteOptions) -> Self {
        let name = store.file_name().unwrap_or_default().to_string_lossy();
        Self {
            resolved: resolved.clone(),
            source: Arc::clone(source),
            target: store.with_file_name(format!("{name}.turn")),
            options,
            samples: Batch::new(),
            indices: Vec::new(),
        }
    }

    fn fetch(&mut self, first: u64) -> Result<()> {
        self.samples.clear();
        self.indices.clear();
        self.indices.extend(first..(first + BATCH).min(self.source.images()));
        self.indices.iter().try_for_each(|&index| self.source.dataset().read(index, &mut self.samples))
    }

    /// The dataset is read with the watch stopped: where samples come from is the same for all formats.
    fn write(&mut self, watch: &mut Stopwatch<'_>) -> Result<()> {
        let images = self.source.images();
        let spec = StoreSpec { shape: self.source.dataset().shape(), images };
        let create =
            || StoreWriter::create(&self.resolved, &self.target, &spec, self.options, IfExists::Refuse);
        let mut writer = watch.time(create)?;
        for first in (0..images).step_by(BATCH as usize) {
            self.fetch(first)?;
            watch.time(|| writer.append(&self.samples))?;
        }
        watch.time(|| writer.finish())
    }

    /// Every image of every store that was timed is read back.
    fn check(&mut self) -> Result<()> {
        let name = StoreName::new(&self.resolved.id, &self.target);
        let mut reader = OpenStore::open(&self.target)?.reader()?;
        for first in (0..self.source.images()).step_by(BATCH as usize) {
            self.samples.clear();
            self.indices.clear();
            self.indices.extend(first..(first + BATCH).min(self.source.images()));
            reader.read_batch(&self.indices, &mut self.samples)?;
            self.source.check(&name, &self.indices, &self.samples)?;
        }
        Ok(())
    }
}

impl Session for Writes {
    fn run(&mut self, operations: u64, watch: &mut Stopwatch<'_>) -> Result<u64> {
        for _ in 0..operations {
            self.write(watch)?;
            self.check()?;
            std::fs::remove_dir_all(&self.target).at("remove", &self.target)?;
            // What this turn leaves to be written would otherwise be paid for by the next.
            settle(self.target.parent().unwrap_or(Path::new(".")))?;
        }
        Ok(operations * self.source.images())
    }
}
