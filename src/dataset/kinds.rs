//! The kinds of datasets: what stands before the colon. The only list of them.

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
}

macro_rules! kinds {
    ($($name:literal $(if $feature:literal)? => $form:literal, $about:literal;)+) => {
        /// Every kind of dataset, built in or not.
        pub static KINDS: &[KindInfo] = &[$(KindInfo {
            name: $name,
            form: $form,
            about: $about,
            feature: kinds!(@feature $($feature)?),
            built_in: true $(&& cfg!(feature = $feature))?,
        }),+];
    };
    (@feature $feature:literal) => { Some($feature) };
    (@feature) => { None };
}

kinds! {
    "folder" => "folder:PATH", "image files, one subfolder a class, or with a labels.csv";
    "store" => "store:PATH", "a store that shelfmark wrote";
    "tar" => "tar:PATH", "WebDataset: a shard or a folder of them; labels from .cls, else 0";
    "zip" => "zip:FILE", "images in a ZIP; labels from StyleGAN's dataset.json, else from folders";
    "tfrecord" => "tfrecord:PATH", "TensorFlow: image/encoded and image/class/label, or image and label";
    "mds" => "mds:FOLDER", "MosaicML Streaming: uncompressed shards and index.json";
    "parquet" if "parquet" => "parquet:PATH[,image=COLUMN,label=COLUMN]", "Hugging Face's columns image and label, or plain bytes";
    "arrow" if "arrow" => "arrow:PATH[,image=COLUMN,label=COLUMN]", "the same in Arrow's IPC files or streams";
    "sqlite" if "sqlite" => "sqlite:FILE[,table=NAME,image=COLUMN,label=COLUMN]", "the table with a column of encoded images";
    "lmdb" if "lmdb" => "lmdb:FOLDER", "encoded images as values; labels are 0";
    "hdf5" if "hdf5" => "hdf5:FILE[,images=NAME,labels=NAME]", "an array of images and one of labels";
    "zarr" if "zarr" => "zarr:FOLDER[,images=NAME,labels=NAME]", "the same in Zarr version 3, or a lone array";
    "npy" => "npy:FILE[,labels=FILE]", "an array of images; labels from labels.npy beside it, else 0";
    "cifar10" => "cifar10:PATH", "the binary version: a file or its folder";
    "cifar100" => "cifar100:PATH", "the same with fine labels";
    "cifar100-coarse" => "cifar100-coarse:PATH", "the same with coarse labels";
    "mnist" => "mnist:PATH", "an IDX file, plain or .gz, or its folder";
    "synthetic" => "synthetic:HxWxC, synthetic:ragged", "made on the spot";
}

/// The names of all.
pub fn names() -> impl Iterator<Item = &'static str> + Clone {
    KINDS.iter().map(|kind| kind.name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{OpenOptions, open};

    #[test]
    fn every_kind_can_be_asked_for_and_says_what_is_wrong() {
        let folder = tempfile::tempdir().unwrap();
        for kind in KINDS.iter().filter(|kind| kind.name != "synthetic") {
            assert!(kind.form.starts_with(&format!("{}:", kind.name)), "{kind:?}");
            let path = folder.path().join("none");
            let asked = open(&format!("{}:{}", kind.name, path.display()), &OpenOptions::default());
            let message = asked.map(|_| ()).unwrap_err().to_string();
            let feature = kind.feature.filter(|_| !kind.built_in);
            let wanted = feature.map_or("none".into(), |feature| format!("without the Cargo feature '{feature}'"));
            assert!(message.contains(&wanted), "{message}");
        }
    }
}
