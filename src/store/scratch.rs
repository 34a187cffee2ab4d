//! Directories that remove themselves; what is left of those whose process was killed before it could; and going on
//! with one of these.

use crate::error::{IoContext, Result};
use crate::sys::directory_lock::{Wait, lock};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What every such name ends with, so that a look at a directory tells what may go.
const SUFFIX: &str = ".partial";

/// A file that marks a directory as worth keeping after its process died: work that can be gone on with.
pub const PROGRESS_FILE: &str = "progress.json";

/// Stem of directories that hold what was replaced. Should their process die, nobody removes them: it may be the only
/// copy.
pub const REPLACED: &str = "replaced";

/// A directory that is removed when dropped.
#[derive(Debug)]
pub struct Scratch {
    path: PathBuf,
    removed: bool,
    /// Whether it stays when there is a progress file in it.
    keeps_work: bool,
    /// Locked for as long as this process lives, wherever it lives: numbers of processes mean nothing in another
    /// container or on another host. `None` where the file system has no locks.
    _lock: Option<File>,
}

impl Scratch {
    /// A new directory in `place`, which is made where it is missing. Its name is a dot, `stem`, the number of this
    /// process, something random, and `.partial`.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn new(place: &Path, stem: &str) -> Result<Self> {
        std::fs::create_dir_all(place).at("create", place)?;
        let made = tempfile::Builder::new()
            .prefix(&format!(".{stem}-{}-", std::process::id()))
            .suffix(SUFFIX)
            .tempdir_in(place)
            // Its own words would name the path a second time.
            .map_err(|e| std::io::Error::from(e.kind()))
            .at("create a directory in", place)?;
        let path = made.keep();
        let mut scratch = Self { path, removed: false, keeps_work: false, _lock: None };
        // Who looks whether it is abandoned holds the lock for a moment: waited for, or it would never be locked.
        scratch._lock = lock(&scratch.path, Wait::Yes).at("lock", &scratch.path)?;
        Ok(scratch)
    }

    /// Takes over what a dead process left at `path`, under a name that says whose it is now.
    ///
    /// # Errors
    /// When it cannot be renamed, or another process has taken it over at the same time.
    pub fn adopt(path: &Path, stem: &str) -> Result<Self> {
        // First the lock, which goes with the directory whatever its name: between a new name and the lock it would look
        // abandoned.
        let lock = lock(path, Wait::No).at("take over, because another process works on", path)?;
        // The new name is made by making an empty directory, which a rename then replaces.
        let mut scratch = Self::new(path.parent().unwrap_or(Path::new(".")), stem)?;
        std::fs::rename(path, &scratch.path).at("take over", path)?;
        // It is another directory now.
        scratch._lock = lock;
        Ok(scratch)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Leaves it where it is.
    pub fn keep(mut self) -> PathBuf {
        self.let_go();
        std::mem::take(&mut self.path)
    }

    /// Whether it stays when it is dropped with a file in it that tells how to go on with it, whatever it is dropped for.
    pub fn keep_work(&mut self, keep: bool) {
        self.keeps_work = keep;
    }

    /// There is nothing left to remove.
    pub fn let_go(&mut self) {
        self.removed = true;
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let is_kept = self.keeps_work && self.path.join(PROGRESS_FILE).is_file();
        if !self.removed && !is_kept {
            // What cannot be removed stays: dropping has no way to say so, and the next run tries again.
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}

/// What dead processes left in `place` under the name `stem` that can be gone on with.
pub fn left_behind(place: &Path, stem: &str) -> Vec<PathBuf> {
    let prefix = format!(".{stem}-");
    let mut found = abandoned(place);
    found.retain(|path| {
        // Exactly this stem: what follows it is a process and something random, without further dashes.
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let rest = name.strip_prefix(&prefix).and_then(|rest| rest.strip_suffix(SUFFIX));
        rest.is_some_and(|rest| rest.matches('-').count() == 1) && path.join(PROGRESS_FILE).is_file()
    });
    found.sort();
    found
}

/// Removes what processes that live no more left in `place`, except what can be gone on with.
pub fn remove_abandoned(place: &Path) {
    for path in abandoned(place).into_iter().filter(|path| !path.join(PROGRESS_FILE).exists()) {
        // If it cannot be removed it stays; that is no reason not to work.
        let _ = std::fs::remove_dir_all(path);
    }
}

/// Directories of ours that nobody works on: not locked, and their process is not seen to live, or they have not been
/// touched for a while (a process with the same number may live by chance, or be about to take the lock). Who has written a
/// progress file had the lock before: without it that process is dead, even where its number still shows, as it does until
/// its parent asks what became of it.
fn abandoned(place: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(place).into_iter().flatten().flatten().map(|entry| entry.path());
    let ours = entries.filter_map(|path| Some((process_of(path.file_name()?.to_str()?)?, path)));
    let left = ours.filter(|(process, path)| {
        let set_aside =
            path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(&format!(".{REPLACED}-")));
        let lives = Path::new("/proc").join(process.to_string()).exists() || !Path::new("/proc/self").exists();
        let locked = || lock(path, Wait::No);
        let had_lock = path.join(PROGRESS_FILE).is_file();
        !set_aside && (!lives || had_lock || is_old(path)) && matches!(locked(), Ok(Some(_)))
    });
    left.map(|(_, path)| path).collect()
}

fn is_old(path: &Path) -> bool {
    let touched = path.metadata().and_then(|metadata| metadata.modified()).ok();
    touched.and_then(|touched| touched.elapsed().ok()).is_some_and(|age| age > OLD)
}

/// Nobody takes longer between making a directory and locking it.
const OLD: Duration = Duration::from_secs(60);

fn process_of(name: &str) -> Option<u32> {
    let mut parts = name.strip_prefix('.')?.strip_suffix(SUFFIX)?.rsplit('-');
    parts.next()?;
    parts.next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(place: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(place).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn only_what_the_dead_left_behind_is_removed() {
        let place = tempfile::tempdir().unwrap();
        let ours = Scratch::new(place.path(), "a-b").unwrap();
        // No process has this number: it is above the largest that Linux gives.
        for name in [".x-4194399-q1w2e3.partial", "x-4194399-q1w2e3.partial", ".x-4194399-q1w2e3", "store"] {
            std::fs::create_dir(place.path().join(name)).unwrap();
        }
        let resumable = place.path().join(".y-4194399-q1w2e3.partial");
        std::fs::create_dir(&resumable).unwrap();
        std::fs::write(resumable.join(PROGRESS_FILE), "{}").unwrap();
        remove_abandoned(place.path());
        let mut expected = [".x-4194399-q1w2e3", ".y-4194399-q1w2e3.partial", "store", "x-4194399-q1w2e3.partial"]
            .map(String::from)
            .to_vec();
        if !cfg!(target_os = "linux") {
            expected.push(".x-4194399-q1w2e3.partial".into());
        }
        expected.push(ours.path().file_name().unwrap().to_str().unwrap().into());
        expected.sort();
        assert_eq!(names(place.path()), expected);
    }

    #[test]
    fn what_cannot_be_made_is_told_once() {
        let place = tempfile::tempdir().unwrap();
        let stem = "x".repeat(300); // longer than any name may be
        let refused = Scratch::new(place.path(), &stem).unwrap_err().to_string();
        assert_eq!(refused.matches(&place.path().display().to_string()).count(), 1, "{refused}");
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn what_is_locked_is_somebodys_whatever_its_number() {
        let place = tempfile::tempdir().unwrap();
        // As seen from another container, where the process does not show.
        let theirs = place.path().join(".x-4194399-q1w2e3.partial");
        std::fs::create_dir(&theirs).unwrap();
        let lock = lock(&theirs, Wait::No).unwrap().unwrap();
        let replaced = place.path().join(".replaced-4194399-q1w2e3.partial");
        std::fs::create_dir(&replaced).unwrap();
        remove_abandoned(place.path());
        assert!(theirs.exists(), "it is locked");
        drop(lock);
        remove_abandoned(place.path());
        assert!(!theirs.exists() && replaced.exists(), "what was replaced may be the only copy");
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn work_of_a_process_whose_number_still_shows_is_found() {
        let place = tempfile::tempdir().unwrap();
        // A killed process that its parent has not asked for yet; here the number is our own.
        let left = place.path().join(format!(".out-{}-aa.partial", std::process::id()));
        std::fs::create_dir(&left).unwrap();
        assert!(left_behind(place.path(), "out").is_empty(), "perhaps about to take the lock");
        std::fs::write(left.join(PROGRESS_FILE), "{}").unwrap();
        assert_eq!(left_behind(place.path(), "out"), std::slice::from_ref(&left));
        let lock = lock(&left, Wait::No).unwrap();
        assert!(left_behind(place.path(), "out").is_empty(), "it is locked");
        drop(lock);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn work_left_behind_is_found_by_its_name_and_taken_over() {
        let place = tempfile::tempdir().unwrap();
        for name in [".out-4194399-aa.partial", ".out-2-4194399-bb.partial", ".other-4194399-cc.partial"] {
            std::fs::create_dir(place.path().join(name)).unwrap();
            std::fs::write(place.path().join(name).join(PROGRESS_FILE), "{}").unwrap();
        }
        let found = left_behind(place.path(), "out");
        assert_eq!(found, [place.path().join(".out-4194399-aa.partial")]);
        let adopted = Scratch::adopt(&found[0], "out").unwrap();
        assert!(adopted.path().join(PROGRESS_FILE).is_file());
        assert!(left_behind(place.path(), "out").is_empty(), "its process lives now");
        drop(adopted);
        assert_eq!(names(place.path()).len(), 2, "removed when dropped");
        // Somebody else was faster.
        let theirs = place.path().join(".other-4194399-cc.partial");
        let their_lock = lock(&theirs, Wait::No).unwrap();
        assert!(Scratch::adopt(&theirs, "other").unwrap_err().to_string().contains("another process"));
        assert!(theirs.join(PROGRESS_FILE).is_file() && names(place.path()).len() == 2);
        drop(their_lock);
    }
}
