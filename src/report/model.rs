//! What the report shows, worked out from results: rows, columns and slots. Pure: no text layout, no drawing.

pub(super) use super::row::Row;
use super::row::{is_harness, is_left_out, rows};
use super::{format, style};
use crate::results::{Cell, CellKind, DatasetFacts, Results, Status, Storage};
use crate::workload::Workload;
use std::collections::BTreeMap;

/// One run's cells that may stand side by side: one dataset, cache state, thread count and thing delivered.
pub(super) struct Group<'a> {
    /// The run it belongs to.
    pub results: &'a Results,
    /// The dataset's id, as the cells name it.
    pub dataset_id: &'a str,
    /// What is known of the dataset.
    pub dataset: Option<&'a DatasetFacts>,
    /// `warm`, `cold-data`, `cold-full`.
    pub cache: &'a str,
    /// Reader threads.
    pub threads: u32,
    /// `payload`, `pixels`, `tensor`.
    pub deliver: &'a str,
    /// Formats and peers, then null twins, then references.
    pub rows: Vec<Row<'a>>,
    /// Workloads with at least one measured cell.
    pub columns: Vec<Column<'a>>,
    cells: Vec<&'a Cell>,
    /// The same by kind and format: pages of thousands of cells ask for them many times.
    by_row: BTreeMap<CellKind, BTreeMap<&'a str, Vec<&'a Cell>>>,
}

/// One workload as measured: with one batch size and one durability.
pub(super) struct Column<'a> {
    /// The access pattern.
    pub workload: &'a str,
    /// Images an operation asks for at once.
    pub batch: u64,
    /// For writes.
    pub durability: Option<&'a str>,
    /// The workload's name, with batch and durability where they tell two columns apart.
    pub label: String,
    /// The largest number of images with a measured cell.
    pub images: u64,
}

/// A usable estimate: the rate is finite and above zero, the interval's ends are where they are finite.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Point {
    /// Images a second (`open`: stores opened a second).
    pub rate: f64,
    /// Lower and upper end of the interval.
    pub interval: Option<(f64, f64)>,
}

/// What stands at a row and column.
pub(super) enum Slot {
    /// A number.
    Measured(Point),
    /// A word that says how it ended, and why.
    Missing(&'static str, String),
}

impl Column<'_> {
    /// What one operation of this workload yields: `images/s`, or `opens/s`.
    pub(super) fn unit(&self) -> &'static str {
        unit(self.workload)
    }

    /// Whether formats may be ranked by it: what was never synced is shown only.
    pub(super) fn ranked(&self) -> bool {
        self.durability != Some("none")
    }
}

/// Values with equal keys together, in the order of their first.
pub(super) fn gather<K: PartialEq, V>(items: impl IntoIterator<Item = (K, V)>) -> Vec<(K, Vec<V>)> {
    let mut all: Vec<(K, Vec<V>)> = Vec::new();
    for (key, value) in items {
        match all.iter_mut().find(|(known, _)| *known == key) {
            Some((_, values)) => values.push(value),
            None => all.push((key, vec![value])),
        }
    }
    all
}

/// The unit of a workload's rate.
pub(super) fn unit(workload: &str) -> &'static str {
    if workload == "open" { "opens/s" } else { "images/s" }
}

/// How a cell ended, in a word. A cell whose pixels were wrong has failed, whatever its status claims.
pub(super) fn outcome(cell: &Cell) -> &'static str {
    match cell.status {
        Status::Ok if cell.verified.as_ref().is_some_and(|v| !v.ok) => "failed",
        Status::Ok => "ok",
        Status::Skipped => "skipped",
        Status::Unsupported => "unsupported",
        Status::Failed => "failed",
        Status::Timeout => "timeout",
    }
}

/// Why a cell has no number that counts.
pub(super) fn reason(cell: &Cell) -> String {
    match (&cell.reason, outcome(cell)) {
        // Errors name what they are about, and say the word that stands before them anyway.
        (Some(reason), "unsupported") if !reason.trim().is_empty() => format::without(reason, "unsupported").to_owned(),
        (Some(reason), _) if !reason.trim().is_empty() => reason.clone(),
        (_, "ok") => "measured, but too little of it for an estimate".into(),
        (_, "failed") if cell.status == Status::Ok => "what was read back differs from the dataset".into(),
        _ => "no reason given".into(),
    }
}

/// The number that counts of a cell, if there is one.
pub(super) fn point(cell: &Cell) -> Option<Point> {
    let estimate = cell.estimate.as_ref().filter(|_| outcome(cell) == "ok")?;
    let rate = estimate.images_per_s;
    if !(rate.is_finite() && rate > 0.0) {
        return None;
    }
    let (lo, hi) = (estimate.lo, estimate.hi);
    let interval = (lo.is_finite() && hi.is_finite() && lo > 0.0 && lo <= hi).then_some((lo, hi));
    Some(Point { rate, interval })
}

/// Whether cells took turns, so that there are verdicts; criterion measures one after another.
pub(super) fn interleaved(results: &Results) -> bool {
    !results.run.profile.starts_with("criterion")
}

/// Everything of all results, in groups. Runs are never pooled.
pub(super) fn groups(results: &[Results]) -> Vec<Group<'_>> {
    let styles = style::assign(results);
    let mut groups: Vec<Group<'_>> = Vec::new();
    for result in results {
        let first = groups.len();
        for cell in &result.cells {
            let same = |g: &&mut Group<'_>| {
                (g.dataset_id, g.cache, g.threads, g.deliver)
                    == (cell.dataset.as_str(), cell.cache.as_str(), cell.threads, cell.deliver.as_str())
            };
            match groups[first..].iter_mut().find(same) {
                Some(group) => group.cells.push(cell),
                None => groups.push(Group {
                    results: result,
                    dataset_id: &cell.dataset,
                    dataset: result.datasets.iter().find(|d| d.id == cell.dataset),
                    cache: &cell.cache,
                    threads: cell.threads,
                    deliver: &cell.deliver,
                    rows: Vec::new(),
                    columns: Vec::new(),
                    cells: vec![cell],
                    by_row: BTreeMap::new(),
                }),
            }
        }
    }
    for group in &mut groups {
        for cell in &group.cells {
            group.by_row.entry(cell.kind).or_default().entry(&cell.format).or_default().push(cell);
        }
        group.rows = rows(&group.cells, &styles);
        group.columns = columns(&group.cells);
    }
    groups
}

fn columns<'a>(cells: &[&'a Cell]) -> Vec<Column<'a>> {
    let mut columns: Vec<Column<'a>> = Vec::new();
    for cell in cells.iter().filter(|cell| point(cell).is_some() && !is_harness(cell)) {
        match columns.iter_mut().find(|c| c.holds(cell)) {
            Some(column) => column.images = column.images.max(cell.images),
            None => columns.push(Column {
                workload: &cell.workload,
                batch: cell.batch,
                durability: cell.durability.as_deref(),
                label: cell.workload.clone(),
                images: cell.images,
            }),
        }
    }
    // Others follow as they appear.
    let place = |w: &str| Workload::ALL.iter().position(|known| known.name() == w).unwrap_or(Workload::ALL.len());
    columns.sort_by_key(|c| place(c.workload));
    for at in 0..columns.len() {
        let twins: Vec<_> = columns.iter().filter(|c| c.workload == columns[at].workload).collect();
        let batches = twins.iter().any(|c| c.batch != columns[at].batch);
        let durabilities = twins.iter().any(|c| c.durability != columns[at].durability);
        let column = &mut columns[at];
        if batches {
            column.label += &format!(", batch {}", column.batch);
        }
        if durabilities {
            column.label += &format!(", durability {}", column.durability.unwrap_or("not stated"));
        }
    }
    columns
}

impl Column<'_> {
    fn holds(&self, cell: &Cell) -> bool {
        self.workload == cell.workload && self.batch == cell.batch && self.durability == cell.durability.as_deref()
    }
}

impl<'a> Group<'a> {
    /// All cells of the group, in the order of the results.
    pub(super) fn cells(&self) -> &[&'a Cell] {
        &self.cells
    }

    /// The cells of a row, in the order of the results.
    pub(super) fn of_row(&self, row: &Row<'_>) -> &[&'a Cell] {
        self.by_row.get(&row.kind).and_then(|rows| rows.get(row.format)).map_or(&[], Vec::as_slice)
    }

    /// What stands at `row` and `column` for stores of `images` images.
    pub(super) fn slot(&self, row: &Row<'_>, column: &Column<'_>, images: u64) -> Slot {
        let mine = self.of_row(row);
        let exact = mine.iter().filter(|c| column.holds(c) && c.images == images);
        // A cell that never ran may carry another batch or count than those that did: its reason still belongs here.
        let near = mine.iter().filter(|c| c.workload == column.workload && outcome(c) != "ok");
        let mut missing = None;
        for cell in exact {
            if let Some(point) = point(cell) {
                return Slot::Measured(point);
            }
            missing = missing.or(Some(*cell));
        }
        match missing.or(near.copied().next()) {
            Some(cell) if outcome(cell) == "ok" => Slot::Missing("no estimate", reason(cell)),
            Some(cell) => Slot::Missing(outcome(cell), reason(cell)),
            None => Slot::Missing("not measured", format!("no cell with {images} images in these results")),
        }
    }

    /// Whether a row has any cell of a column's workload that was not left out. A format that has none is missing; a
    /// reference or a peer takes part in some workloads only.
    pub(super) fn takes_part(&self, row: &Row<'_>, column: &Column<'_>) -> bool {
        let here = |c: &&Cell| c.workload == column.workload && !is_left_out(c);
        row.kind == CellKind::Format || self.of_row(row).iter().any(here)
    }

    /// The cell at `row` and `column` that gave a number.
    pub(super) fn measured(&self, row: &Row<'_>, column: &Column<'_>, images: u64) -> Option<&'a Cell> {
        let here = |c: &&&'a Cell| column.holds(c) && c.images == images && point(c).is_some();
        self.of_row(row).iter().find(here).copied()
    }

    /// The point at `row` and `column`, where there is one.
    pub(super) fn point(&self, row: &Row<'_>, column: &Column<'_>, images: u64) -> Option<Point> {
        match self.slot(row, column, images) {
            Slot::Measured(point) => Some(point),
            Slot::Missing(..) => None,
        }
    }

    /// The column of a workload that speaks for it: one that may be ranked before others, then the one with the most
    /// images, then the first.
    pub(super) fn column(&self, workload: &str) -> Option<&Column<'a>> {
        let all = self.columns.iter().filter(|c| c.workload == workload);
        all.rev().max_by_key(|c| (c.ranked(), c.images))
    }

    /// The numbers of images a column was measured with, ascending.
    pub(super) fn counts(&self, column: &Column<'_>) -> Vec<u64> {
        let mut counts: Vec<u64> =
            self.cells.iter().filter(|c| column.holds(c) && point(c).is_some()).map(|c| c.images).collect();
        counts.sort_unstable();
        counts.dedup();
        counts
    }

    /// Space of `row`'s largest store that was written and verified: number of images, and what they take.
    pub(super) fn space(&self, row: &Row<'_>) -> Option<(u64, &'a Storage)> {
        let whole = |c: &&&'a Cell| outcome(c) == "ok" && c.images > 0;
        let held = self.of_row(row).iter().filter(whole).filter_map(|c| Some((c.images, c.storage.as_ref()?)));
        held.reduce(|best, next| if next.0 > best.0 { next } else { best })
    }

    /// Raw pixel bytes of one image, on average.
    pub(super) fn raw_bytes_each(&self) -> Option<f64> {
        self.dataset.filter(|d| d.images > 0).map(|d| d.raw_bytes as f64 / d.images as f64)
    }
}
