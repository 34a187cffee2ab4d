//! Which files of a folder are its images, in which order, with which labels.

use super::{key, labels};
use crate::error::{Error, Result};
use std::collections::BTreeMap;
use std::path::{Component, Path};

/// An image file and its label.
pub struct Found {
    /// Below the root.
    pub path: Box<Path>,
    pub label: u32,
}

/// All image files of a folder, and what is worth knowing about how they were chosen.
pub struct Scan {
    pub files: Vec<Found>,
    pub remarks: Vec<String>,
}

/// The endings that torchvision takes for images; the file's first bytes decide later what it really is.
const ENDINGS: [&str; 9] = ["jpg", "jpeg", "png", "ppm", "bmp", "pgm", "tif", "tiff", "webp"];

/// How the refusal of a folder without images begins.
pub const NO_IMAGE: &str = "there is no image in it";

/// Lists the images below `root`.
///
/// # Errors
/// When the folder cannot be listed, or has no images.
pub fn scan(root: &Path) -> Result<Scan> {
    let refuse = |cause: String, remedy: &str| Error::Dataset { path: root.to_owned(), cause, remedy: remedy.into() };
    if !root.is_dir() {
        let cause = if root.exists() { "this is no folder" } else { "there is no such folder" };
        return Err(refuse(cause.into(), "check the path"));
    }
    let mut remarks = Vec::new();
    let (mut paths, mut classes, mut others, mut special) = (Vec::new(), Vec::new(), Others::default(), 0_u64);
    let hidden = |entry: &walkdir::DirEntry| entry.depth() > 0 && key(Path::new(entry.file_name())).starts_with(b".");
    for entry in walkdir::WalkDir::new(root).follow_links(true).into_iter().filter_entry(|entry| !hidden(entry)) {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                let at = error.path().map(|path| path.display().to_string()).unwrap_or_default();
                match (error.loop_ancestor(), error.io_error()) {
                    (Some(_), _) => remarks.push(format!("{at} is a link to a folder that it lies in: not followed")),
                    (_, Some(e)) if e.kind() == std::io::ErrorKind::NotFound => {
                        remarks.push(format!("{at} is a link that leads nowhere"));
                    }
                    _ => return Err(refuse(format!("it cannot be listed: {error}"), "check who may read there")),
                }
                continue;
            }
        };
        // Everything that is walked lies below the root.
        let path = entry.path().strip_prefix(root).unwrap_or(entry.path());
        if entry.file_type().is_dir() {
            if entry.depth() == 1 {
                classes.push(path.to_owned().into_boxed_path());
            }
        } else if !entry.file_type().is_file() {
            // A pipe would be read for ever.
            special += 1;
        } else if is_image(path) {
            paths.push(path.to_owned().into_boxed_path());
        } else if path != Path::new(labels::FILE) {
            others.add(path);
        }
    }
    if special > 0 {
        remarks.push(format!("pipes, sockets and devices, passed over: {special}"));
    }
    if paths.is_empty() {
        let cause = format!("{NO_IMAGE} (of {} files none ends in .{})", others.count(), ENDINGS.join(", ."));
        return Err(refuse(cause, "give a folder with one subfolder a class, or with images"));
    }
    // As torchvision does: by folder, then by name.
    paths.sort_by(|a, b| key_of_parent(a).cmp(&key_of_parent(b)).then_with(|| key(a).cmp(&key(b))));
    classes.sort_by(|a, b| key(a).cmp(&key(b)));
    let table = root.join(labels::FILE);
    let files = if table.is_file() {
        labels::read(&table, &paths, &mut remarks)?
    } else {
        by_class(paths, &classes, &mut remarks)
    };
    remarks.extend(others.remark());
    Ok(Scan { files, remarks })
}

/// Endings that a remark tells.
const TOLD: usize = 5;

/// Files that are no images: how many have which ending.
#[derive(Default)]
pub struct Others(BTreeMap<String, u64>);

impl Others {
    /// Counts one more.
    pub fn add(&mut self, path: &Path) {
        let ending = path.extension().map(|ending| format!(".{}", ending.to_string_lossy().to_lowercase()));
        *self.0.entry(ending.unwrap_or_else(|| "none".into())).or_default() += 1;
    }

    fn count(&self) -> u64 {
        self.0.values().sum()
    }

    /// What to say of them, if there are any: the endings of most of them.
    pub fn remark(&self) -> Option<String> {
        let mut endings: Vec<_> = self.0.iter().collect();
        endings.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        let told = endings.iter().take(TOLD).map(|(ending, count)| format!("{ending} {count}")).collect::<Vec<_>>();
        let rest: u64 = endings.iter().skip(TOLD).map(|(_, count)| **count).sum();
        let rest = if rest > 0 { format!(", others {rest}") } else { String::new() };
        let all = self.count();
        let remark =
            || format!("files that are no images by their ending, passed over: {all} ({}{rest})", told.join(", "));
        (all > 0).then(remark)
    }
}

/// Whether a name ends like an image's.
pub fn is_image(path: &Path) -> bool {
    path.extension().is_some_and(|ending| is_image_ending(ending.as_encoded_bytes()))
}

/// Whether an ending, without its dot, is that of an image.
pub fn is_image_ending(ending: &[u8]) -> bool {
    ENDINGS.iter().any(|known| ending.eq_ignore_ascii_case(known.as_bytes()))
}

/// The folder that a path lies in, as a key.
pub fn key_of_parent(path: &Path) -> std::borrow::Cow<'_, [u8]> {
    key(path.parent().unwrap_or(Path::new("")))
}

/// Labels by the first folder of each path. Folders without images keep their number, as a set that lost one class must
/// not renumber the others.
pub fn by_class(paths: Vec<Box<Path>>, classes: &[Box<Path>], remarks: &mut Vec<String>) -> Vec<Found> {
    let class_of = |path: &Path| {
        let mut components = path.components();
        match (components.next(), components.next()) {
            (Some(Component::Normal(class)), Some(_)) => {
                classes.binary_search_by(|known| key(known).cmp(&key(Path::new(class)))).ok()
            }
            _ => None,
        }
    };
    let numbers: Vec<_> = paths.iter().map(|path| class_of(path)).collect();
    let mut used = vec![false; classes.len()];
    numbers.iter().flatten().for_each(|class| used[*class] = true);
    if !used.contains(&true) {
        remarks.push("there are no subfolders with images: all are of one class, 0".into());
        return paths.into_iter().map(|path| Found { path, label: 0 }).collect();
    }
    let loose = numbers.iter().filter(|class| class.is_none()).count();
    if loose > 0 {
        remarks.push(format!("images outside of any class folder, passed over: {loose}"));
    }
    let empty: Vec<_> = classes.iter().zip(&used).filter(|(_, used)| !**used).map(|(class, _)| class).collect();
    if let Some(first) = empty.first() {
        remarks.push(format!("class folders without images: {}, the first is {}", empty.len(), first.display()));
    }
    let labelled = paths.into_iter().zip(numbers);
    labelled.filter_map(|(path, class)| Some(Found { path, label: u32::try_from(class?).ok()? })).collect()
}
