//! Reading: a record by a query of its own, neighbours by one.

use super::{FILE, failed};
use crate::error::{IoContext, Result};
use crate::store::container::StoreName;
use crate::store::container::record::{Record, RecordReader, RecordStore, TakeRecord};
use ::rusqlite::types::ValueRef;
use ::rusqlite::{Connection, OpenFlags, Row};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;

/// The map that is asked for; SQLite takes less where its own limit (2 GiB) is lower.
const MAP_BYTES: i64 = 1 << 40;

const ONE: &str = "SELECT id, label, image FROM images WHERE id = ?1";
const RUN: &str = "SELECT id, label, image FROM images WHERE id >= ?1 AND id < ?2 ORDER BY id";

/// An open store: each reader has a connection of its own, as SQLite wants it.
pub struct Store {
    /// Whether pages are read from a map.
    pub mapped: bool,
    /// A blob longer than this is damaged.
    pub max_bytes: u64,
    pub name: StoreName,
}

impl Store {
    /// A new connection.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn connect(&self) -> Result<Connection> {
        let fail = |e| failed(&self.name, "open", &e);
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let path = self.name.path.join(FILE);
        let path = std::path::absolute(&path).at("find", &path)?;
        let connection = Connection::open_with_flags(uri(&path), flags).map_err(fail)?;
        if self.mapped {
            let set = connection.pragma_update_and_check(None, "mmap_size", MAP_BYTES, |_| Ok(()));
            set.map_err(fail)?;
        }
        Ok(connection)
    }

    fn record<'a>(&self, row: &'a Row<'_>, index: u64) -> Result<Record<'a>> {
        let columns = row.get(0).and_then(|id: i64| Ok((id, row.get(1)?, row.get_ref(2)?)));
        let (id, label, image) = columns.map_err(|e| failed(&self.name, "read", &e))?;
        match image {
            _ if u64::try_from(id) != Ok(index) => Err(self.name.damaged(format!("image {index} is missing"))),
            ValueRef::Blob(bytes) if bytes.len() as u64 <= self.max_bytes => Ok(Record { bytes, label }),
            _ => Err(self.name.damaged(format!("image {index} is no blob, or too long for any image"))),
        }
    }
}

/// A file's URI, as SQLite reads it.
pub fn uri(path: &Path) -> String {
    let mut uri = String::from("file:");
    for byte in path.as_os_str().as_bytes() {
        match byte {
            b'/' | b'-' | b'_' | b'.' | b'~' => uri.push(char::from(*byte)),
            byte if byte.is_ascii_alphanumeric() => uri.push(char::from(*byte)),
            byte => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri + "?immutable=1"
}

impl RecordStore for Store {
    fn reader(self: Arc<Self>) -> Result<Box<dyn RecordReader>> {
        Ok(Box::new(Reader { connection: self.connect()?, scratch: Vec::new(), store: self }))
    }
}

struct Reader {
    connection: Connection,
    /// A blob that outlives its query.
    scratch: Vec<u8>,
    store: Arc<Store>,
}

impl RecordReader for Reader {
    fn get(&mut self, index: u64) -> Result<Record<'_>> {
        let Self { connection, scratch, store } = self;
        let mut label = 0;
        read(connection, store, index, 1, &mut |_, record| {
            scratch.clear();
            scratch.extend_from_slice(record.bytes);
            label = record.label;
            Ok(())
        })?;
        Ok(Record { bytes: scratch, label })
    }

    /// Neighbours by one query; handed on where SQLite has them.
    fn get_each(&mut self, indices: &[u64], take: &mut TakeRecord<'_>) -> Result<()> {
        let mut runs = indices.chunk_by(|a, b| a.checked_add(1) == Some(*b));
        runs.try_for_each(|run| read(&self.connection, &self.store, run[0], run.len() as u64, take))
    }
}

/// Hands the records `first .. first + count` to `take`.
fn read(connection: &Connection, store: &Store, first: u64, count: u64, take: &mut TakeRecord<'_>) -> Result<()> {
    let fail = |e| failed(&store.name, "read", &e);
    let mut query = connection.prepare_cached(if count == 1 { ONE } else { RUN }).map_err(fail)?;
    query.raw_bind_parameter(1, first as i64).map_err(fail)?;
    if count > 1 {
        query.raw_bind_parameter(2, (first + count) as i64).map_err(fail)?;
    }
    let mut rows = query.raw_query();
    let mut index = first;
    while let Some(row) = rows.next().map_err(fail)? {
        take(index, store.record(row, index)?)?;
        index += 1;
    }
    match index == first + count {
        true => Ok(()),
        false => Err(store.name.damaged(format!(
            "of the images {first} to {} there are {}",
            first + count - 1,
            index - first
        ))),
    }
}
