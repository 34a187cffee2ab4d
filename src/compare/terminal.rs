//! The comparison for a terminal.

use super::{ADVICE, Compared, Judgement, Pair, words};
use crate::report::{clean, format};

/// Columns of a terminal that a line may take.
const COLUMNS: usize = 118;

/// The comparison, and what a gate says to it, as text of which nothing moves the cursor.
pub fn terminal(compared: &Compared, judgement: Option<&Judgement>) -> String {
    let mut out = String::new();
    line(&mut out, "", &format!("base: {}", compared.base.words()));
    line(&mut out, "", &format!("head: {}", compared.head.words()));
    compared.notes.iter().for_each(|note| line(&mut out, "", note));
    let mut workload = "";
    for pair in compared.cells.iter().filter(|pair| pair.gap().is_none()) {
        if pair.workload != workload {
            workload = &pair.workload;
            out.push('\n');
        }
        cell(&mut out, pair);
    }
    let gaps: Vec<(&Pair, String)> = compared.cells.iter().filter_map(|pair| Some((pair, pair.gap()?))).collect();
    if !gaps.is_empty() {
        out.push_str("\nnot comparable:\n");
        gaps.iter().for_each(|(pair, gap)| line(&mut out, "  ", &format!("{}: {gap}", pair.id)));
    }
    out.push('\n');
    line(&mut out, "", &words::summary(compared));
    if compared.cells.iter().any(|pair| matches!(pair.time, super::Time::Judged(_))) {
        line(&mut out, "", ADVICE);
    }
    if let Some(judgement) = judgement {
        gate(&mut out, judgement);
    }
    out
}

fn cell(out: &mut String, pair: &Pair) {
    line(out, "", &format!("{}  {}; {}", pair.id, words::exact(pair), words::time(&pair.time)));
    for metric in pair.metrics.iter().filter(|metric| metric.change != super::Change::Equal) {
        let why = metric.incomparable.as_ref().map_or(String::new(), |why| format!("; not comparable: {why}"));
        line(out, "    ", &format!("{}: {}{why}", metric.name.name(), words::change(metric, &pair.workload)));
    }
}

fn gate(out: &mut String, judgement: &Judgement) {
    out.push('\n');
    for failure in &judgement.failures {
        line(out, "  ", &format!("FAILED: {}: {}: {}", failure.cell, failure.metric.name(), failure.what));
    }
    for one in &judgement.allowed {
        let until = one.expires.as_ref().map_or(String::new(), |day| format!(", until {day}"));
        line(out, "  ", &format!("allowed: {}: {}: {} ({}{until})", one.cell, one.metric.name(), one.what, one.reason));
    }
    words::ungated(judgement).iter().for_each(|text| line(out, "  ", &format!("not gated: {text}")));
    judgement.idle.iter().for_each(|text| line(out, "  ", text));
    line(out, "", &words::gate(judgement));
}

/// A line of running text, broken at spaces.
fn line(out: &mut String, indent: &str, text: &str) {
    for (nth, part) in format::broken(&clean(text), COLUMNS - indent.len() - 4, &[' ']).iter().enumerate() {
        let more = if nth == 0 { "" } else { "    " };
        *out += &format!("{indent}{more}{part}\n");
    }
}
