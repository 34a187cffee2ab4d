//! What was not measured, and why: each reason once, with all it holds for.

use crate::report::format;
use crate::report::model::{Group, gather, outcome, point, reason};
use crate::report::row::{is_harness, label};
use crate::results::Cell;
use crate::run::COUNTED;
use std::collections::BTreeSet;

/// Cells that ended alike for one reason.
pub(in crate::report) struct Gap {
    /// How they ended.
    pub outcome: &'static str,
    /// Whether something went wrong.
    pub bad: bool,
    /// Why.
    pub reason: String,
    /// How many there are.
    pub cells: usize,
    /// Who, and in what: those with the same gaps together.
    pub names: Vec<(String, String)>,
}

/// How cells without a number that counts ended, what went wrong first: in the results, and in words.
const OUTCOMES: [(&str, &str); 5] = [
    ("failed", "failed"),
    ("timeout", "not ended in time"),
    ("ok", "measured too little"),
    ("unsupported", "unsupported"),
    ("skipped", "skipped"),
];

/// All gaps of a group.
pub(in crate::report) fn gaps(group: &Group<'_>) -> Vec<Gap> {
    let mut all = Vec::new();
    for (word, said) in OUTCOMES {
        let ended = group.cells().iter().filter(|cell| point(cell).is_none() && outcome(cell) == word);
        for (reason, cells) in gather(ended.map(|cell| (reason(cell), *cell))) {
            let bad = matches!(word, "failed" | "timeout");
            let said = if reason == COUNTED { "not timed" } else { said };
            all.push(Gap { outcome: said, bad, reason, cells: cells.len(), names: names(&cells) });
        }
    }
    all
}

/// Names with the workloads they lack; those that lack the same share a line.
fn names(cells: &[&Cell]) -> Vec<(String, String)> {
    let name = |cell: &Cell| if is_harness(cell) { "the harness itself".to_owned() } else { label(cell) };
    let own = gather(cells.iter().map(|cell| (name(cell), *cell)));
    let alike = gather(own.into_iter().map(|(name, own)| (workloads(&own), name)));
    alike.into_iter().map(|(lacking, names)| (names.join(", "), lacking)).collect()
}

/// Workloads of cells, those with the same numbers of images together: `write_one (1 image) and scan, epoch (500 images)`.
fn workloads(cells: &[&Cell]) -> String {
    let own = gather(cells.iter().map(|cell| (cell.workload.as_str(), cell.images)));
    let alike = gather(own.into_iter().map(|(workload, images)| (BTreeSet::from_iter(images), workload)));
    let told = alike.into_iter().map(|(counts, workloads)| {
        let counts: Vec<String> = counts.into_iter().map(format::images).collect();
        format!("{} ({})", workloads.join(", "), counts.join(", "))
    });
    told.collect::<Vec<_>>().join(" and ")
}
