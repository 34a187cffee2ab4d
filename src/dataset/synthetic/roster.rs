//! Which class an image belongs to, and which of that class it is: as in ImageNet's training set, 1,000 classes of 732
//! to 1,300 images, in shuffled order. Nothing is stored: the order is a permutation that is computed.

use super::splitmix::SplitMix64;

/// Number of classes.
pub const CLASSES: u32 = 1000;
/// Most of ImageNet's classes have the most images that a class may have, the others anything from the least on.
const MOST: i32 = 1300;
const LEAST: i32 = 732;
const FULL_IN_1000: i32 = 895;

/// Half the bits of the permutation's domain, which holds every roster: 2^22 > 1,000 x 1,300.
const HALF_BITS: u32 = 11;
const ROUNDS: u64 = 6;

/// A seeded roster.
pub struct Roster {
    seed: u64,
    /// Where each class ends, counted through the classes.
    ends: Vec<u64>,
}

impl Roster {
    /// The roster of `seed`.
    pub fn new(seed: u64) -> Self {
        let mut rng = SplitMix64(seed);
        let mut end = 0;
        let ends = (0..CLASSES).map(|_| {
            let count = if rng.range(0, 999) < FULL_IN_1000 { MOST } else { rng.range(LEAST, MOST - 1) };
            end += count as u64;
            end
        });
        Self { ends: ends.collect(), seed }
    }

    /// Images in all classes together; beyond them the classes go on, shuffled anew.
    pub fn total(&self) -> u64 {
        self.ends[self.ends.len() - 1]
    }

    /// Class of image `index`, and its number in that class. No two images have both in common.
    pub fn place(&self, index: u64) -> (u32, u64) {
        let (pass, index) = (index / self.total(), index % self.total());
        // Walking on along the cycle until it is back in the range keeps it a permutation of the range.
        let mut at = self.permute(pass, index);
        while at >= self.total() {
            at = self.permute(pass, at);
        }
        let class = self.ends.partition_point(|end| *end <= at);
        let start = if class == 0 { 0 } else { self.ends[class - 1] };
        (class as u32, at - start + pass * (self.ends[class] - start))
    }

    /// A permutation of the numbers of 22 bits: a Feistel network.
    fn permute(&self, pass: u64, value: u64) -> u64 {
        const MASK: u64 = (1 << HALF_BITS) - 1;
        let (mut left, mut right) = (value >> HALF_BITS, value & MASK);
        let keys = SplitMix64::nth(!self.seed, pass).next();
        for round in 0..ROUNDS {
            let mixed = SplitMix64::nth(keys, right << 3 | round).next();
            (left, right) = (right, left ^ (mixed & MASK));
        }
        left << HALF_BITS | right
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_uneven_and_nearly_those_of_imagenet() {
        let roster = Roster::new(0);
        let counts: Vec<_> =
            roster.ends.iter().scan(0, |last, end| Some(end - std::mem::replace(last, *end))).collect();
        assert_eq!(counts.len(), 1000);
        assert!(counts.iter().all(|count| (732..=1300).contains(count)));
        assert!((50..200).contains(&counts.iter().filter(|count| **count < 1300).count()));
        // ImageNet has 1,281,167.
        assert!((1_260_000..1_290_000).contains(&roster.total()), "{}", roster.total());
    }

    #[test]
    fn every_place_is_taken_once_in_each_pass() {
        let roster = Roster::new(3);
        let total = roster.total();
        let mut numbers = vec![Vec::new(); 1000];
        for index in 0..total {
            let (class, number) = roster.place(index);
            numbers[class as usize].push(number);
        }
        let mut start = 0;
        for (numbers, end) in numbers.iter_mut().zip(&roster.ends) {
            numbers.sort_unstable();
            assert!(numbers.iter().copied().eq(0..end - start));
            start = *end;
        }
        for index in (total..2 * total).step_by(997).chain([u64::MAX]) {
            let (class, number) = roster.place(index);
            let count = numbers[class as usize].len() as u64;
            assert_eq!(number / count, index / total, "the next pass counts on");
        }
    }

    #[test]
    fn the_order_is_shuffled_and_the_seed_decides() {
        let classes = |seed| (0..2000).map(|index| Roster::new(seed).place(index).0).collect::<Vec<_>>();
        let (some, others) = (classes(0), classes(1));
        assert!(some.windows(2).filter(|pair| pair[0] == pair[1]).count() < 15);
        assert!(some.windows(2).filter(|pair| pair[0] < pair[1]).count().abs_diff(1000) < 100);
        assert!(some.iter().zip(&others).filter(|pair| pair.0 == pair.1).count() < 15);
    }
}
