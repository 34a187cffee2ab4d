//! In which order images are asked for: a resumable cursor over a set of N.

use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A resumable order of image numbers.
pub struct Order {
    images: u64,
    kind: Kind,
}

enum Kind {
    /// Each drawn anew, with replacement.
    Uniform(ChaCha8Rng),
    /// Consecutive numbers from a drawn start.
    Runs(ChaCha8Rng),
    /// Pass after pass in order.
    Sequential { next: u64 },
    /// Pass after pass, each in a new random order that has every number exactly once.
    Shuffled { rng: ChaCha8Rng, pass: Vec<u64>, next: usize },
}

impl Order {
    /// Single numbers, uniformly drawn.
    pub fn uniform(images: u64, seed: u64) -> Self {
        Self { images, kind: Kind::Uniform(ChaCha8Rng::seed_from_u64(seed)) }
    }

    /// Runs of consecutive numbers from a uniformly drawn start.
    pub fn runs(images: u64, seed: u64) -> Self {
        Self { images, kind: Kind::Runs(ChaCha8Rng::seed_from_u64(seed)) }
    }

    /// In order, again from the start after the end.
    pub fn sequential(images: u64) -> Self {
        Self { images, kind: Kind::Sequential { next: 0 } }
    }

    /// As [`Order::sequential`], beginning at one of the multiples of `batch`: which, follows from `seed`. Turns that are
    /// shorter than a pass would otherwise all read the same images.
    pub fn sequential_from(images: u64, batch: u64, seed: u64) -> Self {
        // Multiples of the golden ratio, of which only the fraction counts: no sequence spreads more evenly.
        let fraction = u128::from(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let batches = u128::from(images.div_ceil(batch.max(1)));
        // Less than `batches`, which is a u64.
        let next = ((fraction * batches) >> 64) as u64 * batch;
        Self { images, kind: Kind::Sequential { next } }
    }

    /// Shuffled passes.
    pub fn shuffled(images: u64, seed: u64) -> Self {
        let kind = Kind::Shuffled { rng: ChaCha8Rng::seed_from_u64(seed), pass: Vec::new(), next: 0 };
        Self { images, kind }
    }

    /// Puts the next numbers into `out`, replacing what is there: `want` of them, fewer at the end of a pass or of a
    /// small set, none of an empty one.
    pub fn next(&mut self, want: u64, out: &mut Vec<u64>) {
        out.clear();
        let images = self.images;
        if images == 0 {
            return;
        }
        match &mut self.kind {
            Kind::Uniform(rng) => out.extend((0..want).map(|_| rng.random_range(0..images))),
            Kind::Runs(rng) => {
                let length = want.min(images);
                let start = rng.random_range(0..=images - length);
                out.extend(start..start + length);
            }
            Kind::Sequential { next } => {
                let end = (*next + want).min(images);
                out.extend(*next..end);
                *next = if end == images { 0 } else { end };
            }
            Kind::Shuffled { rng, pass, next } => {
                if *next == pass.len() {
                    pass.clear();
                    pass.extend(0..images);
                    pass.shuffle(rng);
                    *next = 0;
                }
                let end = pass.len().min(*next + usize::try_from(want).unwrap_or(usize::MAX));
                out.extend_from_slice(&pass[*next..end]);
                *next = end;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn passes(order: &mut Order, images: u64, want: u64, passes: usize) -> Vec<Vec<u64>> {
        let mut slice = Vec::new();
        (0..passes)
            .map(|_| {
                let mut pass = Vec::new();
                while (pass.len() as u64) < images {
                    order.next(want, &mut slice);
                    pass.extend_from_slice(&slice);
                }
                pass
            })
            .collect()
    }

    proptest! {
        #[test]
        fn a_shuffled_pass_has_each_number_exactly_once(images in 1u64..2_000, want in 1u64..300, seed: u64) {
            let found = passes(&mut Order::shuffled(images, seed), images, want, 2);
            for pass in &found {
                let mut sorted = pass.clone();
                sorted.sort_unstable();
                prop_assert_eq!(sorted, (0..images).collect::<Vec<_>>());
            }
            let again = passes(&mut Order::shuffled(images, seed), images, want, 2);
            prop_assert_eq!(&found, &again, "the same seed gives the same order");
            if images > 50 {
                prop_assert_ne!(&found[0], &found[1], "each pass has an order of its own");
                prop_assert_ne!(&found[0], &(0..images).collect::<Vec<_>>());
            }
        }

        #[test]
        fn a_sequential_pass_is_in_order(images in 1u64..2_000, want in 1u64..300) {
            for pass in passes(&mut Order::sequential(images), images, want, 2) {
                prop_assert_eq!(pass, (0..images).collect::<Vec<_>>());
            }
        }

        #[test]
        fn a_pass_may_begin_anywhere_and_is_whole(images in 1u64..2_000, want in 1u64..300, seed: u64) {
            let mut order = Order::sequential_from(images, want, seed);
            let mut slice = Vec::new();
            let mut seen = Vec::new();
            for _ in 0..images.div_ceil(want) {
                order.next(want, &mut slice);
                prop_assert_eq!(slice[0] % want, 0);
                seen.extend_from_slice(&slice);
            }
            seen.sort_unstable();
            prop_assert_eq!(seen, (0..images).collect::<Vec<_>>());
        }

        #[test]
        fn runs_and_draws_stay_inside(images in 1u64..2_000, want in 1u64..300, seed: u64) {
            let mut slice = Vec::new();
            let mut runs = Order::runs(images, seed);
            let mut uniform = Order::uniform(images, seed);
            for _ in 0..20 {
                runs.next(want, &mut slice);
                prop_assert_eq!(slice.len() as u64, want.min(images));
                prop_assert!(slice.windows(2).all(|pair| pair[0] + 1 == pair[1]));
                prop_assert!(slice.iter().all(|index| *index < images));
                uniform.next(want, &mut slice);
                prop_assert_eq!(slice.len() as u64, want);
                prop_assert!(slice.iter().all(|index| *index < images));
            }
        }
    }

    #[test]
    fn passes_begin_in_many_places() {
        let start = |seed| {
            let mut slice = Vec::new();
            Order::sequential_from(10_000, 256, seed).next(256, &mut slice);
            slice[0]
        };
        // Pinned in tests/interop/peers.py, too.
        assert_eq!((start(0), start(1)), (0, 6144));
        let starts: std::collections::BTreeSet<_> = (0..12).map(start).collect();
        assert!(starts.len() >= 10, "{starts:?}");
    }

    #[test]
    fn draws_reach_all_of_the_set() {
        let mut slice = Vec::new();
        Order::uniform(100, 1).next(2_000, &mut slice);
        assert_eq!(slice.iter().collect::<std::collections::BTreeSet<_>>().len(), 100);
    }

    #[test]
    fn an_empty_set_gives_nothing() {
        let mut slice = vec![1];
        for mut order in [Order::uniform(0, 0), Order::runs(0, 0), Order::sequential(0), Order::shuffled(0, 0)] {
            order.next(5, &mut slice);
            assert!(slice.is_empty());
        }
    }
}
