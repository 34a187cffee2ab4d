//! WebDataset: tar files whose members are grouped into samples by their names up to the first dot, as `webdataset` does it.
//! The image of a sample is the member that ends like one; its label is in the member `.cls`, in digits, and 0 where there
//! is none; its key is the name before the dot, folders and all. Where no sample has a `.cls`, nor a `.json` or `.txt` that
//! may say more, and every image lies in a folder, folders are classes, as in a folder of images that was packed.

use super::encoded::{Encoded, Found, Layout, enough};
use super::files::{Files, Part};
use super::rows::Fault;
use super::{refuse, zip};
use crate::dataset::{OpenOptions, folder};
use crate::error::{IoContext, Result};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::path::{Component, Path, PathBuf};

/// Bytes of a label with blanks around it that are read at most.
const LABEL_BYTES: u64 = 64;
/// Ending of the member with the label.
const LABEL: &[u8] = b"cls";
/// What mends a sample with two of something.
const NAMES_END: &str = "the name of a sample ends at the first dot: let names of different samples differ before it (x-1.jpg, \
                         not x.1.jpg), and write one image and one .cls a sample";
/// Endings of members beside an image that tell of it in another way.
const DESCRIPTIONS: [&[u8]; 2] = [JSON, b"txt"];
/// Ending of a member in which many keep labels, each under another name.
const JSON: &[u8] = b"json";

/// Opens the shard or folder of shards at `path`.
///
/// # Errors
/// When they are no tar files, are cut short, or hold no samples with images.
pub fn open(path: &Path, options: &OpenOptions) -> Result<Encoded<Files>> {
    let mut remarks = Vec::new();
    let files = Files::find(path, |name| name.ends_with(".tar"), ".tar", &mut remarks)?;
    let mut samples = Samples::default();
    for (file, shard) in (0..).zip(&files.paths) {
        if samples.are_enough(enough(options)) {
            break;
        }
        samples.read(shard, file, files.length(file), enough(options))?;
    }
    if samples.done.is_empty() {
        let cause = format!("there is no sample with an image in it, of {} files", samples.members);
        return Err(refuse(
            path,
            cause,
            "give shards as WebDataset writes them: 000000.jpg, 000000.cls, 000001.jpg ...",
        ));
    }
    let mut remark = |count: u64, what: &str| {
        if count > 0 {
            remarks.push(format!("{what}: {count}"));
        }
    };
    let by_folder = samples.are_by_folder();
    if !by_folder {
        remark(samples.without_label, "samples without a .cls, labelled 0");
        remark(samples.with_json, "of these with a .json, which is not read for labels");
    }
    remark(samples.without_image, "samples without an image, passed over");
    remark(samples.no_members, "links and names without an ending, passed over");
    let images = match by_folder {
        true => {
            remarks.push("no sample has a .cls: folders are the classes, numbered in the order of their names".into());
            let named = samples.done.into_iter().map(|sample| (plain(&sample.key), (sample.key, sample.place)));
            let found = zip::by_folder(named.collect(), &samples.folders, &mut remarks).into_iter();
            found.map(|Found { label, place: (key, place), .. }| Found { key, label, place, header: None }).collect()
        }
        false => {
            if samples.with_label == 0 && samples.in_folders {
                remarks.push(
                    "folders are no classes: not every image lies in one, or a .json or .txt beside it tells of it"
                        .into(),
                );
            }
            samples.done
        }
    };
    let (name, state) = (format!("tar:{}", path.display()), files.state());
    let layout = Layout { name, path: path.to_owned(), source: files, images, state, remarks };
    Encoded::open(layout, options)
}

/// The samples so far.
#[derive(Default)]
struct Samples {
    done: Vec<Found<Part>>,
    folders: BTreeSet<PathBuf>,
    members: u64,
    with_label: u64,
    without_label: u64,
    /// Of those without a label.
    with_json: u64,
    /// Whether an image lies in a folder.
    in_folders: bool,
    /// Whether folders cannot be classes: an image lies in none, or is told of in another way.
    no_classes: bool,
    without_image: u64,
    /// Keys of those among them that have a label, in this shard.
    labels_alone: BTreeSet<Box<[u8]>>,
    no_members: u64,
}

/// A sample whose members are being read.
struct Sample {
    key: Box<[u8]>,
    label: Option<u32>,
    /// With the ending it has.
    image: Option<(Vec<u8>, Part)>,
    described: bool,
    json: bool,
}

impl Samples {
    /// Whether folders are classes, now that all is known: each image lies in one below the folder that all lie in.
    fn are_by_folder(&self) -> bool {
        let paths: Vec<_> = self.done.iter().map(|sample| plain(&sample.key)).collect();
        let common = zip::common(paths.iter().map(PathBuf::as_path));
        let in_class = |path: &PathBuf| {
            let mut below = path.strip_prefix(common).unwrap_or(path).components();
            matches!((below.next(), below.next()), (Some(Component::Normal(_)), Some(_)))
        };
        self.may_be_by_folder() && paths.iter().all(in_class)
    }

    /// Whether folders may be classes, by what was seen: nothing else says what is of which class.
    fn may_be_by_folder(&self) -> bool {
        self.with_label == 0 && !self.no_classes
    }

    /// Whether no more are needed than there are; to number folders all of them have to be known.
    fn are_enough(&self, enough: usize) -> bool {
        self.done.len() >= enough && !self.may_be_by_folder()
    }

    /// Adds the samples of the shard at `path`, up to `enough`.
    fn read(&mut self, path: &Path, file: u32, bytes: u64, enough: usize) -> Result<()> {
        let damaged = |why: String| refuse(path, why, "check that it is a whole tar file, not compressed");
        let mut archive = ::tar::Archive::new(File::open(path).at("open", path)?);
        let mut open: Option<Sample> = None;
        let first = self.done.len();
        self.labels_alone.clear();
        for entry in archive.entries_with_seek().at("read", path)? {
            let mut entry = entry.map_err(|e| damaged(format!("it is damaged: {e}")))?;
            self.members += 1;
            let name = entry.path_bytes().into_owned();
            if entry.header().entry_type().is_dir() {
                self.folders.insert(plain(&name));
                continue;
            }
            let (true, Some((key, ending))) = (entry.header().entry_type().is_file(), split(&name)) else {
                self.no_members += 1;
                continue;
            };
            let part = Part { file, offset: entry.raw_file_position(), length: entry.size() };
            if open.as_ref().is_none_or(|sample| *sample.key != *key) {
                let begun = Sample { key: key.into(), label: None, image: None, described: false, json: false };
                self.end(open.replace(begun));
                if self.are_enough(enough) {
                    return Ok(());
                }
            }
            if part.offset.checked_add(part.length).is_none_or(|end| end > bytes) {
                return Err(damaged(format!("it is cut short within {}", String::from_utf8_lossy(&name))));
            }
            let Some(sample) = &mut open else { continue };
            sample.described |= DESCRIPTIONS.contains(&&*ending);
            sample.json |= ending == JSON;
            let added = if ending == LABEL { sample.label(&mut entry) } else { sample.image(&ending, part) };
            added.map_err(|fault| {
                let place = format!("the sample {}", String::from_utf8_lossy(key));
                fault.at(place).refuse(path, "check that it is a whole tar file")
            })?;
        }
        self.end(open);
        // Else every image would have the label 0, and its own be passed over.
        match self.done[first..].iter().find(|sample| self.labels_alone.contains(&sample.key)) {
            None => Ok(()),
            Some(Found { key, .. }) => {
                let cause = format!("the label of {} is not beside its image", String::from_utf8_lossy(key));
                Err(refuse(
                    path,
                    cause,
                    "pack it in the order of names, so that a sample's members follow one another: tar --sort=name",
                ))
            }
        }
    }

    fn end(&mut self, sample: Option<Sample>) {
        match sample {
            Some(Sample { key, label, image: Some((_, place)), described, json }) => {
                self.with_label += u64::from(label.is_some());
                self.without_label += u64::from(label.is_none());
                self.with_json += u64::from(json && label.is_none());
                let in_folder = plain(&key).components().nth(1).is_some();
                self.in_folders |= in_folder;
                self.no_classes |= described || !in_folder;
                self.done.push(Found { key, label: label.unwrap_or(0), place, header: None });
            }
            Some(Sample { key, label, image: None, .. }) => {
                self.without_image += 1;
                if label.is_some() {
                    self.labels_alone.insert(key);
                }
            }
            None => {}
        }
    }
}

impl Sample {
    fn label(&mut self, member: &mut impl Read) -> Result<(), Fault> {
        let mut text = Vec::new();
        // One more than there may be: a number is not taken for its first digits.
        let read = member.take(LABEL_BYTES + 1).read_to_end(&mut text);
        read.map_err(|e| format!("its label cannot be read: {e}"))?;
        if text.len() as u64 > LABEL_BYTES {
            return Err(format!("it has a .cls of more than {LABEL_BYTES} bytes").into());
        }
        let text = String::from_utf8_lossy(&text);
        let label = text.trim().parse().map_err(|_| {
            let remedy = "write the number of its class into the .cls, in digits: number the classes from 0";
            Fault::new(format!("the label {text:?} in its .cls is no whole number from 0"), remedy)
        })?;
        match self.label.replace(label) {
            None => Ok(()),
            Some(_) => Err(Fault::new("it has two labels", NAMES_END)),
        }
    }

    fn image(&mut self, ending: &[u8], part: Part) -> Result<(), Fault> {
        let last = ending.rsplit(|byte| *byte == b'.').next().unwrap_or(ending);
        if !folder::is_image_ending(last) {
            return Ok(());
        }
        // `jpg` is more of an image than `mask.png`.
        let longer = |ending: &[u8]| ending.contains(&b'.');
        match &self.image {
            Some((kept, _)) if longer(kept) == longer(ending) => {
                let [one, two] = [kept, ending].map(String::from_utf8_lossy);
                Err(Fault::new(format!("it has two images, .{one} and .{two}"), NAMES_END))
            }
            Some((kept, _)) if longer(ending) && !longer(kept) => Ok(()),
            _ => {
                self.image = Some((ending.to_vec(), part));
                Ok(())
            }
        }
    }
}

/// A key as a path without the `./` that packing a folder from within puts in front.
fn plain(key: &[u8]) -> PathBuf {
    let path = folder::path_from(key);
    path.components().filter(|component| *component != Component::CurDir).collect()
}

/// A member's key and ending: its path up to the first dot of its name, and what is behind it, in small letters.
fn split(name: &[u8]) -> Option<(&[u8], Vec<u8>)> {
    let start = name.iter().rposition(|byte| *byte == b'/').map_or(0, |slash| slash + 1);
    let dot = name[start..].iter().position(|byte| *byte == b'.').filter(|dot| *dot > 0)?;
    Some((&name[..start + dot], name[start + dot + 1..].to_ascii_lowercase()))
}

#[cfg(test)]
mod tests;
