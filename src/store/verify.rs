//! Whether a store holds what its dataset holds: every pixel, every label, every key.

use crate::dataset::Dataset;
use crate::error::{Error, Result};
use crate::sample::{Batch, Sample};
use crate::store::container::StoreName;
use crate::store::registry::Resolved;
use crate::store::sealed::{IfExists, OpenStore, StoreWriter};
use crate::store::{FormatId, StoreSpec, WriteOptions};
use std::path::Path;

/// Samples handed over at once: memory stays flat whatever the store's size.
const BATCH: u64 = 256;

/// Writes `dataset` as a store of this format at `target`. `progress` is told of images written.
///
/// # Errors
/// As [`StoreWriter`]; and what the dataset says.
pub fn write(
    resolved: &Resolved,
    dataset: &dyn Dataset,
    target: &Path,
    options: WriteOptions,
    if_exists: IfExists,
    progress: &mut dyn FnMut(u64),
) -> Result<()> {
    let spec = StoreSpec { shape: dataset.shape(), images: dataset.len() };
    let mut writer = StoreWriter::create(resolved, target, &spec, options, if_exists)?;
    writer.name_dataset(dataset.name());
    let mut samples = Batch::new();
    for first in (0..spec.images).step_by(BATCH as usize) {
        samples.clear();
        let end = (first + BATCH).min(spec.images);
        (first..end).try_for_each(|index| dataset.read(index, &mut samples))?;
        writer.append(&samples)?;
        progress(end - first);
    }
    writer.finish()
}

/// Reads the store at `path` and compares all of it with `dataset`; returns the number of images compared.
///
/// The store's own structure is checked first: layout, options and codec as its name says.
///
/// # Errors
/// [`crate::Error::Mismatch`] with the first difference; [`crate::Error::Store`] when the store cannot be read.
pub fn verify(path: &Path, dataset: &dyn Dataset, progress: &mut dyn FnMut(u64)) -> Result<u64> {
    let store = OpenStore::open(path)?;
    let written = store.manifest.dataset.clone();
    compare_all(store, path, dataset, progress).map_err(|error| match error {
        Error::Mismatch { format, path, detail } if !written.is_empty() && written != dataset.name() => {
            let detail = format!("{detail} (it was written from {written} and compared with {})", dataset.name());
            Error::Mismatch { format, path, detail }
        }
        other => other,
    })
}

fn compare_all(store: OpenStore, path: &Path, dataset: &dyn Dataset, progress: &mut dyn FnMut(u64)) -> Result<u64> {
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
    let mut reader = store.reader()?;
    let (mut wanted, mut found, mut indices) = (Batch::new(), Batch::new(), Vec::new());
    for first in (0..spec.images).step_by(BATCH as usize) {
        wanted.clear();
        found.clear();
        indices.clear();
        indices.extend(first..(first + BATCH).min(spec.images));
        indices.iter().try_for_each(|&index| dataset.read(index, &mut wanted))?;
        reader.read_batch(&indices, &mut found)?;
        compare(&store.resolved.id, path, &indices, &wanted, &found)?;
        progress(indices.len() as u64);
    }
    Ok(spec.images)
}

fn compare(id: &FormatId, path: &Path, indices: &[u64], wanted: &Batch, found: &Batch) -> Result<()> {
    let name = StoreName::new(id, path);
    if found.len() != indices.len() {
        return Err(name.mismatch(format!("{} images came back for {}", found.len(), indices.len())));
    }
    let differs = |(&index, (wanted, found))| difference(&wanted, &found).map(|what| (index, what));
    match indices.iter().zip(wanted.iter().zip(found.iter())).find_map(differs) {
        Some((index, what)) => Err(name.mismatch(format!("image {index} came back changed: {what}"))),
        None => Ok(()),
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
    if wanted.pixels == found.pixels {
        return None;
    }
    let differing = wanted.pixels.iter().zip(found.pixels).filter(|(a, b)| a != b).count();
    let first = wanted.pixels.iter().zip(found.pixels).position(|(a, b)| a != b).unwrap_or(0);
    Some(format!(
        "{differing} bytes differ, the first is byte {first}: {} instead of {}",
        found.pixels[first], wanted.pixels[first]
    ))
}
