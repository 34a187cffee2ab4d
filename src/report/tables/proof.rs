//! Proof that cold reads were cold.

use super::{Folded, cells};
use crate::report::charts::Table;
use crate::report::format;
use crate::report::model::Group;

pub(super) fn folded(group: &Group<'_>) -> Folded {
    let heads = [
        "workload",
        "format",
        "in memory before a turn, at most",
        "from the device per turn",
        "share of the store's bytes, as allocated",
        "names and inodes",
        "proved",
    ];
    let mut table = Table::new(&heads, 1);
    for (column, row, cell) in cells(group).filter(|(_, _, cell)| cell.cache != "warm") {
        let Some(proof) = &cell.cache_proof else { continue };
        let none = || format::NONE.to_owned();
        let turns = cell.turns.images.len();
        let per_turn = proof.device_read_bytes.filter(|_| turns > 0).map(|bytes| bytes as f64 / turns as f64);
        // A device gives whole blocks.
        let whole = cell.storage.as_ref().map(|s| s.allocated_bytes as f64).filter(|bytes| *bytes > 0.0);
        table.push(vec![
            column.label.clone(),
            row.label.clone(),
            proof
                .resident_before_pct
                .map_or("unknown".into(), |pct| format!("{} of the store", format::percent(pct / 100.0))),
            per_turn.map_or_else(none, format::bytes_each),
            per_turn.zip(whole).map_or_else(none, |(bytes, whole)| format::percent(bytes / whole)),
            proof.metadata.clone(),
            if proof.proved { "yes" } else { "NOT PROVED" }.to_owned(),
        ]);
    }
    Folded {
        title: "Proof that cold reads were cold",
        how: "A cold read is proved where no page of the store was in memory before any turn. What came from the device in a \
              turn may be less than the store (a turn that reads a part of it) or more (the kernel reads ahead, or twice).",
        table,
    }
}
