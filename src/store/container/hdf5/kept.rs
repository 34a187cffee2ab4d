//! Which chunks HDF5 keeps decoded, and so how many it decodes: the library does not tell, and its filters are its own. So its
//! rule is followed here (H5Dchunk.c: `H5D__chunk_lock`, `H5D__chunk_unlock`, `H5D__chunk_cache_prune`), read by read, by
//! numbers alone; the tests hold it against the bytes that the kernel counts.

use std::collections::VecDeque;

/// As large a part of its list, from the head on, HDF5 looks through for chunks that were read whole (`rdcc_w0`).
pub const PREEMPTION: f64 = 0.75;

/// One chunk that is kept.
struct Kept {
    number: u64,
    /// Rows still to be read, as HDF5 counts: each read takes off as many as it asks for.
    unread: u64,
}

/// In a slot with no chunk.
const EMPTY: u64 = u64::MAX;

/// The chunk cache of one open dataset whose chunks are all of its rows side by side.
pub struct KeptChunks {
    /// Rows a chunk.
    rows: u64,
    /// As many chunks are kept at most.
    capacity: usize,
    /// The chunk in each slot of HDF5's table: one takes the place of another with the same slot.
    slots: Vec<u64>,
    /// In HDF5's order, which is nearly that of last use.
    list: VecDeque<Kept>,
}

impl KeptChunks {
    /// None yet: of chunks of `rows` rows and `chunk_bytes` bytes, in a cache of `cache_bytes` with so many `slots`.
    pub fn new(rows: u64, chunk_bytes: u64, cache_bytes: usize, slots: usize) -> Self {
        let capacity = usize::try_from(cache_bytes as u64 / chunk_bytes.max(1)).unwrap_or(usize::MAX);
        Self { rows: rows.max(1), capacity, slots: vec![EMPTY; slots.max(1)], list: VecDeque::new() }
    }

    /// Rows `first .. first + count` are read in one call: how many chunks are decoded for that.
    pub fn read(&mut self, first: u64, count: u64) -> u64 {
        let (mut next, end, mut decoded) = (first, first + count, 0);
        while next < end {
            let number = next / self.rows;
            let until = end.min((number + 1) * self.rows);
            decoded += u64::from(self.decodes(number, until - next));
            next = until;
        }
        decoded
    }

    /// Whether chunk `number` has to be decoded for so many of its rows. Looked up by its slot, and looked for in the list only
    /// where it is there: this is called within the time of a read.
    fn decodes(&mut self, number: u64, rows: u64) -> bool {
        let slot = (number % self.slots.len() as u64) as usize;
        if self.slots[slot] == number {
            if let Some(at) = self.place_of(number) {
                self.list[at].unread = self.list[at].unread.saturating_sub(rows);
                // One step away from the head, not to the end.
                if at + 1 < self.list.len() {
                    self.list.swap(at, at + 1);
                }
            }
            return false;
        }
        // What is larger than the cache is never kept.
        if self.capacity > 0 {
            if self.slots[slot] != EMPTY {
                self.let_go(self.place_of(self.slots[slot]));
            }
            if self.list.len() >= self.capacity {
                self.let_go(Some(self.first_to_go()));
            }
            self.slots[slot] = number;
            self.list.push_back(Kept { number, unread: self.rows.saturating_sub(rows) });
        }
        true
    }

    fn place_of(&self, number: u64) -> Option<usize> {
        self.list.iter().position(|kept| kept.number == number)
    }

    fn let_go(&mut self, at: Option<usize>) {
        if let Some(gone) = at.and_then(|at| self.list.remove(at)) {
            let slots = self.slots.len() as u64;
            self.slots[(gone.number % slots) as usize] = EMPTY;
        }
    }

    /// The first of those near the head that was read whole; else the head.
    fn first_to_go(&self) -> usize {
        let near = (self.list.len() as f64 * PREEMPTION) as usize;
        self.list.iter().take(near + 1).position(|kept| kept.unread == 0).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_whole_goes_first_and_what_is_used_moves_back() {
        // Chunks of four rows, of which three fit.
        let mut kept = KeptChunks::new(4, 10, 35, 100);
        assert_eq!(kept.read(0, 12), 3);
        assert_eq!(kept.read(2, 9), 0);
        // Each went a step away from the head, and the next one came back: all were read whole.
        let order = |kept: &KeptChunks| kept.list.iter().map(|kept| kept.number).collect::<Vec<_>>();
        assert_eq!(order(&kept), [0, 1, 2]);
        assert_eq!((kept.read(12, 1), order(&kept)), (1, vec![1, 2, 3]));
        assert_eq!((kept.read(16, 1), order(&kept)), (1, vec![2, 3, 4]));
        assert_eq!((kept.read(20, 1), order(&kept)), (1, vec![3, 4, 5]));
        // The rest of chunk 4: it moves back, and goes first all the same; then the head.
        assert_eq!((kept.read(17, 3), order(&kept)), (0, vec![3, 5, 4]));
        assert_eq!((kept.read(24, 1), order(&kept)), (1, vec![3, 5, 6]));
        assert_eq!((kept.read(28, 1), order(&kept)), (1, vec![5, 6, 7]));
    }

    #[test]
    fn a_slot_holds_one_chunk_and_a_large_chunk_is_never_kept() {
        let mut kept = KeptChunks::new(1, 1, 10, 5);
        assert_eq!(
            (kept.read(0, 1), kept.read(5, 1), kept.read(0, 1), kept.read(1, 1), kept.read(0, 1)),
            (1, 1, 1, 1, 0)
        );
        let mut kept = KeptChunks::new(2, 11, 10, 5);
        assert_eq!((kept.read(0, 1), kept.read(0, 1), kept.read(1, 2)), (1, 1, 2));
    }
}
