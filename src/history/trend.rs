//! A cell from run to run.

use super::{Entry, Point};
use crate::compare::{Change, Metric};
use crate::results::{CellKind, Only, Status};
use serde::Serialize;
use std::collections::BTreeMap;

/// A cell from run to run, the earliest first.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Trend {
    /// The cell's id.
    pub cell: String,
    /// Its runs.
    pub steps: Vec<Step>,
}

/// A cell in one run, and what changed since the one before.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Step {
    /// The run's unique name.
    pub run: String,
    /// When it began.
    pub started_utc: String,
    /// The source it was built from.
    pub git_sha: Option<String>,
    /// The machine's fingerprint.
    pub machine: String,
    /// What was found.
    pub point: Point,
    /// Speed over that of the run before, where that ran on the same machine with the same images; nothing is judged by it.
    pub speed_ratio: Option<f64>,
    /// Exact metrics that are not what they were in the run before.
    pub changed: Vec<Metric>,
    /// Whether the images are others than in the run before.
    pub other_images: bool,
}

/// The trends of the wanted cells, in the order of their ids. References come along with what is wanted.
pub fn trends(history: &[Entry], only: &Only) -> Vec<Trend> {
    let mut runs: Vec<&Entry> = history.iter().collect();
    // Times of one form are ordered as their texts; runs of the same second keep the order in which they were added.
    runs.sort_by(|a, b| a.started_utc.cmp(&b.started_utc));
    let mut all: BTreeMap<&str, Vec<(&Entry, &Point)>> = BTreeMap::new();
    for entry in runs {
        for (id, point) in &entry.cells {
            if only.wants(point.kind, &point.format, &point.workload, id) {
                all.entry(id).or_default().push((entry, point));
            }
        }
    }
    if all.values().flatten().all(|(_, point)| point.kind == CellKind::Reference) && !only.is_all() {
        return Vec::new();
    }
    let trend = |(id, points): (&str, Vec<(&Entry, &Point)>)| {
        let before = std::iter::once(None).chain(points.iter().map(Some));
        let steps = points.iter().zip(before).map(|(now, before)| step(*now, before.copied())).collect();
        Trend { cell: id.to_owned(), steps }
    };
    all.into_iter().map(trend).collect()
}

fn step((entry, point): (&Entry, &Point), before: Option<(&Entry, &Point)>) -> Step {
    let machine = entry.machine.fingerprint.clone();
    let images = |of: &Entry| of.datasets.get(&point.dataset).cloned();
    let speed_ratio = before
        .filter(|(earlier, _)| earlier.machine.fingerprint == machine && images(earlier) == images(entry))
        .and_then(|(_, earlier)| Some(point.estimate? / earlier.estimate?))
        .filter(|ratio| ratio.is_finite());
    let both = before.filter(|(_, earlier)| earlier.status == Status::Ok && point.status == Status::Ok);
    let metrics = both.map(|(_, earlier)| {
        let names = point.metrics.keys().filter(|name| earlier.metrics.contains_key(name));
        let metrics = names
            .map(|&name| Metric::between(name, earlier.metrics.get(&name).copied(), point.metrics.get(&name).copied()));
        metrics.flatten().filter(|metric| metric.change == Change::Changed).collect()
    });
    Step {
        run: entry.run.clone(),
        started_utc: entry.started_utc.clone(),
        git_sha: entry.git.sha.clone(),
        machine,
        point: point.clone(),
        speed_ratio,
        changed: metrics.unwrap_or_default(),
        other_images: before.is_some_and(|(earlier, _)| images(earlier) != images(entry)),
    }
}
