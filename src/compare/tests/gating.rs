//! What a gate lets pass, and what it does not.

use super::*;

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
