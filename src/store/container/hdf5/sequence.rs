//! HDF5's variable-length lists of bytes (`hvl_t`), written from and read into memory of ours.
//!
//! Left to itself HDF5 allocates every list that it reads, as long as the file says it is, and wants it handed back.
//! Here it is given a place of ours instead, the same one each time, and refused one for more than the longest record.

use super::slab::Slab;
use ::hdf5::types::TypeDescriptor;
use ::hdf5::{Dataset, H5Type};
use ::hdf5_sys::h5i::hid_t;
use ::hdf5_sys::h5p::{H5P_CLS_DATASET_XFER, H5Pclose, H5Pcreate, H5Pset_vlen_mem_manager};
use std::ffi::c_void;
use std::ptr::{self, NonNull};

/// One list, as HDF5 wants it in memory. Made and looked into in this file only.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Sequence {
    length: usize,
    bytes: *const u8,
}

// SAFETY: the fields are those of `hvl_t`, which is what HDF5 takes a variable-length list to be in memory.
unsafe impl H5Type for Sequence {
    fn type_descriptor() -> TypeDescriptor {
        TypeDescriptor::VarLenArray(Box::new(u8::type_descriptor()))
    }
}

/// Writes `records` as the lists from `first` on.
///
/// # Errors
/// What HDF5 says.
pub fn write<'a>(
    slab: &mut Slab<Sequence>,
    first: u64,
    records: impl Iterator<Item = &'a [u8]>,
) -> Result<u64, String> {
    // The addresses are used in the call below, during which the records stay borrowed.
    let lists: Vec<_> = records.map(|record| Sequence { length: record.len(), bytes: record.as_ptr() }).collect();
    slab.write(first, lists.len() as u64, &lists)?;
    Ok(lists.len() as u64)
}

/// The place that is lent to HDF5.
struct Place {
    bytes: Vec<u8>,
    limit: usize,
}

/// Called by HDF5 for room for one list; null refuses.
///
/// # Safety
/// `place` must point to a [`Place`] that nothing else uses at the time.
unsafe extern "C" fn lend(size: usize, place: *mut c_void) -> *mut c_void {
    // SAFETY: as this function's own condition says.
    let place = unsafe { &mut *place.cast::<Place>() };
    if size > place.limit {
        return ptr::null_mut();
    }
    let more = size.saturating_sub(place.bytes.len());
    if place.bytes.try_reserve(more).is_err() {
        return ptr::null_mut();
    }
    place.bytes.resize(place.bytes.len() + more, 0);
    place.bytes.as_mut_ptr().cast()
}

/// Called by HDF5 to give a list back, which was only lent.
unsafe extern "C" fn take_back(_: *mut c_void, _: *mut c_void) {}

/// Reads lists, one thread's worth.
pub struct Reader {
    slab: Slab<Sequence>,
    how: hid_t,
    /// From a `Box`; HDF5 knows the address, and uses it during reads only.
    place: NonNull<Place>,
}

// SAFETY: slab, property list and place belong to this reader alone, and none of them to a thread.
unsafe impl Send for Reader {}

impl Reader {
    /// Of the lists in `dataset`, none of which may be longer than `limit`.
    ///
    /// # Errors
    /// What HDF5 says.
    pub fn new(dataset: Dataset, limit: usize) -> ::hdf5::Result<Self> {
        let slab = Slab::new(dataset)?;
        let place = NonNull::from(Box::leak(Box::new(Place { bytes: Vec::new(), limit })));
        let how = ::hdf5::sync::sync(|| {
            // SAFETY: called with a class that the library knows, under the lock.
            unsafe { H5Pcreate(*H5P_CLS_DATASET_XFER) }
        });
        // From here on dropping it sees to list and place.
        let mut reader = Self { slab, how, place };
        let told = ::hdf5::sync::sync(|| {
            let place = reader.place.as_ptr().cast();
            // SAFETY: the functions do what HDF5 asks of them, and the place lives as long as the property list.
            unsafe { H5Pset_vlen_mem_manager(how, Some(lend), place, Some(take_back), ptr::null_mut()) }
        });
        if how < 0 || told < 0 {
            return Err("there is no property list for reading".into());
        }
        reader.slab.transfer_as(how);
        Ok(reader)
    }

    /// List `index`.
    ///
    /// # Errors
    /// What HDF5 says, among it that it was refused the room.
    pub fn read(&mut self, index: u64) -> Result<&[u8], String> {
        let mut list = [Sequence { length: 0, bytes: ptr::null() }];
        self.slab.read(index, 1, &mut list)?;
        // SAFETY: HDF5 is done with the place, which this borrows for as long as the result lives.
        let bytes = unsafe { &self.place.as_ref().bytes };
        // What it says of the list is taken for what it is worth; where the list is we know.
        bytes.get(..list[0].length).ok_or_else(|| format!("a list of {} bytes is where there is none", list[0].length))
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        // SAFETY: the list, if there is one, is open and closed once; the place came from a `Box`, and with the list
        // goes the last that knows of it. (The slab, still there, uses the list in transfers only.)
        unsafe {
            if self.how >= 0 {
                ::hdf5::sync::sync(|| H5Pclose(self.how));
            }
            drop(Box::from_raw(self.place.as_ptr()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::hdf5::{Extent, File};

    #[test]
    fn lists_are_read_into_the_same_memory_within_the_limit() {
        let folder = tempfile::tempdir().unwrap();
        let file = File::create(folder.path().join("lists.h5")).unwrap();
        let dataset =
            file.new_dataset_builder().no_chunk().empty::<Sequence>().shape(Extent::fixed(3)).create("lists").unwrap();
        let lists: [&[u8]; 3] = [&[1, 2, 3, 4], &[], &[5, 6, 7, 8, 9]];
        write(&mut Slab::new(dataset.clone()).unwrap(), 0, lists.into_iter()).unwrap();
        let mut reader = Reader::new(dataset, 4).unwrap();
        assert_eq!(reader.read(0).unwrap(), lists[0]);
        let place = reader.read(0).unwrap().as_ptr();
        assert_eq!(reader.read(1).unwrap(), lists[1]);
        assert!(reader.read(2).is_err(), "five bytes where four are the limit");
        assert!(reader.read(3).is_err(), "there is no fourth");
        assert_eq!(reader.read(0).map(|list| (list.as_ptr(), list.len())), Ok((place, 4)));
    }
}
