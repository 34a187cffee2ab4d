//! Cold caches without root: a store's pages are evicted, and then counted, because eviction fails silently (dirty pages
//! stay, and so does what anybody has mapped). Directory entries and inodes stay warm: that is `cold-data`. For
//! `cold-full` the whole system has to forget: [`crate::sys::drop_caches`].

use crate::error::{IoContext, Result};
use crate::store::sync;
use crate::sys::page_cache::{cached, evict, resident};
use std::fs::File;
use std::io::Write;
use std::path::Path;

/// How much of a store is in memory.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Residency {
    /// Bytes of its files that are in memory.
    pub resident_bytes: u64,
    /// Bytes of its files.
    pub total_bytes: u64,
}

impl Residency {
    /// The share that is in memory, in percent; of nothing, nothing is.
    pub fn percent(&self) -> f64 {
        if self.total_bytes == 0 { 0.0 } else { 100.0 * self.resident_bytes as f64 / self.total_bytes as f64 }
    }
}

/// Counts what is in memory of the files below `store`.
///
/// # Errors
/// When the directory cannot be listed; [`crate::Error::Io`] of the kind `Unsupported` where the system does not say.
pub fn residency(store: &Path) -> Result<Residency> {
    let mut sum = Residency::default();
    for_each_file(store, |path| {
        let silent = || std::io::Error::from(std::io::ErrorKind::Unsupported);
        let (resident_bytes, total_bytes) = resident(path).ok_or_else(silent).at("count what is in memory of", path)?;
        sum.resident_bytes += resident_bytes;
        sum.total_bytes += total_bytes;
        Ok(())
    })?;
    Ok(sum)
}

/// Has the kernel forget the pages of all files below `store`, the manifest among them, and counts what is left: nothing
/// may be open or mapped, and the answer has to be looked at. Dirty files are synced first.
///
/// # Errors
/// As [`residency`]; what the system says to opening, syncing and evicting.
pub fn evict_store(store: &Path) -> Result<Residency> {
    for_each_file(store, evict_file)?;
    residency(store)
}

/// Has the kernel forget the pages of one file, which is synced first where it is dirty.
pub(super) fn evict_file(path: &Path) -> Result<()> {
    let file = File::open(path).at("open", path)?;
    if cached(&file).is_none_or(|cached| cached.dirty + cached.writeback > 0) {
        sync::one(path)?;
    }
    evict(&file).at("evict from memory", path)
}

pub(super) fn for_each_file(store: &Path, mut each: impl FnMut(&Path) -> Result<()>) -> Result<()> {
    for entry in walkdir::WalkDir::new(store) {
        let entry = entry.map_err(std::io::Error::from).at("list", store)?;
        if entry.file_type().is_file() {
            each(entry.path())?;
        }
    }
    Ok(())
}

/// Whether anything can be cold in `place`, found out by trying: a file is written there, evicted and counted. Where the
/// place is not there yet, what it would be made in is asked.
///
/// # Errors
/// Why not, in words.
pub fn supports_cold(place: &Path) -> Result<(), String> {
    let place = nearest_existing(place).ok_or_else(|| format!("there is no {}", place.display()))?;
    if let Some(memory) = memory_file_system(&place) {
        return Err(format!("{} is {memory}, which is memory: nothing can be cold there", place.display()));
    }
    let tried = |e: &dyn std::fmt::Display| format!("trying it in {} failed: {e}", place.display());
    let mut file = tempfile::NamedTempFile::new_in(&place).map_err(|e| tried(&e))?;
    file.write_all(&TRIAL).and_then(|()| file.as_file().sync_all()).map_err(|e| tried(&e))?;
    let count = || residency(file.path()).map_err(|e| tried(&e));
    // First that the count means something: what was just written is in memory.
    let before = count()?;
    let after = evict_store(file.path()).map_err(|e| tried(&e))?;
    judge(before, after, &place)
}

/// Written for a trial: some pages.
static TRIAL: [u8; 1 << 16] = [0x5A; 1 << 16];

fn judge(before: Residency, after: Residency, place: &Path) -> Result<(), String> {
    if before.resident_bytes == 0 {
        return Err(format!("the system does not count what is in memory of files in {}", place.display()));
    }
    if after.resident_bytes > 0 {
        let left = after.percent();
        return Err(format!("{left:.0} % of a file in {} stayed in memory when it was evicted", place.display()));
    }
    Ok(())
}

/// The deepest part of `path` that is there.
pub fn nearest_existing(path: &Path) -> Option<std::path::PathBuf> {
    path.ancestors().find_map(|ancestor| {
        let ancestor = if ancestor.as_os_str().is_empty() { Path::new(".") } else { ancestor };
        ancestor.canonicalize().ok()
    })
}

/// The name of the file system `place` lies in, if it keeps its files in memory only.
#[cfg(target_os = "linux")]
pub fn memory_file_system(place: &Path) -> Option<&'static str> {
    // From the kernel's `uapi/linux/magic.h`; the type's width differs between architectures.
    const MAGIC: [(i64, &str); 3] = [(0x0102_1994, "tmpfs"), (0x8584_58f6, "ramfs"), (0x9584_58f6, "hugetlbfs")];
    let found = rustix::fs::statfs(place).ok()?.f_type as i64 & 0xFFFF_FFFF;
    MAGIC.iter().find(|(magic, _)| *magic == found).map(|(_, name)| *name)
}

/// The name of the file system, if it keeps its files in memory only: not told here.
#[cfg(not(target_os = "linux"))]
pub fn memory_file_system(_: &Path) -> Option<&'static str> {
    None
}

/// Whether a tmpfs is mounted at `place`, by the table of mounts.
#[cfg(all(test, target_os = "linux"))]
pub fn is_mounted_tmpfs(place: &str) -> bool {
    let mounts = std::fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    mounts.lines().any(|line| line.split(' ').skip(1).take(2).eq([place, "tmpfs"]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::page_cache;

    /// A directory in a place that is more than memory, where there is one.
    fn on_disk() -> tempfile::TempDir {
        let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("target");
        if target.is_dir() { tempfile::tempdir_in(target).unwrap() } else { tempfile::tempdir().unwrap() }
    }

    /// Asked of the kernel, not of what is tested here.
    fn can_be_evicted(place: &Path) -> bool {
        let file = tempfile::NamedTempFile::new_in(place).unwrap();
        std::fs::write(file.path(), [1; 4096]).unwrap();
        file.as_file().sync_all().unwrap();
        let resident = || page_cache::resident(file.path()).map(|(bytes, _)| bytes);
        let before = resident();
        page_cache::evict(file.as_file()).is_ok() && (before, resident()) == (Some(4096), Some(0))
    }

    #[test]
    fn an_evicted_store_is_cold_until_it_is_read() {
        let place = on_disk();
        if !can_be_evicted(place.path()) {
            return println!("skipped: files cannot be evicted here, or the system does not say what is in memory");
        }
        assert_eq!(supports_cold(place.path()), Ok(()));
        assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0, "the trial left something behind");
        std::fs::create_dir(place.path().join("images")).unwrap();
        // Dirty, as it is when just written.
        std::fs::write(place.path().join("images/a"), vec![1; 300_000]).unwrap();
        std::fs::write(place.path().join("b"), [2; 5]).unwrap();
        let all = Residency { resident_bytes: 300_005, total_bytes: 300_005 };
        assert_eq!(residency(place.path()).unwrap(), all);
        assert_eq!(evict_store(place.path()).unwrap(), Residency { resident_bytes: 0, ..all });
        std::fs::read(place.path().join("b")).unwrap();
        assert_eq!(residency(place.path()).unwrap(), Residency { resident_bytes: 5, ..all });
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn memory_is_never_cold() {
        let memory = Path::new("/dev/shm");
        if !is_mounted_tmpfs("/dev/shm") {
            return println!("skipped: there is no tmpfs");
        }
        let why = supports_cold(&memory.join("not/there/yet")).unwrap_err();
        assert!(why.ends_with("is tmpfs, which is memory: nothing can be cold there"), "{why}");
        // Nor would the trial have been deceived, without a look at the name.
        let file = tempfile::NamedTempFile::new_in(memory).unwrap();
        std::fs::write(file.path(), TRIAL).unwrap();
        let before = residency(file.path()).unwrap();
        page_cache::evict(file.as_file()).unwrap();
        assert!(judge(before, residency(file.path()).unwrap(), memory).is_err());
    }

    #[test]
    fn a_trial_has_to_begin_in_memory_and_to_end_without() {
        let (place, all) = (Path::new("p"), Residency { resident_bytes: 8, total_bytes: 8 });
        let half = Residency { resident_bytes: 4, ..all };
        let none = Residency { resident_bytes: 0, ..all };
        assert_eq!(judge(all, none, place), Ok(()));
        assert!(judge(none, none, place).unwrap_err().contains("does not count"));
        assert!(judge(all, half, place).unwrap_err().starts_with("50 %"));
        assert!(Residency::default().percent().abs() < f64::EPSILON);
    }
}
