//! The report of an interleaved run: what is said follows from its verdicts.

use super::fixture::without_scripts;
use super::run_fixture::{at, of, run};
use super::{PREVIOUS, RESULTS_FILE, html, markdown, set_aside, write};
use crate::results::*;
use std::path::Path;

/// The line of the Markdown summary about a row, in the group whose text begins after `from`.
pub(super) fn line<'t>(text: &'t str, from: &str, row: &str) -> &'t str {
    let start = text.find(from).unwrap_or_else(|| panic!("{from} is not in {text}"));
    let rest = &text[start..];
    let at = rest.find(&format!("\n| {row} |")).unwrap_or_else(|| panic!("{row} is not in {rest}"));
    rest[at + 1..].lines().next().unwrap()
}

pub(super) const WARM: &str = "Cache state warm";
pub(super) const COLD: &str = "Cache state cold-data";

#[test]
fn who_is_fastest_comes_from_the_verdicts() {
    let text = markdown(&[run()]);
    // The columns: write_batch, read_one, epoch.
    let best = line(&text, WARM, "lmdb:raw");
    assert!(best.contains("★ **1.25 M** ± 9.0 %<br>fastest, with 2 tied or not told apart"), "{best}");
    // Its estimate in read_one is the second: the verdict counts.
    assert!(best.contains("★ **909,000**"), "{best}");
    let tied = line(&text, WARM, "lmdb:bincode");
    assert!(tied.contains("1.30 times slower (1.17 to 1.43)") && tied.contains("= 1.11 M"), "{tied}");
    assert!(tied.contains("tied (0.909 to 1.11)"), "{tied}");
    // The intervals are worlds apart, but that was not found.
    let open = line(&text, WARM, "hdf5:raw");
    assert!(open.contains("≈ 111,000 ± 1.5 %<br>not told apart (10.1 to 12.3)"), "{open}");
    let answer = text.lines().find(|l| l.contains("For training reads")).unwrap();
    assert!(answer.contains("lmdb:raw with 1.25 M images/s") && answer.contains("Tied with it: lmdb:bincode."));
    assert!(answer.contains("Not told apart from it: hdf5:raw. Next: dir:png"), "{answer}");
    assert!(answer.contains("Slowest: python:h5py-single (peer), 75.0 times slower (67.5 to 82.5)."), "{answer}");
}

#[test]
fn nobody_wins_where_nobody_is_slower() {
    let text = markdown(&[run()]);
    assert!(text.contains("**For ingest (writing a store in batches):** No winner; highest estimate: lmdb:raw"));
    let best = line(&text, WARM, "lmdb:raw");
    assert!(best.contains("| ☆ 50,000 ± 9.0 %<br>highest estimate, but nobody is slower for certain |"), "{best}");
    assert_eq!(best.matches('★').count(), 2, "{best}");
    // There is no verdict on it at all.
    assert!(line(&text, WARM, "lmdb:bincode").contains("| 50,000 ± 9.0 %<br>no verdict"));
}

#[test]
fn a_run_cut_short_gives_no_verdict() {
    let mut cut = run();
    cut.run.complete = false;
    for text in [html(&[cut.clone()], &[]).unwrap(), markdown(&[cut])] {
        assert!(text.contains("the run did not reach its end") && text.contains("Cut short: no verdict."));
        assert!(text.contains("(cut short: no verdict). The estimates are under “All speeds”."));
        assert!(!text.contains("★ **") && !text.contains("class=\"best\"") && !text.contains("<td class=\"near\""));
        assert!(!text.contains("times slower (") && !text.contains("All verdicts"));
        assert!(text.contains("1.25 M"));
    }
}

#[test]
fn a_workload_without_comparisons_has_no_star() {
    let mut bare = run();
    bare.comparisons.retain(|c| c.workload != "epoch");
    let text = markdown(&[bare]);
    let answer = text.lines().find(|l| l.contains("For training reads")).unwrap();
    assert!(answer.contains("Not said (no verdict in these results)."), "{answer}");
    assert!(line(&text, WARM, "lmdb:raw").contains("1.25 M ± 9.0 %<br>no verdict in these results"));
    let mut alone = run();
    alone.comparisons.clear();
    alone.cells.retain(|c| c.format == "lmdb:raw" || c.kind == CellKind::Reference);
    assert!(markdown(&[alone]).contains("no verdict: nothing to compare it with"));
}

#[test]
fn the_noise_floor_is_said_and_shown() {
    let all = [run()];
    let (page, text) = (html(&all, &[]).unwrap(), markdown(&all));
    // Down to 0.8 is further from equal than up to 1.17.
    assert!(text.contains("**Noise floor of this run:** 25 % (epoch)"), "{text}");
    assert!(page.contains("Noise floor: 25 % (epoch)"));
    let row =
        "| epoch | lmdb:raw | warm | 1.02 × | 0.800 × to 1.17 × | not told apart, but no tie: the interval is wide |";
    assert!(text.contains(row), "{text}");
    assert!(page.contains("<td>0.800 × to 1.17 ×</td>"));
    assert!(line(&text, WARM, "lmdb:raw (null twin)").contains("1.22 M ± 9.0 % |"));
    // The other group has none.
    assert_eq!(page.matches("0.800 × to 1.17 ×").count(), 1);
}

#[test]
fn twins_of_other_thread_counts_stay_in_their_group() {
    let mut threads = run();
    let mut twin = of(CellKind::Null, at("warm", "lmdb:raw", "epoch", 0.4));
    let mut format = at("warm", "lmdb:raw", "epoch", 0.4);
    for (cell, id) in [(&mut twin, "null t4"), (&mut format, "t4")] {
        cell.threads = 4;
        cell.id = id.into();
    }
    threads.cells.extend([format, twin]);
    threads.null_control.push(NullControl {
        ratio: 1.5,
        lo: 1.4,
        hi: 1.6,
        verdict: "slower".into(),
        ..threads.null_control[0].clone()
    });
    let text = markdown(&[threads]);
    let four = text.find("4 threads").unwrap();
    assert!(four > text.find("0.800 × to 1.17 ×").unwrap());
    assert!(text[four..].contains("1.40 × to 1.60 × | told apart from itself") && !text[..four].contains("1.40 ×"));
}

#[test]
fn several_threads_are_set_beside_one() {
    let mut threads = run();
    assert!(!markdown(&[threads.clone()]).contains("Against one thread"));
    let mut cell = at("warm", "lmdb:raw", "epoch", 0.4);
    (cell.threads, cell.id) = (2, "t2".into());
    threads.cells.push(cell);
    for (of, ns) in [(1, [900, 1_000, 9_000]), (2, [400, 500, 600])] {
        let mine = |c: &&mut Cell| {
            (c.kind, c.threads, c.cache.as_str(), c.workload.as_str()) == (CellKind::Format, of, "warm", "epoch")
        };
        for cell in threads.cells.iter_mut().filter(mine) {
            (cell.turns.images, cell.turns.elapsed_ns) = (vec![1; 3], ns.to_vec());
        }
    }
    // A cold cell of one thread is another matter.
    threads.cells.retain(|c| !(c.cache == "warm" && c.threads == 1 && c.format == "dir:png"));
    let mut cold = at("warm", "dir:png", "epoch", 10.0);
    (cold.threads, cold.id) = (2, "t2 png".into());
    threads.cells.push(cold);
    let all = [threads];
    let (page, text) = (html(&all, &[]).unwrap(), markdown(&all));
    // Twice; two intervals of 9 %, apart from one another.
    let gain = "2.00 × (1.76 to 2.27); medians 2.00 ×";
    assert!(page.contains(&format!("<th scope=\"row\">lmdb:raw</th><td>{gain}</td>")));
    let table = text[text.find("### Against one thread").unwrap()..].split("###").nth(1).unwrap();
    assert!(table.contains(&format!("| lmdb:raw | {gain} |")) && !table.contains("dir:png"), "{table}");
    assert_eq!((page.matches(">Against one thread</h").count(), text.matches("### Against one").count()), (1, 1));
}

#[test]
fn the_overview_tells_ties_from_differences_and_what_is_missing() {
    let page = html(&[run()], &[]).unwrap();
    let (_, table) = page.split_once("class=\"overview\"").unwrap();
    let (table, _) = table.split_once("</table>").unwrap();
    let row = |format: &str| {
        let (_, row) = table.split_once(&format!("<tr data-f=\"{format}\">")).unwrap();
        row.split_once("</tr>").unwrap().0.to_owned()
    };
    let in_epoch = |class: &str, text: &str| format!("<td class=\"{class}\" data-w=\"epoch\">{text}</td>");
    let (tied, open) =
        ("<span class=\"sign\" title=\"tied with the best\">=</span> 1.01 ×", "not told apart from the best");
    assert!(row("lmdb:bincode").contains(&in_epoch("even", tied)), "{}", row("lmdb:bincode"));
    assert!(row("hdf5:raw").contains("class=\"even\" data-w=\"epoch\"") && row("hdf5:raw").contains(open));
    assert!(row("dir:png").contains(&in_epoch("h5", "37.5 ×")), "{}", row("dir:png"));
    // Of stores of many files it is the second; dir:raw is the fastest of these.
    assert!(row("dir:png").contains(&in_epoch("h2", "1.50 ×")), "{}", row("dir:png"));
    // It was not in the cold contest.
    assert!(row("lmdb:bincode").contains("class=\"hatched\"") && row("lmdb:bincode").contains("not measured"));
    assert!(row("python:h5py-single").contains(&in_epoch("h5", "75.0 ×")));
    assert!(!table.contains("flat:raw"), "references are no formats");
}

#[test]
fn the_page_ranks_as_the_verb_does_and_carries_what_it_ranks_by() {
    let page = html(&[run()], &[]).unwrap();
    let (_, rows) = page.split_once("class=\"plain ranking\"").unwrap();
    let (rows, _) = rows.split_once("</table>").unwrap();
    let formats: Vec<&str> = rows.split("<tr data-f=\"").skip(1).map(|row| row.split('"').next().unwrap()).collect();
    // 10 % writing; of the reads 10 % single.
    let weights = "epoch=81,read_one=9,write_batch=10".parse().unwrap();
    let ranked = super::rank::rank(&run(), &weights).unwrap().remove(0);
    let expected =
        ranked.places.iter().map(|place| &*place.format).chain(ranked.unranked.iter().map(|(name, _)| &**name));
    assert_eq!(formats, expected.collect::<Vec<_>>());
    let (_, data) = page.split_once("class=\"sheet\">").unwrap();
    let sheet: serde_json::Value = serde_json::from_str(data.split_once("</script>").unwrap().0).unwrap();
    let epoch = sheet["criteria"].as_array().unwrap().iter().find(|criterion| criterion["name"] == "epoch").unwrap();
    let nth = sheet["formats"].as_array().unwrap().iter().position(|format| format == "hdf5:raw").unwrap();
    assert!((epoch["figures"][nth][0].as_f64().unwrap() - 11.2_f64.ln()).abs() < 1e-9, "{epoch}");
}

#[test]
fn earlier_runs_of_this_machine_and_these_images_are_drawn() {
    let now = run();
    let earlier = |id: &str, when: &str, factor: f64| {
        let mut results = run();
        (results.run.id, results.run.started_utc) = (id.into(), when.into());
        results
            .cells
            .iter_mut()
            .filter_map(|cell| cell.estimate.as_mut())
            .for_each(|found| found.images_per_s *= factor);
        results
    };
    let mut elsewhere = earlier("c", "2020-01-02T00:00:00Z", 7.0);
    elsewhere.host.cpu = "another".into();
    let mut others = earlier("d", "2020-01-03T00:00:00Z", 7.0);
    others.datasets[0].sha256 = "other images".into();
    let history = [earlier("b", "2020-01-01T00:00:00Z", 0.5), elsewhere, others, now.clone()];
    let history: Vec<_> = history.iter().map(crate::history::Entry::of).collect();
    let page = html(&[now], &history).unwrap();
    let (_, rest) = page.split_once("id=\"trends\"").unwrap();
    let (_, table) = rest.split_once("<tbody>").unwrap();
    let lines: Vec<&str> =
        table.split_once("</tbody>").unwrap().0.split("<tr").filter(|line| line.contains("lmdb:raw<")).collect();
    let of_epoch: Vec<&&str> = lines.iter().filter(|line| line.contains("<td>epoch</td>")).collect();
    assert_eq!(of_epoch.len(), 2, "{of_epoch:?}");
    assert!(of_epoch[0].contains("<td>1</td>") && of_epoch[0].contains("625,000") && of_epoch[1].contains("1.25 M"));
    assert!(rest.contains(">epoch: images/s from run to run<"));
    assert!(!html(&[run()], &history[3..]).unwrap().contains("id=\"trends\""), "one run is no trend");
}

#[test]
fn the_frontier_is_what_nothing_beats_in_both() {
    let page = html(&[run()], &[]).unwrap();
    let (_, rest) = page.split_once("id=\"tradeoff\"").unwrap();
    let (_, table) = rest.split_once("<tbody>").unwrap();
    let lines: Vec<&str> = table.split_once("</tbody>").unwrap().0.split("<tr").skip(1).collect();
    let yes = |format: &str| {
        let line =
            lines.iter().find(|line| line.contains("<td>epoch</td>") && line.contains(&format!(">{format}</th>")));
        line.unwrap().contains("<td>yes</td>")
    };
    // The smallest (files take whole blocks), and the fastest; lmdb:bincode is larger and slower than lmdb:raw.
    let decoded = |format: &str| {
        let line =
            lines.iter().find(|line| line.contains("<td>epoch</td>") && line.contains(&format!(">{format}</th>")));
        line.unwrap().rsplit("<td>").next().unwrap().split('<').next().unwrap().to_owned()
    };
    assert_eq!((decoded("lmdb:raw"), decoded("hdf5:raw")), ("1.00".into(), "64.0".into()));
    assert!(yes("hdf5:raw") && yes("lmdb:raw") && !yes("lmdb:bincode") && !yes("dir:png"), "{lines:?}");
}

#[test]
fn what_was_measured_beside_speed_is_in_tables() {
    let page = html(&[run()], &[]).unwrap();
    for part in [
        // p50, p90, p99, operations.
        "<td>1.50 µs</td><td>2.50 µs</td><td>12.0 µs</td><td>4,096</td>",
        // The ledger, and why there is none.
        "<td>0 s</td><td>310 ns</td><td>120 ns</td><td>0 s</td><td>240 ns</td><td>130 ns</td><td>800 ns</td><td>7.0 %</td>",
        "<td>finding, moving and decoding are one call</td>",
        // Counts an image: of 2,000.
        "<td>image</td><td>2.00</td><td>3,072 B</td><td>1.00</td><td>0</td><td>–</td><td>0 B</td><td>0.250</td><td>0</td><td>500 ns</td>",
        "<td>844 KiB</td><td>39.3 MiB</td>",
        // Proof of cold reads, one of them not proved.
        "<td>0 % of the store</td><td>1.48 MiB</td><td>50 %</td><td>warm</td><td>yes</td>",
        "<td>50 %</td><td>warm</td><td>NOT PROVED</td>",
    ] {
        assert!(page.contains(part), "{part}");
    }
    assert_eq!(page.matches("<summary>Proof that cold reads were cold</summary>").count(), 1);
}

#[test]
fn a_run_says_what_it_rests_on_and_nothing_of_criterion() {
    let all = [run()];
    for text in [html(&all, &[]).unwrap(), markdown(&all)] {
        assert!(text.contains("One store of each format was written"));
        assert!(text.contains("launches of the worker process for each cell: 6; blocks in all of them together: 12,"));
        for word in ["riterion", "one after another", "1.25;", "autocorrelation", "of fastest", "samples resemble"] {
            assert!(!text.contains(word), "{word}");
        }
    }
    let mut full = run();
    full.run.profile = "full".into();
    assert!(markdown(&[full]).contains("Several stores of each format were written"));
    // Criterion's samples are another matter.
    let mut sequential = run();
    sequential.run.profile = "criterion".into();
    assert!(markdown(&[sequential]).contains("autocorrelation"));
}

#[test]
fn odd_verdicts_break_nothing() {
    let mut odd = run();
    for (nth, comparison) in odd.comparisons.iter_mut().enumerate() {
        let value = [f64::NAN, 0.0, -1.0, f64::INFINITY, 1e300][nth % 5];
        (comparison.ratio, comparison.lo, comparison.hi) = (value, value, value);
        comparison.min_detectable = [None, Some(value)][nth % 2];
        if nth % 3 == 0 {
            comparison.best = "no such cell".into();
        }
        if nth % 4 == 0 {
            comparison.verdict = "<script>".into();
        }
    }
    for control in &mut odd.null_control {
        (control.lo, control.hi, control.verdict) = (0.0, f64::NAN, "<script>".into());
    }
    for cell in &mut odd.cells {
        cell.ledger_reason = cell.ledger_reason.take().map(|_| "<script>".into());
        cell.turns = Turns::default();
        if let Some(counters) = &mut cell.counters {
            (counters.images, counters.operations) = (Some(0), None);
        }
        if let Some(proof) = &mut cell.cache_proof {
            (proof.metadata, proof.resident_before_pct) = ("<script>".into(), Some(f64::NAN));
        }
    }
    for text in [without_scripts(&html(&[odd.clone()], &[]).unwrap()), markdown(&[odd])] {
        assert!(!text.contains("<script") && !text.contains("NaN") && text.contains("&lt;script"));
    }
}

#[test]
fn an_earlier_report_is_set_aside_if_something_was_measured_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let (dir, previous) = (folder.path(), folder.path().join(PREVIOUS));
    assert!(set_aside(dir).unwrap().is_none() && !previous.exists());
    let mut results = run();
    write(std::slice::from_ref(&results), &[], dir).unwrap();
    std::fs::write(dir.join("mine.txt"), "stays").unwrap();
    assert!(set_aside(dir).unwrap().unwrap().contains("is now in"));
    let names = |dir: &Path| {
        let names = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.collect::<std::collections::BTreeSet<_>>()
    };
    assert_eq!(names(dir), [PREVIOUS, "mine.txt"].map(str::to_owned).into());
    assert_eq!(names(&previous), ["charts", "index.html", "report.md", RESULTS_FILE].map(str::to_owned).into());
    // One that was cut short or came to nothing does not push out one that did not.
    results.run.complete = false;
    results.write(&dir.join(RESULTS_FILE)).unwrap();
    assert!(set_aside(dir).unwrap().unwrap().contains("gives way"));
    assert!(Results::read(&previous.join(RESULTS_FILE)).unwrap().run.complete);
    results.cells.iter_mut().for_each(|cell| cell.estimate = None);
    results.write(&dir.join(RESULTS_FILE)).unwrap();
    assert!(set_aside(dir).unwrap().is_none());
    assert!(Results::read(&previous.join(RESULTS_FILE)).unwrap().cells.iter().any(|cell| cell.estimate.is_some()));
    // What is removed for good is named.
    let later = run();
    later.write(&dir.join(RESULTS_FILE)).unwrap();
    assert!(
        set_aside(dir)
            .unwrap()
            .unwrap()
            .ends_with(&format!("the one of {} that was there is gone", later.run.started_utc))
    );
}
