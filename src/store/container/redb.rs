//! `redb`: redb (<https://github.com/cberner/redb>), a key-value store in Rust, a copy-on-write B-tree like LMDB's, read by
//! calls into a cache of its own. One file, `images.redb`, with a table `images` from the image's number (`u64`) to its
//! record.
use super::guard::guarded;
use super::record::{self, NewRecord, Record, RecordContainer, RecordLayout, RecordReader, RecordStore, RecordWriter};
use super::transaction::Filling;
use super::{ContainerInfo, StoreName};
use crate::error::{Error, IoContext, Result};
use crate::results::Native;
use crate::store::facts::Facts;
use crate::store::options::{OptionInfo, Values, integer};
use crate::store::{Capabilities, Durability, Removal, WriteOptions, sync};
use ::redb::backends::FileBackend;
use ::redb::{
    AccessGuard, Builder, Database, ReadOnlyDatabase, ReadOnlyTable, ReadableDatabase, ReadableTable,
    ReadableTableMetadata, StorageBackend, TableDefinition,
};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

const CACHE: OptionInfo = OptionInfo {
    key: "cache",
    values: Values::Integer { min: 1, max: 1 << 20 },
    default: "1024",
    about: "MiB of the library's own cache, beside that of the system",
    reading: true,
};

pub const INFO: ContainerInfo = ContainerInfo {
    about: "redb, a copy-on-write B-tree in Rust",
    codecs: &["raw", "png", "source", "jpeg", "qoi", "webp", "zstd", "lz4"],
    facts: Facts {
        licence: "MIT or Apache-2.0",
        specification: "its file format is described in docs/design.md of its source code",
        others: "none beside Rust",
    },
    options: &[CACHE],
    tuned: &[],
    labels: "inside each record",
    make: |id| record::format(id, Redb { cache_mib: integer(id, CACHE.key).unwrap_or(1024) }),
};

const FILE: &str = "images.redb";
const TABLE: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("images");

struct Redb {
    cache_mib: u64,
}

fn failed(name: &StoreName, action: &str, e: impl Into<::redb::Error>) -> Error {
    name.failed("redb", action, e.into())
}

fn unreadable(name: &StoreName, why: &str) -> Error {
    name.damaged(format!("redb cannot read it: {why}"))
}

fn text(e: impl Into<::redb::Error>) -> String {
    e.into().to_string()
}

/// Changes a database, in which redb says some damage and panics at the rest. After a panic it is let go of as it is: closing it
/// would panic again.
fn changing(
    database: &mut Option<Database>,
    name: &StoreName,
    action: &str,
    change: impl FnOnce(&mut Database) -> Result<(), ::redb::Error>,
) -> Result<()> {
    let open = database.as_mut().ok_or_else(|| unreadable(name, "it was given up before"))?;
    match guarded(|| Ok(change(open))) {
        Ok(changed) => changed.map_err(|e| failed(name, action, e)),
        Err(why) => {
            std::mem::forget(database.take());
            Err(unreadable(name, &why))
        }
    }
}

fn close(database: Option<Database>, name: &StoreName) -> Result<()> {
    let closed = guarded(|| Ok(database.map_or(Ok(()), Database::close)));
    closed.map_err(|why| unreadable(name, &why))?.map_err(|e| failed(name, "close", e))
}

impl Redb {
    fn builder(&self) -> Builder {
        let mut builder = Builder::new();
        builder.set_cache_size(usize::try_from(self.cache_mib << 20).unwrap_or(usize::MAX));
        builder
    }
}

impl Redb {
    /// A finished store, to be changed.
    fn open_to_change(&self, at: &Path, layout: &RecordLayout, write: &WriteOptions) -> Result<Database> {
        let path = at.join(FILE);
        let file = std::fs::File::options().read(true).write(true).open(&path).at("open", &path)?;
        let open = || {
            let backend =
                Backend { file: FileBackend::new(file).map_err(text)?, sync: write.durability == Durability::Each };
            let database = self.builder().create_with_backend(backend).map_err(text)?;
            let there = database.begin_read().map_err(text)?.open_table(TABLE).map_err(text)?.len().map_err(text)?;
            Ok((database, there))
        };
        let (database, there) = guarded(open).map_err(|why| unreadable(&layout.name, &why))?;
        match there == layout.records {
            true => Ok(database),
            false => Err(layout.name.damaged(format!("it holds {there} records for {} images", layout.records))),
        }
    }
}

impl RecordContainer for Redb {
    fn create(&self, at: &Path, layout: &RecordLayout, write: &WriteOptions) -> Result<Box<dyn RecordWriter>> {
        let path = at.join(FILE);
        let file = std::fs::File::options().read(true).write(true).create_new(true).open(&path).at("create", &path)?;
        let fail = |e| failed(&layout.name, "create", e);
        let backend = FileBackend::new(file).map_err(fail)?;
        let backend = Backend { file: backend, sync: write.durability == Durability::Each };
        let database = self.builder().create_with_backend(backend).map_err(fail)?;
        let mut writer = Writer::new(database, 0, true, layout);
        // The table of a store without images, too.
        writer.commit()?;
        Ok(Box::new(writer))
    }

    fn open_append(
        &self,
        at: &Path,
        layout: &RecordLayout,
        _: u64,
        write: &WriteOptions,
    ) -> Result<Box<dyn RecordWriter>> {
        Ok(Box::new(Writer::new(self.open_to_change(at, layout, write)?, layout.records, false, layout)))
    }

    /// In one transaction, which leaves the pages that become free to the next.
    fn remove(&self, at: &Path, layout: &RecordLayout, removal: &Removal, write: &WriteOptions) -> Result<()> {
        let mut database = Some(self.open_to_change(at, layout, write)?);
        changing(&mut database, &layout.name, "write", |database| {
            let transaction = database.begin_write()?;
            {
                let mut table = transaction.open_table(TABLE)?;
                for &(from, to) in removal.moves() {
                    let record = table.get(from)?.map(|record| record.value().to_vec());
                    // Else one that was to go would stand for it.
                    let missing = || ::redb::Error::Corrupted(format!("image {from} is missing"));
                    table.insert(to, &record.ok_or_else(missing)?[..])?;
                }
                (removal.left()..removal.images()).try_for_each(|index| table.remove(index).map(drop))?;
            }
            Ok(transaction.commit()?)
        })?;
        close(database, &layout.name)
    }

    fn removes_at_once(&self) -> bool {
        true
    }

    fn open(&self, at: &Path, layout: &RecordLayout) -> Result<Arc<dyn RecordStore>> {
        let path = at.join(FILE);
        std::fs::metadata(&path).at("open", &path)?;
        let name = layout.name.clone();
        let database = guarded(|| self.builder().open_read_only(&path).map_err(text));
        let database = database.map_err(|why| unreadable(&name, &why))?;
        let store = Store { database, max_bytes: layout.max_record_bytes(), name };
        let table = store.table()?;
        let there = guarded(|| table.len().map_err(text)).map_err(|why| unreadable(&store.name, &why))?;
        if there != layout.records {
            return Err(layout.name.damaged(format!("it holds {there} records for {} images", layout.records)));
        }
        Ok(Arc::new(store))
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { append: true, delete: Some(true), ..Capabilities::RECORDS }
    }

    fn native(&self) -> Option<Native> {
        Some(Native { library: "redb".into(), version: env!("BUILT_REDB_VERSION").into() })
    }

    fn settings(&self, _: &RecordLayout) -> BTreeMap<String, String> {
        BTreeMap::from([
            ("redb cache".into(), format!("{} MiB", self.cache_mib)),
            ("redb page".into(), "4 KiB, fixed".into()),
            ("redb transaction".into(), Filling::words()),
        ])
    }

    fn keeps_labels(&self) -> bool {
        false
    }
}

/// A file that is put on the device when asked for, or not before the finished store is.
#[derive(Debug)]
struct Backend {
    file: FileBackend,
    sync: bool,
}

impl StorageBackend for Backend {
    fn len(&self) -> std::io::Result<u64> {
        self.file.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> std::io::Result<()> {
        self.file.read(offset, out)
    }

    fn set_len(&self, len: u64) -> std::io::Result<()> {
        self.file.set_len(len)
    }

    fn sync_data(&self) -> std::io::Result<()> {
        if self.sync { self.file.sync_data() } else { Ok(()) }
    }

    fn write(&self, offset: u64, data: &[u8]) -> std::io::Result<()> {
        self.file.write(offset, data)
    }
}

struct Writer {
    /// None where it was given up.
    database: Option<Database>,
    /// Number of the first record that was not committed.
    first: u64,
    /// Where in `bytes` each of those ends.
    ends: Vec<usize>,
    /// They are gathered before, because an open transaction borrows its database.
    bytes: Vec<u8>,
    filling: Filling,
    /// Whether the whole file is its work.
    is_new: bool,
    name: StoreName,
}

impl Writer {
    fn new(database: Database, first: u64, is_new: bool, layout: &RecordLayout) -> Self {
        let (ends, bytes, filling) = (Vec::new(), Vec::new(), Filling::default());
        Self { database: Some(database), first, ends, bytes, filling, is_new, name: layout.name.clone() }
    }

    fn commit(&mut self) -> Result<()> {
        let Self { database, first, ends, bytes, name, .. } = self;
        changing(database, name, "write", |database| {
            let transaction = database.begin_write()?;
            {
                let mut table = transaction.open_table(TABLE)?;
                let mut start = 0;
                for (index, end) in (*first..).zip(&*ends) {
                    table.insert(index, &bytes[start..*end])?;
                    start = *end;
                }
            }
            Ok(transaction.commit()?)
        })?;
        self.first += self.ends.len() as u64;
        self.ends.clear();
        self.bytes.clear();
        self.filling = Filling::default();
        Ok(())
    }
}

impl RecordWriter for Writer {
    fn put(&mut self, record: NewRecord<'_>) -> Result<()> {
        self.bytes.extend_from_slice(record.bytes);
        self.ends.push(self.bytes.len());
        if self.filling.add(record.bytes) { self.commit() } else { Ok(()) }
    }

    fn sync(&mut self) -> Result<()> {
        self.commit()?;
        sync::tree(&self.name.path)
    }

    fn finish(mut self: Box<Self>) -> Result<()> {
        self.commit()?;
        let Self { mut database, is_new, name, .. } = *self;
        if is_new {
            // Gives back what the file grew by ahead. Of a store that was added to all pages would be moved.
            changing(&mut database, &name, "finish", |database| Ok(database.compact().map(drop)?))?;
        }
        close(database, &name)
    }
}

type Table = ReadOnlyTable<u64, &'static [u8]>;

struct Store {
    database: ReadOnlyDatabase,
    max_bytes: u64,
    name: StoreName,
}

impl Store {
    fn table(&self) -> Result<Table> {
        let table = guarded(|| self.database.begin_read().map_err(text)?.open_table(TABLE).map_err(text));
        table.map_err(|why| unreadable(&self.name, &why))
    }
}

impl RecordStore for Store {
    fn reader(self: Arc<Self>) -> Result<Box<dyn RecordReader>> {
        Ok(Box::new(Reader { table: self.table()?, last: None, store: self }))
    }
}

struct Reader {
    table: Table,
    /// What keeps the last record in memory.
    last: Option<AccessGuard<'static, &'static [u8]>>,
    store: Arc<Store>,
}

impl RecordReader for Reader {
    fn get(&mut self, index: u64) -> Result<Record<'_>> {
        let Self { table, last, store } = self;
        // Asked for its bytes in there, too: where they are said to end outside their page that panics.
        let get = || table.get(index).map(|found| found.inspect(|record| _ = record.value())).map_err(text);
        let found = guarded(get).map_err(|why| unreadable(&store.name, &why))?;
        let found = found.ok_or_else(|| store.name.damaged(format!("image {index} is missing")))?;
        let bytes = last.insert(found).value();
        match bytes.len() as u64 <= store.max_bytes {
            true => Ok(Record { bytes, label: 0 }),
            false => Err(store.name.damaged(format!("the record of image {index} is too long for any image"))),
        }
    }
}

#[cfg(test)]
mod tests;
