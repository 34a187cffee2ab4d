//! Arrays as `numpy.save` writes them: images (N x H x W x C or N x H x W, bytes) in one file, and labels (N whole
//! numbers) in another: `labels.npy` beside it, or one that is named.

use super::arrays::{Arrays, Pixels, images_of, labels_of};
use super::{files, refuse};
use crate::error::{IoContext, Result};
use crate::store::container::npy::header::{self, Described};
use crate::sys::positioned::read_exact_at;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Name of the labels where none is given, beside the images.
const LABELS: &str = "labels.npy";

/// The images of a file.
pub struct Images {
    file: File,
    /// Where in it the first one begins.
    start: u64,
}

impl Pixels for Images {
    fn read(&self, index: u64, out: &mut [u8], path: &Path) -> Result<()> {
        // The file was as long as all images.
        let offset = self.start + index * out.len() as u64;
        read_exact_at(&self.file, out, offset).at("read", path)
    }
}

/// Opens a file, and sees that it is as long as its header says.
fn described(path: &Path) -> Result<(File, Described)> {
    let mut file = File::open(path).at("open", path)?;
    let found = header::describe(&mut file).map_err(|why| {
        refuse(path, why, "give an array as numpy.save writes it; of an .npz, save each array by itself")
    })?;
    if found.fortran {
        let cause = "its first extent runs fastest (Fortran order)";
        return Err(refuse(path, cause, "save it again: numpy.save(file, numpy.ascontiguousarray(array))"));
    }
    let length = file.metadata().at("look at", path)?.len();
    match found.bytes().and_then(|bytes| bytes.checked_add(found.start)) {
        Some(wanted) if wanted == length => Ok((file, found)),
        _ => {
            let cause =
                format!("it has {length} bytes, which is not as many as {:?} of {}", found.extents, found.dtype);
            Err(refuse(path, cause, "check that it was written to its end, and is one array"))
        }
    }
}

/// Opens the images at `path`, and the labels where they are.
///
/// # Errors
/// When they hold something else.
pub fn open(path: &Path, labels: Option<&str>) -> Result<Arrays<Images>> {
    let (file, found) = described(path)?;
    let (images, shape) = images_of(path, &found.dtype, &found.extents)?;
    let beside = path.with_file_name(LABELS);
    let at = labels.map(PathBuf::from).or_else(|| beside.is_file().then_some(beside));
    let mut remarks = Vec::new();
    if at.is_none() {
        remarks.push(format!("there is no {LABELS} beside it: all labels are 0"));
    }
    let numbers = at.as_ref().map(|at| read_labels(at, images)).transpose()?;
    let name = match labels {
        // A store remembers it, and may be looked at from elsewhere.
        Some(labels) => {
            let labels = std::path::absolute(labels).at("find", labels)?;
            format!("npy:{},labels={}", path.display(), labels.display())
        }
        None => format!("npy:{}", path.display()),
    };
    let state = files::state(&at.into_iter().chain([path.to_owned()]).collect::<Vec<_>>());
    let pixels = Images { file, start: found.start };
    Ok(Arrays { name, path: path.to_owned(), shape, images, labels: numbers, state, remarks, pixels })
}

fn read_labels(path: &Path, images: u64) -> Result<Vec<u32>> {
    let (mut file, found) = described(path)?;
    let remedy = "name the right file: npy:FILE,labels=FILE";
    let kind = labels_of(path, &found.dtype, &found.extents, images, remedy)?;
    // No more than the file has.
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).at("read", path)?;
    let labels = kind.labels(&bytes).map_err(|why| refuse(path, why, "number the classes from 0"))?;
    match labels.len() as u64 == images {
        true => Ok(labels),
        false => Err(refuse(path, format!("{} labels for {images} images", labels.len()), remedy)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::trial::{contents, refusal, survives_damage};
    use super::*;
    use crate::dataset::Dataset;
    use crate::sample::{ImageShape, Shape};

    fn save(path: &Path, dtype: &str, extents: &[u64], bytes: &[u8]) {
        std::fs::write(path, [&header::write(dtype, extents)[..], bytes].concat()).unwrap();
    }

    #[test]
    fn images_come_with_the_labels_beside_them_or_those_named() {
        let folder = tempfile::tempdir().unwrap();
        let (path, other) = (folder.path().join("x.npy"), folder.path().join("y.npy"));
        let pixels: Vec<u8> = (0..2 * 3 * 4 * 3).collect();
        save(&path, "|u1", &[2, 3, 4, 3], &pixels);
        let set = open(&path, None).unwrap();
        assert_eq!(contents(&set), [(String::new(), 0, 3, 0), (String::new(), 0, 3, 36)]);
        assert!(set.remarks()[0].contains("all labels are 0"));
        save(&folder.path().join("labels.npy"), "<i8", &[2], &[7_i64.to_le_bytes(), 8_i64.to_le_bytes()].concat());
        assert_eq!(contents(&open(&path, None).unwrap())[1].1, 8);
        save(&other, ">u2", &[2, 1], &[0, 1, 1, 0]);
        let named = open(&path, other.to_str()).unwrap();
        assert_eq!(contents(&named).iter().map(|image| image.1).collect::<Vec<_>>(), [1, 256]);
        assert!(named.name().ends_with("y.npy"));
        // As cnpy writes it, and NumPy reads it.
        save(&path, "<u1", &[2, 3, 4, 3], &pixels);
        assert_eq!(contents(&open(&path, None).unwrap())[1].3, 36);
        save(&path, "|u1", &[2, 3, 4], &pixels[..24]);
        assert_eq!(open(&path, None).unwrap().shape(), Shape::Fixed(ImageShape::new(3, 4, 1)));
    }

    #[test]
    fn anything_else_is_refused_with_what_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.npy");
        let fortran = |bytes: Vec<u8>| {
            let text = String::from_utf8_lossy(&bytes[10..]).replace("False", "True ");
            [&bytes[..10], text.as_bytes()].concat()
        };
        for (bytes, why) in [
            (header::write("<f4", &[1, 1, 1]), "not as many"),
            ([header::write("<f4", &[1, 1, 1]), vec![0; 4]].concat(), "uint8"),
            ([fortran(header::write("|u1", &[1, 2, 1])), vec![0; 2]].concat(), "Fortran"),
            ([header::write("|u1", &[2, 3, 9, 9]), vec![0; 486]].concat(), "channels come last"),
            (header::write("|u1", &[0, 3, 3]), "empty"),
            (header::write("|u1", &[1 << 40, 1 << 20, 1]), "not as many"),
            (b"PK\x03\x04 and so on".to_vec(), ".npz"),
            (b"\x93NUMPY\x02\x00\xFF\xFF\xFF\xFF{".to_vec(), "header"),
            (vec![], "numpy.save"),
        ] {
            std::fs::write(&path, bytes).unwrap();
            let message = refusal(open(&path, None));
            assert!(message.contains(why), "{message}");
        }
        save(&path, "|u1", &[2, 1, 1], &[5, 6]);
        let labels = folder.path().join("labels.npy");
        for (dtype, extents, bytes, why) in [
            ("<f4", &[2][..], &[0; 8][..], "whole numbers"),
            ("|u1", &[3], &[0; 3], "for 2 images"),
            ("|i1", &[2], &[1, 255], "label 1 is -1"),
        ] {
            save(&labels, dtype, extents, bytes);
            let message = refusal(open(&path, None));
            assert!(message.contains(why), "{message}");
        }
        assert!(open(&path, Some("/no/such/file.npy")).is_err());
        std::fs::remove_file(labels).unwrap();
        survives_damage(&path, 1, || Ok(Box::new(open(&path, None)?)));
    }
}
