//! Lists of numbers beside the images: a label for each, where its record ends.

use super::slab::Slab;
use super::{StoreName, failed};
use crate::error::Result;
use ::hdf5::plist::dataset_create::FillTime;
use ::hdf5::{File, H5Type};

/// A list being written: in memory first, into the file when asked.
pub struct Column<T> {
    slab: Slab<T>,
    pending: Vec<T>,
    written: u64,
}

impl<T: H5Type + Copy> Column<T> {
    /// A list of `length` numbers, contiguous. All of it gets written, so nothing fills it before.
    ///
    /// # Errors
    /// What HDF5 says.
    pub fn create(file: &File, dataset: &str, length: usize) -> ::hdf5::Result<Self> {
        let builder = file.new_dataset_builder().no_chunk().fill_time(FillTime::Never);
        let slab = Slab::new(builder.empty::<T>().shape(length).create(dataset)?)?;
        Ok(Self { slab, pending: Vec::new(), written: 0 })
    }

    /// Adds numbers.
    pub fn extend(&mut self, numbers: impl Iterator<Item = T>) {
        self.pending.extend(numbers);
    }

    /// Numbers added so far.
    pub fn len(&self) -> u64 {
        self.written + self.pending.len() as u64
    }

    /// Hands to HDF5 what it has not got yet.
    ///
    /// # Errors
    /// What HDF5 says; more numbers than were announced.
    pub fn write_out(&mut self) -> Result<(), String> {
        let count = self.pending.len() as u64;
        self.slab.write(self.written, count, &self.pending)?;
        self.written += count;
        self.pending.clear();
        Ok(())
    }
}

/// All of a list that must have `length` numbers. Nothing is allocated for one that has not.
///
/// # Errors
/// When it is missing, of another type or length, or cannot be read.
pub fn read<T: H5Type + Copy>(file: &File, dataset: &str, length: usize, name: &StoreName) -> Result<Vec<T>> {
    let fail = |e| failed(name, "read", e);
    let list = file.dataset(dataset).map_err(fail)?;
    if list.shape() != [length] {
        return Err(name.damaged(format!("{dataset} are {:?} where [{length}] were written", list.shape())));
    }
    if !list.dtype().is_ok_and(|dtype| dtype.is::<T>()) {
        return Err(name.damaged(format!("{dataset} hold another type of number")));
    }
    if list.storage_size() < length as u64 * size_of::<T>() as u64 {
        return Err(name.damaged(format!("there are fewer {dataset} than images")));
    }
    list.read_raw::<T>().map_err(fail)
}
