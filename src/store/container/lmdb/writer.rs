//! Writing: records are put behind the last, in transactions of a bounded size.

use super::failed;
use super::key::Keys;
use crate::error::Result;
use crate::store::container::StoreName;
use crate::store::container::record::{NewRecord, RecordWriter};
use crate::store::container::transaction::Filling;
use ::lmdb::{Database, Environment, RwTransaction, Transaction, WriteFlags};

/// A transaction that may be open, beside the environment it borrows.
struct MaybeTransaction<'env>(Option<RwTransaction<'env>>);

self_cell::self_cell!(
    struct OpenTransaction {
        owner: Environment,
        #[not_covariant]
        dependent: MaybeTransaction,
    }
);

/// Writes records in the order of their keys.
pub struct Writer {
    transaction: OpenTransaction,
    database: Database,
    keys: Keys,
    filling: Filling,
    name: StoreName,
}

impl Writer {
    /// Adds to `database` of `environment`, in transactions.
    pub fn new(environment: Environment, database: Database, keys: Keys, name: StoreName) -> Self {
        let transaction = OpenTransaction::new(environment, |_| MaybeTransaction(None));
        Self { transaction, database, keys, filling: Filling::default(), name }
    }

    fn commit(&mut self) -> Result<()> {
        self.filling = Filling::default();
        self.transaction
            .with_dependent_mut(|_, open| open.0.take().map_or(Ok(()), RwTransaction::commit))
            .map_err(|e| failed(&self.name, "write", e))
    }
}

impl RecordWriter for Writer {
    fn put(&mut self, record: NewRecord<'_>) -> Result<()> {
        let (database, key) = (self.database, self.keys.of(record.index));
        self.transaction
            .with_dependent_mut(|environment, open| {
                let transaction = match &mut open.0 {
                    Some(transaction) => transaction,
                    none => none.insert(environment.begin_rw_txn()?),
                };
                // Keys come in order: appending fills pages and skips the search.
                transaction.put(database, &key, &record.bytes, WriteFlags::APPEND)
            })
            .map_err(|e| failed(&self.name, "write", e))?;
        if self.filling.add(record.bytes) { self.commit() } else { Ok(()) }
    }

    fn sync(&mut self) -> Result<()> {
        self.commit()?;
        // Without NO_SYNC the commit has returned when the device had the data; otherwise that is done now.
        self.transaction
            .with_dependent(|environment, _| environment.sync(true))
            .map_err(|e| failed(&self.name, "sync", e))
    }

    fn finish(mut self: Box<Self>) -> Result<()> {
        self.commit()
    }
}
