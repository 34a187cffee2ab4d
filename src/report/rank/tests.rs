use super::*;
use crate::report::fixture;
use crate::report::run_fixture::run;
use crate::results::Status;

fn by(results: &Results, weights: &str) -> Ranked {
    rank(results, &weights.parse().unwrap()).unwrap().remove(0)
}

fn ranks(ranked: &Ranked) -> Vec<(&str, usize, usize)> {
    ranked.places.iter().map(|place| (place.format.as_str(), place.first, place.last)).collect()
}

#[test]
fn ranks_are_as_wide_as_the_verdicts_leave_open() {
    let ranked = by(&run(), "epoch=1");
    assert_eq!(ranks(&ranked), [("lmdb:raw", 1, 2), ("lmdb:bincode", 1, 2), ("hdf5:raw", 3, 3), ("dir:png", 4, 4)]);
    let second = &ranked.places[1];
    // One criterion: the interval is that of the verdict.
    let near = |a: f64, b: f64| (a - b).abs() < 1e-9;
    assert!(near(second.score, 1.01) && near(second.lo, 1.01 * 0.9) && near(second.hi, 1.01 * 1.1), "{second:?}");
    assert_eq!(ranked.by, [("epoch".to_owned(), 1.0)]);
    // What is multiplied by the same is the same.
    assert_eq!(by(&run(), "epoch=7").places, ranked.places);
}

#[test]
fn criteria_are_weighed_as_logarithms_and_their_errors_add_in_squares() {
    let ranked = by(&run(), "epoch=3,read_one=1");
    let place = ranked.places.iter().find(|place| place.format == "lmdb:bincode").unwrap();
    let ln = (3.0 * 1.01_f64.ln() + 1.3_f64.ln()) / 4.0;
    // Both intervals are from 0.9 to 1.1 of the ratio.
    let reach = |factor: f64| factor.ln().abs() * (9.0_f64 + 1.0).sqrt() / 4.0;
    assert!((place.score.ln() - ln).abs() < 1e-9, "{place:?}");
    assert!((place.hi.ln() - ln - reach(1.1)).abs() < 1e-9, "{place:?}");
    assert!((place.lo.ln() - ln + reach(0.9)).abs() < 1e-9, "{place:?}");
}

#[test]
fn formats_that_are_the_same_share_their_ranks() {
    let figure = |ln, half| vec![Figure { ln, down: half, up: half }];
    let rows = [("a", figure(0.0, 0.0)), ("b", figure(0.0, 0.0)), ("c", figure(1.0, 0.1)), ("d", figure(1.1, 0.1))];
    let found = places(&rows, &[1.0]);
    let ranks: Vec<_> = found.iter().map(|place| (place.format.as_str(), place.first, place.last)).collect();
    assert_eq!(ranks, [("a", 1, 2), ("b", 1, 2), ("c", 3, 4), ("d", 3, 4)]);
    // For certain, but by less than anybody cares about.
    let close = places(&[("a", figure(0.0, 0.0)), ("b", figure(0.019, 0.0))], &[1.0]);
    assert!(close.iter().all(|place| (place.first, place.last) == (1, 2)), "{close:?}");
    let apart = places(&[("a", figure(0.0, 0.0)), ("b", figure(0.021, 0.0))], &[1.0]);
    assert_eq!(apart.iter().map(|place| place.first).collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn who_has_no_number_where_one_counts_is_named_with_the_reason() {
    let ranked = by(&run(), "cold-data/epoch=1");
    assert_eq!(ranks(&ranked), [("lmdb:raw", 1, 1), ("hdf5:raw", 2, 2)]);
    let why = |format: &str| &ranked.unranked.iter().find(|(name, _)| name == format).unwrap().1;
    assert!(why("dir:png").contains("stores of many files are ranked apart"), "{ranked:?}");
    assert!(why("lmdb:bincode").contains("not measured"), "{ranked:?}");
    let both = by(&run(), "epoch=1,cold-data/epoch=1");
    assert_eq!(both.places.len(), 2, "dir:png has no rank for lack of one of the two");
}

#[test]
fn a_criterion_that_says_nothing_is_left_out_with_the_reason() {
    let mut cut = run();
    cut.run.complete = false;
    let ranked = by(&cut, "epoch=1,space=1");
    assert_eq!(ranked.left_out, [("epoch".to_owned(), "cut short: no verdict".to_owned())]);
    assert_eq!(ranked.by, [("space".to_owned(), 1.0)]);
    let error = rank(&cut, &"epoch=1".parse().unwrap()).unwrap_err().to_string();
    assert!(error.contains("nothing can be ranked by this: epoch: cut short"), "{error}");
    let error = rank(&run(), &"epohc=1".parse().unwrap()).unwrap_err().to_string();
    assert!(error.contains("no criterion 'epohc'") && error.contains("cold-data/epoch, space"), "{error}");
}

#[test]
fn criterion_tells_apart_only_what_is_far_apart() {
    let mut cells = Vec::new();
    for (format, us) in [("lmdb:raw", 1.0), ("lmdb:bincode", 1.2), ("dir:png", 30.0)] {
        cells.push(fixture::cell(format, "epoch", 1_000, us));
    }
    let ranked = by(&fixture::results(cells), "epoch=1");
    assert_eq!(ranks(&ranked), [("lmdb:raw", 1, 2), ("lmdb:bincode", 1, 2), ("dir:png", 3, 3)]);
}

#[test]
fn roles_go_to_what_speaks_for_them() {
    let all = [run()];
    let groups = crate::report::model::groups(&all);
    let sheets = sheets(&groups);
    let roles: Vec<_> = sheets[0].criteria.iter().filter_map(|c| Some((c.name.as_str(), c.role?.name()))).collect();
    let expected = [
        ("write_batch", "write"),
        ("read_one", "single"),
        ("epoch", "batch"),
        ("cold-data/epoch", "cold-batch"),
        ("space", "space"),
    ];
    assert_eq!(roles, expected);
}

#[test]
fn formats_that_are_written_alike_share_what_writing_took() {
    let mut results = run();
    let of = |format: &str, workload: &str, us: f64| crate::report::run_fixture::at("warm", format, workload, us);
    let mut skipped = of("lmdb:raw,readahead=off", "write_batch", 1.0);
    fixture::mark(
        std::slice::from_mut(&mut skipped),
        "lmdb:raw,readahead=off",
        "write_batch",
        Status::Skipped,
        "written alike",
    );
    results.cells.extend([of("lmdb:raw,readahead=off", "read_one", 1.1), skipped]);
    let ranked = by(&results, "write_batch=1");
    let place = |format: &str| ranked.places.iter().find(|place| place.format == format).unwrap();
    assert_eq!(place("lmdb:raw,readahead=off").score, place("lmdb:raw").score);
}

#[test]
fn a_small_rest_of_what_was_asked_is_no_answer() {
    let mut cut = run();
    cut.run.complete = false;
    let error = rank(&cut, &"epoch=3,space=2".parse().unwrap()).unwrap_err().to_string();
    assert!(error.contains("epoch: cut short"), "{error}");
    assert_eq!(by(&cut, "epoch=2,space=3").places.len(), 5);
}
