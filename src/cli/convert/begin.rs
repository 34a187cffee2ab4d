//! How a conversion begins: afresh, or where an unfinished one stopped.

use super::writing::{Into, Writing};
use super::{Convert, OnInterrupt};
use anyhow::Context;
use shelfmark::dataset::Dataset;
use shelfmark::dataset::folder::export::FolderWriter;
use shelfmark::store::container::StoreName;
use shelfmark::store::placement::Placement;
use shelfmark::store::progress::Progress;
use shelfmark::store::sealed::{IfExists, StoreWriter};
use shelfmark::store::{StoreSpec, Threads, WriteOptions};
use std::path::Path;

impl Convert {
    /// Begins, or goes on where an interrupted conversion stopped.
    pub(super) fn start(
        &self,
        into: &Into,
        work: &Progress,
        dataset: &dyn Dataset,
        threads: Threads,
    ) -> anyhow::Result<(Writing, u64)> {
        let options = WriteOptions { threads, ..WriteOptions::default() };
        let if_exists = if self.force { IfExists::Replace } else { IfExists::Refuse };
        let name = StoreName { format: work.format.clone(), path: self.target.clone() };
        Placement::check(&name, if_exists)?;
        Placement::remove_abandoned(&self.target);
        let left = Placement::left_behind(&self.target);
        if self.on_interrupt == OnInterrupt::Resume {
            let mut why = None;
            for left in &left {
                match Unfinished::of(left, work, dataset) {
                    Unfinished::Same(found) => return self.go_on(into, left, &found, options, if_exists),
                    Unfinished::Other(difference) => why = Some((left, difference)),
                }
            }
            if let Some((left, difference)) = why {
                // Hours of somebody's work, perhaps: not for a wrong word to remove.
                let cause = format!("{} is an unfinished conversion to it, and it is {difference}", left.display());
                let remedy = "give the same command as then, or say --on-interrupt remove to start afresh without it";
                return Err(name.error(cause, remedy).into());
            }
        }
        for left in left {
            let done = Progress::read(&left).map_or(0, |found| found.done);
            tell!("removing an interrupted conversion with {done} images (--on-interrupt resume would go on with it)");
            std::fs::remove_dir_all(&left).with_context(|| format!("cannot remove {}", left.display()))?;
        }
        let writing = match into {
            Into::Folder => Writing::Folder(Box::new(FolderWriter::new(&self.target, work.clone(), None, if_exists)?)),
            Into::Format(resolved) => {
                let spec = StoreSpec { shape: work.shape.clone(), images: work.images };
                let mut store = StoreWriter::create(resolved, &self.target, &spec, options, if_exists)?;
                store.name_dataset(work.dataset.clone());
                if self.on_interrupt == OnInterrupt::Resume && !resolved.format.can_resume() {
                    tell!("{}: a conversion that is interrupted has to begin again", work.format);
                }
                Writing::Store(Box::new(store))
            }
        };
        Ok((writing, 0))
    }

    /// Goes on with what was `found` at `left`.
    fn go_on(
        &self,
        into: &Into,
        left: &Path,
        found: &Progress,
        options: WriteOptions,
        if_exists: IfExists,
    ) -> anyhow::Result<(Writing, u64)> {
        let writing = match into {
            Into::Format(resolved) => {
                let store = StoreWriter::resume(resolved, &self.target, options, if_exists, left, found)?;
                Writing::Store(Box::new(store))
            }
            Into::Folder => {
                Writing::Folder(Box::new(FolderWriter::new(&self.target, found.clone(), Some(left), if_exists)?))
            }
        };
        tell!("going on after {} of {} images", found.done, found.images);
        Ok((writing, found.done))
    }
}

/// What a dead process left at the same target.
enum Unfinished {
    /// The same work.
    Same(Progress),
    /// Other work: in words that follow "it is".
    Other(String),
}

impl Unfinished {
    fn of(left: &Path, work: &Progress, dataset: &dyn Dataset) -> Self {
        match Progress::read(left) {
            Some(found) if found.done > found.images => Self::Other("damaged".into()),
            Some(found) => match found.difference(&work.clone().of(Some(dataset), found.done)) {
                None => Self::Same(found),
                Some(difference) => Self::Other(difference),
            },
            None => Self::Other("damaged, or of another version of shelfmark".into()),
        }
    }
}
