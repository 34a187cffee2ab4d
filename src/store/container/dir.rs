//! `dir`: one file an image in `images/`, named by number, and `labels.csv` (`file,label`) beside: what the founding
//! experiment and most people start from. With `fanout=K` in subfolders of K files, `images/000012/00012345.png`.

mod folder;
mod table;

use super::record::{self, NewRecord, Record, RecordContainer, RecordLayout, RecordReader, RecordStore, RecordWriter};
use super::{ContainerInfo, StoreName};
use crate::error::{IoContext, Result};
use crate::results::Native;
use crate::store::facts::Facts;
use crate::store::options::{OptionInfo, Values, integer};
use crate::store::{Capabilities, Durability, Removal, WriteOptions, sync};
use folder::{Folder, Names, subfolder};
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use table::{LABELS, Labels, Row};

pub const INFO: ContainerInfo = ContainerInfo {
    about: "one file per image, labels in labels.csv",
    codecs: &["png", "raw", "source", "jpeg", "qoi", "webp", "zstd", "lz4"],
    facts: Facts {
        licence: "none of its own: files of the file system",
        specification: "the folder convention of torchvision's ImageFolder; labels.csv beside it",
        others: "any program that reads files",
    },
    options: &[FANOUT],
    tuned: &[],
    labels: "labels.csv beside the files",
    make: |id| record::format(id, Dir { fanout: integer(id, FANOUT.key) }),
};

const FANOUT: OptionInfo = OptionInfo {
    key: "fanout",
    values: Values::Integer { min: 1, max: 1 << 20 },
    default: "none: all in one folder",
    about: "files a subfolder",
    reading: false,
};

struct Dir {
    /// Files a subfolder.
    fanout: Option<u64>,
}

const FOLDER: &str = "images";

impl RecordContainer for Dir {
    fn create(&self, at: &Path, _: &RecordLayout, write: &WriteOptions) -> Result<Box<dyn RecordWriter>> {
        let folder = at.join(FOLDER);
        std::fs::create_dir(&folder).at("create", &folder)?;
        let labels_path = at.join(LABELS);
        let labels = table::new_labels(&labels_path)?;
        let sync_each = write.durability == Durability::Each;
        Writer::boxed(folder, Names::new(self.fanout), labels, labels_path, sync_each)
    }

    fn can_resume(&self) -> bool {
        true
    }

    fn resume(
        &self,
        at: &Path,
        layout: &RecordLayout,
        write: &WriteOptions,
        keep: u64,
    ) -> Result<Box<dyn RecordWriter>> {
        let (folder, labels_path) = (at.join(FOLDER), at.join(LABELS));
        let end = table::end_of_row(&labels_path, keep)?;
        let end = end.ok_or_else(|| layout.name.damaged(format!("{LABELS} has fewer than {keep} rows")))?;
        let mut file = OpenOptions::new().write(true).open(&labels_path).at("open", &labels_path)?;
        file.set_len(end).and_then(|()| file.seek(SeekFrom::End(0))).at("write", &labels_path)?;
        for entry in walkdir::WalkDir::new(&folder).min_depth(1) {
            let entry = entry.map_err(std::io::Error::from).at("list", &folder)?;
            if entry.file_type().is_dir() {
                continue;
            }
            let path = entry.into_path();
            let number = path.file_stem().and_then(|stem| stem.to_str()?.parse::<u64>().ok());
            if number.is_none_or(|number| number >= keep) {
                std::fs::remove_file(&path).at("remove", &path)?;
            }
        }
        let labels = table::labels_behind(file);
        let sync_each = write.durability == Durability::Each;
        Writer::boxed(folder, Names::new(self.fanout), labels, labels_path, sync_each)
    }

    /// Files are made, and rows written behind the table's last.
    fn open_append(&self, at: &Path, _: &RecordLayout, _: u64, write: &WriteOptions) -> Result<Box<dyn RecordWriter>> {
        let labels_path = at.join(LABELS);
        let file = OpenOptions::new().append(true).open(&labels_path).at("open", &labels_path)?;
        let labels = table::labels_behind(file);
        let sync_each = write.durability == Durability::Each;
        Writer::boxed(at.join(FOLDER), Names::new(self.fanout), labels, labels_path, sync_each)
    }

    /// Files are removed, and renamed into the places of others; the table is written anew.
    fn remove(&self, at: &Path, layout: &RecordLayout, removal: &Removal, _: &WriteOptions) -> Result<()> {
        let folder = Folder::open(at.join(FOLDER))?;
        let (mut names, mut others) = (Names::new(self.fanout), Names::new(self.fanout));
        let mut rows = table::read_labels(at, Names::new(self.fanout), layout)?;
        // Rows were counted on reading, and a removal is of as many.
        let row = |rows: &[Row], index: u64| {
            let row = usize::try_from(index).ok().and_then(|at| rows.get(at)).copied();
            row.ok_or_else(|| layout.name.damaged(format!("{LABELS} has no row for image {index}")))
        };
        for &(from, to) in removal.moves() {
            let (mover, gone) = (row(&rows, from)?, row(&rows, to)?);
            // Another ending, another name: nothing would take its place.
            if mover.extension != gone.extension {
                folder.remove(names.of(to, gone.ending()))?;
            }
            folder.rename(names.of(from, mover.ending()), others.of(to, mover.ending()))?;
            rows[to as usize] = mover;
        }
        let moved: std::collections::BTreeSet<u64> = removal.moves().iter().map(|(from, _)| *from).collect();
        for index in (removal.left()..removal.images()).filter(|index| !moved.contains(index)) {
            folder.remove(names.of(index, row(&rows, index)?.ending()))?;
        }
        rows.truncate(usize::try_from(removal.left()).unwrap_or(usize::MAX));
        table::write_labels(at, names, &rows)
    }

    fn open(&self, at: &Path, layout: &RecordLayout) -> Result<Arc<dyn RecordStore>> {
        let (folder, fanout) = (Folder::open(at.join(FOLDER))?, self.fanout);
        let rows = table::read_labels(at, Names::new(fanout), layout)?;
        let max_bytes = layout.max_record_bytes();
        Ok(Arc::new(Store { folder, fanout, rows, name: layout.name.clone(), max_bytes }))
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { append: true, delete: Some(true), ..Capabilities::RECORDS }
    }

    fn native(&self) -> Option<Native> {
        None
    }

    fn settings(&self, _: &RecordLayout) -> BTreeMap<String, String> {
        self.fanout.map(|files| ("files a subfolder".into(), files.to_string())).into_iter().collect()
    }

    fn keeps_labels(&self) -> bool {
        true
    }
}

struct Writer {
    folder: Folder,
    names: Names,
    labels: Labels,
    labels_path: PathBuf,
    /// Files that durability `each` has not put on the device yet; remembered only there.
    unsynced: Vec<(u64, &'static str)>,
    sync_each: bool,
}

impl Writer {
    fn boxed(
        folder: PathBuf,
        names: Names,
        labels: Labels,
        labels_path: PathBuf,
        sync_each: bool,
    ) -> Result<Box<dyn RecordWriter>> {
        let (folder, unsynced) = (Folder::open(folder)?, Vec::new());
        Ok(Box::new(Self { folder, names, labels, labels_path, unsynced, sync_each }))
    }
}

impl RecordWriter for Writer {
    fn put(&mut self, record: NewRecord<'_>) -> Result<()> {
        let NewRecord { index, label, extension, bytes } = record;
        let name = self.names.of(index, extension);
        self.folder.create(name, bytes)?;
        if self.sync_each {
            self.unsynced.push((index, extension));
        }
        let row = self.labels.write_record([name, &label.to_string()]);
        row.map_err(std::io::Error::from).at("write", &self.labels_path)
    }

    fn sync(&mut self) -> Result<()> {
        self.labels.flush().at("write", &self.labels_path)?;
        if !self.sync_each {
            // So many files that nobody kept a list of: all of the file system at once.
            return sync::file_system(&self.folder.path);
        }
        // Files come in order, so those of one subfolder are neighbours.
        let mut synced = String::new();
        for (index, extension) in self.unsynced.drain(..) {
            let name = self.names.of(index, extension);
            self.folder.with("sync", name, |file| file.sync_all())?;
            if let Some(subfolder) = subfolder(name).filter(|subfolder| *subfolder != synced) {
                self.folder.with("sync", subfolder, |folder| folder.sync_all())?;
                subfolder.clone_into(&mut synced);
            }
        }
        for path in [&self.labels_path, &self.folder.path] {
            File::open(path).and_then(|file| file.sync_all()).at("sync", path)?;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<()> {
        self.labels.flush().at("write", &self.labels_path)
    }
}

struct Store {
    folder: Folder,
    fanout: Option<u64>,
    rows: Vec<Row>,
    name: StoreName,
    /// A file longer than this is damaged, and is not read to its end.
    max_bytes: u64,
}

impl RecordStore for Store {
    fn reader(self: Arc<Self>) -> Result<Box<dyn RecordReader>> {
        Ok(Box::new(Reader { names: Names::new(self.fanout), scratch: Vec::new(), store: self }))
    }
}

struct Reader {
    names: Names,
    scratch: Vec<u8>,
    store: Arc<Store>,
}

impl RecordReader for Reader {
    fn get(&mut self, index: u64) -> Result<Record<'_>> {
        let row = usize::try_from(index).ok().and_then(|at| self.store.rows.get(at)).copied();
        let row = row.ok_or_else(|| self.store.name.damaged(format!("image {index} has no label")))?;
        let name = self.names.of(index, row.ending());
        let (scratch, limit) = (&mut self.scratch, self.store.max_bytes.saturating_add(1));
        let length = self.store.folder.with("read", name, |file| read_whole(&mut file.take(limit), scratch))?;
        if length as u64 > self.store.max_bytes {
            return Err(self.store.name.damaged(format!("the file of image {index} is too long for any image")));
        }
        Ok(Record { bytes: &self.scratch[..length], label: row.label })
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

#[cfg(test)]
mod tests;
