//! One entry of the summary table: a number with what may be said of it, or why there is none.

use super::model::{Column, Group, Point, Row, Slot, interleaved};
use super::pick::{Pick, fastest};
use super::rankings::{Ranking, rankings};
use crate::results::{CellKind, Comparison};
use crate::run::peers::is_bridge;

/// One entry of the summary table.
pub(super) enum Entry<'a> {
    /// A number.
    Value {
        /// The estimate.
        point: Point,
        /// What may be said of it beside the others of its column.
        standing: Standing<'a>,
    },
    /// The word for how it ended, and the reason.
    Missing(&'static str, String),
}

/// What may be said of a number beside the others of its column.
pub(super) enum Standing<'a> {
    /// The fastest, among whom, and how many others are tied with it or not told apart by a run.
    Fastest(&'static str, usize),
    /// Not told apart from the fastest by criterion, and its share of the fastest's rate.
    Together(f64),
    /// Its share of the fastest's rate.
    Behind(f64),
    /// The highest estimate, among whom, where a run found no other slower for certain.
    Highest(&'static str),
    /// The verdict of a run.
    Judged(&'a Comparison),
    /// Not ranked, and why, where that has to be said.
    Unranked(&'a str),
}

/// The summary table's entries of one column, in the order of the rows.
pub(super) fn entries<'a>(group: &Group<'a>, column: &Column<'a>) -> Vec<Entry<'a>> {
    let standings = match interleaved(group.results) {
        true => Standings::Run(rankings(group, column)),
        false => Standings::Criterion(fastest(group, column)),
    };
    let entry = |row: &Row<'a>| match group.slot(row, column, column.images) {
        Slot::Missing(word, reason) => Entry::Missing(word, reason),
        Slot::Measured(point) => {
            let standing = match &standings {
                Standings::Run(judged) => of_run(judged, row, group.cache),
                Standings::Criterion(pick) => of_criterion(pick.as_ref(), row, point),
            };
            let reason = group.measured(row, column, column.images).and_then(|cell| cell.reason.as_deref());
            let standing = match (standing, reason) {
                // The run knows better why.
                (Standing::Unranked(_), Some(reason)) => Standing::Unranked(reason),
                (Standing::Behind(_), _) if row.bound => Standing::Unranked("not ranked"),
                (standing, _) => standing,
            };
            Entry::Value { point, standing }
        }
    };
    group.rows.iter().map(entry).collect()
}

/// What is known of a column.
enum Standings<'g, 'a> {
    Run(Result<Vec<Ranking<'g, 'a>>, &'static str>),
    Criterion(Option<Pick<'g, 'a>>),
}

fn of_criterion<'a>(pick: Option<&Pick<'_, 'a>>, row: &Row<'a>, point: Point) -> Standing<'a> {
    let Some(pick) = pick else { return Standing::Unranked("not ranked") };
    let share = point.rate / pick.best.1.rate;
    // Alone there is nothing to be faster than.
    if pick.slowest.is_some() && same(pick.best.0, row) {
        Standing::Fastest("", 0)
    } else if pick.together.iter().any(|other| same(other, row)) {
        Standing::Together(share)
    } else {
        Standing::Behind(share)
    }
}

fn same(row: &Row<'_>, other: &Row<'_>) -> bool {
    row.kind == other.kind && row.format == other.format
}

fn of_run<'a>(judged: &Result<Vec<Ranking<'_, 'a>>, &'static str>, row: &Row<'a>, cache: &str) -> Standing<'a> {
    match (row.kind, judged) {
        // Their names say it already.
        (CellKind::Reference | CellKind::Null, _) => Standing::Unranked(""),
        (CellKind::Peer, _) if is_bridge(row.format) => {
            Standing::Unranked("not ranked: shows what a process of its own costs")
        }
        (_, Err(why)) => Standing::Unranked(why),
        (_, Ok(rankings)) => {
            let found = rankings.iter().find_map(|ranking| {
                if same(ranking.best, row) {
                    return Some(match ranking.is_clear() {
                        true => Standing::Fastest(ranking.among, ranking.close()),
                        false => Standing::Highest(ranking.among),
                    });
                }
                let (_, comparison) = ranking.others.iter().find(|(other, _)| same(other, row))?;
                Some(Standing::Judged(comparison))
            });
            found.unwrap_or(Standing::Unranked(match cache {
                "cold-data" => "ranked apart, but there is nothing of its kind to compare it with",
                _ => "no verdict in these results",
            }))
        }
    }
}
