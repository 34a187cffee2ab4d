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

/// Mappings of one process: half of what Linux allows by default (`vm.max_map_count`).
const MAPPINGS: usize = 32_000;

/// Stores that are held in memory for as long as this lives.
#[derive(Debug, Default)]
pub struct Warm {
    locked: Vec<LockedFile>,
}

impl Warm {
    /// Brings the stores into memory and holds them there; nothing of them may be open or mapped. Also returns which
    /// share of each store, in percent, is held: less than all where this process may not lock as much or there is no
    /// memory to spare. A store that cannot be read is left out: whoever opens it will be told.
    pub fn new(stores: &[PathBuf], seed: u64) -> (Self, Vec<f64>) {
        let mut queues: Vec<Queue> = stores.iter().map(|store| Queue::of(store)).collect();
        // Locked memory is lost to everybody else.
        let spare = available_memory().map_or(0, |bytes| bytes / 2);
        let mut warm = Self::default();
        let mut may_lock = queues.iter().map(|queue| queue.bytes).sum::<u64>() <= spare;
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut turns: Vec<usize> = (0..queues.len()).collect();
        while !turns.is_empty() {
            turns.shuffle(&mut rng);
            turns.retain(|&turn| {
                queues[turn].load_piece(|file, length| {
                    may_lock &= warm.locked.len() < MAPPINGS;
                    let locked = if may_lock { LockedFile::new(file, length).ok() } else { None };
                    may_lock &= locked.is_some();
                    let held = locked.is_some();
                    warm.locked.extend(locked);
                    held
                })
            });
        }
        (warm, queues.iter().map(Queue::held_pct).collect())
    }
}

/// The files of a store that are still to be loaded.
struct Queue {
    files: std::vec::IntoIter<PathBuf>,
    /// The file that is being read, and how much of it was.
    current: Option<(File, u64)>,
    /// Bytes of all files.
    bytes: u64,
    /// Bytes that are held.
    held: u64,
}

impl Queue {
    /// All files of a store, the large ones evicted.
    fn of(store: &Path) -> Self {
        let (mut files, mut bytes) = (Vec::new(), 0);
        // What cannot be listed cannot be loaded.
        let _ = for_each_file(store, |path| {
            let length = path.metadata().map_or(0, |metadata| metadata.len());
            if length > SMALL {
                // In a file system that is memory nothing can be evicted: there the pages stay where they are.
                let _ = evict_file(path);
            }
            bytes += length;
            files.push(path.to_owned());
            Ok(())
        });
        Self { files: files.into_iter(), current: None, bytes, held: 0 }
    }

    /// Reads the next piece, `lock`s each file that is at its end, and says whether there is more.
    fn load_piece(&mut self, mut lock: impl FnMut(&File, u64) -> bool) -> bool {
        let mut left = PIECE;
        while left > 0 {
            let current = self.current.take();
            let Some((mut file, before)) = current.or_else(|| Some((File::open(self.files.next()?).ok()?, 0))) else {
                return self.files.len() > 0;
            };
            let read = std::io::copy(&mut (&mut file).take(left), &mut std::io::sink()).unwrap_or(0);
            let length = before + read;
            if read < left {
                if length > 0 && lock(&file, length) {
                    self.held += length;
                }
            } else {
                self.current = Some((file, length));
            }
            // A file costs something even where it is empty.
            left -= read.max(1).min(left);
        }
        true
    }

    fn held_pct(&self) -> f64 {
        if self.bytes == 0 { 100.0 } else { 100.0 * self.held as f64 / self.bytes as f64 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::page_cache::resident;

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
        let (warm, held) = Warm::new(&[large.clone(), small, place.path().join("missing")], 1);
        if held[0] < 100.0 {
            return println!("skipped: this process may not lock 3 MiB");
        }
        assert_eq!(held, [100.0, 100.0, 100.0], "of nothing, all is held");
        assert_eq!(warm.locked.len(), 101);
        let inside = || resident(&file).map(|(resident, _)| resident);
        assert_eq!(inside(), Some(3 << 20));
        evict_file(&file).unwrap();
        assert_eq!(inside(), Some(3 << 20), "what is held cannot be evicted");
        drop(warm);
        evict_file(&file).unwrap();
        if inside() != Some(0) {
            println!("nothing can be evicted here");
        }
    }
}
