//! Images in a ZIP archive, stored or deflated. Labels come from `dataset.json` where there is one, as StyleGAN's tools
//! write it; else folders are classes, as in a folder of images, below the folder that all lie in; without folders all are
//! of class 0. A key is the whole name in the archive, but for a `./`
//! in front of it.

use super::encoded::{Encoded, Found, Layout, Source};
use super::{files, refuse};
use crate::dataset::{OpenOptions, folder};
use crate::error::{IoContext, Result};
use crate::image_file::MAX_IMAGE_BYTES;
use crate::sys::positioned::read_exact_at;
use ::zip::{CompressionMethod, ZipArchive};
use flate2::read::DeflateDecoder;
use serde::Deserialize;
use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

const LABELS: &str = "dataset.json";
/// Bytes of a file's header before its name.
const HEADER_BYTES: usize = 30;

/// An open archive.
pub struct Archive {
    file: File,
    length: u64,
}

/// Where a file of the archive lies.
#[derive(Debug, Clone, Copy)]
pub struct Member {
    /// Where its own header begins.
    header: u64,
    /// Bytes it has in the archive.
    stored: u64,
    length: u64,
    crc32: u32,
    method: CompressionMethod,
    encrypted: bool,
}

impl Source for Archive {
    type Place = Member;

    /// A beginning is given without its checksum, which is of the whole.
    fn fetch(&self, member: &Member, most: usize, out: &mut Vec<u8>) -> Result<(), String> {
        if member.encrypted {
            return Err("it is encrypted".into());
        }
        if member.length > MAX_IMAGE_BYTES as u64 {
            return Err("it is larger than 1 GiB".into());
        }
        let text = |e: std::io::Error| e.to_string();
        let mut header = [0; HEADER_BYTES];
        read_exact_at(&self.file, &mut header, member.header).map_err(text)?;
        if !header.starts_with(b"PK\x03\x04") {
            return Err("there is no file where the directory says".into());
        }
        // The header has a name and an extra field of its own, perhaps not as long as the directory's.
        let length = |at: usize| u64::from(u16::from_le_bytes([header[at], header[at + 1]]));
        let start = member.header.saturating_add(HEADER_BYTES as u64 + length(26) + length(28));
        if start.checked_add(member.stored).is_none_or(|end| end > self.length) {
            return Err("it would lie beyond the archive's end".into());
        }
        // Within the file and, as it is not larger than its content by much, not vast.
        let stored = usize::try_from(member.stored).ok().filter(|stored| *stored <= 2 * MAX_IMAGE_BYTES);
        let stored = stored.ok_or("it is larger than 1 GiB")?;
        match member.method {
            CompressionMethod::Stored if member.stored != member.length => return Err("its two lengths differ".into()),
            CompressionMethod::Stored => {
                out.resize(stored.min(most), 0);
                read_exact_at(&self.file, out, start).map_err(text)?;
            }
            CompressionMethod::DEFLATE => {
                let mut packed = vec![0; stored];
                read_exact_at(&self.file, &mut packed, start).map_err(text)?;
                // One more than there may be: more than that is not unpacked.
                let limit = member.length.saturating_add(1).min(most as u64);
                DeflateDecoder::new(&packed[..]).take(limit).read_to_end(out).map_err(text)?;
            }
            other => return Err(format!("it is compressed by {other}; pack the archive with 'deflate' or 'store'")),
        }
        if out.len() == most && (most as u64) < member.length {
            return Ok(());
        }
        match out.len() as u64 == member.length && crc32fast::hash(out) == member.crc32 {
            true => Ok(()),
            false => Err("its checksum (CRC-32) or its length is wrong".into()),
        }
    }
}

/// `dataset.json`.
#[derive(Deserialize)]
struct Labels {
    labels: Option<Vec<(String, serde_json::Value)>>,
}

/// An image among the members, by its path.
type Image<P> = (PathBuf, P);

/// Opens the archive at `path`.
///
/// # Errors
/// When it is none, or holds no images, or a label is missing.
pub fn open(path: &Path, options: &OpenOptions) -> Result<Encoded<Archive>> {
    let damaged = |why: String| refuse(path, why, "check that it is a whole ZIP archive");
    let file = File::open(path).at("open", path)?;
    let length = file.metadata().at("look at", path)?.len();
    let directory = ZipArchive::new(BufReader::new(File::open(path).at("open", path)?));
    let directory = directory.map_err(|e| damaged(e.to_string()))?.metadata();
    if directory.has_duplicate_names() {
        return Err(damaged("two of its files have one name".into()));
    }
    let archive = Archive { file, length };
    let (mut images, mut folders, mut labels, mut others) =
        (Vec::new(), BTreeSet::new(), None, folder::Others::default());
    for index in 0..directory.len() {
        let entry = directory.entry(index).map_err(|e| damaged(e.to_string()))?;
        let name = entry.name_raw();
        let member = Member {
            header: entry.header_start(),
            stored: entry.compressed_size(),
            length: entry.size(),
            crc32: entry.crc32(),
            method: entry.compression(),
            encrypted: entry.encrypted(),
        };
        // Also the shadows of files that macOS adds, __MACOSX/._NAME; but not what packing a folder from within puts in front, ./NAME.
        let parts = name.split(|byte| *byte == b'/').filter(|part| *part != b".");
        let hidden = parts.clone().any(|part| part.starts_with(b".")) || name.contains(&0);
        let at = folder::path_from(&parts.collect::<Vec<_>>().join(&b'/'));
        match name {
            _ if hidden => {}
            [.., b'/'] => drop(folders.insert(at)),
            _ if name == LABELS.as_bytes() => labels = Some(member),
            _ if folder::is_image(&at) => images.push((at, member)),
            _ => others.add(&at),
        }
    }
    images.sort_by_cached_key(|(path, _)| (folder::key_of_parent(path).into_owned(), folder::key(path).into_owned()));
    let mut remarks = Vec::from_iter(others.remark());
    let found = match labels.map(|member| read_labels(&archive, member)).transpose().map_err(damaged)?.flatten() {
        Some(labels) => by_table(images, &labels).map_err(|why| {
            refuse(path, format!("{LABELS}: {why}"), "give each image a whole number from 0, or leave the file out")
        })?,
        None => by_folder(images, &folders, &mut remarks),
    };
    let (name, state) = (format!("zip:{}", path.display()), files::state(&[path.to_owned()]));
    let layout = Layout { name, path: path.to_owned(), source: archive, images: found, state, remarks };
    Encoded::open(layout, options)
}

/// The labels in `dataset.json`; none where it says that there are none.
fn read_labels(archive: &Archive, member: Member) -> Result<Option<HashMap<String, serde_json::Value>>, String> {
    let mut text = Vec::new();
    archive.fetch(&member, usize::MAX, &mut text).map_err(|why| format!("{LABELS}: {why}"))?;
    let Labels { labels } = serde_json::from_slice(&text).map_err(|e| format!("{LABELS}: {e}"))?;
    let Some(labels) = labels else { return Ok(None) };
    let mut found = HashMap::with_capacity(labels.len());
    for (name, label) in labels {
        match found.entry(name) {
            Entry::Vacant(place) => drop(place.insert(label)),
            Entry::Occupied(one) if *one.get() == label => {}
            // Which of them is meant nobody knows.
            Entry::Occupied(one) => {
                return Err(format!("{LABELS}: {} has two labels, {} and {label}", one.key(), one.get()));
            }
        }
    }
    Ok(Some(found))
}

fn found<P>((path, place): Image<P>, label: u32) -> Found<P> {
    Found { key: folder::key(&path).into(), label, place, header: None }
}

fn by_table(
    images: Vec<Image<Member>>,
    labels: &HashMap<String, serde_json::Value>,
) -> Result<Vec<Found<Member>>, String> {
    let labelled = images.into_iter().map(|image| {
        let name = image.0.to_string_lossy();
        let label = labels.get(&*name).ok_or_else(|| format!("it has no label of {name}"))?;
        let number = label.as_u64().and_then(|label| u32::try_from(label).ok());
        let number = number.ok_or_else(|| format!("the label of {name} is {label}"))?;
        drop(name);
        Ok(found(image, number))
    });
    labelled.collect()
}

/// The folder that all lie in: an archive of a folder has its name in front.
pub fn common<'a>(paths: impl Iterator<Item = &'a Path>) -> &'a Path {
    let mut parents = paths.map(|path| path.parent().unwrap_or(Path::new("")));
    let first = parents.next().unwrap_or(Path::new(""));
    parents.fold(first, |common, parent| {
        common.ancestors().find(|ancestor| parent.starts_with(ancestor)).unwrap_or(Path::new(""))
    })
}

/// Images labelled by the folders that they lie in, as in a folder of images; `folders` may be empty ones, too.
pub fn by_folder<P>(images: Vec<Image<P>>, folders: &BTreeSet<PathBuf>, remarks: &mut Vec<String>) -> Vec<Found<P>> {
    let common = &common(images.iter().map(|(path, _)| &**path)).to_owned();
    let below = |path: &Path| path.strip_prefix(common).unwrap_or(path).to_owned().into_boxed_path();
    let paths: Vec<_> = images.iter().map(|(path, _)| below(path)).collect();
    let named = folders.iter().filter(|folder| folder.starts_with(common));
    let all = named.map(|folder| below(folder)).chain(paths.iter().filter_map(|path| Some(path.parent()?.into())));
    let classes: BTreeSet<Vec<u8>> = all
        .filter_map(|folder| folder.components().next().map(|class| folder::key(class.as_ref()).into_owned()))
        .collect();
    let classes: Vec<_> = classes.iter().map(|class| folder::path_from(class).into_boxed_path()).collect();
    let labelled = folder::by_class(paths, &classes, remarks);
    let mut images = images.into_iter();
    // In the same order, some perhaps left out.
    let pair = |one: folder::Labelled| {
        let image = images.find(|(path, _)| *below(path) == *one.path)?;
        Some(found(image, one.label))
    };
    labelled.into_iter().filter_map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::super::trial::{contents, image, refusal, survives_damage};
    use super::*;
    use ::zip::ZipWriter;
    use ::zip::write::SimpleFileOptions;
    use std::io::Write;

    fn archive(path: &Path, members: &[(&str, &[u8])]) {
        let mut zip = ZipWriter::new(File::create(path).unwrap());
        for (name, bytes) in members {
            let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
            match name.strip_suffix('/') {
                Some(folder) => zip.add_directory(folder, stored).unwrap(),
                None => zip.start_file(*name, stored).unwrap(),
            }
            zip.write_all(bytes).unwrap_or(());
        }
        zip.finish().unwrap();
    }

    fn open_all(path: &Path) -> Result<Encoded<Archive>> {
        open(path, &OpenOptions::default())
    }

    #[test]
    fn labels_are_those_of_the_table_or_of_folders() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.zip");
        let (one, two) = (image(3, 1), image(5, 2));
        let table = br#"{"labels": [["a/1.png", 7], ["2.png", 0], ["gone.png", 3]]}"#;
        archive(&path, &[("dataset.json", table), ("a/1.png", &one), ("2.png", &two)]);
        assert_eq!(contents(&open_all(&path).unwrap()), [("2.png".into(), 0, 5, 2), ("a/1.png".into(), 7, 3, 1)]);
        // Of a folder around all, and an empty class.
        let members: [(&str, &[u8]); 7] = [
            ("top/b/", b""),
            ("top/c/2.png", &two),
            ("top/a/x/1.png", &one),
            ("__MACOSX/top/._2.png", b"shadow"),
            ("top/notes.txt", b"text"),
            ("top/", b""),
            ("dataset.json", br#"{"labels": null}"#),
        ];
        archive(&path, &members);
        let set = open_all(&path).unwrap();
        assert_eq!(contents(&set), [("top/a/x/1.png".into(), 0, 3, 1), ("top/c/2.png".into(), 2, 5, 2)]);
        assert!(crate::dataset::Dataset::remarks(&set).iter().any(|r| r.contains("without images: 1, the first is b")));
        // Files come in the order of their folders' and then their own names, wherever they are in the archive.
        let members = ["b/1.png", "a/2.png", "a/b/0.png", "a/1.png", "a-b/3.png"].map(|name| (name, &one[..]));
        archive(&path, &members);
        let keys = contents(&open_all(&path).unwrap()).into_iter().map(|one| one.0).collect::<Vec<_>>();
        assert_eq!(keys, ["a/1.png", "a/2.png", "a-b/3.png", "a/b/0.png", "b/1.png"]);
        // Packed from within a folder.
        archive(&path, &[("./", b""), ("./b/1.png", &one), ("./a/2.png", &two), ("./.x/3.png", &one)]);
        assert_eq!(contents(&open_all(&path).unwrap()), [("a/2.png".into(), 0, 5, 2), ("b/1.png".into(), 1, 3, 1)]);
        archive(&path, &[("top/1.png", &one), ("top/2.png", &two)]);
        assert_eq!(contents(&open_all(&path).unwrap()).iter().map(|one| one.1).collect::<Vec<_>>(), [0, 0]);
    }

    #[test]
    fn damage_and_missing_labels_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.zip");
        let one = image(3, 1);
        for (table, why) in [
            (&br#"{"labels": [["b.png", 7]]}"#[..], "no label of a.png"),
            (br#"{"labels": [["a.png", [0.5, 1]]]}"#, "the label of a.png is [0.5,1]"),
            (br#"{"labels": [["a.png", -1]]}"#, "the label of a.png is -1"),
            (br#"{"labels": [["a.png", 1], ["a.png", 2]]}"#, "a.png has two labels, 1 and 2"),
            (b"text", "dataset.json"),
        ] {
            archive(&path, &[("dataset.json", table), ("a.png", &one)]);
            let message = refusal(open_all(&path));
            assert!(message.contains(why), "{message}");
        }
        archive(&path, &[("a.txt", &one)]);
        assert!(refusal(open_all(&path)).contains("no image"));
        std::fs::write(&path, "no archive").unwrap();
        assert!(refusal(open_all(&path)).contains("whole ZIP"));
        archive(&path, &[("a.png", &one)]);
        let mut bytes = std::fs::read(&path).unwrap();
        // The last byte of the image.
        bytes[30 + "a.png".len() + one.len() - 1] ^= 1;
        std::fs::write(&path, bytes).unwrap();
        assert!(refusal(open_all(&path)).contains("CRC-32"));
        archive(&path, &[("dataset.json", br#"{"labels": [["a.png", 7]]}"#), ("a.png", &one)]);
        survives_damage(&path, 1, || Ok(Box::new(open_all(&path)?)));
    }
}
