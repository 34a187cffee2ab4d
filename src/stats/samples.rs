//! The rate of samples that one process took one after another.

use super::{CONFIDENCE, lag1, quantile};
use crate::results::{Estimate, Turns};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Enough for the 2.5 % quantiles to be stable to well below the interval's own width.
const RESAMPLES: usize = 4_000;

/// Images a second over all turns: the ratio of sums, because training pays for the sum, with a percentile bootstrap
/// interval over turns (Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13). With a single
/// turn there is no spread to speak of, and so no estimate.
pub fn rate(turns: &Turns, seed: u64) -> Option<Estimate> {
    let pairs: Vec<(f64, f64)> =
        turns.images.iter().zip(&turns.elapsed_ns).map(|(&images, &ns)| (images as f64, ns as f64)).collect();
    if pairs.len() < 2 || pairs.iter().any(|(images, ns)| *images <= 0.0 || *ns <= 0.0) {
        return None;
    }
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut rates: Vec<f64> = (0..RESAMPLES)
        .map(|_| ratio_of_sums((0..pairs.len()).map(|_| pairs[rng.random_range(0..pairs.len())])))
        .collect();
    rates.sort_by(f64::total_cmp);
    let tail = (1.0 - CONFIDENCE) / 2.0;
    let launches = turns.launch.iter().collect::<std::collections::BTreeSet<_>>().len();
    Some(Estimate {
        images_per_s: ratio_of_sums(pairs.iter().copied()),
        lo: quantile(&rates, tail),
        hi: quantile(&rates, 1.0 - tail),
        confidence: CONFIDENCE,
        blocks: pairs.len() as u32,
        launches: launches as u32,
        lag1: lag1(&pairs.iter().map(|(images, ns)| ns / images).collect::<Vec<_>>()),
        share_of_reference: None,
    })
}

fn ratio_of_sums(pairs: impl Iterator<Item = (f64, f64)>) -> f64 {
    let (images, ns) = pairs.fold((0.0, 0.0), |(a, b), (images, ns)| (a + images, b + ns));
    images / (ns * 1e-9)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn turns(images: Vec<u64>, elapsed_ns: Vec<u64>) -> Turns {
        let n = images.len();
        Turns { launch: vec![0; n], block: (0..n as u32).collect(), position: vec![0; n], images, elapsed_ns }
    }

    #[test]
    fn a_slow_turn_counts_by_its_time() {
        // 1,000 images in 1 ms, three times, and once in 7 ms: 4,000 images in 10 ms.
        let rate = rate(&turns(vec![1_000; 4], vec![1_000_000, 1_000_000, 1_000_000, 7_000_000]), 1).unwrap();
        assert!((rate.images_per_s - 400_000.0).abs() < 1e-6);
        assert!(rate.lo < 250_000.0 && rate.hi > 900_000.0, "{rate:?}");
    }

    proptest! {
        #[test]
        fn the_interval_holds_the_estimate_and_repeats(
            samples in prop::collection::vec((1u64..10_000, 1u64..1_000_000_000), 2..30),
            seed: u64,
        ) {
            let (images, ns): (Vec<_>, Vec<_>) = samples.into_iter().unzip();
            let turns = turns(images, ns);
            let first = rate(&turns, seed).unwrap();
            prop_assert!(first.lo <= first.images_per_s * (1.0 + 1e-9));
            prop_assert!(first.hi >= first.images_per_s * (1.0 - 1e-9));
            prop_assert_eq!(Some(first), rate(&turns, seed));
        }
    }
}
