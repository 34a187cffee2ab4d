//! Decoded chunks that a reader of `read=direct` keeps: as many bytes as HDF5's own cache has for the same file, so that
//! neither knows more of what it has read before than the other.

use std::collections::HashMap;

/// Chunks by number; the oldest gives way.
pub struct Decoded {
    /// Where in `slots` a chunk is.
    places: HashMap<u64, usize>,
    slots: Vec<Slot>,
    capacity: usize,
    /// The slot that is filled next.
    next: usize,
}

struct Slot {
    number: u64,
    bytes: Vec<u8>,
}

impl Decoded {
    /// None yet; at most as many chunks of `chunk_bytes` as fit into `bytes`, and always one.
    pub fn new(bytes: usize, chunk_bytes: usize) -> Self {
        let capacity = (bytes / chunk_bytes.max(1)).max(1);
        Self { places: HashMap::new(), slots: Vec::new(), capacity, next: 0 }
    }

    /// How many are kept.
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// Chunk `number`, if it is kept.
    pub fn get(&self, number: u64) -> Option<&[u8]> {
        Some(&self.slots[*self.places.get(&number)?].bytes)
    }

    /// Chunk `number` of `length` bytes, from `decode` if it is not kept.
    ///
    /// # Errors
    /// What `decode` says; then nothing is kept of it.
    pub fn get_or_decode(
        &mut self,
        number: u64,
        length: usize,
        decode: impl FnOnce(&mut [u8]) -> Result<(), String>,
    ) -> Result<&[u8], String> {
        if let Some(&at) = self.places.get(&number) {
            return Ok(&self.slots[at].bytes);
        }
        let at = self.next;
        match self.slots.get(at) {
            Some(old) => drop(self.places.remove(&old.number)),
            None => self.slots.push(Slot { number, bytes: Vec::new() }),
        }
        let slot = &mut self.slots[at];
        slot.number = number;
        slot.bytes.resize(length, 0);
        // Known only once it is whole: what fails is decoded again by whoever asks next.
        decode(&mut slot.bytes)?;
        self.places.insert(number, at);
        self.next = (at + 1) % self.capacity;
        Ok(&slot.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_gives_way_and_what_failed_is_not_kept() {
        let mut kept = Decoded::new(25, 10);
        assert_eq!(kept.capacity(), 2);
        let decoded = |kept: &mut Decoded, number: u64| {
            let mut asked = false;
            let bytes = kept.get_or_decode(number, 3, |out| {
                asked = true;
                out.fill(number as u8);
                Ok(())
            });
            assert_eq!(bytes, Ok(&[number as u8; 3][..]));
            asked
        };
        assert!(decoded(&mut kept, 1) && decoded(&mut kept, 2) && !decoded(&mut kept, 1));
        assert!(decoded(&mut kept, 3), "in the place of 1");
        assert_eq!((kept.get(1), kept.get(2), kept.get(3)), (None, Some(&[2; 3][..]), Some(&[3; 3][..])));
        let failed = kept.get_or_decode(4, 3, |out| {
            out.fill(9);
            Err("no".into())
        });
        assert_eq!(failed, Err("no".into()));
        assert_eq!((kept.get(2), kept.get(4)), (None, None), "its place was taken");
        assert!(decoded(&mut kept, 4) && !decoded(&mut kept, 3));
        assert_eq!(Decoded::new(5, 10).capacity(), 1);
    }
}
