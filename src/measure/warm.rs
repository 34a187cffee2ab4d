//! Warm stores: brought into memory in the same way, whatever wrote them, and held there.
//!
//! Some kernels take pages of a file away that were read a moment ago although there is memory in plenty (seen: 7 % of a
//! file within four seconds, Linux 6.18 on a virtual machine); a read that then waits for the device takes a hundred times
//! as long, and a store that loses pages again and again looked up to 20 times slower than its twin. Locked pages stay.
//!
//! Where in memory a file's pages lie depends on how they came there, and makes random reads up to 10 % faster or slower
//! for as long as they stay, which is longer than a run. So files are evicted and read again, all stores in turns, a piece
//! of each: every store lies all over the same memory, in pages as large as reading in order makes them.

use super::cold::{evict_file, for_each_file};
use crate::sys::available_memory;
use crate::sys::locked_file::LockedFile;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Bytes of one store that are read before it is another's turn.
const PIECE: u64 = 256 << 10;

/// Files up to this length are not read anew: they have too few pages for their order to matter, and there are many.
const SMALL: u64 = 64 << 10;

/// Stores of more than so many bytes together are read anew once, and not in each launch: they lie all over memory anyway.
const ANEW: u64 = 1 << 30;

/// Mappings of one process: half of what Linux allows by default (`vm.max_map_count`).
const MAPPINGS: usize = 32_000;

/// A store of more files is one of many files.
const FEW: usize = 64;

/// Memory comes in pages of at least so many bytes.
const PAGE: u64 = 4 << 10;

/// Stores that are held in memory for as long as this lives.
#[derive(Debug, Default)]
pub struct Warm {
    locked: Vec<LockedFile>,
}

impl Warm {
    /// Brings the stores into memory and holds them there; nothing of them may be open or mapped. Also returns which of
    /// them are held. What cannot be read is left out: whoever opens it will be told.
    ///
    /// Where this process may not lock as much, or there is not twice as much memory to spare, none is held: what only
    /// some of those have that compete would be to their advantage. Stores of many files are all held or none of them.
    pub fn new(stores: &[PathBuf], launch: u32, seed: u64) -> (Self, Vec<bool>) {
        let contents: Vec<Contents> = stores.iter().map(|store| Contents::of(store)).collect();
        let bytes = contents.iter().map(Contents::bytes).sum::<u64>();
        let nothing = || (Self::default(), vec![false; stores.len()]);
        // Locked memory is lost to everybody else.
        if bytes > available_memory().map_or(0, |bytes| bytes / 2) {
            return nothing();
        }
        if launch == 0 || bytes <= ANEW {
            load_in_turns(&contents, seed);
        }
        let held = which(&contents.iter().map(|contents| contents.files.len()).collect::<Vec<_>>(), MAPPINGS);
        let mut warm = Self::default();
        for (path, length) in contents.iter().zip(&held).filter(|(_, held)| **held).flat_map(|(c, _)| &c.files) {
            let locked = File::open(path).and_then(|file| LockedFile::new(&file, *length));
            match locked {
                Ok(locked) => warm.locked.push(locked),
                Err(_) => return nothing(),
            }
        }
        (warm, held)
    }
}

/// Which of stores of so many files are held, if a process may map so many.
fn which(files: &[usize], mappings: usize) -> Vec<bool> {
    let sum = |most: usize| files.iter().filter(|files| **files <= most).sum::<usize>();
    let most = if sum(usize::MAX) <= mappings { usize::MAX } else { FEW };
    files.iter().map(|files| *files <= most && sum(most) <= mappings).collect()
}

/// The files of a store that have any bytes, with their lengths.
struct Contents {
    files: Vec<(PathBuf, u64)>,
}

impl Contents {
    fn of(store: &Path) -> Self {
        let mut files = Vec::new();
        // What cannot be listed cannot be loaded.
        let _ = for_each_file(store, |path| {
            let length = path.metadata().map_or(0, |metadata| metadata.len());
            if length > 0 {
                files.push((path.to_owned(), length));
            }
            Ok(())
        });
        Self { files }
    }

    /// In whole pages.
    fn bytes(&self) -> u64 {
        self.files.iter().map(|(_, length)| length.next_multiple_of(PAGE)).sum()
    }

    fn large(&self) -> impl Iterator<Item = &Path> {
        self.files.iter().filter(|(_, length)| *length > SMALL).map(|(path, _)| &**path)
    }
}

/// Evicts the large files, and reads them again, a piece of each store in turn.
fn load_in_turns(contents: &[Contents], seed: u64) {
    for path in contents.iter().flat_map(Contents::large) {
        // In a file system that is memory nothing can be evicted: there the pages stay where they are.
        let _ = evict_file(path);
    }
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut waiting: Vec<_> =
        contents.iter().map(|contents| contents.large().filter_map(|path| File::open(path).ok())).collect();
    let mut reading: Vec<Option<File>> = waiting.iter_mut().map(Iterator::next).collect();
    let mut turns: Vec<usize> = (0..contents.len()).collect();
    while !turns.is_empty() {
        turns.shuffle(&mut rng);
        turns.retain(|&turn| {
            let Some(file) = &mut reading[turn] else { return false };
            let read = std::io::copy(&mut file.take(PIECE), &mut std::io::sink()).unwrap_or(0);
            if read < PIECE {
                reading[turn] = waiting[turn].next();
            }
            true
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::page_cache::resident;

    #[test]
    fn stores_of_many_files_are_held_all_or_none() {
        assert_eq!(which(&[1, 10_001, 2, 10_001], 32_000), [true; 4]);
        assert_eq!(which(&[1, 10_001, 2, 30_001], 32_000), [true, false, true, false]);
        assert_eq!(which(&[1, 64, 65], 64), [false; 3], "not even those of few files");
        assert_eq!(which(&[], 64), [false; 0]);
    }

    #[test]
    fn stores_are_in_memory_whole_and_held_there() {
        // In a place that is more than memory (unlike some /tmp).
        let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("target");
        std::fs::create_dir_all(&target).unwrap();
        let place = tempfile::tempdir_in(target).unwrap();
        let (large, small) = (place.path().join("large"), place.path().join("small"));
        std::fs::create_dir_all(large.join("inner")).unwrap();
        std::fs::create_dir(&small).unwrap();
        let file = large.join("inner/file");
        std::fs::write(&file, vec![7; 3 << 20]).unwrap();
        std::fs::write(large.join("empty"), b"").unwrap();
        (0..100).for_each(|n| std::fs::write(small.join(n.to_string()), vec![1; 3_000]).unwrap());
        let stores = [large.clone(), small, place.path().join("missing")];
        for launch in 0..2 {
            let (warm, held) = Warm::new(&stores, launch, 1);
            if held == [false; 3] {
                return println!("skipped: this process may not lock 3 MiB");
            }
            assert_eq!(held, [true; 3], "of nothing, all is held");
            assert_eq!(warm.locked.len(), 101);
            let inside = || resident(&file).map(|(resident, _)| resident);
            assert_eq!(inside(), Some(3 << 20));
            evict_file(&file).unwrap();
            assert_eq!(inside(), Some(3 << 20), "what is held cannot be evicted");
        }
    }
}
