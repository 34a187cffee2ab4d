//! What supervisor and worker say to each other: one JSON object a line, a request and then its reply. Workers in other
//! languages (the Python peers) speak the same.
//!
//! ```text
//! > {"hello":{"protocol":1}}
//! < {"hello":{"protocol":1,"program":"shelfmark 0.1.0"}}
//! > {"prepare":{"cell":0,"task":{"format":"lmdb:raw","store":"/place/lmdb-raw","workload":"epoch", ...}}}
//! < {"prepared":{"native":{"library":"lmdb","version":"0.9.24"}}}
//! > {"turn":{"cell":0,"warm_up":1,"operations":12}}
//! < {"turned":{"images":3072,"elapsed_ns":20117340,"device_read_bytes":0,"resident_before_pct":null}}
//! > {"close":{"cell":0}}
//! < {"closed":{}}
//! > {"bye":{}}
//! < {"bye":{}}
//! ```
//!
//! Instead of any reply: `{"failed":{"kind":"mismatch","message":"..."}}`. Unknown fields are ignored, so that a worker
//! of this version understands a supervisor that says more.

use crate::dataset::{Look, OpenOptions};
use crate::error::Error;
use crate::measure::Cache;
use crate::results::{Counters, DatasetFacts, Latency, Ledger, Native, Storage};
use crate::store::Durability;
use crate::workload::{Handicap, Workload};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// The version of the protocol. A worker that speaks another is not used.
pub const PROTOCOL: u32 = 1;

/// What a supervisor asks for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// Who is there?
    Hello {
        /// The version that the supervisor speaks.
        protocol: u32,
    },
    /// What is this dataset, at a first look?
    Look {
        /// The dataset.
        dataset: DatasetSpec,
    },
    /// What exactly is this dataset? All of it is read.
    Facts {
        /// The dataset.
        dataset: DatasetSpec,
    },
    /// Write a store and read it back whole.
    Write(WriteTask),
    /// Bring stores into memory, all in the same way, and hold them there until the end: see [`crate::measure::warm`]. Only
    /// our own worker is asked for it, before it opens any of them.
    Hold(Hold),
    /// Make a cell ready for its turns: open its store, read it once and check it.
    Prepare {
        /// The number under which it will be asked for.
        cell: u32,
        /// What it is.
        task: Task,
    },
    /// Measure one turn of a cell.
    Turn {
        /// Which.
        cell: u32,
        /// Operations before, which are not timed.
        warm_up: u64,
        /// Operations that are timed.
        operations: u64,
    },
    /// Measure a cell by the passes that have no place in a turn: single operations, counters, ledger.
    Probe {
        /// Which.
        cell: u32,
        /// Operations of each pass.
        operations: u64,
        /// Only the pass that counts.
        #[serde(default)]
        counters_only: bool,
    },
    /// Put a cell away.
    Close {
        /// Which.
        cell: u32,
    },
    /// Put everything away and end.
    Bye {},
}

/// What a worker answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// To `hello`.
    Hello {
        /// The version that the worker speaks.
        protocol: u32,
        /// Its name and version, and those of what it uses.
        program: String,
    },
    /// To `look`.
    Looked(Looked),
    /// To `facts`.
    Facts(Box<DatasetFacts>),
    /// To `write`.
    Written {
        /// Space that the store takes.
        storage: Storage,
        /// Images compared with the dataset.
        verified: u64,
    },
    /// To `hold`.
    Held {
        /// Which of the stores, in their order.
        held: Vec<bool>,
    },
    /// To `prepare`.
    Prepared {
        /// The library that does the work, where it is another than the store's own.
        #[serde(default)]
        native: Option<Native>,
    },
    /// To `turn`.
    Turned(Turned),
    /// To `probe`.
    Probed(Box<Probed>),
    /// To `close`.
    Closed {},
    /// To `bye`.
    Bye {},
    /// To anything that went wrong.
    Failed(Failure),
}

/// A dataset and how it is opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatasetSpec {
    /// As on the command line.
    pub name: String,
    /// How it is opened.
    #[serde(default)]
    pub options: OpenOptions,
}

/// What there is to know of a dataset before anything is planned.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Looked {
    /// Size, shape, whether there are files.
    pub look: Look,
    /// What a user should know about it.
    pub remarks: Vec<String>,
}

/// A store to write.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WriteTask {
    /// Of which images.
    pub dataset: DatasetSpec,
    /// How many of them, from the first.
    pub images: u64,
    /// In which format.
    pub format: String,
    /// Where.
    pub store: PathBuf,
    /// Where the fingerprints go of what the store has to give back: see [`crate::workload::Fingerprints`].
    pub fingerprints: PathBuf,
}

/// A cell to measure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Task {
    /// The format, or the name of a reference or peer.
    pub format: String,
    /// Its store; for writes, the path beside which stores are made.
    pub store: PathBuf,
    /// The fingerprints of what has to be delivered.
    pub fingerprints: PathBuf,
    /// What is done with it.
    pub workload: Workload,
    /// Images in the store.
    pub images: u64,
    /// Images that an operation asks for at once.
    pub batch: u64,
    /// Reader threads.
    pub threads: u32,
    /// State of the cache before a turn.
    pub cache: Cache,
    /// For writes.
    pub durability: Durability,
    /// For writes: where the images come from.
    pub dataset: DatasetSpec,
    /// Of all draws.
    pub seed: u64,
    /// A known slow-down, where it is tried whether it is seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handicap: Option<Handicap>,
}

/// Stores to hold in memory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// The stores.
    pub stores: Vec<PathBuf>,
    /// For which launch.
    pub launch: u32,
    /// In which order their pieces come.
    pub seed: u64,
}

/// What one turn gave.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Turned {
    /// Images delivered or written, and checked.
    pub images: u64,
    /// Time for them, on the worker's monotonic clock.
    pub elapsed_ns: u64,
    /// Bytes that came from the device while the time ran.
    #[serde(default)]
    pub device_read_bytes: Option<u64>,
    /// For cold turns: share of the store's data that was in memory before.
    #[serde(default)]
    pub resident_before_pct: Option<f64>,
}

/// What a probe gave.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Probed {
    /// Percentiles of single operations.
    #[serde(default)]
    pub latency: Option<Latency>,
    /// Exact counts.
    #[serde(default)]
    pub counters: Option<Counters>,
    /// Where the time goes.
    #[serde(default)]
    pub ledger: Option<Ledger>,
    /// Why there is no ledger.
    #[serde(default)]
    pub ledger_reason: Option<String>,
}

/// What went wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Which sort of failure.
    pub kind: FailureKind,
    /// What the user reads: format, path, cause, remedy.
    pub message: String,
}

/// Sorts of failures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// The request makes no sense.
    Usage,
    /// The format cannot do it.
    Unsupported,
    /// What was delivered is not what was written.
    Mismatch,
    /// It did not end in time.
    Timeout,
    /// It was left out.
    Skipped,
    /// Anything else, a worker's death among it.
    Failed,
}

impl Failure {
    /// A failure that the supervisor has seen itself.
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let kind = match error {
            Error::Usage(_) => FailureKind::Usage,
            Error::Unsupported { .. } => FailureKind::Unsupported,
            Error::Mismatch { .. } => FailureKind::Mismatch,
            _ => FailureKind::Failed,
        };
        Self::new(kind, error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_look_as_the_documentation_shows() {
        let line = |request: &Request| serde_json::to_string(request).unwrap();
        assert_eq!(line(&Request::Hello { protocol: 1 }), r#"{"hello":{"protocol":1}}"#);
        assert_eq!(
            line(&Request::Turn { cell: 0, warm_up: 1, operations: 12 }),
            r#"{"turn":{"cell":0,"warm_up":1,"operations":12}}"#
        );
        assert_eq!(line(&Request::Bye {}), r#"{"bye":{}}"#);
        // A peer need not say what it cannot know, and may say more than we ask for.
        let turned: Reply = serde_json::from_str(r#"{"turned":{"images":3,"elapsed_ns":9,"mood":"good"}}"#).unwrap();
        assert_eq!(turned, Reply::Turned(Turned { images: 3, elapsed_ns: 9, ..Default::default() }));
        let failed: Reply = serde_json::from_str(r#"{"failed":{"kind":"mismatch","message":"image 3"}}"#).unwrap();
        assert_eq!(failed, Reply::Failed(Failure::new(FailureKind::Mismatch, "image 3")));
    }

    #[test]
    fn a_task_is_read_back() {
        let task = Task {
            format: "lmdb:raw".into(),
            store: "/place/lmdb-raw".into(),
            fingerprints: "/place/lmdb-raw.fingerprints".into(),
            workload: Workload::Epoch,
            images: 10,
            batch: 256,
            threads: 1,
            cache: Cache::ColdData,
            durability: Durability::Close,
            dataset: DatasetSpec { name: "synthetic:4x4x3".into(), options: OpenOptions::default() },
            seed: u64::MAX,
            handicap: None,
        };
        let request = Request::Prepare { cell: 3, task };
        let text = serde_json::to_string(&request).unwrap();
        assert!(text.contains(r#""workload":"epoch""#) && text.contains(r#""cache":"cold-data""#), "{text}");
        assert_eq!(serde_json::from_str::<Request>(&text).unwrap(), request);
    }
}
