//! The page as a whole.

use super::*;
use crate::report::run_fixture::{at, of, run};
use crate::results::CellKind;

#[test]
fn every_section_of_every_run_has_its_link() {
    let of = |page: &str| {
        let (_, nav) = page.split_once("<nav aria-label=\"Sections\">").unwrap();
        nav.split_once("</nav>").unwrap().0.to_owned()
    };
    let one = of(&page(&[run()], &[]).unwrap());
    assert!(one.contains("<li><a href=\"#overview\">Overview</a></li>") && !one.contains("of-run"), "{one}");
    let mut other = run();
    other.run.id = "another".into();
    let two = page(&[run(), other], &[]).unwrap();
    let nav = of(&two);
    for id in ["s1-top", "s1-overview", "s2-overview", "s2-tuning", "provenance-2"] {
        assert!(nav.contains(&format!("<a href=\"#{id}\">")), "{id}: {nav}");
        assert!(two.contains(&format!(" id=\"{id}\"")), "{id}");
    }
    assert_eq!(nav.matches("<ul>").count(), nav.matches("</ul>").count());
}

#[test]
fn of_a_run_that_only_counted_nothing_is_ranked_and_nothing_drawn_twice() {
    let mut counted = run();
    for cell in &mut counted.cells {
        (cell.estimate, cell.reason) = (None, Some(crate::run::COUNTED.into()));
    }
    let empty = page(&[counted], &[]).unwrap();
    assert!(empty.contains("Nothing was timed: this run counted") && !empty.contains("class=\"sliders\""), "{empty}");
    let whole = page(&[run()], &[]).unwrap();
    assert!(whole.contains("class=\"sliders\"") && !whole.contains("Nothing was timed"));
    let charts: Vec<&str> = whole.split("<figure").skip(1).filter_map(|rest| rest.split("</figure>").next()).collect();
    let once: BTreeSet<&&str> = charts.iter().collect();
    assert_eq!(once.len(), charts.len());
}

#[test]
fn a_run_that_only_changed_stores_has_answers_and_nothing_to_weigh() {
    let mut changed = run();
    changed.cells.retain(|cell| cell.workload == "write_batch");
    changed.comparisons.retain(|comparison| comparison.workload == "write_batch");
    changed.cells.iter_mut().for_each(|cell| cell.workload = "append".into());
    changed.comparisons.iter_mut().for_each(|comparison| comparison.workload = "append".into());
    let page = page(&[changed], &[]).unwrap();
    assert!(page.contains("<dt>For growing a store (adding 1 % more images)</dt><dd><strong>"), "{page}");
    assert!(page.contains("this run measured append.") && !page.contains("class=\"sliders\""), "{page}");
    assert!(!page.contains("<dt>For writing a store of one image"));
}

#[test]
fn charts_are_never_shown_smaller_than_they_are_drawn() {
    let page = page(&[run()], &[]).unwrap();
    let least = |rule: &str| {
        let (_, rest) = STYLE.split_once(&format!("{rule} {{")).unwrap();
        let (_, rest) = rest.split_once("min-width: ").unwrap();
        rest.split_once("px").unwrap().0.parse::<f64>().unwrap()
    };
    let mut charts = 0;
    for figure in page.split("<figure").skip(1) {
        let drawn: f64 = figure.split("width=\"").nth(1).unwrap().split('"').next().unwrap().parse().unwrap();
        let rule = if figure.contains(">Bytes per image, ") { ".panels.space svg.chart" } else { "\nsvg.chart" };
        assert_eq!(least(rule), drawn, "{rule}");
        charts += 1;
    }
    assert!(charts > 3);
}

#[test]
fn a_format_in_its_own_process_is_not_under_python() {
    let mut alone = run();
    alone.cells.retain(|cell| cell.kind != CellKind::Peer);
    alone.cells.push(of(CellKind::Peer, at("warm", "lmdb:raw (own process)", "epoch", 1.0)));
    let page = page(&[alone], &[]).unwrap();
    assert!(page.contains(">A format in a process of its own, as a peer has</th>"));
    assert!(!page.contains(">What people run in Python</th>"));
}
