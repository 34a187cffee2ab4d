//! Two cells that took no turns with one another: runs of different times.

use super::interval::{Reach, log_time};
use super::table::LogTime;
use super::{Interval, Rule, Table};

/// Time an image of the only cell of `head` over that of the only cell of `base`, which were measured apart: Welch's
/// interval (1947) of the logarithm, with the launches of each as units, `comparisons` such intervals holding at once
/// (Sidak). What slowed down one of the runs as a whole is not in the interval: it does not cancel as in
/// [`super::ratio`], so that a verdict is advice, not proof. `None` for fewer than two launches on either side.
pub fn independent(base: &Table, head: &Table, comparisons: usize, rule: &Rule) -> Option<Interval> {
    let (base, head) = (log_time(base, 0)?, log_time(head, 0)?);
    let variance = |log: &LogTime| LogTime::standard_error(log.pulls.iter().copied()).powi(2);
    let own_df = |log: &LogTime| log.pulls.len() as f64 - 1.0;
    let (a, b) = (variance(&base), variance(&head));
    // Satterthwaite's degrees of freedom; where nothing varies at all, those of the smaller side.
    let welch = (a + b).powi(2) / (a.powi(2) / own_df(&base) + b.powi(2) / own_df(&head));
    let df = if welch.is_finite() { welch } else { own_df(&base).min(own_df(&head)) };
    let (log, se) = (head.value - base.value, (a + b).sqrt());
    let reach = Reach::with_df(df, comparisons, rule);
    let half = reach.interval * se;
    Some(Interval::new(log, (log - half, log + half), se, reach, rule))
}

#[cfg(test)]
mod tests {
    use super::super::{Verdict, Work};
    use super::*;

    /// A launch of one block for each time.
    fn table(times: &[f64]) -> Table {
        Table { launches: times.iter().map(|&ns| vec![vec![Work { images: 1.0, ns }]]).collect() }
    }

    #[test]
    fn it_is_welchs_interval() {
        // scipy.stats.ttest_ind([110, 112, 108, 111], [100, 101, 99, 100.5, 99.5, 100], equal_var=False) on values so
        // close together that logarithms are linear: the degrees of freedom are by hand from the variances
        // 2.917 of 4 and 0.5 of 6 over the squared means.
        let (head, base) = (table(&[110.0, 112.0, 108.0, 111.0]), table(&[100.0, 101.0, 99.0, 100.5, 99.5, 100.0]));
        let found = independent(&base, &head, 1, &Rule::default()).unwrap();
        assert!((found.ratio - 1.1025).abs() < 1e-9, "{found:?}");
        let (a, b) = (0.5 / 6.0 / 100.0_f64.powi(2), 2.916_666 / 4.0 / 110.25_f64.powi(2));
        assert!((found.se_log - (a + b).sqrt()).abs() < 1e-6, "{found:?}");
        let df = (a + b).powi(2) / (a * a / 5.0 + b * b / 3.0);
        assert!((found.df - df).abs() < 1e-3 && df > 3.0 && df < 8.0, "{found:?} {df}");
        assert_eq!(found.verdict, Verdict::Slower);
        let back = independent(&head, &base, 1, &Rule::default()).unwrap();
        assert!((back.lo - 1.0 / found.hi).abs() < 1e-9 && back.verdict == Verdict::Faster);
    }

    #[test]
    fn more_comparisons_say_less_and_one_launch_nothing() {
        let (head, base) = (table(&[108.0, 112.0, 107.0, 113.0]), table(&[100.0, 104.0, 96.0, 100.0]));
        let width = |n| independent(&base, &head, n, &Rule::default()).map(|found| found.hi / found.lo).unwrap();
        assert!(width(60) > width(1) * 1.05);
        assert_eq!(independent(&table(&[1.0]), &head, 1, &Rule::default()), None);
        let same = independent(&table(&[5.0; 4]), &table(&[5.0; 4]), 3, &Rule::default()).unwrap();
        assert_eq!((same.lo, same.hi, same.verdict), (1.0, 1.0, Verdict::Tied));
    }
}
