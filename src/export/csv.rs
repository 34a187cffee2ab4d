//! Tidy CSV (RFC 4180): one row for each cell and metric, for spreadsheets and data frames.

use super::{Exporter, Metric, Record};
use crate::error::Result;
use crate::report::spreadsheet::csv;
use crate::results::{CellKind, Status};
use serde_json::Value;

/// The columns, in their order: what identifies the cell, then the number, then how the cell ended.
const COLUMNS: [&str; 22] = [
    "run",
    "started_utc",
    "git_sha",
    "profile",
    "cell",
    "kind",
    "format",
    "workload",
    "dataset",
    "images",
    "batch",
    "threads",
    "cache",
    "durability",
    "deliver",
    "metric",
    "value",
    "lo",
    "hi",
    "unit",
    "status",
    "reason",
];

/// One row a number; one without a number for a cell that has none, with the reason.
pub(super) struct Csv;

impl Exporter for Csv {
    fn name(&self) -> &'static str {
        "csv"
    }

    fn about(&self) -> &'static str {
        "a table with one row for each cell and metric; cells without a number stand with their reasons"
    }

    fn takes_reasons(&self) -> bool {
        true
    }

    fn text(&self, records: &[Record<'_>]) -> Result<String> {
        let mut rows = vec![COLUMNS.map(str::to_owned).to_vec()];
        for record in records {
            if record.metrics.is_empty() {
                rows.push(row(record, None));
            }
            rows.extend(record.metrics.iter().map(|metric| row(record, Some(metric))));
        }
        csv(rows)
    }
}

fn row(record: &Record<'_>, metric: Option<&Metric>) -> Vec<String> {
    let (run, cell) = (&record.results.run, record.cell);
    let text = str::to_owned;
    let maybe = |text: &Option<String>| text.as_deref().unwrap_or_default().to_owned();
    let number = |number: Option<f64>| number.map_or(String::new(), |number| number.to_string());
    vec![
        text(&run.id),
        text(&run.started_utc),
        maybe(&run.git.sha),
        text(&run.profile),
        text(&cell.id),
        kind(cell.kind),
        text(&cell.format),
        text(&cell.workload),
        text(&cell.dataset),
        cell.images.to_string(),
        cell.batch.to_string(),
        cell.threads.to_string(),
        text(&cell.cache),
        maybe(&cell.durability),
        text(&cell.deliver),
        metric.map_or(String::new(), |metric| metric.name.to_owned()),
        number(metric.map(|metric| metric.value)),
        number(metric.and_then(|metric| metric.lo)),
        number(metric.and_then(|metric| metric.hi)),
        metric.map_or(String::new(), |metric| metric.unit.to_owned()),
        status(cell.status),
        maybe(&cell.reason),
    ]
}

/// The word that the results themselves have.
fn kind(kind: CellKind) -> String {
    word(serde_json::to_value(kind))
}

fn status(status: Status) -> String {
    word(serde_json::to_value(status))
}

fn word(value: serde_json::Result<Value>) -> String {
    // Enums without data are serialised as their names: that cannot fail.
    value.ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}
