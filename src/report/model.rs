//! What the report shows, worked out from results: rows, columns and slots. Pure: no text layout, no drawing.

use super::style::{self, Style};
use crate::results::{Cell, CellKind, DatasetFacts, Results, Status, Storage};
use std::collections::BTreeMap;

/// Workloads in the order of the page; others follow as they appear.
const ORDER: [&str; 7] = ["write_one", "write_batch", "read_one", "read_batch", "scan", "epoch", "open"];

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
    /// Formats, then references, null twins and peers.
    pub rows: Vec<Row<'a>>,
    /// Workloads with at least one measured cell.
    pub columns: Vec<Column<'a>>,
    cells: Vec<&'a Cell>,
}

/// One format, reference, null twin or peer.
pub(super) struct Row<'a> {
    /// Which of the four.
    pub kind: CellKind,
    /// Its name in the results.
    pub format: &'a str,
    /// Its name with its role.
    pub label: String,
    /// Its colour and marker.
    pub style: Style,
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
        // Errors name the format, which is said beside them anyway.
        (Some(reason), _) if !reason.trim().is_empty() => {
            let prefix = format!("{}: unsupported: ", cell.format);
            reason.strip_prefix(&prefix).unwrap_or(reason).to_owned()
        }
        (_, "ok") => "measured, but without a usable estimate".into(),
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
                }),
            }
        }
    }
    for group in &mut groups {
        group.rows = rows(&group.cells, &styles);
        group.columns = columns(&group.cells);
    }
    groups
}

fn rows<'a>(cells: &[&'a Cell], styles: &BTreeMap<(CellKind, &'a str), Style>) -> Vec<Row<'a>> {
    let mut rows: Vec<Row<'a>> = Vec::new();
    for cell in cells {
        if rows.iter().any(|r| r.kind == cell.kind && r.format == cell.format) {
            continue;
        }
        let role = match cell.kind {
            CellKind::Format => "",
            CellKind::Reference => " (reference)",
            CellKind::Null => " (null twin)",
            CellKind::Peer => " (peer)",
        };
        let style = styles.get(&(cell.kind, cell.format.as_str())).copied().unwrap_or_default();
        rows.push(Row { kind: cell.kind, format: &cell.format, label: format!("{}{role}", cell.format), style });
    }
    rows.sort_by_key(|row| row.kind);
    rows
}

fn columns<'a>(cells: &[&'a Cell]) -> Vec<Column<'a>> {
    let mut columns: Vec<Column<'a>> = Vec::new();
    for cell in cells.iter().filter(|cell| point(cell).is_some()) {
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
    let place = |w: &str| ORDER.iter().position(|o| *o == w).unwrap_or(ORDER.len());
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

    /// What stands at `row` and `column` for stores of `images` images.
    pub(super) fn slot(&self, row: &Row<'_>, column: &Column<'_>, images: u64) -> Slot {
        let mine = |cell: &&&'a Cell| cell.kind == row.kind && cell.format == row.format;
        let exact = self.cells.iter().filter(mine).filter(|c| column.holds(c) && c.images == images);
        // A cell that never ran may carry another batch or count than those that did: its reason still belongs here.
        let near = self.cells.iter().filter(mine).filter(|c| c.workload == column.workload && outcome(c) != "ok");
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
        let mine = |c: &&&'a Cell| c.kind == row.kind && c.format == row.format && outcome(c) == "ok" && c.images > 0;
        let held = self.cells.iter().filter(mine).filter_map(|c| Some((c.images, c.storage.as_ref()?)));
        held.reduce(|best, next| if next.0 > best.0 { next } else { best })
    }

    /// Raw pixel bytes of one image, on average.
    pub(super) fn raw_bytes_each(&self) -> Option<f64> {
        self.dataset.filter(|d| d.images > 0).map(|d| d.raw_bytes as f64 / d.images as f64)
    }
}
