//! Chart 2: speed against the number of images in the store.

use super::super::format;
use super::super::model::{Column, Group, Point, Row};
use super::canvas::{Ink, SMALL, Side, TEXT, fit, picture};
use super::labels::{LINE, lines as broken, widest, write};
use super::scale::{Scale, spread};
use super::{Chart, Panel, slug};
use crate::error::Result;

const WIDTH: f64 = 540.0;
const LEFT: f64 = 62.0;
const TOP: f64 = 40.0;
/// Workloads whose speed may depend on the size of the store.
const WORKLOADS: [&str; 3] = ["write_batch", "scan", "epoch"];

pub(super) fn chart(group: &Group<'_>) -> Result<Chart> {
    let columns = || group.columns.iter().filter(|c| WORKLOADS.contains(&c.workload));
    let panels = columns().map(|column| panel(group, column)).collect::<Result<Vec<_>>>()?;
    let single = columns().all(|c| group.counts(c).len() < 2);
    let how = if single {
        "These results hold one number of images, so each format has one point: nothing can be said about growth."
    } else {
        "A flat line costs the same for each image however large the store; a falling line gets dearer as the store grows. \
         Both scales are logarithmic; the bars are 95 % intervals."
    };
    Ok(Chart {
        slug: "scaling",
        title: "Scaling with the number of images",
        how,
        panels,
        table: table(group),
        key: true,
    })
}

fn panel(group: &Group<'_>, column: &Column<'_>) -> Result<Panel> {
    let counts = group.counts(column);
    let lines: Vec<(&Row<'_>, Vec<(f64, Point)>)> = group
        .rows
        .iter()
        .map(|row| {
            let points = counts.iter().filter_map(|n| Some((*n as f64, group.point(row, column, *n)?)));
            (row, points.collect::<Vec<_>>())
        })
        .filter(|(_, points)| !points.is_empty())
        .collect();
    let title = format!("{}: {} against images in the store", column.label, column.unit());
    let names: Vec<Vec<String>> = lines.iter().map(|(row, _)| broken(&row.label, SMALL, 200.0)).collect();
    let gap = 1.0 + LINE * names.iter().map(Vec::len).max().unwrap_or(1) as f64;
    let height = (lines.len() as f64 * gap).max(230.0) + TOP + 52.0;
    let bottom = height - 50.0;
    let right = WIDTH - names.iter().map(|name| widest(name, SMALL)).fold(60.0, f64::max) - 14.0;
    let all = lines.iter().flat_map(|(_, points)| points.iter().map(|(_, p)| *p));
    let ends = all.flat_map(|p| p.interval.map_or([p.rate; 3], |(lo, hi)| [lo, p.rate, hi]));
    let y = Scale::log(ends, bottom, TOP, 34.0);
    let x = Scale::log(counts.iter().map(|n| *n as f64), LEFT + 10.0, right - 14.0, 52.0);
    let svg = picture(WIDTH, height, &title, |c| {
        c.bold(&fit(&title, TEXT + 1.0, WIDTH), (0.0, 14.0), Ink::Text, TEXT + 1.0, Side::Start);
        for tick in &y.ticks {
            c.line(&[(LEFT, y.at(*tick)), (right, y.at(*tick))], Ink::Grid, 1.0);
            c.text(&format::tick(*tick), (LEFT - 7.0, y.at(*tick)), Ink::Muted, SMALL, Side::End);
        }
        for tick in &x.ticks {
            c.line(&[(x.at(*tick), bottom), (x.at(*tick), bottom + 5.0)], Ink::Muted, 1.0);
            c.text(&format::tick(*tick), (x.at(*tick), bottom + 16.0), Ink::Muted, SMALL, Side::Middle);
        }
        c.line(&[(LEFT, bottom), (right, bottom)], Ink::Muted, 1.0);
        let middle = f64::midpoint(LEFT, right);
        c.text("images in the store, log scale", (middle, height - 9.0), Ink::Muted, SMALL, Side::Middle);
        c.upwards(&format!("{}, log scale", column.unit()), (10.0, f64::midpoint(TOP, bottom)), Ink::Muted, SMALL);
        if counts.len() == 1 {
            c.text("one point for each format", (LEFT + 8.0, TOP + 12.0), Ink::Muted, SMALL, Side::Start);
        }
        for (row, points) in &lines {
            let ink = Ink::Series(row.style.colour);
            let path: Vec<_> = points.iter().map(|(n, p)| (x.at(*n), y.at(p.rate))).collect();
            if path.len() > 1 {
                c.line(&path, ink, 1.75);
            }
            for (at, (_, point)) in path.iter().zip(points) {
                if let Some((lo, hi)) = point.interval {
                    let (lo, hi) = (y.at(lo), y.at(hi));
                    // Caps inside the mark would only disguise its shape.
                    if lo - hi < 10.0 {
                        c.marker(*at, row.style, 4.0);
                        continue;
                    }
                    c.line(&[(at.0, lo), (at.0, hi)], ink, 1.5);
                    for end in [lo, hi] {
                        c.line(&[(at.0 - 3.5, end), (at.0 + 3.5, end)], ink, 1.25);
                    }
                }
                c.marker(*at, row.style, 4.0);
            }
        }
        let wanted: Vec<f64> = lines.iter().map(|(_, p)| y.at(p[p.len() - 1].1.rate)).collect();
        let placed = spread(&wanted, gap, TOP + gap / 2.0 - 4.0, bottom - gap / 2.0 + 4.0);
        for ((((row, points), name), wanted), label) in lines.iter().zip(&names).zip(&wanted).zip(placed) {
            let end = x.at(points[points.len() - 1].0) + 7.0;
            c.line(&[(end, *wanted), (right + 4.0, label), (right + 9.0, label)], Ink::Series(row.style.colour), 0.75);
            write(c, name, (right + 12.0, label), Ink::Text, SMALL, Side::Start);
        }
    })?;
    Ok(Panel { slug: format!("scaling-{}", slug(&column.label)), svg })
}

fn table(group: &Group<'_>) -> super::Table {
    let mut table = super::Table::new(&["workload", "format", "images in the store", "estimate", "95 % interval"], 1);
    for column in group.columns.iter().filter(|c| WORKLOADS.contains(&c.workload)) {
        for row in &group.rows {
            for images in group.counts(column) {
                let Some(p) = group.point(row, column, images) else { continue };
                let value = format!("{} {}", format::rate(p.rate), column.unit());
                let interval = format::interval(p.interval, column.unit());
                table.push(vec![column.label.clone(), row.label.clone(), format::count(images), value, interval]);
            }
        }
    }
    table
}
