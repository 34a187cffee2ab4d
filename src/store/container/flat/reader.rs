//! Reading: one pread, or one memcpy, for each run of neighbours, straight into the caller's batch.

use super::IMAGES;
use super::layout::Layout;
use crate::error::{IoContext, Result};
use crate::sample::Batch;
use crate::store::container::StoreName;
use crate::store::container::runs::{RunReader, Runs};
use crate::store::{ImageReader, ImageStore};
use crate::sys::huge_memory::HugeMemory;
use crate::sys::positioned::read_exact_at;
use std::fs::File;
use std::sync::Arc;

/// Where the pixels are.
pub enum Pixels {
    /// In the file.
    File(File),
    /// In a copy of it.
    Memory(HugeMemory),
}

impl Pixels {
    /// Copies the file, which is `bytes` long, once.
    ///
    /// # Errors
    /// When there is not as much memory; what the system says.
    pub fn copy_of(file: &File, bytes: u64, name: &StoreName) -> Result<Self> {
        let path = name.path.join(IMAGES);
        let length = usize::try_from(bytes).map_err(|_| std::io::ErrorKind::OutOfMemory.into());
        let mut memory = length.and_then(HugeMemory::new).at("make room in memory for", &path)?;
        read_exact_at(file, memory.bytes_mut(), 0).at("read", &path)?;
        Ok(Self::Memory(memory))
    }
}

/// An open store.
pub struct Store {
    pub pixels: Pixels,
    pub layout: Layout,
    pub name: StoreName,
}

impl ImageStore for Store {
    fn reader(self: Arc<Self>) -> Result<Box<dyn ImageReader>> {
        Ok(Box::new(Runs(Reader(self))))
    }
}

struct Reader(Arc<Store>);

impl RunReader for Reader {
    fn name(&self) -> &StoreName {
        &self.0.name
    }

    fn images(&self) -> u64 {
        self.0.layout.images()
    }

    fn read_run(&mut self, first: u64, count: u64, out: &mut Batch) -> Result<()> {
        let Store { pixels, layout, name } = &*self.0;
        // There are as many, so both numbers fit.
        let run = first as usize..(first + count) as usize;
        let offset = layout.offset(run.start);
        let place = out.push_each(layout.samples(run));
        match pixels {
            Pixels::File(file) => {
                if let Err(why) = read_exact_at(file, place, offset) {
                    (0..count).for_each(|_| out.pop());
                    return Err(name.damaged(format!("image {first}: {why}")));
                }
            }
            Pixels::Memory(memory) => {
                // The layout was compared with the length of what was copied.
                let from = offset as usize;
                place.copy_from_slice(&memory.bytes()[from..from + place.len()]);
            }
        }
        Ok(())
    }
}
