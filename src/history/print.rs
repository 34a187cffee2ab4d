//! Trends for readers and programs.

use super::{Step, Trend};
use crate::compare::MetricName;
use crate::compare::words::change;
use crate::error::Result;
use crate::report::markdown::escape;
use crate::report::spreadsheet;
use crate::report::{clean, format, unit};
use crate::results::Status;
use std::fmt::Write as _;

/// What a reader should know of the numbers.
const ADVICE: &str =
    "Speeds of different times are advice: runs took no turns with one another. Exact metrics are exact.";

/// Trends for a terminal: a paragraph for each cell, a line for each run.
pub fn terminal(trends: &[Trend]) -> String {
    let mut out = String::new();
    for trend in trends {
        let _ = writeln!(out, "{}", clean(&trend.cell));
        for step in &trend.steps {
            let (speed, said) = (speed(step), said(step));
            let line = format!("  {}  {:12}  {speed:>35}  {said}", step.started_utc, source(step));
            let _ = writeln!(out, "{}", clean(&line).trim_end());
        }
        out.push('\n');
    }
    out + ADVICE + "\n"
}

/// Trends as Markdown with GitHub's tables.
pub fn markdown(trends: &[Trend]) -> String {
    let mut out = String::new();
    for trend in trends {
        let _ = writeln!(
            out,
            "### {}\n\n| run | source | speed | since the run before |\n|:--|:--|--:|:--|",
            prose(&trend.cell)
        );
        for step in &trend.steps {
            let (started, source) = (prose(&step.started_utc), prose(&source(step)));
            let _ = writeln!(out, "| {started} | {source} | {} | {} |", prose(&speed(step)), prose(&said(step)));
        }
        out.push('\n');
    }
    out + ADVICE + "\n"
}

/// Trends as CSV with a line of heads: a line for each cell of each run.
///
/// # Errors
/// [`crate::Error::Io`] when it cannot be written, which memory always can.
pub fn csv(trends: &[Trend]) -> Result<String> {
    let heads = ["cell", "run", "started_utc", "git_sha", "machine", "status", "images_per_s", "lo", "hi"];
    // Totals, and what they are for: the stores' images, and those that were counted.
    let metrics = MetricName::COUNTED.map(MetricName::name);
    let heads = heads.into_iter().chain(metrics).chain(["counted_images"]).map(str::to_owned);
    let mut rows = vec![heads.collect()];
    for trend in trends {
        for step in &trend.steps {
            let point = &step.point;
            let number = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
            let sha = step.git_sha.clone().unwrap_or_default();
            let status = status(point.status).to_owned();
            let facts =
                [trend.cell.clone(), step.run.clone(), step.started_utc.clone(), sha, step.machine.clone(), status];
            let speeds = [point.estimate, point.lo, point.hi].map(number);
            let of = |name: &MetricName| point.metrics.get(name);
            let totals = MetricName::COUNTED
                .iter()
                .map(|name| of(name).map(|count| count.total.to_string()).unwrap_or_default());
            let images = of(&MetricName::ReadCalls).map(|count| count.images.to_string()).unwrap_or_default();
            rows.push(facts.into_iter().chain(speeds).chain(totals).chain([images]).collect());
        }
    }
    spreadsheet::csv(rows)
}

fn status(status: Status) -> &'static str {
    match status {
        Status::Ok => "ok",
        Status::Skipped => "skipped",
        Status::Unsupported => "unsupported",
        Status::Failed => "failed",
        Status::Timeout => "timeout",
    }
}

fn source(step: &Step) -> String {
    step.git_sha.as_deref().unwrap_or("unknown").chars().take(12).collect()
}

fn speed(step: &Step) -> String {
    let point = &step.point;
    let unit = unit(&point.workload);
    match (point.status, point.estimate) {
        (Status::Ok, Some(rate)) => match (point.lo, point.hi) {
            (Some(lo), Some(hi)) => {
                format!("{} ({} to {}) {unit}", format::rate(rate), format::rate(lo), format::rate(hi))
            }
            _ => format!("{} {unit}", format::rate(rate)),
        },
        (Status::Ok, None) => "not timed".into(),
        (other, _) => status(other).into(),
    }
}

/// What is to be said of a step: its machine, and what changed.
fn said(step: &Step) -> String {
    let mut parts = Vec::new();
    parts.extend(step.speed_ratio.map(|ratio| format!("{} × the speed", format::sig3(ratio))));
    parts.extend(
        step.changed.iter().map(|metric| format!("{} {}", metric.name.name(), change(metric, &step.point.workload))),
    );
    if step.other_images {
        parts.push("other images".into());
    }
    parts.push(format!("on {}", step.machine));
    parts.join("; ")
}

/// Running text, and no call to anybody (`@name`).
fn prose(text: &str) -> String {
    escape(text).replace('@', "@\u{200B}")
}
