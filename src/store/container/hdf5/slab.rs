//! Runs of rows of one HDF5 dataset, to and from the caller's memory: bare `H5Dread` and `H5Dwrite` with dataspaces
//! that are made once. (The crate's `read_slice` makes them, and a buffer, anew for every call.)

use ::hdf5::{Dataset, Dataspace, Datatype, H5Type};
use ::hdf5_sys::h5d::{H5Dread, H5Dwrite};
use ::hdf5_sys::h5i::hid_t;
use ::hdf5_sys::h5p::H5P_DEFAULT;
use ::hdf5_sys::h5s::{H5S_seloper_t, H5Sselect_hyperslab, H5Sset_extent_simple};
use std::marker::PhantomData;
use std::ptr;

/// The most dimensions a dataset of ours has: number, height, width, channels.
const MAX_RANK: usize = 4;

/// Access to runs of rows of one dataset, as elements `T` in memory. A row is what one step along the first dimension
/// passes: an image of an array, an element of a list. Used by one thread at a time (`&mut self`).
pub struct Slab<T> {
    dataset: Dataset,
    datatype: Datatype,
    file_space: Dataspace,
    /// As many rows as the last run had.
    memory_space: Dataspace,
    /// Of the memory space: rows, and then what a row is. Only the first `rank` count.
    extent: [u64; MAX_RANK],
    rank: u8,
    rows: u64,
    /// How to transfer: a property list, open for as long as this lives.
    how: hid_t,
    element: PhantomData<fn() -> T>,
}

impl<T: H5Type + Copy> Slab<T> {
    /// All of `dataset`, which has one to four dimensions.
    ///
    /// # Errors
    /// What HDF5 says.
    pub fn new(dataset: Dataset) -> ::hdf5::Result<Self> {
        let file_space = dataset.space()?;
        let shape = file_space.shape();
        let (rank, rows) = match shape.first() {
            Some(&rows) if shape.len() <= MAX_RANK => (shape.len(), rows),
            _ => return Err(format!("a dataset has {} dimensions", shape.len()).into()),
        };
        let mut extent = [1; MAX_RANK];
        shape.iter().zip(&mut extent).for_each(|(from, to)| *to = *from as u64);
        extent[0] = 1;
        let memory_space = Dataspace::try_new(extent.map(|extent| extent as usize)[..rank].to_vec())?;
        let datatype = Datatype::from_type::<T>()?;
        let (rank, rows) = (rank as u8, rows as u64);
        let (how, element) = (H5P_DEFAULT, PhantomData);
        Ok(Self { dataset, datatype, file_space, memory_space, extent, rank, rows, how, element })
    }

    /// From now on with a property list for transfers, which must stay open for as long as there are any.
    pub fn transfer_as(&mut self, how: hid_t) {
        self.how = how;
    }

    /// Number of rows.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Makes an extendable dataset longer.
    ///
    /// # Errors
    /// What HDF5 says.
    pub fn grow(&mut self, rows: u64) -> Result<(), String> {
        let mut shape: Vec<usize> =
            self.extent[..usize::from(self.rank)].iter().map(|extent| *extent as usize).collect();
        shape[0] = usize::try_from(rows).map_err(|e| e.to_string())?;
        let grown = self.dataset.resize(shape).and_then(|()| self.dataset.space());
        self.file_space = grown.map_err(|e| super::explain(&e))?;
        self.rows = rows;
        Ok(())
    }

    /// Reads the rows `first .. first + count` into `out`.
    ///
    /// # Errors
    /// What HDF5 says.
    pub fn read(&mut self, first: u64, count: u64, out: &mut [T]) -> Result<(), String> {
        self.transfer(first, count, out.len(), |this| {
            // SAFETY: `transfer` checked that `out` has as many elements as memory space and file selection, and
            // `datatype` is that of `T`; the identifiers belong to live objects of `this`.
            unsafe {
                let (dataset, datatype, memory) = (this.dataset.id(), this.datatype.id(), this.memory_space.id());
                H5Dread(dataset, datatype, memory, this.file_space.id(), this.how, out.as_mut_ptr().cast())
            }
        })
    }

    /// Writes the rows `first .. first + count` from `from`.
    ///
    /// # Errors
    /// What HDF5 says.
    pub fn write(&mut self, first: u64, count: u64, from: &[T]) -> Result<(), String> {
        self.transfer(first, count, from.len(), |this| {
            // SAFETY: as for reading; HDF5 only reads from the pointer.
            unsafe {
                let (dataset, datatype, memory) = (this.dataset.id(), this.datatype.id(), this.memory_space.id());
                H5Dwrite(dataset, datatype, memory, this.file_space.id(), this.how, from.as_ptr().cast())
            }
        })
    }

    fn transfer(
        &mut self,
        first: u64,
        count: u64,
        elements: usize,
        call: impl FnOnce(&Self) -> i32,
    ) -> Result<(), String> {
        if count == 0 && elements == 0 {
            return Ok(());
        }
        let rank = usize::from(self.rank);
        let row = self.extent[1..rank].iter().try_fold(1_u64, |product, extent| product.checked_mul(*extent));
        if first.checked_add(count).is_none_or(|end| end > self.rows)
            || row.and_then(|row| row.checked_mul(count)) != Some(elements as u64)
        {
            return Err(format!("{count} rows from {first} on do not lie in {} rows or the buffer", self.rows));
        }
        let resize = self.extent[0] != count;
        // Forgotten until it is set, so that a failure leaves nothing wrong behind.
        self.extent[0] = 0;
        let mut extent = self.extent;
        extent[0] = count;
        let start = [first, 0, 0, 0];
        // HDF5 is not safe to call from two threads: the crate's lock, which is re-entrant, is taken once for all calls.
        let done = ::hdf5::sync::sync(|| {
            // SAFETY: the arrays have at least the rank of both dataspaces, which is at most four, and outlive the
            // calls; null means stride and block of one, and a largest extent as the present one.
            let selected = unsafe {
                let resized = match resize {
                    true => {
                        H5Sset_extent_simple(self.memory_space.id(), i32::from(self.rank), extent.as_ptr(), ptr::null())
                    }
                    false => 0,
                };
                let set = H5S_seloper_t::H5S_SELECT_SET;
                let (start, extent) = (start.as_ptr(), extent.as_ptr());
                match resized {
                    0.. => H5Sselect_hyperslab(self.file_space.id(), set, start, ptr::null(), extent, ptr::null()),
                    failed => failed,
                }
            };
            let status = if selected < 0 { selected } else { call(self) };
            if status >= 0 {
                return Ok(());
            }
            // Still under the lock: another thread's call would replace the reason.
            let reason = ::hdf5::Error::query().map_or_else(|_| "no reason given".into(), |e| super::explain(&e));
            Err(format!("HDF5 says: {reason}"))
        });
        if done.is_ok() {
            self.extent[0] = count;
        }
        done
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::hdf5::File;

    #[test]
    fn a_run_beyond_the_end_or_the_buffer_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = File::create(folder.path().join("rows.h5")).unwrap();
        let dataset = file.new_dataset::<u8>().shape((4, 3)).create("rows").unwrap();
        let mut slab = Slab::<u8>::new(dataset).unwrap();
        slab.write(0, 4, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]).unwrap();
        let mut out = [0; 6];
        for (first, count) in [(3, 2), (4, 2), (u64::MAX, 2), (0, 1), (0, 3), (0, 0), (0, u64::MAX)] {
            assert!(slab.read(first, count, &mut out).is_err(), "{count} rows from {first}");
        }
        slab.read(1, 2, &mut out).unwrap();
        assert_eq!(out, [4, 5, 6, 7, 8, 9]);
        slab.read(3, 1, &mut out[..3]).unwrap();
        assert_eq!(out, [10, 11, 12, 7, 8, 9]);
    }
}
