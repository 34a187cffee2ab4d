//! The kinds of datasets: what stands before the colon. The only list of them.

use super::foreign::kinds::{HDF5_LABEL_ARRAYS, IMAGE_ARRAYS, IMAGES, KEYS, LABEL_ARRAYS, LABELS};
use super::open::synthetic;
use super::{Cifar, CifarVersion, Dataset, Folder, Mnist, OpenOptions, Stored, foreign};
use crate::error::Result;
use std::path::Path;
use std::sync::Arc;

/// Opens what is named behind the colon.
type Open = fn(&str, &OpenOptions) -> Result<Arc<dyn Dataset>>;

/// A kind of dataset.
#[derive(Debug, Clone, Copy)]
pub struct KindInfo {
    /// What stands before the colon.
    pub name: &'static str,
    /// How it is written.
    pub form: &'static str,
    /// What it is.
    pub about: &'static str,
    /// The Cargo feature that it needs, if any.
    pub feature: Option<&'static str>,
    /// Whether this build reads it.
    pub built_in: bool,
    pub(super) open: Open,
}

macro_rules! kinds {
    ($($name:literal $(if $feature:literal)? => $form:literal, $about:literal, $open:expr;)+) => {
        /// Every kind of dataset, built in or not.
        pub static KINDS: &[KindInfo] = &[$(KindInfo {
            name: $name,
            form: $form,
            about: $about,
            feature: kinds!(@feature $($feature)?),
            built_in: true $(&& cfg!(feature = $feature))?,
            open: $open,
        }),+];
    };
    (@feature $feature:literal) => { Some($feature) };
    (@feature) => { None };
}

kinds! {
    "folder" => "folder:PATH", "image files, one subfolder a class, or with a labels.csv",
        |path, how| Ok(Arc::new(Folder::open(Path::new(path), how.images, how.on_error)?));
    "store" => "store:PATH", "a store that shelfmark wrote",
        |path, _| Ok(Arc::new(Stored::open(Path::new(path))?));
    "tar" => "tar:PATH", "WebDataset: a shard or a folder of them; labels from .cls; without any, and nothing else beside images, folders are classes if all lie in some",
        |path, how| foreign::open_tar(Path::new(path), how);
    "zip" => "zip:FILE", "images in a ZIP; labels from StyleGAN's dataset.json, else from folders",
        |path, how| foreign::open_zip(Path::new(path), how);
    "tfrecord" => "tfrecord:PATH", "TensorFlow: image/encoded and image/class/label, or image and label",
        |path, how| foreign::open_tfrecord(Path::new(path), how);
    "mds" => "mds:FOLDER", "MosaicML Streaming: uncompressed shards and index.json",
        |path, how| foreign::open_mds(Path::new(path), how);
    "parquet" if "parquet" => "parquet:PATH[,image=COLUMN,label=COLUMN]", "Hugging Face's columns image and label, or plain bytes; labels that are names are numbered in their order; label=none: all are 0",
        foreign::open_parquet;
    "arrow" if "arrow" => "arrow:PATH[,image=COLUMN,label=COLUMN]", "the same in Arrow's IPC files or streams",
        foreign::open_arrow;
    "sqlite" if "sqlite" => "sqlite:FILE[,table=NAME,image=COLUMN,label=COLUMN]", "the table with a column of encoded images; labels as in parquet:",
        foreign::open_sqlite;
    "lmdb" if "lmdb" => "lmdb:FOLDER", "encoded images as values; labels are 0",
        |path, _| foreign::open_lmdb(Path::new(path));
    "hdf5" if "hdf5" => "hdf5:FILE[,images=NAME,labels=NAME]", "an array of images and one of labels",
        |rest, _| foreign::open_hdf5(rest);
    "zarr" if "zarr" => "zarr:FOLDER[,images=NAME,labels=NAME]", "the same in Zarr version 3, or a lone array",
        |rest, _| foreign::open_zarr(rest);
    "npy" => "npy:FILE[,labels=FILE]", "an array of images; labels from labels.npy beside it, else 0",
        |rest, _| foreign::open_npy(rest);
    "cifar10" => "cifar10:PATH", "the binary version: a file, or its folder (the training files if they are there)",
        |path, _| Ok(Arc::new(Cifar::open(&CifarVersion::TEN, Path::new(path))?));
    "cifar100" => "cifar100:PATH", "the same with fine labels",
        |path, _| Ok(Arc::new(Cifar::open(&CifarVersion::HUNDRED, Path::new(path))?));
    "cifar100-coarse" => "cifar100-coarse:PATH", "the same with coarse labels",
        |path, _| Ok(Arc::new(Cifar::open(&CifarVersion::HUNDRED_COARSE, Path::new(path))?));
    "mnist" => "mnist:PATH", "an IDX file of images, plain or .gz, or its folder (the training images if they are there)",
        |path, _| Ok(Arc::new(Mnist::open(Path::new(path))?));
    "synthetic" => "synthetic:HxWxC, synthetic:ragged", "made on the spot; ragged: JPEG files of many sizes, as in ImageNet",
        |shape, how| synthetic(shape, how.images);
}

/// How columns and arrays are found where nobody names them.
#[derive(Debug, Clone, Copy)]
pub struct Usual {
    /// In which kinds of datasets.
    pub kinds: &'static [&'static str],
    /// What is looked for.
    pub what: &'static str,
    /// Names that are tried, in this order: the first that is there is taken, of images the first that may hold them.
    /// Of columns, in any letter case. SQLite's images are else those of any other column of encoded images.
    pub names: &'static [&'static str],
}

const OF_COLUMNS: &[&str] = &["parquet", "arrow", "sqlite", "mds"];
const OF_ARRAYS: &[&str] = &["hdf5", "zarr"];

/// Every such list of names.
pub static USUAL: &[Usual] = &[
    Usual { kinds: OF_COLUMNS, what: "image", names: IMAGES },
    Usual { kinds: OF_COLUMNS, what: "label", names: LABELS },
    Usual { kinds: OF_COLUMNS, what: "name", names: KEYS },
    Usual { kinds: OF_ARRAYS, what: "images", names: IMAGE_ARRAYS },
    Usual { kinds: &["hdf5"], what: "labels", names: HDF5_LABEL_ARRAYS },
    Usual { kinds: &["zarr"], what: "labels", names: LABEL_ARRAYS },
];

/// The names of all.
pub fn names() -> impl Iterator<Item = &'static str> + Clone {
    KINDS.iter().map(|kind| kind.name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::open;

    /// What is missing, in the words of the layout, when each kind is given an empty folder or a file of something else.
    const MISSING: &[(&str, &str)] = &[
        ("folder", "there is no image in it (of 0 files"),
        ("store", "no shelfmark.json"),
        ("tar", "no .tar "),
        ("zip", "ZIP"),
        ("tfrecord", "no TFRecord file"),
        ("mds", "index.json"),
        ("parquet", "no .parquet"),
        ("arrow", "no .arrow"),
        ("sqlite", "SQLite"),
        ("lmdb", "data.mdb"),
        ("hdf5", "HDF5"),
        ("zarr", "zarr.json"),
        ("npy", "numpy.save"),
        ("cifar10", "no data_batch_1.bin"),
        ("cifar100", "no train.bin"),
        ("cifar100-coarse", "no train.bin"),
        ("mnist", "no train-images-idx3-ubyte"),
        ("synthetic", "synthetic:HEIGHTxWIDTHxCHANNELS"),
    ];

    #[test]
    fn every_kind_opens_its_own_layout_and_says_what_is_wrong() {
        let folder = tempfile::tempdir().unwrap();
        let (empty, file) = (folder.path().join("empty"), folder.path().join("file"));
        std::fs::create_dir(&empty).unwrap();
        std::fs::write(&file, "something else").unwrap();
        assert_eq!(names().collect::<Vec<_>>(), MISSING.iter().map(|(name, _)| *name).collect::<Vec<_>>());
        assert!(USUAL.iter().flat_map(|usual| usual.kinds).all(|kind| names().any(|name| name == *kind)));
        for (kind, (_, missing)) in KINDS.iter().zip(MISSING) {
            assert!(kind.form.starts_with(&format!("{}:", kind.name)), "{kind:?}");
            let refusal = |path: &Path| {
                let asked = open(&format!("{}:{}", kind.name, path.display()), &OpenOptions::default());
                asked.map(|_| ()).unwrap_err().to_string()
            };
            let messages = refusal(&empty) + &refusal(&file);
            let feature = kind.feature.filter(|_| !kind.built_in);
            let wanted = feature.map_or((*missing).into(), |name| format!("without the Cargo feature '{name}'"));
            assert!(messages.contains(&wanted), "{}: {messages}", kind.name);
        }
    }
}
