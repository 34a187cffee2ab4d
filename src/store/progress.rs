//! How far an unfinished store has come: written beside it now and then, so that another process can go on.

use crate::dataset::{Dataset, source};
use crate::error::{IoContext, Result};
use crate::results::write_whole;
use crate::sample::Shape;
use crate::store::scratch::PROGRESS_FILE;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// What is being written, and how much of it is safe.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// The format's full name, or `folder`.
    pub format: String,
    /// The dataset, as named on the command line.
    pub dataset: String,
    /// The same, however its path was spelled: see [`crate::dataset::source::real_name`].
    pub source: String,
    /// The state of what was read of it: see [`crate::dataset::Dataset::state`].
    pub state: Option<u64>,
    /// Shape of the images.
    pub shape: Shape,
    /// Images there will be.
    pub images: u64,
    /// Images that are there for good.
    pub done: u64,
}

impl Progress {
    /// What makes this other work than `other`, in words that follow "it is"; `None` where it is the same, however far.
    pub fn difference(&self, other: &Self) -> Option<String> {
        if self.format != other.format {
            Some(format!("one to {}", self.format))
        } else if self.source != other.source {
            Some(format!("one of {}", self.source))
        } else if (self.images, &self.shape) != (other.images, &other.shape) {
            Some(format!("one of {} images of shape {}", self.images, self.shape))
        } else if self.state != other.state {
            Some("of what the source was then: files of it have changed since".into())
        } else {
            None
        }
    }

    /// The same work, of which the first `done` images of `dataset` are there.
    pub fn of(mut self, dataset: Option<&dyn Dataset>, done: u64) -> Self {
        self.done = done;
        if let Some(dataset) = dataset {
            self.source = source::real_name(dataset);
            self.state = dataset.state(done);
        }
        self
    }

    /// Reads what the directory of an unfinished store says; `None` where it says nothing that can be understood.
    pub fn read(directory: &Path) -> Option<Self> {
        serde_json::from_slice(&std::fs::read(directory.join(PROGRESS_FILE)).ok()?).ok()
    }

    /// Writes it in one step: a reader sees the old or the new.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, directory: &Path) -> Result<()> {
        let path = directory.join(PROGRESS_FILE);
        let text = serde_json::to_vec(self).map_err(std::io::Error::from).at("serialise", &path)?;
        write_whole(&path, &text)
    }

    /// Removes it from a directory that is about to be finished.
    ///
    /// # Errors
    /// When it is there and cannot be removed.
    pub fn remove(directory: &Path) -> Result<()> {
        let path = directory.join(PROGRESS_FILE);
        match std::fs::remove_file(&path) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(()),
            other => other.at("remove", &path),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::ImageShape;

    #[test]
    fn other_work_is_told_from_the_same_work_further_on() {
        let work = Progress {
            format: "dir:raw".into(),
            dataset: "folder:x".into(),
            source: "folder:/a/x".into(),
            state: Some(7),
            shape: Shape::Fixed(ImageShape::new(1, 2, 3)),
            images: 9,
            done: 0,
        };
        assert_eq!(Progress { done: 5, ..work.clone() }.difference(&work), None);
        assert_eq!(Progress { dataset: "folder:./x/".into(), ..work.clone() }.difference(&work), None);
        for other in [
            Progress { format: "dir:png".into(), ..work.clone() },
            Progress { source: "folder:/b/x".into(), ..work.clone() },
            Progress { state: Some(8), ..work.clone() },
            Progress { shape: Shape::Fixed(ImageShape::new(1, 2, 1)), ..work.clone() },
            Progress { images: 8, ..work.clone() },
        ] {
            assert!(other.difference(&work).is_some(), "{other:?}");
        }
        let folder = tempfile::tempdir().unwrap();
        work.write(folder.path()).unwrap();
        assert_eq!(Progress::read(folder.path()), Some(work));
        Progress::remove(folder.path()).unwrap();
        assert_eq!(Progress::read(folder.path()), None);
        Progress::remove(folder.path()).unwrap();
    }
}
