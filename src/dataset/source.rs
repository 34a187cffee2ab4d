//! Which files a dataset is read from, and in what state: whoever goes on with unfinished work has to find as it was what
//! was read of it then.

use super::Dataset;
use std::fs::Metadata;
use std::path::Path;
use xxhash_rust::xxh3::xxh3_64;

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

/// A number that changes when a file of such metadata is written or replaced: of its size and of when it was written.
pub fn state_of(metadata: &Metadata) -> u64 {
    let written = metadata.modified().ok().and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
    let nanoseconds = written.map_or(0, |time| time.as_nanos());
    let mut facts = [0; 24];
    facts[..8].copy_from_slice(&metadata.len().to_le_bytes());
    facts[8..].copy_from_slice(&nanoseconds.to_le_bytes());
    xxh3_64(&facts)
}

/// The same of the file at `path`; `None` where there is none.
pub fn state_at(path: &Path) -> Option<u64> {
    path.metadata().ok().map(|metadata| state_of(&metadata))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{OpenOptions, open};
    use crate::image_file::png;
    use crate::sample::ImageShape;
    use std::time::{Duration, SystemTime};

    fn dataset(path: &Path) -> std::sync::Arc<dyn Dataset> {
        let options = OpenOptions { rgb: true, resize: Some((2, 2)), images: Some(4), ..OpenOptions::default() };
        open(&path.display().to_string(), &options).unwrap()
    }

    #[test]
    fn every_change_to_what_was_read_is_seen_and_nothing_else() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("images");
        std::fs::create_dir(&folder).unwrap();
        let mut file = Vec::new();
        png::encode(ImageShape::new(1, 1, 1), &[7], png::Level::Fast, &mut file).unwrap();
        let put = |name: &str, bytes: &[u8]| std::fs::write(folder.join(name), bytes).unwrap();
        ["1.png", "2.png", "3.png"].iter().for_each(|name| put(name, &file));
        // Of four, one being there twice.
        let now = |images| dataset(&folder).state(images).unwrap();
        let touch = |name: &str, seconds| {
            let file = std::fs::File::options().write(true).open(folder.join(name)).unwrap();
            file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)).unwrap();
        };
        let mut before = now(2);
        // What comes later can be mended meanwhile, and what is no image does not count.
        touch("3.png", 1);
        put("notes.txt", b"");
        assert_eq!((now(2), now(3) == before), (before, false));
        let changes: [&dyn Fn(); 4] = [
            &|| touch("2.png", 1),
            &|| std::fs::rename(folder.join("2.png"), folder.join("2b.png")).unwrap(),
            &|| put("labels.csv", b"file,label\n1.png,0\n2b.png,1\n3.png,0\n"),
            &|| put("2b.png", &[&file[..], b"more"].concat()),
        ];
        for (nth, change) in changes.iter().enumerate() {
            change();
            assert_ne!(now(2), before, "change {nth}");
            before = now(2);
        }
        assert_eq!(now(4), now(3), "the fourth is the first again");
    }

    #[test]
    fn one_place_has_one_name_however_it_is_spelled() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("images");
        std::fs::create_dir(&folder).unwrap();
        let mut file = Vec::new();
        png::encode(ImageShape::new(1, 1, 1), &[7], png::Level::Fast, &mut file).unwrap();
        std::fs::write(folder.join("1.png"), file).unwrap();
        let real = format!("folder:{} as RGB resized to 2x2", folder.canonicalize().unwrap().display());
        for spelling in ["images", "images/", "./images", "images/../images"] {
            assert_eq!(real_name(&*dataset(&root.path().join(spelling))), real, "{spelling}");
        }
    }
}
