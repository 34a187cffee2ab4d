//! `sqlite`: an SQLite database (<https://sqlite.org/fileformat2.html>), `images.sqlite`, with one table:
//! `images(id INTEGER PRIMARY KEY, label INTEGER NOT NULL, image BLOB NOT NULL)`, ids from 0. A finished store never changes,
//! so it is opened as `immutable`: without locks, and without asking before each query whether another process wrote.

pub(crate) mod reader;

use super::record::{self, NewRecord, RecordContainer, RecordLayout, RecordStore, RecordWriter};
use super::transaction::Filling;
use super::{ContainerInfo, StoreName};
use crate::error::{Error, IoContext, Result};
use crate::results::Native;
use crate::store::facts::Facts;
use crate::store::options::{OptionInfo, Values, integer, word};
use crate::store::tuning::{Applies, Tuned};
use crate::store::{Capabilities, Durability, Removal, WriteOptions, sync};
use ::rusqlite::{Connection, OpenFlags};
use reader::Store;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

const PAGE: OptionInfo = OptionInfo {
    key: "page",
    values: Values::OneOf(&["4096", "8192", "16384", "32768", "65536"]),
    default: "4096",
    about: "bytes a page; of a blob that is larger than a page the rest is a chain of others",
    reading: false,
};

const MMAP: OptionInfo = OptionInfo {
    key: "mmap",
    values: Values::OneOf(&["off", "on"]),
    default: "off",
    about: "whether pages are read from a map (PRAGMA mmap_size) and not by calls; off is SQLite's own default",
    reading: true,
};

const TUNED: &[Tuned] = &[Tuned {
    key: MMAP.key,
    value: "on",
    applies: Applies::Always,
    why: "pages are read from a map, without a call for each: single reads 1.8 times as fast",
}];

pub const INFO: ContainerInfo = ContainerInfo {
    about: "SQLite, one table of blobs",
    codecs: &["raw", "png", "source", "jpeg", "qoi", "webp", "zstd", "lz4"],
    facts: Facts {
        licence: "public domain",
        specification: "Database File Format (sqlite.org)",
        others: "the same library in every language; sqlite3 of Python's standard library",
    },
    options: &[PAGE, MMAP],
    tuned: TUNED,
    labels: "a column beside the images",
    make: |id| {
        let page = integer(id, PAGE.key).unwrap_or(4096);
        record::format(id, Sqlite { page, mapped: word(id, &MMAP) == "on" })
    },
};

const FILE: &str = "images.sqlite";

const INSERT: &str = "INSERT INTO images (id, label, image) VALUES (?1, ?2, ?3)";

struct Sqlite {
    /// Bytes a page.
    page: u64,
    /// Whether pages are read from a map.
    mapped: bool,
}

fn failed(name: &StoreName, action: &str, e: &::rusqlite::Error) -> Error {
    let full = e.sqlite_error_code() == Some(::rusqlite::ErrorCode::DiskFull);
    let remedy = if full { "check the space left on the disk" } else { "write the store again" };
    name.error(format!("SQLite cannot {action} it: {e}"), remedy)
}

/// A finished store, to be changed: with SQLite's journal, as whoever changes a database has it. A transaction that fails is
/// rolled back by it.
fn open_to_change(at: &Path, layout: &RecordLayout, write: &WriteOptions) -> Result<Connection> {
    let fail = |e| failed(&layout.name, "open", &e);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(at.join(FILE), flags).map_err(fail)?;
    let synchronous = if write.durability == Durability::Each { "FULL" } else { "OFF" };
    let safety =
        format!("PRAGMA journal_mode = DELETE; PRAGMA synchronous = {synchronous}; PRAGMA locking_mode = EXCLUSIVE;");
    connection.execute_batch(&safety).map_err(fail)?;
    refuse_other_count(&connection, layout)?;
    Ok(connection)
}

/// Refuses a file that ends within its last page: SQLite would take the rest of that for zeros.
fn refuse_cut(connection: &Connection, path: &Path, name: &StoreName) -> Result<()> {
    let pages = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size";
    let pages: i64 = connection.query_row(pages, [], |row| row.get(0)).map_err(|e| failed(name, "open", &e))?;
    let bytes = std::fs::metadata(path).at("open", path)?.len();
    match u64::try_from(pages) == Ok(bytes) {
        true => Ok(()),
        false => Err(name.damaged(format!("it has {bytes} bytes, and its pages have {pages}"))),
    }
}

/// Refuses a table whose highest id is another than it should be: it is found without a walk over the table. Whether all
/// below it are there shows when they are read.
fn refuse_other_count(connection: &Connection, layout: &RecordLayout) -> Result<()> {
    let last = connection.query_row("SELECT max(id) FROM images", [], |row| row.get(0));
    let last: Option<i64> = last.map_err(|e| failed(&layout.name, "open", &e))?;
    let there = last.map_or(Some(0), |last| u64::try_from(last).ok()?.checked_add(1));
    match there == Some(layout.records) {
        true => Ok(()),
        false => Err(layout.name.damaged(format!("its last image is {last:?}, of {} images", layout.records))),
    }
}

impl RecordContainer for Sqlite {
    fn create(&self, at: &Path, layout: &RecordLayout, write: &WriteOptions) -> Result<Box<dyn RecordWriter>> {
        let fail = |e| failed(&layout.name, "create", &e);
        let connection = Connection::open(at.join(FILE)).map_err(fail)?;
        // A store that is cut short is thrown away: no journal to go back by. With durability `each` commits are safe.
        let safety = match write.durability {
            Durability::Each => "PRAGMA journal_mode = DELETE; PRAGMA synchronous = FULL;",
            _ => "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;",
        };
        let table = "CREATE TABLE images (id INTEGER PRIMARY KEY, label INTEGER NOT NULL, image BLOB NOT NULL);";
        let all = format!("PRAGMA page_size = {}; {safety} PRAGMA locking_mode = EXCLUSIVE; {table}", self.page);
        connection.execute_batch(&all).map_err(fail)?;
        Ok(Box::new(Writer { connection, filling: Filling::default(), name: layout.name.clone() }))
    }

    fn open_append(
        &self,
        at: &Path,
        layout: &RecordLayout,
        _: u64,
        write: &WriteOptions,
    ) -> Result<Box<dyn RecordWriter>> {
        let connection = open_to_change(at, layout, write)?;
        Ok(Box::new(Writer { connection, filling: Filling::default(), name: layout.name.clone() }))
    }

    /// In one transaction, which leaves the pages that become free to the next.
    fn remove(&self, at: &Path, layout: &RecordLayout, removal: &Removal, write: &WriteOptions) -> Result<()> {
        let mut connection = open_to_change(at, layout, write)?;
        let mut change = || {
            let transaction = connection.transaction()?;
            {
                let mut delete = transaction.prepare("DELETE FROM images WHERE id = ?1")?;
                let mut renumber = transaction.prepare("UPDATE images SET id = ?2 WHERE id = ?1")?;
                for &(from, to) in removal.moves() {
                    delete.execute([to as i64])?;
                    if renumber.execute([from as i64, to as i64])? != 1 {
                        // Rolled back: else its place would be empty, and nothing say so.
                        return Ok(Some(from));
                    }
                }
            }
            transaction.execute("DELETE FROM images WHERE id >= ?1", [removal.left() as i64])?;
            transaction.commit().map(|()| None)
        };
        let changed: ::rusqlite::Result<Option<u64>> = change();
        let closed = changed.and_then(|missing| connection.close().map_err(|(_, e)| e).map(|()| missing));
        match closed.map_err(|e| failed(&layout.name, "write", &e))? {
            None => Ok(()),
            Some(missing) => Err(layout.name.damaged(format!("image {missing} is missing"))),
        }
    }

    fn removes_at_once(&self) -> bool {
        true
    }

    fn open(&self, at: &Path, layout: &RecordLayout) -> Result<Arc<dyn RecordStore>> {
        let path = at.join(FILE);
        std::fs::metadata(&path).at("open", &path)?;
        let store = Store { mapped: self.mapped, max_bytes: layout.max_record_bytes(), name: layout.name.clone() };
        let connection = store.connect()?;
        refuse_cut(&connection, &path, &layout.name)?;
        refuse_other_count(&connection, layout)?;
        Ok(Arc::new(store))
    }

    fn audit(&self, at: &Path, layout: &RecordLayout) -> Result<()> {
        let store = Store { mapped: false, max_bytes: layout.max_record_bytes(), name: layout.name.clone() };
        std::fs::metadata(at.join(FILE)).at("open", at.join(FILE))?;
        let connection = store.connect()?;
        let fail = |e| failed(&layout.name, "read", &e);
        let page: i64 = connection.query_row("PRAGMA page_size", [], |row| row.get(0)).map_err(fail)?;
        if u64::try_from(page) != Ok(self.page) {
            return Err(layout.name.mismatch(format!("its pages have {page} bytes; asked for was page={}", self.page)));
        }
        let count: i64 = connection.query_row("SELECT count(*) FROM images", [], |row| row.get(0)).map_err(fail)?;
        if u64::try_from(count) != Ok(layout.records) {
            return Err(layout.name.mismatch(format!("it holds {count} rows for {} images", layout.records)));
        }
        Ok(())
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { append: true, delete: Some(true), ..Capabilities::RECORDS }
    }

    fn native(&self) -> Option<Native> {
        Some(Native { library: "SQLite".into(), version: ::rusqlite::version().into() })
    }

    fn settings(&self, _: &RecordLayout) -> BTreeMap<String, String> {
        BTreeMap::from([
            ("SQLite page".into(), format!("{} bytes", self.page)),
            ("SQLite page cache".into(), "2 MB, its default".into()),
            ("SQLite map".into(), if self.mapped { "the whole file, up to 2 GiB" } else { "none, its default" }.into()),
            ("SQLite transaction".into(), Filling::words()),
            ("SQLite opening".into(), "immutable=1: no locks".into()),
        ])
    }

    fn keeps_labels(&self) -> bool {
        true
    }
}

struct Writer {
    connection: Connection,
    filling: Filling,
    name: StoreName,
}

impl Writer {
    fn commit(&mut self) -> Result<()> {
        self.filling = Filling::default();
        if self.connection.is_autocommit() {
            return Ok(());
        }
        self.connection.execute_batch("COMMIT").map_err(|e| failed(&self.name, "write", &e))
    }
}

impl RecordWriter for Writer {
    fn put(&mut self, record: NewRecord<'_>) -> Result<()> {
        let fail = |e| failed(&self.name, "write", &e);
        if self.connection.is_autocommit() {
            self.connection.execute_batch("BEGIN").map_err(fail)?;
        }
        let mut insert = self.connection.prepare_cached(INSERT).map_err(fail)?;
        insert.execute((record.index as i64, record.label, record.bytes)).map_err(fail)?;
        drop(insert);
        if self.filling.add(record.bytes) { self.commit() } else { Ok(()) }
    }

    fn sync(&mut self) -> Result<()> {
        // With `synchronous` a commit has returned when the device had the data; otherwise that is done now.
        self.commit()?;
        sync::tree(&self.name.path)
    }

    fn finish(mut self: Box<Self>) -> Result<()> {
        self.commit()?;
        let Self { connection, name, .. } = *self;
        connection.close().map_err(|(_, e)| failed(&name, "close", &e))
    }
}

#[cfg(test)]
mod tests;
