//! How each format was tuned: what its name does not say, side by side.

use super::super::charts::Table;
use super::super::format::NONE;
use super::super::model::gather;
use super::super::rank::Sheet;
use super::{escape, heading, table};
use crate::results::{CellKind, Status};
use crate::store::FormatId;
use crate::store::tuning::{self, Applies, Tuned, Tuning};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// Kinds of settings, by a word in their names, in the order in which they are told; what has none of them comes last.
const KINDS: [&[&str]; 5] = [
    &["cache", "map size", " map", "buffer"],
    &["transaction"],
    &["batch", "row group", "page"],
    &["chunk", "shard", "layout", "subfolder"],
    &["level", "compression", "filters", "codecs", "checksums", "method", "quality", "subsampling"],
];

/// Writes the section: a line for each format.
pub(super) fn tuning(out: &mut String, sheet: &Sheet<'_, '_>, level: usize, id: &str) {
    let mut rows: Vec<(&str, BTreeMap<&str, &str>)> = Vec::new();
    for cell in sheet
        .groups
        .iter()
        .flat_map(|group| group.cells())
        .filter(|cell| cell.kind == CellKind::Format && cell.status == Status::Ok)
    {
        let settings = cell.options.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        match rows.iter_mut().find(|(format, _)| *format == cell.format) {
            Some((_, known)) => known.extend(settings),
            None => rows.push((&cell.format, settings.collect())),
        }
    }
    if rows.iter().all(|(_, settings)| settings.is_empty()) {
        return;
    }
    heading(out, level, &format!("{id}tuning"), "How each format was tuned");
    out.push_str(
        "<p>Every setting in force, also those that the name says: what is kept in memory, transactions, batches and pages, chunks and \
         shards, levels and checksums, then all else. Where a default is not the library's own, METHODOLOGY.md in the repository gives the \
         reason.</p>\n",
    );
    out.push_str(&format!("<p>{}</p>\n", in_force(sheet)));
    let mut all = Table::new(&["format", "settings in force", "tuned would add"], 0);
    for (format, settings) in &rows {
        let added: Vec<String> = would_add(format).into_iter().map(|(_, tuned)| option(tuned)).collect();
        let added = if added.is_empty() { NONE.to_owned() } else { added.join("; ") };
        all.push(vec![(*format).to_owned(), in_order(settings), added]);
    }
    table(out, "Settings in force", &all);
    // The same for all formats of a container, and of several: told once.
    let added = rows.iter().flat_map(|(format, _)| would_add(format));
    let reasons = gather(added.map(|(container, tuned)| ((option(tuned), tuned.why), container)));
    if reasons.is_empty() {
        return;
    }
    out.push_str("<p>What tuned would add, and why:</p>\n<ul>\n");
    for ((option, why), mut containers) in reasons {
        let mut seen = BTreeSet::new();
        containers.retain(|container| seen.insert(container.clone()));
        let (option, why, containers) = (escape(&option), escape(why), escape(&containers.join(", ")));
        let _ = writeln!(out, "<li><b>{option}</b> for {containers}: {why}</li>");
    }
    out.push_str("</ul>\n");
}

/// Which tuning the run had, in a sentence.
fn in_force(sheet: &Sheet<'_, '_>) -> &'static str {
    let run = sheet.groups.first().map(|group| &group.results.run);
    match run.and_then(|run| run.tuning.as_deref()) {
        Some("tuned") if is_warm(sheet) => {
            "This run was made with <code>--tuning tuned</code>, for warm reads: what suits them was added to every format whose name \
             did not say otherwise. Names show it; an option that was asked for at its default stays, and is not shown. What suits cold \
             reads alone (“read cold” in the table) is added only where no read is warm."
        }
        Some("tuned") => {
            "This run was made with <code>--tuning tuned</code>: what suits training reads was added to every format whose name did not \
             say otherwise. Names show it; an option that was asked for at its default stays, and is not shown."
        }
        Some(_) => {
            "This run was made with <code>--tuning default</code>: options that a format's name does not show are as its library or its \
             users' tools have them."
        }
        None => "These results do not say which tuning was asked for; the names of formats show what is not as usual.",
    }
}

/// Whether the run has warm reads. (Writing is called warm in every run.)
fn is_warm(sheet: &Sheet<'_, '_>) -> bool {
    let mut cells = sheet.groups.iter().flat_map(|group| &group.results.cells);
    cells.any(|cell| cell.durability.is_none() && cell.cache == "warm")
}

/// What `--tuning tuned` sets beyond what a format's name says, with the container that says so.
fn would_add(format: &str) -> Vec<(String, &'static Tuned)> {
    let Ok(id) = format.parse::<FormatId>() else { return Vec::new() };
    let cold = Tuning::Tuned { cold: true }.of(&id);
    let added = tuning::known(&id.container).iter().filter(|tuned| {
        let has = |id: &FormatId| id.options.contains_key(tuned.key);
        has(&cold) && !has(&id)
    });
    added.map(|tuned| (id.container.clone(), tuned)).collect()
}

/// An option that tuning sets, and where.
fn option(tuned: &Tuned) -> String {
    let applies = match tuned.applies {
        Applies::Always => String::new(),
        applies => format!(" ({})", applies.words()),
    };
    format!("{}={}{applies}", tuned.key, tuned.value)
}

/// Settings in one line, by their kinds.
fn in_order(settings: &BTreeMap<&str, &str>) -> String {
    let kind = |key: &str| {
        let lower = key.to_lowercase();
        KINDS.iter().position(|words| words.iter().any(|word| lower.contains(word))).unwrap_or(KINDS.len())
    };
    let mut all: Vec<(&&str, &&str)> = settings.iter().collect();
    all.sort_by_key(|(key, _)| kind(key));
    let said: Vec<String> = all.iter().map(|(key, value)| format!("{key}: {value}")).collect();
    if said.is_empty() { NONE.to_owned() } else { said.join("; ") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::model::groups;
    use crate::report::rank::sheets;
    use crate::report::run_fixture::run;

    #[test]
    fn settings_are_told_by_their_kinds() {
        let settings = BTreeMap::from([
            ("LMDB map size (sparse)", "1 MiB"),
            ("HDF5 chunk cache", "2 MiB"),
            ("HDF5 chunk", "64 images"),
            ("Parquet row group", "1000 images"),
            ("png level", "fast"),
            ("LMDB read", "by its library"),
        ]);
        let told = "HDF5 chunk cache: 2 MiB; LMDB map size (sparse): 1 MiB; Parquet row group: 1000 images; HDF5 chunk: 64 images; \
                    png level: fast; LMDB read: by its library";
        assert_eq!(in_order(&settings), told);
        assert_eq!(in_order(&BTreeMap::new()), NONE);
    }

    #[test]
    fn a_run_with_warm_reads_was_tuned_for_them() {
        let said = |caches: &[&str]| {
            let mut tuned = run();
            tuned.run.tuning = Some("tuned".into());
            tuned.cells.retain(|cell| cell.durability.is_some() || caches.contains(&cell.cache.as_str()));
            let results = [tuned];
            let groups = groups(&results);
            sheets(&groups).first().map(in_force).unwrap_or_default()
        };
        for caches in [&["warm"][..], &["warm", "cold-data"]] {
            assert!(said(caches).contains("for warm reads"), "{caches:?}: {}", said(caches));
        }
        assert!(said(&["cold-data"]).contains("what suits training reads was added"));
    }

    #[test]
    fn what_tuning_adds_is_what_the_name_does_not_say() {
        let added =
            |format| would_add(format).into_iter().map(|(_, tuned)| option(tuned)).collect::<Vec<_>>().join("; ");
        assert_eq!(added("tar:raw"), "readahead=off (read cold)");
        assert_eq!(["tar:raw,readahead=off", "dir:png", "python:pillow"].map(added), ["", "", ""]);
    }

    #[test]
    fn a_reason_is_told_once_whatever_it_holds_for() {
        let mut results = run();
        for (cell, format) in results.cells.iter_mut().zip(["tar:raw", "tar:png", "zip:raw"]) {
            (cell.format, cell.options) = (format.into(), [("a".to_owned(), "b".to_owned())].into());
        }
        let (results, mut out) = ([results], String::new());
        tuning(&mut out, &sheets(&groups(&results))[0], 2, "");
        assert_eq!(out.matches("<td>readahead=off (read cold)</td>").count(), 3, "{out}");
        assert!(out.contains("<li><b>readahead=off (read cold)</b> for tar, zip, "), "{out}");
        assert_eq!(out.matches(&escape(would_add("tar:raw")[0].1.why)).count(), 1, "{out}");
    }
}
