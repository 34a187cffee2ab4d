//! The one rule that runs, gate and calibration judge by.

/// Margins of the verdict, as ratios of times.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rule {
    /// Differences up to this factor are of no interest.
    pub differ: f64,
    /// Times within this factor are as good as equal.
    pub tie: f64,
    /// Nominal coverage of the (simultaneous) intervals that are judged.
    pub confidence: f64,
}

impl Default for Rule {
    fn default() -> Self {
        Self { differ: 1.02, tie: 1.05, confidence: super::CONFIDENCE }
    }
}

/// What may be said of a ratio of times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// Less time, by more than the margin.
    Faster,
    /// More time, by more than the margin.
    Slower,
    /// Within the margin of a tie.
    Tied,
    /// Not enough is known.
    Inconclusive,
}

impl Verdict {
    /// The word in results and reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Faster => "faster",
            Self::Slower => "slower",
            Self::Tied => "tied",
            Self::Inconclusive => "inconclusive",
        }
    }
}

/// Judges the interval `lo` to `hi` of a ratio of times: wholly outside `[1/differ, differ]` it is faster or slower;
/// else wholly inside `[1/tie, tie]` tied; else, and for what is no interval, inconclusive.
pub fn verdict(lo: f64, hi: f64, rule: &Rule) -> Verdict {
    if !(lo > 0.0 && lo <= hi) {
        Verdict::Inconclusive
    } else if lo > rule.differ {
        Verdict::Slower
    } else if hi < 1.0 / rule.differ {
        Verdict::Faster
    } else if lo >= 1.0 / rule.tie && hi <= rule.tie {
        Verdict::Tied
    } else {
        Verdict::Inconclusive
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn judge(lo: f64, hi: f64) -> &'static str {
        verdict(lo, hi, &Rule::default()).name()
    }

    #[test]
    fn the_margins_are_where_the_rule_puts_them() {
        assert_eq!(judge(1.021, 1.3), "slower");
        assert_eq!(judge(1.021, 1.04), "slower"); // a difference first, then a tie
        assert_eq!(judge(1.02, 1.04), "tied");
        assert_eq!(judge(0.99, 1.05), "tied");
        assert_eq!(judge(0.99, 1.051), "inconclusive");
        assert_eq!(judge(0.952, 1.0), "inconclusive"); // 1/1.05 = 0.95238
        assert_eq!(judge(0.953, 1.0), "tied");
        assert_eq!(judge(0.7, 0.98), "faster"); // 1/1.02 = 0.98039
        assert_eq!(judge(0.7, 0.981), "inconclusive");
        for (lo, hi) in [(f64::NAN, 1.0), (1.0, f64::NAN), (0.0, 0.5), (3.0, 2.0), (-1.0, 0.5)] {
            assert_eq!(judge(lo, hi), "inconclusive");
        }
        assert_eq!(judge(3.0, f64::INFINITY), "slower");
    }

    proptest! {
        #[test]
        fn turned_round_it_says_the_opposite(lo in 0.5f64..2.0, width in 0.0f64..0.3) {
            let rule = Rule::default();
            let hi = lo * (1.0 + width);
            // At the margins themselves rounding decides.
            for edge in [rule.differ, rule.tie, 1.0 / rule.differ, 1.0 / rule.tie] {
                prop_assume!((lo - edge).abs() > 1e-9 && (hi - edge).abs() > 1e-9);
            }
            let opposite = match verdict(lo, hi, &rule) {
                Verdict::Faster => Verdict::Slower,
                Verdict::Slower => Verdict::Faster,
                other => other,
            };
            prop_assert_eq!(verdict(1.0 / hi, 1.0 / lo, &rule), opposite);
        }

        #[test]
        fn a_wider_interval_never_says_more(lo in 0.5f64..2.0, width in 0.0f64..0.3, more in 0.0f64..0.3) {
            let rule = Rule::default();
            let hi = lo * (1.0 + width);
            let (narrow, wide) = (verdict(lo, hi, &rule), verdict(lo / (1.0 + more), hi * (1.0 + more), &rule));
            // Widened, a difference may become a tie (a small one, well measured), never the other difference.
            match narrow {
                Verdict::Inconclusive => prop_assert_eq!(wide, Verdict::Inconclusive),
                Verdict::Tied => prop_assert!(matches!(wide, Verdict::Tied | Verdict::Inconclusive)),
                Verdict::Slower => prop_assert!(wide != Verdict::Faster),
                Verdict::Faster => prop_assert!(wide != Verdict::Slower),
            }
        }
    }
}
