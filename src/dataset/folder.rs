//! `folder:PATH`: image files as people keep them. One subfolder a class, as torchvision's `ImageFolder` has it: classes
//! are numbered in the order of their names, files come in the order of their folders' and then their own names. A
//! folder with a `labels.csv` takes labels from there; one without subfolders is one class. The key of a sample is its
//! path below the folder.

pub mod export;
mod labels;
mod scan;

pub(super) use export::path_from;
pub(super) use labels::numbered;
pub(super) use scan::{Found as Labelled, NO_IMAGE, Others, by_class, is_image, is_image_ending, key_of_parent};

use super::{Dataset, memory::out_of_range, source};
use crate::error::{Error, IoContext, Result};
use crate::image_file::{self, Header};
use crate::sample::{Batch, ImageShape, Shape};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use xxhash_rust::xxh3::Xxh3;

/// What to do about files that cannot be used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnError {
    /// Refuse the folder, naming them.
    #[default]
    Fail,
    /// Leave them out, naming them. Every file is decoded once beforehand, because only that tells.
    Skip,
}

/// Bytes read to find a header; if it lies deeper (behind a large thumbnail, say), the whole file is read.
const HEADER_BYTES: u64 = 64 * 1024;

/// Names of broken files that a message lists; the rest is counted.
const NAMED: usize = 5;

/// A folder of image files.
pub struct Folder {
    root: PathBuf,
    entries: Vec<Entry>,
    shape: Shape,
    channels: Option<u32>,
    remarks: Vec<String>,
}

struct Entry {
    /// Below the root.
    path: Box<Path>,
    label: u32,
    shape: ImageShape,
    /// Of its file when it was looked at: see [`source::state_of`].
    state: u64,
}

impl Entry {
    fn admit(&self, shape: ImageShape) -> Result<(), String> {
        match shape == self.shape {
            true => Ok(()),
            false => Err(format!("it has changed from {} to {shape} since it was looked at", self.shape)),
        }
    }
}

/// A file that cannot be used, and why.
struct Broken {
    path: Box<Path>,
    why: String,
}

impl Folder {
    /// Lists the folder and reads the header of every file, of the first `images` if so many are asked for.
    ///
    /// # Errors
    /// [`Error::Dataset`] when there are no images, or files that cannot be used and `on_error` says so.
    pub fn open(root: &Path, images: Option<u64>, on_error: OnError) -> Result<Self> {
        let mut found = scan::scan(root)?;
        let most = images.and_then(|images| usize::try_from(images).ok()).unwrap_or(usize::MAX);
        if on_error == OnError::Fail {
            found.files.truncate(most);
        }
        let looked: Vec<_> = found
            .files
            .into_par_iter()
            .map(|scan::Found { path, label }| match look(&root.join(&path), on_error) {
                Ok((header, state)) => Ok((Entry { path, label, shape: header.shape, state }, header.orientation)),
                Err(why) => Err(Broken { path, why }),
            })
            .collect();
        let all = looked.len();
        let (mut entries, mut broken, mut turned) = (Vec::with_capacity(all), Vec::new(), 0_u64);
        for one in looked {
            match one {
                Ok((entry, orientation)) => {
                    turned += u64::from(orientation != 1);
                    entries.push(entry);
                }
                Err(one) => broken.push(one),
            }
        }
        // Those that are left out do not count.
        entries.truncate(most);
        let mut remarks = found.remarks;
        if !broken.is_empty() {
            let list = describe(&broken, all);
            if on_error == OnError::Fail || entries.is_empty() {
                let remedy = "mend or remove them, or leave them out with --on-error skip";
                return Err(Error::Dataset { path: root.to_owned(), cause: list, remedy: remedy.into() });
            }
            remarks.push(format!("left out: {list}"));
        }
        if turned > 0 {
            remarks.push(format!("images with an EXIF orientation other than upright, which is not applied: {turned}"));
        }
        let (shape, channels) = common_shape(entries.iter().map(|entry| entry.shape));
        Ok(Self { root: root.to_owned(), entries, shape, channels, remarks })
    }

    fn entry(&self, index: u64) -> Result<&Entry> {
        let entry = usize::try_from(index).ok().and_then(|index| self.entries.get(index));
        entry.ok_or_else(|| out_of_range(&self.name(), index, self.len()))
    }

    fn changed(&self, entry: &Entry, why: &str) -> Error {
        Error::Dataset {
            path: self.root.join(&entry.path),
            cause: format!("it cannot be decoded: {why}"),
            remedy: "mend or remove it, or leave it out with --on-error skip".into(),
        }
    }
}

/// What can be known of a file: its header and state, and that it can be decoded where that decides whether it is left out.
fn look(path: &Path, on_error: OnError) -> Result<(Header, u64), String> {
    let mut bytes = Vec::new();
    let mut file = File::open(path).map_err(|e| e.to_string())?;
    let state = source::state_of(&file.metadata().map_err(|e| e.to_string())?);
    (&mut file).take(HEADER_BYTES).read_to_end(&mut bytes).map_err(|e| e.to_string())?;
    let header = match image_file::header(&bytes) {
        Err(_) if bytes.len() as u64 == HEADER_BYTES => {
            file.read_to_end(&mut bytes).map_err(|e| e.to_string())?;
            image_file::header(&bytes)?
        }
        other => other?,
    };
    if on_error == OnError::Skip {
        file.read_to_end(&mut bytes).map_err(|e| e.to_string())?;
        image_file::decode(&bytes, |_| Ok(()), 0, &mut Batch::new())?;
    }
    Ok((header, state))
}

fn describe(broken: &[Broken], all: usize) -> String {
    let named = broken.iter().take(NAMED).map(|one| format!("{} ({})", one.path.display(), one.why));
    let mut list = named.collect::<Vec<_>>().join(", ");
    if broken.len() > NAMED {
        list += &format!(" and {} more", broken.len() - NAMED);
    }
    format!("{} of {all} image files cannot be used: {list}", broken.len())
}

/// The shape of a set of such images, and the number of channels if all have the same.
pub(super) fn common_shape(mut shapes: impl Iterator<Item = ImageShape>) -> (Shape, Option<u32>) {
    let Some(first) = shapes.next() else { return (Shape::Fixed(ImageShape::new(0, 0, 0)), None) };
    let (mut max, mut fixed, mut channels) = (first, true, Some(first.channels));
    for shape in shapes {
        fixed &= shape == first;
        channels = channels.filter(|channels| *channels == shape.channels);
        max.height = max.height.max(shape.height);
        max.width = max.width.max(shape.width);
        max.channels = max.channels.max(shape.channels);
    }
    (if fixed { Shape::Fixed(first) } else { Shape::Ragged { max } }, channels)
}

/// A path below the folder, as a key: the bytes as they are where paths are bytes.
pub(super) fn key(path: &Path) -> std::borrow::Cow<'_, [u8]> {
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt;
        path.as_os_str().as_bytes().into()
    }
    #[cfg(not(unix))]
    {
        path.to_string_lossy().replace('\\', "/").into_bytes().into()
    }
}

impl Dataset for Folder {
    fn name(&self) -> String {
        format!("folder:{}", self.root.display())
    }

    fn len(&self) -> u64 {
        self.entries.len() as u64
    }

    fn path(&self) -> Option<&Path> {
        Some(&self.root)
    }

    fn state(&self, images: u64) -> Option<u64> {
        let mut hash = Xxh3::new();
        for entry in self.entries.iter().zip(0..images).map(|(entry, _)| entry) {
            hash.update(&key(&entry.path));
            // No path has a zero byte.
            hash.update(&[0]);
            hash.update(&entry.label.to_le_bytes());
            hash.update(&entry.state.to_le_bytes());
        }
        Some(hash.digest())
    }

    fn shape(&self) -> Shape {
        self.shape.clone()
    }

    fn channels(&self) -> Option<u32> {
        self.channels
    }

    fn read(&self, index: u64, out: &mut Batch) -> Result<()> {
        let entry = self.entry(index)?;
        let path = self.root.join(&entry.path);
        let bytes = std::fs::read(&path).at("read", &path)?;
        let decoded = image_file::decode(&bytes, |shape| entry.admit(shape), entry.label, out);
        decoded.map_err(|why| self.changed(entry, &why))?;
        out.set_key(&key(&entry.path));
        Ok(())
    }

    fn has_files(&self) -> bool {
        true
    }

    fn read_file(&self, index: u64, out: &mut Batch) -> Result<()> {
        let entry = self.entry(index)?;
        let path = self.root.join(&entry.path);
        let mut file = File::open(&path).at("open", &path)?;
        let length = file.metadata().at("look at", &path)?.len();
        let length = usize::try_from(length).ok().filter(|length| (1..=image_file::MAX_IMAGE_BYTES).contains(length));
        let length = length.ok_or_else(|| self.changed(entry, "the file is empty or larger than 1 GiB"))?;
        let bytes = out.push_file(entry.shape, entry.label, length);
        let read = file.read_exact(bytes).at("read", &path).and_then(|()| {
            // It would be kept as it is, in a store that takes it for an image of another shape.
            let same = image_file::header(bytes).and_then(|header| entry.admit(header.shape));
            same.map_err(|why| self.changed(entry, &why))
        });
        if read.is_err() {
            out.pop();
            return read;
        }
        out.set_key(&key(&entry.path));
        Ok(())
    }

    fn remarks(&self) -> Vec<String> {
        self.remarks.clone()
    }
}

#[cfg(test)]
mod tests;
