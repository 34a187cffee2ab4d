//! Verdicts on times.

use super::pairs::Matched;
use crate::results::{Cell, Results};
use crate::run::COUNTED;
use crate::stats::{self, Rule, Table};
use serde::Serialize;

/// What may be said of how long a cell takes.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Time {
    /// A verdict.
    Judged(Judged),
    /// None.
    Unjudged {
        /// Why not.
        reason: String,
        /// Whether both runs timed it, so that there could have been one.
        timed: bool,
    },
}

/// A ratio of times and what may be said of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Judged {
    /// Time in the head over time in the base.
    pub ratio: f64,
    /// Lower end of the interval, which holds for all cells of the comparison at once.
    pub lo: f64,
    /// Upper end.
    pub hi: f64,
    /// `faster`, `slower`, `tied`, `inconclusive`.
    pub verdict: &'static str,
    /// The smallest difference that could have been seen.
    pub min_detectable: f64,
}

/// Why what criterion measured is not judged.
const SEQUENTIAL: &str = "criterion measures one thing after another in one process: there are no launches to judge by";

impl Time {
    /// Whether both runs timed it.
    fn is_timed(&self) -> bool {
        matches!(self, Self::Judged(_) | Self::Unjudged { timed: true, .. })
    }
}

/// The launches of a cell in both runs; or why there is nothing to judge.
fn tables(matched: &Matched<'_>) -> Result<(Table, Table), Time> {
    let unjudged = |reason: String, timed| Time::Unjudged { reason, timed };
    let Some((base, head)) = matched.both_ok() else {
        return Err(unjudged("it did not end well in both runs".into(), false));
    };
    let timed = |cell: &Cell| !cell.turns.images.is_empty();
    let untimed = match (timed(base), timed(head)) {
        (true, true) => None,
        (false, false) => Some(""),
        (false, true) => Some(": no times in the base"),
        (true, false) => Some(": no times in the head"),
    };
    if let Some(which) = untimed {
        return Err(unjudged(format!("{COUNTED}{which}"), false));
    }
    if base.durability.as_deref() == Some("none") {
        return Err(unjudged("nothing waits for the device".into(), false));
    }
    let table = |cell: &Cell, which: &str| {
        let judged = cell.reason.as_ref().map_or_else(|| Table::from_turns(&[&cell.turns]), |why| Err(why.clone()));
        judged.map_err(|why| unjudged(format!("{which}: {why}"), true))
    };
    Ok((table(base, "base")?, table(head, "head")?))
}

/// Judges the times of all cells that were timed in both runs, at one simultaneous level.
pub(super) fn judge(cells: &[Matched<'_>], base: &Results, head: &Results) -> Vec<Time> {
    let sequential = [base, head].iter().any(|results| results.run.profile.starts_with("criterion"));
    let complete = base.run.complete && head.run.complete;
    let untold = || Time::Unjudged { reason: SEQUENTIAL.into(), timed: true };
    let tables: Vec<_> = cells
        .iter()
        .map(|cell| tables(cell).map_err(|why| if sequential && why.is_timed() { untold() } else { why }))
        .collect();
    let comparisons = tables.iter().filter(|tables| tables.is_ok()).count();
    let unjudged = |reason: &str| Time::Unjudged { reason: reason.to_owned(), timed: true };
    let judged = tables.into_iter().map(|tables| match tables {
        Err(why) => why,
        Ok(_) if !complete => unjudged("a run was cut short"),
        Ok((base, head)) => match stats::independent(&base, &head, comparisons, &Rule::default()) {
            None => unjudged("fewer than two launches: nothing is known of how launches differ"),
            Some(found) => Time::Judged(Judged {
                ratio: found.ratio,
                lo: found.lo,
                hi: found.hi,
                verdict: found.verdict.name(),
                min_detectable: found.min_detectable,
            }),
        },
    });
    judged.collect()
}
