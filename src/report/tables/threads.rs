//! What more threads bring: speeds beside those of one thread, which were measured in contests of their own.

use super::Folded;
use crate::report::charts::Table;
use crate::report::format;
use crate::report::model::{Column, Group, Point, Row, point};
use crate::results::{Cell, CellKind};
use crate::stats::quantile;

/// Speeds of a group with several threads over those of one; `None` where there is nothing to compare.
pub(in crate::report) fn threads(group: &Group<'_>) -> Option<Folded> {
    if group.threads == 1 {
        return None;
    }
    let mut heads = vec!["format"];
    heads.extend(group.columns.iter().map(|column| column.label.as_str()));
    let mut table = Table::new(&heads, 0);
    for row in group.rows.iter().filter(|row| row.kind != CellKind::Null) {
        let gains: Vec<_> = group.columns.iter().map(|column| gain(group, row, column)).collect();
        if gains.iter().any(Option::is_some) {
            let texts = gains.into_iter().map(|gain| gain.unwrap_or(format::NONE.to_owned()));
            table.push(std::iter::once(row.label.clone()).chain(texts).collect());
        }
    }
    (!table.rows.is_empty()).then_some(Folded {
        title: "Against one thread",
        how: "Images a second with these threads over those with one: above 1 the threads pay. The contests were held one after \
              another and nothing is paired, so the 95 % interval in brackets is made of the two speeds' own; a slow \
              spell of the machine in one contest is in the ratio without being in the interval. The ratio of medians, of \
              single turns, leaves stalls out: where it is another, a few slow turns made the difference.",
        table,
    })
}

fn gain(group: &Group<'_>, row: &Row<'_>, column: &Column<'_>) -> Option<String> {
    let many = group.measured(row, column, column.images)?;
    let alike = |cell: &&Cell| {
        let what = |cell: &Cell| (cell.images, cell.batch, cell.durability.clone());
        let state = |cell: &Cell| (cell.dataset.clone(), cell.cache.clone(), cell.deliver.clone());
        cell.threads == 1
            && row.is_of(cell)
            && cell.workload == many.workload
            && (what(cell), state(cell)) == (what(many), state(many))
    };
    let one = group.results.cells.iter().find(alike)?;
    let (ratio, interval) = ratio(point(many)?, point(one)?);
    let range = interval.map_or(String::new(), |(lo, hi)| format!(" ({} to {})", format::sig3(lo), format::sig3(hi)));
    let medians = median(one).zip(median(many)).map(|(one, many)| format!("; medians {}", format::times(one / many)));
    Some(format!("{}{range}{}", format::times(ratio), medians.unwrap_or_default()))
}

/// One speed over another that was measured apart from it. Both intervals are symmetric in the logarithm; as the two are
/// independent, their halves add like the sides of a right angle (no narrower than Welch's interval).
fn ratio(a: Point, b: Point) -> (f64, Option<(f64, f64)>) {
    let ratio = a.rate / b.rate;
    let interval = a.interval.zip(b.interval).map(|((a_lo, a_hi), (b_lo, b_hi))| {
        let down = (a.rate / a_lo).ln().hypot((b_hi / b.rate).ln());
        let up = (a_hi / a.rate).ln().hypot((b.rate / b_lo).ln());
        (ratio * (-down).exp(), ratio * up.exp())
    });
    (ratio, interval)
}

/// The median time an image of a cell's turns.
fn median(cell: &Cell) -> Option<f64> {
    let turns = cell.turns.elapsed_ns.iter().zip(&cell.turns.images);
    let mut each: Vec<f64> = turns.map(|(ns, images)| *ns as f64 / *images as f64).collect();
    each.sort_by(f64::total_cmp);
    Some(quantile(&each, 0.5)).filter(|median| median.is_finite() && *median > 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_of_two_speeds_is_wider_than_either_and_narrower_than_their_ends() {
        let of = |rate: f64, factor: f64| Point { rate, interval: Some((rate / factor, rate * factor)) };
        let (found, interval) = ratio(of(300.0, 1.2), of(200.0, 1.5));
        let (lo, hi) = interval.unwrap();
        assert!((found - 1.5).abs() < 1e-12 && (lo * hi - found * found).abs() < 1e-9);
        assert!(hi / found > 1.5 && hi / found < 1.2 * 1.5);
        assert_eq!(ratio(of(300.0, 1.2), Point { rate: 200.0, interval: None }), (1.5, None));
    }
}
