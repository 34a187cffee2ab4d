//! The files that a dataset lies in: one, or those of a folder.

use super::encoded::Source;
use super::refuse;
use crate::dataset::source::state_at;
use crate::error::{IoContext, Result};
use crate::image_file::MAX_IMAGE_BYTES;
use crate::sys::positioned::read_exact_at;
use std::fs::File;
use std::path::{Path, PathBuf};
use xxhash_rust::xxh3::Xxh3;

/// The files of a dataset, in order.
#[derive(Default)]
pub struct Files {
    pub paths: Vec<PathBuf>,
    lengths: Vec<u64>,
}

/// A piece of one of them.
#[derive(Debug, Clone, Copy)]
pub struct Part {
    /// Which file.
    pub file: u32,
    pub offset: u64,
    pub length: u64,
}

impl Files {
    /// The file `path`, or the files of the folder `path` whose names `belongs` takes, sorted by name. Where some are for
    /// training by their names (`train-00000-of-00010`) and some are not, those for training are taken.
    ///
    /// # Errors
    /// When there is none.
    pub fn find(path: &Path, belongs: fn(&str) -> bool, like: &str, remarks: &mut Vec<String>) -> Result<Self> {
        let mut paths = match path.metadata().at("open", path)?.is_dir() {
            true => listed(path, belongs)?,
            false => vec![path.to_owned()],
        };
        if paths.is_empty() {
            return Err(refuse(
                path,
                format!("there is no {like} in this folder"),
                "name a file, or the folder of them",
            ));
        }
        let is_training = |path: &PathBuf| words(path).any(|word| word == "train" || word == "training");
        let training = paths.iter().filter(|path| is_training(path)).count();
        if (1..paths.len()).contains(&training) {
            let left = paths.len() - training;
            paths.retain(is_training);
            remarks.push(format!("these are the training images; files left out, each to be named for itself: {left}"));
        }
        let lengths = paths.iter().map(|path| Ok(path.metadata().at("open", path)?.len()));
        let lengths = lengths.collect::<Result<_>>()?;
        Ok(Self { paths, lengths })
    }

    /// Appends a piece to `out`, at most its first `most` bytes.
    ///
    /// # Errors
    /// When it is larger than any image, or not there.
    pub fn fetch(&self, part: Part, most: usize, out: &mut Vec<u8>) -> Result<(), String> {
        let path = self.paths.get(part.file as usize).ok_or("its file is not known")?;
        if part.offset.checked_add(part.length).is_none_or(|end| end > self.length(part.file)) {
            return Err(format!("it would lie beyond the end of {}", path.display()));
        }
        let length = usize::try_from(part.length).ok().filter(|length| *length <= MAX_IMAGE_BYTES);
        let length = length.ok_or("it is larger than 1 GiB")?.min(most);
        // Opened each time: there may be more of them than a process may have open.
        let file = File::open(path).map_err(|e| format!("{}: {e}", path.display()))?;
        let start = out.len();
        out.resize(start + length, 0);
        read_exact_at(&file, &mut out[start..], part.offset).map_err(|e| format!("{}: {e}", path.display()))
    }

    /// One more.
    pub fn push(&mut self, path: PathBuf, length: u64) {
        self.paths.push(path);
        self.lengths.push(length);
    }

    /// How long file `nth` was when it was looked at.
    pub fn length(&self, nth: u32) -> u64 {
        self.lengths.get(nth as usize).copied().unwrap_or(0)
    }

    /// A number that changes with the files.
    pub fn state(&self) -> Option<u64> {
        state(&self.paths)
    }
}

impl Source for Files {
    type Place = Part;

    fn fetch(&self, place: &Part, most: usize, out: &mut Vec<u8>) -> Result<(), String> {
        Self::fetch(self, *place, most, out)
    }
}

/// A number that changes when one of `paths` is written, replaced or renamed.
pub fn state(paths: &[PathBuf]) -> Option<u64> {
    let mut hash = Xxh3::new();
    for path in paths {
        hash.update(path.as_os_str().as_encoded_bytes());
        // No path has a zero byte.
        hash.update(&[0]);
        hash.update(&state_at(path)?.to_le_bytes());
    }
    Some(hash.digest())
}

fn listed(folder: &Path, belongs: fn(&str) -> bool) -> Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).at("list", folder)? {
        let entry = entry.at("list", folder)?;
        let name = entry.file_name();
        let belongs = name.to_str().is_some_and(|name| !name.starts_with('.') && belongs(name));
        let path = entry.path();
        // A link to nothing is an error, and not a shard fewer.
        if belongs && path.metadata().at("open", &path)?.is_file() {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

/// The words of a file's name.
fn words(path: &Path) -> impl Iterator<Item = String> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let words: Vec<_> = name.split(|c: char| !c.is_alphanumeric()).map(str::to_owned).collect();
    words.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_come_in_the_order_of_their_names_and_training_is_not_mixed_with_tests() {
        let folder = tempfile::tempdir().unwrap();
        let put = |name: &str| std::fs::write(folder.path().join(name), name).unwrap();
        let mut remarks = Vec::new();
        let mut find = || {
            let found = Files::find(folder.path(), |name| name.ends_with(".tar"), ".tar", &mut remarks);
            found.map(|files| files.paths.iter().map(|p| p.file_name().unwrap().to_owned()).collect::<Vec<_>>())
        };
        assert!(find().unwrap_err().to_string().contains("no .tar"));
        ["b-1.tar", "b-0.tar", "notes.txt", ".hidden.tar"].iter().for_each(|name| put(name));
        assert_eq!(find().unwrap(), ["b-0.tar", "b-1.tar"]);
        ["b-train-1.tar", "trainer.tar", "b-train-0.tar"].iter().for_each(|name| put(name));
        assert_eq!(find().unwrap(), ["b-train-0.tar", "b-train-1.tar"]);
        assert!(remarks[0].ends_with(": 3"), "{remarks:?}");
        assert!(Files::find(&folder.path().join("none"), |_| true, "", &mut remarks).is_err());
    }

    #[test]
    #[cfg(unix)]
    fn a_link_to_nothing_is_not_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let find = || Files::find(folder.path(), |name| name.ends_with(".tar"), ".tar", &mut Vec::new());
        std::fs::write(folder.path().join("0.tar"), "0").unwrap();
        std::os::unix::fs::symlink("0.tar", folder.path().join("1.tar")).unwrap();
        std::fs::create_dir(folder.path().join("2.tar")).unwrap();
        assert_eq!(find().unwrap().paths.len(), 2, "a link is what it leads to");
        std::os::unix::fs::symlink("gone", folder.path().join("3.tar")).unwrap();
        assert!(find().err().unwrap().to_string().contains("3.tar"));
    }

    #[test]
    fn a_piece_beyond_the_end_or_larger_than_any_image_is_not_fetched() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        std::fs::write(&path, "0123456789").unwrap();
        let files = Files::find(&path, |_| true, "", &mut Vec::new()).unwrap();
        let fetch = |offset, length, most| {
            let mut out = Vec::new();
            files.fetch(Part { file: 0, offset, length }, most, &mut out).map(|()| out)
        };
        assert_eq!(fetch(2, 5, 99), Ok(b"23456".to_vec()));
        assert_eq!(fetch(2, 5, 2), Ok(b"23".to_vec()));
        for (offset, length) in [(2, 9), (u64::MAX, 2), (11, 0)] {
            assert!(fetch(offset, length, 1).unwrap_err().contains("beyond the end"));
        }
        let vast = Files { paths: vec![path.clone()], lengths: vec![u64::MAX] };
        let vast = vast.fetch(Part { file: 0, offset: 0, length: 1 << 40 }, usize::MAX, &mut Vec::new());
        assert!(vast.unwrap_err().contains("1 GiB"));
    }
}
