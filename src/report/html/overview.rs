//! Formats by workloads at a glance: how many times as long as the best each takes.

use super::super::entry::{Entry, Standing, entries};
use super::super::model::{Column, Group, Point};
use super::super::rank::Sheet;
use super::super::{format, words};
use super::{breakable, escape, heading};
use crate::results::CellKind;
use crate::run::peers::is_bridge;
use std::fmt::Write as _;

/// From these ratios on a step darker.
const STEPS: [f64; 6] = [1.0, 1.5, 3.0, 10.0, 30.0, 100.0];

/// Writes the table; `id` begins its anchor.
pub(super) fn overview(out: &mut String, sheet: &Sheet<'_, '_>, level: usize, id: &str) {
    let columns: Vec<(&Group<'_>, &Column<'_>)> =
        sheet.groups.iter().flat_map(|group| group.columns.iter().map(move |column| (*group, column))).collect();
    if columns.is_empty() {
        return;
    }
    heading(out, level, &format!("{id}overview"), "Overview");
    out.push_str(
        "<p class=\"how\"><b>How to read this:</b> how many times as long as the fastest format each takes: the darker, the slower. \
         ★ is the fastest (of stores of many files another, where these are ranked apart); grey, with = (tied) or ≈ (not told apart), is as good as it as far as this run can say, and so is the highest \
         estimate, with ☆, where nobody is slower for certain; what has \
         no colour is not ranked; hatched is what has no number, with the reason.</p>\n",
    );
    let caption = "Time over that of the fastest format, by format and workload";
    let _ = write!(
        out,
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{caption}\"><table class=\"overview\">\
         <caption>{caption}</caption><thead><tr><th scope=\"col\">format</th>"
    );
    // Once for each column: with many formats, each row by itself would look at all of them again.
    let all: Vec<(Vec<Entry<'_>>, Option<f64>)> =
        columns.iter().map(|(group, column)| (entries(group, column), best(group, column))).collect();
    for (group, column) in &columns {
        let state = state(sheet, group, column);
        let _ = write!(out, "<th scope=\"col\" data-w=\"{}\">{}", escape(column.workload), escape(&column.label));
        let _ = write!(out, "<small>{}</small></th>", escape(&state));
    }
    out.push_str("</tr></thead><tbody>\n");
    for row in rows(sheet) {
        let _ = write!(out, "<tr data-f=\"{}\"><th scope=\"row\">{}</th>", escape(row.format), breakable(&row.label));
        for ((group, column), (entries, best)) in columns.iter().zip(&all) {
            let here = group.rows.iter().position(|other| other.kind == row.kind && other.format == row.format);
            let entry = here.and_then(|nth| entries.get(nth)).filter(|_| group.takes_part(row, column));
            // A format that is not among a group's rows is missing there; a peer need not take part everywhere.
            let absent = Entry::Missing("not measured", "not in this contest".into());
            let entry = entry.or((here.is_none() && row.kind == CellKind::Format).then_some(&absent));
            cell(out, entry, *best, column.workload);
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody></table></div>\n");
}

/// What tells a column from others of its workload.
fn state(sheet: &Sheet<'_, '_>, group: &Group<'_>, column: &Column<'_>) -> String {
    let threads = sheet.groups.iter().any(|other| other.threads != group.threads);
    let mut state = if column.durability.is_some() { String::new() } else { group.cache.to_owned() };
    if threads && column.durability.is_none() {
        state += &format!(", {}", format::many(group.threads.into(), "thread"));
    }
    state
}

/// Formats, bounds and peers, as they stand in the groups.
fn rows<'g, 'a>(sheet: &Sheet<'g, 'a>) -> Vec<&'g super::model::Row<'a>> {
    let mut rows: Vec<&super::model::Row<'a>> = Vec::new();
    for row in sheet.groups.iter().flat_map(|group| &group.rows) {
        let shown = matches!(row.kind, CellKind::Format | CellKind::Peer);
        if shown && !rows.iter().any(|known| known.kind == row.kind && known.format == row.format) {
            rows.push(row);
        }
    }
    rows.sort_by_key(|row| (row.kind == CellKind::Peer, row.bound));
    rows
}

/// The highest speed of a column among what is ranked.
fn best(group: &Group<'_>, column: &Column<'_>) -> Option<f64> {
    let ranked = group.rows.iter().filter(|row| row.is_ranked() && !is_bridge(row.format));
    ranked.filter_map(|row| Some(group.point(row, column, column.images)?.rate)).max_by(f64::total_cmp)
}

fn cell(out: &mut String, entry: Option<&Entry<'_>>, best: Option<f64>, workload: &str) {
    let workload = escape(workload);
    let _ = match entry {
        None => write!(out, "<td data-w=\"{workload}\">{}</td>", format::NONE),
        Some(Entry::Missing(word, reason)) => {
            let reason = format::cause(reason, word);
            write!(
                out,
                "<td class=\"hatched\" data-w=\"{workload}\"><b>{}</b><small>{}</small></td>",
                escape(word),
                escape(reason)
            )
        }
        Some(Entry::Value { point, standing }) => {
            let (class, ratio) = shade(*point, standing, best);
            let sign = words::sign(standing).map_or(String::new(), |(sign, means)| {
                format!("<span class=\"sign\" title=\"{means}\">{sign}</span> ")
            });
            write!(out, "<td class=\"{class}\" data-w=\"{workload}\">{sign}{ratio}</td>")
        }
    };
}

/// The class of a cell's colour, and what stands in it.
fn shade(point: Point, standing: &Standing<'_>, best: Option<f64>) -> (String, String) {
    let ratio = match standing {
        Standing::Fastest(..) | Standing::Highest(_) => 1.0,
        Standing::Judged(comparison) => comparison.ratio,
        _ => best.map_or(f64::NAN, |best| best / point.rate),
    };
    let even = match standing {
        Standing::Judged(comparison) => comparison.verdict != "slower",
        Standing::Together(_) | Standing::Highest(_) => true,
        _ => false,
    };
    let class = match standing {
        Standing::Fastest(..) => "best".to_owned(),
        _ if even => "even".to_owned(),
        // What is not ranked gets no colour: a number, and no place among the others.
        Standing::Unranked(_) => "unranked".to_owned(),
        _ => format!("h{}", STEPS.iter().filter(|step| ratio >= **step).count()),
    };
    (class, format::times(ratio))
}
