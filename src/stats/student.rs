//! Quantiles of Student's t. statrs gives the distribution function; its inverse is off in the third digit at places
//! (t.80 with two degrees of freedom: 1.08 where statrs 0.18 says 1.06), so the function is inverted here.

use statrs::distribution::{Continuous, ContinuousCDF, StudentsT};

/// The `p` quantile of Student's t with `df` degrees of freedom; NaN where `p` is not inside (0, 1) or `df` not above 0.
pub fn t_quantile(p: f64, df: f64) -> f64 {
    let Ok(student) = StudentsT::new(0.0, 1.0, df) else { return f64::NAN };
    if !(p > 0.0 && p < 1.0) {
        return f64::NAN;
    }
    if p < 0.5 {
        return -t_quantile(1.0 - p, df);
    }
    // Newton's method from the centre: where the function is concave, no step goes beyond the root.
    let mut t = 0.0;
    loop {
        let next = t + (student.sf(t) - (1.0 - p)) / student.pdf(t);
        if !(next.is_finite() && next - t > 1e-14 * next) {
            return t;
        }
        t = next;
    }
}

/// How many standard errors `comparisons` two-sided intervals must reach to either side so that all hold at once with
/// probability `confidence`: Šidák's bound (1967) on the quantile of max |t|. The quantile itself depends on variances
/// that nobody knows; it is 0 to 3 % smaller than this bound unless the cell that all are compared with is much noisier
/// than the others, where the bound is conservative.
pub fn simultaneous_t(confidence: f64, comparisons: usize, df: f64) -> f64 {
    let each = confidence.powf(1.0 / comparisons.max(1) as f64);
    t_quantile((1.0 + each) / 2.0, df)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_scipy() {
        // scipy.stats.t.ppf(p, df), SciPy 1.17.1
        for (p, df, expected) in T {
            let ours = t_quantile(p, df);
            assert!((ours - expected).abs() < 1e-9 * expected.abs().max(1.0), "{p} {df}: {ours} for {expected}");
        }
        assert!(t_quantile(1.0, 3.0).is_nan() && t_quantile(f64::NAN, 3.0).is_nan() && t_quantile(0.9, 0.0).is_nan());
    }

    #[test]
    fn more_comparisons_reach_further() {
        for df in [1.0, 3.0, 9.0] {
            assert!((simultaneous_t(0.95, 1, df) - t_quantile(0.975, df)).abs() < 1e-9);
            for comparisons in 1..20 {
                assert!(simultaneous_t(0.95, comparisons + 1, df) > simultaneous_t(0.95, comparisons, df));
                // Bonferroni's is never smaller.
                let bonferroni = t_quantile(1.0 - 0.025 / comparisons as f64, df);
                assert!(simultaneous_t(0.95, comparisons, df) <= bonferroni + 1e-9);
            }
        }
    }

    const T: [(f64, f64, f64); 15] = [
        (0.5, 3.0, 0.0),
        (0.6, 1.0, 0.32491969623290634),
        (0.8, 1.0, 1.3763819204711738),
        (0.975, 1.0, 12.706204736174694),
        (0.8, 2.0, 1.0606601717798214),
        (0.975, 2.0, 4.302652729749462),
        (0.025, 3.0, -3.1824463052837086),
        (0.8, 3.0, 0.9784723123633042),
        (0.975, 3.0, 3.1824463052837078),
        (0.975, 9.0, 2.262157162798205),
        (0.8, 9.0, 0.8834038596855346),
        (0.99716, 3.0, 7.129562496356111),
        (0.9999, 2.0, 70.70007107496818),
        (0.975, 119.5, 1.9800147826873107),
        (0.999, 10000.0, 3.091047516030612),
    ];
}
