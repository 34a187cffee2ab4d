//! Layouts that other programs write, read as datasets: `hdf5:FILE` and `lmdb:FOLDER`. (A folder of images with a table
//! of labels is a [`Folder`](super::Folder).)

#[cfg(feature = "hdf5")]
mod hdf5;
#[cfg(feature = "lmdb")]
mod lmdb;

use super::Dataset;
use crate::error::{Error, Result};
use std::path::Path;
use std::sync::Arc;

/// Opens an HDF5 file with an array of images and perhaps one of labels. `rest` is its path, and behind it, where they
/// have other names than `images` and `labels`: `,images=NAME` and `,labels=NAME`.
///
/// # Errors
/// [`Error::Dataset`] saying what is there instead.
pub fn open_hdf5(rest: &str) -> Result<Arc<dyn Dataset>> {
    let (path, images, labels) = names(rest);
    #[cfg(feature = "hdf5")]
    return Ok(Arc::new(hdf5::Arrays::open(Path::new(path), images, labels)?));
    #[cfg(not(feature = "hdf5"))]
    return Err(not_built_in(Path::new(path), "hdf5", &[images, labels]));
}

/// Opens an LMDB environment whose values are encoded images.
///
/// # Errors
/// [`Error::Dataset`] saying what is there instead.
pub fn open_lmdb(path: &Path) -> Result<Arc<dyn Dataset>> {
    #[cfg(feature = "lmdb")]
    return Ok(Arc::new(lmdb::Values::open(path)?));
    #[cfg(not(feature = "lmdb"))]
    return Err(not_built_in(path, "lmdb", &[]));
}

/// Path, and names of the two arrays.
fn names(rest: &str) -> (&str, Option<&str>, Option<&str>) {
    let (mut path, mut images, mut labels) = (rest, None, None);
    // From the end, so that a path may have commas.
    while let Some((before, option)) = path.rsplit_once(',') {
        match option.split_once('=') {
            Some(("images", name)) => images = Some(name),
            Some(("labels", name)) => labels = Some(name),
            _ => break,
        }
        path = before;
    }
    (path, images, labels)
}

fn refuse(path: &Path, cause: impl Into<String>, remedy: &str) -> Error {
    Error::Dataset { path: path.to_owned(), cause: cause.into(), remedy: remedy.into() }
}

#[cfg(not(all(feature = "hdf5", feature = "lmdb")))]
fn not_built_in(path: &Path, feature: &str, _: &[Option<&str>]) -> Error {
    refuse(
        path,
        format!("this shelfmark was built without the Cargo feature '{feature}'"),
        "build it with that feature",
    )
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn names_of_arrays_stand_behind_the_path() {
        assert_eq!(names("a,b/x.h5"), ("a,b/x.h5", None, None));
        assert_eq!(names("a,b/x.h5,labels=y,images=/d/x"), ("a,b/x.h5", Some("/d/x"), Some("y")));
        assert_eq!(names("a,images=x,b=2"), ("a,images=x,b=2", None, None));
    }
}
