//! What is on the disk: synced when it should be, and what becomes of it when it is damaged.

use super::{Given, expect, holds, open, small, text, verified, written};
use crate::dataset::{Dataset, Memory};
use crate::error::{Error, Result};
use crate::sample::{Batch, ImageShape, Sample, Shape};
use crate::store::copy::{Form, write};
use crate::store::registry::Resolved;
use crate::store::sealed::IfExists;
use crate::store::{Durability, MANIFEST_FILE, StoreSpec, Threads, WriteOptions};
use crate::sys::page_cache::cached;
use std::path::{Path, PathBuf};

pub fn durabilities(format: &Resolved, at: &Path) -> Result<(), String> {
    let dataset = small(format)?.dataset;
    for durability in [Durability::None, Durability::Close, Durability::Each] {
        let path = at.join(durability.name());
        let options = WriteOptions { durability, threads: Threads::ONE };
        match write(format, &dataset, &path, options, IfExists::Refuse, &mut |_| Ok(())) {
            // Whoever cannot keep a part of a store safe says so.
            Err(Error::Unsupported { what, .. }) if durability == Durability::Each => {
                expect(what.starts_with("durability each") && !path.exists(), || format!("refused with: {what}"))?;
                continue;
            }
            written => written.map_err(text)?,
        };
        verified(format, &path, &dataset).map_err(|e| format!("{}: {e}", durability.name()))?;
    }
    Ok(())
}

pub fn synced(format: &Resolved, at: &Path) -> Result<(), String> {
    let dataset = Given::new(format, &noise()).map_err(text)?.dataset;
    let spec = StoreSpec { shape: dataset.shape(), images: dataset.len() };
    let mut samples = Batch::new();
    let mut scratch = Batch::new();
    let form = Form::of(format);
    (0..spec.images).try_for_each(|index| form.read(&dataset, index, &mut scratch, &mut samples)).map_err(text)?;
    let store = |durability: Durability| -> Result<PathBuf> {
        let path = at.join(durability.name());
        write(
            format,
            &dataset,
            &path,
            WriteOptions { durability, threads: Threads::ONE },
            IfExists::Refuse,
            &mut |_| Ok(()),
        )?;
        Ok(path)
    };
    if unsynced(&store(Durability::None).map_err(text)?)?.is_none_or(|pages| pages == 0) {
        return Ok(());
    }
    let close = unsynced(&store(Durability::Close).map_err(text)?)?;
    expect(close == Some(0), || format!("`close` left {close:?} pages that are not on the device"))?;
    let each = at.join("by hand");
    std::fs::create_dir(&each).map_err(|e| e.to_string())?;
    let options = WriteOptions { durability: Durability::Each, threads: Threads::ONE };
    let mut writer = match format.format.create(&each, &spec, &options) {
        Err(Error::Unsupported { .. }) => return Ok(()),
        created => created.map_err(text)?,
    };
    writer.append(&samples).map_err(text)?;
    let left = unsynced(&each)?;
    expect(left == Some(0), || format!("with `each`, a batch left {left:?} pages that are not on the device"))
}

fn unsynced(directory: &Path) -> Result<Option<u64>, String> {
    let mut pages = Some(0);
    for entry in walkdir::WalkDir::new(directory) {
        let entry = entry.map_err(|e| e.to_string())?;
        if entry.file_type().is_file() {
            let file = std::fs::File::open(entry.path()).map_err(|e| e.to_string())?;
            pages = pages.zip(cached(&file)).map(|(sum, file)| sum + file.dirty + file.writeback);
        }
    }
    Ok(pages)
}

pub fn checksums(format: &Resolved, at: &Path) -> Result<(), String> {
    let given = Given::new(format, &noise()).map_err(text)?;
    let declared = format.format.capabilities().checksums;
    let path = written(format, &given, at, "store").map_err(text)?;
    for (file, position) in payload_positions(&path, &given.expected)? {
        let Some(silent) = damaged(format, &path, &given.expected, &file, position)? else { continue };
        return match (declared, silent) {
            (true, 1..) => {
                Err(format!("declares checksums, and {silent} of {TRIALS} changed bytes came through unnoticed"))
            }
            (false, 0) => Err("declares no checksums, and noticed every changed byte: declare them".into()),
            _ => Ok(()),
        };
    }
    Err("no byte of an image was found in it".into())
}

/// Bytes that are changed, one at a time.
const TRIALS: usize = 24;

/// How many of the changed bytes from `position` on came through unnoticed; none where no change did anything: what lies there
/// is no image, but the remains of one.
fn damaged(
    format: &Resolved,
    path: &Path,
    dataset: &Memory,
    file: &Path,
    position: usize,
) -> Result<Option<u32>, String> {
    let clean = std::fs::read(file).map_err(|e| e.to_string())?;
    let (mut silent, mut noticed) = (0, 0);
    for offset in 0..TRIALS {
        let mut damaged = clean.clone();
        let Some(byte) = damaged.get_mut(position + offset) else { break };
        *byte ^= 1 << (offset % 8);
        std::fs::write(file, &damaged).map_err(|e| e.to_string())?;
        let store = open(format, path).map_err(text)?;
        let mut reader = store.reader().map_err(text)?;
        let mut batch = Batch::new();
        let outcome = (0..dataset.len()).try_for_each(|index| reader.read(index, &mut batch).map_err(|_| index));
        if let Err(index) = outcome {
            // What was read before the failure is there, and nothing half-read behind it.
            let before: Vec<u64> = (0..index).collect();
            holds(&batch, dataset, &before).map_err(|e| format!("after image {index} failed: {e}"))?;
            noticed += 1;
        } else {
            let indices: Vec<u64> = (0..dataset.len()).collect();
            silent += u32::from(holds(&batch, dataset, &indices).is_err());
        }
    }
    std::fs::write(file, clean).map_err(|e| e.to_string())?;
    Ok((silent + noticed > 0).then_some(silent))
}

fn noise() -> Memory {
    let shape = ImageShape::new(16, 16, 3);
    let mut samples = Batch::new();
    let mut state = 1_u32;
    for label in 0..64 {
        for byte in samples.push(shape, label) {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            *byte = (state >> 24) as u8;
        }
    }
    Memory::new("memory:noise", Shape::Fixed(shape), samples)
}

/// Where bytes of images may lie: those of the pixels themselves, of the data of a JPEG, PNG or WebP, or else the middle of the
/// largest file.
fn payload_positions(store: &Path, dataset: &Memory) -> Result<Vec<(PathBuf, usize)>, String> {
    let mut image = Batch::new();
    dataset.read(20, &mut image).map_err(text)?;
    let pixels = image.get(0).map(|sample: Sample<'_>| sample.pixels.to_vec()).unwrap_or_default();
    let (mut found, mut largest) = (Vec::new(), (PathBuf::new(), 0));
    for entry in walkdir::WalkDir::new(store).sort_by_file_name() {
        let entry = entry.map_err(|e| e.to_string())?;
        if !entry.file_type().is_file() || entry.file_name() == MANIFEST_FILE {
            continue;
        }
        let bytes = std::fs::read(entry.path()).map_err(|e| e.to_string())?;
        for (needle, skip) in [(&pixels[..], 0), (&[0xFF, 0xDA, 0, 12], 20), (b"IDAT", 10), (b"VP8L", 400)] {
            let matches = bytes.windows(needle.len()).enumerate().filter(|(_, window)| *window == needle);
            found.extend(matches.map(|(at, _)| (entry.path().to_owned(), at + skip)));
            if !found.is_empty() {
                break;
            }
        }
        if !found.is_empty() {
            break;
        }
        if bytes.len() > largest.1 {
            largest = (entry.into_path(), bytes.len());
        }
    }
    if found.is_empty() {
        found.push((largest.0, largest.1 / 2));
    }
    Ok(found)
}
