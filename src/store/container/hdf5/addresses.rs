//! Where in the file the images of an array are, asked of the library once.

use super::{StoreName, failed};
use crate::error::Result;
use crate::sample::ImageShape;
use ::hdf5::Dataset;
use ::hdf5_sys::h5::HADDR_UNDEF;
use ::hdf5_sys::h5d::H5Dget_chunk_info_by_coord;

/// Where a chunk is in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chunk {
    /// Its first byte.
    pub address: u64,
    /// Its bytes as they are stored.
    pub stored: u32,
    /// Bit i: the filter i of the dataset was left out.
    pub skipped: u32,
}

/// Where the images are.
pub enum Addresses {
    /// One after another, from this byte on.
    Contiguous(u64),
    /// In chunks of so many.
    Chunked {
        /// Images a chunk; the last one is as long as the others.
        images: u64,
        /// In order.
        chunks: Box<[Chunk]>,
    },
}

impl Addresses {
    /// Of `images` images in `dataset`, whose file is `file_bytes` long, in chunks of `per_chunk` whole ones if at all.
    ///
    /// # Errors
    /// When some are nowhere, or not within the file; when the chunks are others; what HDF5 says.
    pub fn of(
        dataset: &Dataset,
        (images, per_chunk): (u64, Option<u64>),
        shape: ImageShape,
        file_bytes: u64,
        name: &StoreName,
    ) -> Result<Self> {
        // Addresses of chunks count from behind it in some versions of HDF5, those of arrays do not.
        if dataset.file().map_err(|e| failed(name, "read", e))?.userblock() != 0 {
            return Err(name.unsupported("addresses in a file with a user block"));
        }
        let outside = |what: &str| name.damaged(format!("HDF5's index says that {what} lies outside the file"));
        let Some(chunk) = dataset.chunk() else {
            let bytes = images.checked_mul(shape.bytes() as u64);
            // An empty array is nowhere.
            let first = dataset.offset().or((images == 0).then_some(0));
            let end = first.and_then(|first| first.checked_add(bytes?));
            return match (first, end) {
                (Some(first), Some(end)) if end <= file_bytes => Ok(Self::Contiguous(first)),
                (None, _) => Err(name.damaged("HDF5's index has lost the images")),
                _ => Err(outside("the array")),
            };
        };
        // Chunks may cut through images; then a chunk's bytes are not those of whole ones. And what is reserved for one
        // that is decoded must follow from what was asked for, not from a damaged header.
        let image = [shape.height, shape.width, shape.channels].map(u64::from);
        let found: Vec<u64> = chunk.iter().map(|extent| *extent as u64).collect();
        let Some(per_chunk) = per_chunk.filter(|images| found == [&[*images][..], &image].concat()) else {
            let wanted = per_chunk.map_or("the array in one piece".into(), |images| format!("{images} images a chunk"));
            return Err(name.damaged(format!("its chunks are {found:?}, and it has to be {wanted} of {shape}")));
        };
        let mut chunks = Vec::new();
        for first in (0..images).step_by(usize::try_from(per_chunk).unwrap_or(usize::MAX)) {
            let chunk = chunk_at(dataset, first).map_err(|e| failed(name, "read", e))?;
            let chunk =
                chunk.ok_or_else(|| name.damaged(format!("HDF5's index has lost the chunk of image {first}")))?;
            if chunk.address.checked_add(u64::from(chunk.stored)).is_none_or(|end| end > file_bytes) {
                return Err(outside(&format!("the chunk of image {first}")));
            }
            chunks.push(chunk);
        }
        Ok(Self::Chunked { images: per_chunk, chunks: chunks.into() })
    }
}

/// The chunk that holds image `first`: looked up by its coordinate, because looking one up by number makes HDF5 1.10
/// walk the index from its beginning. `None` where there is none.
fn chunk_at(dataset: &Dataset, first: u64) -> ::hdf5::Result<Option<Chunk>> {
    // As many coordinates as an array of images has dimensions: `Array::open` compared them.
    let at = [first, 0, 0, 0];
    let (mut skipped, mut address, mut stored) = (0, HADDR_UNDEF, 0);
    ::hdf5::sync::sync(|| {
        // SAFETY: the dataset is open and has four dimensions; the other pointers are to one integer each.
        let status =
            unsafe { H5Dget_chunk_info_by_coord(dataset.id(), at.as_ptr(), &mut skipped, &mut address, &mut stored) };
        if status < 0 { Err(::hdf5::Error::query().unwrap_or_else(|_| "no reason given".into())) } else { Ok(()) }
    })?;
    let stored = u32::try_from(stored).ok().filter(|_| address != HADDR_UNDEF);
    Ok(stored.map(|stored| Chunk { address, stored, skipped }))
}
