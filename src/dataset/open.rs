//! From a name on the command line to a dataset.

use super::folder::OnError;
use super::kinds::{self, KINDS};
use super::{Dataset, Ragged, Resized, Rgb, Synthetic, Take, folder, foreign};
use crate::error::{Error, Result, nearest, unknown};
use crate::sample::ImageShape;
use crate::store::MANIFEST_FILE;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Seed of synthetic images unless told otherwise.
const DEFAULT_SEED: u64 = 0;

/// Images of a synthetic set unless told otherwise.
const DEFAULT_SYNTHETIC_IMAGES: u64 = 10_000;

/// Images of `synthetic:ragged` unless told otherwise: each takes a hundred times as long as a small one.
const DEFAULT_RAGGED_IMAGES: u64 = 1_000;

/// How to open a dataset.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OpenOptions {
    /// Take so many from the start, beginning again where the set is smaller.
    pub images: Option<u64>,
    /// Bring all images to this height and width.
    pub resize: Option<(u32, u32)>,
    /// Give all images three channels.
    pub rgb: bool,
    /// What to do about broken files.
    pub on_error: OnError,
}

/// Opens what `--dataset` names: `synthetic:HxWxC`, `synthetic:ragged`, `folder:PATH`, `store:PATH`; layouts of other
/// programs, `tar:PATH`, `zip:FILE`, `tfrecord:PATH`, `mds:FOLDER`, `parquet:PATH`, `arrow:PATH`, `sqlite:FILE`,
/// `lmdb:FOLDER`, `hdf5:FILE`, `zarr:FOLDER`, `npy:FILE`; `cifar10:PATH`, `cifar100:PATH` (its fine labels),
/// `cifar100-coarse:PATH` or `mnist:PATH`; a bare path is looked at to see what is there.
///
/// # Errors
/// [`Error::Usage`] for a name that is none; [`Error::Dataset`] or [`Error::Store`] when the path holds no such set.
pub fn open(name: &str, options: &OpenOptions) -> Result<Arc<dyn Dataset>> {
    let named = |word: &str| KINDS.iter().find(|kind| kind.name == word);
    let with_colon = name.split_once(':').and_then(|(kind, rest)| Some((named(kind)?, rest)));
    let alone = || named(name).map(|kind| (kind, ""));
    let by_looking = || Some((named(kind_of(Path::new(name))?)?, name));
    let found = with_colon.or_else(alone).or_else(by_looking);
    let (kind, rest) = found.ok_or_else(|| unknown_dataset(name))?;
    if rest.is_empty() && kind.name != "synthetic" {
        return Err(Error::Usage(format!(
            "dataset '{name}': write {}:PATH with a file of it or its folder",
            kind.name
        )));
    }
    let mut dataset = (kind.open)(rest, options).map_err(|error| match kind.name {
        "folder" => with_proposal(error, Path::new(rest)),
        _ => error,
    })?;
    if options.rgb {
        dataset = Arc::new(Rgb::new(dataset));
    }
    if let Some((height, width)) = options.resize {
        dataset = Arc::new(Resized::new(dataset, height, width));
    }
    match options.images.filter(|images| *images != dataset.len()) {
        Some(images) => Ok(Arc::new(Take::new(dataset, images)?)),
        None => Ok(dataset),
    }
}

/// Synthetic images are made as many as are asked for.
pub fn synthetic(shape: &str, images: Option<u64>) -> Result<Arc<dyn Dataset>> {
    if shape == "ragged" {
        return Ok(Arc::new(Ragged::new(images.unwrap_or(DEFAULT_RAGGED_IMAGES), DEFAULT_SEED)));
    }
    let shape = parse_shape(shape).ok_or_else(|| {
        Error::Usage(format!(
            "dataset 'synthetic:{shape}': write synthetic:HEIGHTxWIDTHxCHANNELS, as in synthetic:32x32x3 (1 to 4 channels, at most 1 GiB an image), or synthetic:ragged"
        ))
    })?;
    Ok(Arc::new(Synthetic::new(shape, images.unwrap_or(DEFAULT_SYNTHETIC_IMAGES), DEFAULT_SEED)))
}

/// Endings of files that tell what they are.
const ENDINGS: &[(&str, &str)] = &[
    ("h5", "hdf5"),
    ("hdf5", "hdf5"),
    ("hdf", "hdf5"),
    ("tar", "tar"),
    ("tfrecord", "tfrecord"),
    ("tfrecords", "tfrecord"),
    ("zip", "zip"),
    ("npy", "npy"),
    ("sqlite", "sqlite"),
    ("sqlite3", "sqlite"),
    ("db", "sqlite"),
    ("parquet", "parquet"),
    ("arrow", "arrow"),
];

/// What lies at a path, if anything does.
fn kind_of(path: &Path) -> Option<&'static str> {
    let ending = |path: &Path| ENDINGS.iter().find(|(ending, _)| path.extension() == Some(ending.as_ref()));
    match () {
        () if path.join(MANIFEST_FILE).is_file() => Some("store"),
        () if path.join("data.mdb").is_file() => Some("lmdb"),
        () if [".zarray", ".zgroup", "zarr.json"].iter().any(|name| path.join(name).is_file()) => Some("zarr"),
        () if is_mds(path) => Some("mds"),
        () if path.is_dir() => Some(of_shards(path).unwrap_or("folder")),
        () if path.is_file() => ending(path).map(|(_, kind)| *kind),
        () => None,
    }
}

/// Whether there are shards beside an index; anybody may call a file `index.json`.
fn is_mds(path: &Path) -> bool {
    ["mds", "mds.zstd"].iter().any(|ending| path.join(format!("shard.00000.{ending}")).is_file())
        && path.join("index.json").is_file()
}

/// What a folder without folders and images has shards of, if that is one kind of dataset.
fn of_shards(folder: &Path) -> Option<&'static str> {
    let mut found = None;
    for (path, name) in visible(folder) {
        let here = foreign::shard_kind(&name);
        if path.is_dir() || folder::is_image(&path) || here.is_some() && found.is_some() && here != found {
            return None;
        }
        found = here.or(found);
    }
    found
}

/// What lies in a folder and is not hidden, in the order of its names.
fn visible(folder: &Path) -> Vec<(PathBuf, String)> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let named = entries.map(|entry| (entry.path(), entry.file_name().to_string_lossy().into_owned()));
    let mut all: Vec<_> = named.filter(|(_, name)| !name.starts_with('.')).collect();
    all.sort();
    all
}

/// An error about a folder that has no images, with what might have been meant: shards or files of another kind, in it or
/// in a folder of it.
fn with_proposal(error: Error, root: &Path) -> Error {
    if !matches!(&error, Error::Dataset { cause, .. } if cause.starts_with(folder::NO_IMAGE)) {
        return error;
    }
    let kind_of_file = |path: &Path, name: &str| {
        let is_file = path.is_file();
        foreign::shard_kind(name).or_else(|| kind_of(path)).filter(|_| is_file)
    };
    let here = visible(root);
    let folders = std::iter::once(root.to_owned()).chain(here.iter().map(|(path, _)| path.clone()));
    let mut shards = folders.filter_map(|path| Some((if is_mds(&path) { "mds" } else { of_shards(&path)? }, path)));
    let files = || here.iter().find_map(|(path, name)| Some((kind_of_file(path, name)?, path.clone())));
    match (error, shards.next().or_else(files)) {
        (Error::Dataset { path, cause, remedy }, Some((kind, found))) => {
            let remedy = format!("{remedy}; or did you mean {kind}:{}?", found.display());
            Error::Dataset { path, cause, remedy }
        }
        (error, _) => error,
    }
}

fn unknown_dataset(name: &str) -> Error {
    if let Some(error) = foreign::misplaced(Path::new(name)) {
        return error;
    }
    let (kind, _) = name.split_once(':').unwrap_or((name, ""));
    match nearest(kind, kinds::names()) {
        None => Error::Dataset {
            path: name.into(),
            cause: if Path::new(name).exists() {
                "this is no store, no folder, and no file of an ending that is known (.tar, .zip, .npy, .h5, .parquet ...)".into()
            } else {
                "there is no such path".into()
            },
            remedy: format!("check it, or name a dataset ({})", kinds::names().collect::<Vec<_>>().join(", ")),
        },
        _ => unknown("dataset", kind, kinds::names()),
    }
}

/// Largest image that synthetic data is made for: 1 GiB.
const MAX_IMAGE_BYTES: usize = 1 << 30;

fn parse_shape(text: &str) -> Option<ImageShape> {
    let mut extents = text.split('x').map(|extent| extent.parse::<u32>().ok().filter(|extent| *extent > 0));
    let shape = ImageShape::new(extents.next()??, extents.next()??, extents.next()??);
    (extents.next().is_none() && shape.channels <= 4 && shape.bytes() <= MAX_IMAGE_BYTES).then_some(shape)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_are_read_strictly() {
        assert_eq!(parse_shape("32x31x3"), Some(ImageShape::new(32, 31, 3)));
        for wrong in ["", "32", "32x32", "32x32x3x1", "0x1x1", "32x32x5", "-1x1x1", "a", "70000x70000x4"] {
            assert_eq!(parse_shape(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn as_many_images_are_made_as_are_asked_for() {
        let len = |name: &str, images| open(name, &OpenOptions { images, ..Default::default() }).unwrap().len();
        assert_eq!([len("synthetic:ragged", None), len("synthetic:ragged", Some(3))], [DEFAULT_RAGGED_IMAGES, 3]);
        assert_eq!([len("synthetic:8x8x3", None), len("synthetic:8x8x3", Some(3))], [DEFAULT_SYNTHETIC_IMAGES, 3]);
    }

    #[test]
    fn endings_stand_for_kinds() {
        assert!(ENDINGS.iter().all(|(_, kind)| kinds::names().any(|name| name == *kind)));
    }

    #[test]
    fn a_folder_of_shards_is_seen_and_of_other_files_a_kind_is_proposed() {
        let root = tempfile::tempdir().unwrap();
        let put = |name: &str| {
            let path = root.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "x").unwrap();
        };
        for (name, kind) in [
            ("a/0.tar", "tar"),
            ("b/x-00000-of-00001", "tfrecord"),
            ("c/x.tfrecord", "tfrecord"),
            ("d/0.parquet", "parquet"),
            ("e/0.arrow", "arrow"),
        ] {
            put(name);
            let folder = root.path().join(name);
            let folder = folder.parent().unwrap();
            std::fs::write(folder.join("README.md"), "x").unwrap();
            assert_eq!(kind_of(folder), Some(kind));
            std::fs::write(folder.join("0.png"), "x").unwrap();
            assert_eq!(kind_of(folder), Some("folder"), "it has an image");
        }
        put("both/0.tar");
        put("both/0.parquet");
        put("data/train/0.tar");
        put("lone/x.h5");
        put("nothing/x.txt");
        let message = |name: &str| {
            let path = root.path().join(name).display().to_string();
            open(&path, &OpenOptions::default()).map(|_| ()).unwrap_err().to_string()
        };
        let meant = |kind: &str, name: &str| format!("or did you mean {kind}:{}?", root.path().join(name).display());
        assert!(message("data").ends_with(&meant("tar", "data/train")), "{}", message("data"));
        assert!(message("both").ends_with(&meant("parquet", "both/0.parquet")), "{}", message("both"));
        assert!(message("lone").ends_with(&meant("hdf5", "lone/x.h5")), "{}", message("lone"));
        assert!(!message("nothing").contains("did you mean"));
    }

    #[test]
    fn a_name_that_is_none_gets_a_hint() {
        let message = |name: &str| open(name, &OpenOptions::default()).map(|_| ()).unwrap_err().to_string();
        assert!(message("cifar:x").contains("did you mean 'cifar10'"));
        assert!(message("synthetic:big").contains("synthetic:32x32x3"));
        assert!(message("synthetic:big").contains("synthetic:ragged"));
        assert!(message("cifar10:").contains("cifar10:PATH"));
        assert!(message("cifar100-coarse").contains("cifar100-coarse:PATH"));
        assert!(message("cifar10:/no/such/path").contains("/no/such/path"));
    }
}
