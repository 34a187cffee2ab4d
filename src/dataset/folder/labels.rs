//! `labels.csv` beside the images: a table with a column of files and a column of labels, as the founding experiment has
//! it, and as `dir` stores do.

use super::{key, scan::Found};
use crate::error::{Error, Result};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

/// Name of the table.
pub const FILE: &str = "labels.csv";

/// Names that a remark tells, and how much of a long one.
const NAMED: usize = 10;
const NAME_CHARS: usize = 40;

/// Names of the two columns that are understood.
const FILE_COLUMNS: [&str; 6] = ["file", "filename", "file_name", "path", "image", "id"];
const LABEL_COLUMNS: [&str; 4] = ["label", "class", "target", "category"];

/// The images in the order of the table, labelled by it. Labels of which none is a number are numbered in the order of
/// their names. A file may be named by its path below the folder, or by its own name where that is unique.
///
/// # Errors
/// [`Error::Dataset`] when the table cannot be read, names a file that is not there, lacks a label, or has numbers
/// among names: to number those anew would change what the numbers say.
pub fn read(table: &Path, paths: &[Box<Path>], remarks: &mut Vec<String>) -> Result<Vec<Found>> {
    let refuse = |cause: String| Error::Dataset {
        path: table.to_owned(),
        cause,
        remedy: "give a table with the columns file,label, or remove it so that subfolders are the classes".into(),
    };
    let mut csv = csv::ReaderBuilder::new().from_path(table).map_err(|e| refuse(e.to_string()))?;
    let header = csv.byte_headers().map_err(|e| refuse(e.to_string()))?.clone();
    let column = |names: &[&str]| {
        header.iter().position(|name| names.iter().any(|known| name.eq_ignore_ascii_case(known.as_bytes())))
    };
    let (Some(file_at), Some(label_at)) = (column(&FILE_COLUMNS), column(&LABEL_COLUMNS)) else {
        let columns = header.iter().map(String::from_utf8_lossy).collect::<Vec<_>>().join(",");
        return Err(refuse(format!("its columns are {columns}")));
    };
    let by_name = index(paths);
    let mut rows = Vec::new();
    for (nth, row) in csv.byte_records().enumerate() {
        let row = row.map_err(|e| refuse(e.to_string()))?;
        let (file, label) = (row.get(file_at).unwrap_or_default(), row.get(label_at).unwrap_or_default());
        let Some(Some(path)) = by_name.get(file) else {
            return Err(refuse(format!(
                "row {} names {}, and there is no such image, or more than one",
                nth + 1,
                String::from_utf8_lossy(file)
            )));
        };
        rows.push((*path, label.to_vec()));
    }
    if rows.len() < paths.len() {
        remarks.push(format!("images not named in {FILE}, passed over: {}", paths.len() - rows.len()));
    }
    let labels: Vec<_> = rows.iter().map(|(_, label)| label.as_slice()).collect();
    let numbers = numbered(&labels, remarks).map_err(refuse)?;
    Ok(rows.iter().zip(numbers).map(|((path, _), label)| Found { path: (*path).into(), label }).collect())
}

/// Numbers for the labels of all rows, which are texts: what they say where they are numbers; where none is, the places of
/// their names in order.
///
/// # Errors
/// The first row whose label has no number, counted from 1, and why.
pub fn numbered(labels: &[&[u8]], remarks: &mut Vec<String>) -> Result<Vec<u32>, String> {
    let row = |(nth, why): (usize, String)| format!("row {}: {why}", nth + 1);
    let number_of = numbers(labels).map_err(row)?;
    if let Numbers::ByName(names) = &number_of {
        remarks.push(numbering(names));
    }
    let numbers = labels.iter().map(|label| number_of.of(label));
    numbers.collect::<Option<_>>().ok_or_else(|| "a label is missing".into())
}

/// Which label has which number, as far as there is room.
fn numbering(names: &BTreeMap<&[u8], u32>) -> String {
    let count = names.len();
    let name = |name: &[u8]| match String::from_utf8_lossy(name) {
        name if name.chars().count() > NAME_CHARS => {
            format!("{}...", name.chars().take(NAME_CHARS).collect::<String>())
        }
        name => name.into_owned(),
    };
    let first = names.iter().take(NAMED).map(|(text, number)| format!("{} {number}", name(text)));
    let first = first.collect::<Vec<_>>().join(", ");
    let more = count.checked_sub(NAMED).filter(|more| *more > 0).map(|more| format!(" and {more} more"));
    let are = if count == 1 { "label is a name, numbered" } else { "labels are names, numbered in their order" };
    format!("{count} {are}: {first}{}", more.unwrap_or_default())
}

/// Files by path and by bare name; `None` where a bare name is not unique.
fn index(paths: &[Box<Path>]) -> HashMap<Vec<u8>, Option<&Path>> {
    let mut index = HashMap::new();
    for path in paths {
        if let Some(name) = path.file_name() {
            let unique = !index.contains_key(&*key(Path::new(name)));
            index.insert(key(Path::new(name)).into_owned(), unique.then_some(&**path));
        }
    }
    // Whole paths last: they are unique, whatever bare names say.
    index.extend(paths.iter().map(|path| (key(path).into_owned(), Some(&**path))));
    index
}

enum Numbers<'a> {
    AsWritten,
    ByName(BTreeMap<&'a [u8], u32>),
}

/// How the labels of rows become numbers; or the row whose label does not, and why.
fn numbers<'a>(labels: &[&'a [u8]]) -> Result<Numbers<'a>, (usize, String)> {
    let first = |what: &dyn Fn(&[u8]) -> bool| labels.iter().position(|label| what(label));
    let text = |nth: usize| String::from_utf8_lossy(labels[nth]).into_owned();
    if let Some(nth) = first(&|label| label.trim_ascii().is_empty()) {
        return Err((nth, "it has no label".into()));
    }
    match (first(&is_numeric), first(&|label| number(label).is_none())) {
        (_, None) => Ok(Numbers::AsWritten),
        (None, _) => {
            let names: BTreeSet<_> = labels.iter().copied().collect();
            Ok(Numbers::ByName(names.into_iter().zip(0..).collect()))
        }
        (Some(_), Some(nth)) if is_numeric(labels[nth]) => {
            Err((nth, format!("the label {} is no whole number from 0 to {}", text(nth), u32::MAX)))
        }
        (Some(number), Some(nth)) => {
            Err((nth, format!("the label {} is no number, and that of row {} is", text(nth), number + 1)))
        }
    }
}

/// Whether somebody meant a number, though perhaps one that no label can be.
fn is_numeric(label: &[u8]) -> bool {
    let digits = label.trim_ascii();
    let digits = digits.strip_prefix(b"-").or(digits.strip_prefix(b"+")).unwrap_or(digits);
    digits.iter().any(u8::is_ascii_digit) && digits.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.')
}

impl Numbers<'_> {
    fn of(&self, label: &[u8]) -> Option<u32> {
        match self {
            Self::AsWritten => number(label),
            Self::ByName(names) => names.get(label).copied(),
        }
    }
}

fn number(label: &[u8]) -> Option<u32> {
    std::str::from_utf8(label).ok()?.trim().parse().ok()
}

/// Writes such a table.
pub fn write(table: &Path, rows: &[(PathBuf, u32)]) -> std::io::Result<()> {
    let mut csv = csv::Writer::from_path(table)?;
    csv.write_record(["file", "label"])?;
    for (path, label) in rows {
        csv.write_record([&*key(path), label.to_string().as_bytes()])?;
    }
    csv.flush()
}

#[cfg(test)]
mod tests {
    use super::numbered;

    #[test]
    fn a_remark_names_the_first_ten_names_and_the_beginning_of_long_ones() {
        let remark = |labels: &[String]| {
            let (labels, mut remarks) = (labels.iter().map(String::as_bytes).collect::<Vec<_>>(), Vec::new());
            numbered(&labels, &mut remarks).unwrap();
            remarks.concat()
        };
        let letters = |last| ('a'..=last).map(String::from).collect::<Vec<_>>();
        assert!(remark(&letters('j')).ends_with("h 7, i 8, j 9"));
        assert!(remark(&letters('m')).ends_with("h 7, i 8, j 9 and 3 more"));
        assert!(remark(&["é".repeat(41)]).ends_with(&format!("1 label is a name, numbered: {}... 0", "é".repeat(40))));
        assert_eq!(remark(&["7".into()]), "");
    }
}
