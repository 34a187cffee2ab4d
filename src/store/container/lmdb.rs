//! `lmdb`: LMDB, a memory-mapped B+tree (<http://www.lmdb.tech/doc/>). Key: the image's number as eight decimal
//! digits, as in the founding experiment and in Caffe's tools, or as an integer. One `data.mdb`, no lock file: a finished
//! store never changes.

mod direct;
pub(crate) mod environment;
mod key;
mod reader;
mod writer;

use super::record::{self, RecordContainer, RecordLayout, RecordReader, RecordStore, RecordWriter};
use super::transaction::Filling;
use super::{ContainerInfo, StoreName, mapped};
use crate::error::{Error, Result};
use crate::results::Native;
use crate::store::facts::Facts;
use crate::store::options::{OptionInfo, Values, word};
use crate::store::tuning::{Applies, Tuned};
use crate::store::{Capabilities, Durability, Removal, WriteOptions};
use ::lmdb::{Database, Environment, EnvironmentFlags, RoTransaction, Transaction, WriteFlags};
use direct::Direct;
use environment::SharedEnvironment;
use key::Keys;
use reader::Reader;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use writer::Writer;

const TUNED: &[Tuned] = &[
    Tuned {
        key: KEYS.key,
        value: "integer",
        applies: Applies::Always,
        why: "keys are compared as numbers: 1.09 times as fast in a shuffled epoch and in single reads, else tied",
    },
    Tuned { key: READAHEAD.key, ..mapped::TUNED },
];

pub const INFO: ContainerInfo = ContainerInfo {
    about: "LMDB, memory-mapped B+tree",
    codecs: &["bincode", "raw", "png", "source", "jpeg", "qoi", "webp", "zstd", "lz4"],
    facts: Facts {
        licence: "OpenLDAP Public License 2.8",
        specification: "none beside the source code (lmdb.tech/doc)",
        others: "bindings of the same C library for Python, Go, Java, JavaScript, C++; libmdbx reads a descendant of it, not the same",
    },
    options: &[KEYS, READAHEAD, READ],
    tuned: TUNED,
    labels: "inside each record",
    make: |id| {
        let keys = if word(id, &KEYS) == "integer" { Keys::Integers } else { Keys::Digits };
        let (readahead, direct) = (word(id, &READAHEAD) == "on", word(id, &READ) == "direct");
        record::format(id, Lmdb { keys, readahead, direct })
    },
};

const KEYS: OptionInfo = OptionInfo {
    key: "keys",
    values: Values::OneOf(&["digits", "integer"]),
    default: "digits",
    about: "images lie under their number: eight decimal digits, or a 32-bit integer (MDB_INTEGERKEY)",
    reading: false,
};

const READAHEAD: OptionInfo = OptionInfo {
    key: "readahead",
    values: Values::OneOf(&["on", "off"]),
    default: "on",
    about: "off (MDB_NORDAHEAD): for random reads of a store that does not fit into memory",
    reading: true,
};

const READ: OptionInfo = OptionInfo {
    key: "read",
    values: Values::OneOf(&["library", "direct"]),
    default: "library",
    about: "by LMDB, or by a table of where the records lie, made on opening",
    reading: true,
};

#[derive(Clone, Copy)]
struct Lmdb {
    keys: Keys,
    /// Whether the system reads ahead where the map is touched.
    readahead: bool,
    /// Whether records are found by a table of ours, and not by LMDB.
    direct: bool,
}

impl RecordContainer for Lmdb {
    fn create(&self, at: &Path, layout: &RecordLayout, write: &WriteOptions) -> Result<Box<dyn RecordWriter>> {
        self.keys.refuse(layout.records, &layout.name)?;
        let environment = open_to_write(at, layout, write)?;
        let database = environment.create_db(None, self.keys.flags()).map_err(|e| failed(&layout.name, "create", e))?;
        Ok(self.writer(environment, database, layout))
    }

    fn can_resume(&self) -> bool {
        true
    }

    fn open_append(
        &self,
        at: &Path,
        layout: &RecordLayout,
        more: u64,
        write: &WriteOptions,
    ) -> Result<Box<dyn RecordWriter>> {
        let after = RecordLayout { records: layout.records.saturating_add(more), ..layout.clone() };
        self.keys.refuse(after.records, &layout.name)?;
        let (environment, database) = self.open_to_change(at, layout, &after, write)?;
        Ok(self.writer(environment, database, &after))
    }

    /// In one transaction, which takes the pages that become free for the next.
    fn remove(&self, at: &Path, layout: &RecordLayout, removal: &Removal, write: &WriteOptions) -> Result<()> {
        let (environment, database) = self.open_to_change(at, layout, layout, write)?;
        let change = || {
            let mut transaction = environment.begin_rw_txn()?;
            for &(from, to) in removal.moves() {
                let record = transaction.get(database, &self.keys.of(from))?.to_vec();
                transaction.put(database, &self.keys.of(to), &record, WriteFlags::empty())?;
            }
            let mut gone = removal.left()..removal.images();
            gone.try_for_each(|index| transaction.del(database, &self.keys.of(index), None))?;
            transaction.commit()
        };
        change().map_err(|e| failed(&layout.name, "write", e))
    }

    fn removes_at_once(&self) -> bool {
        true
    }

    /// Commits are all or nothing, so what a killed process left is whole up to its last commit.
    fn resume(
        &self,
        at: &Path,
        layout: &RecordLayout,
        write: &WriteOptions,
        keep: u64,
    ) -> Result<Box<dyn RecordWriter>> {
        let fail = |e| failed(&layout.name, "open", e);
        let environment = open_to_write(at, layout, write)?;
        let database = self.database(&environment, layout)?;
        let there = environment.stat().map_err(fail)?.entries() as u64;
        if there < keep {
            return Err(layout.name.damaged(format!("it holds {there} records of the {keep} that were safe")));
        }
        let mut transaction = environment.begin_rw_txn().map_err(fail)?;
        (keep..there).try_for_each(|index| transaction.del(database, &self.keys.of(index), None)).map_err(fail)?;
        transaction.commit().map_err(fail)?;
        Ok(self.writer(environment, database, layout))
    }

    fn open(&self, at: &Path, layout: &RecordLayout) -> Result<Arc<dyn RecordStore>> {
        self.keys.refuse(layout.records, &layout.name)?;
        let environment = SharedEnvironment::open(at, self.readahead, &layout.name)?;
        let fail = |e| failed(&layout.name, "open", e);
        let database = environment.get().open_db(None).map_err(fail)?;
        let entries = environment.get().stat().map_err(fail)?.entries() as u64;
        if entries != layout.records {
            return Err(layout.name.damaged(format!("it holds {entries} records for {} images", layout.records)));
        }
        let flags = environment.get().begin_ro_txn().and_then(|transaction| transaction.db_flags(database));
        self.keys.refuse_other(flags.map_err(fail)?, &layout.name)?;
        let (max_bytes, name) = (layout.max_record_bytes(), layout.name.clone());
        let store = Store { environment, database, keys: self.keys, records: entries, max_bytes, name };
        Ok(if self.direct { Direct::new(&store)? } else { Arc::new(store) })
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { append: true, delete: Some(true), zero_copy: true, ..Capabilities::RECORDS }
    }

    fn native(&self) -> Option<Native> {
        let (mut major, mut minor, mut patch) = (0, 0, 0);
        // SAFETY: mdb_version writes three integers through valid pointers and returns a static string we ignore.
        unsafe { ::lmdb_sys::mdb_version(&mut major, &mut minor, &mut patch) };
        Some(Native { library: "LMDB".into(), version: format!("{major}.{minor}.{patch}") })
    }

    fn settings(&self, layout: &RecordLayout) -> BTreeMap<String, String> {
        BTreeMap::from([
            ("LMDB map size (sparse)".into(), format!("{} MiB", map_size(layout) >> 20)),
            ("LMDB transaction".into(), Filling::words()),
            ("LMDB keys".into(), self.keys.in_words().into()),
            ("LMDB readahead".into(), if self.readahead { "on" } else { "off" }.into()),
            (
                "LMDB read".into(),
                if self.direct { "direct, by a table made on opening" } else { "by its library" }.into(),
            ),
        ])
    }

    fn keeps_labels(&self) -> bool {
        false
    }
}

fn open_to_write(at: &Path, layout: &RecordLayout, write: &WriteOptions) -> Result<Environment> {
    let mut flags = EnvironmentFlags::NO_LOCK;
    if write.durability != Durability::Each {
        // Commits without waiting for the device: durability `close` syncs the finished file once.
        flags |= EnvironmentFlags::NO_SYNC;
    }
    let opened = Environment::new().set_flags(flags).set_map_size(map_size(layout)).open(at);
    opened.map_err(|e| failed(&layout.name, "create", e))
}

impl Lmdb {
    /// The one database of an environment, which must have keys like these.
    fn database(&self, environment: &Environment, layout: &RecordLayout) -> Result<Database> {
        let fail = |e| failed(&layout.name, "open", e);
        let database = environment.open_db(None).map_err(fail)?;
        // Not created with flags: LMDB would add them to those of a database that has none.
        let flags = environment.begin_ro_txn().and_then(|transaction| transaction.db_flags(database));
        self.keys.refuse_other(flags.map_err(fail)?, &layout.name)?;
        Ok(database)
    }

    /// A finished store, which is as `layout` says, to be changed into one like `after`.
    fn open_to_change(
        &self,
        at: &Path,
        layout: &RecordLayout,
        after: &RecordLayout,
        write: &WriteOptions,
    ) -> Result<(Environment, Database)> {
        let environment = environment::to_change(at, &layout.name, || open_to_write(at, after, write))?;
        let database = self.database(&environment, layout)?;
        let there = environment.stat().map_err(|e| failed(&layout.name, "open", e))?.entries() as u64;
        match there == layout.records {
            true => Ok((environment, database)),
            false => Err(layout.name.damaged(format!("it holds {there} records for {} images", layout.records))),
        }
    }

    fn writer(&self, environment: Environment, database: Database, layout: &RecordLayout) -> Box<dyn RecordWriter> {
        Box::new(Writer::new(environment, database, self.keys, layout.name.clone()))
    }
}

/// Largest map: more than a disk holds, and an eighth of the address space that x86-64 gives a process. Of images of which
/// one is huge the decoded sizes say nothing.
const MAX_MAP: u64 = 16 << 40;

/// Address space for the map: twice what whole pages for incompressible records could need, and room for the tree, at
/// most [`MAX_MAP`]. It costs nothing until it is written.
fn map_size(layout: &RecordLayout) -> usize {
    let record = layout.max_image_bytes.saturating_mul(9).saturating_div(8).saturating_add(8_192);
    let bytes = record.saturating_mul(layout.records).saturating_mul(2).saturating_add(1 << 30);
    usize::try_from(bytes.min(MAX_MAP)).unwrap_or(usize::MAX >> 1) & !0xFFFF
}

fn failed(name: &StoreName, action: &'static str, e: ::lmdb::Error) -> Error {
    match e {
        ::lmdb::Error::Other(code) => {
            let source = std::io::Error::from_raw_os_error(code);
            // A write cut short by a full disk is reported as EIO.
            let remedy = match (action, source.kind()) {
                ("write", _) => "check the space left on the disk",
                ("create", std::io::ErrorKind::OutOfMemory) => {
                    "its map takes address space, not memory: let this process have more (ulimit -v), or write fewer images"
                }
                _ => "write the store again",
            };
            name.error(format!("LMDB cannot {action} it: {source}"), remedy)
        }
        ::lmdb::Error::MapFull => name.error("LMDB's map is full", "use images that compress, or fewer"),
        other => name.error(format!("LMDB cannot {action} it: {other}"), "write the store again"),
    }
}

struct Store {
    environment: Arc<SharedEnvironment>,
    database: Database,
    keys: Keys,
    records: u64,
    /// A record longer than this is damaged, and is not looked at.
    max_bytes: u64,
    name: StoreName,
}

impl Store {
    /// What a look-up of image `index` came to. LMDB believes any length that a page claims.
    fn looked_up<'a>(&self, found: ::lmdb::Result<&'a [u8]>, index: u64) -> Result<&'a [u8]> {
        match found {
            Ok(record) if record.len() as u64 <= self.max_bytes => Ok(record),
            Ok(_) => Err(self.name.damaged(format!("the record of image {index} is too long for any image"))),
            Err(::lmdb::Error::NotFound) => Err(self.name.damaged(format!("image {index} is missing"))),
            Err(e) => Err(failed(&self.name, "read", e)),
        }
    }

    fn snapshot(&self) -> Result<Snapshot> {
        Snapshot::try_new(Arc::clone(&self.environment), |environment| environment.get().begin_ro_txn())
            .map_err(|e| failed(&self.name, "read", e))
    }
}

self_cell::self_cell!(
    struct Snapshot {
        owner: Arc<SharedEnvironment>,
        #[covariant]
        dependent: RoTransaction,
    }
);

impl RecordStore for Store {
    fn reader(self: Arc<Self>) -> Result<Box<dyn RecordReader>> {
        Ok(Box::new(Reader::new(self)?))
    }
}

#[cfg(test)]
mod tests;
