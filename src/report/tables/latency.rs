//! Latency of single operations.

use super::{Folded, cells};
use crate::report::charts::Table;
use crate::report::format;
use crate::report::model::Group;
use crate::workload::Workload;

/// Operations from which on there is a tenth of them.
const FEW: u64 = 10;

pub(super) fn folded(group: &Group<'_>) -> Folded {
    let heads = ["workload", "format", "images per operation", "p50", "p90", "p99", "operations"];
    let mut table = Table::new(&heads, 1);
    for (column, row, cell) in cells(group) {
        let Some(latency) = &cell.latency else { continue };
        let time = |ns: u64| format::seconds(ns as f64 * 1e-9);
        // Of a few, the slowest is all that could be told.
        let high = |ns: u64| if latency.count < FEW { format::NONE.to_owned() } else { time(ns) };
        // A new store of 500 images is one operation; its batches are not.
        let workload = column.workload.parse().ok().filter(|workload: &Workload| workload.writes());
        let images = workload.map_or(cell.batch, |workload| workload.images_per_operation(cell.images));
        table.push(vec![
            column.label.clone(),
            row.label.clone(),
            format::count(images),
            time(latency.p50_ns),
            high(latency.p90_ns),
            high(latency.p99_ns),
            format::count(latency.count),
        ]);
    }
    Folded {
        title: "Latency of single operations",
        how: "Each operation was timed alone, in a pass of its own. Half of them took no longer than p50, nine in ten no longer \
              than p90; of fewer than 100 operations p99 is the slowest, and of fewer than 10 neither is told.",
        table,
    }
}
