//! Transactions: how much databases are given at once, which is the same for `lmdb`, `redb` and `sqlite`.

/// Records a transaction takes before it is committed: many, so that pages are written once, and few enough that LMDB's dirty
/// pages (one or two for a 3 KB record) stay below the 131,072 that it keeps without spilling.
const RECORDS: u64 = 8_192;

/// Larger records make smaller transactions.
const BYTES: u64 = 64 << 20;

/// What a transaction has taken so far; by default nothing.
#[derive(Debug, Default)]
pub struct Filling {
    records: u64,
    bytes: u64,
}

impl Filling {
    /// Counts a record. Whether the transaction is full with it, and is to be committed.
    pub fn add(&mut self, record: &[u8]) -> bool {
        self.records += 1;
        self.bytes += record.len() as u64;
        self.records >= RECORDS || self.bytes >= BYTES
    }

    /// When it is full in words, for the settings of a format.
    pub fn words() -> String {
        format!("{RECORDS} records or {} MiB", BYTES >> 20)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transaction_is_full_with_its_last_record_or_byte() {
        let mut small = Filling::default();
        assert_eq!((1..=RECORDS).find(|_| small.add(&[7])), Some(RECORDS));
        let (mut large, half) = (Filling::default(), vec![7; BYTES as usize / 2]);
        assert!(!large.add(&half) && large.add(&half));
        assert_eq!(Filling::words(), "8192 records or 64 MiB");
    }
}
