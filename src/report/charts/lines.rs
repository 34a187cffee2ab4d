//! A picture of lines: a rate against something that grows, one line a format.

use super::super::format;
use super::super::model::{Point, Row};
use super::canvas::{Canvas, Ink, SMALL, Side, TEXT, fit, picture};
use super::labels::{heights, lines as broken, widest, write};
use super::scale::{Scale, spread};
use crate::error::Result;

const WIDTH: f64 = 540.0;
const LEFT: f64 = 62.0;
const TOP: f64 = 40.0;

/// What a picture's lines run along.
#[derive(Debug, Clone, Copy)]
pub(super) enum Along {
    /// Something that grows: on a logarithmic scale.
    Growth(&'static str),
    /// One after another, counted from 1.
    Number(&'static str),
}

impl Along {
    fn words(self) -> String {
        match self {
            Self::Growth(what) => format!("{what}, log scale"),
            Self::Number(what) => what.to_owned(),
        }
    }

    fn scale(self, values: impl Iterator<Item = f64>, from: f64, to: f64) -> Scale {
        match self {
            Self::Growth(_) => Scale::log(values, from, to, 52.0),
            Self::Number(_) => Scale::linear(values, from, to, 52.0).counted(),
        }
    }
}

/// What is drawn.
pub(super) struct Lines<'g, 'a> {
    /// What it shows.
    pub title: String,
    /// What the lines run along.
    pub along: Along,
    /// The unit of the rates.
    pub unit: &'static str,
    /// A line for each row, from left to right; none is empty.
    pub lines: Vec<(&'g Row<'a>, Vec<(f64, Point)>)>,
}

impl Lines<'_, '_> {
    /// Draws it.
    ///
    /// # Errors
    /// When it cannot be drawn.
    pub(super) fn picture(&self) -> Result<String> {
        let Self { title, along, unit, lines } = self;
        let names: Vec<Vec<String>> = lines.iter().map(|(row, _)| broken(&row.label, SMALL, 200.0)).collect();
        let high = heights(&names);
        let height = high.iter().sum::<f64>().max(230.0) + TOP + 52.0;
        let bottom = height - 50.0;
        let right = WIDTH - names.iter().map(|name| widest(name, SMALL)).fold(60.0, f64::max) - 14.0;
        let points = || lines.iter().flat_map(|(_, points)| points);
        let ends = points().flat_map(|(_, p)| p.interval.map_or([p.rate; 3], |(lo, hi)| [lo, p.rate, hi]));
        let y = Scale::log(ends, bottom, TOP, 34.0);
        let x = along.scale(points().map(|(at, _)| *at), LEFT + 10.0, right - 14.0);
        picture(WIDTH, height, title, |c| {
            c.bold(&fit(title, TEXT + 1.0, WIDTH), (0.0, 14.0), Ink::Text, TEXT + 1.0, Side::Start);
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
            c.text(&along.words(), (middle, height - 9.0), Ink::Muted, SMALL, Side::Middle);
            c.upwards(&format!("{unit}, log scale"), (10.0, f64::midpoint(TOP, bottom)), Ink::Muted, SMALL);
            if lines.iter().all(|(_, points)| points.len() == 1) {
                c.text("one point for each format", (LEFT + 8.0, TOP + 12.0), Ink::Muted, SMALL, Side::Start);
            }
            for (row, points) in lines {
                c.of_row(row.format, |c| line(c, row, points, &x, &y));
            }
            let wanted: Vec<f64> = lines.iter().map(|(_, p)| y.at(p[p.len() - 1].1.rate)).collect();
            let placed = spread(&wanted, &high, TOP - 4.0, bottom + 4.0);
            for ((((row, points), name), wanted), label) in lines.iter().zip(&names).zip(&wanted).zip(placed) {
                let end = x.at(points[points.len() - 1].0) + 7.0;
                let path = [(end, *wanted), (right + 4.0, label), (right + 9.0, label)];
                c.of_row(row.format, |c| {
                    c.line(&path, Ink::Series(row.style.colour), 0.75);
                    write(c, name, (right + 12.0, label), Ink::Text, SMALL, Side::Start);
                });
            }
        })
    }
}

fn line(c: &mut Canvas<'_>, row: &Row<'_>, points: &[(f64, Point)], x: &Scale, y: &Scale) {
    let ink = Ink::Series(row.style.colour);
    let path: Vec<_> = points.iter().map(|(n, p)| (x.at(*n), y.at(p.rate))).collect();
    if path.len() > 1 {
        c.line(&path, ink, 1.75);
    }
    for (at, (_, point)) in path.iter().zip(points) {
        if let Some((lo, hi)) = point.interval {
            let (lo, hi) = (y.at(lo), y.at(hi));
            // Caps inside the mark would only disguise its shape.
            if lo - hi >= 10.0 {
                c.line(&[(at.0, lo), (at.0, hi)], ink, 1.5);
                for end in [lo, hi] {
                    c.line(&[(at.0 - 3.5, end), (at.0 + 3.5, end)], ink, 1.25);
                }
            }
        }
        c.marker(*at, row.style, 4.0);
    }
}
