//! Names in charts, in as many lines as they need: two that were cut could look alike.

use super::super::format::broken;
use super::canvas::{CHARACTER, Canvas, Ink, Side, TEXT, text_width};

/// Height of a line of a name: letters that come from another font are taller than the rest.
pub(super) const LINE: f64 = 17.0;

/// Names down the left side of a chart, each with its row.
pub(super) struct Labels {
    names: Vec<Vec<String>>,
    middles: Vec<f64>,
    /// Where the names end and the drawing begins.
    pub left: f64,
    /// The lower end of the last row.
    pub bottom: f64,
}

impl Labels {
    /// Rows from `top` downwards of at least `row` pixels, for names that get `most` pixels of the width.
    pub(super) fn new<'n>(names: impl Iterator<Item = &'n str>, most: f64, top: f64, row: f64) -> Self {
        let names: Vec<Vec<String>> = names.map(|name| lines(name, TEXT, most)).collect();
        let mut bottom = top;
        let place = |name: &Vec<String>| {
            let height = row + LINE * name.len().saturating_sub(1) as f64;
            bottom += height;
            bottom - height / 2.0
        };
        let middles = names.iter().map(place).collect();
        let widest = names.iter().map(|name| widest(name, TEXT)).fold(60.0, f64::max);
        Self { names, middles, left: widest + 14.0, bottom }
    }

    /// The middle of the `nth` row.
    pub(super) fn middle(&self, nth: usize) -> f64 {
        self.middles[nth]
    }

    /// Writes the `nth` name.
    pub(super) fn write(&self, c: &mut Canvas<'_>, nth: usize, ink: Ink) {
        write(c, &self.names[nth], (self.left - 8.0, self.middles[nth]), ink, TEXT, Side::End);
    }
}

/// Writes lines around the height of a point.
pub(super) fn write(c: &mut Canvas<'_>, lines: &[String], (x, y): (f64, f64), ink: Ink, size: f64, side: Side) {
    let first = y - LINE * (lines.len() as f64 - 1.0) / 2.0;
    for (nth, line) in lines.iter().enumerate() {
        c.text(line, (x, first + LINE * nth as f64), ink, size, side);
    }
}

/// How high each of these names is, with a little room between it and the next.
pub(super) fn heights(names: &[Vec<String>]) -> Vec<f64> {
    names.iter().map(|lines| 1.0 + LINE * lines.len().max(1) as f64).collect()
}

/// Roughly how wide the widest of these lines will be, in pixels.
pub(super) fn widest(lines: &[String], size: f64) -> f64 {
    lines.iter().map(|line| text_width(line, size)).fold(0.0, f64::max)
}

/// All of `text`, in lines of at most `width` pixels, broken after commas and spaces where that will do.
pub(super) fn lines(text: &str, size: f64, width: f64) -> Vec<String> {
    broken(text, (width / (size * CHARACTER)).max(1.0) as usize, &[',', ' '])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_broken_and_never_cut() {
        let width = 27.0 * TEXT * CHARACTER + 1.0;
        for (name, told) in [
            ("lmdb:raw", vec!["lmdb:raw"]),
            ("hdf5:raw,chunk=64,deflate=4", vec!["hdf5:raw,chunk=64,deflate=4"]),
            ("hdf5:raw,chunk=64,deflate=4,read=direct", vec!["hdf5:raw,chunk=64,", "deflate=4,read=direct"]),
            ("python:torch-dataloader (peer)", vec!["python:torch-dataloader", "(peer)"]),
            ("ééééééééééééééééééééééééééééé", vec!["ééééééééééééééééééééééééééé", "éé"]),
            ("", vec![""]),
        ] {
            assert_eq!(lines(name, TEXT, width), told);
        }
        assert_eq!(lines("ab", TEXT, 0.0), ["a", "b"]);
    }

    #[test]
    fn rows_are_as_high_as_their_names() {
        let names = ["lmdb:raw", "hdf5:raw,chunk=64,deflate=4,read=direct", "png"];
        let labels = Labels::new(names.into_iter(), 218.0, 50.0, 22.0);
        assert_eq!(labels.middles, [61.0, 91.5, 122.0]);
        assert_eq!(labels.bottom, 133.0);
        assert!(labels.left < 218.0 + 14.5);
    }
}
