//! Figures of a series of numbers.

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
    lag1_within(&[values.to_vec()])
}

/// Lag-1 autocorrelation within series, pooled: each about its own mean, so that what differs from one series to the
/// next does not count. Series shorter than four values say nothing and are left out. Independent values give about
/// -1/n for series of n (Marriott and Pope 1954). `None` where no series is left or all values are alike.
pub fn lag1_within(series: &[Vec<f64>]) -> Option<f64> {
    let (mut variance, mut covariance) = (0.0, 0.0);
    for values in series.iter().filter(|values| values.len() >= 4) {
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        variance += values.iter().map(|value| (value - mean).powi(2)).sum::<f64>();
        covariance += values.windows(2).map(|pair| (pair[0] - mean) * (pair[1] - mean)).sum::<f64>();
    }
    (variance > 0.0).then(|| covariance / variance)
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn what_differs_between_series_is_no_autocorrelation() {
        let zigzag = |level: f64| (0..6).map(|i| level + f64::from(i % 2)).collect::<Vec<_>>();
        let within = lag1_within(&[zigzag(0.0), zigzag(100.0)]).unwrap();
        assert!((within - lag1(&zigzag(0.0)).unwrap()).abs() < 1e-12);
        // One after another, the same values look like a step.
        assert!(lag1(&[zigzag(0.0), zigzag(100.0)].concat()).unwrap() > 0.7);
        assert_eq!(lag1_within(&[vec![1.0, 2.0, 3.0], vec![3.0, 1.0]]), None);
    }
}
