//! HDF5 files with an array of images (N x H x W x C or N x H x W, bytes) and an array of N labels: what h5py users write.

use super::arrays::{Arrays, CHANNELS_LAST, IMAGES_ARE, Pixels, image_shape};
use super::kinds::{HDF5_LABEL_ARRAYS, IMAGE_ARRAYS, any_of};
use super::refuse;
use crate::dataset::source::state_at;
use crate::error::{IoContext, Result};
use crate::sample::ImageShape;
use crate::store::container::hdf5::slab::Slab;
use ::hdf5::types::{IntSize, TypeDescriptor};
use ::hdf5::{File, Group};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// Chunks that stay decoded while their images are read one after the other.
const CACHE_BYTES: usize = 64 << 20;

/// The images of an open file.
pub struct Images {
    /// HDF5 runs one call at a time in a process anyway.
    slab: Mutex<Slab<u8>>,
    _file: File,
}

impl Pixels for Images {
    fn read(&self, index: u64, out: &mut [u8], path: &Path) -> Result<()> {
        // Poisoned only by a panic inside HDF5's binding, after which the next call fails by itself.
        let mut slab = self.slab.lock().unwrap_or_else(PoisonError::into_inner);
        let read = slab.read(index, 1, out);
        read.map_err(|why| refuse(path, format!("image {index}: {why}"), "check that the file is whole"))
    }
}

/// Opens the file at `path`; the arrays' names are guessed where they are not given.
///
/// # Errors
/// When there are no such arrays, or they hold something else.
pub fn open(path: &Path, images: Option<&str>, labels: Option<&str>) -> Result<Arrays<Images>> {
    std::fs::metadata(path).at("open", path)?;
    let fail =
        |e: ::hdf5::Error| refuse(path, format!("HDF5 cannot read it: {e}"), "check that it is a whole HDF5 file");
    let options = File::with_options().with_fapl(|p| p.chunk_cache(10_007, CACHE_BYTES, 0.75)).clone();
    let file = options.open(path).map_err(fail)?;
    let there = || listing(&file).join(", ");
    let find = |given: Option<&str>, usual: &[&str]| match given {
        Some(name) => file.dataset(name).ok().map(|found| (name.to_owned(), found)),
        None => usual.iter().find_map(|name| Some(((*name).to_owned(), file.dataset(name).ok()?))),
    };
    let named = |key: &str, name: Option<&str>| name.map(|name| format!(",{key}={name}")).unwrap_or_default();
    let asked = format!("hdf5:{}{}{}", path.display(), named("images", images), named("labels", labels));
    let (name, images) = find(images, IMAGE_ARRAYS).ok_or_else(|| {
        let called = images.map_or_else(|| any_of(IMAGE_ARRAYS), str::to_owned);
        let cause = format!("there is no array of images called {called}; it holds {}", there());
        match in_group(&file, images) {
            Some((what, remedy)) => refuse(path, format!("{cause}; {what}"), &remedy),
            None => refuse(path, cause, "name it: hdf5:FILE,images=NAME,labels=NAME"),
        }
    })?;
    let extents = images.shape();
    let kind = images.dtype().and_then(|dtype| dtype.to_descriptor()).map_err(fail)?;
    if kind != TypeDescriptor::Unsigned(IntSize::U1) {
        let cause = format!("{name} holds {kind}, and images are unsigned bytes");
        return Err(refuse(path, cause, "write the pixels as uint8"));
    }
    let shape = image_shape(&extents.iter().map(|extent| *extent as u64).collect::<Vec<_>>());
    let shape = shape.ok_or_else(|| refuse(path, format!("{name} is {extents:?}, and {IMAGES_ARE}"), CHANNELS_LAST))?;
    if extents[0] == 0 {
        return Err(refuse(path, format!("{name} is empty"), "check the path"));
    }
    refuse_empty_promises(path, &name, extents[0], shape, images.storage_size())?;
    let mut remarks = Vec::new();
    let labels = match find(labels, HDF5_LABEL_ARRAYS) {
        Some((name, found)) => {
            let kind = found.dtype().and_then(|dtype| dtype.to_descriptor()).map_err(fail)?;
            if !matches!(kind, TypeDescriptor::Unsigned(_) | TypeDescriptor::Integer(_)) {
                let cause = format!("{name} holds {kind}, and labels are whole numbers");
                return Err(refuse(path, cause, "number the classes from 0"));
            }
            if found.size() != extents[0] {
                let cause = format!("{} labels for {} images", found.size(), extents[0]);
                return Err(refuse(path, cause, "name the right array: hdf5:FILE,labels=NAME"));
            }
            // HDF5 converts, and what does not fit is noticed.
            let values = found.read_raw::<i64>().map_err(fail)?;
            let converted =
                values.iter().map(|value| u32::try_from(*value)).collect::<std::result::Result<Vec<_>, _>>();
            Some(converted.map_err(|_| {
                refuse(path, format!("{name} holds labels below 0 or above 2^32"), "number the classes from 0")
            })?)
        }
        None if labels.is_some() => {
            return Err(refuse(
                path,
                format!("there is no such array of labels; it holds {}", there()),
                "name another",
            ));
        }
        None => {
            let called = any_of(HDF5_LABEL_ARRAYS);
            remarks
                .push(format!("there is no array of labels called {called}; it holds {}: all labels are 0", there()));
            None
        }
    };
    let pixels = Images { slab: Mutex::new(Slab::new(images).map_err(fail)?), _file: file };
    let (images, state) = (extents[0] as u64, state_at(path));
    Ok(Arrays { name: asked, path: path.to_owned(), shape, images, labels, state, remarks, pixels })
}

/// A few bytes of file can claim any number of images, which readers would go through and stores be written for.
fn refuse_empty_promises(path: &Path, name: &str, images: usize, shape: ImageShape, stored: u64) -> Result<()> {
    // Deflate, which packs best of HDF5's filters, makes at most 1,032 bytes of one.
    let most = stored.saturating_mul(1_032);
    match (images as u64).checked_mul(shape.bytes() as u64) {
        Some(bytes) if bytes <= most => Ok(()),
        _ => {
            let cause = format!("{name} claims {images} images of {shape}, and holds {stored} bytes");
            Err(refuse(path, cause, "check that it was written to its end"))
        }
    }
}

/// A group with images in it, and how to name them: the one that was `given` for an array, or one for training, or the first.
fn in_group(file: &Group, given: Option<&str>) -> Option<(String, String)> {
    let mut groups = file.groups().unwrap_or_default();
    groups.sort_by_key(|group| !group.name().contains("train"));
    let given = given.and_then(|name| file.group(name).ok());
    given.into_iter().chain(groups).find_map(|group| {
        let called = |usual: &[&'static str]| usual.iter().copied().find(|name| group.dataset(name).is_ok());
        let (images, name) = (called(IMAGE_ARRAYS)?, group.name());
        let name = name.trim_start_matches('/');
        let (and, labels) = called(HDF5_LABEL_ARRAYS)
            .map(|labels| (format!(" and {labels}"), format!(",labels={name}/{labels}")))
            .unwrap_or_default();
        let remedy = format!("name what is in it: hdf5:FILE,images={name}/{images}{labels}");
        Some((format!("{name} is a group that holds {images}{and}"), remedy))
    })
}

/// Names of what is in the file, at most a few.
fn listing(file: &Group) -> Vec<String> {
    let mut names = file.member_names().unwrap_or_default();
    names.truncate(10);
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::Dataset;
    use crate::sample::Batch;
    use std::path::PathBuf;

    fn file(write: impl FnOnce(&File)) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.h5");
        let file = File::create(&path).unwrap();
        write(&file);
        file.close().unwrap();
        (folder, path)
    }

    fn array<T: ::hdf5::H5Type>(file: &File, name: &str, shape: &[usize], values: &[T]) {
        let dataset = file.new_dataset::<T>().shape(shape).create(name).unwrap();
        dataset.write_raw(values).unwrap();
    }

    #[test]
    fn images_and_labels_are_found_by_usual_names_or_given_ones() {
        let pixels: Vec<u8> = (0..2 * 3 * 4 * 3).collect();
        let (_folder, path) = file(|file| {
            array(file, "images", &[2, 3, 4, 3], &pixels);
            array(file, "labels", &[2], &[7_i64, 4]);
            array(file, "grey", &[2, 3, 4], &pixels[..24]);
            array(file, "meta2", &[2, 1], &[1_u8, 2]);
        });
        for (images, labels, shape, wanted) in [
            (None, None, ImageShape::new(3, 4, 3), [7, 4]),
            (Some("grey"), Some("meta2"), ImageShape::new(3, 4, 1), [1, 2]),
        ] {
            let set = open(&path, images, labels).unwrap();
            let mut out = Batch::new();
            (0..2).for_each(|index| set.read(index, &mut out).unwrap());
            assert!(set.read(2, &mut out).is_err());
            assert_eq!(set.name().ends_with("x.h5,images=grey,labels=meta2"), images.is_some());
            assert_eq!(out.labels().collect::<Vec<_>>(), wanted);
            assert_eq!(out.uniform_pixels(shape), Some(&pixels[..2 * shape.bytes()]));
        }
    }

    #[test]
    fn images_in_a_group_are_refused_with_how_to_name_them() {
        let (_folder, path) = file(|file| {
            for (group, name) in [("eval", "x"), ("train", "images")] {
                let group = file.create_group(group).unwrap();
                group.new_dataset::<u8>().shape([2, 3, 4]).create(name).unwrap().write_raw(&[1_u8; 24]).unwrap();
            }
            file.group("train").unwrap().new_dataset::<i64>().shape([2]).create("labels").unwrap();
        });
        let message = |images| open(&path, images, None).err().unwrap().to_string();
        let train = "it holds eval, train; train is a group that holds images and labels; \
                     name what is in it: hdf5:FILE,images=train/images,labels=train/labels";
        assert!(message(None).ends_with(train), "{}", message(None));
        assert!(message(Some("nothing")).ends_with(train));
        assert!(message(Some("/eval")).ends_with("hdf5:FILE,images=eval/x"), "{}", message(Some("/eval")));
        assert_eq!(open(&path, Some("train/images"), Some("train/labels")).unwrap().len(), 2);
    }

    #[test]
    fn what_is_no_array_of_images_is_refused_with_what_is_there() {
        let (_folder, path) = file(|file| {
            array(file, "floats", &[2, 3, 4, 3], &[0.5_f32; 72]);
            array(file, "planar", &[2, 3, 40, 30], &[1_u8; 7200]);
            array(file, "good", &[2, 3, 4], &[1_u8; 24]);
            array(file, "three", &[3], &[1_u8; 3]);
            array(file, "one", &[1], &[1_u8]);
            array::<u8>(file, "none", &[0, 3, 4], &[]);
            array(file, "negative", &[2], &[-1_i32; 2]);
            array(file, "halves", &[2], &[0.5_f32; 2]);
            for (name, images) in [("vast", 1_usize << 40), ("endless", 1 << 62)] {
                file.new_dataset::<u8>().chunk((1 << 10, 1, 1)).shape((images, 1, 1)).create(name).unwrap();
            }
        });
        for (images, labels, why) in [
            (None, None, "no array of images called images, image, data, x or X; it holds endless, floats, "),
            (Some("floats"), None, "unsigned bytes"),
            (Some("none"), None, "none is empty"),
            (Some("planar"), None, "channels come last"),
            (Some("good"), Some("three"), "3 labels for 2 images"),
            (Some("good"), Some("one"), "1 labels for 2 images"),
            (Some("good"), Some("negative"), "below 0"),
            (Some("good"), Some("nothing"), "no such array of labels"),
            (Some("good"), Some("halves"), "whole numbers"),
            (Some("vast"), None, "and holds 0 bytes"),
            (Some("endless"), None, "and holds 0 bytes"),
        ] {
            let message = open(&path, images, labels).err().unwrap().to_string();
            assert!(message.contains(why), "{message}");
        }
        let set = open(&path, Some("good"), None).unwrap();
        assert!(set.remarks()[0].contains("all labels are 0"));
        std::fs::write(&path, "no HDF5").unwrap();
        assert!(open(&path, None, None).is_err());
    }
}
