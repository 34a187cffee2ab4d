//! The store that is damaged.

use shelfmark::dataset::{Dataset, Memory, Synthetic};
use shelfmark::sample::{Batch, ImageShape, Shape};
use shelfmark::store::conformance::Given;
use shelfmark::store::copy::write;
use shelfmark::store::registry::resolve;
use shelfmark::store::sealed::IfExists;
use shelfmark::store::{FormatId, WriteOptions};
use std::path::{Path, PathBuf};

/// Images in the store.
pub const IMAGES: u64 = 40;

/// What `id` is given, and what has to come back. The same in parent and child.
pub fn given(id: &FormatId) -> Given {
    let shape = ImageShape::new(24, 20, 3);
    let synthetic = Synthetic::new(shape, IMAGES, 1);
    let mut samples = Batch::new();
    for index in 0..IMAGES {
        synthetic.read(index, &mut samples).unwrap();
        samples.set_key(format!("class{}/{index}.png", index % 3).as_bytes());
    }
    let named = Memory::new("memory:named", Shape::Fixed(shape), samples);
    Given::new(&resolve(id).unwrap(), &named).unwrap()
}

/// A store, and what its files held when it was whole.
pub struct Subject {
    /// The format.
    pub id: FormatId,
    /// The store's directory.
    pub store: PathBuf,
    /// Each file by its path, in order.
    pub files: Vec<(PathBuf, Vec<u8>)>,
    place: PathBuf,
}

impl Subject {
    /// Writes the store in the directory `place`.
    pub fn write(id: &FormatId, place: &Path) -> Self {
        let store = place.join("store");
        let resolved = resolve(id).unwrap();
        let options = WriteOptions::default();
        write(&resolved, &given(id).dataset, &store, options, IfExists::Refuse, &mut |_| Ok(())).unwrap();
        let entries = walkdir::WalkDir::new(&store).sort_by_file_name().into_iter().map(Result::unwrap);
        let paths = entries.filter(|entry| entry.file_type().is_file()).map(walkdir::DirEntry::into_path);
        let files = paths.map(|path| (path.clone(), std::fs::read(path).unwrap())).collect();
        Self { id: id.clone(), store, files, place: place.to_owned() }
    }

    /// Puts a new file with this content in the place of `path`, or none. A new one, because a library may not have
    /// let go of the old one, and would then go on with what it remembers of it.
    pub fn replace(&self, path: &Path, content: Option<&[u8]>) {
        match content {
            None => std::fs::remove_file(path).unwrap(),
            Some(content) => {
                let new = self.place.join("new");
                std::fs::write(&new, content).unwrap();
                std::fs::rename(new, path).unwrap();
            }
        }
    }
}
