//! The page: one file that loads nothing; what its script adds is convenience. Every string that comes from results goes through [`escape`].

mod breakeven;
mod cards;
mod choose;
mod gaps;
mod group;
mod methods;
mod overview;
mod packed;
mod payload;
mod provenance;
mod summary;
mod tuning;

use super::charts::Table;
use super::model::{self, Group};
use super::{charts, rank, words};
use crate::error::Result;
use crate::history::Entry;
use crate::results::Results;
use std::collections::BTreeSet;
use std::fmt::Write as _;

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("html/script.js");

/// The page of all results.
pub(super) fn page(results: &[Results], history: &[Entry]) -> Result<String> {
    let groups = model::groups(results);
    let mut out = String::new();
    out.push_str("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    out.push_str("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    out.push_str("<meta name=\"color-scheme\" content=\"light dark\">\n");
    let names: Vec<&str> = results.iter().flat_map(|r| &r.datasets).map(|d| d.name.as_str()).collect();
    let name = names.first().map_or(String::new(), |name| format!(": {}", escape(name)));
    let _ = write!(out, "<title>shelfmark report{name}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n");
    header(&mut out, results);
    let run = |group: &Group<'_>| results.iter().position(|r| std::ptr::eq(r, group.results)).unwrap_or(0) + 1;
    let sheets = rank::sheets(&groups);
    filters(&mut out, &groups);
    let mut seen = BTreeSet::new();
    for (nth, sheet) in sheets.iter().enumerate() {
        let id = if sheets.len() > 1 { format!("s{}-", nth + 1) } else { String::new() };
        if sheets.len() > 1 {
            let title =
                sheet.groups.first().map_or(String::new(), |group| words::set_title(group, run(group), results.len()));
            let title = escape(&title);
            let _ = writeln!(out, "<h2 class=\"run\" id=\"{id}top\">{title}</h2>");
        }
        let level = if sheets.len() > 1 { 3 } else { 2 };
        choose::choose(&mut out, sheet, level, &id);
        overview::overview(&mut out, sheet, level, &id);
        if let Some(group) = sheet.groups.first().filter(|group| seen.insert(run(group))) {
            limits(&mut out, group.results);
        }
        if let Some(group) = sheet.groups.first() {
            for chart in charts::of_sheet(sheet, history)? {
                group::picture(&mut out, group, &chart, level, &id)?;
            }
        }
        let mut drawn = BTreeSet::new();
        for group in &sheet.groups {
            let place = groups.iter().position(|other| std::ptr::eq(other, *group)).unwrap_or(0);
            let id = if groups.len() > 1 { format!("g{}-", place + 1) } else { String::new() };
            let mut inner = level;
            if sheet.groups.len() > 1 {
                let title = escape(&words::group_title(group, run(group), results.len()));
                let _ = writeln!(out, "<h{level} class=\"run\" id=\"{id}top\">{title}</h{level}>");
                inner += 1;
            }
            group::section(&mut out, group, inner, &id, &mut drawn)?;
        }
        breakeven::breakeven(&mut out, sheet, level, &id);
        cards::cards(&mut out, sheet, level, &id);
        tuning::tuning(&mut out, sheet, level, &id);
    }
    for result in results.iter().enumerate().filter(|(nth, _)| !seen.contains(&(nth + 1))).map(|(_, result)| result) {
        limits(&mut out, result);
    }
    methods::methods(&mut out);
    for (nth, result) in results.iter().enumerate() {
        provenance::section(&mut out, result, nth, results.len());
    }
    contents(&mut out);
    let _ = write!(out, "</main>\n<script>\n{SCRIPT}</script>\n</body>\n</html>\n");
    Ok(out)
}

fn header(out: &mut String, results: &[Results]) {
    out.push_str("<header>\n<h1>shelfmark report</h1>\n<p class=\"lead\">The same images written into several storage formats and read \
                  back the way training does, with every pixel verified: what each format costs in time and space.</p>\n");
    for banner in words::banners(results) {
        let (class, word) = if banner.bad { ("bad", "Attention") } else { ("mind", "Note") };
        let text = escape(&banner.text);
        let _ = writeln!(out, "<p class=\"banner {class}\"><strong>{word}:</strong> {text}</p>");
    }
    let _ = writeln!(
        out,
        "<p class=\"paper note\">On paper what is folded stays folded, and the numbers of the charts are left out: both are in the page \
         itself, and in {} beside it.</p>\n</header>",
        (0..results.len()).map(|nth| results_file(nth, results.len())).collect::<Vec<_>>().join(", ")
    );
}

/// What was run where, and what that can and cannot say.
fn limits(out: &mut String, result: &Results) {
    let mut facts: Vec<(&str, String)> = result.datasets.iter().map(|d| ("Dataset", words::dataset(d))).collect();
    facts.push(("Place", words::place(result)));
    facts.push(("Host", words::host(result)));
    facts.push(("Run", format!("{}, profile {}", result.run.started_utc, result.run.profile)));
    definitions(out, "facts", &facts);
    out.push_str("<details class=\"limits\" open><summary>What this run can and cannot say</summary>\n<ul>\n");
    for limit in words::limits(result) {
        let _ = writeln!(out, "<li>{}</li>", escape(&limit));
    }
    out.push_str("</ul></details>\n");
}

/// The sections of the page, put in behind its head; of a page of several runs those of each run beneath it.
fn contents(out: &mut String) {
    let mut links: Vec<String> = Vec::new();
    for part in out.split("<h").skip(1) {
        let Some(level) =
            ["2", "3"].into_iter().find(|level| part.strip_prefix(*level).is_some_and(|rest| rest.starts_with(' ')))
        else {
            continue;
        };
        let id = part.split_once(" id=\"").and_then(|(_, rest)| rest.split_once('"')).map(|(id, _)| id);
        let text = part.split_once('>').and_then(|(_, rest)| rest.split_once("</h")).map(|(text, _)| text);
        let Some((id, text)) = id.zip(text) else { continue };
        let link = format!("<a href=\"#{id}\">{text}</a>");
        match links.last_mut().filter(|_| level == "3" && is_of_sheet(id)) {
            Some(above) => above.push_str(&format!("<li>{link}</li>")),
            None if level == "2" => links.push(link),
            None => {}
        }
    }
    let all: String = links
        .iter()
        .map(|link| match link.split_once("<li>") {
            Some((link, inner)) => format!("<li class=\"of-run\">{link}<ul><li>{inner}</ul></li>"),
            None => format!("<li>{link}</li>"),
        })
        .collect();
    if let Some(at) = out.find("</header>\n") {
        out.insert_str(at, &format!("<nav aria-label=\"Sections\"><ul>{all}</ul></nav>\n"));
    }
}

/// Whether an anchor is of a section of one run among several: `s1-overview`.
fn is_of_sheet(id: &str) -> bool {
    id.strip_prefix('s').and_then(|rest| rest.split_once('-')).is_some_and(|(number, _)| number.parse::<u32>().is_ok())
}

/// Fields that choose what is shown; the script brings them to light.
fn filters(out: &mut String, groups: &[Group<'_>]) {
    let mut workloads: Vec<&str> = Vec::new();
    for column in groups.iter().flat_map(|group| &group.columns) {
        if !workloads.contains(&column.workload) {
            workloads.push(column.workload);
        }
    }
    if workloads.is_empty() {
        return;
    }
    out.push_str(
        "<form id=\"filters\" class=\"screen\" hidden>\n<p><label for=\"show-formats\">Formats with</label> <input type=\"search\" id=\"show-formats\" \
         name=\"formats\" placeholder=\"as in lmdb png\" autocomplete=\"off\"></p>\n<fieldset><legend>Workloads</legend>",
    );
    for (nth, workload) in workloads.iter().enumerate() {
        let workload = escape(workload);
        let _ = write!(
            out,
            "<label><input type=\"checkbox\" name=\"workload\" value=\"{workload}\" id=\"show-workload-{nth}\" checked> {workload}</label> "
        );
    }
    out.push_str("</fieldset>\n<p role=\"status\" id=\"chosen\"></p></form>\n");
}

/// Data for the script, where it cannot be taken for markup.
fn data(out: &mut String, class: &str, value: &serde_json::Value) {
    // The only sign that ends the element or begins a comment in it.
    let text = value.to_string().replace('<', "\\u003c");
    let _ = writeln!(out, "<script type=\"application/json\" class=\"{class}\">{text}</script>");
}

/// A list of terms and what they are; texts are escaped here.
fn definitions(out: &mut String, class: &str, facts: &[(&str, String)]) {
    let _ = writeln!(out, "<dl class=\"{class}\">");
    for (term, text) in facts {
        let _ = writeln!(out, "<div><dt>{}</dt><dd>{}</dd></div>", escape(term), escape(text));
    }
    out.push_str("</dl>\n");
}

/// A table in a box that scrolls by itself; texts are escaped here.
fn table(out: &mut String, caption: &str, table: &Table) {
    let caption = escape(caption);
    let _ = write!(
        out,
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{caption}\"><table class=\"plain\">"
    );
    let _ = write!(out, "<caption>{caption}</caption><thead><tr>");
    for head in &table.heads {
        let _ = write!(out, "<th scope=\"col\">{}</th>", escape(head));
    }
    out.push_str("</tr></thead><tbody>\n");
    for row in &table.rows {
        let name = row.get(table.name).map_or("", String::as_str);
        let _ = write!(out, "<tr data-f=\"{}\">", escape(name));
        for (nth, text) in row.iter().enumerate() {
            let text = escape(text);
            let _ = match nth == table.name {
                true => write!(out, "<th scope=\"row\">{text}</th>"),
                false => write!(out, "<td>{text}</td>"),
            };
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody></table></div>\n");
}

/// The file beside the page that holds the `nth` of `total` results.
pub(super) fn results_file(nth: usize, total: usize) -> String {
    if total == 1 { super::RESULTS_FILE.into() } else { format!("results-{}.json", nth + 1) }
}

/// A picture as a file of its own: with the colours that the page would give it.
pub(super) fn standalone(svg: &str) -> String {
    let inks = STYLE.split_once("/* inks */").map_or(STYLE, |(_, inks)| inks);
    let Some((head, body)) = svg.split_once('>') else { return svg.to_owned() };
    format!("{head}><style>{inks}</style>{body}\n")
}

/// Text as HTML and XML text or attribute value.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in clean(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// A name that may break after its commas.
fn breakable(text: &str) -> String {
    escape(text).replace(',', ",<wbr>")
}

/// Text without control characters, which XML forbids, and without those that turn the direction of writing, which
/// could make a name look like another.
pub(super) fn clean(text: &str) -> String {
    let odd = |c: char| matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FFFE}' | '\u{FFFF}');
    text.chars()
        .map(|c| {
            if c == '\n' || c == '\t' {
                ' '
            } else if c.is_control() || odd(c) {
                '\u{FFFD}'
            } else {
                c
            }
        })
        .collect()
}

/// A heading with an anchor.
fn heading(out: &mut String, level: usize, id: &str, text: &str) {
    let _ = writeln!(out, "<h{level} id=\"{id}\">{}</h{level}>", escape(text));
}

/// Formats of a group that are not references, twins or peers.
pub(super) fn formats<'g, 'a>(group: &'g Group<'a>) -> impl Iterator<Item = &'g model::Row<'a>> {
    group.rows.iter().filter(|row| row.kind == crate::results::CellKind::Format)
}

#[cfg(test)]
mod tests;
