//! Bencher Metric Format: <https://bencher.dev/docs/reference/bencher-metric-format>, for `bencher run --adapter json`.

use super::{Exporter, Metric, Record, named, pretty};
use crate::error::{Error, Result};
use serde_json::{Map, Value, json};

/// As that page says: the name of a benchmark has at most so many characters.
const LONGEST_NAME: usize = 1024;

/// Benchmark name -> measure -> value with bounds. A benchmark is a cell, a measure a metric.
pub(super) struct Bencher;

impl Exporter for Bencher {
    fn name(&self) -> &'static str {
        "bencher"
    }

    fn about(&self) -> &'static str {
        "Bencher Metric Format, as JSON"
    }

    fn takes_reasons(&self) -> bool {
        false
    }

    fn text(&self, records: &[Record<'_>]) -> Result<String> {
        let mut benchmarks = Map::new();
        for Record { cell, metrics, .. } in named(records)? {
            let letters = cell.id.chars().count();
            if !(1..=LONGEST_NAME).contains(&letters) {
                let begin: String = cell.id.chars().take(40).collect();
                return Err(Error::Usage(format!(
                    "the name of cell {begin}... has {letters} characters, and Bencher takes 1 to {LONGEST_NAME}; give \
                     the dataset a shorter path, or leave the cell out with --filter or --workloads"
                )));
            }
            let measures: Map<_, _> = metrics.iter().map(|metric| (metric.name.to_owned(), measure(metric))).collect();
            benchmarks.insert(cell.id.clone(), measures.into());
        }
        Ok(pretty(&benchmarks.into()))
    }
}

fn measure(metric: &Metric) -> Value {
    let mut bounds = Map::from_iter([("value".to_owned(), json!(metric.value))]);
    bounds.extend(metric.lo.map(|lo| ("lower_value".to_owned(), json!(lo))));
    bounds.extend(metric.hi.map(|hi| ("upper_value".to_owned(), json!(hi))));
    bounds.into()
}
