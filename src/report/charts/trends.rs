//! How cells did from run to run, on one machine with the same images.

use super::lines::{Along, Lines};
use super::{Chart, Panel, Table, slug};
use crate::error::Result;
use crate::history::Entry;
use crate::report::format;
use crate::report::model::{Column, Group, Point, Row};
use crate::results::{CellKind, Status};

/// None where no earlier run is comparable.
pub(in crate::report) fn chart(group: &Group<'_>, history: &[Entry]) -> Result<Option<Chart>> {
    let runs = runs(group, history);
    if runs.len() < 2 {
        return Ok(None);
    }
    let heads = ["workload", "format", "run", "begun", "source", "estimate", "95 % interval"];
    let (mut panels, mut table) = (Vec::new(), Table::new(&heads, 1));
    for column in &group.columns {
        let mut lines: Vec<(&Row<'_>, Vec<(f64, Point)>)> = Vec::new();
        for row in group.rows.iter().filter(|row| row.kind != CellKind::Null) {
            let points: Vec<(f64, Point)> = runs
                .iter()
                .enumerate()
                .filter_map(|(nth, run)| Some((nth as f64 + 1.0, point(group, row, column, run)?)))
                .collect();
            for (nth, point) in &points {
                let run = &runs[*nth as usize - 1];
                table.push(vec![
                    column.label.clone(),
                    row.label.clone(),
                    format!("{nth:.0}"),
                    run.started_utc.clone(),
                    run.git.sha.as_deref().unwrap_or("unknown").chars().take(12).collect(),
                    format!("{} {}", format::rate(point.rate), column.unit()),
                    format::interval(point.interval, column.unit()),
                ]);
            }
            if points.len() > 1 {
                lines.push((row, points));
            }
        }
        if !lines.is_empty() {
            let title = format!("{}: {} from run to run", column.label, column.unit());
            let lines = Lines { title, along: Along::Number("run"), unit: column.unit(), lines };
            let workload = Some(column.workload.to_owned());
            panels.push(Panel { slug: format!("trend-{}", slug(&column.label)), svg: lines.picture()?, workload });
        }
    }
    Ok((!panels.is_empty()).then_some(Chart {
        slug: "trends",
        title: "From run to run",
        how: "Each point is one run of the history on this machine with these images, the last of them this one; the table says when, \
              and of which source. Runs took no turns with one another: identical code was seen to differ by a quarter \
              that way, so only steps that stay mean something.",
        panels,
        table,
        key: false,
    }))
}

/// The runs that may stand beside this one, the earliest first, this one last.
fn runs(group: &Group<'_>, history: &[Entry]) -> Vec<Entry> {
    let this = Entry::of(group.results);
    let content = |entry: &Entry| entry.datasets.get(group.dataset_id).cloned();
    let alike = |entry: &&Entry| {
        entry.machine.fingerprint == this.machine.fingerprint
            && content(entry) == content(&this)
            && entry.run != this.run
            && entry.complete
    };
    let mut runs: Vec<Entry> = history.iter().filter(alike).cloned().collect();
    runs.sort_by(|a, b| a.started_utc.cmp(&b.started_utc));
    runs.retain(|entry| entry.started_utc <= this.started_utc);
    runs.push(this);
    runs
}

fn point(group: &Group<'_>, row: &Row<'_>, column: &Column<'_>, run: &Entry) -> Option<Point> {
    let cell = group.measured(row, column, column.images)?;
    let found = run.cells.get(&cell.id).filter(|found| found.status == Status::Ok)?;
    let rate = found.estimate.filter(|rate| *rate > 0.0)?;
    let interval = found.lo.zip(found.hi).filter(|(lo, hi)| *lo > 0.0 && lo <= hi);
    Some(Point { rate, interval })
}
