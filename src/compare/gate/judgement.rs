//! What a gate says to a comparison.

use super::{Allowance, Date, Gate};
use crate::compare::{Change, Compared, Metric, MetricName, Pair, words};
use serde::Serialize;

/// What a gate says to a comparison.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Judgement {
    /// Metrics that were looked at.
    pub gated: usize,
    /// As many have to be, or it says nothing.
    pub least: usize,
    /// What it says no to.
    pub failures: Vec<Failure>,
    /// What changed and is allowed.
    pub allowed: Vec<Allowed>,
    /// What cannot be compared.
    pub ungated: Vec<Ungated>,
    /// Allowances that were of no use, in words.
    pub idle: Vec<String>,
}

/// What a gate says no to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Failure {
    /// The cell.
    pub cell: String,
    /// What changed; `cell` where the cell itself is not measured any more.
    pub metric: MetricName,
    /// How, with both numbers.
    pub what: String,
}

/// What changed and is allowed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Allowed {
    /// The cell.
    pub cell: String,
    /// What changed.
    pub metric: MetricName,
    /// How, with both numbers.
    pub what: String,
    /// Why that is allowed.
    pub reason: String,
    /// The last day on which it is.
    pub expires: Option<Date>,
}

/// What cannot be compared.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Ungated {
    /// The cell.
    pub cell: String,
    /// What.
    pub metric: MetricName,
    /// Why not.
    pub reason: String,
}

impl Judgement {
    /// Whether it says yes: something was looked at, and nothing is wrong with it.
    pub fn passed(&self) -> bool {
        !self.is_short() && self.failures.is_empty()
    }

    fn is_short(&self) -> bool {
        self.gated < self.least.max(1)
    }

    /// Whether there was nothing to look at, or less than there has to be, which is no yes.
    pub fn is_empty(&self) -> bool {
        self.is_short() && self.failures.is_empty()
    }
}

pub(super) fn judge(gate: &Gate, compared: &Compared, today: &Date) -> Judgement {
    let mut found = Judgement { least: gate.least, ..Judgement::default() };
    for pair in &compared.cells {
        if pair.base.is_ok() && !pair.head.is_ok() {
            let what = format!("was measured in the base, and is not in the head: {}", pair.head.said());
            sort(&mut found, gate, today, (pair, MetricName::Cell), what, |_| true);
        }
        for metric in &pair.metrics {
            // What is not counted any more is no pass.
            if metric.base.is_some() && metric.head.is_none() {
                found.gated += 1;
                let what = "was counted in the base, and is not in the head".to_owned();
                sort(&mut found, gate, today, (pair, metric.name), what, |_| false);
                continue;
            }
            if let Some(reason) = &metric.incomparable {
                found.ungated.push(Ungated { cell: pair.id.clone(), metric: metric.name, reason: reason.clone() });
                continue;
            }
            found.gated += 1;
            if metric.change != Change::Equal {
                sort(
                    &mut found,
                    gate,
                    today,
                    (pair, metric.name),
                    words::change(metric, &pair.workload),
                    |allowance| allowance.permits(metric),
                );
            }
        }
    }
    found.idle = idle(gate, compared, today);
    found
}

/// Puts a change with what is allowed or with what is not.
fn sort(
    found: &mut Judgement,
    gate: &Gate,
    today: &Date,
    (pair, metric): (&Pair, MetricName),
    what: String,
    permits: impl Fn(&Allowance) -> bool,
) {
    let all = || gate.tolerance.iter().chain(&gate.accept).filter(|one| one.covers(pair, metric) && permits(one));
    let cell = pair.id.clone();
    match all().find(|allowance| holds(allowance, today)) {
        Some(allowance) => {
            let (reason, expires) = (allowance.reason.clone(), allowance.expires.clone());
            found.allowed.push(Allowed { cell, metric, what, reason, expires });
        }
        None => {
            let expired = all()
                .next()
                .and_then(|one| Some(format!("; accepted until {} ({})", one.expires.as_ref()?, one.reason)));
            found.failures.push(Failure { cell, metric, what: what + &expired.unwrap_or_default() });
        }
    }
}

/// The last day is one on which it holds.
fn holds(allowance: &Allowance, today: &Date) -> bool {
    allowance.expires.as_ref().is_none_or(|last| today <= last)
}

/// Allowances that are about nothing here, or no longer hold: somebody should look at them.
fn idle(gate: &Gate, compared: &Compared, today: &Date) -> Vec<String> {
    let counted = |pair: &Pair, name| pair.metrics.iter().any(|metric: &Metric| metric.name == name);
    let about = |allowance: &Allowance| {
        let names = || MetricName::COUNTED.into_iter().filter(|name| allowance.metrics.contains(name));
        compared.cells.iter().any(|pair| {
            names().any(|name| counted(pair, name) && allowance.covers(pair, name))
                || allowance.covers(pair, MetricName::Cell)
        })
    };
    let kinds = [("tolerance", &gate.tolerance), ("accept", &gate.accept)];
    let all =
        kinds.into_iter().flat_map(|(kind, list)| list.iter().enumerate().map(move |(nth, one)| (kind, nth + 1, one)));
    let told = all.filter_map(|(kind, nth, allowance)| {
        if !holds(allowance, today) {
            Some(format!("[[{kind}]] number {nth} has expired: remove it ({})", allowance.reason))
        } else if !about(allowance) {
            Some(format!("[[{kind}]] number {nth} is about no cell of these results ({})", allowance.reason))
        } else {
            None
        }
    });
    told.collect()
}
