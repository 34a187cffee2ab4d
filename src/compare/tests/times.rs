//! Verdicts on times.

use super::*;

#[test]
fn times_are_judged_by_launches_and_only_where_they_can_be() {
    let mut head = run();
    cell(&mut head, "dir:png", "epoch").turns = turns([1_300, 1_310, 1_290, 1_305]);
    cell(&mut head, "dir:png", "scan").turns = turns([1_000, 3_000, 500, 1_500]);
    cell(&mut head, "lmdb:raw", "scan").turns = Turns::default();
    cell(&mut head, "lmdb:raw", "write_batch").durability = Some("none".into());
    let mut base = run();
    cell(&mut base, "lmdb:raw", "write_batch").durability = Some("none".into());
    cell(&mut base, "lmdb:raw", "epoch").turns.launch = vec![0; 8];
    let found = compared(&base, &head);
    let said: Vec<String> = found.cells.iter().map(|pair| words::time(&pair.time)).collect();
    assert!(said[0].starts_with("1.30 times slower (1."), "{said:?}");
    assert!(said[1].starts_with("inconclusive ("), "{said:?}");
    assert!(said[2].starts_with("tied ("), "{said:?}");
    assert!(said[3].starts_with("not judged: base: cell 0, launch 0, block 0: more than two turns"), "{said:?}");
    assert_eq!(said[4..], ["counted, not timed: no times in the head", "nothing waits for the device"]);
    assert_eq!(found.inconclusive(), 2);
    head.run.profile = "criterion".into();
    let criterion = words::time(&compared(&base, &head).cells[3].time);
    assert!(criterion.starts_with("not judged: criterion measures one thing after another"), "{criterion}");
    let page = markdown(&found, None);
    assert!(page.contains("### Times that are no tie\n\nTimes are advice"), "{page}");
    assert!(!page.contains("Exact metrics that changed"), "{page}");
}

#[test]
fn a_run_that_was_cut_short_has_no_verdicts_whichever_of_the_two_it_is() {
    let mut cut = run();
    cut.run.complete = false;
    for found in [compared(&cut, &run()), compared(&run(), &cut)] {
        let said = |pair: &Pair| words::time(&pair.time);
        assert!(found.cells.iter().all(|pair| said(pair) == "not judged: a run was cut short"), "{found:?}");
        assert!(found.notes.iter().any(|note| note.contains("was cut short")), "{found:?}");
    }
}

#[test]
fn intervals_are_as_wide_as_all_cells_of_a_comparison_ask_for() {
    let width = |cells: usize| {
        let mut base = run();
        base.cells.truncate(cells);
        match &compared(&base, &base).cells[0].time {
            Time::Judged(found) => found.hi / found.lo,
            other => panic!("{other:?}"),
        }
    };
    assert!(width(6) > width(1) * 1.005, "{} {}", width(6), width(1));
}
