//! Where the time of an image goes.

use super::{Folded, cells};
use crate::report::charts::Table;
use crate::report::format;
use crate::report::model::Group;

pub(super) fn folded(group: &Group<'_>) -> Folded {
    let heads = [
        "workload",
        "format",
        "open",
        "lookup",
        "read",
        "decode",
        "copy",
        "other",
        "all of it",
        "metering added",
        "why not taken apart",
    ];
    let mut table = Table::new(&heads, 1);
    for (column, row, cell) in cells(group) {
        let mut line = vec![column.label.clone(), row.label.clone()];
        match (&cell.ledger, &cell.ledger_reason) {
            (Some(ledger), _) => {
                let time = |ns: f64| format::seconds(ns / 1e9);
                let some = |ns: Option<f64>| ns.map_or(format::NONE.to_owned(), time);
                line.extend([
                    time(ledger.open_ns),
                    some(ledger.lookup_ns),
                    time(ledger.read_ns),
                    time(ledger.decode_ns),
                    some(ledger.copy_ns),
                    time(ledger.other_ns),
                    some(ledger.total_ns),
                    ledger.metering_share.map_or(format::NONE.to_owned(), format::percent),
                    format::NONE.to_owned(),
                ]);
            }
            (None, Some(reason)) => {
                line.resize(heads.len() - 1, format::NONE.to_owned());
                line.push(reason.clone());
            }
            (None, None) => continue,
        }
        table.push(line);
    }
    Folded {
        title: "Where the time of an image goes",
        how: "Time per image, from a pass of its own with a meter between container and codec; “all of it” was measured \
              without the meter. A dash in “lookup” means that finding and moving are one call, one in “copy” that the codec \
              writes into the caller's buffer. Where metering added more than 10 %, or less than -10 % (the machine was slower \
              without it), take the parts with care.",
        table,
    }
}
