//! github-action-benchmark's `customSmallerIsBetter`: <https://github.com/benchmark-action/github-action-benchmark>, the
//! examples of custom benchmarks there.

use super::{Exporter, Metric, Record, named, pretty};
use crate::error::Result;
use serde_json::{Value, json};

/// An array of numbers, each with a name, a unit, half the width of its interval and a text for its tooltip.
pub(super) struct GithubActionBenchmark;

impl Exporter for GithubActionBenchmark {
    fn name(&self) -> &'static str {
        "gha"
    }

    fn about(&self) -> &'static str {
        "github-action-benchmark's customSmallerIsBetter, as JSON"
    }

    fn takes_reasons(&self) -> bool {
        false
    }

    fn text(&self, records: &[Record<'_>]) -> Result<String> {
        let entries = named(records)?.into_iter().flat_map(|record| record.metrics.iter().map(|m| entry(record, m)));
        Ok(pretty(&entries.collect::<Vec<_>>().into()))
    }
}

fn entry(Record { results, cell, .. }: &Record<'_>, metric: &Metric) -> Value {
    let mut entry =
        json!({ "name": format!("{}: {}", cell.id, metric.name), "unit": metric.unit, "value": metric.value });
    let mut extra = vec![format!("run {} ({})", results.run.id, results.run.profile)];
    if let (Some(lo), Some(hi), Some(estimate)) = (metric.lo, metric.hi, &cell.estimate) {
        // The format knows one width for both sides: the wider one, so that nothing looks surer than it is.
        entry["range"] = format!("± {}", short((hi - metric.value).max(metric.value - lo))).into();
        extra.push(format!("{} % interval: {} to {}", estimate.confidence * 100.0, short(lo), short(hi)));
    }
    entry["extra"] = extra.join("\n").into();
    entry
}

/// Six digits that matter: what is read by people.
fn short(number: f64) -> f64 {
    format!("{number:.5e}").parse().unwrap_or(number)
}
