//! Which chunks of an array there are, each in a file of its own.

use super::{BEST_RATIO, Opened, refuse, text};
use crate::error::Result;
use crate::image_file::MAX_IMAGE_BYTES;
use std::path::{MAIN_SEPARATOR, Path, PathBuf};

/// The files of an array's chunks.
pub struct Chunks {
    pub paths: Vec<PathBuf>,
    bytes: u64,
    /// Bytes of the largest.
    pub largest: u64,
}

impl Chunks {
    /// Those of `array`, which lies in `folder`.
    ///
    /// # Errors
    /// When it cannot be listed.
    pub fn of(folder: &Path, array: &Opened) -> Result<Self> {
        let mut chunks = Self { paths: Vec::new(), bytes: 0, largest: 0 };
        for entry in walkdir::WalkDir::new(folder).sort_by_file_name() {
            let entry = entry.map_err(|e| refuse(folder, text(e), "check who may read there"))?;
            if entry.file_type().is_file() && is_chunk(array, folder, entry.path()) {
                let bytes = entry.metadata().map(|metadata| metadata.len()).unwrap_or(0);
                chunks.bytes += bytes;
                chunks.largest = chunks.largest.max(bytes);
                chunks.paths.push(entry.into_path());
            }
        }
        Ok(chunks)
    }

    /// How many are missing of those that `array` has by its description.
    ///
    /// # Errors
    /// When there are more, or larger ones, than can be.
    pub fn missing(&self, array: &Opened) -> Result<u64, String> {
        let all = product(array.chunk_grid_shape()).ok_or("it has more chunks than can be")?;
        let first = array.chunk_shape(&vec![0; array.dimensionality()]).map_err(text)?;
        let chunk = product(&first.iter().map(|extent| extent.get()).collect::<Vec<_>>());
        if chunk.is_none_or(|chunk| chunk > MAX_IMAGE_BYTES as u64) {
            return Err("its chunks are larger than 1 GiB".into());
        }
        Ok(all.saturating_sub(self.paths.len() as u64))
    }

    /// Refuses an array of bytes that is mostly not there: a description may promise more than its files can hold.
    ///
    /// # Errors
    /// When more than half of the chunks are missing, or the others would have to hold more than they can.
    pub fn refuse_hollow(&self, array: &Opened) -> Result<(), String> {
        let missing = self.missing(array)?;
        let all = missing + self.paths.len() as u64;
        let claimed = product(array.shape()).ok_or("it is larger than can be")?;
        match missing > all / 2 || claimed / 2 > self.bytes.saturating_mul(BEST_RATIO) {
            true => Err(format!("of {all} chunks {missing} are missing, and the rest has {} bytes", self.bytes)),
            false => Ok(()),
        }
    }
}

fn product(extents: &[u64]) -> Option<u64> {
    extents.iter().try_fold(1_u64, |all, extent| all.checked_mul(*extent))
}

/// Whether a file in an array's folder is one of its chunks by its name: other files may lie there, too.
fn is_chunk(array: &Opened, folder: &Path, file: &Path) -> bool {
    let name = file.strip_prefix(folder).unwrap_or(file).to_string_lossy();
    // Names are c/0/1, c.0.1, 0/1 or 0.1.
    let words = name.split(['/', '.', MAIN_SEPARATOR]);
    let place: Vec<u64> = words.filter_map(|word| word.parse().ok()).take(array.dimensionality()).collect();
    let grid = array.chunk_grid_shape();
    let within = place.len() == grid.len() && place.iter().zip(grid).all(|(at, end)| at < end);
    within && array.storage().key_to_fspath(&array.chunk_key(&place)) == file
}
