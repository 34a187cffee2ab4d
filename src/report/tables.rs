//! What a run measured beside speed, as tables: one file each.

mod counters;
mod latency;
mod ledger;
mod noise;
mod order;
mod proof;
mod split;
mod threads;
mod verdicts;

use super::charts::Table;
use super::model::{Column, Group, Row};
use crate::results::Cell;

/// A table that is shown on demand.
pub(super) struct Folded {
    /// Its title.
    pub title: &'static str,
    /// How to read it.
    pub how: &'static str,
    /// The numbers.
    pub table: Table,
}

/// Those that are not the numbers of a chart.
pub(super) fn beside(group: &Group<'_>) -> Vec<Folded> {
    let tables = [verdicts::folded(group), order::folded(group), counters::folded(group), proof::folded(group)];
    tables.into_iter().filter(|folded| !folded.table.rows.is_empty()).collect()
}

/// Containers by codecs; `None` where there is nothing to hold apart.
pub(super) fn split(group: &Group<'_>) -> Option<Folded> {
    Some(split::folded(group)).filter(|folded| !folded.table.rows.is_empty())
}

/// Latency of single operations.
pub(super) fn latency(group: &Group<'_>) -> Table {
    latency::folded(group).table
}

/// Where the time of an image goes.
pub(super) fn ledger(group: &Group<'_>) -> Table {
    ledger::folded(group).table
}

pub(super) use noise::noise;
pub(super) use threads::threads;

/// The measured cells of a group, each with its column and row: at the largest number of images of its column.
fn cells<'g, 'a>(group: &'g Group<'a>) -> impl Iterator<Item = (&'g Column<'a>, &'g Row<'a>, &'a Cell)> {
    let rows = |column: &'g Column<'a>| group.rows.iter().map(move |row| (column, row));
    let all = group.columns.iter().flat_map(rows);
    all.filter_map(|(column, row)| Some((column, row, group.measured(row, column, column.images)?)))
}
