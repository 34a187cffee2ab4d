//! The summary as Markdown, for pull requests and job summaries.

use super::charts::Table;
use super::entry::{Entry, Standing, entries};
use super::html::{clean, results_file};
use super::model::{Group, groups, interleaved};
use super::{format, tables, words};
use crate::results::Results;
use std::fmt::Write as _;

/// The report of all results.
pub(super) fn page(results: &[Results]) -> String {
    let mut out = String::from("# shelfmark report\n\n");
    for banner in words::banners(results) {
        let word = if banner.bad { "Attention" } else { "Note" };
        let _ = writeln!(out, "> **{word}:** {}\n", escape(&banner.text));
    }
    for (nth, result) in results.iter().enumerate() {
        if results.len() > 1 {
            let _ = writeln!(out, "## Run {}\n", nth + 1);
        }
        for dataset in &result.datasets {
            let _ = writeln!(out, "- Dataset: {}", escape(&words::dataset(dataset)));
        }
        let _ = writeln!(out, "- Place: {}", escape(&words::place(result)));
        let _ = writeln!(out, "- Host: {}", escape(&words::host(result)));
        let (started, profile) = (escape(&result.run.started_utc), escape(&result.run.profile));
        let _ = writeln!(out, "- Run: {started}, profile {profile}, took {}\n", format::seconds(result.run.wall_s));
        out.push_str("What this run can and cannot say:\n\n");
        for limit in words::limits(result) {
            let _ = writeln!(out, "- {}", escape(&limit));
        }
        out.push('\n');
    }
    let all = groups(results);
    for group in &all {
        if all.len() > 1 {
            let run = results.iter().position(|r| std::ptr::eq(r, group.results)).unwrap_or(0) + 1;
            let _ = writeln!(out, "## {}\n", escape(&words::group_title(group, run, results.len())));
        }
        section(&mut out, group);
    }
    for (nth, result) in results.iter().enumerate() {
        let file = results_file(nth, results.len());
        let sha = result.run.git.sha.as_deref().unwrap_or("unknown");
        let dirty = if result.run.git.dirty == Some(true) { ", with changes that are not committed" } else { "" };
        let _ = writeln!(
            out,
            "Command: {}  \nSource: {}{dirty}  \nEverything: `{file}`\n",
            escape(&result.run.command),
            escape(sha)
        );
    }
    out
}

fn section(out: &mut String, group: &Group<'_>) {
    if let Some(means) = words::cache(group.cache).filter(|_| interleaved(group.results)) {
        let _ = writeln!(out, "{means}\n");
    }
    out.push_str("### In short\n\n");
    for words::Answer { question, short, rest } in words::answers(group) {
        let _ = writeln!(out, "- **{question}:** {} {}", escape(&short), escape(&rest));
    }
    out.push('\n');
    if !group.columns.is_empty() {
        out.push_str("### Summary\n\n| format |");
        for column in &group.columns {
            let (label, images) = (escape(&column.label), format::images(column.images));
            let _ = write!(out, " {label}<br>{}<br>{images} |", column.unit());
        }
        out.push_str(" allocated per image | files |\n|:--|");
        out.push_str(&"--:|".repeat(group.columns.len() + 2));
        out.push('\n');
        let columns: Vec<Vec<Entry<'_>>> = group.columns.iter().map(|column| entries(group, column)).collect();
        for (nth, row) in group.rows.iter().enumerate() {
            let _ = write!(out, "| {} |", escape(&row.label));
            for (column, entries) in group.columns.iter().zip(&columns) {
                let text = match group.takes_part(row, column) {
                    true => entry(&entries[nth], interleaved(group.results)),
                    false => format::NONE.to_owned(),
                };
                let _ = write!(out, " {text} |");
            }
            let space = group.space(row).map_or((format::NONE.to_owned(), format::NONE.to_owned()), |(images, s)| {
                (format::bytes_each(s.allocated_bytes as f64 / images as f64), format::count(s.files))
            });
            let _ = writeln!(out, " {} | {} |", space.0, space.1);
        }
        let _ = write!(out, "\n{}\n\n", words::legend(group));
        if let Some(tables::Folded { title, how, table }) = tables::threads(group) {
            let _ = writeln!(out, "### {title}\n\n{how}\n");
            rows(out, &table);
        }
        noise(out, group);
    }
    gaps(out, group);
}

/// An entry of the summary; `judged` entries say their verdict in words.
fn entry(entry: &Entry<'_>, judged: bool) -> String {
    match entry {
        Entry::Missing(word, _) => format!("*{word}*"),
        Entry::Value { point, standing } => {
            let sign = words::sign(standing).map_or(String::new(), |(sign, _)| format!("{sign} "));
            let (rate, spread) = (format::rate(point.rate), words::spread(*point));
            let rate = if matches!(standing, Standing::Fastest(..)) { format!("**{rate}**") } else { rate };
            let number = format!("{sign}{rate} {spread}").trim_end().to_owned();
            match words::standing(standing) {
                said if judged && !said.is_empty() => format!("{number}<br>{}", escape(&said)),
                _ => number,
            }
        }
    }
}

/// A table with all its rows.
fn rows(out: &mut String, table: &Table) {
    let line = |texts: &[String]| texts.iter().map(|text| escape(text)).collect::<Vec<_>>().join(" | ");
    let _ = writeln!(out, "| {} |\n|{}", line(&table.heads), ":--|".repeat(table.heads.len()));
    for row in &table.rows {
        let _ = writeln!(out, "| {} |", line(row));
    }
    out.push('\n');
}

/// The noise floor, and what measuring costs.
fn noise(out: &mut String, group: &Group<'_>) {
    if let Some(table) = tables::noise(group) {
        out.push_str("### Noise floor: a format against its null twin\n\n");
        rows(out, &table);
    }
    if let Some(harness) = words::harness(group) {
        let _ = writeln!(out, "{}\n", escape(&harness));
    }
}

fn gaps(out: &mut String, group: &Group<'_>) {
    let all = words::gaps(group);
    if all.is_empty() {
        return;
    }
    out.push_str("### Not measured\n\n| outcome | reason | cells |\n|:--|:--|:--|\n");
    for words::Gap { outcome, reason, cells, names, .. } in all {
        let names: Vec<_> = names.iter().map(|(names, workloads)| format!("{names} in {workloads}")).collect();
        let told = format!("{}: {}", words::cells(cells), names.join("; "));
        let _ = writeln!(out, "| {outcome} | {} | {} |", escape(&reason), escape(&told));
    }
    out.push('\n');
}

/// Text that Markdown shows as it is, in a table cell too.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in clean(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\\' | '`' | '*' | '[' | ']' | '|' | '#' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}
