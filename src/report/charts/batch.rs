//! Chart 4: what an image costs alone, and in a batch.

use super::super::format;
use super::super::model::{Column, Group, Point, Row, Slot};
use super::canvas::{Ink, SMALL, Side, TEXT, fit, picture};
use super::labels::Labels;
use super::scale::Scale;
use super::speed::grid;
use super::{Chart, Panel};
use crate::error::Result;
use crate::results::CellKind;

const WIDTH: f64 = 540.0;
const ROW: f64 = 24.0;
const TOP: f64 = 82.0;
/// Single and batch workload, in words.
const PAIRS: [(&str, &str, &str, &str); 2] =
    [("read_one", "read_batch", "Reading", "batch-read"), ("write_one", "write_batch", "Writing", "batch-write")];

pub(super) fn chart(group: &Group<'_>) -> Result<Chart> {
    let mut panels = Vec::new();
    let heads = ["direction", "format", "alone, per image", "in a batch, per image", "alone / batch"];
    let mut table = super::Table::new(&heads, 1);
    for (single, batch, word, slug) in PAIRS {
        if let (Some(single), Some(batch)) = (group.column(single), group.column(batch)) {
            panels.push(panel(group, single, batch, word, slug)?);
            for row in rows(group).filter(|row| group.takes_part(row, single) || group.takes_part(row, batch)) {
                let (one, many) = (group.slot(row, single, single.images), group.slot(row, batch, batch.images));
                let text = |slot: &Slot| match slot {
                    Slot::Measured(p) => format::micros(1e6 / p.rate),
                    Slot::Missing(word, reason) => format!("{word}: {reason}"),
                };
                let ratio = match (&one, &many) {
                    (Slot::Measured(a), Slot::Measured(b)) => format::times(b.rate / a.rate),
                    _ => format::NONE.into(),
                };
                table.push(vec![word.to_lowercase(), row.label.clone(), text(&one), text(&many), ratio]);
            }
        }
    }
    Ok(Chart {
        slug: "batch",
        title: "One at a time against in batches",
        how: "Further left is cheaper; the scale is logarithmic. The ring is the time of an image handled alone, the disc its \
              time as part of a batch, and the number at the right how many times dearer alone is. Grey names are the machine's references.",
        panels,
        table,
        key: false,
    })
}

/// Null twins have their own table. References and peers are here where they take part at all.
fn rows<'g, 'a>(group: &'g Group<'a>) -> impl Iterator<Item = &'g Row<'a>> {
    group.rows.iter().filter(|row| row.kind != CellKind::Null)
}

fn panel(group: &Group<'_>, single: &Column<'_>, batch: &Column<'_>, word: &str, slug: &str) -> Result<Panel> {
    let rows: Vec<(&Row<'_>, Option<Point>, Option<Point>)> = rows(group)
        .map(|row| (row, group.point(row, single, single.images), group.point(row, batch, batch.images)))
        .filter(|(row, one, many)| row.kind == CellKind::Format || one.is_some() || many.is_some())
        .collect();
    let title = format!("{word}: {} against {}", single.label, batch.label);
    let sizes = format!(
        "alone: store of {} · batch of {}: store of {}",
        format::images(single.images),
        format::count(batch.batch),
        format::images(batch.images)
    );
    let labels = Labels::new(rows.iter().map(|(row, ..)| row.short()), 218.0, TOP, ROW);
    let Labels { left, bottom, .. } = labels;
    let right = WIDTH - 82.0;
    let height = bottom + 44.0;
    let times = rows.iter().flat_map(|(_, a, b)| [a, b]).flatten().map(|p| 1e6 / p.rate);
    let x = Scale::log(times, left + 10.0, right - 10.0, 48.0);
    let svg = picture(WIDTH, height, &title, |c| {
        c.bold(&fit(&title, TEXT + 1.0, WIDTH), (0.0, 14.0), Ink::Text, TEXT + 1.0, Side::Start);
        c.text(&fit(&sizes, SMALL, WIDTH), (0.0, 34.0), Ink::Muted, SMALL, Side::Start);
        c.disc((left + 14.0, 60.0), 4.5, Ink::Text, false);
        c.text("alone", (left + 24.0, 60.0), Ink::Text, SMALL, Side::Start);
        c.disc((left + 84.0, 60.0), 5.0, Ink::Text, true);
        c.text("in a batch", (left + 94.0, 60.0), Ink::Text, SMALL, Side::Start);
        c.text("alone / batch", (WIDTH - 4.0, 60.0), Ink::Muted, SMALL, Side::End);
        grid(c, &x, TOP - 8.0, bottom);
        let middle = f64::midpoint(left, right);
        c.text("µs per image, log scale", (middle, height - 9.0), Ink::Muted, SMALL, Side::Middle);
        for (nth, (row, one, many)) in rows.iter().enumerate() {
            c.of_row(row.format, |c| {
                let y = labels.middle(nth);
                let ink = Ink::Series(row.style.colour);
                let name = if row.is_ranked() { Ink::Text } else { Ink::Muted };
                labels.write(c, nth, name);
                let (a, b) = (one.map(|p| x.at(1e6 / p.rate)), many.map(|p| x.at(1e6 / p.rate)));
                if let (Some(a), Some(b)) = (a, b) {
                    // The line ends at the ring's edge: the ring stays hollow.
                    let gap = if b < a { -5.5 } else { 5.5 };
                    if (a - b).abs() > 6.0 {
                        c.line(&[(a + gap, y), (b, y)], ink, 2.0);
                    }
                }
                if let Some(b) = b {
                    c.disc((b, y), 5.0, ink, true);
                }
                if let Some(a) = a {
                    c.disc((a, y), 4.5, ink, false);
                }
                let (text, shade) = match (one, many) {
                    (Some(one), Some(many)) => (format::times(many.rate / one.rate), Ink::Text),
                    (None, None) => ("not measured".into(), Ink::Missing),
                    (None, Some(_)) => ("batch only".into(), Ink::Missing),
                    (Some(_), None) => ("alone only".into(), Ink::Missing),
                };
                c.text(&text, (WIDTH - 4.0, y), shade, SMALL, Side::End);
            });
        }
    })?;
    Ok(Panel { slug: slug.into(), svg, workload: None })
}
