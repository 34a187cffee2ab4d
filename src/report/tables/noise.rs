//! The noise floor.

use crate::report::charts::Table;
use crate::report::model::Group;
use crate::report::noise::twins;
use crate::report::{format, words};

/// A format against a second store of itself; `None` where there are no twins.
pub(in crate::report) fn noise(group: &Group<'_>) -> Option<Table> {
    let heads = ["workload", "format", "cache", "time of the twin / of the first", "interval", "verdict"];
    let mut table = Table::new(&heads, 0);
    for twin in twins(group) {
        let control = twin.control;
        table.push(vec![
            control.workload.clone(),
            twin.cell.map_or(format::NONE.to_owned(), |cell| cell.format.clone()),
            control.cache.clone(),
            format::times(control.ratio),
            format!("{} to {}", format::times(control.lo), format::times(control.hi)),
            words::twin(control).to_owned(),
        ]);
    }
    (!table.rows.is_empty()).then_some(table)
}
