//! Space a store takes, three ways.

use crate::error::{IoContext, Result};
use crate::results::Storage;
use crate::store::MANIFEST_FILE;
use std::path::Path;

/// Measures the directory of a store: apparent bytes and number of its files, and the bytes allocated for files and
/// directories (`st_blocks` counts units of 512 bytes). Our own manifest is left out: it is not the format's.
///
/// # Errors
/// When the directory cannot be listed.
pub fn space(store: &Path) -> Result<Storage> {
    let mut storage = Storage { apparent_bytes: 0, allocated_bytes: 0, files: 0 };
    for entry in walkdir::WalkDir::new(store) {
        let entry = entry.map_err(std::io::Error::from).at("list", store)?;
        if entry.file_name() == MANIFEST_FILE {
            continue;
        }
        let metadata = entry.metadata().map_err(std::io::Error::from).at("look at", entry.path())?;
        storage.allocated_bytes += allocated(&metadata);
        if metadata.is_file() {
            storage.apparent_bytes += metadata.len();
            storage.files += 1;
        }
    }
    Ok(storage)
}

#[cfg(unix)]
fn allocated(metadata: &std::fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::blocks(metadata) * 512
}

#[cfg(not(unix))]
fn allocated(metadata: &std::fs::Metadata) -> u64 {
    metadata.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_files_their_bytes_and_no_manifest() {
        let store = tempfile::tempdir().unwrap();
        std::fs::create_dir(store.path().join("images")).unwrap();
        std::fs::write(store.path().join("images/a"), [0; 5000]).unwrap();
        std::fs::write(store.path().join("b"), [0; 7]).unwrap();
        std::fs::write(store.path().join(MANIFEST_FILE), [0; 1000]).unwrap();
        let storage = space(store.path()).unwrap();
        assert_eq!((storage.files, storage.apparent_bytes), (2, 5007));
    }
}
