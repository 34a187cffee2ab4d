//! Comparisons and gates of results that are known.

use super::gate::{Date, Gate};
use super::*;
use crate::report::fixture;
use crate::results::{Counters, Native, Turns};

/// Two formats in three workloads, counted, and timed in four launches.
fn run() -> Results {
    let mut cells = Vec::new();
    for format in ["dir:png", "lmdb:raw"] {
        for workload in ["epoch", "scan", "write_batch"] {
            let mut cell = fixture::cell(format, workload, 100, 10.0);
            cell.counters = Some(counters(64, 6_400));
            cell.turns = turns([1_000, 1_010, 990, 1_005]);
            cells.push(cell);
        }
    }
    let mut results = fixture::results(cells);
    results.run.profile = "exact".into();
    results
}

fn counters(operations: u64, images: u64) -> Counters {
    Counters {
        operations: Some(operations),
        images: Some(images),
        delivered_bytes: Some(images * 100),
        decoded_bytes: Some(images * 100),
        read_calls: Some(images),
        write_calls: Some(0),
        read_bytes: Some(images * 100),
        write_bytes: Some(0),
        device_read_bytes: Some(0),
        minor_faults: Some(17),
        major_faults: Some(0),
        user_ns: Some(1),
        sys_ns: Some(1),
        peak_anon_bytes: None,
        peak_file_bytes: None,
    }
}

/// Two turns of a block in each launch.
fn turns(ns: [u64; 4]) -> Turns {
    let twice = |n: u32| [n, n];
    Turns {
        launch: (0..4).flat_map(twice).collect(),
        block: vec![0; 8],
        position: [0, 1].repeat(4),
        images: vec![10; 8],
        elapsed_ns: ns.iter().flat_map(|ns| [*ns, *ns]).collect(),
    }
}

fn compared(base: &Results, head: &Results) -> Compared {
    compare(base, head, ("a.json", "b.json")).unwrap()
}

fn judged(base: &Results, head: &Results, gate: &str) -> Judgement {
    Gate::parse(gate).unwrap().judge(&compared(base, head), &day("2026-11-26T12:00:00Z"))
}

fn day(text: &str) -> Date {
    Date::of(humantime::parse_rfc3339(text).unwrap())
}

fn cell<'r>(results: &'r mut Results, format: &str, workload: &str) -> &'r mut Cell {
    results.cells.iter_mut().find(|cell| cell.format == format && cell.workload == workload).unwrap()
}

/// One more read call an image, of which the gate has to speak.
fn one_call_more() -> Results {
    let mut head = run();
    let counters = cell(&mut head, "lmdb:raw", "epoch").counters.as_mut().unwrap();
    counters.read_calls = Some(12_800);
    head
}

#[test]
fn a_run_is_equal_to_itself() {
    let found = compared(&run(), &run());
    assert!(found.cells.iter().all(|pair| pair.metrics.len() == 7 && pair.changed().next().is_none()));
    assert_eq!(found.inconclusive(), 0, "{found:?}");
    let judgement = judged(&run(), &run(), "");
    assert!(judgement.passed() && judgement.gated == 42, "{judgement:?}");
    let text = terminal(&found, Some(&judgement));
    assert!(text.contains("6 cells compared; all 42 exact metrics equal; times (advice only): 6 tied."), "{text}");
    assert!(text.contains("Both are the same run."), "{text}");
}

#[test]
fn one_more_call_an_image_and_one_more_byte_fail_and_are_named() {
    let judgement = judged(&run(), &one_call_more(), "");
    assert!(!judgement.passed());
    let [failure] = &judgement.failures[..] else { panic!("{judgement:?}") };
    assert_eq!((failure.cell.as_str(), failure.metric), ("lmdb:raw/epoch/100", MetricName::ReadCalls));
    assert_eq!(failure.what, "6,400 → 12,800 (+100 %; 1 → 2 an image, in 64 operations)");
    let mut head = run();
    cell(&mut head, "dir:png", "scan").storage.as_mut().unwrap().apparent_bytes += 100;
    let judgement = judged(&run(), &head, "");
    let [failure] = &judgement.failures[..] else { panic!("{judgement:?}") };
    assert_eq!((failure.cell.as_str(), failure.metric), ("dir:png/scan/100", MetricName::ApparentBytes));
    assert!(failure.what.contains("2460 → 2461 an image"), "{failure:?}");
    // Fewer is a change, too: the baseline is to be made anew.
    assert!(!judged(&head, &run(), "").passed());
}

#[test]
fn tolerances_hold_for_what_they_name_and_acceptances_until_they_expire() {
    let head = one_call_more();
    let accept = |metrics: &str, formats: &str, limit: &str, expires: &str| {
        format!(
            "[[accept]]\nmetrics = [\"{metrics}\"]\nformats = [\"{formats}\"]\n{limit}\nreason = \"why\"\nexpires = {expires}"
        )
    };
    let passes = |gate: &str| judged(&run(), &head, gate).passed();
    assert!(passes(&accept("read_calls", "lmdb:*", "relative = 1.0", "2026-11-26")));
    assert!(passes(&accept("read_calls", "lmdb:raw", "absolute = 6400", "2026-12-01")));
    assert!(!passes(&accept("read_calls", "lmdb:*", "relative = 0.99", "2026-12-01")));
    assert!(!passes(&accept("read_calls", "dir:*", "relative = 1.0", "2026-12-01")));
    assert!(!passes(&accept("read_bytes", "lmdb:*", "relative = 1.0", "2026-12-01")));
    let expired = judged(&run(), &head, &accept("read_calls", "lmdb:*", "relative = 1.0", "2026-11-25"));
    assert!(expired.failures[0].what.ends_with("; accepted until 2026-11-25 (why)"), "{expired:?}");
    assert_eq!(expired.idle, ["[[accept]] number 1 has expired: remove it (why)"]);
    let tolerance =
        "[[tolerance]]\nmetrics = [\"read_calls\"]\nworkloads = [\"epoch\"]\nrelative = 1.0\nreason = \"why\"";
    let allowed = judged(&run(), &head, tolerance);
    assert!(allowed.passed() && allowed.allowed[0].reason == "why", "{allowed:?}");
    let idle = judged(&run(), &head, &tolerance.replace("epoch", "epoche"));
    assert_eq!(idle.idle, ["[[tolerance]] number 1 is about no cell of these results (why)"]);
}

#[test]
fn gates_that_say_too_little_or_too_much_are_refused() {
    let accept = "[[accept]]\nmetrics = [\"files\"]\nabsolute = 1\nreason = \"why\"\n";
    for (gate, word) in [
        ("[[tolerances]]\n", "unknown field"),
        ("[[tolerance]]\nmetrics = [\"files\"]\nabsolute = 1\nreason = \"why\"\nformat = \"x\"\n", "unknown field"),
        ("[[tolerance]]\nmetrics = [\"speed\"]\nabsolute = 1\nreason = \"why\"\n", "unknown variant"),
        ("[[tolerance]]\nmetrics = [\"files\"]\nabsolute = 1\n", "reason"),
        ("[[tolerance]]\nmetrics = [\"files\"]\nabsolute = 1\nreason = \" \"\n", "number 1: `reason` is empty"),
        ("[[tolerance]]\nmetrics = [\"files\"]\nreason = \"why\"\n", "a limit is missing"),
        ("[[tolerance]]\nmetrics = []\nabsolute = 1\nreason = \"why\"\n", "`metrics` is empty"),
        ("[[tolerance]]\nmetrics = [\"files\"]\nrelative = nan\nreason = \"why\"\n", "a share from 0"),
        ("[[tolerance]]\nmetrics = [\"cell\"]\nreason = \"why\"\n", "under [[accept]]"),
        (accept, "`expires` is missing"),
        (&format!("{accept}expires = \"soon\"\n"), "expires"),
        (&format!("{accept}expires = 2026-13-01\n"), "month"),
        (&format!("{accept}expires = 2026-11-26T10:00:00Z\n"), "is no day"),
        (&accept.replace("accept", "tolerance").replace("reason", "expires = 2026-11-26\nreason"), "under [[accept]]"),
    ] {
        let refusal = Gate::parse(gate).unwrap_err();
        assert!(refusal.contains(word), "{gate}: {refusal}");
    }
    assert!(Gate::parse(&format!("{accept}expires = 2026-11-26\n")).is_ok());
}

#[test]
fn what_depends_on_something_else_is_not_gated() {
    let mut head = one_call_more();
    for cell in head.cells.iter_mut().filter(|cell| cell.format == "lmdb:raw") {
        cell.native = Some(Native { library: "LMDB".into(), version: "0.9.31".into() });
    }
    head.host.place.fs = Some("xfs".into());
    cell(&mut head, "dir:png", "epoch").storage.as_mut().unwrap().allocated_bytes += 4_096;
    let judgement = judged(&run(), &head, "");
    // Seven of three cells by their library, one of the others by the file system.
    assert!(judgement.passed() && judgement.ungated.len() == 24 && judgement.gated == 18, "{judgement:?}");
    let told = words::ungated(&judgement);
    let by_library = "21 metrics of 3 cells (allocated_bytes, apparent_bytes, files, read_calls, write_calls, read_bytes, write_bytes): \
                      another library: LMDB 0.9.24 in the base, LMDB 0.9.31 in the head";
    let by_place = "3 metrics of 3 cells (allocated_bytes): another file system: ext4 in the base, xfs in the head";
    assert!(told.contains(&by_library.into()) && told.contains(&by_place.into()), "{told:?}");
    let mut other = run();
    other.run.seed = 7;
    cell(&mut other, "dir:png", "epoch").counters = Some(counters(8, 800));
    let found = compared(&run(), &other);
    assert!(found.cells.iter().all(|pair| pair.changed().next().is_none()), "the same for each image");
    assert_eq!(judged(&run(), &other, "").gated, 18, "what is drawn by another seed is other images");
    other.run.seed = run().run.seed;
    assert_eq!(judged(&run(), &other, "").gated, 38, "what is counted over other operations is not the same");
    let mut elsewhere = run();
    elsewhere.datasets[0].name = "folder:somewhere/else".into();
    let written = |results: &mut Results| {
        let counters = cell(results, "dir:png", "write_batch").counters.as_mut().unwrap();
        counters.write_bytes = Some(9);
    };
    written(&mut elsewhere);
    let mut here = run();
    written(&mut here);
    let judgement = judged(&here, &elsewhere, "");
    assert!(judgement.gated == 41 && judgement.ungated[0].reason.contains("names its dataset"), "{judgement:?}");
    // Our own versions are what is compared.
    let versions = ["0.1.0", "0.2.0"].map(|version| {
        let mut results = run();
        let native = Some(Native { library: "shelfmark".into(), version: version.into() });
        results.cells.iter_mut().for_each(|cell| cell.native = native.clone());
        results
    });
    assert_eq!(judged(&versions[0], &versions[1], "").gated, 42);
}

#[test]
fn what_is_counted_no_more_fails() {
    let mut head = run();
    cell(&mut head, "lmdb:raw", "epoch").counters = None;
    let judgement = judged(&run(), &head, "");
    assert!(judgement.failures.len() == 4 && judgement.ungated.is_empty(), "{judgement:?}");
    assert!(judgement.failures[0].what.contains("is not in the head"), "{judgement:?}");
    assert!(judged(&head, &run(), "").passed(), "what is counted for the first time has nothing to be compared with");
    // On a system that lets nobody count the gate can say nothing for it.
    head.cells.iter_mut().for_each(|cell| cell.counters = None);
    let judgement = judged(&run(), &head, "");
    assert!(judgement.failures.len() == 24 && !judgement.passed(), "{judgement:?}");
}

#[test]
fn nothing_to_gate_is_no_pass() {
    let mut head = run();
    head.cells.iter_mut().for_each(|cell| cell.native = Some(Native { library: "x".into(), version: "1".into() }));
    let judgement = judged(&run(), &head, "");
    assert!(judgement.is_empty() && !judgement.passed());
    assert!(words::gate(&judgement).contains("no pass"));
}

#[test]
fn cells_that_are_gone_or_failed_are_told_and_fail_the_gate() {
    let mut head = run();
    head.cells.retain(|cell| cell.format != "lmdb:raw" || cell.workload == "scan");
    let failed = cell(&mut head, "lmdb:raw", "scan");
    (failed.status, failed.reason) = (Status::Failed, Some("killed by SIGBUS".into()));
    let mut new = head.cells[0].clone();
    (new.id, new.format) = ("tar:png/epoch/100".into(), "tar:png".into());
    head.cells.push(new);
    let found = compared(&run(), &head);
    let gaps: Vec<String> = found.cells.iter().filter_map(Pair::gap).collect();
    assert_eq!(
        gaps,
        [
            "base: ok; head: absent",
            "base: ok; head: failed (killed by SIGBUS)",
            "base: ok; head: absent",
            "base: absent; head: ok",
        ]
    );
    let judgement = judged(&run(), &head, "");
    assert_eq!(judgement.failures.len(), 3, "what is new is nobody's loss: {judgement:?}");
    assert!(judgement.failures.iter().all(|failure| failure.metric == MetricName::Cell));
    let gone = "[[accept]]\nmetrics = [\"cell\"]\nformats = [\"lmdb:raw\"]\nreason = \"gone\"\nexpires = 2026-12-31";
    assert!(judged(&run(), &head, gone).passed());
    let mut wrong = run();
    cell(&mut wrong, "dir:png", "epoch").verified = Some(crate::results::Verified { images: 1, ok: false });
    assert!(!judged(&run(), &wrong, "").passed());
}

#[test]
fn cells_are_matched_by_the_content_of_their_images() {
    let mut head = run();
    head.datasets[0].id = "folder-of-somebody-else".into();
    for cell in &mut head.cells {
        cell.dataset = "folder-of-somebody-else".into();
        cell.id = format!("elsewhere/{}", cell.id);
    }
    assert_eq!(compared(&run(), &head).cells.len(), 6);
    head.datasets[0].sha256 = "0".repeat(64);
    let error = compare(&run(), &head, ("a.json", "b.json")).unwrap_err().to_string();
    assert!(
        error.contains("b.json") && error.contains("shares no cell with a.json: they are of different images"),
        "{error}"
    );
    let mut twice = run();
    twice.cells.push(twice.cells[0].clone());
    let error = compare(&run(), &twice, ("a.json", "b.json")).unwrap_err().to_string();
    assert!(error.contains("two cells measure the same"), "{error}");
    // References alone are nothing in common.
    let [mut a, mut b] = [run(), run()];
    a.cells.truncate(2);
    b.cells.truncate(2);
    a.cells[0].kind = CellKind::Reference;
    b.cells[0].kind = CellKind::Reference;
    b.cells[1].workload = "open".into();
    assert!(compare(&a, &b, ("a", "b")).is_err());
}

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

#[test]
fn hostile_names_stay_names() {
    let hostile = |results: &mut Results| {
        let cell = &mut results.cells[0];
        cell.format = "a|`b`<script>@all\u{1b}[2J\u{202e}\n# c".into();
        cell.id = format!("{}/epoch", cell.format);
        results.run.git.sha = Some("<img src=x>\u{1b}".into());
        let cell = &mut results.cells[1];
        (cell.status, cell.reason) = (Status::Failed, Some("=1|<b>@team\u{7}".into()));
    };
    let (mut base, mut head) = (run(), run());
    hostile(&mut base);
    hostile(&mut head);
    head.cells[0].storage.as_mut().unwrap().files += 1;
    let found = compared(&base, &head);
    let judgement = Gate::default().judge(&found, &day("2026-11-26T12:00:00Z"));
    let texts = [terminal(&found, Some(&judgement)), markdown(&found, Some(&judgement))];
    for text in &texts {
        assert!(!text.contains(|c: char| c.is_control() && c != '\n' || c == '\u{202e}'), "{text}");
    }
    let page = &texts[1];
    assert!(!page.contains("<img") && !page.contains("@team") && !page.contains("<b>"), "{page}");
    assert!(page.contains("``a\\|`b`<script>@all"), "in a code span, and the table's cell goes on: {page}");
    let rows = page.lines().filter(|line| line.contains("a\\|"));
    assert!(rows.clone().count() >= 2);
    rows.for_each(|row| assert_eq!(row.replace("\\|", "").matches('|').count() - 1, 3, "{row}"));
    let table = csv(&found, Some(&judgement)).unwrap();
    let rows: Vec<::csv::StringRecord> =
        ::csv::Reader::from_reader(table.as_bytes()).records().map(Result::unwrap).collect();
    assert_eq!(&rows[0][0], base.cells[0].id.as_str());
    assert!(rows.iter().any(|row| &row[5] == "files" && &row[13] == "failed"));
}

#[test]
fn what_matters_comes_first_in_a_comment() {
    let head = one_call_more();
    let (found, gate) = (compared(&run(), &head), Gate::default());
    let page = markdown(&found, Some(&gate.judge(&found, &day("2026-11-26T12:00:00Z"))));
    let at = |text: &str| page.find(text).unwrap_or_else(|| panic!("{text} is not in {page}"));
    assert!(
        page.starts_with("**shelfmark compare:** 6 cells compared; 1 exact metric changed in 1 cell, 41 equal;"),
        "{page}"
    );
    assert!(at("gate: FAILED: 1 change; 42 exact metrics looked at") < at("| cell | counter | what |"));
    assert!(at("| cell | counter | what |") < at("<details>"));
    assert!(!page.contains("metrics that changed"), "the gate's table has it already: {page}");
    assert!(markdown(&found, None).contains("### Exact metrics that changed"), "{page}");
    assert!(page.trim_end().ends_with("</details>"));
    assert!(Date::today() > day("2026-01-01T00:00:00Z"));
}

#[test]
fn what_is_not_gated_is_named_and_so_is_what_was_verified_less() {
    let mut head = run();
    head.run.seed += 1;
    let found = compared(&run(), &head);
    let judgement = Gate::default().judge(&found, &day("2026-11-26T12:00:00Z"));
    let told = words::ungated(&judgement).join("\n");
    assert!(
        told.contains(" cells (") && told.contains("read_calls") && told.contains("other images were drawn"),
        "{told}"
    );
    assert!(words::exact(&found.cells[0]).contains("of them not comparable"), "{:?}", found.cells[0]);
    assert!(csv(&found, Some(&judgement)).unwrap().contains(",not comparable"));
    let (mut base, mut head) = (run(), run());
    base.run.profile = "exact".into();
    head.run.profile = "exact".into();
    let cell = head.cells.iter_mut().find(|cell| cell.kind == CellKind::Format).unwrap();
    cell.verified.as_mut().unwrap().images -= 1;
    let id = cell.id.clone();
    let notes = compared(&base, &head).notes.join(" ");
    assert!(notes.contains("Fewer images were verified in the head") && notes.contains(&id), "{notes}");
}

#[test]
fn what_was_not_verified_or_is_less_than_there_has_to_be_is_no_pass() {
    for verified in [None, Some(crate::results::Verified { images: 0, ok: true })] {
        let mut head = run();
        let cell = head.cells.iter_mut().find(|cell| cell.kind == CellKind::Format).unwrap();
        cell.verified = verified;
        let judgement = judged(&run(), &head, "");
        assert!(judgement.failures.iter().any(|one| one.what.contains("unverified")), "{judgement:?}");
    }
    let gated = judged(&run(), &run(), "").gated;
    assert!(judged(&run(), &run(), &format!("least = {gated}")).passed());
    let short = judged(&run(), &run(), &format!("least = {}", gated + 1));
    assert!(short.is_empty() && !short.passed(), "{short:?}");
}
