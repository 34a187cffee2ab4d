//! `dir`: one file an image in `images/`, named by number, and `labels.csv` (`file,label`) beside: what the founding
//! experiment and most people start from.

use super::record::{self, Record, RecordContainer, RecordLayout, RecordReader, RecordStore, RecordWriter};
use super::{ContainerInfo, StoreName};
use crate::error::{IoContext, Result};
use crate::results::Native;
use crate::store::{Capabilities, WriteOptions};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub const INFO: ContainerInfo = ContainerInfo {
    about: "one file per image, labels in labels.csv",
    codecs: &["png", "raw"],
    options: &[],
    labels: "labels.csv beside the files",
    make: |id| record::format(id, Dir),
};

struct Dir;

const FOLDER: &str = "images";
const LABELS: &str = "labels.csv";
const HEADER: [&str; 2] = ["file", "label"];

impl RecordContainer for Dir {
    fn create(&self, at: &Path, layout: &RecordLayout, _: &WriteOptions) -> Result<Box<dyn RecordWriter>> {
        let folder = at.join(FOLDER);
        std::fs::create_dir(&folder).at("create", &folder)?;
        let labels_path = at.join(LABELS);
        let file = File::create_new(&labels_path).at("create", &labels_path)?;
        let mut labels = csv::Writer::from_writer(BufWriter::new(file));
        labels.write_record(HEADER).map_err(std::io::Error::from).at("write", &labels_path)?;
        Ok(Box::new(Writer { names: Names::new(folder, layout.extension), labels, labels_path, unsynced: 0..0 }))
    }

    fn open(&self, at: &Path, layout: &RecordLayout) -> Result<Arc<dyn RecordStore>> {
        let labels = read_labels(at, layout)?;
        // No codec makes an image twice as large as its pixels.
        let max_bytes = layout.max_image_bytes.saturating_mul(2).saturating_add(64 * 1024);
        let (folder, name) = (at.join(FOLDER), layout.name.clone());
        Ok(Arc::new(Store { folder, extension: layout.extension, labels, name, max_bytes }))
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { random_access: true, ragged: true, concurrent_readers: true, ..Default::default() }
    }

    fn native(&self) -> Option<Native> {
        None
    }

    fn settings(&self, _: &RecordLayout) -> BTreeMap<String, String> {
        BTreeMap::new()
    }

    fn keeps_labels(&self) -> bool {
        true
    }
}

/// Paths of the files, built in memory that is reused.
struct Names {
    path: String,
    stem: usize,
    extension: &'static str,
    folder: PathBuf,
}

impl Names {
    fn new(folder: PathBuf, extension: &'static str) -> Self {
        // A path that is no UTF-8 cannot be kept in a String: `of` joins it the slow way instead.
        let path = folder.to_str().map(|text| format!("{text}/")).unwrap_or_default();
        Self { stem: path.len(), path, extension, folder }
    }

    fn file_name(&mut self, index: u64) -> &str {
        self.path.truncate(self.stem);
        // Writing into a String cannot fail.
        let _ = write!(self.path, "{index:08}.{}", self.extension);
        &self.path[self.stem..]
    }

    /// Calls `with` with the path of file `index`.
    fn with<T>(&mut self, index: u64, with: impl FnOnce(&Path) -> Result<T>) -> Result<T> {
        self.file_name(index);
        if self.stem > 0 { with(Path::new(&self.path)) } else { with(&self.folder.join(&self.path)) }
    }
}

struct Writer {
    names: Names,
    labels: csv::Writer<BufWriter<File>>,
    labels_path: PathBuf,
    unsynced: std::ops::Range<u64>,
}

impl RecordWriter for Writer {
    fn put(&mut self, index: u64, label: u32, record: &[u8]) -> Result<()> {
        self.names
            .with(index, |path| File::create_new(path).and_then(|mut file| file.write_all(record)).at("write", path))?;
        self.unsynced.end = index + 1;
        let mut digits = String::new();
        let _ = write!(digits, "{label}"); // writing into a String cannot fail
        let row = self.labels.write_record([self.names.file_name(index), &digits]);
        row.map_err(std::io::Error::from).at("write", &self.labels_path)
    }

    fn sync(&mut self) -> Result<()> {
        self.labels.flush().at("write", &self.labels_path)?;
        for index in std::mem::take(&mut self.unsynced) {
            self.names.with(index, |path| File::open(path).and_then(|file| file.sync_all()).at("sync", path))?;
        }
        self.unsynced = self.unsynced.end..self.unsynced.end;
        for path in [&self.labels_path, &self.names.folder] {
            File::open(path).and_then(|file| file.sync_all()).at("sync", path)?;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<()> {
        self.labels.flush().at("write", &self.labels_path)
    }
}

/// All labels, in order; every row must name the file that belongs there.
fn read_labels(at: &Path, layout: &RecordLayout) -> Result<Vec<u32>> {
    let path = at.join(LABELS);
    let file = File::open(&path).at("open", &path)?;
    let mut rows = csv::Reader::from_reader(file);
    let header = rows.headers().map_err(|e| layout.name.damaged(format!("{LABELS}: {e}")))?;
    if header.iter().ne(HEADER) {
        return Err(layout.name.damaged(format!("{LABELS} does not begin with the line {}", HEADER.join(","))));
    }
    let mut names = Names::new(PathBuf::new(), layout.extension);
    let mut labels = Vec::new();
    let mut row = csv::StringRecord::new();
    while rows.read_record(&mut row).map_err(|e| layout.name.damaged(format!("{LABELS}: {e}")))? {
        let index = labels.len() as u64;
        if row.get(0) != Some(names.file_name(index)) {
            return Err(layout.name.damaged(format!("{LABELS}: row {index} does not name file {index}")));
        }
        let label = row.get(1).and_then(|text| text.parse().ok());
        labels.push(label.ok_or_else(|| layout.name.damaged(format!("{LABELS}: row {index} has no label")))?);
    }
    if labels.len() as u64 != layout.records {
        let found = labels.len();
        return Err(layout.name.damaged(format!("{LABELS} has {found} rows for {} images", layout.records)));
    }
    Ok(labels)
}

struct Store {
    folder: PathBuf,
    extension: &'static str,
    labels: Vec<u32>,
    name: StoreName,
    /// A file longer than this is damaged, and is not read to its end.
    max_bytes: u64,
}

impl RecordStore for Store {
    fn reader(self: Arc<Self>) -> Result<Box<dyn RecordReader>> {
        let names = Names::new(self.folder.clone(), self.extension);
        Ok(Box::new(Reader { names, scratch: Vec::new(), store: self }))
    }
}

struct Reader {
    names: Names,
    scratch: Vec<u8>,
    store: Arc<Store>,
}

impl RecordReader for Reader {
    fn get(&mut self, index: u64) -> Result<Record<'_>> {
        let (scratch, max_bytes) = (&mut self.scratch, self.store.max_bytes);
        let length = self.names.with(index, |path| {
            File::open(path).and_then(|file| read_whole(&mut file.take(max_bytes + 1), scratch)).at("read", path)
        })?;
        if length as u64 > self.store.max_bytes {
            return Err(self.store.name.damaged(format!("the file of image {index} is too long for any image")));
        }
        let label = usize::try_from(index).ok().and_then(|i| self.store.labels.get(i)).copied();
        let label = label.ok_or_else(|| self.store.name.damaged(format!("image {index} has no label")))?;
        Ok(Record { bytes: &self.scratch[..length], label })
    }
}

/// Reads a file into memory that is reused and never shrinks, without asking for its size first: two reads, the
/// second of which finds the end.
fn read_whole(file: &mut impl Read, scratch: &mut Vec<u8>) -> std::io::Result<usize> {
    let mut length = 0;
    loop {
        if length == scratch.len() {
            scratch.resize((scratch.len() * 2).max(16 * 1024), 0);
        }
        match file.read(&mut scratch[length..]) {
            Ok(0) => return Ok(length),
            Ok(more) => length += more,
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
}
