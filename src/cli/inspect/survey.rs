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
    /// Of those, the ones that the system would not let be read.
    refused_images: u64,
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
                self.refused_images += u64::from(is_refusal(&error));
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
        let refused = self.refused_images > 0 || store.as_ref().is_some_and(|store| store.refusal.is_some());
        let broken = wrong || refused || self.unreadable_images > 0;
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
            refused: refused && !wrong && self.refused_images == self.unreadable_images,
            remarks: dataset.remarks(),
            store,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shelfmark::error::{Error, Result};
    use shelfmark::results::{Native, Storage};
    use shelfmark::sample::{ImageShape, Shape};
    use std::io::ErrorKind;

    /// A set of which every image is refused by the system, or damaged.
    struct Unreadable(Vec<ErrorKind>);

    impl Dataset for Unreadable {
        fn name(&self) -> String {
            "unreadable".into()
        }

        fn len(&self) -> u64 {
            self.0.len() as u64
        }

        fn shape(&self) -> Shape {
            Shape::Fixed(ImageShape::new(1, 1, 1))
        }

        fn read(&self, index: u64, _: &mut Batch) -> Result<()> {
            let source = self.0[index as usize].into();
            Err(Error::Io { action: "read", path: index.to_string().into(), source })
        }
    }

    fn facts(mismatch: Option<&str>, damage: Option<&str>, refusal: Option<&str>) -> StoreFacts {
        let [mismatch, damage, refusal] = [mismatch, damage, refusal].map(|text| text.map(str::to_owned));
        StoreFacts {
            format: "dir:raw".into(),
            written_from: String::new(),
            labels: String::new(),
            named: false,
            library: Native { library: String::new(), version: String::new() },
            shelfmark_version: String::new(),
            settings: BTreeMap::new(),
            storage: Storage { apparent_bytes: 0, allocated_bytes: 0, files: 0 },
            mismatch,
            damage,
            refusal,
        }
    }

    #[test]
    fn what_the_system_refuses_hides_no_damage() {
        let found = |images: &[ErrorKind], store: StoreFacts| {
            let (dataset, mut survey) = (Unreadable(images.to_vec()), Survey::default());
            (0..dataset.len()).for_each(|index| survey.look(&dataset, index));
            let found = survey.found("here", &dataset, Some(store));
            (found.whole, found.refused)
        };
        let (refused, short) = (ErrorKind::PermissionDenied, ErrorKind::UnexpectedEof);
        let whole = || facts(None, None, None);
        assert_eq!(found(&[], whole()), (Some(true), false));
        assert_eq!(found(&[refused, refused], whole()), (Some(false), true));
        assert_eq!(found(&[refused, short], whole()), (Some(false), false));
        assert_eq!(found(&[refused], facts(Some("another"), None, None)), (Some(false), false));
        assert_eq!(found(&[refused], facts(None, Some("short"), None)), (Some(false), false));
        assert_eq!(found(&[], facts(None, None, Some("no"))), (Some(false), true));
        assert_eq!(found(&[short], facts(None, None, Some("no"))), (Some(false), false));
    }
}
