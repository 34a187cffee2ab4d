//! The comparison for spreadsheets: a line for each metric of each cell, and one for its time.

use super::{Compared, Judgement, Pair, Time};
use crate::error::Result;
use crate::report::spreadsheet;

const HEADS: [&str; 14] = [
    "cell",
    "format",
    "workload",
    "base_outcome",
    "head_outcome",
    "what",
    "base",
    "head",
    "base_images",
    "head_images",
    "ratio",
    "lo",
    "hi",
    "found",
];

/// The comparison as CSV with a line of heads. `found` is `equal`, `changed`, `unknown`; of times the verdict, which is
/// advice; where a gate was asked, `failed`, `allowed` or `not comparable`.
///
/// # Errors
/// [`crate::Error::Io`] when it cannot be written, which memory always can.
pub fn csv(compared: &Compared, judgement: Option<&Judgement>) -> Result<String> {
    let mut rows = vec![HEADS.map(str::to_owned).to_vec()];
    for pair in &compared.cells {
        for metric in &pair.metrics {
            let total =
                |count: Option<super::Count>| count.map(|count| (count.total.to_string(), count.images.to_string()));
            let ((base, base_images), (head, head_images)) =
                (total(metric.base).unwrap_or_default(), total(metric.head).unwrap_or_default());
            let ratio = metric.growth().map(|growth| (1.0 + growth).to_string()).unwrap_or_default();
            let found = found(pair, metric, judgement);
            let numbers = [base, head, base_images, head_images, ratio, String::new(), String::new(), found];
            rows.push(names(pair, metric.name.name()).into_iter().chain(numbers).collect());
        }
        let (ratio, lo, hi, found) = match &pair.time {
            Time::Judged(found) => {
                (found.ratio.to_string(), found.lo.to_string(), found.hi.to_string(), found.verdict.to_owned())
            }
            Time::Unjudged { reason, .. } => {
                (String::new(), String::new(), String::new(), pair.gap().unwrap_or_else(|| reason.clone()))
            }
        };
        let nothing = || std::iter::repeat_n(String::new(), 4);
        rows.push(names(pair, "time").into_iter().chain(nothing()).chain([ratio, lo, hi, found]).collect());
    }
    spreadsheet::csv(rows)
}

fn names(pair: &Pair, what: &str) -> [String; 6] {
    [&pair.id, &pair.format, &pair.workload, pair.base.outcome, pair.head.outcome, what].map(str::to_owned)
}

fn found(pair: &Pair, metric: &super::Metric, judgement: Option<&Judgement>) -> String {
    let is = |cell: &str, name| cell == pair.id && name == metric.name;
    let change = match metric.change {
        super::Change::Equal => "equal",
        super::Change::Changed => "changed",
        super::Change::Unknown => "unknown",
    };
    let judged = judgement.map(|judgement| {
        if judgement.failures.iter().any(|one| is(&one.cell, one.metric)) {
            "failed"
        } else if judgement.allowed.iter().any(|one| is(&one.cell, one.metric)) {
            "allowed"
        } else if metric.incomparable.is_some() {
            "not comparable"
        } else {
            change
        }
    });
    judged.unwrap_or(change).to_owned()
}
