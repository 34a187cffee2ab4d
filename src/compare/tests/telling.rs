//! What readers are told.

use super::*;

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
