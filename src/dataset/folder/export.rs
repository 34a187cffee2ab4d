//! A dataset as a plain folder of image files: the way back out of any store.

use super::{Folder, OnError, key, labels, scan};
use crate::dataset::Dataset;
use crate::error::{IoContext, Result};
use crate::image_file::{self, png};
use crate::sample::{Batch, Sample};
use crate::store::container::StoreName;
use crate::store::copy::Form;
use crate::store::placement::{IfExists, Placement};
use crate::store::progress::Progress;
use crate::store::sealed::Sealed;
use crate::store::{Threads, sync};
use rayon::prelude::*;
use std::collections::HashSet;
use std::fs::File;
use std::io::Write;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex};

/// What a folder of images is called where formats are named.
pub const FORMAT: &str = "folder";

/// Writes samples as files: encoded files as they are and under their own names, pixels as PNG. Samples that have no
/// name get one in a folder named after their label. Where the folders do not tell the labels, `labels.csv` does.
pub struct FolderWriter {
    placement: Placement,
    work: Progress,
    source: Option<Arc<dyn Dataset>>,
    /// Folders that were made, so that each is made once.
    made: Mutex<HashSet<PathBuf>>,
    /// Every file and its label, in order.
    written: Vec<(PathBuf, u32)>,
    /// The same files: no two samples have one name.
    names: HashSet<PathBuf>,
    /// A write failed: beyond the last checkpoint nobody knows what is there.
    failed: bool,
}

impl FolderWriter {
    /// Starts a folder that will stand at `target`. `work` says what is written, and how much of it `left`, what a dead
    /// process left behind, has already.
    ///
    /// # Errors
    /// When something is at `target` already that `if_exists` does not let go; what the system says.
    pub fn new(target: &Path, work: Progress, left: Option<&Path>, if_exists: IfExists) -> Result<Self> {
        let name = StoreName { format: FORMAT.into(), path: target.to_owned() };
        let placement = match left {
            Some(left) => Placement::adopt(left, name, if_exists)?,
            None => Placement::new(name, if_exists)?,
        };
        let (made, written, names) = (Mutex::default(), Vec::new(), HashSet::new());
        Ok(Self { placement, work, source: None, made, written, names, failed: false })
    }

    /// Notes what is there already, when going on: samples are given again, and only missing files are written.
    ///
    /// # Errors
    /// When a name leads out of the folder.
    pub fn append(&mut self, samples: &Batch) -> Result<()> {
        let first = self.written.len() as u64;
        let mut files = Vec::with_capacity(samples.len());
        for (index, sample) in (first..).zip(samples.iter()) {
            let path = path_of(&sample, index).map_err(|why| self.placement.name().error(why, RENAME))?;
            if !self.names.insert(path.clone()) {
                let cause = format!("two samples are named {}", path.display());
                return Err(self.placement.name().error(cause, RENAME));
            }
            files.push((index, path, sample));
        }
        let missing = files.par_iter().filter(|(index, ..)| *index >= self.work.done);
        let wrote = missing.try_for_each(|(_, path, sample)| self.write(path, sample));
        self.failed |= wrote.is_err();
        wrote?;
        self.written.extend(files.into_iter().map(|(_, path, sample)| (path, sample.label)));
        Ok(())
    }

    fn write(&self, path: &Path, sample: &Sample<'_>) -> Result<()> {
        let whole = self.placement.path().join(path);
        if let Some(folder) = whole.parent() {
            // Poisoned only by a panic while a set was being changed, which leaves it usable.
            let mut made = self.made.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            if !made.contains(folder) {
                std::fs::create_dir_all(folder).at("create", folder)?;
                made.insert(folder.to_owned());
            }
        }
        // Beyond the last checkpoint of a killed process there may be half a file.
        let mut file = File::create(&whole).at("create", &whole)?;
        if !sample.file.is_empty() {
            return file.write_all(sample.file).at("write", &whole);
        }
        let mut encoded = Vec::new();
        png::encode(sample.shape, sample.pixels, png::Level::Balanced, &mut encoded)
            .map_err(|why| self.placement.name().unsupported(why))?;
        file.write_all(&encoded).at("write", &whole)
    }

    /// Makes what is there safe, and notes how much it is.
    ///
    /// # Errors
    /// What the system says.
    pub fn checkpoint(&mut self) -> Result<()> {
        let synced = sync::file_system(self.placement.path());
        self.failed |= synced.is_err();
        synced?;
        // Samples that are only noted again do not count twice.
        let done = (self.written.len() as u64).max(self.work.done);
        self.work.clone().of(self.source.as_deref(), done).write(self.placement.path())
    }

    /// From now on checkpoints note the state of what is read, for whoever goes on with this.
    pub fn note_source(&mut self, source: Arc<dyn Dataset>) {
        self.source = Some(source);
    }

    /// Keeps what a checkpoint has noted, whatever this ends with: without it, a failure leaves nothing behind.
    pub fn keep_work(&mut self) {
        self.placement.keep_work();
    }

    /// Where it is while it is written.
    pub fn path(&self) -> &Path {
        self.placement.path()
    }

    /// Leaves the folder unfinished where another process can go on with it; says where. Where nothing more can be
    /// noted, as on a full disk, what the last checkpoint noted still holds.
    ///
    /// # Errors
    /// What the system says, if there was no checkpoint; nothing is then left.
    pub fn leave(mut self) -> Result<Option<PathBuf>> {
        let noted = if self.failed { Ok(()) } else { self.checkpoint() };
        match Progress::read(self.placement.path()) {
            Some(_) => Ok(Some(self.placement.leave())),
            None => noted.map(|()| None),
        }
    }

    /// Adds `labels.csv` where it is needed: the folder is whole, and can be looked at before it gets its name.
    ///
    /// # Errors
    /// What the system says.
    pub fn seal(self) -> Result<Sealed> {
        if !folders_tell(&self.written) {
            let path = self.placement.path().join(labels::FILE);
            labels::write(&path, &self.written).at("write", &path)?;
        }
        Ok(Sealed::new(self.placement, true))
    }
}

/// What helps against names that do not fit.
const RENAME: &str =
    "the names come from the dataset or store: write it again with other names (and no image twice, as by --images)";

/// Where a sample's file belongs: its name, if that stays inside the folder, with the ending of what is in it.
fn path_of(sample: &Sample<'_>, index: u64) -> Result<PathBuf, String> {
    let kind = image_file::Kind::of(sample.file);
    if sample.key.is_empty() {
        let extension = kind.map_or("png", image_file::Kind::extension);
        return Ok(PathBuf::from(format!("{}/{index:08}.{extension}", sample.label)));
    }
    let path = path_from(sample.key);
    let inside = path.components().all(|part| matches!(part, Component::Normal(_))) && path.file_name().is_some();
    // Written exactly as it would be read back: no doubled or trailing slashes.
    if !inside || *key(&path.components().collect::<PathBuf>()) != *sample.key {
        return Err(format!("the name {} would lead out of the folder", path.display()));
    }
    match kind {
        None if path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("png")) => Ok(path),
        Some(_) if scan::is_image(&path) => Ok(path),
        // Added, not replaced: a.bmp and a.tiff shall not both become a.png. A file whose name no tool would take for an
        // image's gets the ending of what it is.
        _ => {
            let ending = kind.map_or("png", image_file::Kind::extension);
            Ok(PathBuf::from([path.as_os_str(), ending.as_ref()].join(std::ffi::OsStr::new("."))))
        }
    }
}

/// The path that [`key`] made a key of.
#[cfg(unix)]
pub(in crate::dataset) fn path_from(key: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt;
    PathBuf::from(std::ffi::OsStr::from_bytes(key))
}

/// The path that [`key`] made a key of.
#[cfg(not(unix))]
pub(in crate::dataset) fn path_from(key: &[u8]) -> PathBuf {
    PathBuf::from(String::from_utf8_lossy(key).into_owned())
}

/// Whether `folder:` would find these labels, in this order, without a table.
fn folders_tell(written: &[(PathBuf, u32)]) -> bool {
    let class = |path: &Path| match path.parent().map(key) {
        Some(parent) if !parent.is_empty() => parent.split(|byte| *byte == b'/').next().map(<[u8]>::to_vec),
        _ => None,
    };
    let Some(classes) = written.iter().map(|(path, _)| class(path)).collect::<Option<Vec<_>>>() else {
        // Without folders all are of class 0.
        return written.iter().all(|(path, label)| class(path).is_none() && *label == 0) && in_order(written);
    };
    let mut names = classes.clone();
    names.sort();
    names.dedup();
    let right = |(class, (_, label)): (&Vec<u8>, &(PathBuf, u32))| names.binary_search(class) == Ok(*label as usize);
    classes.iter().zip(written).all(right) && in_order(written)
}

fn in_order(written: &[(PathBuf, u32)]) -> bool {
    let place = |path: &Path| (key(path.parent().unwrap_or(Path::new(""))).into_owned(), key(path).into_owned());
    written.windows(2).all(|pair| place(&pair[0].0) < place(&pair[1].0))
}

/// Compares the folder at `target` with the dataset that it was written from, file by file; returns how many images.
///
/// # Errors
/// [`crate::Error::Mismatch`] with the first difference.
pub fn verify(
    target: &Path,
    dataset: &dyn Dataset,
    threads: Threads,
    progress: &mut dyn FnMut(u64) -> Result<()>,
) -> Result<u64> {
    let name = StoreName { format: FORMAT.into(), path: target.to_owned() };
    let folder = Folder::open(target, None, OnError::Fail)?;
    if folder.len() != dataset.len() {
        return Err(name.mismatch(format!("it holds {} images, the dataset {}", folder.len(), dataset.len())));
    }
    let form = if dataset.has_files() { Form::Files } else { Form::Pixels };
    let (mut found, mut scratch, mut index) = (Batch::new(), Batch::new(), 0);
    crate::store::copy::each_batch(dataset, 0, form, threads, &mut |wanted| {
        for wanted in wanted.iter() {
            found.clear();
            form.read(&folder, index, &mut scratch, &mut found)?;
            let path = path_of(&wanted, index).map_err(|why| name.error(why, RENAME))?;
            let same = |found: Sample<'_>| *found.key == *key(&path) && Sample { key: wanted.key, ..found } == wanted;
            if !found.get(0).is_some_and(same) {
                return Err(name.mismatch(format!("{} is not image {index} of the dataset", path.display())));
            }
            index += 1;
        }
        progress(wanted.len() as u64)
    })?;
    Ok(index)
}
