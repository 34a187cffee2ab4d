//! What is gathered while images are looked at.

use super::found::{Found, Labels, Range, StoreFacts, is_refusal};
use shelfmark::dataset::Dataset;
use shelfmark::image_file;
use shelfmark::sample::{Batch, Sample};
use std::collections::BTreeMap;

/// What is gathered on the way.
#[derive(Default)]
pub struct Survey {
    looked_at: u64,
    heights: Vec<u64>,
    widths: Vec<u64>,
    channels: BTreeMap<u32, u64>,
    pixel_bytes: Vec<u64>,
    files: BTreeMap<String, u64>,
    file_bytes: Vec<u64>,
    labels: BTreeMap<u32, u64>,
    first_names: Vec<String>,
    unreadable: Vec<String>,
    unreadable_images: u64,
    refused: bool,
    scratch: Batch,
}

impl Survey {
    /// Reads image `index`, and takes note of it or of why it cannot be read.
    pub fn look(&mut self, dataset: &dyn Dataset, index: u64) {
        self.looked_at += 1;
        let mut batch = std::mem::take(&mut self.scratch);
        batch.clear();
        let mut read = dataset.read(index, &mut batch);
        if read.is_ok() && dataset.has_files() {
            read = dataset.read_file(index, &mut batch);
        }
        match read {
            Ok(()) => batch.iter().for_each(|sample| self.note(&sample)),
            Err(error) => {
                self.unreadable_images += 1;
                self.refused |= is_refusal(&error);
                if self.unreadable.len() < 5 {
                    self.unreadable.push(error.to_string());
                }
            }
        }
        self.scratch = batch;
    }

    fn note(&mut self, sample: &Sample<'_>) {
        if !sample.file.is_empty() {
            let kind = image_file::Kind::of(sample.file).map_or("unknown", image_file::Kind::extension);
            *self.files.entry(kind.into()).or_default() += 1;
            self.file_bytes.push(sample.file.len() as u64);
            return;
        }
        self.heights.push(sample.shape.height.into());
        self.widths.push(sample.shape.width.into());
        *self.channels.entry(sample.shape.channels).or_default() += 1;
        self.pixel_bytes.push(sample.pixels.len() as u64);
        *self.labels.entry(sample.label).or_default() += 1;
        if self.first_names.len() < 3 && !sample.key.is_empty() {
            self.first_names.push(String::from_utf8_lossy(sample.key).into_owned());
        }
    }

    /// What all of it comes to.
    pub fn found(self, source: &str, dataset: &dyn Dataset, store: Option<StoreFacts>) -> Found {
        let labels = Range::of(self.labels.values().copied().collect()).and_then(|images| {
            let (smallest, largest) = (*self.labels.keys().next()?, *self.labels.keys().next_back()?);
            Some(Labels { distinct: self.labels.len(), smallest, largest, images })
        });
        let wrong = store.as_ref().is_some_and(|store| store.mismatch.is_some() || store.damage.is_some());
        let broken = wrong || self.unreadable_images > 0;
        // Of what was not looked at nothing is known.
        let all = self.looked_at == dataset.len();
        Found {
            source: source.into(),
            images: dataset.len(),
            shape: (!dataset.is_empty()).then(|| dataset.shape()),
            looked_at: self.looked_at,
            heights: Range::of(self.heights),
            widths: Range::of(self.widths),
            channels: self.channels,
            pixel_bytes: Range::of(self.pixel_bytes),
            files: self.files,
            file_bytes: Range::of(self.file_bytes),
            labels,
            first_names: self.first_names,
            whole: if broken { Some(false) } else { all.then_some(true) },
            unreadable: self.unreadable,
            unreadable_images: self.unreadable_images,
            refused: self.refused,
            remarks: dataset.remarks(),
            store,
        }
    }
}
