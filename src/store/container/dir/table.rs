//! The table of labels, `labels.csv`, a row `file,label` for each image.

use super::folder::Names;
use crate::error::{IoContext, Result};
use crate::store::container::record::RecordLayout;
use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

/// Its name.
pub const LABELS: &str = "labels.csv";
const HEADER: [&str; 2] = ["file", "label"];

/// The table being written.
pub type Labels = csv::Writer<BufWriter<File>>;

/// A new table, with its header.
///
/// # Errors
/// When there is one already; what the system says.
pub fn new_labels(path: &Path) -> Result<Labels> {
    let file = File::create_new(path).at("create", path)?;
    let mut labels = csv::Writer::from_writer(BufWriter::new(file));
    labels.write_record(HEADER).map_err(std::io::Error::from).at("write", path)?;
    Ok(labels)
}

/// Goes on with a table of which `file` stands at the end.
pub fn labels_behind(file: File) -> Labels {
    csv::WriterBuilder::new().has_headers(false).from_writer(BufWriter::new(file))
}

/// Puts a table of these rows in the place of the one that is there.
///
/// # Errors
/// What the system says.
pub fn write_labels(at: &Path, mut names: Names, rows: &[Row]) -> Result<()> {
    let path = at.join(format!("{LABELS}.new"));
    let mut labels = new_labels(&path)?;
    for (row, index) in rows.iter().zip(0..) {
        let written = labels.write_record([names.of(index, row.ending()), &row.label.to_string()]);
        written.map_err(std::io::Error::from).at("write", &path)?;
    }
    labels.flush().at("write", &path)?;
    std::fs::rename(&path, at.join(LABELS)).at("rename", &path)
}

/// Where row `rows` of the table ends; `None` where there are fewer.
///
/// # Errors
/// What the system says.
pub fn end_of_row(path: &Path, rows: u64) -> Result<Option<u64>> {
    let bytes = std::fs::read(path).at("read", path)?;
    let mut ends = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at as u64 + 1);
    // The header is a row, too; neither names of files nor labels hold line breaks.
    Ok(usize::try_from(rows).ok().and_then(|rows| ends.nth(rows)))
}

/// What `labels.csv` says of an image.
#[derive(Clone, Copy)]
pub struct Row {
    pub label: u32,
    /// Which of `EXTENSIONS`: a byte, because there are as many rows as images, and all are read on opening.
    pub extension: u8,
}

impl Row {
    /// That of its file.
    pub fn ending(self) -> &'static str {
        EXTENSIONS[usize::from(self.extension)]
    }
}

/// Endings of files that this container writes.
const EXTENSIONS: [&str; 11] = ["png", "raw", "jpg", "qoi", "webp", "zst", "lz4", "bmp", "tiff", "pnm", "bin"];

/// Of a row like `00000000.png,0` and its line break.
const MIN_ROW_BYTES: u64 = 15;

/// All labels, in order; every row must name the file that belongs there.
///
/// # Errors
/// When it does not; what the system says.
pub fn read_labels(at: &Path, mut names: Names, layout: &RecordLayout) -> Result<Vec<Row>> {
    let path = at.join(LABELS);
    let file = File::open(&path).at("open", &path)?;
    let length = file.metadata().at("look at", &path)?.len();
    let mut csv = csv::Reader::from_reader(file);
    let damaged = |what: String| layout.name.damaged(format!("{LABELS}: {what}"));
    let header = csv.headers().map_err(|e| damaged(e.to_string()))?;
    if header.iter().ne(HEADER) {
        return Err(damaged(format!("it does not begin with the line {}", HEADER.join(","))));
    }
    // As many as the manifest says, if the table is long enough for them.
    let expected = usize::try_from(layout.records.min(length / MIN_ROW_BYTES)).unwrap_or(0);
    let mut rows = Vec::with_capacity(expected);
    let place = |ending: &str| EXTENSIONS.iter().position(|known| *known == ending);
    let common = layout.extension.and_then(place);
    let mut record = csv::StringRecord::new();
    while csv.read_record(&mut record).map_err(|e| damaged(e.to_string()))? {
        let index = rows.len() as u64;
        let file = record.get(0).unwrap_or_default();
        // Every record of a store has the same ending, unless each is a file of its own kind.
        let at = common.or_else(|| place(file.rsplit('.').next().unwrap_or_default()));
        let at = at.filter(|at| names.of(index, EXTENSIONS[*at]) == file);
        let at = at.ok_or_else(|| damaged(format!("row {index} does not name file {index}")))?;
        let label = record.get(1).and_then(|text| text.parse().ok());
        rows.push(Row {
            label: label.ok_or_else(|| damaged(format!("row {index} has no label")))?,
            extension: at as u8,
        });
    }
    if rows.len() as u64 != layout.records {
        return Err(damaged(format!("{} rows for {} images", rows.len(), layout.records)));
    }
    Ok(rows)
}
