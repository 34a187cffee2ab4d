//! The part of the page about one group: answers, summary, charts, formats, and what was not measured.

use super::super::charts::{self, Chart, Table};
use super::super::model::{Group, outcome, point, reason};
use super::super::pick::{Entry, NOISY, entries};
use super::super::{format, words};
use super::payload::payload;
use super::{breakable, escape, formats, heading, table};
use crate::error::Result;
use crate::results::Cell;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Writes the group's sections with headings of `level`; anchors begin with `id`.
pub(super) fn section(out: &mut String, group: &Group<'_>, level: usize, id: &str) -> Result<()> {
    heading(out, level, &format!("{id}answers"), "In short");
    out.push_str("<dl class=\"answers\">\n");
    for words::Answer { question, short, rest } in words::answers(group) {
        let (short, rest) = (escape(&short), escape(&rest));
        let _ = writeln!(out, "<div><dt>{question}</dt><dd><strong>{short}</strong> {rest}</dd></div>");
    }
    out.push_str("</dl>\n");
    if !group.columns.is_empty() {
        heading(out, level, &format!("{id}summary"), "Summary");
        summary(out, group);
    }
    for chart in charts::all(group)? {
        picture(out, group, &chart, level, id)?;
    }
    if let Some(payload) = payload(group) {
        heading(out, level, &format!("{id}payload"), "Payload and pixels");
        out.push_str("<p class=\"how\"><b>How to read this:</b> payload is what the format keeps on disk, without the unused ends of blocks; pixels are what the reader gets. A small payload saves disk and bandwidth, and costs decoding.</p>\n");
        table(out, "Bytes as stored and as delivered, an image and a second", &payload);
    }
    verdicts(out, group, level, id);
    heading(out, level, &format!("{id}formats"), "The formats in detail");
    out.push_str("<p class=\"note\">Short names: png is dir:png, lmdb is lmdb:bincode, hdf5 is hdf5:raw.</p>\n");
    table(out, "Options in force, libraries and capabilities of each format", &details(group));
    gaps(out, group, level, id);
    Ok(())
}

fn summary(out: &mut String, group: &Group<'_>) {
    let caption = "Speed by format and workload, at the largest number of images each workload was measured with";
    let _ = write!(
        out,
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{caption}\"><table class=\"summary\">"
    );
    let _ = write!(out, "<caption>{caption}</caption><thead><tr><th scope=\"col\">format</th>");
    for column in &group.columns {
        let (label, images) = (escape(&column.label), format::images(column.images));
        let unit = column.unit();
        let _ = write!(out, "<th scope=\"col\">{label}<small>{unit}<br>{images}</small></th>");
    }
    out.push_str("</tr></thead><tbody>\n");
    let columns: Vec<Vec<Entry>> = group.columns.iter().map(|column| entries(group, column)).collect();
    for (nth, row) in group.rows.iter().enumerate() {
        let _ = write!(out, "<tr><th scope=\"row\">{}</th>", breakable(&row.label));
        for column in &columns {
            entry(out, &column[nth]);
        }
        out.push_str("</tr>\n");
    }
    let legend = words::LEGEND;
    let _ = write!(
        out,
        "</tbody></table></div>\n<p class=\"note\">{legend} The last line of an entry is its share of the fastest."
    );
    if words::has_controls(group) {
        out.push_str(" References, null twins and peers are shown for comparison and take no part in ★ and ≈.");
    }
    out.push_str("</p>\n");
}

fn entry(out: &mut String, entry: &Entry) {
    match entry {
        Entry::Missing(word, reason) => {
            // Errors of the library begin with the word already.
            let reason = reason.strip_prefix(*word).map_or(reason.as_str(), |rest| rest.trim_start_matches([':', ' ']));
            let (word, reason) = (escape(word), escape(reason));
            let _ = write!(out, "<td class=\"missing\"><b>{word}</b><small>{reason}</small></td>");
        }
        Entry::Value { point, half, share, best, together } => {
            let (class, sign) = match (best, together) {
                (true, _) => (" class=\"best\"", "<span class=\"sign\" title=\"fastest\">★</span> "),
                (_, true) => {
                    (" class=\"near\"", "<span class=\"sign\" title=\"not told apart from the fastest\">≈</span> ")
                }
                _ => ("", ""),
            };
            let half = match half {
                None => "no interval".into(),
                Some(half) if *half > NOISY => format::interval(point.interval, ""),
                Some(half) => format!("± {}", format::percent(*half)),
            };
            let share = match share {
                Some(_) if *best => "fastest".into(),
                Some(share) => format!("{} of fastest", format::percent(*share)),
                None => "not ranked".into(),
            };
            let rate = format::rate(point.rate);
            let _ = write!(out, "<td{class}>{sign}{rate}<small>{half}<br>{share}</small></td>");
        }
    }
}

fn picture(out: &mut String, group: &Group<'_>, chart: &Chart, level: usize, id: &str) -> Result<()> {
    heading(out, level, &format!("{id}{}", chart.slug), chart.title);
    let _ = writeln!(out, "<p class=\"how\"><b>How to read this:</b> {}</p>", escape(chart.how));
    if chart.panels.is_empty() {
        out.push_str("<p class=\"empty\">Nothing was measured for this chart.</p>\n");
    } else {
        let _ = writeln!(out, "<div class=\"panels {}\">", chart.slug);
        for panel in &chart.panels {
            let _ = writeln!(out, "<figure>{}</figure>", panel.svg);
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
        out.push_str("<details><summary>The numbers as a table</summary>\n");
        table(out, chart.title, &chart.table);
        out.push_str("</details>\n");
    }
    Ok(())
}

/// Verdicts and null controls of the interleaved runner; nothing where there are none.
fn verdicts(out: &mut String, group: &Group<'_>, level: usize, id: &str) {
    let mut verdicts = Table::new(&["workload", "fastest", "other", "time ratio", "interval", "verdict"], 2);
    let known = |cell: &str| group.cells().iter().any(|c| c.id == cell);
    for c in group.results.comparisons.iter().filter(|c| known(&c.best) || known(&c.other)) {
        let interval = format!("{} to {}", format::times(c.lo), format::times(c.hi));
        verdicts.push(vec![
            c.workload.clone(),
            c.best.clone(),
            c.other.clone(),
            format::times(c.ratio),
            interval,
            c.verdict.clone(),
        ]);
    }
    let mut nulls = Table::new(&["workload", "cache", "time ratio", "interval", "verdict"], 0);
    for n in group.results.null_control.iter().filter(|n| n.cache == group.cache) {
        let interval = format!("{} to {}", format::times(n.lo), format::times(n.hi));
        nulls.push(vec![n.workload.clone(), n.cache.clone(), format::times(n.ratio), interval, n.verdict.clone()]);
    }
    if !verdicts.rows.is_empty() || !nulls.rows.is_empty() {
        heading(out, level, &format!("{id}verdicts"), "Verdicts");
    }
    if !verdicts.rows.is_empty() {
        table(out, "Each cell against the fastest of its workload", &verdicts);
    }
    if !nulls.rows.is_empty() {
        table(out, "Noise floor: a format against a second store of itself", &nulls);
    }
}

fn details(group: &Group<'_>) -> Table {
    let mut table =
        Table::new(&["format", "options in force", "library", "can", "cannot", "largest store", "verified"], 0);
    for row in formats(group) {
        let mine = || group.cells().iter().filter(|c| c.kind == row.kind && c.format == row.format);
        let options = mine().find(|c| !c.options.is_empty()).map_or("defaults only".into(), |c| {
            c.options.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(", ")
        });
        let native = mine().find_map(|c| c.native.as_ref());
        let library = native.map_or("none".into(), |n| format!("{} {}", n.library, n.version));
        let (can, cannot, largest) = mine().find_map(|c| c.capabilities).map_or_else(
            || (format::NONE.to_owned(), format::NONE.to_owned(), format::NONE.to_owned()),
            |c| {
                let all = [
                    ("random access", c.random_access),
                    ("append", c.append),
                    ("ragged", c.ragged),
                    ("concurrent readers", c.concurrent_readers),
                    ("zero copy", c.zero_copy),
                    ("checksums", c.checksums),
                ];
                let names = |able| {
                    let named: Vec<_> = all.iter().filter(|(_, has)| *has == able).map(|(name, _)| *name).collect();
                    if named.is_empty() { format::NONE.to_owned() } else { named.join(", ") }
                };
                (names(true), names(false), c.max_bytes.map_or("no limit known".into(), format::bytes))
            },
        );
        let checked = mine().filter_map(|c| c.verified.as_ref());
        // Stores and timed deliveries of all cells of the format together.
        let verified = match checked.clone().map(|v| v.images).reduce(u64::saturating_add) {
            _ if checked.clone().any(|v| !v.ok) => "pixels or labels differed".to_owned(),
            Some(images) => format!("all right: {} deliveries checked", format::count(images)),
            None => "not verified".to_owned(),
        };
        table.push(vec![row.label.clone(), options, library, can, cannot, largest, verified]);
    }
    table
}

/// Reasons, each with the cells that it holds for.
type Reasons<'a> = Vec<(String, Vec<&'a Cell>)>;

/// Cells without a number that counts, by outcome and reason: what went wrong first.
fn gaps(out: &mut String, group: &Group<'_>, level: usize, id: &str) {
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
            "ok" => "without a usable estimate",
            "timeout" => "not ended in time",
            word => word,
        };
        let (class, open) = if rank < 2 { ("gap bad", " open") } else { ("gap", "") };
        let _ =
            writeln!(out, "<details class=\"{class}\"{open}><summary>{} {word}</summary>\n<dl>", words::cells(total));
        for (why, cells) in reasons {
            let _ = write!(out, "<dt>{}</dt><dd><ul>", escape(&why));
            for c in cells {
                let (format, workload) = (escape(&c.format), escape(&c.workload));
                let _ = write!(out, "<li><b>{format}</b> {workload}, {}</li>", format::images(c.images));
            }
            out.push_str("</ul></dd>\n");
        }
        out.push_str("</dl></details>\n");
    }
}
