//! What a comparison says, in words shared by all that show it.

use super::gate::Ungated;
use super::{Change, Compared, Count, Judgement, Metric, MetricName, Pair, Time};
use crate::report::format;
use std::collections::BTreeSet;

/// A metric in both runs: `64 -> 128 (+100 %; 1 -> 2 an image)`.
pub(crate) fn change(metric: &Metric, workload: &str) -> String {
    let (Some(base), Some(head)) = (metric.base, metric.head) else {
        let total = |count: Option<Count>| count.map_or("not counted".to_owned(), |count| format::count(count.total));
        return format!("{} → {}", total(metric.base), total(metric.head));
    };
    let growth = metric.growth().map_or(String::new(), |growth| format!("{}; ", signed(growth)));
    let over = match head.operations {
        Some(operations) => format!(", in {}", many(operations as usize, "operation")),
        None => String::new(),
    };
    let each = |count: Count| per_image(count.per_image());
    // What is counted of opening is for each time that a store was opened.
    let unit = if workload == "open" && head.operations.is_some() { "an opening" } else { "an image" };
    format!(
        "{} → {} ({growth}{} → {} {unit}{over})",
        format::count(base.total),
        format::count(head.total),
        each(base),
        each(head)
    )
}

/// A number for each image, to the last digit that matters: a byte more an image must show.
fn per_image(value: f64) -> String {
    if !value.is_finite() {
        return format::NONE.into();
    }
    let text = format!("{value:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Percent with their sign.
fn signed(growth: f64) -> String {
    let sign = if growth > 0.0 { "+" } else { "" };
    format!("{sign}{}", format::percent(growth))
}

/// The exact metrics of a cell in a few words.
pub(super) fn exact(pair: &Pair) -> String {
    let count = |change| pair.metrics.iter().filter(|metric| metric.change == change).count();
    let told = [(Change::Changed, "changed"), (Change::Unknown, "in one run only"), (Change::Equal, "equal")]
        .map(|(change, word)| (count(change) > 0).then(|| format!("{} {word}", count(change))));
    let barred = pair.metrics.iter().filter(|metric| metric.incomparable.is_some()).count();
    let barred = (barred > 0).then(|| format!("{barred} of them not comparable"));
    let told: Vec<String> = told.into_iter().flatten().chain(barred).collect();
    if told.is_empty() { "nothing counted".into() } else { told.join(", ") }
}

/// The verdict on a time, or why there is none.
pub(super) fn time(time: &Time) -> String {
    match time {
        Time::Unjudged { reason, timed: false } => reason.clone(),
        Time::Unjudged { reason, timed: true } => format!("not judged: {reason}"),
        Time::Judged(found) => {
            let range = |lo, hi| format!("({} to {})", format::sig3(lo), format::sig3(hi));
            match found.verdict {
                "slower" => format!("{} times slower {}", format::sig3(found.ratio), range(found.lo, found.hi)),
                "faster" => {
                    format!(
                        "{} times faster {}",
                        format::sig3(1.0 / found.ratio),
                        range(1.0 / found.hi, 1.0 / found.lo)
                    )
                }
                "tied" => format!("tied {}", range(found.lo, found.hi)),
                _ => format!("inconclusive {}", range(found.lo, found.hi)),
            }
        }
    }
}

/// Whether a time was judged, and what to.
pub(super) fn is(pair: &Pair, verdict: &str) -> bool {
    matches!(&pair.time, Time::Judged(found) if found.verdict == verdict)
}

/// Times that were taken in both runs and yet could not be judged.
pub(super) fn is_open(pair: &Pair) -> bool {
    matches!(pair.time, Time::Unjudged { timed: true, .. })
}

/// `1 cell`, `12 cells`.
pub(super) fn many(n: usize, what: &str) -> String {
    format::many(n as u64, what)
}

/// All of it in a line.
pub(super) fn summary(compared: &Compared) -> String {
    let cells = &compared.cells;
    let metrics = || cells.iter().flat_map(|pair| &pair.metrics);
    let count = |change| metrics().filter(|metric| metric.change == change).count();
    let gaps = cells.iter().filter(|pair| pair.gap().is_some()).count();
    let mut parts = vec![many(cells.len() - gaps, "cell") + " compared"];
    let (changed, equal) = (count(Change::Changed), count(Change::Equal));
    let touched = cells.iter().filter(|pair| pair.changed().next().is_some()).count();
    parts.push(match changed {
        0 => format!("all {} equal", many(equal, "exact metric")),
        _ => {
            let barred = metrics().filter(|m| m.change == Change::Changed && m.incomparable.is_some()).count();
            let barred = if barred > 0 { format!(" ({barred} of them not comparable)") } else { String::new() };
            format!("{} changed in {}{barred}, {equal} equal", many(changed, "exact metric"), many(touched, "cell"))
        }
    });
    let verdicts = ["slower", "faster", "tied", "inconclusive"].map(|verdict| {
        let n = cells.iter().filter(|pair| is(pair, verdict)).count();
        (n > 0).then(|| format!("{n} {verdict}"))
    });
    let verdicts: Vec<String> = verdicts.into_iter().flatten().collect();
    parts.push(match verdicts.is_empty() {
        true => "no verdict on times".to_owned(),
        false => format!("times (advice only): {}", verdicts.join(", ")),
    });
    if gaps > 0 {
        parts.push(format!("{} not comparable", many(gaps, "cell")));
    }
    parts.join("; ") + "."
}

/// What the gate says, in a line.
pub(super) fn gate(judgement: &Judgement) -> String {
    let Judgement { gated, failures, allowed, ungated, .. } = judgement;
    let mut text = match (judgement.is_empty(), failures.is_empty()) {
        (true, _) if *gated == 0 => "gate: nothing could be gated, which is no pass".to_owned(),
        (true, _) => {
            format!(
                "gate: too little could be gated, {gated} of at least {} exact metrics, which is no pass",
                judgement.least
            )
        }
        (_, true) => format!("gate: passed, {} looked at", many(*gated, "exact metric")),
        (_, false) => {
            format!("gate: FAILED: {}; {} looked at", many(failures.len(), "change"), many(*gated, "exact metric"))
        }
    };
    if !allowed.is_empty() {
        text += &format!("; {} allowed", many(allowed.len(), "change"));
    }
    if !ungated.is_empty() {
        text += &format!("; {} not gated", ungated.len());
    }
    text + "."
}

/// What is not gated, each reason once: which metrics, of how many cells, and the reason.
pub(super) fn ungated(judgement: &Judgement) -> Vec<String> {
    let mut reasons: Vec<(&str, Vec<&Ungated>)> = Vec::new();
    for one in &judgement.ungated {
        match reasons.iter_mut().find(|(reason, _)| *reason == one.reason) {
            Some((_, all)) => all.push(one),
            None => reasons.push((&one.reason, vec![one])),
        }
    }
    let told = reasons.into_iter().map(|(reason, all)| {
        let names: BTreeSet<MetricName> = all.iter().map(|one| one.metric).collect();
        let names: Vec<&str> = names.into_iter().map(MetricName::name).collect();
        let cells: BTreeSet<&str> = all.iter().map(|one| one.cell.as_str()).collect();
        let (metrics, cells) = (many(all.len(), "metric"), many(cells.len(), "cell"));
        format!("{metrics} of {cells} ({}): {reason}", names.join(", "))
    });
    told.collect()
}
