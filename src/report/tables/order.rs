//! Whether it matters when in a block a cell had its turn.

use super::Folded;
use crate::report::charts::Table;
use crate::report::format;
use crate::report::model::{Column, Group, interleaved};
use crate::results::Turns;
use crate::stats::t_quantile;
use std::collections::BTreeMap;

/// Late turns against early ones, column by column; no rows where nothing took turns.
pub(super) fn folded(group: &Group<'_>) -> Folded {
    let mut table = Table::new(&["workload", "time of late turns / of early ones", "95 % interval", "launches"], 0);
    for column in group.columns.iter().filter(|_| interleaved(group.results)) {
        let effects = effects(group, column);
        let Some((mean, half)) = interval(&effects) else { continue };
        table.push(vec![
            column.label.clone(),
            format::times(mean.exp()),
            format!("{} to {}", format::times((mean - half).exp()), format::times((mean + half).exp())),
            effects.len().to_string(),
        ]);
    }
    Folded {
        title: "Order effects",
        how: "Turns in the last third of a block against those in its first third, each against its own cell's mean in that launch: \
              1 if it does not matter when in a block a cell has its turn. Blocks are mirrored and orders balanced, so an \
              effect is shared by all cells alike and in none of the verdicts; a large one says that the machine was \
              not at rest.",
        table,
    }
}

/// One logarithm of a ratio for each launch.
fn effects(group: &Group<'_>, column: &Column<'_>) -> Vec<f64> {
    let cells = group.rows.iter().filter_map(|row| group.measured(row, column, column.images));
    let mut launches: BTreeMap<u32, [Vec<f64>; 2]> = BTreeMap::new();
    for turns in cells.map(|cell| &cell.turns) {
        let last = turns.position.iter().copied().max().unwrap_or(0);
        for (launch, mine) in logs(turns) {
            let mean = mine.iter().map(|(_, ln)| ln).sum::<f64>() / mine.len() as f64;
            let ends = launches.entry(launch).or_default();
            for (position, ln) in mine {
                if position * 3 < last {
                    ends[0].push(ln - mean);
                } else if position * 3 > last * 2 {
                    ends[1].push(ln - mean);
                }
            }
        }
    }
    let mean = |values: &[f64]| (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64);
    launches.values().filter_map(|[early, late]| Some(mean(late)? - mean(early)?)).collect()
}

/// Position and logarithm of the time an image of each turn, launch by launch.
fn logs(turns: &Turns) -> BTreeMap<u32, Vec<(u32, f64)>> {
    let mut all: BTreeMap<u32, Vec<(u32, f64)>> = BTreeMap::new();
    let each = turns.launch.iter().zip(&turns.position).zip(turns.images.iter().zip(&turns.elapsed_ns));
    for ((launch, position), (images, ns)) in each.filter(|(_, (images, ns))| **images > 0 && **ns > 0) {
        all.entry(*launch).or_default().push((*position, (*ns as f64 / *images as f64).ln()));
    }
    all
}

/// Mean and half of Student's 95 % interval.
fn interval(values: &[f64]) -> Option<(f64, f64)> {
    let count = values.len() as f64;
    if values.len() < 2 {
        return None;
    }
    let mean = values.iter().sum::<f64>() / count;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0);
    let half = t_quantile(0.975, count - 1.0) * (variance / count).sqrt();
    (mean.is_finite() && half.is_finite()).then_some((mean, half))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::model::groups;
    use crate::report::run_fixture::run;

    #[test]
    fn turns_that_are_late_in_a_block_and_slow_are_seen() {
        let mut results = run();
        for cell in &mut results.cells {
            let turns = 4 * 6 * 10;
            let at = |nth: u32| (nth / 60, nth % 6);
            let images = vec![100; turns as usize];
            // A quarter longer from the fifth place on; launches differ by much more, and cells too.
            let slow = |nth: u32| if at(nth).1 > 3 { 1.25 } else { 1.0 };
            let ns = |nth: u32| (10_000.0 * slow(nth) * f64::from(1 + at(nth).0)) as u64;
            cell.turns = Turns {
                launch: (0..turns).map(|nth| at(nth).0).collect(),
                block: (0..turns).map(|nth| nth / 6).collect(),
                position: (0..turns).map(|nth| at(nth).1).collect(),
                images,
                elapsed_ns: (0..turns).map(ns).collect(),
            };
        }
        let all = [results];
        let groups = groups(&all);
        let table = folded(&groups[0]).table;
        assert!(
            table.rows.iter().any(|row| row[0] == "epoch" && row[1] == "1.25 ×" && row[3] == "4"),
            "{:?}",
            table.rows
        );
    }
}
