//! How far an unfinished store has come: written beside it now and then, so that another process can go on.

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
    /// Where it lies, if it lies somewhere: from another folder the same words mean another path.
    pub place: Option<String>,
    /// Shape of the images.
    pub shape: Shape,
    /// Images there will be.
    pub images: u64,
    /// Images that are there for good.
    pub done: u64,
}

impl Progress {
    /// Whether this is the same work, however far.
    pub fn is_same_work(&self, other: &Self) -> bool {
        *self == Self { done: self.done, ..other.clone() }
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
            place: Some("/a/x".into()),
            shape: Shape::Fixed(ImageShape::new(1, 2, 3)),
            images: 9,
            done: 0,
        };
        assert!(Progress { done: 5, ..work.clone() }.is_same_work(&work));
        for other in [
            Progress { format: "dir:png".into(), ..work.clone() },
            Progress { dataset: "folder:y".into(), ..work.clone() },
            Progress { place: Some("/b/x".into()), ..work.clone() },
            Progress { shape: Shape::Fixed(ImageShape::new(1, 2, 1)), ..work.clone() },
            Progress { images: 8, ..work.clone() },
        ] {
            assert!(!other.is_same_work(&work), "{other:?}");
        }
        let folder = tempfile::tempdir().unwrap();
        work.write(folder.path()).unwrap();
        assert_eq!(Progress::read(folder.path()), Some(work));
        Progress::remove(folder.path()).unwrap();
        assert_eq!(Progress::read(folder.path()), None);
        Progress::remove(folder.path()).unwrap();
    }
}
