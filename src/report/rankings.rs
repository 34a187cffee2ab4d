//! Who was found faster than whom in an interleaved run: from its verdicts alone, never from intervals side by side.

use super::model::{Column, Group, Row};
use crate::results::{Cell, Comparison};

/// Among whom the fastest is named, where stores of many files are ranked apart.
pub(super) const MANY_FILES: &str = " of stores of many files";
/// The others.
pub(super) const FEW_FILES: &str = " of stores of few files";

/// Cells of a column that were compared with the best among them.
pub(super) struct Ranking<'g, 'a> {
    /// The best.
    pub best: &'g Row<'a>,
    /// Its cell.
    pub best_cell: &'a Cell,
    /// The others with their verdicts, the nearest first.
    pub others: Vec<(&'g Row<'a>, &'a Comparison)>,
    /// Whether these are stores of many files, which are ranked apart where only file data was evicted.
    pub many_files: bool,
    /// Among whom, where a column has more than one ranking: nothing, ` of stores of many files` or its like.
    pub among: &'static str,
}

impl<'g, 'a> Ranking<'g, 'a> {
    /// Whether at least one other is slower for certain: else nobody has won.
    pub(super) fn is_clear(&self) -> bool {
        self.others.iter().any(|(_, comparison)| comparison.verdict == "slower")
    }

    /// How many others may be as fast as the best: tied, or not told apart.
    pub(super) fn close(&self) -> usize {
        self.others.iter().filter(|(_, comparison)| comparison.verdict != "slower").count()
    }

    /// The others with this verdict.
    pub(super) fn with(&self, verdict: &str) -> impl Iterator<Item = (&'g Row<'a>, &'a Comparison)> {
        self.others.iter().copied().filter(move |(_, comparison)| comparison.verdict == verdict)
    }
}

/// The rankings of a column, or why there is none.
pub(super) fn rankings<'g, 'a>(
    group: &'g Group<'a>,
    column: &Column<'_>,
) -> Result<Vec<Ranking<'g, 'a>>, &'static str> {
    if !column.ranked() {
        return Err("not ranked: never synced");
    }
    // Contests that came to their end have verdicts even then, but of a run that was stopped nobody is named the best.
    if !group.results.run.complete {
        return Err("cut short: no verdict");
    }
    let ranked = group.rows.iter().filter(|row| row.is_ranked());
    let cells: Vec<(&Row<'a>, &'a Cell)> =
        ranked.filter_map(|row| Some((row, group.measured(row, column, column.images)?))).collect();
    let known = |id: &str| cells.iter().find(|(_, cell)| cell.id == id).copied();
    let mut all: Vec<Ranking<'g, 'a>> = Vec::new();
    for comparison in &group.results.comparisons {
        let (Some((best, best_cell)), Some((other, _))) = (known(&comparison.best), known(&comparison.other)) else {
            continue;
        };
        let at = all.iter().position(|ranking| ranking.best_cell.id == best_cell.id).unwrap_or_else(|| {
            let many_files = is_of_many_files(best_cell);
            all.push(Ranking { best, best_cell, others: Vec::new(), many_files, among: "" });
            all.len() - 1
        });
        all[at].others.push((other, comparison));
    }
    let apart = group.cache == "cold-data" && cells.iter().any(|(_, cell)| is_of_many_files(cell));
    for ranking in &mut all {
        ranking.among = match (apart, ranking.many_files) {
            (false, _) => "",
            (true, true) => MANY_FILES,
            (true, false) => FEW_FILES,
        };
        ranking.others.sort_by(|a, b| a.1.ratio.total_cmp(&b.1.ratio));
    }
    all.sort_by_key(|ranking| ranking.many_files);
    match all.is_empty() {
        false => Ok(all),
        true if cells.len() < 2 => Err("no verdict: nothing to compare it with"),
        true => Err("no verdict in these results"),
    }
}

/// Whether a store has about as many files as images.
pub(super) fn is_of_many_files(cell: &Cell) -> bool {
    cell.storage.as_ref().is_some_and(|storage| storage.files >= cell.images.max(4))
}
