//! Writing sessions: `write_one` and `write_batch`.

use super::{BATCH, Session, Source, read};
use crate::error::{IoContext, Result};
use crate::measure::Stopwatch;
use crate::sample::Batch;
use crate::store::copy::Form;
use crate::store::registry::Resolved;
use crate::store::sealed::{IfExists, StoreWriter};
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
    scratch: Batch,
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
            scratch: Batch::new(),
        }
    }

    /// The dataset is read with the watch stopped: where samples come from is the same for all formats.
    fn write(&mut self, watch: &mut Stopwatch<'_>) -> Result<()> {
        let images = self.source.images();
        let spec = StoreSpec { shape: self.source.dataset().shape(), images };
        let create = || StoreWriter::create(&self.resolved, &self.target, &spec, self.options, IfExists::Refuse);
        let mut writer = watch.time(create)?;
        for first in (0..images).step_by(BATCH as usize) {
            self.samples.clear();
            let form = if self.resolved.format.takes_files() { Form::Files } else { Form::Pixels };
            for index in first..(first + BATCH).min(images) {
                form.read(self.source.dataset(), index, &mut self.scratch, &mut self.samples)?;
            }
            watch.time(|| writer.append(&self.samples))?;
        }
        watch.time(|| writer.finish())
    }
}

impl Session for Writes {
    fn run(&mut self, operations: u64, watch: &mut Stopwatch<'_>) -> Result<u64> {
        for _ in 0..operations {
            self.write(watch)?;
            watch.end_operation();
            // Every image of every store that was timed is read back.
            read::read_all(&self.target, self.source.fingerprints())?;
            std::fs::remove_dir_all(&self.target).at("remove", &self.target)?;
            // What this turn leaves to be written would otherwise be paid for by the next.
            settle(self.target.parent().unwrap_or(Path::new(".")))?;
        }
        Ok(operations * self.source.images())
    }
}
