//! One contest as a table for a terminal, in the spirit of hyperfine: speeds with their intervals, and each against the
//! best in words.

use super::format;
use super::model::unit;
use crate::results::{Cell, CellKind, Comparison, NullControl};
use crate::workload::nothing;
use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::fmt::Write;

/// The table of `cells`, which took turns, and of what follows from these.
pub fn contest(title: &str, cells: &[Cell], comparisons: &[Comparison], twins: &[NullControl]) -> String {
    let mut rows: Vec<&Cell> = cells.iter().filter(|cell| cell.format != nothing::NAME).collect();
    let rank = |kind| match kind {
        CellKind::Format | CellKind::Peer => 0,
        CellKind::Reference => 1,
        CellKind::Null => 2,
    };
    // Rates are above zero, and positive floating-point numbers are ordered as their bits are.
    rows.sort_by_key(|cell| (rank(cell.kind), Reverse(cell.estimate.as_ref().map_or(0, |e| e.images_per_s.to_bits()))));
    let width = rows.iter().map(|cell| name(cell).chars().count()).max().unwrap_or(0);
    let mut text = format!("{title}{}\n", size(cells));
    for cell in rows {
        let (name, speed, note) = (name(cell), speed(cell), note(cell, comparisons));
        let line = format!("  {name:width$}  {speed}{note}");
        let _ = writeln!(text, "{}", line.trim_end());
    }
    for twin in twins {
        let _ = writeln!(
            text,
            "  the same format written twice: {} ({:.2} to {:.2}), {}",
            format::times(twin.ratio),
            twin.lo,
            twin.hi,
            twin_in_words(&twin.verdict)
        );
    }
    if let Some((ns, share)) = harness(cells) {
        let share = share.map_or(String::new(), |share| format!(", {} of the fastest", format::percent(share)));
        let _ = writeln!(text, "  the harness itself: {} an operation{share}", format::seconds(ns * 1e-9));
    }
    text
}

fn size(cells: &[Cell]) -> String {
    let most = cells.iter().filter_map(|cell| cell.estimate.as_ref()).max_by_key(|estimate| estimate.blocks);
    most.map_or(String::new(), |e| format!("; {} launches, {} blocks in all", e.launches, e.blocks))
}

fn name(cell: &Cell) -> String {
    match cell.kind {
        CellKind::Format | CellKind::Peer => cell.format.clone(),
        CellKind::Reference => format!("reference {}", cell.format),
        CellKind::Null => format!("{} again", cell.format),
    }
}

fn speed(cell: &Cell) -> String {
    let Some(estimate) = &cell.estimate else { return String::new() };
    let half = (estimate.hi - estimate.lo) / 2.0 / estimate.images_per_s;
    let rate = format!("{} {}", format::rate(estimate.images_per_s), unit(&cell.workload));
    format!("{rate:>18} ± {:>6}", format::percent(half))
}

fn note(cell: &Cell, comparisons: &[Comparison]) -> String {
    let Some(estimate) = &cell.estimate else {
        let word = super::model::outcome(cell);
        return format!("{word}: {}", super::model::reason(cell));
    };
    let share = estimate.share_of_reference.map(|share| format!("{} of the reference", format::percent(share)));
    let unranked =
        cell.reason.as_ref().filter(|_| !comparisons.iter().any(|c| c.best == cell.id || c.other == cell.id));
    if let Some(reason) = unranked {
        return format!("   {reason}");
    }
    let verdict = if comparisons.iter().any(|comparison| comparison.best == cell.id) {
        let bests: BTreeSet<&str> = comparisons.iter().map(|comparison| comparison.best.as_str()).collect();
        Some(if bests.len() > 1 { fastest_of(cell) } else { "fastest" }.to_owned())
    } else {
        comparisons.iter().find(|comparison| comparison.other == cell.id).map(in_words)
    };
    format!("   {:44} {}", verdict.unwrap_or_default(), share.unwrap_or_default())
}

/// Stores of many files are ranked apart where it matters that evicting them leaves their names in memory.
fn fastest_of(cell: &Cell) -> &'static str {
    let many = cell.storage.as_ref().is_some_and(|storage| storage.files > cell.images);
    if many { "fastest of those of many files" } else { "fastest of single files" }
}

/// A verdict about the other in a comparison.
fn in_words(comparison: &Comparison) -> String {
    let Comparison { ratio, lo, hi, .. } = comparison;
    let range = format!("({} to {})", format::sig3(*lo), format::sig3(*hi));
    match comparison.verdict.as_str() {
        "tied" => format!("tied {range}"),
        "inconclusive" => format!("not told apart {range}"),
        _ => format!("{} slower {range}", format::times(*ratio)),
    }
}

fn twin_in_words(verdict: &str) -> &str {
    match verdict {
        "tied" => "as it should be",
        "inconclusive" => "which is the noise here",
        _ => "though both do the same: two stores of one format differ by that much here",
    }
}

/// What an operation of the null store takes, in nanoseconds, and its share of the fastest format's, for workloads
/// measured in batches.
fn harness(cells: &[Cell]) -> Option<(f64, Option<f64>)> {
    let rate = |cell: &Cell| cell.estimate.as_ref().map(|estimate| estimate.images_per_s);
    let null = cells.iter().find(|cell| cell.format == nothing::NAME)?;
    let fastest = cells.iter().filter(|cell| cell.kind == CellKind::Format).filter_map(rate).reduce(f64::max);
    let share = fastest.filter(|_| null.batch > 1).map(|fastest| Some(fastest / rate(null)?)).unwrap_or_default();
    Some((1e9 * null.batch as f64 / rate(null)?, share))
}
