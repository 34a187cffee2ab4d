//! How long single operations take: the usual one, and the slow ones.

use super::super::format;
use super::super::model::{Column, Group, Row};
use super::super::tables;
use super::canvas::{Ink, SMALL, Side, TEXT, fit, picture};
use super::labels::Labels;
use super::scale::Scale;
use super::speed::grid;
use super::{Chart, Panel, slug};
use crate::error::Result;
use crate::report::style::{Marker, Style};
use crate::results::{CellKind, Latency};

const WIDTH: f64 = 540.0;
const ROW: f64 = 22.0;
const TOP: f64 = 58.0;
/// Of fewer operations nothing is drawn: their percentiles would be the same few numbers.
const FEW: u64 = 10;

pub(super) fn chart(group: &Group<'_>) -> Result<Chart> {
    let mut panels = Vec::new();
    for column in &group.columns {
        let measured = |row| Some((row, group.measured(row, column, column.images)?.latency.as_ref()?));
        let mut lines: Vec<(&Row<'_>, &Latency)> = group.rows.iter().filter_map(measured).collect();
        lines.retain(|(row, latency)| row.kind != CellKind::Null && latency.count >= FEW && latency.p50_ns > 0);
        lines.sort_by_key(|(_, latency)| latency.p50_ns);
        if !lines.is_empty() {
            panels.push(panel(column, &lines)?);
        }
    }
    let table = tables::latency(group);
    Ok(Chart {
        slug: "latency",
        title: "Latency of single operations",
        how: "Further left is faster; the scale is logarithmic. The disc is the median (p50), the ring what nine in ten stay below \
              (p90), the cross what 99 in 100 stay below (p99; of fewer than 100 operations the slowest). Each operation \
              was timed alone, in a pass of its own.",
        panels,
        table,
        key: false,
    })
}

fn panel(column: &Column<'_>, lines: &[(&Row<'_>, &Latency)]) -> Result<Panel> {
    let title = match column.batch {
        1 => format!("{}: time of one operation", column.label),
        batch => format!("{}: time of one operation of {}", column.label, format::images(batch)),
    };
    let labels = Labels::new(lines.iter().map(|(row, _)| row.short()), 218.0, TOP, ROW);
    let Labels { left, bottom, .. } = labels;
    let right = WIDTH - 78.0;
    let height = bottom + 44.0;
    let us = |ns: u64| ns as f64 / 1e3;
    let ends = lines.iter().flat_map(|(_, l)| [l.p50_ns, l.p90_ns, l.p99_ns]).map(us);
    let x = Scale::log(ends, left + 8.0, right - 8.0, 48.0);
    let svg = picture(WIDTH, height, &title, |c| {
        c.bold(&fit(&title, TEXT + 1.0, WIDTH), (0.0, 14.0), Ink::Text, TEXT + 1.0, Side::Start);
        c.text("p50", (WIDTH - 4.0, 40.0), Ink::Muted, SMALL, Side::End);
        grid(c, &x, TOP - 6.0, bottom);
        c.text("µs, log scale", (f64::midpoint(left, right), height - 9.0), Ink::Muted, SMALL, Side::Middle);
        for (nth, (row, latency)) in lines.iter().enumerate() {
            c.of_row(row.format, |c| {
                let y = labels.middle(nth);
                labels.write(c, nth, if row.is_ranked() { Ink::Text } else { Ink::Muted });
                let [p50, p90, p99] = [latency.p50_ns, latency.p90_ns, latency.p99_ns].map(|ns| x.at(us(ns)));
                c.line(&[(p50, y), (p99, y)], Ink::Series(row.style.colour), 1.5);
                for (at, marker) in [(p99, Marker::Cross), (p90, Marker::Ring), (p50, Marker::Disc)] {
                    c.marker((at, y), Style { marker, ..row.style }, 4.0);
                }
                let text = format::seconds(latency.p50_ns as f64 / 1e9);
                c.text(&text, (WIDTH - 4.0, y), Ink::Text, SMALL, Side::End);
            });
        }
    })?;
    Ok(Panel { slug: format!("latency-{}", slug(&column.label)), svg, workload: Some(column.workload.to_owned()) })
}
