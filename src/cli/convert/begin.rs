//! How a conversion begins: afresh, or where an unfinished one stopped.

use super::writing::{Into, Writing};
use super::{Convert, OnInterrupt};
use anyhow::Context;
use shelfmark::dataset::folder::export::FolderWriter;
use shelfmark::store::container::StoreName;
use shelfmark::store::placement::Placement;
use shelfmark::store::progress::Progress;
use shelfmark::store::sealed::{IfExists, StoreWriter};
use shelfmark::store::{StoreSpec, Threads, WriteOptions};

impl Convert {
    /// Begins, or goes on where an interrupted conversion stopped.
    pub(super) fn start(&self, into: &Into, work: &Progress, threads: Threads) -> anyhow::Result<(Writing, u64)> {
        let options = WriteOptions { threads, ..WriteOptions::default() };
        let if_exists = if self.force { IfExists::Replace } else { IfExists::Refuse };
        let name = StoreName { format: work.format.clone(), path: self.target.clone() };
        Placement::check(&name, if_exists)?;
        Placement::remove_abandoned(&self.target);
        for left in Placement::left_behind(&self.target) {
            let found = Progress::read(&left).filter(|found| found.is_same_work(work) && found.done <= found.images);
            if let (OnInterrupt::Resume, Some(found)) = (self.on_interrupt, found) {
                let resumed = match into {
                    Into::Format(resolved) => {
                        StoreWriter::resume(resolved, &self.target, options, if_exists, &left, &found)
                            .map(|store| Writing::Store(Box::new(store)))
                    }
                    Into::Folder => FolderWriter::new(&self.target, found.clone(), Some(&left))
                        .map(|folder| Writing::Folder(Box::new(folder))),
                };
                eprintln!("going on after {} of {} images", found.done, found.images);
                return Ok((resumed?, found.done));
            }
            if self.on_interrupt == OnInterrupt::Resume {
                eprintln!("{} is of another conversion to the same place: starting afresh", left.display());
            }
            if self.on_interrupt == OnInterrupt::Remove {
                let done = Progress::read(&left).map_or(0, |found| found.done);
                eprintln!(
                    "removing an interrupted conversion with {done} images (--on-interrupt resume would go on with it)"
                );
            }
            std::fs::remove_dir_all(&left).with_context(|| format!("cannot remove {}", left.display()))?;
        }
        let writing = match into {
            Into::Folder => Writing::Folder(Box::new(FolderWriter::new(&self.target, work.clone(), None)?)),
            Into::Format(resolved) => {
                let spec = StoreSpec { shape: work.shape.clone(), images: work.images };
                let mut store = StoreWriter::create(resolved, &self.target, &spec, options, if_exists)?;
                store.name_dataset(work.dataset.clone());
                store.place_dataset(work.place.clone());
                if self.on_interrupt == OnInterrupt::Resume && !resolved.format.can_resume() {
                    eprintln!("{}: a conversion that is interrupted has to begin again", work.format);
                }
                Writing::Store(Box::new(store))
            }
        };
        Ok((writing, 0))
    }
}
