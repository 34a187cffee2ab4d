//! What was not measured, and why.

use super::super::model::Group;
use super::super::words::{self, Gap};
use super::{escape, heading};
use std::fmt::Write as _;

/// Cells without a number that counts, by outcome and reason: what went wrong first.
pub(super) fn gaps(out: &mut String, group: &Group<'_>, level: usize, id: &str) {
    let all = words::gaps(group);
    if all.is_empty() {
        return;
    }
    heading(out, level, &format!("{id}gaps"), "Not measured");
    for alike in all.chunk_by(|a, b| a.outcome == b.outcome) {
        let total = words::cells(alike.iter().map(|gap| gap.cells).sum());
        let class = if alike.iter().any(|gap| gap.bad) { "gap bad" } else { "gap" };
        let outcome = alike.first().map_or("", |gap| gap.outcome);
        // Open: what was left out stands nowhere else.
        let _ = writeln!(out, "<details class=\"{class}\" open><summary>{total} {outcome}</summary>\n<dl>");
        for Gap { reason, cells, names, .. } in alike {
            let _ = write!(out, "<dt>{}</dt><dd>{}", escape(reason), words::cells(*cells));
            for (nth, (names, workloads)) in names.iter().enumerate() {
                let sign = if nth == 0 { ": " } else { "; " };
                let _ = write!(out, "{sign}<b>{}</b> in {}", escape(names), escape(workloads));
            }
            out.push_str("</dd>\n");
        }
        out.push_str("</dl></details>\n");
    }
}
