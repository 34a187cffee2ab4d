//! Chart 1: images per second with their intervals, one panel a workload.

use super::super::format;
use super::super::model::{Column, Group, Point, Row, Slot, interleaved};
use super::super::rankings::rankings;
use super::canvas::{Canvas, Ink, SMALL, Side, TEXT, fit, picture};
use super::labels::Labels;
use super::scale::Scale;
use super::{Chart, Panel, ratio, slug};
use crate::error::Result;
use crate::results::Cell;

const WIDTH: f64 = 540.0;
const ROW: f64 = 22.0;
const TOP: f64 = 58.0;

const HOW_CRITERION: &str = "Further right is faster; the scale is logarithmic. Each mark is the estimate, the bar through \
    it the 95 % interval, which is often narrower than the mark; rows run from the fastest to the slowest.";

const HOW_RUN: &str = "Further left is faster; the scale is logarithmic. Each mark is the time over that of the fastest, the bar \
    through it the simultaneous 95 % interval that its verdict was made of, often narrower than the mark; between the \
    dashed lines things are as good as equal. Rings are the machine's references, the null twin and the control of a \
    process of its own: they are never ranked, and stand, as do bounds, where their estimates put them. At the right are images a \
    second. The table adds the share of the speed of the fastest reference: copying in memory where reads were warm, \
    else one flat file.";

pub(super) fn chart(group: &Group<'_>) -> Result<Chart> {
    let mut panels = Vec::new();
    for column in &group.columns {
        match rankings(group, column).ok().filter(|_| interleaved(group.results)) {
            Some(rankings) => {
                for ranking in &rankings {
                    panels.push(ratio::panel(group, column, ranking)?);
                }
            }
            None => panels.push(panel(group, column)?),
        }
    }
    Ok(Chart {
        slug: "speed",
        title: "Speed",
        how: match interleaved(group.results) {
            false => HOW_CRITERION,
            true => HOW_RUN,
        },
        panels,
        table: table(group),
        key: false,
    })
}

fn panel(group: &Group<'_>, column: &Column<'_>) -> Result<Panel> {
    let taking = group.rows.iter().filter(|row| group.takes_part(row, column));
    let mut rows: Vec<(&Row<'_>, Slot)> = taking.map(|row| (row, group.slot(row, column, column.images))).collect();
    let rate = |slot: &Slot| match slot {
        Slot::Measured(point) => point.rate,
        Slot::Missing(..) => 0.0,
    };
    rows.sort_by(|a, b| rate(&b.1).total_cmp(&rate(&a.1)));
    let unit = column.unit();
    let title = format!("{}: {unit} with {}", column.label, format::images(column.images));
    let labels = Labels::new(rows.iter().map(|(row, _)| row.short()), 218.0, TOP, ROW);
    let Labels { left, bottom, .. } = labels;
    let right = WIDTH - 78.0;
    let height = bottom + 44.0;
    let values = rows.iter().filter_map(|(_, slot)| match slot {
        Slot::Measured(p) => Some(*p),
        Slot::Missing(..) => None,
    });
    let ends = values.flat_map(|p: Point| p.interval.map_or([p.rate; 3], |(lo, hi)| [lo, p.rate, hi]));
    let scale = Scale::log(ends, left + 8.0, right - 8.0, 48.0);
    let svg = picture(WIDTH, height, &title, |c| {
        c.bold(&fit(&title, TEXT + 1.0, WIDTH), (0.0, 14.0), Ink::Text, TEXT + 1.0, Side::Start);
        c.text(unit, (WIDTH - 4.0, 40.0), Ink::Muted, SMALL, Side::End);
        grid(c, &scale, TOP - 6.0, bottom);
        c.text(
            &format!("{unit}, log scale"),
            (f64::midpoint(left, right), height - 9.0),
            Ink::Muted,
            SMALL,
            Side::Middle,
        );
        for (nth, (row, slot)) in rows.iter().enumerate() {
            c.of_row(row.format, |c| {
                let y = labels.middle(nth);
                let ink = if row.is_ranked() { Ink::Text } else { Ink::Muted };
                labels.write(c, nth, ink);
                match slot {
                    Slot::Measured(point) => {
                        c.line(&[(left, y), (right, y)], Ink::Grid, 0.75);
                        whisker(c, &scale, point.interval, y, row.style.colour);
                        c.marker((scale.at(point.rate), y), row.style, 4.5);
                        c.text(&format::rate(point.rate), (WIDTH - 4.0, y), ink, TEXT, Side::End);
                    }
                    Slot::Missing(word, reason) => {
                        let text = if reason.starts_with(word) { reason.clone() } else { format!("{word}: {reason}") };
                        c.text(
                            &fit(&text, SMALL, WIDTH - left - 12.0),
                            (left + 8.0, y),
                            Ink::Missing,
                            SMALL,
                            Side::Start,
                        );
                    }
                }
            });
        }
    })?;
    Ok(Panel { slug: format!("speed-{}", slug(&column.label)), svg, workload: Some(column.workload.to_owned()) })
}

/// Vertical grid lines with their labels beneath.
pub(super) fn grid(c: &mut Canvas<'_>, scale: &Scale, top: f64, bottom: f64) {
    for tick in &scale.ticks {
        let x = scale.at(*tick);
        c.line(&[(x, top), (x, bottom)], Ink::Grid, 1.0);
        c.text(&format::tick(*tick), (x, bottom + 14.0), Ink::Muted, SMALL, Side::Middle);
    }
}

/// The bar of an interval around a mark.
pub(super) fn whisker(c: &mut Canvas<'_>, scale: &Scale, interval: Option<(f64, f64)>, y: f64, colour: usize) {
    let Some((lo, hi)) = interval else { return };
    let (from, to) = (scale.at(lo), scale.at(hi));
    // Caps inside the mark would only disguise its shape.
    if to - from < 12.0 {
        return;
    }
    c.line(&[(from, y), (to, y)], Ink::Series(colour), 2.0);
    for end in [from, to] {
        c.line(&[(end, y - 5.0), (end, y + 5.0)], Ink::Series(colour), 1.5);
    }
}

fn table(group: &Group<'_>) -> super::Table {
    let mut heads = vec!["workload", "images in the store", "format", "estimate", "95 % interval"];
    let shares = group.cells().iter().any(|cell| share(cell).is_some());
    if shares {
        heads.push("share of the reference's speed");
    }
    let mut table = super::Table::new(&heads, 2);
    for column in &group.columns {
        for row in group.rows.iter().filter(|row| group.takes_part(row, column)) {
            let (value, interval) = match group.slot(row, column, column.images) {
                Slot::Measured(p) => {
                    // In one line.
                    let value = format!("{} {}", format::rate(p.rate), column.unit()).replace(' ', "\u{a0}");
                    (value, format::interval(p.interval, column.unit()))
                }
                Slot::Missing(word, reason) => (word.to_owned(), reason),
            };
            let mut line = vec![column.label.clone(), format::count(column.images), row.label.clone(), value, interval];
            if shares {
                let share = group.measured(row, column, column.images).and_then(share);
                line.push(share.map_or(format::NONE.to_owned(), format::percent));
            }
            table.push(line);
        }
    }
    table
}

fn share(cell: &Cell) -> Option<f64> {
    cell.estimate.as_ref()?.share_of_reference
}
