//! Zarr version 3: a group with an array of images (N x H x W x C or N x H x W of `uint8`) and one of labels (N whole
//! numbers), or a lone array of images. What Zarr does not find it takes for the fill value: how much that is, is told.

mod chunks;
mod frames;

use super::arrays::{Arrays, Integer, Pixels, images_of, labels_of};
use super::kinds::{IMAGE_ARRAYS, LABEL_ARRAYS, any_of};
use super::{files, refuse};
use crate::error::{IoContext, Result};
use crate::store::container::guard::guarded;
use chunks::Chunks;
use frames::Frames;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use zarrs::array::{Array, ArrayBytes, ArraySubset, CodecOptions};
use zarrs::filesystem::FilesystemStore;

/// What describes an array or a group.
const METADATA: &str = "zarr.json";
/// Pixels that stay decoded while their images are read one after another.
const BLOCK_BYTES: u64 = 64 << 20;
/// Bytes that a byte of a file can stand for: Zstandard, which packs best, has blocks of 128 KiB in four bytes.
const BEST_RATIO: u64 = 32 << 10;

/// What to do where chunks are missing.
const WHOLE: &str =
    "check that it was written to its end, chunks of the fill value alone too (zarr: write_empty_chunks)";
/// What to do about other codecs.
const CODECS: &str = "write it as Zarr version 3 with no codecs but bytes, zstd, crc32c and sharding_indexed";

type Opened = Array<FilesystemStore>;

/// The images of an open array.
pub struct Images {
    array: Opened,
    frames: Frames,
    /// How many are decoded together.
    block: u64,
    last: Mutex<Option<(u64, Vec<u8>)>>,
}

fn text(e: impl std::fmt::Display) -> String {
    e.to_string()
}

/// What an array says of its numbers.
fn data_type(array: &Opened) -> String {
    // Descriptions are texts and numbers: there is nothing to fail.
    let metadata = serde_json::to_value(array.metadata()).unwrap_or_default();
    metadata["data_type"].as_str().map_or_else(|| metadata["data_type"].to_string(), str::to_owned)
}

fn options() -> CodecOptions {
    CodecOptions::default().with_concurrent_target(1)
}

fn open_array(path: &Path, node: &str) -> Result<Opened> {
    let opened = guarded(|| {
        let store = FilesystemStore::new(path).map_err(text)?;
        Array::open(Arc::new(store), &format!("/{node}")).map_err(text)
    });
    opened.map_err(|why| refuse(&path.join(node), format!("zarrs cannot open it: {why}"), CODECS))
}

/// What kind of node a folder is.
fn node_type(folder: &Path) -> Result<String> {
    let at = folder.join(METADATA);
    if [".zarray", ".zgroup"].iter().any(|name| folder.join(name).is_file()) && !at.is_file() {
        let remedy = "convert it: zarr.save_array or zarr.save_group with zarr_format=3";
        return Err(refuse(folder, "it is of Zarr's version 2", remedy));
    }
    let bytes = std::fs::read(&at).at("read", &at)?;
    let metadata: serde_json::Value = serde_json::from_slice(&bytes)
        .map_err(|e| refuse(&at, format!("it is no description of Zarr's: {e}"), "check the path"))?;
    Ok(metadata["node_type"].as_str().unwrap_or_default().to_owned())
}

/// Names of what a group holds, at most a few.
fn listing(group: &Path) -> String {
    let entries = std::fs::read_dir(group).into_iter().flatten().flatten();
    let nodes = entries.filter(|entry| entry.path().join(METADATA).is_file());
    let mut names: Vec<_> = nodes.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names.truncate(10);
    if names.is_empty() { "no array".into() } else { names.join(", ") }
}

/// Opens the group or array in the folder `path`; arrays' names are guessed where they are not given. `rest` is all that
/// the command line says.
///
/// # Errors
/// When there are no such arrays, or they hold something else.
pub fn open(rest: &str, path: &Path, [images, labels]: [Option<&str>; 2]) -> Result<Arrays<Images>> {
    let is_array = |name: &str| path.join(name).join(METADATA).is_file();
    let find = |given: Option<&str>, usual: &[&'static str]| match given {
        Some(name) => is_array(name).then(|| name.to_owned()),
        None => usual.iter().find(|name| is_array(name)).map(|name| (*name).to_owned()),
    };
    let (node, label_node) = match node_type(path)?.as_str() {
        "array" => (String::new(), None),
        _ => {
            let remedy = "name them: zarr:FOLDER,images=NAME,labels=NAME";
            let none = |of: &str, given: Option<&str>, usual: &[&str]| {
                let called = given.map_or_else(|| any_of(usual), str::to_owned);
                format!("there is no array of {of} called {called}; it holds {}", listing(path))
            };
            let node = find(images, IMAGE_ARRAYS);
            let node = node.ok_or_else(|| refuse(path, none("images", images, IMAGE_ARRAYS), remedy))?;
            let label_node = find(labels, LABEL_ARRAYS);
            if labels.is_some() && label_node.is_none() {
                return Err(refuse(path, none("labels", labels, LABEL_ARRAYS), remedy));
            }
            (node, label_node)
        }
    };
    let images = open_array(path, &node)?;
    let at = path.join(&node);
    let (count, shape) = images_of(&at, &data_type(&images), images.shape())?;
    let mut remarks = Vec::new();
    let whole = guarded(|| Chunks::of(&at, &images).map_err(text)?.refuse_hollow(&images));
    whole.map_err(|why| refuse(&at, why, WHOLE))?;
    let (mut chunks, frames) = look(&images, &at, 1, "images", &mut remarks)?;
    let labels = match label_node {
        Some(node) => {
            let (of_labels, labels) = read_labels(path, &node, count, &mut remarks)?;
            chunks.paths.extend(of_labels.paths);
            Some(labels)
        }
        None => {
            remarks.push(format!("there is no array of labels called {}: all labels are 0", any_of(LABEL_ARRAYS)));
            None
        }
    };
    let rows = guarded(|| images.chunk_shape(&vec![0; images.dimensionality()]).map_err(text));
    let rows = rows.map_err(|why| refuse(&at, why, WHOLE))?;
    let rows = rows.first().map_or(1, |rows| rows.get());
    let block = rows.min((BLOCK_BYTES / shape.bytes() as u64).max(1));
    chunks.paths.push(at.join(METADATA));
    Ok(Arrays {
        name: format!("zarr:{rest}"),
        path: path.to_owned(),
        shape,
        images: count,
        labels,
        state: files::state(&chunks.paths),
        remarks,
        pixels: Images { array: images, frames, block, last: Mutex::default() },
    })
}

impl Images {
    /// The pixels of a block.
    fn decoded(&self, block: u64) -> Result<Vec<u8>, String> {
        let first = block * self.block;
        let all = self.array.shape();
        let end = (first + self.block).min(all[0]);
        self.frames.check(&self.array, first..end)?;
        let ranges: Vec<_> = std::iter::once(first..end).chain(all[1..].iter().map(|extent| 0..*extent)).collect();
        let subset = ArraySubset::new_with_ranges(&ranges);
        guarded(|| self.array.retrieve_array_subset_opt::<Vec<u8>>(&subset, &options()).map_err(text))
    }
}

impl Pixels for Images {
    fn read(&self, index: u64, out: &mut [u8], path: &Path) -> Result<()> {
        let fail = |why: String| refuse(path, format!("image {index}: {why}"), "check that it is whole");
        // Poisoned only by a panic, of which there is none while it is held.
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let block = index / self.block;
        let pixels = match last.take().filter(|(kept, _)| *kept == block) {
            Some(kept) => &last.insert(kept).1,
            None => &last.insert((block, self.decoded(block).map_err(fail)?)).1,
        };
        // A block is at most as large as memory is.
        let from = (index % self.block) as usize * out.len();
        let image = pixels.get(from..from + out.len());
        out.copy_from_slice(image.ok_or_else(|| fail("fewer pixels came out of its chunk than it has".into()))?);
        Ok(())
    }
}

/// Looks at the chunks of an array of numbers of `size` bytes, which lies in `folder`; `remarks` are told how many are missing.
fn look(array: &Opened, folder: &Path, size: u64, of: &str, remarks: &mut Vec<String>) -> Result<(Chunks, Frames)> {
    let chunks = Chunks::of(folder, array)?;
    let missing = guarded(|| chunks.missing(array)).map_err(|why| refuse(folder, why, WHOLE))?;
    let frames = guarded(|| Frames::of(array, size, chunks.largest)).map_err(|why| refuse(folder, why, CODECS))?;
    let within = guarded(|| Ok(frames.missing(array))).map_err(|why| refuse(folder, why, WHOLE))?;
    for (count, where_not) in [(missing, "there"), (within, "in their shards")] {
        if count > 0 {
            let what = format!("chunks of {of} that are not {where_not}");
            remarks.push(format!("{what}, read as the fill value as Zarr wants it: {count}"));
        }
    }
    Ok((chunks, frames))
}

/// The labels of so many `images`, and their chunks.
fn read_labels(path: &Path, node: &str, images: u64, remarks: &mut Vec<String>) -> Result<(Chunks, Vec<u32>)> {
    let array = open_array(path, node)?;
    let at = path.join(node);
    let kind =
        labels_of(&at, &data_type(&array), array.shape(), images, "name the right array: zarr:FOLDER,labels=NAME")?;
    let damaged = |why: String| refuse(&at, why, "check that it is whole, with labels from 0 on");
    // All of them may be the fill value, of which no chunk is written; and there are as many as images, which are there.
    let (chunks, frames) = look(&array, &at, kind.size as u64, "labels", remarks)?;
    let bytes = guarded(|| {
        frames.check(&array, 0..images)?;
        let bytes = array.retrieve_array_subset_opt::<ArrayBytes<'static>>(&array.subset_all(), &options());
        Ok(bytes.map_err(text)?.into_fixed().map_err(text)?.into_owned())
    });
    // They come as this machine has numbers.
    let kind = Integer { big_endian: cfg!(target_endian = "big"), ..kind };
    let labels = bytes.and_then(|bytes| kind.labels(&bytes)).map_err(damaged)?;
    match labels.len() as u64 == images {
        true => Ok((chunks, labels)),
        false => Err(damaged(format!("{} labels for {images} images", labels.len()))),
    }
}

#[cfg(test)]
mod tests;
