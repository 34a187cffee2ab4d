//! Two runs side by side, and a gate on what repeats exactly. Pure, except for reading a gate's file.
//!
//! Exact metrics (bytes, files, calls) are equal or not. Times of runs of different times are another matter: on a
//! shared machine identical code was seen to differ by 25 %, so verdicts on them are advice ([`ADVICE`]).
//!
//! | module | holds |
//! |---|---|
//! | `pairs` | which cell of the one run is which of the other |
//! | `metric` | what is counted exactly |
//! | `time` | verdicts on times |
//! | `side` | what there is to know of each run |
//! | [`gate`] | what may change, and what follows |
//! | `terminal`, `markdown`, `csv` | the comparison for readers and programs |

mod csv;
pub mod gate;
mod markdown;
mod metric;
mod pairs;
mod side;
mod terminal;
#[cfg(test)]
mod tests;
mod time;
pub(crate) mod words;

pub use csv::csv;
pub use gate::Judgement;
pub use markdown::markdown;
pub use metric::{Change, Count, Metric, MetricName};
pub use side::Side;
pub use terminal::terminal;
pub use time::{Judged, Time};

use crate::error::{Error, Result};
use crate::results::{Cell, CellKind, Results, Status};
use pairs::Matched;
use serde::Serialize;

/// The name and version of the shape that [`Compared`] has as JSON.
pub const SCHEMA_ID: &str = "shelfmark/comparison/1";

/// How far verdicts on times may be trusted.
pub const ADVICE: &str = "Times are advice: the two runs took no turns with one another, and identical code was seen to \
    differ by up to 25 % between runs on a shared machine.";

/// A run and another, cell by cell.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Compared {
    /// Always [`SCHEMA_ID`].
    pub schema: &'static str,
    /// Always [`ADVICE`].
    pub advice: &'static str,
    /// What is compared with.
    pub base: Side,
    /// What is compared.
    pub head: Side,
    /// What should be known about the two together.
    pub notes: Vec<String>,
    /// Every cell of either.
    pub cells: Vec<Pair>,
}

/// A cell in both runs, or in one.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Pair {
    /// Its name in the base, or where it is only there, in the head.
    pub id: String,
    /// Format, reference, null twin or peer.
    pub kind: CellKind,
    /// The format's full name.
    pub format: String,
    /// The access pattern.
    pub workload: String,
    /// How it ended in the base.
    pub base: Standing,
    /// How it ended in the head.
    pub head: Standing,
    /// What was counted; empty where it did not end well in both.
    pub metrics: Vec<Metric>,
    /// How long it takes in the head, in times of the base.
    pub time: Time,
}

/// How a cell ended in one of the runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// `ok`, `failed`, `unsupported`, `skipped`, `timeout`; `absent` where the run has no such cell.
    pub outcome: &'static str,
    /// Why, where it is not `ok`.
    pub reason: Option<String>,
}

impl Standing {
    /// Whether it was measured and verified.
    pub fn is_ok(&self) -> bool {
        self.outcome == "ok"
    }

    fn said(&self) -> String {
        match &self.reason {
            Some(reason) if !self.is_ok() => format!("{} ({reason})", self.outcome),
            _ => self.outcome.to_owned(),
        }
    }
}

impl Pair {
    /// Why there is nothing to compare, where the cell did not end well in both runs.
    pub fn gap(&self) -> Option<String> {
        (!self.base.is_ok() || !self.head.is_ok())
            .then(|| format!("base: {}; head: {}", self.base.said(), self.head.said()))
    }

    /// The metrics that changed.
    pub fn changed(&self) -> impl Iterator<Item = &Metric> {
        self.metrics.iter().filter(|metric| metric.change == Change::Changed)
    }
}

/// Sets `head` beside `base`. Cells are the same where all that their names say is the same, with the dataset known by its
/// content: where it lies, and so what it is called, differs from machine to machine. `names` are those of the files.
///
/// # Errors
/// [`Error::Results`] when the two share no cell but references, or one of them has two cells of the same name.
pub fn compare(base: &Results, head: &Results, names: (&str, &str)) -> Result<Compared> {
    let (base_side, head_side) = (Side::of(base, names.0), Side::of(head, names.1));
    let cells = pairs::matched(base, head, names)?;
    let shared =
        |cell: &Matched<'_>| cell.base.zip(cell.head).is_some_and(|(cell, _)| cell.kind != CellKind::Reference);
    if !cells.iter().any(shared) {
        return Err(Error::Results {
            path: names.1.into(),
            cause: format!("it shares no cell with {}{}", names.0, hint(base, head)),
            remedy: "compare runs of the same formats, workloads, images and numbers of images".into(),
        });
    }
    let times = time::judge(&cells, base, head);
    let fewer = fewer_verified(&cells, base, head);
    let pairs = cells.iter().zip(times).filter_map(|(cell, time)| pair(base, head, cell, time));
    let cells = pairs.collect();
    Ok(Compared {
        schema: SCHEMA_ID,
        advice: ADVICE,
        notes: side::notes(&base_side, &head_side).into_iter().chain(fewer).collect(),
        base: base_side,
        head: head_side,
        cells,
    })
}

/// What to know where less was verified than before. Only exact runs verify a fixed number: others as much as they time.
fn fewer_verified(cells: &[Matched<'_>], base: &Results, head: &Results) -> Option<String> {
    if [base, head].iter().any(|results| results.run.profile != "exact") {
        return None;
    }
    let verified = |cell: &Cell| cell.verified.as_ref().map_or(0, |verified| verified.images);
    let fewer = cells.iter().filter_map(|cell| cell.both_ok()).filter(|(old, new)| verified(new) < verified(old));
    let fewer: Vec<(&Cell, &Cell)> = fewer.collect();
    let (old, new) = fewer.first()?;
    Some(format!(
        "Fewer images were verified in the head than in the base, in {}: {} has {} instead of {}.",
        words::many(fewer.len(), "cell"),
        old.id,
        verified(new),
        verified(old)
    ))
}

/// The outcome of a cell that a run does not have.
const ABSENT: &str = "absent";

/// Why two runs have nothing in common, where the datasets are the reason.
fn hint(base: &Results, head: &Results) -> &'static str {
    let known = |sha: &str| base.datasets.iter().any(|dataset| dataset.sha256 == sha);
    match head.datasets.iter().any(|dataset| known(&dataset.sha256)) {
        true => "",
        false => ": they are of different images (datasets are known by their sha256)",
    }
}

impl Compared {
    /// Cells whose times were taken in both runs, and of which nothing can be said.
    pub fn inconclusive(&self) -> usize {
        self.cells.iter().filter(|pair| words::is(pair, "inconclusive") || words::is_open(pair)).count()
    }
}

fn pair(base: &Results, head: &Results, cell: &Matched<'_>, time: Time) -> Option<Pair> {
    let shown = cell.base.or(cell.head)?;
    Some(Pair {
        id: shown.id.clone(),
        kind: shown.kind,
        format: shown.format.clone(),
        workload: shown.workload.clone(),
        base: standing(cell.base),
        head: standing(cell.head),
        metrics: cell.both_ok().map(|(old, new)| metric::all(base, head, old, new)).unwrap_or_default(),
        time,
    })
}

fn standing(cell: Option<&Cell>) -> Standing {
    let Some(cell) = cell else { return Standing { outcome: ABSENT, reason: None } };
    let outcome = outcome(cell);
    Standing { outcome, reason: cell.reason.clone().filter(|_| outcome != "ok") }
}

/// How a cell ended, in a word: what delivered wrong pixels has failed, whatever its status claims.
fn outcome(cell: &Cell) -> &'static str {
    match cell.status {
        Status::Ok if cell.verified.as_ref().is_some_and(|verified| !verified.ok) => "failed",
        // References deliver nothing, or the same bytes; of all else no number counts that was not checked.
        Status::Ok if cell.kind != CellKind::Reference && cell.verified.as_ref().is_none_or(|v| v.images == 0) => {
            "unverified"
        }
        Status::Ok => "ok",
        Status::Skipped => "skipped",
        Status::Unsupported => "unsupported",
        Status::Failed => "failed",
        Status::Timeout => "timeout",
    }
}
