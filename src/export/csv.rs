//! Tidy CSV (RFC 4180): one row for each cell and metric, for spreadsheets and data frames.

use super::{Exporter, Metric, Record};
use crate::error::{IoContext, Result};
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
        let mut out = ::csv::Writer::from_writer(Vec::new());
        let mut push = |row: Vec<String>| out.write_record(row).map_err(std::io::Error::from).at("write", "the table");
        push(COLUMNS.map(str::to_owned).to_vec())?;
        for record in records {
            if record.metrics.is_empty() {
                push(row(record, None))?;
            }
            record.metrics.iter().try_for_each(|metric| push(row(record, Some(metric))))?;
        }
        let bytes = out.into_inner().map_err(|e| e.into_error()).at("write", "the table")?;
        String::from_utf8(bytes).map_err(std::io::Error::other).at("write", "the table")
    }
}

fn row(record: &Record<'_>, metric: Option<&Metric>) -> Vec<String> {
    let (run, cell) = (&record.results.run, record.cell);
    let text = |text: &str| harmless(text);
    let maybe = |text: &Option<String>| text.as_deref().map_or(String::new(), harmless);
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

/// Text that no spreadsheet takes for a formula: one that would gets an apostrophe before it, as
/// <https://owasp.org/www-community/attacks/CSV_Injection> says. Names of files may hold anything.
fn harmless(text: &str) -> String {
    let formula = |c: char| matches!(c, '=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '＝' | '＋' | '－' | '＠');
    // Blanks before it do not stop every spreadsheet.
    if text.starts_with(formula) || text.trim_start().starts_with(formula) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_begins_as_a_formula_does() {
        for bad in ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "\n=1", " =1", "\u{a0}@x", "＝1"] {
            assert_eq!(harmless(bad), format!("'{bad}"));
        }
        for good in ["", "dir:png", "a=b", "x-1", "'=1", "lmdb:raw,read=direct"] {
            assert_eq!(harmless(good), good);
        }
    }
}
