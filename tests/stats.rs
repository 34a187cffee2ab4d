//! The statistics against other people's: a second implementation in Python with SciPy (tests/interop/stats_check.py),
//! and published numbers; and properties that hold whatever was measured.

use proptest::prelude::*;
use serde::Deserialize;
use shelfmark::stats::{Interval, Rule, Table, Verdict, Work, against_best, rate_of, ratio, verdict};

#[derive(Deserialize)]
struct Case {
    table: Vec<Vec<Vec<(f64, f64)>>>,
    rates: Vec<Rate>,
    ratio: Option<Expected>,
    against_best: Option<Best>,
}

#[derive(Deserialize)]
struct Rate {
    images_per_s: f64,
    lo: f64,
    hi: f64,
    blocks: u32,
    launches: u32,
    lag1: Option<f64>,
}

#[derive(Deserialize)]
struct Expected {
    ratio: f64,
    lo: f64,
    hi: f64,
    se_log: f64,
    df: f64,
    verdict: String,
    min_detectable: f64,
}

#[derive(Deserialize)]
struct Best {
    best: usize,
    others: Vec<(usize, Expected)>,
}

fn table(launches: Vec<Vec<Vec<(f64, f64)>>>) -> Table {
    let work = |(images, ns)| Work { images, ns };
    let block = |block: Vec<_>| block.into_iter().map(work).collect();
    Table { launches: launches.into_iter().map(|launch| launch.into_iter().map(block).collect()).collect() }
}

/// As close as Python's finite differences are.
fn close(ours: f64, theirs: f64) -> bool {
    (ours - theirs).abs() <= 1e-7 * theirs.abs()
}

fn same(ours: &Interval, theirs: &Expected) {
    let numbers = [
        (ours.ratio, theirs.ratio),
        (ours.lo, theirs.lo),
        (ours.hi, theirs.hi),
        (ours.se_log, theirs.se_log),
        (ours.df, theirs.df),
        (ours.min_detectable, theirs.min_detectable),
    ];
    assert!(numbers.iter().all(|&(ours, theirs)| close(ours, theirs)), "{numbers:?}");
    assert_eq!(ours.verdict.name(), theirs.verdict);
}

#[test]
fn a_second_implementation_finds_the_same() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("interop/stats.json")).unwrap();
    let rule = Rule::default();
    for case in cases {
        let table = table(case.table);
        for (cell, theirs) in case.rates.iter().enumerate() {
            let ours = rate_of(&table, cell).unwrap();
            assert_eq!((ours.blocks, ours.launches), (theirs.blocks, theirs.launches));
            assert!(close(ours.images_per_s, theirs.images_per_s) && close(ours.lo, theirs.lo), "{ours:?}");
            assert!(close(ours.hi, theirs.hi), "{ours:?}");
            assert_eq!(ours.lag1.is_some(), theirs.lag1.is_some());
            assert!((ours.lag1.unwrap_or(1.0) - theirs.lag1.unwrap_or(1.0)).abs() < 1e-9, "{ours:?}");
        }
        let cells: Vec<usize> = (0..case.rates.len()).collect();
        assert_eq!(ratio(&table, 0, 1, &rule).is_some(), case.ratio.is_some());
        if let (Some(theirs), Some(best)) = (&case.ratio, &case.against_best) {
            same(&ratio(&table, 0, 1, &rule).unwrap(), theirs);
            let (ours, others) = against_best(&table, &cells, &rule).unwrap();
            assert_eq!(ours, best.best);
            assert_eq!(others.len(), best.others.len());
            for ((cell, ours), (their_cell, theirs)) in others.iter().zip(&best.others) {
                assert_eq!(cell, their_cell);
                same(ours, theirs);
            }
        } else {
            assert!(against_best(&table, &cells, &rule).is_none());
        }
    }
}

/// Hours of sleep that ten patients gained with two drugs (Student, "The Probable Error of a Mean", Biometrika 6, 1908;
/// Cushny and Peebles 1905). The paired 95 % interval of the difference is 0.7001 to 2.4599 (R: `t.test(extra ~ group,
/// paired)`). Logarithms of ratios near 1 are differences: hours count as millionths here.
#[test]
fn students_sleep_data_give_students_interval() {
    let first = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0];
    let second = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4];
    let time = |hours: f64| (1.0, 1e9 * (1.0 + 1e-6 * hours));
    let table = table(first.iter().zip(second).map(|(&a, b)| vec![vec![time(a), time(b)]]).collect());
    let found = ratio(&table, 1, 0, &Rule::default()).unwrap();
    let hours = [found.ratio, found.lo, found.hi].map(|ratio| ratio.ln() * 1e6);
    for (ours, published) in hours.iter().zip([1.58, 0.7001142, 2.4598858]) {
        assert!((ours - published).abs() < 2e-4, "{hours:?}");
    }
    assert_eq!((found.df, found.verdict), (9.0, Verdict::Tied));
}

/// Launches x blocks x cells, uneven in everything.
fn tables(cells: usize) -> impl Strategy<Value = Table> {
    let work = (1.0f64..1e4, 1e3f64..1e9);
    let block = prop::collection::vec(work, cells);
    let launch = prop::collection::vec(block, 1..5);
    prop::collection::vec(launch, 2..7).prop_map(table)
}

fn with_cells(table: &Table, change: impl Fn(&[Work]) -> Vec<Work>) -> Table {
    Table { launches: table.launches.iter().map(|l| l.iter().map(|block| change(block)).collect()).collect() }
}

/// Equal but for rounding; ends may be infinite or zero.
fn alike(a: f64, b: f64) -> bool {
    a == b || (a.ln() - b.ln()).abs() <= 1e-8 * a.ln().abs().max(1.0)
}

proptest! {
    #[test]
    fn turned_round_a_ratio_is_its_reciprocal(table in tables(2)) {
        let rule = Rule::default();
        let (one, other) = (ratio(&table, 0, 1, &rule).unwrap(), ratio(&table, 1, 0, &rule).unwrap());
        prop_assert!(alike(one.ratio, 1.0 / other.ratio) && alike(one.lo, 1.0 / other.hi) && alike(one.hi, 1.0 / other.lo));
        prop_assert!(alike(one.se_log, other.se_log) && alike(one.min_detectable, other.min_detectable));
        let itself = ratio(&table, 0, 0, &rule).unwrap();
        prop_assert_eq!((itself.ratio, itself.lo, itself.hi, itself.verdict), (1.0, 1.0, 1.0, Verdict::Tied));
    }

    #[test]
    fn units_do_not_matter(table in tables(3), factor in 0.001f64..1000.0) {
        let rule = Rule::default();
        let scaled = with_cells(&table, |block| {
            block.iter().map(|work| Work { images: work.images * 7.0, ns: work.ns * factor }).collect()
        });
        let (one, other) = (ratio(&table, 0, 2, &rule).unwrap(), ratio(&scaled, 0, 2, &rule).unwrap());
        prop_assert!(alike(one.ratio, other.ratio) && alike(one.lo, other.lo) && alike(one.hi, other.hi));
        let (one, other) = (rate_of(&table, 1).unwrap(), rate_of(&scaled, 1).unwrap());
        prop_assert!(alike(one.images_per_s * 7.0 / factor, other.images_per_s));
        prop_assert!(alike(one.lo * 7.0 / factor, other.lo) && alike(one.hi * 7.0 / factor, other.hi));
    }

    #[test]
    fn intervals_hold_their_estimates_and_repeat(table in tables(4)) {
        let rule = Rule::default();
        let cells = [0, 1, 2, 3];
        let (best, others) = against_best(&table, &cells, &rule).unwrap();
        prop_assert_eq!(Some((best, others.clone())), against_best(&table, &cells, &rule));
        prop_assert!(others.iter().map(|(cell, _)| *cell).eq(cells.into_iter().filter(|&cell| cell != best)));
        for (cell, found) in others {
            prop_assert!(found.ratio >= 1.0, "the best is the fastest");
            prop_assert!(found.lo <= found.ratio && found.ratio <= found.hi);
            prop_assert_eq!(found.verdict, verdict(found.lo, found.hi, &rule));
            prop_assert!(found.min_detectable >= rule.differ);
            // Never narrower than the comparison by itself.
            let alone = ratio(&table, cell, best, &rule).unwrap();
            prop_assert!(found.lo <= alone.lo * (1.0 + 1e-9) && found.hi >= alone.hi * (1.0 - 1e-9));
        }
        let rate = rate_of(&table, 0).unwrap();
        prop_assert!(rate.lo <= rate.images_per_s && rate.images_per_s <= rate.hi);
    }

    #[test]
    fn cells_may_stand_in_any_order(table in tables(4), order in Just([0usize, 1, 2, 3]).prop_shuffle()) {
        let rule = Rule::default();
        let shuffled = with_cells(&table, |block| order.iter().map(|&cell| block[cell]).collect());
        let (best, others) = against_best(&table, &[0, 1, 2, 3], &rule).unwrap();
        let (their_best, theirs) = against_best(&shuffled, &[0, 1, 2, 3], &rule).unwrap();
        prop_assert_eq!(best, order[their_best]);
        for (cell, found) in theirs {
            prop_assert!(others.contains(&(order[cell], found)));
        }
        // The same without moving the cells.
        let (again, _) = against_best(&table, &order, &rule).unwrap();
        prop_assert_eq!(best, again);
    }

    #[test]
    fn one_more_cell_makes_no_interval_narrower(table in tables(3)) {
        let rule = Rule::default();
        // The newcomer is slower than any cell can be, always by the same factor, so that it is no candidate.
        let wider = with_cells(&table, |block| {
            let mut block = block.to_vec();
            block.push(Work { images: block[0].images, ns: block[0].ns * 1e12 });
            block
        });
        let (best, before) = against_best(&table, &[0, 1, 2], &rule).unwrap();
        let (still, after) = against_best(&wider, &[0, 1, 2, 3], &rule).unwrap();
        prop_assert_eq!(best, still);
        for ((_, before), (_, after)) in before.iter().zip(&after) {
            prop_assert!(after.lo <= before.lo * (1.0 + 1e-12) && after.hi >= before.hi * (1.0 - 1e-12));
        }
    }
}

#[test]
fn what_cannot_be_estimated_is_not() {
    let rule = Rule::default();
    let one_launch = table(vec![vec![vec![(1.0, 1.0), (1.0, 2.0)]; 5]]);
    assert!(ratio(&one_launch, 0, 1, &rule).is_none() && against_best(&one_launch, &[0, 1], &rule).is_none());
    assert!(rate_of(&one_launch, 0).is_some() && rate_of(&table(vec![vec![vec![(1.0, 1.0)]]]), 0).is_none());
    let two = table(vec![vec![vec![(1.0, 1.0), (1.0, 2.0)]]; 2]);
    assert!(ratio(&two, 0, 2, &rule).is_none(), "no such cell");
    assert!(against_best(&two, &[0], &rule).is_none() && rate_of(&two, 2).is_none());
    // A clock without noise: twice the time is twice the time.
    let sure = ratio(&two, 1, 0, &rule).unwrap();
    assert_eq!((sure.lo, sure.hi, sure.verdict), (sure.ratio, sure.ratio, Verdict::Slower));
    let mut hollow = two;
    hollow.launches.push(Vec::new());
    assert!(ratio(&hollow, 1, 0, &rule).is_none(), "a launch without blocks");
}
