//! What containers of bare pixels have in common.

use super::StoreName;
use super::record::refuse_strange_shape;
use crate::error::Result;
use crate::sample::{Batch, ImageShape, Shape};
use crate::store::StoreSpec;

/// The shape of all images of an array.
///
/// # Errors
/// [`crate::Error::Unsupported`] where each image has its own.
pub fn one_shape(spec: &StoreSpec, name: &StoreName) -> Result<ImageShape> {
    match spec.shape {
        Shape::Fixed(shape) => Ok(shape),
        Shape::Ragged { .. } => Err(name.unsupported(
            "ragged images: an array has one shape; try hdf5:raw, or bring them to one shape: with --rgb where only their channels differ, with --resize where their sizes do",
        )),
    }
}

/// The pixels of `samples`, which are added to the `written` ones of a store like `spec`.
///
/// # Errors
/// When they have another shape, are encoded, or are more than there are to be.
pub fn pixels_to_add<'a>(samples: &'a Batch, written: u64, spec: &StoreSpec, name: &StoreName) -> Result<&'a [u8]> {
    samples.iter().try_for_each(|sample| refuse_strange_shape(name, &spec.shape, sample.shape))?;
    let pixels = samples.all_pixels().ok_or_else(|| name.unsupported("encoded files in place of pixels"))?;
    if written + samples.len() as u64 > spec.images {
        let cause = format!("more than {} images were given", spec.images);
        return Err(name.error(cause, "say the right number"));
    }
    Ok(pixels)
}
