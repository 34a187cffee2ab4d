use super::*;
use crate::report::fixture;
use crate::report::run_fixture::run;
use crate::results::{Cell, CellKind, Comparison, Status};

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
    let sevenfold = by(&run(), "epoch=7");
    assert_eq!(ranks(&sevenfold), ranks(&ranked));
    assert!((sevenfold.places[1].hi - second.hi).abs() < 1e-9);
}

#[test]
fn by_one_criterion_a_rank_says_what_the_verdicts_say_whatever_the_shape_of_their_intervals() {
    let verdict = |lo: f64, hi: f64| {
        let mut results = run();
        for found in results.comparisons.iter_mut().filter(|found| found.other.starts_with("hdf5:raw/epoch/")) {
            (found.ratio, found.lo, found.hi) = (1.93, lo, hi);
        }
        let place = by(&results, "epoch=1").places.into_iter().find(|place| place.format == "hdf5:raw").unwrap();
        assert!((place.lo - lo).abs() < 1e-9 && (place.hi - hi).abs() < 1e-9, "{place:?}");
        place.first
    };
    // Not told apart, although an interval of the same width around the ratio would be beyond the margin.
    assert_eq!(verdict(0.95, 2.0), 1);
    // Slower, although it would not be.
    assert_eq!(verdict(1.03, 9.0), 2);
}

#[test]
fn criteria_are_weighed_as_logarithms_and_their_errors_add_in_squares() {
    let ranked = by(&run(), "epoch=3,read_one=1");
    let place = ranked.places.iter().find(|place| place.format == "lmdb:bincode").unwrap();
    let ln = (3.0 * 1.01_f64.ln() + 1.3_f64.ln()) / 4.0;
    // Both intervals are from 0.9 to 1.1 of the ratio.
    let reach = |ratio: f64| ratio.ln().abs() * (9.0_f64 + 1.0).sqrt() / 4.0;
    assert!((place.score.ln() - ln).abs() < 1e-9, "{place:?}");
    assert!((place.hi.ln() - ln - reach(1.1)).abs() < 1e-9, "{place:?}");
    assert!((place.lo.ln() - ln + reach(0.9)).abs() < 1e-9, "{place:?}");
}

#[test]
fn formats_that_are_the_same_share_their_ranks() {
    let figure = |ln, half| vec![Figure { ln, below: half, above: half }];
    let rows = [("a", figure(0.0, 0.0)), ("b", figure(0.0, 0.0)), ("c", figure(1.0, 0.1)), ("d", figure(1.1, 0.1))];
    let found = places(&rows, &[1.0]);
    let ranks: Vec<_> = found.iter().map(|place| (place.format.as_str(), place.first, place.last)).collect();
    assert_eq!(ranks, [("a", 1, 2), ("b", 1, 2), ("c", 3, 4), ("d", 3, 4)]);
    // What reaches above the one and what reaches below the other stand in each other's way, both of them.
    let wide = |ln, below, above| vec![Figure { ln, below, above }];
    let met = places(&[("a", wide(0.0, 0.0, 0.3)), ("b", wide(0.4, 0.3, 0.0))], &[1.0]);
    assert!(met.iter().all(|place| (place.first, place.last) == (1, 2)), "{met:?}");
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

#[test]
fn where_a_peer_is_the_best_formats_are_told_by_how_far_they_are_from_the_best_format() {
    let mut results = run();
    let id = |results: &Results, format: &str| {
        let of = |cell: &&Cell| {
            cell.format == format && cell.workload == "epoch" && cell.cache == "warm" && cell.kind != CellKind::Null
        };
        results.cells.iter().find(of).unwrap().id.clone()
    };
    let peer = id(&results, "python:h5py-single");
    let template = results.comparisons[0].clone();
    results.comparisons = [("lmdb:raw", 2.0), ("hdf5:raw", 8.0)]
        .map(|(format, ratio)| Comparison {
            best: peer.clone(),
            other: id(&results, format),
            ratio,
            lo: ratio * 0.9,
            hi: ratio * 1.1,
            ..template.clone()
        })
        .to_vec();
    let places = by(&results, "epoch=1").places;
    let scores: Vec<_> =
        places.iter().map(|place| (place.format.as_str(), (place.score * 1e6).round() / 1e6)).collect();
    assert_eq!(scores, [("lmdb:raw", 1.0), ("hdf5:raw", 4.0)]);
    assert!(places[0].lo < 0.91, "how far it is from the peer is not known exactly: {places:?}");
}

#[test]
fn space_is_what_was_allocated_and_the_fewest_threads_speak() {
    let mut results = run();
    for cell in &mut results.cells {
        let storage = cell.storage.as_mut().unwrap();
        (storage.allocated_bytes, storage.apparent_bytes) =
            if cell.format == "dir:png" { (100, 900) } else { (200, 5) };
    }
    assert_eq!(by(&results, "space=1").places[0].format, "dir:png");
    let mut many = run();
    many.cells.retain(|cell| cell.cache == "warm" && cell.workload == "epoch");
    // More threads come first in the results, and without verdicts.
    let threads = many.cells.clone().into_iter().map(|cell| Cell { threads: 4, id: cell.id.clone() + "/4", ..cell });
    many.cells = threads.chain(many.cells.clone()).collect();
    assert_eq!(ranks(&by(&many, "epoch=1")), ranks(&by(&run(), "epoch=1")));
}

#[test]
fn a_quick_run_of_criterion_ranks_nothing_by_time() {
    let cells = ["lmdb:raw", "dir:png"].map(|format| fixture::cell(format, "epoch", 1_000, 1.0));
    let mut results = fixture::results(cells.to_vec());
    results.run.profile = "criterion-quick".into();
    let error = rank(&results, &"epoch=1".parse().unwrap()).unwrap_err().to_string();
    assert!(error.contains("too few samples"), "{error}");
}

#[test]
fn a_slider_without_its_criteria_stands_where_what_is_left_counts() {
    let by = |gone: &str| {
        let mut results = run();
        results.cells.retain(|cell| cell.workload != gone);
        let ranked = rank_as_usual(&results).remove(0);
        let all = [results];
        let groups = crate::report::model::groups(&all);
        (sheets(&groups)[0].usual(), ranked.weighed())
    };
    assert_eq!(by("nothing"), ([0.9, 0.1, 0.0, 0.0], "10 % write_batch, 9.0 % read_one, 81 % epoch".into()));
    assert_eq!(by("read_one"), ([0.9, 0.0, 0.0, 0.0], "10 % write_batch, 90 % epoch".into()));
    assert_eq!(by("epoch"), ([0.9, 1.0, 0.0, 0.0], "10 % write_batch, 90 % read_one".into()));
    assert_eq!(by("write_batch"), ([1.0, 0.1, 0.0, 0.0], "10 % read_one, 90 % epoch".into()));
}

#[test]
fn a_criterion_that_failed_is_not_called_absent() {
    let mut results = crate::report::run_fixture::run();
    for cell in results.cells.iter_mut().filter(|cell| cell.workload == "epoch") {
        cell.status = crate::results::Status::Failed;
        (cell.reason, cell.estimate) = (Some("killed by signal 7 (SIGBUS)".into()), None);
    }
    let error = rank(&results, &"epoch=1".parse().unwrap()).unwrap_err().to_string();
    assert!(error.contains("failed") && error.contains("SIGBUS") && !error.contains("no criterion"), "{error}");
}
