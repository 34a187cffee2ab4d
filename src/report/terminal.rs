//! One contest as a table for a terminal, in the spirit of hyperfine: speeds with their intervals, and each against the
//! best in words.

use super::format;
use super::model::{gather, outcome, reason, unit};
use super::row::is_left_out;
use crate::results::{Cell, CellKind, Comparison, NullControl, Status};
use crate::run::peers::is_bridge;
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
    let rank = |cell: &Cell| if is_bridge(&cell.format) { 3 } else { rank(cell.kind) };
    // Rates are above zero, and positive floating-point numbers are ordered as their bits are.
    rows.sort_by_key(|cell| (rank(cell), Reverse(cell.estimate.as_ref().map_or(0, |e| e.images_per_s.to_bits()))));
    let width = rows.iter().map(|cell| name(cell).chars().count()).max().unwrap_or(0);
    let mut text = format!("{title}{}\n", size(cells));
    let (left_out, rows): (Vec<&Cell>, Vec<&Cell>) = rows.into_iter().partition(|cell| is_left_out(cell));
    for cell in rows {
        let (name, speed, note) = (name(cell), speed(cell), note(cell, comparisons));
        let line = format!("  {name:width$}  {speed}{note}");
        let _ = writeln!(text, "{}", line.trim_end());
    }
    for (reason, names) in gather(left_out.iter().map(|cell| (reason(cell), cell.format.as_str()))) {
        let _ = writeln!(text, "  left out: {}: {reason}", names.join(", "));
    }
    for twin in twins {
        let _ = writeln!(
            text,
            "  null twin: {} ({:.2} to {:.2}), {}",
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
        CellKind::Null => format!("{} (null twin)", cell.format),
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
        let why = reason(cell);
        return if cell.status == Status::Ok { why } else { format!("{}: {why}", outcome(cell)) };
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
        let compared = comparisons.iter().find(|comparison| comparison.other == cell.id).map(in_words);
        compared.or_else(|| unranked_because(cell, comparisons))
    };
    format!("   {:44} {}", verdict.unwrap_or_default(), share.unwrap_or_default())
}

/// Why a cell that has a number has no verdict.
fn unranked_because(cell: &Cell, comparisons: &[Comparison]) -> Option<String> {
    let reason = match cell.kind {
        CellKind::Peer if is_bridge(&cell.format) => "the format above, alone in a process like a peer's",
        CellKind::Reference | CellKind::Null => return None,
        _ if cell.durability.as_deref() == Some("none") => "not ranked: nothing waits for the device",
        _ if comparisons.is_empty() => "no verdict: nothing it was compared with",
        _ => "not ranked: alone among stores of many files",
    };
    Some(reason.into())
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
