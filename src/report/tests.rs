//! The report as a whole: what it must hold, and what must not break it.

use super::fixture::{cell, mark, realistic, results, without_scripts};
use super::run_fixture::{at, of, run};
use super::{html, markdown, write};
use crate::results::*;
use crate::sample::ImageShape;

/// Replaces every string of the results by something nasty, through their JSON: no field can be forgotten.
fn poison(value: &mut serde_json::Value, field: &str) {
    use serde_json::Value;
    match value {
        // Nor the names that verdicts and cells know one another by.
        Value::String(text) if !["schema", "kind", "status", "id", "best", "other"].contains(&field) => {
            *text = format!("{text}\"'><script>alert('{field}')</script>&|\u{1}");
        }
        Value::Array(items) => items.iter_mut().for_each(|item| poison(item, field)),
        Value::Object(fields) => fields.iter_mut().for_each(|(name, item)| poison(item, name)),
        _ => {}
    }
}

#[test]
fn no_string_of_the_results_becomes_markup() {
    let fields = [
        "format", "workload", "reason", "name", "cpu", "command", "fs", "sha256", "library", "rustc", "cache", "run id",
    ];
    never_markup(realistic(), &fields);
    never_markup(run(), &["format", "workload", "ledger_reason", "metadata", "cache", "verdict", "command"]);
}

fn never_markup(results: Results, fields: &[&str]) {
    let mut value = serde_json::to_value(results).unwrap();
    poison(&mut value, "");
    poison(&mut value["run"]["id"], "run id");
    let poisoned: Results = serde_json::from_value(value).unwrap();
    let page = without_scripts(&html(std::slice::from_ref(&poisoned), &[]).unwrap());
    assert!(!page.contains("<script"), "a script got through");
    assert!(!page.contains('\u{1}'), "a control character got through");
    for field in fields {
        assert!(page.contains(&format!("&lt;script&gt;alert(&#39;{field}&#39;)")), "{field} is not on the page");
    }
    let dir = tempfile::tempdir().unwrap();
    write(std::slice::from_ref(&poisoned), &[], dir.path()).unwrap();
    for entry in std::fs::read_dir(dir.path().join("charts")).unwrap() {
        let svg = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        assert!(!svg.contains("<script") && !svg.contains('\u{1}'));
    }
    assert!(!markdown(&[poisoned]).contains("<script"));
}

#[test]
fn every_reason_is_on_the_page_and_in_the_markdown() {
    let all = [realistic()];
    let (page, text) = (html(&all, &[]).unwrap(), markdown(&all));
    let reasons: Vec<_> = all[0].cells.iter().filter_map(|c| c.reason.as_deref()).collect();
    assert!(reasons.len() >= 3);
    for reason in reasons {
        // That stands above it.
        let reason = reason.trim_start_matches("unsupported: ");
        assert!(page.contains(reason), "{reason}");
        assert!(text.contains(reason), "{reason}");
    }
    let banner = page.find("banner bad").unwrap();
    assert!(page[banner..].starts_with("banner bad\"><strong>Attention:</strong> 1 cell failed"));
}

#[test]
fn what_was_left_out_is_told_in_one_line_for_each_reason() {
    let mut all = run();
    let missing = "there is no numpy";
    let mut reasons = Vec::new();
    for (kind, format, workload, reason) in [
        (CellKind::Peer, "python:pillow", "epoch", missing),
        (CellKind::Peer, "python:pillow", "read_one", missing),
        (CellKind::Peer, "python:lmdb", "epoch", missing),
        (CellKind::Peer, "python:lmdb", "read_one", missing),
        (CellKind::Peer, "python:torch", "epoch", missing),
        (CellKind::Format, "lmdb:png", "epoch", "not selected"),
        (CellKind::Format, "lmdb:png", "scan", "not selected"),
    ] {
        let mut cell = of(kind, at("warm", format, workload, 1.0));
        mark(std::slice::from_mut(&mut cell), format, workload, Status::Skipped, reason);
        all.cells.push(cell);
        reasons.push(reason);
    }
    let all = [all];
    let (page, text) = (html(&all, &[]).unwrap(), markdown(&all));
    let page = page.split("<h2 id=\"provenance").next().unwrap();
    for name in ["python:pillow", "python:lmdb", "python:torch", "lmdb:png"] {
        assert_eq!((page.matches(name).count(), text.matches(name).count()), (1, 1), "{name}");
    }
    for reason in reasons {
        assert_eq!((page.matches(reason).count(), text.matches(reason).count()), (1, 1), "{reason}");
    }
    let told = "5 cells: python:pillow (peer), python:lmdb (peer) in epoch, read_one (1,000 images); python:torch (peer) in epoch (1,000 images)";
    assert!(text.contains(told), "{text}");
    assert!(text.contains("2 cells: lmdb:png in epoch, scan (1,000 images)"), "{text}");
    assert!(!page.contains("<details class=\"gap\">"), "folded away, nobody would see who is missing");
}

#[test]
fn a_peer_left_out_of_one_workload_is_in_the_others() {
    let mut all = run();
    let mut cell = of(CellKind::Peer, at("warm", "python:h5py-single", "read_one", 1.0));
    mark(std::slice::from_mut(&mut cell), "python:h5py-single", "read_one", Status::Unsupported, "it reads batches");
    all.cells.push(cell);
    let page = html(&[all], &[]).unwrap();
    let chart = |title: &str| page.split("<svg").find(|svg| svg.contains(title)).unwrap().to_owned();
    assert!(chart(">epoch: time against").contains("python:h5py-single"));
    assert!(!chart(">read_one: time against").contains("python:h5py-single"));
    assert!(page.contains("python:h5py-single (peer)</b> in read_one (1,000 images)"));
}

#[test]
fn a_run_cut_short_and_a_quick_one_say_so() {
    let mut result = realistic();
    assert!(!html(&[result.clone()], &[]).unwrap().contains("did not reach its end"));
    result.run.complete = false;
    result.run.profile = "criterion-quick".into();
    let all = [result];
    for text in [html(&all, &[]).unwrap(), markdown(&all)] {
        assert!(text.contains("the run did not reach its end") && text.contains("a quick run of few samples"));
    }
}

#[test]
fn wrong_pixels_count_as_failed_and_never_win() {
    let mut fast = cell("lmdb:raw", "epoch", 1_000, 0.1);
    fast.verified = Some(Verified { images: 1_000, ok: false });
    let page = html(&[results(vec![fast, cell("dir:png", "epoch", 1_000, 30.0)])], &[]).unwrap();
    assert!(page.contains("<dd><strong>dir:png with 33,300 images/s</strong>"));
    assert!(page.contains("banner bad"));
    assert!(page.contains("what was read back differs from the dataset"));
}

#[test]
fn overlapping_intervals_are_named_together() {
    let text = markdown(&[realistic()]);
    assert!(text.contains("lmdb:raw with 1.25 M images/s"), "{text}");
    assert!(text.contains("Not told apart from it: lmdb:bincode (which does not prove them equal"), "{text}");
}

#[test]
fn noise_and_small_differences_are_not_told_apart() {
    let told = |a: f64, b: f64, half: f64, profile: &str| {
        let (mut fast, mut slow) = (cell("lmdb:raw", "epoch", 1_000, a), cell("dir:png", "epoch", 1_000, b));
        for cell in [&mut fast, &mut slow] {
            let estimate = cell.estimate.as_mut().unwrap();
            (estimate.lo, estimate.hi) = (estimate.images_per_s * (1.0 - half), estimate.images_per_s * (1.0 + half));
        }
        let mut results = results(vec![fast, slow]);
        results.run.profile = profile.into();
        markdown(&[results])
    };
    let apart = "told apart from it.";
    assert!(told(1.0, 9.0, 0.01, "criterion").contains(apart));
    // An interleaved run has verdicts, or nothing is said: intervals side by side are none.
    let run = told(1.0, 9.0, 0.01, "standard");
    assert!(run.contains("no verdict in these results") && !run.contains(apart) && !run.contains("★ **"), "{run}");
    // Criterion measures one after another, so 20 percent is nothing; nor is a factor of nine between wild intervals.
    assert!(told(1.0, 1.2, 0.01, "criterion").contains("Not told apart from it: dir:png"));
    assert!(told(1.0, 9.0, 0.6, "criterion").contains("Not told apart from it: dir:png"));
    let quick = told(1.0, 9.0, 0.01, "criterion-quick");
    assert!(quick.contains("Not said") && !quick.contains("★ **"), "{quick}");
}

#[test]
fn a_busy_machine_is_said() {
    let mut results = realistic();
    results.host.load.after = Some(6.2);
    assert!(html(&[results], &[]).unwrap().contains("the load average was 6.2"));
    assert!(!html(&[realistic()], &[]).unwrap().contains("kept this machine busy"));
}

#[test]
fn what_was_never_synced_is_not_ranked() {
    let mut fast = cell("lmdb:raw", "write_batch", 1_000, 0.1);
    fast.durability = Some("none".into());
    let text = markdown(&[results(vec![fast, cell("dir:png", "write_batch", 1_000, 30.0)])]);
    assert!(text.contains("**For ingest (writing a store in batches):** dir:png"), "{text}");
    assert!(text.contains("write_batch, durability none"), "{text}");
}

#[test]
fn cache_states_are_never_mixed() {
    let mut cold = cell("lmdb:raw", "epoch", 1_000, 0.1);
    cold.cache = "cold-data".into();
    let page = html(&[results(vec![cell("dir:png", "epoch", 1_000, 30.0), cold])], &[]).unwrap();
    assert!(page.contains("cold-data cache") && page.contains("warm cache"));
    assert!(page.contains("No other format gave a number."));
}

#[test]
fn the_page_loads_nothing_and_the_same_results_give_the_same_bytes() {
    let all = [realistic(), realistic()];
    let whole = html(&all, &[]).unwrap();
    let page = without_scripts(&whole);
    for network in ["src=", "href=\"http", "url(", "@import", "<script", "<link", "<iframe"] {
        assert!(!page.contains(network), "{network}");
    }
    assert_eq!(page.replace("http://www.w3.org/2000/svg", "").matches("http").count(), 0);
    for network in ["fetch(", "XMLHttpRequest", "import(", "eval(", "innerHTML", "localStorage"] {
        assert!(!whole.contains(network), "{network}");
    }
    assert_eq!(whole, html(&all, &[]).unwrap());
    assert_eq!(markdown(&all), markdown(&all));
}

#[test]
fn more_cells_than_a_page_holds_are_refused_with_the_way_out() {
    let many = |count: usize| results(vec![cell("dir:png", "epoch", 1_000, 30.0); count]);
    let error = html(&[many(super::MOST_CELLS), many(1)], &[]).unwrap_err().to_string();
    assert!(error.contains("5001 cells") && error.contains("--filter") && error.contains("export --to csv"), "{error}");
}

#[test]
fn odd_results_give_a_page() {
    let mut odd = vec![results(Vec::new())];
    let mut bare = results(vec![cell("dir:png", "epoch", 0, f64::NAN)]);
    bare.datasets.clear();
    bare.run.wall_s = f64::NAN;
    bare.host.steal_pct = Some(f64::INFINITY);
    odd.push(bare);
    let mut empty = results(Vec::new());
    empty.datasets[0].images = 0;
    empty.datasets[0].shape =
        DatasetShape::Ragged { max: ImageShape::new(u32::MAX, u32::MAX, u32::MAX), size_quantiles: vec![] };
    empty.datasets[0].raw_bytes = u64::MAX;
    odd.push(empty);
    let values =
        [f64::NAN, 0.0, -1.0, f64::INFINITY, f64::NEG_INFINITY, 1e-300, 1e300, f64::MAX, f64::MIN_POSITIVE, 5e-324];
    for value in values {
        let mut cells = Vec::new();
        for workload in
            ["epoch", "scan", "write_batch", "write_one", "read_one", "read_batch", "open", "unheard of", ""]
        {
            for images in [0, 1, 1_000, u64::MAX] {
                let mut cell = cell(&"very long name ".repeat(30), workload, images.min(1_000_000), 3.0);
                cell.images = images;
                if let Some(estimate) = &mut cell.estimate {
                    (estimate.images_per_s, estimate.lo, estimate.hi) = (value, value, 1.0 / value);
                }
                cell.storage = Some(Storage { apparent_bytes: u64::MAX, allocated_bytes: 0, files: u64::MAX });
                cells.push(cell);
            }
            let mut none = cell("no estimate", workload, 1_000, 3.0);
            none.estimate = None;
            cells.push(none);
            cells.push(cell("fine", workload, 1_000, 3.0));
        }
        odd.push(results(cells));
    }
    for result in &odd {
        let page = html(std::slice::from_ref(result), &[]).unwrap();
        assert!(page.ends_with("</html>\n"));
        assert!(!markdown(std::slice::from_ref(result)).is_empty());
    }
    assert!(html(&odd, &[]).unwrap().contains("Run 3"));
    assert!(html(&[], &[]).unwrap().contains("There are no results"));
}

#[test]
fn sixty_formats_fit() {
    let workloads = ["epoch", "scan", "write_batch", "read_one", "read_batch", "open"];
    let mut cells = Vec::new();
    for nth in 0..60 {
        for workload in workloads {
            cells.push(cell(&format!("hdf5:raw,chunk={nth}"), workload, 1_000, 1.0 + f64::from(nth)));
        }
    }
    mark(&mut cells, "hdf5:raw,chunk=7", "scan", Status::Timeout, "more than 600 s");
    let page = html(&[results(cells)], &[]).unwrap();
    assert!(page.contains("hdf5:raw,chunk=59") && page.contains("more than 600 s"));
    assert!(page.len() < 3_000_000, "{} bytes", page.len());
}

#[test]
fn names_that_differ_at_their_end_differ_in_every_chart() {
    let mut cells = Vec::new();
    for format in ["hdf5:raw,chunk=64,deflate=4,read=direct", "hdf5:raw,chunk=64,deflate=4,read=threads"] {
        for workload in ["epoch", "read_one", "read_batch"] {
            cells.extend([500, 1_000].map(|images| cell(format, workload, images, 3.0)));
        }
    }
    let page = html(&[results(cells)], &[]).unwrap();
    for chart in [">epoch: images/s with", ">epoch: images/s against", ">Bytes per image", ">Reading: "] {
        let svg = page.split("<svg").find(|svg| svg.contains(chart)).unwrap();
        assert!(svg.contains("read=direct") && svg.contains("read=threads") && !svg.contains('…'), "{svg}");
    }
}

#[test]
fn everything_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let index = write(&[realistic()], &[], dir.path()).unwrap();
    assert_eq!(index, dir.path().join("index.html"));
    for file in [
        "index.html",
        "report.md",
        "results.json",
        "charts/speed-epoch.svg",
        "charts/space.svg",
        "charts/batch-read.svg",
    ] {
        assert!(dir.path().join(file).is_file(), "{file}");
    }
    write(&[realistic(), realistic()], &[], dir.path()).unwrap();
    assert!(dir.path().join("results-2.json").is_file() && dir.path().join("charts/2-space.svg").is_file());
}
