//! What the files of a set have as labels: numbers, names of classes, or none; in all of them the same.

use super::encoded::Found;
use crate::dataset::folder;

/// Labels that are texts, one for each row of the whole set: the first of them are those of `images`. Numbered as those of a
/// `labels.csv` are; nothing is done where there are none.
///
/// # Errors
/// Which of them has no number, and why.
// Only these keep texts.
#[cfg_attr(not(any(feature = "arrow", feature = "parquet", feature = "sqlite")), allow(dead_code))]
pub fn label_by_name<P>(images: &mut [Found<P>], texts: &[Vec<u8>], remarks: &mut Vec<String>) -> Result<(), String> {
    if texts.is_empty() {
        return Ok(());
    }
    if texts.len() < images.len() {
        return Err(format!("there are {} labels for {} images", texts.len(), images.len()));
    }
    let texts: Vec<_> = texts.iter().map(Vec::as_slice).collect();
    let numbers = folder::numbered(&texts, remarks)?;
    images.iter_mut().zip(numbers).for_each(|(image, number)| image.label = number);
    Ok(())
}

/// What a file has as labels, in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Labelled {
    /// There is no such column: all are 0.
    Not,
    Numbers,
    /// Names of classes.
    #[cfg_attr(not(any(feature = "arrow", feature = "parquet")), allow(dead_code))]
    Names,
}

impl Labelled {
    const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Not => ("it has no column of labels", "there is none"),
            Self::Numbers => ("its labels are numbers", "they are numbers"),
            Self::Names => ("its labels are names", "they are names"),
        }
    }
}

/// Notes what the labels of one more file are: those of all files of a set are alike, or it has two kinds of labels, or some
/// that nobody gave.
///
/// # Errors
/// When they were others in the files before it.
pub fn agree(before: &mut Option<Labelled>, now: Labelled) -> Result<(), String> {
    match before.replace(now) {
        Some(before) if before != now => {
            Err(format!("{}, and in the files before it {}", now.words().0, before.words().1))
        }
        _ => Ok(()),
    }
}

/// What would mend labels that have no numbers.
#[cfg_attr(not(any(feature = "arrow", feature = "parquet", feature = "sqlite")), allow(dead_code))]
pub const ALL_NAMES_OR_NUMBERS: &str =
    "give each row the name of a class as its label, or each a whole number from 0, and leave out rows that have none";
