//! The part of the page about one group: answers, summary, charts, formats, and what was not measured.

use super::super::charts::{self, Chart, Panel};
use super::super::model::{Group, interleaved};
use super::super::{tables, words};
use super::gaps::gaps;
use super::payload::payload;
use super::summary::summary;
use super::{breakable, escape, heading, table};
use crate::error::Result;
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// Writes the group's sections with headings of `level`; anchors begin with `id`. Charts that are `drawn` already (the
/// same stores, read warm and cold) are not drawn again.
pub(super) fn section(
    out: &mut String,
    group: &Group<'_>,
    level: usize,
    id: &str,
    drawn: &mut BTreeSet<String>,
) -> Result<()> {
    if let Some(means) = words::cache(group.cache).filter(|_| interleaved(group.results)) {
        let _ = writeln!(out, "<p class=\"how\">{}</p>", escape(means));
    }
    if !group.columns.is_empty() {
        heading(out, level, &format!("{id}summary"), "All speeds");
        summary(out, group);
        if let Some(tables::Folded { title, how, table: gains }) = tables::threads(group) {
            heading(out, level, &format!("{id}threads"), title);
            let _ = writeln!(out, "<p class=\"how\"><b>How to read this:</b> {how}</p>");
            table(out, title, &gains);
        }
        if let Some(noise) = tables::noise(group) {
            heading(out, level, &format!("{id}noise"), "Noise floor");
            out.push_str("<p class=\"how\"><b>How to read this:</b> the same format was written a second time and measured as one more cell. A ratio of 1 is what ought to come out; what the interval leaves open, this run cannot tell from noise.</p>\n");
            table(out, "Noise floor: a format against its null twin", &noise);
        }
        if let Some(harness) = words::harness(group) {
            let _ = writeln!(out, "<p class=\"note\">{}</p>", escape(&harness));
        }
    }
    // In a group of a run, such as its cold reads, much has no place; elsewhere an empty chart is worth a word.
    for chart in charts::all(group)?.iter().filter(|chart| !interleaved(group.results) || !chart.panels.is_empty()) {
        let known = chart.panels.iter().filter(|panel| !drawn.insert(panel.svg.clone())).count();
        if known > 0 && known == chart.panels.len() {
            continue;
        }
        picture(out, group, chart, level, id)?;
    }
    if let Some(tables::Folded { title, how, table: times }) = tables::split(group) {
        heading(out, level, &format!("{id}split"), title);
        let _ = writeln!(out, "<p class=\"how\"><b>How to read this:</b> {how}</p>");
        table(out, title, &times);
    }
    if let Some(payload) = payload(group) {
        heading(out, level, &format!("{id}payload"), "Payload and pixels");
        out.push_str("<p class=\"how\"><b>How to read this:</b> payload is what the format keeps on disk, without the unused ends of blocks; pixels are what the reader gets. A small payload saves disk and bandwidth, and costs decoding.</p>\n");
        table(out, "Bytes as stored and as delivered, an image and a second", &payload);
    }
    beside(out, group, level, id);
    gaps(out, group, level, id);
    Ok(())
}

/// Writes a chart: how to read it, its pictures, and the numbers in it.
pub(super) fn picture(out: &mut String, group: &Group<'_>, chart: &Chart, level: usize, id: &str) -> Result<()> {
    heading(out, level, &format!("{id}{}", chart.slug), chart.title);
    let _ = writeln!(out, "<p class=\"how\"><b>How to read this:</b> {}</p>", escape(chart.how));
    if chart.panels.is_empty() {
        out.push_str("<p class=\"empty\">Nothing was measured for this chart.</p>\n");
    } else {
        let _ = writeln!(out, "<div class=\"panels {}\">", chart.slug);
        for panel in &chart.panels {
            let _ = writeln!(out, "<figure{}>{}</figure>", of_workload(panel), panel.svg);
        }
        if chart.key {
            out.push_str("<div class=\"key\"><p>Marks</p><ul>");
            for row in &group.rows {
                let _ = write!(out, "<li>{} {}</li>", charts::mark(row)?, breakable(&row.label));
            }
            out.push_str("</ul></div>\n");
        }
        out.push_str("</div>\n");
    }
    if !chart.table.rows.is_empty() {
        out.push_str("<details class=\"numbers\"><summary>The numbers as a table</summary>\n");
        table(out, chart.title, &chart.table);
        out.push_str("</details>\n");
    }
    Ok(())
}

/// What a figure is about, for the page's filter.
fn of_workload(panel: &Panel) -> String {
    panel.workload.as_ref().map_or(String::new(), |workload| format!(" data-w=\"{}\"", escape(workload)))
}

/// What a run measured beside speed, folded.
fn beside(out: &mut String, group: &Group<'_>, level: usize, id: &str) {
    let folded = tables::beside(group);
    if folded.is_empty() {
        return;
    }
    heading(out, level, &format!("{id}beside"), "Beside speed");
    for tables::Folded { title, how, table: numbers } in folded {
        let _ = writeln!(out, "<details><summary>{title}</summary>\n<p class=\"how\">{how}</p>");
        table(out, title, &numbers);
        out.push_str("</details>\n");
    }
}
