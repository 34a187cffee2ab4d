//! The table of all speeds.

use super::super::entry::{Entry, Standing, entries};
use super::super::model::{Group, Row, interleaved};
use super::super::{format, words};
use super::{breakable, escape};
use crate::results::CellKind;
use crate::run::peers::is_bridge;
use std::fmt::Write as _;

/// Writes the table with its legend.
pub(super) fn summary(out: &mut String, group: &Group<'_>) {
    let caption = "Speed by format and workload, at the largest number of images each workload was measured with";
    let _ = write!(
        out,
        "<div class=\"scroll tall\" tabindex=\"0\" role=\"region\" aria-label=\"{caption}\"><table class=\"summary\">"
    );
    let _ = write!(out, "<caption>{caption}</caption><thead><tr><th scope=\"col\">format</th>");
    for column in &group.columns {
        let (label, images) = (escape(&column.label), format::images(column.images));
        let unit = column.unit();
        let workload = escape(column.workload);
        let _ = write!(out, "<th scope=\"col\" data-w=\"{workload}\">{label}<small>{unit}<br>{images}</small></th>");
    }
    out.push_str("</tr></thead><tbody>\n");
    let columns: Vec<Vec<Entry<'_>>> = group.columns.iter().map(|column| entries(group, column)).collect();
    let mut apart = None;
    for (nth, row) in group.rows.iter().enumerate() {
        if let Some(heading) = heading(row).filter(|heading| apart != Some(*heading) && interleaved(group.results)) {
            apart = Some(heading);
            let span = columns.len();
            let _ = write!(out, "</tbody><tbody class=\"apart\"><tr><th scope=\"rowgroup\">{heading}</th>");
            let _ = writeln!(out, "<td colspan=\"{span}\"></td></tr>");
        }
        let _ = write!(out, "<tr data-f=\"{}\"><th scope=\"row\">{}</th>", escape(row.format), breakable(&row.label));
        for (column, entries) in group.columns.iter().zip(&columns) {
            match group.takes_part(row, column) {
                true => entry(out, &entries[nth], column.workload),
                false => drop(write!(out, "<td data-w=\"{}\">–</td>", escape(column.workload))),
            }
        }
        out.push_str("</tr>\n");
    }
    let legend = words::legend(group);
    let _ = write!(out, "</tbody></table></div>\n<p class=\"note\">{legend}");
    if let Some((short, rest)) = words::floor(group) {
        let _ = write!(out, " Noise floor: {} {}", escape(&short), escape(&rest));
    }
    out.push_str("</p>\n");
}

/// What stands above rows that are apart from the formats.
fn heading(row: &Row<'_>) -> Option<&'static str> {
    match row.kind {
        CellKind::Format if row.bound => Some("What the bytes on disk would allow, read past the library"),
        CellKind::Format => None,
        CellKind::Peer if is_bridge(row.format) => Some("A format in a process of its own, as a peer has"),
        CellKind::Peer => Some("What people run in Python"),
        CellKind::Null => Some("Null twin: the same format, written a second time"),
        CellKind::Reference => Some("What the machine can do"),
    }
}

fn entry(out: &mut String, entry: &Entry<'_>, workload: &str) {
    let workload = escape(workload);
    match entry {
        Entry::Missing(word, reason) => {
            let reason = format::cause(reason, word);
            let (word, reason) = (escape(word), escape(reason));
            let _ =
                write!(out, "<td class=\"missing\" data-w=\"{workload}\"><b>{word}</b><small>{reason}</small></td>");
        }
        Entry::Value { point, standing } => {
            let class = match standing {
                Standing::Fastest(..) => " class=\"best\"",
                Standing::Together(_) => " class=\"near\"",
                _ => "",
            };
            let sign = words::sign(standing).map_or(String::new(), |(sign, means)| {
                format!("<span class=\"sign\" title=\"{means}\">{sign}</span> ")
            });
            let spread = match words::spread(*point) {
                none if none.is_empty() => "no interval".into(),
                spread => spread,
            };
            let rate = format::rate(point.rate);
            let said = match words::standing(standing) {
                said if said.is_empty() => said,
                said => format!(
                    "<small class=\"said\">{}</small>",
                    escape(&said).replace(" %", "&nbsp;%").replace(" to ", "&nbsp;to&nbsp;")
                ),
            };
            let _ = write!(out, "<td{class} data-w=\"{workload}\">{sign}{rate}<small>{spread}</small>{said}</td>");
        }
    }
}
