//! What a line of a history holds.

use crate::compare::{Count, MetricName};
use crate::results::{Cell, CellKind, Git, Results, Status};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// The name and version of a line's shape. Fields may be added within version 1, never renamed or removed.
pub const SCHEMA_ID: &str = "shelfmark/history/1";

/// A run in a line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Always [`SCHEMA_ID`].
    pub schema: String,
    /// The run's unique name.
    pub run: String,
    /// When it began, RFC 3339, UTC.
    pub started_utc: String,
    /// How thorough it was.
    pub profile: String,
    /// Whether it reached its end.
    pub complete: bool,
    /// The source it was built from.
    pub git: Git,
    /// Where it ran.
    pub machine: Machine,
    /// SHA-256 of each dataset, by the id that cells name it by.
    pub datasets: BTreeMap<String, String>,
    /// What was found, by the cell's id.
    pub cells: BTreeMap<String, Point>,
}

/// A machine, as far as speed depends on it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Machine {
    /// A name for processor, memory, virtualisation and file system together: other machines have others.
    pub fingerprint: String,
    /// The processor.
    pub cpu: String,
    /// Logical processors.
    pub cores: usize,
    /// The kernel; not in the fingerprint, because kernels change under a machine.
    pub kernel: String,
    /// File system of the place.
    pub fs: Option<String>,
}

/// A cell in a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Format, reference, null twin or peer.
    pub kind: CellKind,
    /// The format's full name.
    pub format: String,
    /// The access pattern.
    pub workload: String,
    /// The dataset's id.
    pub dataset: String,
    /// How it ended; what delivered wrong pixels has failed.
    pub status: Status,
    /// Images a second; null where nothing was timed.
    pub estimate: Option<f64>,
    /// Lower end of the interval.
    pub lo: Option<f64>,
    /// Upper end.
    pub hi: Option<f64>,
    /// What was counted.
    pub metrics: BTreeMap<MetricName, Count>,
}

impl Entry {
    /// The line of a run.
    pub fn of(results: &Results) -> Self {
        let run = &results.run;
        Self {
            schema: SCHEMA_ID.into(),
            run: run.id.clone(),
            started_utc: run.started_utc.clone(),
            profile: run.profile.clone(),
            complete: run.complete,
            git: run.git.clone(),
            machine: Machine::of(results),
            datasets: results.datasets.iter().map(|dataset| (dataset.id.clone(), dataset.sha256.clone())).collect(),
            cells: results.cells.iter().map(|cell| (cell.id.clone(), Point::of(cell))).collect(),
        }
    }
}

impl Machine {
    fn of(results: &Results) -> Self {
        let host = &results.host;
        let facts = format!("{:?}", (&host.cpu, host.cores, host.mem_bytes, &host.virt, &host.place.fs));
        let fingerprint = Sha256::digest(facts).iter().take(6).map(|byte| format!("{byte:02x}")).collect();
        Self {
            fingerprint,
            cpu: host.cpu.clone(),
            cores: host.cores,
            kernel: host.kernel.clone(),
            fs: host.place.fs.clone(),
        }
    }
}

impl Point {
    fn of(cell: &Cell) -> Self {
        let wrong = cell.verified.as_ref().is_some_and(|verified| !verified.ok);
        let status = if wrong { Status::Failed } else { cell.status };
        let ok = status == Status::Ok;
        // A number that is none would not be read again.
        let finite = |value: f64| value.is_finite().then_some(value);
        let estimate = cell.estimate.as_ref().filter(|_| ok);
        let metrics = MetricName::COUNTED.into_iter().filter_map(|name| Some((name, name.of(cell)?)));
        Self {
            kind: cell.kind,
            format: cell.format.clone(),
            workload: cell.workload.clone(),
            dataset: cell.dataset.clone(),
            status,
            estimate: estimate.and_then(|estimate| finite(estimate.images_per_s)),
            lo: estimate.and_then(|estimate| finite(estimate.lo)),
            hi: estimate.and_then(|estimate| finite(estimate.hi)),
            metrics: if ok { metrics.collect() } else { BTreeMap::new() },
        }
    }
}
