//! Intervals. Pure and seeded: the same turns give the same numbers.

use crate::results::{Estimate, Turns};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Nominal coverage of every interval.
pub const CONFIDENCE: f64 = 0.95;

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

/// Quantile of sorted values by linear interpolation (Hyndman and Fan 1996, type 7).
pub fn quantile(sorted: &[f64], p: f64) -> f64 {
    let at = p.clamp(0.0, 1.0) * sorted.len().saturating_sub(1) as f64;
    let (below, above) = (at.floor() as usize, at.ceil() as usize);
    match (sorted.get(below), sorted.get(above)) {
        (Some(a), Some(b)) => a + (b - a) * at.fract(),
        _ => f64::NAN,
    }
}

/// Lag-1 autocorrelation; `None` for fewer than four values or values that are all alike.
pub fn lag1(values: &[f64]) -> Option<f64> {
    if values.len() < 4 {
        return None;
    }
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let variance: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    let covariance: f64 = values.windows(2).map(|pair| (pair[0] - mean) * (pair[1] - mean)).sum();
    (variance > 0.0).then(|| covariance / variance)
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
    fn quantiles_are_those_of_hyndman_and_fan_type_7() {
        // numpy.quantile([1, 2, 4, 8], [0, .25, .5, .9, 1]) gives these.
        let values = [1.0, 2.0, 4.0, 8.0];
        for (p, expected) in [(0.0, 1.0), (0.25, 1.75), (0.5, 3.0), (0.9, 6.8), (1.0, 8.0)] {
            assert!((quantile(&values, p) - expected).abs() < 1e-12, "{p}");
        }
        assert!(quantile(&[], 0.5).is_nan());
    }

    #[test]
    fn lag1_knows_trends_from_zigzags() {
        assert!(lag1(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]).unwrap() > 0.4);
        assert!(lag1(&[1.0, 2.0, 1.0, 2.0, 1.0, 2.0]).unwrap() < -0.7);
        assert_eq!(lag1(&[1.0; 9]), None);
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
