//! Into what a conversion writes.

use shelfmark::dataset::Dataset;
use shelfmark::dataset::folder::export::FolderWriter;
use shelfmark::sample::Batch;
use shelfmark::store::copy::Form;
use shelfmark::store::registry::Resolved;
use shelfmark::store::sealed::{Sealed, StoreWriter};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What is being written.
pub enum Writing {
    Store(Box<StoreWriter>),
    Folder(Box<FolderWriter>),
}

impl Writing {
    pub fn append(&mut self, samples: &Batch) -> shelfmark::Result<()> {
        match self {
            Self::Store(store) => store.append(samples),
            Self::Folder(folder) => folder.append(samples),
        }
    }

    pub fn checkpoint(&mut self) -> shelfmark::Result<()> {
        match self {
            Self::Store(store) => store.checkpoint(),
            Self::Folder(folder) => folder.checkpoint(),
        }
    }

    pub fn note_source(&mut self, source: Arc<dyn Dataset>) {
        match self {
            Self::Store(store) => store.note_source(source),
            Self::Folder(folder) => folder.note_source(source),
        }
    }

    pub fn keep_work(&mut self) {
        match self {
            Self::Store(store) => store.keep_work(),
            Self::Folder(folder) => folder.keep_work(),
        }
    }

    /// Where it is for now.
    pub fn path(&self) -> &Path {
        match self {
            Self::Store(store) => store.path(),
            Self::Folder(folder) => folder.path(),
        }
    }

    pub fn leave(self) -> shelfmark::Result<Option<PathBuf>> {
        match self {
            Self::Store(store) => store.leave(),
            Self::Folder(folder) => folder.leave(),
        }
    }

    pub fn seal(self) -> shelfmark::Result<Sealed> {
        match self {
            Self::Store(store) => store.seal(),
            Self::Folder(folder) => folder.seal(),
        }
    }
}

/// Into what.
pub enum Into {
    Format(Resolved),
    Folder,
}

impl Into {
    /// In which form it takes samples; `checked`: files are decoded once, to see that they can be.
    pub fn form(&self, dataset: &dyn Dataset, checked: bool) -> Form {
        let files = if checked { Form::CheckedFiles } else { Form::Files };
        match self {
            Self::Format(resolved) if resolved.format.takes_files() => files,
            Self::Folder if dataset.has_files() => files,
            _ => Form::Pixels,
        }
    }
}
