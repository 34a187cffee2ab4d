//! `rocksdb`: RocksDB (<https://rocksdb.org>), a log-structured merge tree. Under the image's number (`u64`, big-endian, so that
//! the library's order of bytes is that of the numbers) lies its record. Written as whoever fills one in bulk does: sorted
//! table files are made by themselves and taken into the database, without a log or a memtable, and nothing is left to
//! compact. Every block's checksum is verified when it is read.

use super::record::{
    self, NewRecord, Record, RecordContainer, RecordLayout, RecordReader, RecordStore, RecordWriter, TakeRecord,
};
use super::{ContainerInfo, StoreName};
use crate::error::{Error, IoContext, Result};
use crate::results::Native;
use crate::store::facts::Facts;
use crate::store::options::{OptionInfo, Values, integer, word};
use crate::store::tuning::{Applies, Tuned};
use crate::store::{Capabilities, Removal, WriteOptions, sync};
use ::rocksdb::{
    BlockBasedOptions, Cache, ColumnFamilyDescriptor, DB, DBCompressionType, DBPinnableSlice, ErrorKind, InfoLogger,
    IngestExternalFileOptions, LogLevel, Options, SstFileWriter, WriteBatch,
};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const CACHE: OptionInfo = OptionInfo {
    key: "cache",
    values: Values::Integer { min: 1, max: 1 << 20 },
    default: "32",
    about: "MiB of the library's own cache of blocks, beside that of the system",
    reading: true,
};

const MMAP: OptionInfo = OptionInfo {
    key: "mmap",
    values: Values::OneOf(&["off", "on"]),
    default: "off",
    about: "whether blocks are read from a map (allow_mmap_reads) and not by calls into the cache",
    reading: true,
};

const TUNED: &[Tuned] = &[Tuned {
    key: CACHE.key,
    value: "1024",
    applies: Applies::Always,
    why: "a store that fits stays in the cache: 1.09 times as fast in a shuffled epoch, 1.63 times in order",
}];

pub const INFO: ContainerInfo = ContainerInfo {
    about: "RocksDB, a log-structured merge tree, filled in bulk",
    codecs: &["raw", "png", "source", "jpeg", "qoi", "webp", "zstd", "lz4"],
    facts: Facts {
        licence: "Apache-2.0 or GPL-2.0",
        specification: "its wiki describes its table files (github.com/facebook/rocksdb/wiki)",
        others: "the same library in Java, C, Go, Node; rocksdict for Python",
    },
    options: &[CACHE, MMAP],
    tuned: TUNED,
    labels: "inside each record",
    make: |id| {
        let cache_mib = integer(id, CACHE.key).unwrap_or(32);
        record::format(id, RocksDb { cache_mib, mapped: word(id, &MMAP) == "on" })
    },
};

/// A table file is ended when its records have so many bytes: the library's own aim (`target_file_size_base`).
const BYTES_A_TABLE: usize = 64 << 20;
/// Tables that stay open: half of what a process may have open on most systems. By default the library opens all.
const OPEN_TABLES: i32 = 512;
/// The one column family there is.
const FAMILY: &str = "default";
/// Scattered records looked up together.
const TOGETHER: usize = 64;

struct RocksDb {
    cache_mib: u64,
    /// Whether blocks are read from a map.
    mapped: bool,
}

fn failed(name: &StoreName, action: &str, e: ::rocksdb::Error) -> Error {
    match e.kind() {
        // The latter, of opening, is a database without its first file.
        ErrorKind::Corruption | ErrorKind::InvalidArgument => name.damaged(format!("RocksDB cannot {action} it: {e}")),
        _ => name.failed("RocksDB", action, e),
    }
}

/// Where image `index` lies.
fn key(index: u64) -> [u8; 8] {
    index.to_be_bytes()
}

impl RocksDb {
    fn options(&self) -> Options {
        let mut table = BlockBasedOptions::default();
        let bytes = usize::try_from(self.cache_mib << 20).unwrap_or(usize::MAX);
        table.set_block_cache(&Cache::new_lru_cache(bytes));
        let mut options = Options::default();
        options.set_block_based_table_factory(&table);
        options.set_allow_mmap_reads(self.mapped);
        options.set_max_open_files(OPEN_TABLES);
        // That is for codecs.
        options.set_compression_type(DBCompressionType::None);
        // Else it logs into the store, even when that is only read.
        options.set_info_logger(InfoLogger::new_callback_logger(LogLevel::Fatal, |_, _| {}));
        options
    }

    /// A finished store, to be changed.
    fn open_to_change(&self, at: &Path, layout: &RecordLayout) -> Result<(Options, DB)> {
        let options = self.options();
        let database = DB::open(&options, at).map_err(|e| failed(&layout.name, "open", e))?;
        refuse_other_count(&database, layout)?;
        Ok((options, database))
    }
}

/// Refuses a database whose highest number is another than it should be: it is found without a walk. Whether all below it
/// are there shows when they are read.
fn refuse_other_count(database: &DB, layout: &RecordLayout) -> Result<()> {
    let mut last = database.raw_iterator();
    last.seek_to_last();
    last.status().map_err(|e| failed(&layout.name, "open", e))?;
    let expected = layout.records.checked_sub(1).map(key);
    if last.key() == expected.as_ref().map(|key| &key[..]) {
        return Ok(());
    }
    let number = last.key().map(|key| <[u8; 8]>::try_from(key).map(u64::from_be_bytes));
    let last = match number {
        None => "it holds nothing".into(),
        Some(Ok(number)) => format!("its last key is {number}"),
        Some(Err(_)) => "its last key is no number".into(),
    };
    Err(layout.name.damaged(format!("{last}, of {} images", layout.records)))
}

impl RecordContainer for RocksDb {
    fn create(&self, at: &Path, layout: &RecordLayout, _: &WriteOptions) -> Result<Box<dyn RecordWriter>> {
        let mut options = self.options();
        options.create_if_missing(true);
        options.set_error_if_exists(true);
        let database = DB::open(&options, at).map_err(|e| failed(&layout.name, "create", e))?;
        Ok(Box::new(Writer::new(options, database, at, layout, 0)))
    }

    /// More tables, behind those that there are.
    fn open_append(&self, at: &Path, layout: &RecordLayout, _: u64, _: &WriteOptions) -> Result<Box<dyn RecordWriter>> {
        let (options, database) = self.open_to_change(at, layout)?;
        Ok(Box::new(Writer::new(options, database, at, layout, layout.records)))
    }

    /// In one batch, held in memory, which becomes a table of its own; what it hides goes when the library compacts next.
    fn remove(&self, at: &Path, layout: &RecordLayout, removal: &Removal, _: &WriteOptions) -> Result<()> {
        let (_options, database) = self.open_to_change(at, layout)?;
        let fail = |e| failed(&layout.name, "write", e);
        let mut batch = WriteBatch::default();
        for &(from, to) in removal.moves() {
            let record = database.get_pinned(key(from)).map_err(fail)?;
            // Else one that was to go would stand for it.
            batch.put(key(to), record.ok_or_else(|| missing(&layout.name, from))?);
        }
        (removal.left()..removal.images()).for_each(|index| batch.delete(key(index)));
        // Without a log: the store is unfinished until its manifest has its name back.
        let mut unlogged = ::rocksdb::WriteOptions::default();
        unlogged.disable_wal(true);
        database.write_opt(batch, &unlogged).and_then(|()| database.flush()).map_err(fail)
    }

    fn open(&self, at: &Path, layout: &RecordLayout) -> Result<Arc<dyn RecordStore>> {
        std::fs::metadata(at).at("open", at)?;
        let options = self.options();
        // Named, because records are looked up together only in a family that was.
        let family = ColumnFamilyDescriptor::new(FAMILY, options.clone());
        let database = DB::open_cf_descriptors_read_only(&options, at, [family], false);
        let database = database.map_err(|e| failed(&layout.name, "open", e))?;
        refuse_other_count(&database, layout)?;
        Ok(Arc::new(Store { database, max_bytes: layout.max_record_bytes(), name: layout.name.clone() }))
    }

    /// Whether every number is there, once.
    fn audit(&self, at: &Path, layout: &RecordLayout) -> Result<()> {
        let database =
            DB::open_for_read_only(&self.options(), at, false).map_err(|e| failed(&layout.name, "open", e))?;
        let mut there = database.raw_iterator();
        there.seek_to_first();
        for index in 0..layout.records {
            if there.key() != Some(&key(index)[..]) {
                there.status().map_err(|e| failed(&layout.name, "read", e))?;
                return Err(layout.name.mismatch(format!("image {index} is missing, or another key is before it")));
            }
            there.next();
        }
        let more = there.valid();
        there.status().map_err(|e| failed(&layout.name, "read", e))?;
        if more { Err(layout.name.mismatch("it holds more than its images")) } else { Ok(()) }
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { append: true, delete: Some(true), checksums: true, ..Capabilities::RECORDS }
    }

    fn native(&self) -> Option<Native> {
        Some(Native { library: "RocksDB".into(), version: env!("BUILT_ROCKSDB_VERSION").into() })
    }

    fn settings(&self, _: &RecordLayout) -> BTreeMap<String, String> {
        BTreeMap::from([
            ("RocksDB block cache".into(), format!("{} MiB", self.cache_mib)),
            ("RocksDB block".into(), "4 KiB, its default; not compressed".into()),
            ("RocksDB open tables".into(), format!("{OPEN_TABLES} at most")),
            ("RocksDB table".into(), format!("{} MiB, made by itself and taken in", BYTES_A_TABLE >> 20)),
            ("RocksDB checksums".into(), "verified whenever a block is read".into()),
            ("RocksDB read".into(), if self.mapped { "from a map" } else { "by calls, into its cache" }.into()),
        ])
    }

    fn keeps_labels(&self) -> bool {
        false
    }
}

fn missing(name: &StoreName, index: u64) -> Error {
    name.damaged(format!("image {index} is missing"))
}

struct Writer {
    options: Options,
    database: DB,
    /// The table being made, until it is taken in.
    table: PathBuf,
    /// Number of the first record that is in no table.
    first: u64,
    /// Where in `bytes` each of those ends.
    ends: Vec<usize>,
    bytes: Vec<u8>,
    name: StoreName,
}

impl Writer {
    fn new(options: Options, database: DB, at: &Path, layout: &RecordLayout, first: u64) -> Self {
        let (table, name) = (at.join("new.sst"), layout.name.clone());
        Self { options, database, table, first, ends: Vec::new(), bytes: Vec::new(), name }
    }

    /// Makes a table of the records so far, and the database take it in. That syncs it, whatever the durability.
    fn end_table(&mut self) -> Result<()> {
        if self.ends.is_empty() {
            return Ok(());
        }
        let made = || {
            let mut table = SstFileWriter::create(&self.options);
            table.open(&self.table)?;
            let mut start = 0;
            for (index, end) in (self.first..).zip(&self.ends) {
                table.put(key(index), &self.bytes[start..*end])?;
                start = *end;
            }
            table.finish()?;
            let mut take = IngestExternalFileOptions::default();
            take.set_move_files(true);
            self.database.ingest_external_file_opts(&take, vec![&self.table])
        };
        let made = made().inspect_err(|_| _ = std::fs::remove_file(&self.table));
        made.map_err(|e| failed(&self.name, "write", e))?;
        self.first += self.ends.len() as u64;
        self.ends.clear();
        self.bytes.clear();
        Ok(())
    }
}

impl RecordWriter for Writer {
    fn put(&mut self, record: NewRecord<'_>) -> Result<()> {
        self.bytes.extend_from_slice(record.bytes);
        self.ends.push(self.bytes.len());
        if self.bytes.len() >= BYTES_A_TABLE { self.end_table() } else { Ok(()) }
    }

    fn sync(&mut self) -> Result<()> {
        self.end_table()?;
        sync::one(&self.name.path)
    }

    fn finish(mut self: Box<Self>) -> Result<()> {
        self.end_table()?;
        self.database.cancel_all_background_work(true);
        Ok(())
    }
}

struct Store {
    database: DB,
    max_bytes: u64,
    name: StoreName,
}

impl Store {
    /// What a look-up of image `index` came to.
    fn record<'a>(&self, found: Option<&'a [u8]>, index: u64) -> Result<Record<'a>> {
        let bytes = found.ok_or_else(|| missing(&self.name, index))?;
        match bytes.len() as u64 <= self.max_bytes {
            true => Ok(Record { bytes, label: 0 }),
            false => Err(self.name.damaged(format!("the record of image {index} is too long for any image"))),
        }
    }

    /// Neighbours, by a walk.
    fn walk(&self, first: u64, count: u64, take: &mut TakeRecord<'_>) -> Result<()> {
        let mut walk = self.database.raw_iterator();
        walk.seek(key(first));
        for index in first..first + count {
            let at = walk.item().filter(|(at, _)| *at == key(index)).map(|(_, record)| record);
            if at.is_none() {
                walk.status().map_err(|e| failed(&self.name, "read", e))?;
            }
            take(index, self.record(at, index)?)?;
            walk.next();
        }
        Ok(())
    }

    /// Scattered records, looked up together.
    fn look_up(&self, indices: &[u64], take: &mut TakeRecord<'_>) -> Result<()> {
        let family = self.database.cf_handle(FAMILY).ok_or_else(|| self.name.damaged("it has no default family"))?;
        let keys: Vec<_> = indices.iter().map(|&index| key(index)).collect();
        let found = self.database.batched_multi_get_cf(family, &keys, false);
        found.into_iter().zip(indices).try_for_each(|(found, &index)| {
            let found = found.map_err(|e| failed(&self.name, "read", e))?;
            take(index, self.record(found.as_deref(), index)?)
        })
    }
}

impl RecordStore for Store {
    fn reader(self: Arc<Self>) -> Result<Box<dyn RecordReader>> {
        Ok(Box::new(Reader { held: Held::new(self, |_| None) }))
    }
}

/// What keeps the last record in memory.
type Last<'a> = Option<DBPinnableSlice<'a>>;

self_cell::self_cell!(
    struct Held {
        owner: Arc<Store>,
        #[covariant]
        dependent: Last,
    }
);

struct Reader {
    held: Held,
}

impl RecordReader for Reader {
    fn get(&mut self, index: u64) -> Result<Record<'_>> {
        self.held.with_dependent_mut(|store, last| {
            *last = store.database.get_pinned(key(index)).map_err(|e| failed(&store.name, "read", e))?;
            Ok(())
        })?;
        self.held.with_dependent(|store, last| store.record(last.as_deref(), index))
    }

    fn get_each(&mut self, indices: &[u64], take: &mut TakeRecord<'_>) -> Result<()> {
        let store = self.held.borrow_owner();
        match indices {
            [] => Ok(()),
            [first, ..] if indices.is_sorted_by(|a, b| a.checked_add(1) == Some(*b)) => {
                store.walk(*first, indices.len() as u64, take)
            }
            _ => indices.chunks(TOGETHER).try_for_each(|some| store.look_up(some, take)),
        }
    }
}

#[cfg(test)]
mod tests;
