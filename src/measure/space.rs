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
    #[cfg(unix)]
    fn allocated_bytes_are_those_of_whole_blocks() {
        let store = tempfile::tempdir().unwrap();
        let nothing = space(store.path()).unwrap().allocated_bytes;
        // Bytes that no file system can leave out or compress to nothing.
        let noise: Vec<u8> = (0..1_u32 << 20).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        let path = store.path().join("a");
        std::fs::write(&path, &noise).unwrap();
        std::fs::File::open(&path).unwrap().sync_all().unwrap();
        let more = space(store.path()).unwrap().allocated_bytes - nothing;
        assert!((1 << 19..=5 << 18).contains(&more), "a file of 1 MiB takes {more} bytes");
    }

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
