//! What may change, by how much, and why.

use super::Date;
use crate::compare::{Metric, MetricName, Pair};
use serde::Deserialize;
use wildmatch::WildMatch;

/// What may change, by how much, and why.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Allowance {
    /// These metrics; `cell` for cells that are no longer measured.
    pub metrics: Vec<MetricName>,
    /// Of these formats, `*` standing for any text; of all where there are none.
    #[serde(default)]
    pub formats: Vec<String>,
    /// In these workloads, in the same way.
    #[serde(default)]
    pub workloads: Vec<String>,
    /// Up to this share of the base, up or down: 0.02 is 2 %.
    pub relative: Option<f64>,
    /// Or up to so many, in the metric's own total.
    pub absolute: Option<u64>,
    /// Why.
    pub reason: String,
    /// The last day on which it holds.
    pub expires: Option<Date>,
}

impl Allowance {
    /// Whether it says all that it has to.
    pub(super) fn check(&self, accepted: bool) -> Result<(), String> {
        let limits = self.relative.is_some() || self.absolute.is_some();
        let cells = self.metrics.contains(&MetricName::Cell);
        if self.metrics.is_empty() {
            return Err("`metrics` is empty: name at least one".into());
        }
        if self.reason.trim().is_empty() {
            return Err("`reason` is empty: say why, for those who come after you".into());
        }
        if self.relative.is_some_and(|share| !(share.is_finite() && share >= 0.0)) {
            return Err("`relative` is a share from 0, as in 0.02 for 2 %".into());
        }
        match (accepted, &self.expires) {
            (true, None) => {
                return Err("`expires` is missing: an accepted change needs a last day, as in 2027-01-31".into());
            }
            (false, Some(_)) => return Err("what `expires` is an accepted change: write it under [[accept]]".into()),
            _ => {}
        }
        if cells && (self.metrics.len() > 1 || limits) {
            return Err("`cell` stands alone and without a limit: a cell is there or is not".into());
        }
        if cells && !accepted {
            return Err("missing cells are accepted under [[accept]], with a last day".into());
        }
        if !cells && !limits {
            return Err("a limit is missing: `relative` (a share) or `absolute` (so many)".into());
        }
        Ok(())
    }

    /// Whether it is about this metric of this cell.
    pub(super) fn covers(&self, pair: &Pair, metric: MetricName) -> bool {
        let listed =
            |list: &[String], name: &str| list.is_empty() || list.iter().any(|one| WildMatch::new(one).matches(name));
        self.metrics.contains(&metric) && listed(&self.formats, &pair.format) && listed(&self.workloads, &pair.workload)
    }

    /// Whether the change is within its limits.
    pub(super) fn permits(&self, metric: &Metric) -> bool {
        let Some((base, head)) = metric.base.zip(metric.head) else { return false };
        let differ = base.total.abs_diff(head.total);
        let share = self.relative.is_some_and(|share| differ as f64 <= share * base.total as f64);
        share || self.absolute.is_some_and(|most| differ <= most)
    }
}
