//! Runs of whole images of one HDF5 dataset, to and from the caller's memory: bare `H5Dread` and `H5Dwrite` with
//! dataspaces that are made once. (The crate's `read_slice` makes them, and a buffer, anew for every call.)

use crate::sample::ImageShape;
use ::hdf5::{Dataset, Dataspace, Datatype};
use ::hdf5_sys::h5d::{H5Dread, H5Dwrite};
use ::hdf5_sys::h5p::H5P_DEFAULT;
use ::hdf5_sys::h5s::{H5S_seloper_t, H5Sselect_hyperslab};
use std::ptr;

/// Access to runs of images of one dataset. Used by one thread at a time (`&mut self`).
pub struct Slab {
    dataset: Dataset,
    datatype: Datatype,
    file_space: Dataspace,
    /// Memory spaces for runs of one image, and of as many as the last longer run had.
    one: Dataspace,
    many: Option<(u64, Dataspace)>,
    shape: ImageShape,
    images: u64,
}

impl Slab {
    /// `dataset` must be `images` x height x width x channels of `u8`; HDF5 itself refuses what lies outside.
    ///
    /// # Errors
    /// What HDF5 says.
    pub fn new(dataset: Dataset, shape: ImageShape, images: u64) -> ::hdf5::Result<Self> {
        let file_space = dataset.space()?;
        let one = memory_space(1, shape)?;
        Ok(Self { dataset, datatype: Datatype::from_type::<u8>()?, file_space, one, many: None, shape, images })
    }

    /// Reads the images `first .. first + count` into `out`.
    ///
    /// # Errors
    /// What HDF5 says.
    pub fn read(&mut self, first: u64, count: u64, out: &mut [u8]) -> Result<(), String> {
        self.transfer(first, count, out.len(), |this, memory| {
            // SAFETY: `transfer` checked that `out` has as many bytes as the memory space has elements of one byte,
            // and the file selection as many; the identifiers belong to live objects of `this`.
            unsafe {
                let (dataset, datatype) = (this.dataset.id(), this.datatype.id());
                H5Dread(dataset, datatype, memory, this.file_space.id(), H5P_DEFAULT, out.as_mut_ptr().cast())
            }
        })
    }

    /// Writes the images `first .. first + count` from `pixels`.
    ///
    /// # Errors
    /// What HDF5 says.
    pub fn write(&mut self, first: u64, count: u64, pixels: &[u8]) -> Result<(), String> {
        self.transfer(first, count, pixels.len(), |this, memory| {
            // SAFETY: as for reading; HDF5 only reads from the pointer.
            unsafe {
                let (dataset, datatype) = (this.dataset.id(), this.datatype.id());
                H5Dwrite(dataset, datatype, memory, this.file_space.id(), H5P_DEFAULT, pixels.as_ptr().cast())
            }
        })
    }

    fn transfer(
        &mut self,
        first: u64,
        count: u64,
        bytes: usize,
        call: impl FnOnce(&Self, i64) -> i32,
    ) -> Result<(), String> {
        if count == 0 {
            return Ok(());
        }
        let ImageShape { height, width, channels } = self.shape;
        if first.checked_add(count).is_none_or(|end| end > self.images)
            || bytes as u64 != count * self.shape.bytes() as u64
        {
            return Err(format!("{count} images from {first} on do not lie in {} images or the buffer", self.images));
        }
        let memory = self.memory(count).map_err(|e| super::explain(&e))?;
        let start = [first, 0, 0, 0];
        let extent = [count, u64::from(height), u64::from(width), u64::from(channels)];
        // HDF5 is not safe to call from two threads: the crate's lock, which is re-entrant, is taken once for both calls.
        ::hdf5::sync::sync(|| {
            // SAFETY: both arrays have the rank of the dataspace, four, and outlive the call; null means stride and
            // block of one.
            let selected = unsafe {
                let set = H5S_seloper_t::H5S_SELECT_SET;
                H5Sselect_hyperslab(
                    self.file_space.id(),
                    set,
                    start.as_ptr(),
                    ptr::null(),
                    extent.as_ptr(),
                    ptr::null(),
                )
            };
            let status = if selected < 0 { selected } else { call(self, memory) };
            if status >= 0 {
                return Ok(());
            }
            // Still under the lock: another thread's call would replace the reason.
            let reason = ::hdf5::Error::query().map_or_else(|_| "no reason given".into(), |e| super::explain(&e));
            Err(format!("HDF5 says: {reason}"))
        })
    }

    /// The memory space for `count` images, made where it is not the last one.
    fn memory(&mut self, count: u64) -> ::hdf5::Result<i64> {
        if count == 1 {
            return Ok(self.one.id());
        }
        let space = match &mut self.many {
            Some((have, space)) if *have == count => space,
            other => &mut other.insert((count, memory_space(count, self.shape)?)).1,
        };
        Ok(space.id())
    }
}

fn memory_space(count: u64, shape: ImageShape) -> ::hdf5::Result<Dataspace> {
    let count = usize::try_from(count).map_err(|e| ::hdf5::Error::from(e.to_string()))?;
    Dataspace::try_new((count, shape.height as usize, shape.width as usize, shape.channels as usize))
}
