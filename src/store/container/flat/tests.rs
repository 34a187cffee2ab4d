//! Damage by hand: what the random damages of the damage tests may miss.

use super::*;
use crate::dataset::{Dataset, Memory, Synthetic};
use crate::sample::{Batch, ImageShape, Shape};
use crate::store::copy::write;
use crate::store::registry::resolve;
use crate::store::sealed::{IfExists, OpenStore};
use std::fs::OpenOptions;
use std::path::PathBuf;

const NAMES: [&str; 2] = ["flat:raw", "flat:raw,read=memory"];

fn written(format: &str, dataset: &dyn Dataset, place: &Path) -> PathBuf {
    let path = place.join("store");
    let resolved = resolve(&format.parse().unwrap()).unwrap();
    write(&resolved, dataset, &path, WriteOptions::default(), IfExists::Refuse, &mut |_| Ok(())).unwrap();
    path
}

#[test]
fn every_file_has_to_be_as_long_as_the_images_say() {
    let even = Synthetic::new(ImageShape::new(4, 4, 3), 9, 1);
    let uneven = Memory::ragged(9, &[1, 3]);
    for name in NAMES {
        for (dataset, files) in [(&even as &dyn Dataset, &[IMAGES, LABELS][..]), (&uneven, &[IMAGES, LABELS, SHAPES])] {
            let place = tempfile::tempdir().unwrap();
            let store = written(name, dataset, place.path());
            let found = std::fs::read_dir(&store).unwrap().count();
            assert_eq!(found, files.len() + 1, "the files and the manifest");
            for file in files.iter().map(|file| store.join(file)) {
                let whole = std::fs::metadata(&file).unwrap().len();
                for length in [0, whole - 1, whole + 1, 1 << 40] {
                    // The last is a hole: as long as it says, and not to be had in memory.
                    let set = OpenOptions::new().write(true).open(&file).unwrap().set_len(length);
                    let refused =
                        set.is_err() || OpenStore::open(&store).is_err_and(|e| e.to_string().contains("damaged"));
                    assert!(refused, "{name}: {} of {length} bytes", file.display());
                }
                OpenOptions::new().write(true).open(&file).unwrap().set_len(whole).unwrap();
            }
        }
    }
}

#[test]
fn numbers_beyond_all_files_are_refused() {
    let place = tempfile::tempdir().unwrap();
    let store = written("flat:raw", &Memory::ragged(3, &[1, 3]), place.path());
    let name = StoreName::new(&"flat:raw".parse().unwrap(), &store);
    let most = ImageShape::new(u32::MAX, u32::MAX, u32::MAX);
    for (shape, images) in [
        (Shape::Fixed(most), 3),
        (Shape::Fixed(most), 0),
        (Shape::Fixed(ImageShape::new(0, 1, 1)), u64::MAX),
        (Shape::Ragged { max: most }, u64::MAX),
        (Shape::Ragged { max: most }, 4),
        (Shape::Ragged { max: ImageShape::new(1, 1, 1) }, 3),
    ] {
        assert!(Layout::open(&StoreSpec { shape: shape.clone(), images }, &name).is_err(), "{images} images, {shape}");
    }
    // Shapes that add up to more than 64 bits can tell.
    std::fs::write(store.join(SHAPES), [0xFF; 36]).unwrap();
    let refused = Layout::open(&StoreSpec { shape: Shape::Ragged { max: most }, images: 3 }, &name).err().unwrap();
    assert!(refused.to_string().contains("more bytes than any file"), "{refused}");
}

#[test]
fn a_file_that_shrinks_while_it_is_open_costs_an_error_and_no_half_read_image() {
    let place = tempfile::tempdir().unwrap();
    let dataset = Synthetic::new(ImageShape::new(4, 4, 3), 9, 1);
    let store = written("flat:raw", &dataset, place.path());
    let mut reader = OpenStore::open(&store).unwrap().reader().unwrap();
    OpenOptions::new().write(true).open(store.join(IMAGES)).unwrap().set_len(5 * 48 + 7).unwrap();
    let mut batch = Batch::new();
    assert!(reader.read_batch(&[0, 1, 8], &mut batch).is_err());
    assert!(reader.read_batch(&[3, 4, 5], &mut batch).is_err());
    assert_eq!(batch.len(), 2, "the run before the failing one, and nothing of that");
    // The copy in memory does not mind.
    let place = tempfile::tempdir().unwrap();
    let store = written("flat:raw,read=memory", &dataset, place.path());
    let mut reader = OpenStore::open(&store).unwrap().reader().unwrap();
    OpenOptions::new().write(true).open(store.join(IMAGES)).unwrap().set_len(0).unwrap();
    reader.read_batch(&[8, 0], &mut batch).unwrap();
}

#[test]
#[cfg(target_os = "linux")]
fn neighbours_are_read_in_one_call() {
    // Calls of this thread so far; looking takes as many each time.
    let calls = || -> Option<u64> {
        let text = std::fs::read_to_string("/proc/thread-self/io").ok()?;
        text.lines().find_map(|line| line.strip_prefix("syscr: ")?.parse().ok())
    };
    let place = tempfile::tempdir().unwrap();
    let store = written("flat:raw", &Memory::ragged(97, &[1, 3]), place.path());
    let mut reader = OpenStore::open(&store).unwrap().reader().unwrap();
    let mut cost = |indices: &[u64]| {
        let mut batch = Batch::new();
        let before = calls()?;
        reader.read_batch(indices, &mut batch).unwrap();
        Some(calls()? - before)
    };
    let Some(looking) = cost(&[]) else { return println!("skipped: the system does not count calls") };
    assert_eq!(cost(&(0..97).collect::<Vec<_>>()), Some(looking + 1));
    assert_eq!(cost(&[5, 6, 7, 3, 4, 9, 9]), Some(looking + 4));
}
