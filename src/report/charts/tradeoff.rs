//! Space against speed: what is on the frontier is beaten by no other format in both.

use super::super::format;
use super::super::model::{Column, Group, Row};
use super::canvas::{Ink, SMALL, Side, TEXT, fit, picture};
use super::labels::{heights, lines as broken, widest, write};
use super::scale::{Scale, spread};
use super::{Chart, Panel, Table};
use crate::error::Result;
use crate::results::{CellKind, Counters};

const WIDTH: f64 = 540.0;
const LEFT: f64 = 62.0;
const TOP: f64 = 40.0;

/// The workloads that stand for reading and for writing; of each the first that was measured.
const SPEEDS: [(&str, &[&str]); 2] =
    [("reading", &["epoch", "scan", "read_batch", "read_one"]), ("writing", &["write_batch"])];

/// A format's place.
struct Spot<'g, 'a> {
    row: &'g Row<'a>,
    /// Allocated bytes an image.
    bytes: f64,
    /// Images a second.
    rate: f64,
    /// Bytes decoded for each that is delivered.
    decoded: Option<f64>,
    /// Whether no other is both smaller and faster.
    frontier: bool,
}

pub(super) fn chart(group: &Group<'_>) -> Result<Chart> {
    let mut panels = Vec::new();
    let mut table = Table::new(
        &["workload", "format", "allocated per image", "speed", "on the frontier", "decoded per byte delivered"],
        1,
    );
    for (word, workloads) in SPEEDS {
        let Some(column) = workloads.iter().find_map(|workload| group.column(workload)) else { continue };
        let spots = spots(group, column);
        if spots.len() < 2 {
            continue;
        }
        for spot in &spots {
            table.push(vec![
                column.label.clone(),
                spot.row.label.clone(),
                format::bytes_each(spot.bytes),
                format!("{} {}", format::rate(spot.rate), column.unit()),
                if spot.frontier { "yes" } else { "no" }.into(),
                spot.decoded.map_or(format::NONE.to_owned(), format::sig3),
            ]);
        }
        panels.push(panel(column, word, &spots)?);
    }
    Ok(Chart {
        slug: "tradeoff",
        title: "Space against speed",
        how: "Further left is smaller, higher is faster; both scales are logarithmic. The line is the Pareto frontier: formats on it \
              are beaten by no other in both. It goes by the estimates, so two that are not told apart may both belong \
              there; names of formats on it are bold. In the table: how many bytes are decoded for each that is delivered, where \
              whole chunks or pages have to be.",
        panels,
        table,
        key: false,
    })
}

fn spots<'g, 'a>(group: &'g Group<'a>, column: &Column<'_>) -> Vec<Spot<'g, 'a>> {
    let formats = group.rows.iter().filter(|row| row.kind == CellKind::Format && row.is_ranked());
    let mut spots: Vec<Spot<'_, '_>> = formats
        .filter_map(|row| {
            let (images, storage) = group.space(row)?;
            let bytes = storage.allocated_bytes as f64 / images as f64;
            let rate = group.point(row, column, column.images)?.rate;
            let counters = group.measured(row, column, column.images).and_then(|cell| cell.counters.as_ref());
            let decoded = counters.and_then(Counters::decoded_per_byte);
            (bytes > 0.0).then_some(Spot { row, bytes, rate, decoded, frontier: false })
        })
        .collect();
    let all: Vec<(f64, f64)> = spots.iter().map(|spot| (spot.bytes, spot.rate)).collect();
    for spot in &mut spots {
        let beaten = |(bytes, rate): &(f64, f64)| {
            *bytes <= spot.bytes && *rate >= spot.rate && (*bytes < spot.bytes || *rate > spot.rate)
        };
        spot.frontier = !all.iter().any(beaten);
    }
    spots
}

fn panel(column: &Column<'_>, word: &str, spots: &[Spot<'_, '_>]) -> Result<Panel> {
    let title = format!("Bytes per image against {word} ({})", column.label);
    let names: Vec<Vec<String>> = spots.iter().map(|spot| broken(&spot.row.label, SMALL, 190.0)).collect();
    let high = heights(&names);
    let height = high.iter().sum::<f64>().max(230.0) + TOP + 52.0;
    let bottom = height - 50.0;
    let right = WIDTH - names.iter().map(|name| widest(name, SMALL)).fold(60.0, f64::max) - 22.0;
    let y = Scale::log(spots.iter().map(|spot| spot.rate), bottom, TOP, 34.0);
    let x = Scale::log(spots.iter().map(|spot| spot.bytes), LEFT + 10.0, right - 14.0, 52.0);
    let svg = picture(WIDTH, height, &title, |c| {
        c.bold(&fit(&title, TEXT + 1.0, WIDTH), (0.0, 14.0), Ink::Text, TEXT + 1.0, Side::Start);
        for tick in &y.ticks {
            c.line(&[(LEFT, y.at(*tick)), (right, y.at(*tick))], Ink::Grid, 1.0);
            c.text(&format::tick(*tick), (LEFT - 7.0, y.at(*tick)), Ink::Muted, SMALL, Side::End);
        }
        for tick in &x.ticks {
            c.line(&[(x.at(*tick), TOP), (x.at(*tick), bottom)], Ink::Grid, 1.0);
            c.text(&format::tick(*tick), (x.at(*tick), bottom + 16.0), Ink::Muted, SMALL, Side::Middle);
        }
        let middle = f64::midpoint(LEFT, right);
        c.text("allocated bytes per image, log scale", (middle, height - 9.0), Ink::Muted, SMALL, Side::Middle);
        c.upwards(&format!("{}, log scale", column.unit()), (10.0, f64::midpoint(TOP, bottom)), Ink::Muted, SMALL);
        let mut frontier: Vec<&Spot<'_, '_>> = spots.iter().filter(|spot| spot.frontier).collect();
        frontier.sort_by(|a, b| a.bytes.total_cmp(&b.bytes));
        // Steps: nothing says that there is something between two formats.
        let mut path: Vec<(f64, f64)> = Vec::new();
        for spot in frontier {
            path.extend(path.last().map(|last| (x.at(spot.bytes), last.1)));
            path.push((x.at(spot.bytes), y.at(spot.rate)));
        }
        c.line(&path, Ink::Muted, 1.5);
        let wanted: Vec<f64> = spots.iter().map(|spot| y.at(spot.rate)).collect();
        let placed = spread(&wanted, &high, TOP - 4.0, bottom + 4.0);
        for (((spot, name), y), label) in spots.iter().zip(&names).zip(&wanted).zip(placed) {
            let at = (x.at(spot.bytes), *y);
            c.of_row(spot.row.format, |c| {
                c.line(
                    &[(at.0 + 7.0, at.1), (right + 8.0, label), (right + 14.0, label)],
                    Ink::Series(spot.row.style.colour),
                    0.75,
                );
                c.marker(at, spot.row.style, 5.0);
                match (spot.frontier, &name[..]) {
                    (true, [one]) => c.bold(one, (right + 18.0, label), Ink::Text, SMALL, Side::Start),
                    _ => write(
                        c,
                        name,
                        (right + 18.0, label),
                        if spot.frontier { Ink::Text } else { Ink::Muted },
                        SMALL,
                        Side::Start,
                    ),
                }
            });
        }
    })?;
    Ok(Panel { slug: format!("tradeoff-{word}"), svg, workload: Some(column.workload.to_owned()) })
}
