//! TFRecord files of `tf.train.Example`: images in `image/encoded` and labels in `image/class/label`, as TensorFlow's
//! scripts for ImageNet have it, or in `image` and `label`, as TensorFlow Datasets has it; names in `image/filename` or
//! `file_name`. A record does not say where in it the image is, nor a file where its records are: all are read on opening,
//! as far as they are wanted. Checksums are verified then, and again on each read.

use super::encoded::{Encoded, Found, Layout, Source, enough};
use super::files::{Files, Part};
use super::refuse;
use crate::dataset::OpenOptions;
use crate::error::{IoContext, Result};
use crate::image_file::{self, MAX_IMAGE_BYTES};
use crate::store::container::tfrecord::example::{self, bytes_of, integer_of};
use crate::store::container::tfrecord::frame;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

const IMAGES: [&[u8]; 2] = [example::IMAGE, b"image"];
const LABELS: [&[u8]; 2] = [example::LABEL, b"label"];
const NAMES: [&[u8]; 4] = [b"image/filename", b"file_name", b"filename", b"image/filename/text"];

/// A record's largest overhead beside its image.
const OVERHEAD_BYTES: usize = 1 << 20;

/// Records in files.
pub struct Records(Files);

impl Source for Records {
    type Place = Part;

    fn fetch(&self, place: &Part, _: usize, out: &mut Vec<u8>) -> Result<(), String> {
        let mut bytes = Vec::new();
        self.0.fetch(*place, usize::MAX, &mut bytes)?;
        out.extend_from_slice(Parts::of(frame::message(&bytes)?)?.image()?);
        Ok(())
    }
}

/// What is looked for in a record.
#[derive(Default)]
struct Parts<'a> {
    image: Option<&'a [u8]>,
    label: Option<i64>,
    name: &'a [u8],
    /// Names of the features.
    features: Vec<&'a [u8]>,
}

impl<'a> Parts<'a> {
    fn of(message: &'a [u8]) -> Result<Self, String> {
        let mut parts = Self::default();
        for feature in example::features(message) {
            let (name, feature) = feature?;
            parts.features.push(name);
            match name {
                _ if IMAGES.contains(&name) => parts.image = bytes_of(feature)?.or(parts.image),
                _ if LABELS.contains(&name) => parts.label = integer_of(feature)?.or(parts.label),
                _ if NAMES.contains(&name) => parts.name = bytes_of(feature)?.unwrap_or(parts.name),
                _ => {}
            }
        }
        Ok(parts)
    }

    fn image(&self) -> Result<&'a [u8], String> {
        self.image.ok_or_else(|| {
            let names: Vec<_> = self.features.iter().take(10).map(|name| String::from_utf8_lossy(name)).collect();
            format!("it has no image/encoded and no image; its features are: {}", names.join(", "))
        })
    }
}

/// Opens the file or folder of files at `path`.
///
/// # Errors
/// When a record is damaged, or holds no encoded image.
pub fn open(path: &Path, options: &OpenOptions) -> Result<Encoded<Records>> {
    let mut remarks = Vec::new();
    let files = Files::find(path, belongs, "TFRecord file (*.tfrecord, NAME-00000-of-00010)", &mut remarks)?;
    let (mut images, mut without_label) = (Vec::new(), 0_u64);
    for (file, shard) in (0..).zip(&files.paths) {
        if images.len() >= enough(options) {
            break;
        }
        scan(shard, file, files.length(file), enough(options), &mut images, &mut without_label)?;
    }
    if without_label > 0 {
        remarks.push(format!("records without image/class/label or label, labelled 0: {without_label}"));
    }
    let (name, state) = (format!("tfrecord:{}", path.display()), files.state());
    let layout = Layout { name, path: path.to_owned(), source: Records(files), images, state, remarks };
    Encoded::open(layout, options)
}

/// Whether a file is one of these by its name.
pub fn belongs(name: &str) -> bool {
    let mut ends = [".tfrecord", ".tfrecords"].iter();
    // As TensorFlow names shards: train-00000-of-01024, and with the ending in the middle tfds-train.tfrecord-00000-of-00001.
    ends.any(|end| name.ends_with(end)) || is_numbered(name)
}

/// Whether a name ends like that of one shard of many.
fn is_numbered(name: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let numbers = name.rsplit_once("-of-").and_then(|(before, of)| Some((before.rsplit_once('-')?.1, of)));
    numbers.is_some_and(|(nth, of)| digits(nth) && digits(of))
}

/// Adds the records of a file to `images`, up to `enough`.
fn scan(
    path: &Path,
    file: u32,
    bytes: u64,
    enough: usize,
    images: &mut Vec<Found<Part>>,
    without_label: &mut u64,
) -> Result<()> {
    let mut reader = BufReader::new(File::open(path).at("open", path)?);
    let (mut offset, mut record) = (0_u64, Vec::new());
    while offset < bytes && images.len() < enough {
        let damaged = |why: String| {
            let remedy = "check that it is a whole TFRecord file; one that was compressed has to be unpacked";
            refuse(path, format!("record at byte {offset}: {why}"), remedy)
        };
        let mut head = [0; frame::HEAD];
        reader.read_exact(&mut head).map_err(|e| damaged(format!("it is cut short: {e}")))?;
        let length = frame::length(&head).ok_or_else(|| damaged("its length's checksum is wrong".into()))?;
        let end = offset.checked_add(length).filter(|end| *end <= bytes);
        let end = end.ok_or_else(|| damaged("it is cut short".into()))?;
        let length = usize::try_from(length).ok().filter(|length| *length <= MAX_IMAGE_BYTES + OVERHEAD_BYTES);
        let length = length.ok_or_else(|| damaged("it is larger than 1 GiB".into()))?;
        record.clear();
        record.resize(length, 0);
        record[..head.len()].copy_from_slice(&head);
        reader.read_exact(&mut record[head.len()..]).map_err(|e| damaged(format!("it is cut short: {e}")))?;
        let parts = frame::message(&record).and_then(Parts::of).map_err(&damaged)?;
        let header = parts.image().map_err(&damaged).map(|image| image_file::header(image).ok())?;
        let label = u32::try_from(parts.label.unwrap_or(0));
        let label = label.map_err(|_| {
            refuse(
                path,
                format!("record at byte {offset} has the label {}", parts.label.unwrap_or(0)),
                "number the classes from 0",
            )
        })?;
        *without_label += u64::from(parts.label.is_none());
        let place = Part { file, offset, length: length as u64 };
        images.push(Found { key: parts.name.into(), label, place, header });
        offset = end;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::trial::{contents, image, refusal, survives_damage};
    use super::*;
    use crate::dataset::Dataset;
    use crate::store::container::tfrecord::frame::masked;

    fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
        // Lengths of two groups of seven bits are enough here.
        let length = [bytes.len() as u8 | 0x80, (bytes.len() >> 7) as u8];
        [&[number << 3 | 2], &length[..], bytes].concat()
    }

    /// A record with such features, each a list of bytes (kind 1) or of one integer below 128 (kind 3).
    fn record(features: &[(&str, u8, &[u8])]) -> Vec<u8> {
        let entry = |(name, kind, value): &(&str, u8, &[u8])| {
            let feature = field(*kind, &field(1, value));
            field(1, &[field(1, name.as_bytes()), field(2, &feature)].concat())
        };
        let message = field(1, &features.iter().flat_map(entry).collect::<Vec<_>>());
        let length = (message.len() as u64).to_le_bytes();
        [&length[..], &masked(&length).to_le_bytes(), &message, &masked(&message).to_le_bytes()].concat()
    }

    fn open_all(path: &Path) -> Result<Encoded<Records>> {
        open(path, &OpenOptions::default())
    }

    #[test]
    fn both_usual_sets_of_names_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let (one, two) = (image(3, 1), image(5, 2));
        let imagenet =
            [("image/class/label", 3, &[9][..]), ("image/encoded", 1, &one), ("image/filename", 1, b"n/1.png")];
        let datasets = [("file_name", 1, &b"2"[..]), ("image", 1, &two), ("label", 3, &[4])];
        let bare = [("file_name", 1, &b"3"[..]), ("image", 1, &one)];
        let put = |name: &str, records: &[Vec<u8>]| std::fs::write(folder.path().join(name), records.concat()).unwrap();
        put("a-00001-of-00002", &[record(&datasets), record(&bare)]);
        put("a-00000-of-00002", &[record(&imagenet)]);
        put("dataset_info.json", &[]);
        let set = open_all(folder.path()).unwrap();
        assert_eq!(contents(&set), [("n/1.png".into(), 9, 3, 1), ("2".into(), 4, 5, 2), ("3".into(), 0, 3, 1)]);
        assert!(set.remarks()[0].contains("labelled 0: 1"));
        let two = OpenOptions { images: Some(2), ..Default::default() };
        assert_eq!(open(folder.path(), &two).unwrap().len(), 2);
    }

    #[test]
    fn damage_and_other_contents_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.tfrecord");
        let good = record(&[("image", 1, &image(3, 1)), ("label", 3, &[4])]);
        let mut flipped = good.clone();
        flipped[40] ^= 1;
        for (bytes, why) in [
            (record(&[("image_raw", 1, b"xyz"), ("height", 3, &[1])]), "image_raw, height"),
            (record(&[("image", 1, b"xyz")]), "first bytes"),
            (record(&[("image", 1, &image(3, 1)), ("label", 3, &[0xFF; 9])]), "ends inside"),
            (flipped, "CRC-32C"),
            (good[..good.len() - 1].to_vec(), "cut short"),
            ([&good[..], b"rest"].concat(), "cut short"),
            (vec![0x1f; 60], "unpacked"),
            (vec![], "no image"),
        ] {
            std::fs::write(&path, bytes).unwrap();
            let message = refusal(open_all(&path));
            assert!(message.contains(why), "{message}");
        }
        std::fs::write(&path, &good).unwrap();
        survives_damage(&path, 3, || Ok(Box::new(open_all(&path)?)));
    }
}
