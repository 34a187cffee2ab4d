//! A drawing surface over plotters' SVG backend, in page pixels, whose colours follow the reader's light or dark mode.

use super::super::format::ellipsis;
use super::super::html::{clean, escape};
use super::super::style::{Marker, SERIES, Style};
use crate::error::{Error, Result};
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use std::path::PathBuf;

/// The backend knows whole units only: quarters of a pixel keep dots where their numbers are.
const FINE: f64 = 4.0;
/// Text size in pixels.
pub(super) const TEXT: f64 = 13.0;
/// Size of ticks and notes.
pub(super) const SMALL: f64 = 12.0;
/// Width of an average character as a share of the text size; generous, for the reader's font is not known.
pub(super) const CHARACTER: f64 = 0.61;

/// What is drawn, rather than which colour: each is a class in `style.css`.
#[derive(Debug, Clone, Copy)]
pub(super) enum Ink {
    /// Text and axes.
    Text,
    /// Ticks and notes.
    Muted,
    /// Grid lines.
    Grid,
    /// The word where a number is missing.
    Missing,
    /// A series.
    Series(usize),
}

/// The plain inks: the class's name, and its colour on paper, for viewers that know no style sheets.
const INKS: [(&str, (u8, u8, u8)); 4] = [
    ("ink", (0x1C, 0x21, 0x28)),
    ("muted", (0x59, 0x63, 0x6E)),
    ("grid", (0xD9, 0xDE, 0xE4)),
    ("missing", (0x9A, 0x34, 0x12)),
];

impl Ink {
    fn colour(self) -> RGBColor {
        let (r, g, b) = match self {
            Self::Text => INKS[0].1,
            Self::Muted => INKS[1].1,
            Self::Grid => INKS[2].1,
            Self::Missing => INKS[3].1,
            Self::Series(nth) => SERIES[nth % SERIES.len()],
        };
        RGBColor(r, g, b)
    }
}

/// A dash and the gap behind it, in pixels.
const DASH: (f64, f64) = (5.0, 4.0);

/// Begins the name of a row to which what follows belongs; no text has it.
const OPENS: &str = "\u{E000}";
/// Ends what belongs to it.
const CLOSES: &str = "\u{E001}";
/// Begins what is drawn with dashes.
const DASHES: &str = "\u{E002}";

/// Where a text stands relative to its point.
#[derive(Debug, Clone, Copy)]
pub(super) enum Side {
    /// The text begins there.
    Start,
    /// The point is its middle.
    Middle,
    /// The text ends there.
    End,
}

/// The surface. Coordinates are pixels, y downwards; what falls outside any number is not drawn.
pub(super) struct Canvas<'a> {
    area: DrawingArea<SVGBackend<'a>, Shift>,
    fault: Option<String>,
}

/// Draws a picture of `width` x `height` pixels and returns it as one `<svg>` element that scales with its box.
pub(super) fn picture(width: f64, height: f64, title: &str, paint: impl FnOnce(&mut Canvas<'_>)) -> Result<String> {
    let mut svg = String::new();
    let size = ((width * FINE) as u32, (height * FINE) as u32);
    let mut canvas = Canvas { area: SVGBackend::with_string(&mut svg, size).into_drawing_area(), fault: None };
    paint(&mut canvas);
    let presented = canvas.area.present().map_err(|e| e.to_string());
    let fault = canvas.fault.take().or(presented.err());
    drop(canvas);
    match fault {
        None => Ok(finish(&svg, (width, height), size, title)),
        Some(fault) => {
            Err(Error::Io { action: "draw", path: PathBuf::from(title), source: std::io::Error::other(fault) })
        }
    }
}

/// Gives the picture a scalable head and a name for screen readers, and its colours their classes.
fn finish(svg: &str, (width, height): (f64, f64), size: (u32, u32), title: &str) -> String {
    let body = svg.split_once('>').map_or("", |(_, body)| body);
    let title = escape(title);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"chart\" viewBox=\"0 0 {} {}\" width=\"{width}\" \
         height=\"{height}\" font-family=\"system-ui, sans-serif\" role=\"img\" aria-label=\"{title}\"><title>{title}</title>",
        size.0, size.1
    );
    out.push_str(&grouped(body.trim_end()));
    let series = SERIES.iter().enumerate().map(|(nth, rgb)| (format!("s{nth}"), *rgb));
    for (name, (r, g, b)) in INKS.iter().map(|(name, rgb)| ((*name).to_owned(), *rgb)).chain(series) {
        for attribute in ["fill", "stroke"] {
            let plain = format!("{attribute}=\"#{r:02X}{g:02X}{b:02X}\"");
            out = out.replace(&plain, &format!("{plain} class=\"{attribute}-{name}\""));
        }
    }
    // Said once, at the head.
    out.replace(" font-family=\"sans-serif\"", "").replace(" opacity=\"1\"", "")
}

/// Makes groups of what was drawn between signs.
fn grouped(body: &str) -> String {
    let mut parts = body.split("<text ");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (inner, rest) = part.split_once("</text>").unwrap_or((part, ""));
        let text = inner.split_once('>').map_or("", |(_, text)| text.trim());
        if let Some(row) = text.strip_prefix(OPENS) {
            // The backend has escaped it.
            out += &format!("<g data-f=\"{row}\">{rest}");
        } else if text == DASHES {
            out += &format!("<g stroke-dasharray=\"{} {}\">{rest}", DASH.0 * FINE, DASH.1 * FINE);
        } else if text == CLOSES {
            out += &format!("</g>{rest}");
        } else {
            out += &format!("<text {part}");
        }
    }
    out
}

/// Roughly how wide a text will be, in pixels.
pub(super) fn text_width(text: &str, size: f64) -> f64 {
    text.chars().count() as f64 * size * CHARACTER
}

/// `text` cut so that it fits into `width` pixels.
pub(super) fn fit(text: &str, size: f64, width: f64) -> String {
    ellipsis(text, (width / (size * CHARACTER)).max(1.0) as usize)
}

impl Canvas<'_> {
    fn put<'b, E>(&mut self, element: &'b E)
    where
        &'b E: plotters::element::PointCollection<'b, (i32, i32)>,
        E: for<'x> plotters::element::Drawable<SVGBackend<'x>>,
    {
        if let Err(fault) = self.area.draw(element) {
            self.fault.get_or_insert(fault.to_string());
        }
    }

    /// What `paint` draws belongs to the row named `row`: the page can fade it.
    pub(super) fn of_row(&mut self, row: &str, paint: impl FnOnce(&mut Self)) {
        self.sign(&format!("{OPENS}{}", clean(row)));
        paint(self);
        self.sign(CLOSES);
    }

    /// A text that becomes markup in the end: the backend knows no groups.
    fn sign(&mut self, text: &str) {
        self.put(&Text::new(text.to_owned(), (0, 0), ("sans-serif", FINE)));
    }

    /// A line through `points`.
    pub(super) fn line(&mut self, points: &[(f64, f64)], ink: Ink, width: f64) {
        let Some(points) = points.iter().map(|p| fine(*p)).collect::<Option<Vec<_>>>() else { return };
        self.put(&PathElement::new(points, ink.colour().stroke_width((width * FINE).round() as u32)));
    }

    /// A dashed vertical line.
    pub(super) fn dashed(&mut self, x: f64, top: f64, bottom: f64, ink: Ink) {
        // One line: a hundred dashes of their own make a page of large charts a tenth larger.
        self.sign(DASHES);
        self.line(&[(x, top), (x, bottom)], ink, 1.5);
        self.sign(CLOSES);
    }

    /// A rectangle, filled or as an outline.
    pub(super) fn bar(&mut self, from: (f64, f64), to: (f64, f64), ink: Ink, filled: bool) {
        let (Some(from), Some(to)) = (fine(from), fine(to)) else { return };
        if filled {
            self.put(&Rectangle::new([from, to], ink.colour().filled()));
        } else {
            // The backend's rectangles have hairlines only.
            let corners = vec![from, (to.0, from.1), to, (from.0, to.1), from];
            self.put(&PathElement::new(corners, ink.colour().stroke_width(6)));
        }
    }

    /// A line of text around the height `y`.
    pub(super) fn text(&mut self, text: &str, at: (f64, f64), ink: Ink, size: f64, side: Side) {
        self.write(text, at, ink, (size, FontStyle::Normal), side, FontTransform::None);
    }

    /// The same in bold.
    pub(super) fn bold(&mut self, text: &str, at: (f64, f64), ink: Ink, size: f64, side: Side) {
        self.write(text, at, ink, (size, FontStyle::Bold), side, FontTransform::None);
    }

    /// A text that reads upwards.
    pub(super) fn upwards(&mut self, text: &str, at: (f64, f64), ink: Ink, size: f64) {
        self.write(text, at, ink, (size, FontStyle::Normal), Side::Middle, FontTransform::Rotate270);
    }

    fn write(&mut self, text: &str, at: (f64, f64), ink: Ink, font: (f64, FontStyle), side: Side, turn: FontTransform) {
        let Some(at) = fine(at) else { return };
        let side = match side {
            Side::Start => HPos::Left,
            Side::Middle => HPos::Center,
            Side::End => HPos::Right,
        };
        let colour = ink.colour();
        // The backend divides sizes by 1.24.
        let style = ("sans-serif", font.0 * FINE * 1.24, font.1)
            .into_text_style(&self.area)
            .transform(turn)
            .color(&colour)
            .pos(Pos::new(side, VPos::Center));
        self.put(&Text::new(clean(text).replace(['\u{E000}', '\u{E001}', '\u{E002}'], ""), at, style));
    }

    /// The marker of a series.
    pub(super) fn marker(&mut self, at: (f64, f64), style: Style, size: f64) {
        let (x, y) = at;
        let ink = Ink::Series(style.colour);
        let r = size;
        match style.marker {
            Marker::Disc | Marker::Ring => self.disc(at, r, ink, style.marker == Marker::Disc),
            Marker::Square => self.bar((x - r * 0.9, y - r * 0.9), (x + r * 0.9, y + r * 0.9), ink, true),
            Marker::Up => {
                self.polygon(&[(x, y - r * 1.2), (x + r * 1.15, y + r * 0.9), (x - r * 1.15, y + r * 0.9)], ink)
            }
            Marker::Down => {
                self.polygon(&[(x, y + r * 1.2), (x + r * 1.15, y - r * 0.9), (x - r * 1.15, y - r * 0.9)], ink);
            }
            Marker::Diamond => {
                let r = r * 1.25;
                self.polygon(&[(x, y - r), (x + r, y), (x, y + r), (x - r, y)], ink);
            }
            Marker::Cross => {
                self.line(&[(x - r, y - r), (x + r, y + r)], ink, 2.25);
                self.line(&[(x - r, y + r), (x + r, y - r)], ink, 2.25);
            }
            Marker::Plus => {
                let r = r * 1.2;
                self.line(&[(x - r, y), (x + r, y)], ink, 2.25);
                self.line(&[(x, y - r), (x, y + r)], ink, 2.25);
            }
        }
    }

    /// A disc, or the ring around one.
    pub(super) fn disc(&mut self, at: (f64, f64), radius: f64, ink: Ink, filled: bool) {
        let Some(at) = fine(at) else { return };
        let radius = (radius * FINE).round() as i32;
        let style = if filled { ink.colour().filled() } else { ink.colour().stroke_width(8) };
        self.put(&Circle::new(at, radius, style));
    }

    fn polygon(&mut self, points: &[(f64, f64)], ink: Ink) {
        let Some(points) = points.iter().map(|p| fine(*p)).collect::<Option<Vec<_>>>() else { return };
        self.put(&Polygon::new(points, ink.colour().filled()));
    }
}

/// The backend's whole units; none for what is no place.
fn fine((x, y): (f64, f64)) -> Option<(i32, i32)> {
    let whole = |v: f64| (v.is_finite() && v.abs() < 1e6).then_some((v * FINE).round() as i32);
    Some((whole(x)?, whole(y)?))
}
