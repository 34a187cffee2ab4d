//! Which format is smallest; and, where cells were measured one after another, which is fastest and which of the others
//! are not told apart from it. Interleaved runs bring verdicts of their own: see `rankings`.

use super::model::{Column, Group, Point, Row, interleaved};
use super::row::is_lossy;
use crate::results::CellKind;

/// The outcome of one column.
pub(super) struct Pick<'g, 'a> {
    /// The column.
    pub column: &'g Column<'a>,
    /// The fastest format.
    pub best: (&'g Row<'a>, Point),
    /// Those that are not told apart from it, fastest first.
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

/// Estimates that criterion, which measures one thing after another, gave within this factor are not told apart: on
/// a shared machine identical code differs that much.
pub(super) const SEQUENTIAL_FACTOR: f64 = 1.25;

/// An interval whose half is a larger share of the estimate says only that something else was going on.
pub(super) const NOISY: f64 = 0.5;

/// Half an interval's width over the estimate.
pub(super) fn half_width(point: Point) -> Option<f64> {
    point.interval.map(|(lo, hi)| (hi - lo) / 2.0 / point.rate)
}

fn told_apart(best: Point, other: Point) -> bool {
    let noisy = |point| half_width(point).is_none_or(|half| half > NOISY);
    let close = best.rate < other.rate * SEQUENTIAL_FACTOR;
    // Wild intervals that are still worlds apart are told apart all the same.
    let far = best.interval.zip(other.interval).is_some_and(|((lo, _), (_, hi))| lo > hi * 10.0);
    !overlap(best, other) && !close && (far || !noisy(best) && !noisy(other))
}

/// Whether a run has too few samples for anything to be named fastest.
pub(super) fn too_few_samples(group: &Group<'_>) -> bool {
    group.results.run.profile == "criterion-quick"
}

/// The fastest format of a column at its largest number of images; none where it may not be ranked.
pub(super) fn fastest<'g, 'a>(group: &'g Group<'a>, column: &'g Column<'a>) -> Option<Pick<'g, 'a>> {
    if !column.ranked() || too_few_samples(group) || interleaved(group.results) {
        return None;
    }
    let formats = group.rows.iter().filter(|row| row.kind == CellKind::Format && row.is_ranked());
    let mut all: Vec<(&Row<'a>, Point)> =
        formats.filter_map(|row| Some((row, group.point(row, column, column.images)?))).collect();
    all.sort_by(|a, b| b.1.rate.total_cmp(&a.1.rate));
    let (&best, rest) = all.split_first()?;
    let together = rest.iter().filter(|(_, p)| !told_apart(best.1, *p)).map(|(row, _)| *row).collect();
    Some(Pick { column, best, together, slowest: rest.last().copied() })
}

/// The smallest store by allocated bytes an image, of formats that are lossy or not: rows that share the first place, and
/// the bytes.
pub(super) fn smallest<'g, 'a>(group: &'g Group<'a>, lossy: bool) -> Option<(Vec<&'g Row<'a>>, f64)> {
    let wanted = |row: &&Row<'a>| row.kind == CellKind::Format && row.is_ranked() && is_lossy(row.format) == lossy;
    let formats = group.rows.iter().filter(wanted);
    let sizes: Vec<(&Row<'a>, f64)> = formats
        .filter_map(|row| group.space(row).map(|(images, s)| (row, s.allocated_bytes as f64 / images as f64)))
        .collect();
    let least = sizes.iter().map(|(_, size)| *size).min_by(f64::total_cmp)?;
    Some((sizes.into_iter().filter(|(_, size)| *size == least).map(|(row, _)| row).collect(), least))
}
