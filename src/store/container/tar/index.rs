//! The index beside a shard: where in it the files of each sample lie.

use super::{BLOCK, LABEL, SHARDS, member};
use crate::error::{IoContext, Result};
use crate::store::container::StoreName;
use crate::store::container::mapped::Mapped;
use crate::store::container::record::RecordLayout;
use std::fmt::Write as _;
use std::path::Path;

/// Version of the index's form.
const VERSION: &str = "v1.2";

/// A file in a shard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// Where its bytes begin.
    pub offset: u64,
    /// How many there are.
    pub length: u64,
}

/// A sample's files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    pub shard: u32,
    pub label: Part,
    pub image: Part,
}

/// Adds the line of a sample.
pub fn add(index: u64, label: Part, (extension, image): (&str, Part), lines: &mut String) {
    let (label_name, image_name) = (member(index, LABEL), member(index, extension));
    // Writing to a string cannot fail.
    let _ = writeln!(
        lines,
        "{LABEL} {} {} {label_name} {extension} {} {} {image_name}",
        label.offset, label.length, image.offset, image.length
    );
}

/// What is before the lines of so many samples.
pub fn head(samples: usize) -> String {
    format!("{VERSION} {samples}\n")
}

/// Adds the samples of shard `number`, which is `bytes` long, to those before them.
///
/// # Errors
/// When the index is missing, no such index, or tells of what cannot be.
pub fn read(number: u32, bytes: u64, layout: &RecordLayout, samples: &mut Vec<Sample>) -> Result<()> {
    let file = SHARDS.index_name(number);
    let path = layout.name.path.join(&file);
    let text = std::fs::read(&path).at("read", &path)?;
    let damaged = |what: String| layout.name.damaged(format!("{file}: {what}"));
    let mut lines = text.split(|byte| *byte == b'\n');
    let head = lines.next().and_then(|line| line.strip_prefix(VERSION.as_bytes())?.strip_prefix(b" "));
    let count = head.and_then(|count| std::str::from_utf8(count).ok()?.parse::<u64>().ok());
    let count = count.ok_or_else(|| damaged(format!("it does not begin with {VERSION} and a number of samples")))?;
    if count == 0 || count > layout.records - samples.len() as u64 {
        return Err(damaged(format!(
            "it tells of {count} samples, and {} are left",
            layout.records - samples.len() as u64
        )));
    }
    let mut end = 0;
    for line in lines.by_ref().take(usize::try_from(count).unwrap_or(usize::MAX)) {
        let index = samples.len() as u64;
        let parts = parse(line, index).ok_or_else(|| damaged(format!("line {} is not of image {index}", index + 2)))?;
        for part in [parts.0, parts.1] {
            let part_end = part.offset.checked_add(part.length).filter(|end| *end <= bytes);
            let part_end =
                part_end.ok_or_else(|| damaged(format!("image {index} would lie beyond the shard's end")))?;
            // One behind the other: else an index that is damaged would give one image for another.
            if part.offset != end + BLOCK {
                return Err(damaged(format!("image {index} does not begin where the file before ends")));
            }
            end = part_end.next_multiple_of(BLOCK);
        }
        if parts.1.length > layout.max_record_bytes() {
            return Err(damaged(format!("image {index} is too long for any image")));
        }
        samples.push(Sample { shard: number, label: parts.0, image: parts.1 });
    }
    let rest: Vec<_> = lines.filter(|line| !line.is_empty()).collect();
    // Fewer lines than it says would have ended with one that is of no image.
    if !rest.is_empty() {
        return Err(damaged("it has other lines than it says".into()));
    }
    let end = end + END_BYTES;
    match end == bytes {
        true => Ok(()),
        false => Err(damaged(format!("the shard is {bytes} bytes long, and with its last image it would be {end}"))),
    }
}

/// Two blocks of zeros end an archive.
pub const END_BYTES: u64 = 2 * BLOCK;

/// Label and image of a line: `cls OFFSET LENGTH NAME png OFFSET LENGTH NAME`.
fn parse(line: &[u8], index: u64) -> Option<(Part, Part)> {
    let mut words = line.split(|byte| *byte == b' ');
    let mut part = |wanted: Option<&str>| {
        let extension = std::str::from_utf8(words.next()?).ok()?;
        let (offset, length) = (number(words.next()?)?, number(words.next()?)?);
        let name = words.next()?;
        let right = wanted.is_none_or(|wanted| wanted == extension) && name == member(index, extension).as_bytes();
        right.then_some(Part { offset, length })
    };
    let both = (part(Some(LABEL))?, part(None)?);
    words.next().is_none().then_some(both)
}

fn number(text: &[u8]) -> Option<u64> {
    // Offsets are shorter than the 19 digits that always fit.
    let right = !text.is_empty() && text.len() <= 19 && text.iter().all(u8::is_ascii_digit);
    right.then(|| text.iter().fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0')))
}

/// A label in digits.
pub fn digits(text: &[u8]) -> Option<u32> {
    number(text).and_then(|label| u32::try_from(label).ok())
}

/// Whether a shard's own headers tell of the same files, in the same places.
///
/// # Errors
/// [`crate::Error::Mismatch`] naming the first that differs.
pub fn compare(shard: &Mapped, samples: &[Sample], first: u64, path: &Path, name: &StoreName) -> Result<()> {
    let mut archive = ::tar::Archive::new(shard.bytes());
    let mut entries = archive.entries().at("read", path)?;
    let mut next = |wanted: Part, index: u64| {
        let entry = entries.next().transpose().at("read", path)?;
        let stem = format!("{index:08}.");
        let found = entry.filter(|entry| entry.path_bytes().starts_with(stem.as_bytes()));
        match found.map(|entry| Part { offset: entry.raw_file_position(), length: entry.size() }) {
            Some(part) if part == wanted => Ok(()),
            other => Err(name.mismatch(format!(
                "{}: image {index}: the archive has {other:?} where the index has {wanted:?}",
                path.display()
            ))),
        }
    };
    for (sample, index) in samples.iter().zip(first..) {
        next(sample.label, index)?;
        next(sample.image, index)?;
    }
    match entries.next() {
        None => Ok(()),
        Some(_) => Err(name.mismatch(format!("{}: it holds more files than the index", path.display()))),
    }
}
