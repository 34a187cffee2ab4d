//! Where the time of an image goes: shares of it, one bar a format.

use super::super::format;
use super::super::model::{Column, Group, Row};
use super::super::tables;
use super::canvas::{Canvas, Ink, SMALL, Side, TEXT, fit, picture, text_width};
use super::labels::Labels;
use super::{Chart, Panel, slug};
use crate::error::Result;
use crate::results::Ledger;

const WIDTH: f64 = 540.0;
const ROW: f64 = 26.0;
const TOP: f64 = 74.0;

/// The parts in the order of the work, with the ink of each.
const PARTS: [(&str, usize); 6] = [("open", 7), ("look-up", 0), ("read", 5), ("decode", 1), ("copy", 2), ("other", 4)];

pub(super) fn chart(group: &Group<'_>) -> Result<Chart> {
    let mut panels = Vec::new();
    for column in &group.columns {
        let taken = |row| Some((row, group.measured(row, column, column.images)?.ledger.as_ref()?));
        let mut lines: Vec<(&Row<'_>, &Ledger)> = group.rows.iter().filter_map(taken).collect();
        lines.retain(|(_, ledger)| sum(ledger) > 0.0);
        lines.sort_by(|a, b| sum(a.1).total_cmp(&sum(b.1)));
        if !lines.is_empty() {
            panels.push(panel(column, &lines)?);
        }
    }
    Ok(Chart {
        slug: "ledger",
        title: "Where the time goes",
        how: "Each bar is the time of one image, in shares; how long that is stands at its right. A meter between container and \
              codec told the parts, in a pass of its own. What is one call cannot be taken apart: where look-up is \
              missing, it is in “read”, and formats that do everything at once are in the table only, with the reason.",
        panels,
        table: tables::ledger(group),
        key: false,
    })
}

fn parts(ledger: &Ledger) -> [f64; 6] {
    let Ledger { open_ns, lookup_ns, read_ns, decode_ns, copy_ns, other_ns, .. } = ledger;
    let all = [*open_ns, lookup_ns.unwrap_or(0.0), *read_ns, *decode_ns, copy_ns.unwrap_or(0.0), *other_ns];
    all.map(|ns| if ns.is_finite() { ns.max(0.0) } else { 0.0 })
}

fn sum(ledger: &Ledger) -> f64 {
    parts(ledger).iter().sum()
}

fn panel(column: &Column<'_>, lines: &[(&Row<'_>, &Ledger)]) -> Result<Panel> {
    let title = format!("{}: shares of the time of an image", column.label);
    let labels = Labels::new(lines.iter().map(|(row, _)| row.short()), 218.0, TOP, ROW);
    let Labels { left, bottom, .. } = labels;
    let right = WIDTH - 78.0;
    let height = bottom + 14.0;
    let svg = picture(WIDTH, height, &title, |c| {
        c.bold(&fit(&title, TEXT + 1.0, WIDTH), (0.0, 14.0), Ink::Text, TEXT + 1.0, Side::Start);
        c.text("per image", (WIDTH - 4.0, TOP - 12.0), Ink::Muted, SMALL, Side::End);
        let mut x = 0.0;
        for (name, colour) in PARTS {
            c.bar((x, 32.0), (x + 14.0, 44.0), Ink::Series(colour), true);
            c.text(name, (x + 19.0, 38.0), Ink::Text, SMALL, Side::Start);
            x += 34.0 + text_width(name, SMALL);
        }
        for (nth, (row, ledger)) in lines.iter().enumerate() {
            c.of_row(row.format, |c| {
                let y = labels.middle(nth);
                labels.write(c, nth, if row.is_ranked() { Ink::Text } else { Ink::Muted });
                bar(c, ledger, (left, right), y);
                c.text(&format::seconds(sum(ledger) / 1e9), (WIDTH - 4.0, y), Ink::Text, SMALL, Side::End);
            });
        }
    })?;
    Ok(Panel { slug: format!("ledger-{}", slug(&column.label)), svg, workload: Some(column.workload.to_owned()) })
}

/// Parts side by side, each with its name where there is room: colours need a second sign.
fn bar(c: &mut Canvas<'_>, ledger: &Ledger, (left, right): (f64, f64), y: f64) {
    let total = sum(ledger);
    let mut x = left;
    for ((name, colour), ns) in PARTS.iter().zip(parts(ledger)) {
        let end = x + ns / total * (right - left);
        if end - x >= 1.0 {
            c.bar((x, y - 9.0), ((end - 1.5).max(x + 0.5), y + 2.0), Ink::Series(*colour), true);
            if end - x > text_width(name, 10.0) {
                c.text(name, (x, y + 8.0), Ink::Muted, 10.0, Side::Start);
            }
        }
        x = end;
    }
}
