//! Times against the fastest, with the intervals that the verdicts of a run were made of.

use super::super::format;
use super::super::model::{Column, Group, Row};
use super::super::rankings::Ranking;
use super::canvas::{Ink, SMALL, Side, TEXT, fit, picture};
use super::labels::Labels;
use super::scale::Scale;
use super::speed::{grid, whisker};
use super::{Panel, slug};
use crate::error::Result;
use crate::stats::Rule;

const WIDTH: f64 = 540.0;
const ROW: f64 = 22.0;
const TOP: f64 = 58.0;

/// A row's time over that of the fastest.
struct Line<'g, 'a> {
    row: &'g Row<'a>,
    ratio: f64,
    /// The simultaneous interval, for what was compared.
    interval: Option<(f64, f64)>,
    /// Images a second.
    rate: f64,
}

/// One picture of a ranking. What was not compared stands where its estimate puts it, without an interval.
pub(super) fn panel(group: &Group<'_>, column: &Column<'_>, ranking: &Ranking<'_, '_>) -> Result<Panel> {
    let lines = lines(group, column, ranking);
    let title = format!("{}: time against the fastest{}", column.label, ranking.among);
    let labels = Labels::new(lines.iter().map(|line| line.row.short()), 218.0, TOP, ROW);
    let Labels { left, bottom, .. } = labels;
    let right = WIDTH - 78.0;
    let height = bottom + 44.0;
    let ends = lines.iter().flat_map(|line| line.interval.map_or([line.ratio; 3], |(lo, hi)| [lo, line.ratio, hi]));
    let x = Scale::log(ends, left + 8.0, right - 8.0, 48.0);
    let unit = column.unit();
    let svg = picture(WIDTH, height, &title, |c| {
        c.bold(&fit(&title, TEXT + 1.0, WIDTH), (0.0, 14.0), Ink::Text, TEXT + 1.0, Side::Start);
        c.text(&format::images(column.images), (0.0, 34.0), Ink::Muted, SMALL, Side::Start);
        c.text(unit, (WIDTH - 4.0, 40.0), Ink::Muted, SMALL, Side::End);
        grid(c, &x, TOP - 6.0, bottom);
        let tie = Rule::default().tie;
        for edge in [1.0 / tie, tie] {
            c.dashed(x.at(edge), TOP - 6.0, bottom, Ink::Muted);
        }
        let middle = f64::midpoint(left, right);
        c.text("times as long as the fastest, log scale", (middle, height - 9.0), Ink::Muted, SMALL, Side::Middle);
        for (nth, Line { row, ratio, interval, rate }) in lines.iter().enumerate() {
            c.of_row(row.format, |c| {
                let y = labels.middle(nth);
                let ink = if row.is_ranked() { Ink::Text } else { Ink::Muted };
                labels.write(c, nth, ink);
                c.line(&[(left, y), (right, y)], Ink::Grid, 0.75);
                whisker(c, &x, *interval, y, row.style.colour);
                c.marker((x.at(*ratio), y), row.style, 4.5);
                c.text(&format::rate(*rate), (WIDTH - 4.0, y), ink, TEXT, Side::End);
            });
        }
    })?;
    let slug = format!("speed-{}", slug(&format!("{}{}", column.label, ranking.among)));
    Ok(Panel { slug, svg, workload: Some(column.workload.to_owned()) })
}

fn lines<'g, 'a>(group: &'g Group<'a>, column: &Column<'_>, ranking: &Ranking<'g, 'a>) -> Vec<Line<'g, 'a>> {
    let Some(best) = group.point(ranking.best, column, column.images) else { return Vec::new() };
    let mut lines: Vec<Line<'g, 'a>> = Vec::new();
    for row in &group.rows {
        let Some(point) = group.point(row, column, column.images) else { continue };
        let is = |other: &Row<'_>| other.kind == row.kind && other.format == row.format;
        let (ratio, interval) = match ranking.others.iter().find(|(other, _)| is(other)) {
            Some((_, found)) => {
                let usable = found.lo > 0.0 && found.lo <= found.hi && found.hi.is_finite();
                (found.ratio, usable.then_some((found.lo, found.hi)))
            }
            None if is(ranking.best) => (1.0, None),
            // Of another ranking: these are never compared with one another.
            None if row.is_ranked() => continue,
            None => (best.rate / point.rate, None),
        };
        if ratio.is_finite() && ratio > 0.0 {
            lines.push(Line { row, ratio, interval, rate: point.rate });
        }
    }
    lines.sort_by(|a, b| a.ratio.total_cmp(&b.ratio));
    lines
}
