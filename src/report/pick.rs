//! Which format is fastest or smallest, and which of the others the intervals do not tell apart from it.

use super::model::{Column, Group, Point, Row, Slot};
use crate::results::CellKind;

/// The outcome of one column.
pub(super) struct Pick<'g, 'a> {
    /// The column.
    pub column: &'g Column<'a>,
    /// The fastest format.
    pub best: (&'g Row<'a>, Point),
    /// Those whose interval overlaps with the fastest's, fastest first.
    pub together: Vec<&'g Row<'a>>,
    /// The slowest, where there is more than one.
    pub slowest: Option<(&'g Row<'a>, Point)>,
}

/// Whether two estimates may be the same as far as their intervals say. Without an interval nothing is told apart.
pub(super) fn overlap(a: Point, b: Point) -> bool {
    match (a.interval, b.interval) {
        (Some((a_lo, a_hi)), Some((b_lo, b_hi))) => a_lo <= b_hi && b_lo <= a_hi,
        _ => true,
    }
}

/// The fastest format of a column at its largest number of images; none where it may not be ranked.
pub(super) fn fastest<'g, 'a>(group: &'g Group<'a>, column: &'g Column<'a>) -> Option<Pick<'g, 'a>> {
    if !column.ranked() {
        return None;
    }
    let formats = group.rows.iter().filter(|row| row.kind == CellKind::Format);
    let mut all: Vec<(&Row<'a>, Point)> =
        formats.filter_map(|row| Some((row, group.point(row, column, column.images)?))).collect();
    all.sort_by(|a, b| b.1.rate.total_cmp(&a.1.rate));
    let (&best, rest) = all.split_first()?;
    let together = rest.iter().filter(|(_, p)| overlap(best.1, *p)).map(|(row, _)| *row).collect();
    Some(Pick { column, best, together, slowest: rest.last().copied() })
}

/// The smallest store by allocated bytes an image: rows that share the first place, and the bytes.
pub(super) fn smallest<'g, 'a>(group: &'g Group<'a>) -> Option<(Vec<&'g Row<'a>>, f64)> {
    let formats = group.rows.iter().filter(|row| row.kind == CellKind::Format);
    let sizes: Vec<(&Row<'a>, f64)> = formats
        .filter_map(|row| group.space(row).map(|(images, s)| (row, s.allocated_bytes as f64 / images as f64)))
        .collect();
    let least = sizes.iter().map(|(_, size)| *size).min_by(f64::total_cmp)?;
    Some((sizes.into_iter().filter(|(_, size)| *size == least).map(|(row, _)| row).collect(), least))
}

/// One entry of the summary table.
pub(super) enum Entry {
    /// A number.
    Value {
        /// The estimate.
        point: Point,
        /// Half the interval's width over the estimate.
        half: Option<f64>,
        /// Share of the fastest format's rate; none where nothing is ranked.
        share: Option<f64>,
        /// Whether it is the fastest format.
        best: bool,
        /// Whether its interval overlaps with the fastest's.
        together: bool,
    },
    /// The word for how it ended, and the reason.
    Missing(&'static str, String),
}

/// The summary table's entries of one column, in the order of the rows.
pub(super) fn entries(group: &Group<'_>, column: &Column<'_>) -> Vec<Entry> {
    let pick = fastest(group, column);
    let is = |row: &Row<'_>, other: &Row<'_>| row.kind == other.kind && row.format == other.format;
    let entry = |row: &Row<'_>| match group.slot(row, column, column.images) {
        Slot::Missing(word, reason) => Entry::Missing(word, reason),
        Slot::Measured(point) => Entry::Value {
            point,
            half: point.interval.map(|(lo, hi)| (hi - lo) / 2.0 / point.rate),
            share: pick.as_ref().map(|p| point.rate / p.best.1.rate),
            best: pick.as_ref().is_some_and(|p| is(p.best.0, row)),
            together: pick.as_ref().is_some_and(|p| p.together.iter().any(|other| is(other, row))),
        },
    };
    group.rows.iter().map(entry).collect()
}
