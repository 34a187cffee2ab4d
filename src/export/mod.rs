//! Results in the formats of other tools. An exporter is a file here and a line in [`EXPORTERS`].

mod bencher;
mod csv;
mod gha;
mod metric;

pub use metric::{Metric, metrics};

use crate::error::{Error, Result};
use crate::results::{Cell, Results};
use std::collections::BTreeSet;

/// One cell with its numbers.
#[derive(Debug)]
pub struct Record<'a> {
    /// The run that it is of.
    pub results: &'a Results,
    /// The cell.
    pub cell: &'a Cell,
    /// Its numbers; none where it did not end well.
    pub metrics: Vec<Metric>,
}

/// Another tool's format.
pub trait Exporter: Sync {
    /// What it is called on the command line.
    fn name(&self) -> &'static str;
    /// What it is, in a few words.
    fn about(&self) -> &'static str;
    /// Whether it has a place for cells without a number; where not, they are left out.
    fn takes_reasons(&self) -> bool;
    /// The text that the other tool reads.
    ///
    /// # Errors
    /// [`Error::Usage`] when the format cannot tell two cells apart, or has no room for a name.
    fn text(&self, records: &[Record<'_>]) -> Result<String>;
}

/// Every exporter: the command line offers these.
pub static EXPORTERS: [&dyn Exporter; 3] = [&bencher::Bencher, &gha::GithubActionBenchmark, &csv::Csv];

/// All cells of all results, in their order, with their numbers.
pub fn records(results: &[Results]) -> Vec<Record<'_>> {
    let all = results.iter().flat_map(|run| run.cells.iter().map(move |cell| (run, cell)));
    all.map(|(results, cell)| Record { results, cell, metrics: metrics(cell) }).collect()
}

/// Those with numbers, each under a name of its own: to tools that know a benchmark by its name alone, two of one name
/// would be one, of which one number is lost.
fn named<'r, 'a>(records: &'r [Record<'a>]) -> Result<Vec<&'r Record<'a>>> {
    let mut seen = BTreeSet::new();
    let measured: Vec<_> = records.iter().filter(|record| !record.metrics.is_empty()).collect();
    for record in &measured {
        if !seen.insert(&record.cell.id) {
            return Err(Error::Usage(format!(
                "cell {} is in these results twice, and this format knows cells by their names alone; export each \
                 file by itself, or use --filter",
                record.cell.id
            )));
        }
    }
    Ok(measured)
}

/// A JSON value as text. Numbers are finite by [`Metric`]'s rule, and keys are strings: this cannot fail.
fn pretty(value: &serde_json::Value) -> String {
    format!("{value:#}\n")
}
