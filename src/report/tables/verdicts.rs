//! Every verdict of a run.

use super::Folded;
use crate::report::charts::Table;
use crate::report::model::Group;
use crate::report::rankings::rankings;
use crate::report::{format, words};

pub(super) fn folded(group: &Group<'_>) -> Folded {
    let heads =
        ["workload", "best", "other", "verdict", "time of the other / of the best", "interval", "could have seen"];
    let mut table = Table::new(&heads, 2);
    for column in &group.columns {
        for ranking in rankings(group, column).unwrap_or_default() {
            for (row, comparison) in &ranking.others {
                let least = |least: f64| format::percent(least - 1.0);
                table.push(vec![
                    column.label.clone(),
                    ranking.best.label.clone(),
                    row.label.clone(),
                    words::verdict(comparison),
                    format::times(comparison.ratio),
                    // In one line.
                    format!("{} to {}", format::times(comparison.lo), format::times(comparison.hi))
                        .replace(' ', "\u{a0}"),
                    comparison.min_detectable.map_or(format::NONE.to_owned(), least),
                ]);
            }
        }
    }
    Folded {
        title: "All verdicts",
        how: "Each cell against the best of its workload, by launches of the worker process. The intervals hold for all \
              comparisons of a workload together. “Could have seen” is the least difference that would have been found.",
        table,
    }
}
