//! Which files a dataset is read from, and in what state: whoever goes on with unfinished work has to find them as they
//! were.

use super::{Dataset, folder::key};
use std::path::Path;
use xxhash_rust::xxh3::xxh3_64;

/// LMDB's readers write into it, and nobody else reads it.
const LOCK_FILE: &str = "lock.mdb";

/// The dataset's name, with the path in it as the system has it: the same from every folder, and however it was spelled.
pub fn real_name(dataset: &dyn Dataset) -> String {
    let name = dataset.name();
    let real = dataset.path().and_then(|path| {
        let (kind, rest) = name.split_once(':')?;
        let rest = rest.strip_prefix(&path.display().to_string())?;
        Some(format!("{kind}:{}{rest}", path.canonicalize().ok()?.display()))
    });
    real.unwrap_or(name)
}

/// A number that changes when a file that the dataset is read from is added, removed, renamed, or written. `None` for a
/// dataset that is not read from files while it is used. Hidden files do not count: folders pass over them.
pub fn state(dataset: &dyn Dataset) -> Option<u64> {
    let root = dataset.path()?;
    let hidden = |entry: &walkdir::DirEntry| entry.depth() > 0 && key(Path::new(entry.file_name())).starts_with(b".");
    let walk = walkdir::WalkDir::new(root).follow_links(true).into_iter().filter_entry(|entry| !hidden(entry));
    // What cannot be looked at now is found when it is read. The sum does not depend on the order of names on the disk.
    let files = walk.filter_map(Result::ok).filter(|entry| entry.file_type().is_file());
    let files = files.filter(|entry| entry.file_name() != LOCK_FILE);
    Some(files.map(|entry| state_of(&entry, root)).fold(0, u64::wrapping_add))
}

fn state_of(entry: &walkdir::DirEntry, root: &Path) -> u64 {
    let metadata = entry.metadata().ok();
    let size = metadata.as_ref().map_or(0, std::fs::Metadata::len);
    let written = metadata.and_then(|metadata| metadata.modified().ok());
    let written = written.and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
    let nanoseconds = written.map_or(0, |time| time.as_nanos());
    let mut facts = key(entry.path().strip_prefix(root).unwrap_or(entry.path())).into_owned();
    facts.extend(size.to_le_bytes());
    facts.extend(nanoseconds.to_le_bytes());
    xxh3_64(&facts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{OpenOptions, open};
    use std::time::{Duration, SystemTime};

    #[test]
    fn every_change_to_a_file_is_seen_and_nothing_else() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("images");
        std::fs::create_dir(&folder).unwrap();
        // A PNG of one grey pixel.
        let mut png = Vec::new();
        let shape = crate::sample::ImageShape::new(1, 1, 1);
        crate::image_file::png::encode(shape, &[7], ::png::Compression::Fast, &mut png).unwrap();
        let put = |name: &str, bytes: &[u8]| std::fs::write(folder.join(name), bytes).unwrap();
        put("1.png", &png);
        put("2.png", &png);
        let dataset = |path: &Path| open(&path.display().to_string(), &OpenOptions::default()).unwrap();
        let now = || state(&*dataset(&folder)).unwrap();
        let mut before = now();
        put(".hidden", b"");
        put(LOCK_FILE, b"");
        assert_eq!(now(), before);
        let late = SystemTime::UNIX_EPOCH + Duration::from_secs(1);
        let changes: [&dyn Fn(); 4] = [
            &|| std::fs::rename(folder.join("2.png"), folder.join("3.png")).unwrap(),
            &|| put("labels.csv", b"file,label\n1.png,1\n3.png,2\n"),
            &|| std::fs::File::options().write(true).open(folder.join("1.png")).unwrap().set_modified(late).unwrap(),
            &|| std::fs::remove_file(folder.join("labels.csv")).unwrap(),
        ];
        for (nth, change) in changes.iter().enumerate() {
            change();
            assert_ne!(now(), before, "change {nth}");
            before = now();
        }
        let real = format!("folder:{}", folder.canonicalize().unwrap().display());
        for spelling in ["images", "images/", "./images", "images/../images"] {
            assert_eq!(real_name(&*dataset(&root.path().join(spelling))), real, "{spelling}");
        }
    }
}
