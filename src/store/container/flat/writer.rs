//! Writing: one write for the pixels of each batch.

use super::{IMAGES, LABELS, SHAPES};
use crate::error::{IoContext, Result};
use crate::sample::{Batch, Shape};
use crate::store::container::StoreName;
use crate::store::container::bare::pixels_to_add;
use crate::store::{Durability, ImageWriter, StoreSpec, sync};
use std::fs::File;
use std::io::Write;
use std::path::PathBuf;

/// Takes images and labels, and writes them as they come.
pub struct Writer {
    images: Output,
    labels: Output,
    /// Only where images differ.
    shapes: Option<Output>,
    spec: StoreSpec,
    written: u64,
    name: StoreName,
    sync_each: bool,
    scratch: Vec<u8>,
}

impl Writer {
    /// Makes the files.
    ///
    /// # Errors
    /// What the system says.
    pub fn create(name: StoreName, spec: &StoreSpec, durability: Durability) -> Result<Self> {
        Self::with(name, spec.clone(), 0, durability, Output::create)
    }

    /// Goes on behind the end of the files, which hold `spec`; `more` images will come.
    ///
    /// # Errors
    /// What the system says.
    pub fn open_append(name: StoreName, spec: &StoreSpec, more: u64, durability: Durability) -> Result<Self> {
        let after = StoreSpec { images: spec.images.saturating_add(more), ..spec.clone() };
        Self::with(name, after, spec.images, durability, Output::open_append)
    }

    fn with(
        name: StoreName,
        spec: StoreSpec,
        written: u64,
        durability: Durability,
        output: impl Fn(PathBuf) -> Result<Output>,
    ) -> Result<Self> {
        let output = |file: &str| output(name.path.join(file));
        let ragged = matches!(spec.shape, Shape::Ragged { .. });
        Ok(Self {
            images: output(IMAGES)?,
            labels: output(LABELS)?,
            shapes: ragged.then(|| output(SHAPES)).transpose()?,
            spec,
            written,
            name,
            sync_each: durability == Durability::Each,
            scratch: Vec::new(),
        })
    }

    fn write_words(scratch: &mut Vec<u8>, words: impl Iterator<Item = u32>, to: &mut Output) -> Result<()> {
        scratch.clear();
        words.for_each(|word| scratch.extend_from_slice(&word.to_le_bytes()));
        to.write(scratch)
    }
}

impl ImageWriter for Writer {
    fn append(&mut self, samples: &Batch) -> Result<()> {
        let pixels = pixels_to_add(samples, self.written, &self.spec, &self.name)?;
        self.images.write(pixels)?;
        Self::write_words(&mut self.scratch, samples.labels(), &mut self.labels)?;
        if let Some(shapes) = &mut self.shapes {
            let words = samples.iter().flat_map(|sample| <[u32; 3]>::from(sample.shape));
            Self::write_words(&mut self.scratch, words, shapes)?;
        }
        self.written += samples.len() as u64;
        if self.sync_each { self.sync() } else { Ok(()) }
    }

    fn sync(&mut self) -> Result<()> {
        for output in [&self.images, &self.labels].into_iter().chain(&self.shapes) {
            output.file.sync_all().at("sync", &output.path)?;
        }
        sync::one(&self.name.path)
    }

    /// Everything was written as it came; the files are closed by dropping them.
    fn finish(self: Box<Self>) -> Result<()> {
        Ok(())
    }
}

/// A file and its name, for errors.
struct Output {
    file: File,
    path: PathBuf,
}

impl Output {
    fn create(path: PathBuf) -> Result<Self> {
        Ok(Self { file: File::create_new(&path).at("create", &path)?, path })
    }

    fn open_append(path: PathBuf) -> Result<Self> {
        Ok(Self { file: File::options().append(true).open(&path).at("open", &path)?, path })
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.file.write_all(bytes).at("write", &self.path)
    }
}
