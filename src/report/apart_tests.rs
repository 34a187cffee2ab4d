//! Who is compared with whom: references, peers, stores of many files, and states of the cache apart.

use super::run_fixture::run;
use super::run_tests::{COLD, WARM, line};
use super::{html, markdown};
use crate::results::*;

#[test]
fn references_are_apart_and_never_ranked() {
    let all = [run()];
    let (page, text) = (html(&all, &[]).unwrap(), markdown(&all));
    let reference = line(&text, WARM, "flat:raw,read=memory (reference)");
    assert!(reference.contains("| 4.00 M ± 1.5 % |") && !reference.contains('★'), "{reference}");
    assert!(page.contains("<th scope=\"rowgroup\">What the machine can do</th>"));
    assert!(page.contains("share of the reference&#39;s speed"));
    // 1.25 M images/s of 4 M.
    assert!(page.contains("<td>31 %</td>"));
    // The harness would flatten every scale: it is a sentence.
    assert!(!page.contains(">nothing (reference)<") && !text.contains("| nothing"));
    for svg in page.split("<svg").skip(1).map(|rest| rest.split("</svg>").next().unwrap()) {
        assert!(!svg.contains("nothing"), "{svg}");
    }
    let harness = "takes 3.00 ns in read_one to 51.2 ns in epoch per operation; that is at most 0.08 % of the time of the \
                   fastest cell measured in batches (flat:raw,read=memory in epoch).";
    assert!(text.contains(harness), "{text}");
    assert!(page.contains(harness));
}

#[test]
fn a_program_is_no_answer_to_which_format() {
    let mut results = run();
    let peer = results.cells.iter().find(|cell| cell.kind == CellKind::Peer).unwrap().id.clone();
    let of = |format: &str, cells: &[Cell]| {
        let here = |cell: &&Cell| cell.format == format && cell.workload == "epoch" && cell.cache == "warm";
        cells.iter().find(here).unwrap().id.clone()
    };
    results.comparisons.retain(|comparison| comparison.workload != "epoch");
    for (format, ratio) in [("lmdb:raw", 1.4), ("hdf5:raw", 2.8)] {
        results.comparisons.push(Comparison {
            workload: "epoch".into(),
            best: peer.clone(),
            other: of(format, &results.cells),
            ratio,
            lo: ratio * 0.9,
            hi: ratio * 1.1,
            verdict: "slower".into(),
            min_detectable: None,
        });
    }
    let text = markdown(&[results]);
    let answer = text.lines().find(|line| line.contains("For training reads")).unwrap();
    assert!(answer.contains(":** lmdb:raw with 1.25 M images/s"), "{answer}");
    let rest = "Against python:h5py-single (peer), which is a program and no format: 1.40 times slower (1.26 to 1.54). The next \
                format, hdf5:raw, takes 2.00 times as long by their estimates.";
    assert!(answer.contains(rest), "{answer}");
}

#[test]
fn peers_are_ranked_like_formats() {
    let page = html(&[run()], &[]).unwrap();
    assert!(page.contains("<th scope=\"rowgroup\">What people run in Python</th>"));
    assert!(page.contains("75.0 times slower (67.5&nbsp;to&nbsp;82.5)"));
    let svg = page.split("<svg").find(|svg| svg.contains(">epoch: time against the fastest<")).unwrap();
    assert!(svg.contains("python:h5py-single (peer)"));
}

#[test]
fn stores_of_many_files_are_ranked_apart() {
    let text = markdown(&[run()]);
    let cold = &text[text.find(COLD).unwrap()..];
    assert!(cold.starts_with("Cache state cold-data: before each turn the stores' file data was evicted"));
    let answer = cold.lines().find(|l| l.contains("For training reads")).unwrap();
    assert!(answer.contains("Fastest of stores of few files: lmdb:raw with 100,000 images/s"), "{answer}");
    assert!(answer.contains("Fastest of stores of many files: dir:raw with 25,000 images/s"), "{answer}");
    assert!(line(&text, COLD, "dir:raw").contains("★ **25,000** ± 1.5 %<br>fastest of stores of many files |"));
    assert!(line(&text, COLD, "lmdb:raw").contains("★ **100,000** ± 9.0 %<br>fastest of stores of few files |"));
    // A picture holds what was compared, and nothing of the other ranking.
    let page = html(&[run()], &[]).unwrap();
    for (among, inside, outside) in [("few", "hdf5:raw", "dir:raw"), ("many", "dir:png", "lmdb:raw")] {
        let title = format!(">epoch: time against the fastest of stores of {among} files");
        let svg = page.split("<svg").find(|svg| svg.contains(&title)).unwrap();
        let drawn = |format: &str| svg.contains(&format!("<g data-f=\"{format}\">"));
        assert!(drawn(inside) && !drawn(outside), "{among}: {svg}");
    }
    // What was not measured cold is not asked.
    assert!(!cold.contains("Fastest ingest"));
    let limits = &text[..text.find(WARM).unwrap()];
    assert!(limits.contains("In 3 cells of cold reads it is proved"), "{limits}");
    assert!(limits.contains("Not proved cold, so perhaps too fast here: hdf5:raw epoch"), "{limits}");
}

#[test]
fn cold_reads_stand_beside_warm_ones() {
    let page = html(&[run()], &[]).unwrap();
    let svg = page.split("<svg").find(|svg| svg.contains(">epoch: warm and cold<")).unwrap();
    // 10 us cold, 0.8 us warm.
    let (_, lmdb) = svg.split_once("<g data-f=\"lmdb:raw\">").unwrap();
    assert!(lmdb.split_once("</g>").unwrap().0.contains("12.5 ×"), "{lmdb}");
    assert!(!html(&[super::fixture::realistic()], &[]).unwrap().contains("warm and cold"));
}

#[test]
fn cold_stores_of_another_size_stand_beside_warm_ones_with_their_own_times() {
    let mut results = run();
    for cell in results.cells.iter_mut().filter(|cell| cell.cache == "cold-data") {
        cell.images = 500;
        cell.id += "/500";
    }
    results.comparisons.retain(|comparison| !comparison.best.contains("cold-data"));
    let page = html(&[results], &[]).unwrap();
    let svg = page.split("<svg").find(|svg| svg.contains(">epoch: warm and cold<")).unwrap();
    let (_, lmdb) = svg.split_once("<g data-f=\"lmdb:raw\">").unwrap();
    assert!(lmdb.split_once("</g>").unwrap().0.contains("12.5 ×"), "{lmdb}");
}
