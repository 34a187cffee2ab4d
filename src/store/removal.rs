//! What removing samples does to those that stay: the last ones take the places of those that go, so that the rest keep their
//! numbers and no number is without a sample. As many are moved as are removed at most, however large the store.

use crate::error::Result;
use crate::store::container::StoreName;

/// Samples to be removed from a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removal {
    images: u64,
    left: u64,
    moves: Vec<(u64, u64)>,
}

impl Removal {
    /// Of the samples `indices` from a store of `images`; which comes when, and how often, makes no difference.
    ///
    /// # Errors
    /// [`crate::Error::Store`] when one is not in it.
    pub fn new(name: &StoreName, images: u64, indices: &[u64]) -> Result<Self> {
        let mut gone = indices.to_vec();
        gone.sort_unstable();
        gone.dedup();
        gone.iter().try_for_each(|&index| name.check_index(index, images))?;
        let left = images - gone.len() as u64;
        let (holes, cut) = gone.split_at(gone.partition_point(|&index| index < left));
        let mut cut = cut.iter().peekable();
        let movers = (left..images).filter(|index| cut.next_if_eq(&index).is_none());
        let moves = movers.zip(holes.iter().copied()).collect();
        Ok(Self { images, left, moves })
    }

    /// Samples before.
    pub fn images(&self) -> u64 {
        self.images
    }

    /// Samples that stay.
    pub fn left(&self) -> u64 {
        self.left
    }

    /// Who takes whose place, from and to; then all from [`Removal::left`] on are to go. No place is in it twice.
    pub fn moves(&self) -> &[(u64, u64)] {
        &self.moves
    }

    /// Which of the samples before stands at place `index` afterwards.
    pub fn before(&self, index: u64) -> u64 {
        // Holes were sorted, and movers take them in order.
        let at = self.moves.binary_search_by_key(&index, |(_, to)| *to);
        at.ok().and_then(|at| self.moves.get(at)).map_or(index, |(from, _)| *from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn name() -> StoreName {
        StoreName { format: "lmdb:raw".into(), path: "store".into() }
    }

    #[test]
    fn the_last_take_the_places_of_those_that_go() {
        let removal = Removal::new(&name(), 10, &[8, 1, 3, 1]).unwrap();
        assert_eq!((removal.left(), removal.moves()), (7, &[(7, 1), (9, 3)][..]));
        assert!(Removal::new(&name(), 10, &[10]).unwrap_err().to_string().contains("image 10 was asked for"));
    }

    proptest! {
        #[test]
        fn those_that_stay_are_all_there_once(images in 0_u64..60, picked in proptest::collection::vec(0_u64..60, 0..40)) {
            let picked: Vec<u64> = picked.into_iter().filter(|index| *index < images).collect();
            let removal = Removal::new(&name(), images, &picked).unwrap();
            let mut after: Vec<u64> = (0..images).collect();
            for &(from, to) in removal.moves() {
                after[to as usize] = after[from as usize];
            }
            after.truncate(removal.left() as usize);
            prop_assert_eq!(&after, &(0..removal.left()).map(|index| removal.before(index)).collect::<Vec<_>>());
            after.sort_unstable();
            prop_assert_eq!(after, (0..images).filter(|index| !picked.contains(index)).collect::<Vec<_>>());
        }
    }
}
