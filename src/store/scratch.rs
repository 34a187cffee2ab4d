//! Directories that remove themselves; and removal of those whose process was killed before it could.

use crate::error::{IoContext, Result};
use std::path::Path;
use tempfile::TempDir;

/// What every such name ends with, so that a look at a directory tells what may go.
const SUFFIX: &str = ".partial";

/// A new directory in `place`, which is made where it is missing. Its name is a dot, `stem`, the number of this
/// process, something random, and `.partial`; it is removed when dropped.
///
/// # Errors
/// When it cannot be made.
pub fn directory(place: &Path, stem: &str) -> Result<TempDir> {
    std::fs::create_dir_all(place).at("create", place)?;
    tempfile::Builder::new()
        .prefix(&format!(".{stem}-{}-", std::process::id()))
        .suffix(SUFFIX)
        .tempdir_in(place)
        .at("create a directory in", place)
}

/// Removes such directories of processes that live no more. Where it cannot be told whether a process lives, none is.
pub fn remove_abandoned(place: &Path) {
    let lives = |process: u32| Path::new("/proc").join(process.to_string()).exists();
    if !lives(std::process::id()) {
        return;
    }
    for entry in std::fs::read_dir(place).into_iter().flatten().flatten() {
        if entry.file_name().to_str().and_then(process_of).is_some_and(|process| !lives(process)) {
            // If it cannot be removed it stays; that is no reason not to work.
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

fn process_of(name: &str) -> Option<u32> {
    let mut parts = name.strip_prefix('.')?.strip_suffix(SUFFIX)?.rsplit('-');
    parts.next()?;
    parts.next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_dead_left_behind_is_removed() {
        let place = tempfile::tempdir().unwrap();
        let ours = directory(place.path(), "a-b").unwrap();
        // No process has this number: it is above the largest that Linux gives.
        for name in [".x-4194399-q1w2e3.partial", "x-4194399-q1w2e3.partial", ".x-4194399-q1w2e3", "store"] {
            std::fs::create_dir(place.path().join(name)).unwrap();
        }
        remove_abandoned(place.path());
        let mut left: Vec<_> =
            std::fs::read_dir(place.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        let mut expected: Vec<std::ffi::OsString> =
            [".x-4194399-q1w2e3", "store", "x-4194399-q1w2e3.partial"].map(Into::into).to_vec();
        if !cfg!(target_os = "linux") {
            expected.push(".x-4194399-q1w2e3.partial".into());
        }
        expected.push(ours.path().file_name().unwrap().to_owned());
        expected.sort();
        assert_eq!(left, expected);
    }
}
