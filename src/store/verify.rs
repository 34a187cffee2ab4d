//! Whether a store holds what its dataset holds: every pixel, every label, every key.

use crate::dataset::Dataset;
use crate::error::{Error, Result};
use crate::sample::{Batch, Sample};
use crate::store::container::StoreName;
use crate::store::copy::{Form, batch_images};
use crate::store::sealed::OpenStore;
use crate::store::{Keys, StoreSpec, Threads};
use std::ops::Range;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::channel;

/// How closely to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// Every image is decoded and compared pixel by pixel.
    AtPixels,
    /// Encoded files that were kept as they are are compared byte by byte, which says as much about them and takes no
    /// decoding; everything else as above.
    AtFiles,
}

/// Reads the store at `path` and compares all of it with `dataset`; returns the number of images compared.
///
/// The store's own structure is checked first: layout, options and codec as its name says. A lossy store is compared
/// with what its own encoder and decoder make of the dataset.
///
/// # Errors
/// [`crate::Error::Mismatch`] with the first difference; [`crate::Error::Store`] when the store cannot be read; what
/// `progress` says.
pub fn verify(
    path: &Path,
    dataset: &dyn Dataset,
    look: Look,
    threads: Threads,
    progress: &mut dyn FnMut(u64) -> Result<()>,
) -> Result<u64> {
    verify_open(&OpenStore::open(path)?, path, dataset, look, threads, progress)
}

/// As [`verify`], for a store that was opened at `path`.
///
/// # Errors
/// As [`verify`].
pub fn verify_open(
    store: &OpenStore,
    path: &Path,
    dataset: &dyn Dataset,
    look: Look,
    threads: Threads,
    progress: &mut dyn FnMut(u64) -> Result<()>,
) -> Result<u64> {
    let written = store.manifest.dataset.clone();
    compare_all(store, path, dataset, look, threads, progress).map_err(|error| match error {
        Error::Mismatch { format, path, detail } if !written.is_empty() && written != dataset.name() => {
            let detail = format!("{detail} (it was written from {written} and compared with {})", dataset.name());
            Error::Mismatch { format, path, detail }
        }
        other => other,
    })
}

fn compare_all(
    store: &OpenStore,
    path: &Path,
    dataset: &dyn Dataset,
    look: Look,
    threads: Threads,
    progress: &mut dyn FnMut(u64) -> Result<()>,
) -> Result<u64> {
    let name = StoreName::new(&store.resolved.id, path);
    let spec = store.manifest.spec();
    if spec.images != dataset.len() || spec.shape != dataset.shape() {
        return Err(name.mismatch(format!(
            "it holds {} images of shape {}, the dataset {} of {}",
            spec.images,
            spec.shape,
            dataset.len(),
            dataset.shape()
        )));
    }
    store.resolved.format.audit(path, &spec)?;
    let files = look == Look::AtFiles && store.resolved.format.takes_files() && dataset.has_files();
    let form = if files { Form::Files } else { Form::Pixels };
    let comparison = Comparison { store, name, keys: store.keys(path)?, dataset, form, spec };
    let step = batch_images(&comparison.spec.shape);
    let batches = comparison.spec.images.div_ceil(step);
    // Batches are taken as they come: their order does not matter here.
    let next = AtomicU64::new(0);
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let (report, reports) = channel();
        for _ in 0..(threads.get() as u64).min(batches) {
            let (comparison, next, stop, report) = (&comparison, &next, &stop, report.clone());
            scope.spawn(move || {
                let outcome = comparison.run(
                    || {
                        let nth = next.fetch_add(1, Ordering::Relaxed);
                        let go_on = nth < batches && !stop.load(Ordering::Relaxed);
                        go_on.then(|| nth * step..((nth + 1) * step).min(comparison.spec.images))
                    },
                    &|images| report.send(Ok(images)).is_ok(),
                );
                if let Err(error) = outcome {
                    // Nobody listens any more when another thread's error came first.
                    let _ = report.send(Err(error));
                }
            });
        }
        drop(report);
        let outcome = reports.iter().try_for_each(|report| report.and_then(&mut *progress));
        stop.store(true, Ordering::Relaxed);
        outcome
    })?;
    Ok(comparison.spec.images)
}

struct Comparison<'a> {
    store: &'a OpenStore,
    name: StoreName,
    keys: Option<Keys>,
    dataset: &'a dyn Dataset,
    form: Form,
    spec: StoreSpec,
}

impl Comparison<'_> {
    /// One thread's part: compares range after range, until there is none or nobody wants to know.
    fn run(&self, mut next: impl FnMut() -> Option<Range<u64>>, done: &dyn Fn(u64) -> bool) -> Result<()> {
        let mut reader = self.store.reader()?;
        let mut lossy = self.store.resolved.format.lossy(&self.spec);
        let (mut wanted, mut found, mut scratch) = (Batch::new(), Batch::new(), Batch::new());
        while let Some(range) = next() {
            let indices: Vec<u64> = range.collect();
            wanted.clear();
            found.clear();
            match &mut lossy {
                None => indices
                    .iter()
                    .try_for_each(|&index| self.form.read(self.dataset, index, &mut scratch, &mut wanted))?,
                Some(lossy) => indices.iter().try_for_each(|&index| {
                    scratch.clear();
                    self.dataset.read(index, &mut scratch)?;
                    scratch.iter().try_for_each(|sample| lossy.pass(&sample, &mut wanted))
                })?,
            }
            match self.form {
                Form::Pixels => reader.read_batch(&indices, &mut found)?,
                _ => indices.iter().try_for_each(|&index| reader.read_file(index, &mut found))?,
            }
            self.compare(&indices, &wanted, &found)?;
            if !done(indices.len() as u64) {
                return Ok(());
            }
        }
        Ok(())
    }

    fn compare(&self, indices: &[u64], wanted: &Batch, found: &Batch) -> Result<()> {
        if found.len() != indices.len() {
            return Err(self.name.mismatch(format!("{} images came back for {}", found.len(), indices.len())));
        }
        let differs = |(&index, (wanted, found)): (&u64, (Sample<'_>, Sample<'_>))| {
            let key = self.keys.as_ref().map_or(&[][..], |keys| keys.get(index));
            let other_key = || {
                let (key, wanted) = (String::from_utf8_lossy(key), String::from_utf8_lossy(wanted.key));
                format!("name '{key}' instead of '{wanted}'")
            };
            let what = difference(&wanted, &found).or_else(|| (key != wanted.key).then(other_key));
            what.map(|what| (index, what))
        };
        match indices.iter().zip(wanted.iter().zip(found.iter())).find_map(differs) {
            Some((index, what)) => Err(self.name.mismatch(format!("image {index} came back changed: {what}"))),
            None => Ok(()),
        }
    }
}

/// The first difference between two samples, in words.
pub fn difference(wanted: &Sample<'_>, found: &Sample<'_>) -> Option<String> {
    if wanted.shape != found.shape {
        return Some(format!("shape {} instead of {}", found.shape, wanted.shape));
    }
    if wanted.label != found.label {
        return Some(format!("label {} instead of {}", found.label, wanted.label));
    }
    let (from, to) = if wanted.file.is_empty() { (wanted.pixels, found.pixels) } else { (wanted.file, found.file) };
    if from == to {
        return None;
    }
    if from.len() != to.len() {
        return Some(format!("{} bytes instead of {}", to.len(), from.len()));
    }
    let differing = from.iter().zip(to).filter(|(a, b)| a != b).count();
    let first = from.iter().zip(to).position(|(a, b)| a != b).unwrap_or(0);
    Some(format!("{differing} bytes differ, the first is byte {first}: {} instead of {}", to[first], from[first]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::ImageShape;

    #[test]
    fn every_difference_is_seen() {
        let pixels = Sample { shape: ImageShape::new(1, 3, 1), label: 4, key: b"k", pixels: &[1, 2, 3], file: &[] };
        let file = Sample { pixels: &[], file: b"JPEG", ..pixels };
        for (a, b, what) in [
            (pixels, Sample { shape: ImageShape::new(3, 1, 1), ..pixels }, "shape 3x1x1"),
            (pixels, Sample { label: 5, ..pixels }, "label 5"),
            (pixels, Sample { pixels: &[1, 9, 3], ..pixels }, "byte 1: 9 instead of 2"),
            (file, Sample { file: b"JPEg", ..file }, "byte 3: 103 instead of 71"),
            (file, Sample { file: b"JPE", ..file }, "3 bytes instead of 4"),
        ] {
            assert_eq!(difference(&a, &a), None);
            assert!(difference(&a, &b).is_some_and(|seen| seen.contains(what)), "{what}: {:?}", difference(&a, &b));
        }
    }
}
