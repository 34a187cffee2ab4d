//! Read-only LMDB environments, each open at most once in this process: opening one twice succeeds, and then closing
//! either breaks the other (LMDB's documentation, "Caveats").

use super::{StoreName, failed};
use crate::error::{IoContext, Result};
use ::lmdb::{Environment, EnvironmentFlags};
use std::collections::HashMap;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, PoisonError, Weak};

/// A file, whatever its path: device and inode.
type FileIdentity = (u64, u64);

const FLAGS: EnvironmentFlags =
    EnvironmentFlags::READ_ONLY.union(EnvironmentFlags::NO_LOCK).union(EnvironmentFlags::NO_TLS);

static OPEN: Mutex<Option<HashMap<FileIdentity, Weak<SharedEnvironment>>>> = Mutex::new(None);
static CLOSED: Condvar = Condvar::new();

/// An open environment, shared by all who open the same file.
pub struct SharedEnvironment {
    // Emptied only in `drop`, under the lock.
    environment: Option<Environment>,
    identity: FileIdentity,
}

impl SharedEnvironment {
    /// Opens the environment in directory `at`, or joins those who have it open (and read ahead or not, as they do).
    ///
    /// # Errors
    /// When `data.mdb` is missing, shorter than what it says it holds (reading beyond the end of a mapped file kills
    /// the process), or refused by LMDB.
    pub fn open(at: &Path, readahead: bool, name: &StoreName) -> Result<Arc<Self>> {
        let file = at.join("data.mdb");
        let metadata = std::fs::metadata(&file).at("open", &file)?;
        if metadata.len() == 0 {
            // LMDB would take it for a new environment and fail to begin one read-only, with a misleading error.
            return Err(name.damaged("data.mdb is empty"));
        }
        let identity = (metadata.dev(), metadata.ino());
        let mut guard = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            match guard.get_or_insert_default().get(&identity).map(Weak::upgrade) {
                Some(Some(shared)) => return Ok(shared),
                // Its last user is about to close it and waits for this lock.
                Some(None) => guard = CLOSED.wait(guard).unwrap_or_else(PoisonError::into_inner),
                None => break,
            }
        }
        refuse_odd_pages(&file, name)?;
        let environment = Environment::new()
            .set_flags(if readahead { FLAGS } else { FLAGS | EnvironmentFlags::NO_READAHEAD })
            .open(at)
            .map_err(|e| failed(name, "open", e))?;
        refuse_short_file(&environment, metadata.len(), name)?;
        let shared = Arc::new(Self { environment: Some(environment), identity });
        guard.get_or_insert_default().insert(identity, Arc::downgrade(&shared));
        Ok(shared)
    }

    /// The environment.
    pub fn get(&self) -> &Environment {
        // `None` only while `drop` runs, when nobody can hold a reference any more.
        self.environment.as_ref().expect("an environment is there until it is dropped")
    }
}

/// Opens the environment in `at` to be changed.
///
/// # Errors
/// When this process has it open for reading: to open it once more for writing would break both. When it is shorter than
/// what it says it holds; what `open` says.
pub fn to_change(at: &Path, name: &StoreName, open: impl FnOnce() -> Result<Environment>) -> Result<Environment> {
    let file = at.join("data.mdb");
    let metadata = std::fs::metadata(&file).at("open", &file)?;
    let guard = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    if guard.as_ref().is_some_and(|open| open.contains_key(&(metadata.dev(), metadata.ino()))) {
        return Err(name.error("it is open for reading in this process", "close it first"));
    }
    refuse_odd_pages(&file, name)?;
    let environment = open()?;
    refuse_short_file(&environment, metadata.len(), name)?;
    Ok(environment)
}

impl Drop for SharedEnvironment {
    fn drop(&mut self) {
        let mut guard = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        self.environment = None;
        guard.get_or_insert_default().remove(&self.identity);
        CLOSED.notify_all();
    }
}

/// LMDB divides by the size of pages that the file's two headers claim, whatever it is.
fn refuse_odd_pages(file: &Path, name: &StoreName) -> Result<()> {
    // Behind a page's header: magic number, version, address and size of the map; then the size of pages (`MDB_meta`).
    const WORD: u64 = size_of::<usize>() as u64;
    const PAGE_SIZE: u64 = (WORD + 8) + 4 + 4 + WORD + WORD;
    let data = std::fs::File::open(file).at("open", file)?;
    let size = |at: u64| {
        let mut bytes = [0; 4];
        data.read_exact_at(&mut bytes, at).ok().map(|()| u32::from_ne_bytes(bytes))
    };
    let usual = |size: &u32| size.is_power_of_two() && (512..=65_536).contains(size);
    let first = size(PAGE_SIZE).filter(usual);
    match first.filter(|first| size(u64::from(*first) + PAGE_SIZE) == Some(*first)) {
        Some(_) => Ok(()),
        None => {
            Err(name.damaged("data.mdb has no header of LMDB's: its two sizes of pages are not the same power of two"))
        }
    }
}

fn refuse_short_file(environment: &Environment, bytes: u64, name: &StoreName) -> Result<()> {
    let info = environment.info().map_err(|e| failed(name, "open", e))?;
    let page = u64::from(environment.stat().map_err(|e| failed(name, "open", e))?.page_size());
    let needed = (info.last_pgno() as u64).saturating_add(1).saturating_mul(page);
    if bytes < needed {
        return Err(name.damaged(format!("data.mdb is {bytes} bytes long and says it holds {needed}")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::copy::write;
    use crate::store::{WriteOptions, registry, sealed::IfExists};

    fn store(place: &Path) -> (std::path::PathBuf, StoreName) {
        let resolved = registry::resolve(&"lmdb:raw".parse().unwrap()).unwrap();
        let path = place.join("store");
        let images = crate::dataset::Memory::ragged(50, &[3]);
        write(&resolved, &images, &path, WriteOptions::default(), IfExists::Refuse, &mut |_| Ok(())).unwrap();
        let name = StoreName::new(&resolved.id, &path);
        (path, name)
    }

    #[test]
    fn one_file_is_open_once_by_whatever_path() {
        let place = tempfile::tempdir().unwrap();
        let (path, name) = store(place.path());
        let link = place.path().join("link");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        let first = SharedEnvironment::open(&path, true, &name).unwrap();
        let second = SharedEnvironment::open(&link, true, &name).unwrap();
        assert!(Arc::ptr_eq(&first, &second), "the environment was opened twice in one process");
    }

    #[test]
    fn sizes_of_pages_that_are_none_are_refused_before_lmdb_divides_by_them() {
        let place = tempfile::tempdir().unwrap();
        let (path, name) = store(place.path());
        let file = std::fs::OpenOptions::new().write(true).open(path.join("data.mdb")).unwrap();
        for at in [40, 4096 + 40] {
            for size in [0_u32, 4097, 1 << 20] {
                file.write_all_at(&size.to_ne_bytes(), at).unwrap();
                let refused = SharedEnvironment::open(&path, true, &name).err().map(|e| e.to_string());
                assert!(
                    refused.as_ref().is_some_and(|why| why.contains("sizes of pages")),
                    "{at}, {size}: {refused:?}"
                );
            }
            file.write_all_at(&4096_u32.to_ne_bytes(), at).unwrap();
            SharedEnvironment::open(&path, true, &name).unwrap();
        }
    }

    #[test]
    fn a_file_cut_short_is_refused_before_it_is_read() {
        let place = tempfile::tempdir().unwrap();
        let (path, name) = store(place.path());
        let file = std::fs::OpenOptions::new().write(true).open(path.join("data.mdb")).unwrap();
        let length = file.metadata().unwrap().len();
        file.set_len(length - 4096).unwrap();
        let refused = SharedEnvironment::open(&path, true, &name).err().map(|e| e.to_string());
        assert!(refused.as_ref().is_some_and(|why| why.contains("says it holds")), "{refused:?}");
    }
}
