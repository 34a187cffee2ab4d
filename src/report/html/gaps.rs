//! What was not measured, and why.

use super::super::format;
use super::super::model::{Group, outcome, point, reason};
use super::super::words;
use super::{escape, heading};
use crate::results::Cell;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Reasons, each with the cells that it holds for.
type Reasons<'a> = Vec<(String, Vec<&'a Cell>)>;

/// Cells without a number that counts, by outcome and reason: what went wrong first.
pub(super) fn gaps(out: &mut String, group: &Group<'_>, level: usize, id: &str) {
    let mut by_outcome: BTreeMap<(usize, &str), Reasons<'_>> = BTreeMap::new();
    for cell in group.cells().iter().filter(|c| point(c).is_none()) {
        let word = outcome(cell);
        let rank = ["failed", "timeout", "ok", "unsupported", "skipped"].iter().position(|w| *w == word).unwrap_or(9);
        let reasons = by_outcome.entry((rank, word)).or_default();
        let why = reason(cell);
        match reasons.iter_mut().find(|(known, _)| *known == why) {
            Some((_, cells)) => cells.push(cell),
            None => reasons.push((why, vec![cell])),
        }
    }
    if by_outcome.is_empty() {
        return;
    }
    heading(out, level, &format!("{id}gaps"), "Not measured");
    for ((rank, word), reasons) in by_outcome {
        let total: usize = reasons.iter().map(|(_, cells)| cells.len()).sum();
        let word = match word {
            "ok" => "measured too little",
            "timeout" => "not ended in time",
            word => word,
        };
        let (class, open) = if rank < 2 { ("gap bad", " open") } else { ("gap", "") };
        let _ =
            writeln!(out, "<details class=\"{class}\"{open}><summary>{} {word}</summary>\n<dl>", words::cells(total));
        for (why, cells) in reasons {
            let _ = write!(out, "<dt>{}</dt><dd><ul>", escape(&why));
            for c in cells {
                // The harness has no row.
                let row = group.rows.iter().find(|row| row.is_of(c)).map_or("the harness itself", |row| &row.label);
                let (row, workload) = (escape(row), escape(&c.workload));
                let _ = write!(out, "<li><b>{row}</b> {workload}, {}</li>", format::images(c.images));
            }
            out.push_str("</ul></dd>\n");
        }
        out.push_str("</dl></details>\n");
    }
}
