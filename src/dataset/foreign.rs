//! Layouts that other programs write, read as datasets: `tar:PATH`, `hdf5:FILE`, `lmdb:FOLDER` ... (A folder of images
//! with a table of labels is a [`Folder`](super::Folder).)

mod arrays;
#[cfg(feature = "arrow")]
mod arrow;
mod encoded;
mod files;
#[cfg(feature = "hdf5")]
mod hdf5;
pub(super) mod kinds;
mod labelled;
#[cfg(feature = "lmdb")]
mod lmdb;
mod mds;
mod npy;
#[cfg(feature = "parquet")]
mod parquet;
// Tables have most of these faults.
#[cfg_attr(not(any(feature = "arrow", feature = "parquet", feature = "sqlite")), allow(dead_code))]
mod rows;
#[cfg(feature = "sqlite")]
mod sqlite;
mod tar;
mod tfrecord;
#[cfg(test)]
mod trial;
#[cfg(feature = "zarr")]
mod zarr;
mod zip;

use super::{Dataset, OpenOptions};
use crate::error::{Error, Result};
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

/// How LMDB's first page says what it is, behind the page's own header of 16 bytes (lmdb's mdb.c, MDB_MAGIC).
const LMDB_MAGIC: &[u8] = &0xBEEF_C0DE_u32.to_le_bytes();
const LMDB_MAGIC_AT: usize = 16;

/// Opens an HDF5 file with an array of images and perhaps one of labels. `rest` is its path, and behind it, where they
/// have other names than `images` and `labels`: `,images=NAME` and `,labels=NAME`.
///
/// # Errors
/// [`Error::Dataset`] saying what is there instead.
pub fn open_hdf5(rest: &str) -> Result<Arc<dyn Dataset>> {
    let (path, [images, labels]) = options(rest, ["images", "labels"]);
    #[cfg(feature = "hdf5")]
    return Ok(Arc::new(hdf5::open(Path::new(path), images, labels)?));
    #[cfg(not(feature = "hdf5"))]
    return Err(not_built_in(Path::new(path), "hdf5", (images, labels)));
}

/// Opens an LMDB environment whose values are encoded images.
///
/// # Errors
/// [`Error::Dataset`] saying what is there instead.
pub fn open_lmdb(path: &Path) -> Result<Arc<dyn Dataset>> {
    if let Some(error) = misplaced(path) {
        return Err(error);
    }
    #[cfg(feature = "lmdb")]
    return Ok(Arc::new(lmdb::Values::open(path)?));
    #[cfg(not(feature = "lmdb"))]
    return Err(not_built_in(path, "lmdb", ()));
}

/// Opens shards of WebDataset: a tar file, or a folder of them.
///
/// # Errors
/// [`Error::Dataset`] saying what is there instead.
pub fn open_tar(path: &Path, options: &OpenOptions) -> Result<Arc<dyn Dataset>> {
    Ok(Arc::new(tar::open(path, options)?))
}

/// Opens records of TensorFlow: a TFRecord file, or a folder of them.
///
/// # Errors
/// [`Error::Dataset`] saying what is there instead.
pub fn open_tfrecord(path: &Path, options: &OpenOptions) -> Result<Arc<dyn Dataset>> {
    Ok(Arc::new(tfrecord::open(path, options)?))
}

/// Opens arrays of NumPy: the file of the images, and behind it perhaps `,labels=FILE`.
///
/// # Errors
/// [`Error::Dataset`] saying what is there instead.
pub fn open_npy(rest: &str) -> Result<Arc<dyn Dataset>> {
    let (path, [labels]) = options(rest, ["labels"]);
    if let Some(error) = misplaced(Path::new(path)) {
        return Err(error);
    }
    Ok(Arc::new(npy::open(Path::new(path), labels)?))
}

/// Opens a ZIP archive of images.
///
/// # Errors
/// [`Error::Dataset`] saying what is there instead.
pub fn open_zip(path: &Path, options: &OpenOptions) -> Result<Arc<dyn Dataset>> {
    Ok(Arc::new(zip::open(path, options)?))
}

/// Opens a folder of MosaicML Streaming's shards.
///
/// # Errors
/// [`Error::Dataset`] saying what is there instead.
pub fn open_mds(path: &Path, options: &OpenOptions) -> Result<Arc<dyn Dataset>> {
    Ok(Arc::new(mds::open(path, options)?))
}

/// Opens an SQLite database with a table of images. `rest` is its path, and behind it, where the names are not the usual
/// ones: `,table=NAME`, `,image=COLUMN` and `,label=COLUMN`.
///
/// # Errors
/// [`Error::Dataset`] saying what is there instead.
pub fn open_sqlite(rest: &str, wanted: &OpenOptions) -> Result<Arc<dyn Dataset>> {
    let (path, names) = options(rest, ["table", "image", "label"]);
    #[cfg(feature = "sqlite")]
    return {
        let [table, image, label] = names;
        Ok(Arc::new(sqlite::open(rest, Path::new(path), sqlite::Names { table, image, label }, wanted)?))
    };
    #[cfg(not(feature = "sqlite"))]
    return Err(not_built_in(Path::new(path), "sqlite", (names, wanted)));
}

/// Opens Parquet files with a column of images. `rest` is the path of the file or its folder, and behind it, where the
/// names are not the usual ones: `,image=COLUMN` and `,label=COLUMN`.
///
/// # Errors
/// [`Error::Dataset`] saying what is there instead.
pub fn open_parquet(rest: &str, wanted: &OpenOptions) -> Result<Arc<dyn Dataset>> {
    let (path, names) = options(rest, ["image", "label"]);
    #[cfg(feature = "parquet")]
    return Ok(Arc::new(parquet::open(rest, Path::new(path), names, wanted)?));
    #[cfg(not(feature = "parquet"))]
    return Err(not_built_in(Path::new(path), "parquet", (names, wanted)));
}

/// Opens files or streams of Arrow's IPC format with a column of images; `rest` is as for [`open_parquet`].
///
/// # Errors
/// [`Error::Dataset`] saying what is there instead.
pub fn open_arrow(rest: &str, wanted: &OpenOptions) -> Result<Arc<dyn Dataset>> {
    let (path, names) = options(rest, ["image", "label"]);
    #[cfg(feature = "arrow")]
    return Ok(Arc::new(arrow::open(rest, Path::new(path), names, wanted)?));
    #[cfg(not(feature = "arrow"))]
    return Err(not_built_in(Path::new(path), "arrow", (names, wanted)));
}

/// Opens a folder of Zarr version 3; behind it stand names as for [`open_hdf5`].
///
/// # Errors
/// [`Error::Dataset`] saying what is there instead.
pub fn open_zarr(rest: &str) -> Result<Arc<dyn Dataset>> {
    let (path, names) = options(rest, ["images", "labels"]);
    #[cfg(feature = "zarr")]
    return Ok(Arc::new(zarr::open(rest, Path::new(path), names)?));
    #[cfg(not(feature = "zarr"))]
    return Err(not_built_in(Path::new(path), "zarr", names));
}

/// The kind of dataset of which a file can be one of many in a folder, by its name.
pub fn shard_kind(name: &str) -> Option<&'static str> {
    let ends = [(".tar", "tar"), (".parquet", "parquet"), (".arrow", "arrow")];
    let found = ends.iter().find(|(end, _)| name.ends_with(end)).map(|(_, kind)| *kind);
    found.or(tfrecord::belongs(name).then_some("tfrecord"))
}

/// What to do about a file that is read only where it lies otherwise, if this is one.
pub fn misplaced(path: &Path) -> Option<Error> {
    let ends_in = |ending: &str| path.extension().is_some_and(|found| found.eq_ignore_ascii_case(ending));
    let begin = || {
        let mut bytes = [0; LMDB_MAGIC_AT + LMDB_MAGIC.len()];
        File::open(path).and_then(|mut file| file.read_exact(&mut bytes)).map(|()| bytes)
    };
    match () {
        () if !path.is_file() => None,
        () if ends_in("npz") => Some(refuse(
            path,
            "this is an .npz, several arrays of NumPy in a ZIP",
            "unpack it (it is a ZIP), and give npy:images.npy,labels=labels.npy, with the names that its arrays have",
        )),
        () if ends_in("mdb") || ends_in("lmdb") || begin().is_ok_and(|bytes| bytes.ends_with(LMDB_MAGIC)) => {
            Some(refuse(
                path,
                "this is an LMDB environment in one file (subdir=False)",
                "put it into a folder of its own, under the name data.mdb, and give lmdb:FOLDER",
            ))
        }
        () => None,
    }
}

/// A path, and what stands behind it for each of `keys`, as in `,images=NAME`.
fn options<'a, const N: usize>(rest: &'a str, keys: [&str; N]) -> (&'a str, [Option<&'a str>; N]) {
    let (mut path, mut values) = (rest, [None; N]);
    // From the end, so that a path may have commas.
    while let Some((before, (key, value))) =
        path.rsplit_once(',').and_then(|(before, option)| Some((before, option.split_once('=')?)))
    {
        let Some(at) = keys.iter().position(|known| *known == key) else { break };
        values[at] = Some(value);
        path = before;
    }
    (path, values)
}

fn refuse(path: &Path, cause: impl Into<String>, remedy: &str) -> Error {
    Error::Dataset { path: path.to_owned(), cause: cause.into(), remedy: remedy.into() }
}

/// What it would have been asked with is of no use.
#[cfg(not(all(
    feature = "arrow",
    feature = "hdf5",
    feature = "lmdb",
    feature = "parquet",
    feature = "sqlite",
    feature = "zarr"
)))]
fn not_built_in<T>(path: &Path, feature: &str, _: T) -> Error {
    refuse(
        path,
        format!("this shelfmark was built without the Cargo feature '{feature}'"),
        "build it with that feature",
    )
}

#[cfg(test)]
mod tests {
    use super::{misplaced, options};
    use crate::dataset::{OpenOptions, open};

    #[test]
    fn files_that_have_to_lie_otherwise_are_told_how() {
        let folder = tempfile::tempdir().unwrap();
        let lmdb = [&[0; 16][..], &[0xDE, 0xC0, 0xEF, 0xBE, 1, 0, 0, 0]].concat();
        for (name, bytes, remedy) in [
            ("x.npz", &b"PK"[..], "give npy:images.npy,labels=labels.npy"),
            ("x.LMDB", b"", "under the name data.mdb, and give lmdb:FOLDER"),
            ("train", &lmdb, "under the name data.mdb, and give lmdb:FOLDER"),
        ] {
            let path = folder.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            let bare = path.display().to_string();
            let kind = if name == "x.npz" { "npy" } else { "lmdb" };
            for asked in [format!("{kind}:{bare}"), bare] {
                let message = open(&asked, &OpenOptions::default()).map(|_| ()).unwrap_err().to_string();
                assert!(message.contains(remedy), "{message}");
            }
        }
        std::fs::write(folder.path().join("other"), "x").unwrap();
        assert!(misplaced(&folder.path().join("other")).is_none() && misplaced(folder.path()).is_none());
    }

    #[test]
    fn names_of_arrays_stand_behind_the_path() {
        let names = |rest| options(rest, ["images", "labels"]);
        assert_eq!(names("a,b/x.h5"), ("a,b/x.h5", [None, None]));
        assert_eq!(names("a,b/x.h5,labels=y,images=/d/x"), ("a,b/x.h5", [Some("/d/x"), Some("y")]));
        assert_eq!(names("a,images=x,b=2"), ("a,images=x,b=2", [None, None]));
    }
}
