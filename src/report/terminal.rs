//! One contest as a table for a terminal, in the spirit of hyperfine: speeds with their intervals, and each against the
//! best in words.

use super::entry::Standing;
use super::model::{gather, outcome, point, reason, unit};
use super::rankings::{FEW_FILES, MANY_FILES, is_of_many_files};
use super::row::{is_direct, is_left_out};
use super::{format, words};
use crate::results::{Cell, CellKind, Comparison, NullControl, Results, Status};
use crate::run::COUNTED;
use crate::run::peers::is_bridge;
use crate::workload::nothing;
use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::fmt::Write;

/// The table of `cells`, which took turns, and of what follows from these.
pub fn contest(title: &str, cells: &[Cell], comparisons: &[Comparison], twins: &[NullControl]) -> String {
    let mut rows: Vec<&Cell> = cells.iter().filter(|cell| cell.format != nothing::NAME).collect();
    let compared = |cell: &Cell| comparisons.iter().any(|c| c.best == cell.id || c.other == cell.id);
    let rank = |cell: &Cell| match cell.kind {
        _ if is_bridge(&cell.format) => 4,
        CellKind::Format if is_direct(&cell.format) && !compared(cell) => 1,
        CellKind::Format | CellKind::Peer => 0,
        CellKind::Reference => 2,
        CellKind::Null => 3,
    };
    // Rates are above zero, and positive floating-point numbers are ordered as their bits are.
    rows.sort_by_key(|cell| (rank(cell), Reverse(cell.estimate.as_ref().map_or(0, |e| e.images_per_s.to_bits()))));
    let (left_out, rows): (Vec<&Cell>, Vec<&Cell>) = rows.into_iter().partition(|cell| is_left_out(cell));
    let (unable, rows): (Vec<&Cell>, Vec<&Cell>) = rows.into_iter().partition(|cell| is_unsupported(cell));
    let unit = rows.first().map_or("", |cell| unit(&cell.workload));
    let heads = match rows.iter().any(|cell| reason(cell) == COUNTED) {
        true => ["", "", "", "counted, not timed", ""].map(str::to_owned),
        false => ["", unit, "", "against the fastest", "of the reference"].map(str::to_owned),
    };
    let lines: Vec<[String; 5]> =
        std::iter::once(heads).chain(rows.into_iter().map(|cell| line(cell, comparisons))).collect();
    let mut text = format!("{title}{}\n{}", size(cells), layout(&lines));
    for line in self::left_out(left_out.iter().map(|cell| (cell.format.as_str(), reason(cell)))) {
        text += &prose(&line);
    }
    if !unable.is_empty() {
        // A twin is called as its original.
        let names = gather(unable.iter().map(|cell| (cell.format.as_str(), ())));
        let names = format::some(names.into_iter().map(|(name, _)| name), ", ");
        text += &prose(&format!("unsupported: {names}; why stands below the last table"));
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

/// Who is left out and why: one line for all that give the same reason, in the order of the first of them.
pub fn left_out<'a>(who: impl Iterator<Item = (&'a str, String)>) -> Vec<String> {
    let by_reason = gather(who.map(|(name, reason)| (reason, name)));
    by_reason.into_iter().map(|(reason, names)| format!("left out: {}: {reason}", names.join(", "))).collect()
}

/// A format that cannot do what was asked for: in every contest anew, so that the reasons are told once for all of them.
fn is_unsupported(cell: &Cell) -> bool {
    cell.status == Status::Unsupported && !is_left_out(cell)
}

/// Why formats could not do what was asked for: each reason once, with those that it holds for.
pub fn unsupported(results: &Results) -> String {
    let cells = results.cells.iter().filter(|cell| is_unsupported(cell));
    let by_reason = gather(cells.map(|cell| (reason(cell), (cell.format.as_str(), cell.workload.as_str()))));
    let lines = by_reason.into_iter().map(|(reason, lacking)| {
        let alike = gather(gather(lacking).into_iter().map(|(name, mut workloads)| {
            // There is one for each state of the cache and number of threads.
            let mut seen = BTreeSet::new();
            workloads.retain(|workload| seen.insert(*workload));
            (workloads, name)
        }));
        let alike = alike
            .into_iter()
            .map(|(workloads, names)| format!("{} in {}", format::some(names.into_iter(), ", "), workloads.join(", ")));
        prose(&format!("unsupported: {}: {reason}", alike.collect::<Vec<_>>().join("; ")))
    });
    lines.collect()
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

/// Name, speed, its interval, what is said of it, its share of the reference's speed; without a number, name and reason.
fn line(cell: &Cell, comparisons: &[Comparison]) -> [String; 5] {
    let Some(point) = point(cell) else {
        let reason = reason(cell);
        if reason == COUNTED {
            return [name(cell), String::new(), String::new(), counted(cell), String::new()];
        }
        let why = if outcome(cell) == "ok" { reason } else { format!("{}: {reason}", outcome(cell)) };
        return [name(cell), String::new(), String::new(), why, String::new()];
    };
    let share = cell.estimate.as_ref().and_then(|estimate| estimate.share_of_reference);
    let share = share.map_or(String::new(), format::percent);
    [name(cell), format::rate(point.rate), words::spread(point), said(cell, comparisons), share]
}

/// What was counted of a cell of which nothing was timed: for each image, or store opened.
fn counted(cell: &Cell) -> String {
    let each = |total: Option<u64>, of: Option<u64>| Some(total? as f64 / of.filter(|n| *n > 0)? as f64);
    let counters = cell.counters.as_ref();
    let (kind, calls, bytes) = match cell.durability {
        None => ("read", counters.and_then(|c| c.read_calls), counters.and_then(|c| c.read_bytes)),
        Some(_) => ("write", counters.and_then(|c| c.write_calls), counters.and_then(|c| c.write_bytes)),
    };
    let of = counters.and_then(|c| if cell.workload == "open" { c.operations } else { c.images });
    let on_disk = cell.storage.as_ref().and_then(|storage| each(Some(storage.allocated_bytes), Some(cell.images)));
    let calls = each(calls, of).map_or(format::NONE.to_owned(), format::sig3);
    let show = |bytes: Option<f64>| bytes.map_or(format::NONE.to_owned(), format::bytes_each);
    let one = if cell.workload == "open" { "opening" } else { "image" };
    format!("{calls} {kind} calls and {} an {one}; {} an image on disk", show(each(bytes, of)), show(on_disk))
}

/// Lines in columns. Where no share follows, what is said may be longer than its column.
fn layout(lines: &[[String; 5]]) -> String {
    let length = |text: &String| text.chars().count();
    let [name, rate, spread, _, _] =
        std::array::from_fn(|nth| lines.iter().map(|line| length(&line[nth])).max().unwrap_or(0));
    let judged =
        lines.iter().filter(|[.., share]| !share.is_empty()).map(|[.., said, _]| length(said)).max().unwrap_or(0);
    let mut text = String::new();
    for [of, speed, interval, said, share] in lines {
        text += &match speed.is_empty() {
            true => prose(&format!("{of:name$}  {said}")),
            false => {
                let line = format!("  {of:name$}  {speed:>rate$}  {interval:spread$}  {said:judged$}  {share}");
                format!("{}\n", line.trim_end())
            }
        };
    }
    text
}

/// Columns of a terminal that a line may take.
const COLUMNS: usize = 120;

/// A line of running text, broken at spaces.
fn prose(text: &str) -> String {
    format::broken(text, COLUMNS - 4, &[' ']).iter().enumerate().fold(String::new(), |all, (nth, line)| {
        let indent = if nth == 0 { "  " } else { "    " };
        format!("{all}{indent}{line}\n")
    })
}

/// What is said of a cell that has a number.
fn said(cell: &Cell, comparisons: &[Comparison]) -> String {
    let unranked =
        cell.reason.as_ref().filter(|_| !comparisons.iter().any(|c| c.best == cell.id || c.other == cell.id));
    if let Some(reason) = unranked {
        return reason.clone();
    }
    let against: Vec<&str> =
        comparisons.iter().filter(|c| c.best == cell.id).map(|comparison| comparison.verdict.as_str()).collect();
    if !against.is_empty() {
        let bests: BTreeSet<&str> = comparisons.iter().map(|comparison| comparison.best.as_str()).collect();
        let among = if bests.len() > 1 { among(cell) } else { "" };
        let close = against.iter().filter(|verdict| **verdict != "slower").count();
        return words::standing(&match close < against.len() {
            true => Standing::Fastest(among, close),
            false => Standing::Highest(among),
        });
    }
    let compared = comparisons.iter().find(|comparison| comparison.other == cell.id).map(words::verdict);
    compared.or_else(|| unranked_because(cell, comparisons)).unwrap_or_default()
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
fn among(cell: &Cell) -> &'static str {
    if is_of_many_files(cell) { MANY_FILES } else { FEW_FILES }
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

#[cfg(test)]
mod tests {
    use super::super::run_fixture::run;
    use super::*;

    /// The warm contest of a workload, with its cells of a format as `change` makes them.
    fn warm(workload: &str, format: &str, change: impl Fn(&mut Cell)) -> String {
        let mut run = run();
        run.cells.retain(|cell| cell.workload == workload && cell.cache == "warm");
        run.comparisons.retain(|comparison| run.cells.iter().any(|cell| cell.id == comparison.best));
        run.cells.iter_mut().filter(|cell| cell.format == format).for_each(change);
        contest("1000 images", &run.cells, &run.comparisons, &run.null_control)
    }

    fn line<'t>(text: &'t str, name: &str) -> &'t str {
        let start = format!("  {name} ");
        text.lines().find(|line| line.starts_with(&start)).unwrap_or_else(|| panic!("{name} is not in {text}"))
    }

    #[test]
    fn a_line_says_the_same_as_the_page() {
        let text = warm("epoch", "", |_| {});
        assert!(
            line(&text, "lmdb:raw").ends_with("1.25 M  ± 9.0 %  fastest, with 2 tied or not told apart  31 %"),
            "{text}"
        );
        assert!(line(&text, "hdf5:raw").contains("111,000  ± 1.5 %  not told apart (10.1 to 12.3) "), "{text}");
        assert!(line(&text, "lmdb:bincode").contains("tied (0.909 to 1.11) "), "{text}");
        assert!(line(&text, "dir:png").contains("37.5 times slower (33.8 to 41.2) "), "{text}");
        assert!(
            text.contains("images/s           against the fastest                     of the reference\n"),
            "{text}"
        );
    }

    #[test]
    fn an_interval_wider_than_half_the_speed_is_told_by_its_ends() {
        let wide = |cell: &mut Cell| {
            let estimate = cell.estimate.as_mut().unwrap();
            (estimate.lo, estimate.hi) = (estimate.images_per_s / 4.0, estimate.images_per_s * 3.0);
        };
        let text = warm("epoch", "hdf5:raw", wide);
        assert!(line(&text, "hdf5:raw").contains("111,000  (27,800 to 333,000)  not told apart"), "{text}");
    }

    #[test]
    fn lines_fit_and_reasons_are_broken() {
        let reason = "needs numpy (No module named 'numpy'); ".repeat(5);
        let text = warm("epoch", "python:h5py-single", |cell| {
            (cell.status, cell.reason, cell.estimate) = (Status::Skipped, Some(reason.clone()), None);
        });
        assert!(text.contains("  left out: python:h5py-single: needs numpy"), "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= COLUMNS), "{text}");
        assert_eq!(text.matches("numpy (No").count(), 5);
        let failed = warm("epoch", "hdf5:raw", |cell| {
            (cell.status, cell.reason, cell.estimate) = (Status::Failed, Some("killed by SIGBUS".into()), None);
        });
        assert!(line(&failed, "hdf5:raw").ends_with("  failed: killed by SIGBUS"), "{failed}");
    }

    #[test]
    fn a_reason_that_holds_for_many_is_told_once() {
        let mut run = run();
        let unable = |cell: &mut Cell| {
            let whose = if cell.format == "hdf5:raw" { "hdf5:raw" } else { "synthetic:16x16x3" };
            cell.reason = Some(format!("{whose}: unsupported: its images are not kept in files"));
            (cell.status, cell.estimate) = (Status::Unsupported, None);
        };
        let chosen = |cell: &Cell| cell.kind == CellKind::Format && ["hdf5:raw", "dir:png"].contains(&&*cell.format);
        run.cells.iter_mut().filter(|cell| chosen(cell)).for_each(unable);
        let like = run.cells.iter().find(|cell| chosen(cell) && cell.workload == "epoch").unwrap().clone();
        run.cells.extend((0..9).map(|nth| Cell { format: format!("tar:{nth}"), ..like.clone() }));
        let told = unsupported(&run);
        let told = told.replace("\n    ", " ");
        assert_eq!(told.matches("not kept in files").count(), 1, "{told}");
        assert_eq!(told.matches("unsupported").count(), 1, "{told}");
        let some = "write_batch; tar:0, tar:1, tar:2, tar:3, tar:4, tar:5 and 3 others in epoch: its images";
        assert!(told.contains(some), "{told}");
        run.cells.retain(|cell| cell.workload == "epoch" && cell.cache == "warm");
        let text = contest("1000 images", &run.cells, &[], &[]);
        assert!(!text.contains("not kept in files") && text.contains(" 5 others; why stands below"), "{text}");
    }

    #[test]
    fn nobody_is_the_fastest_where_nobody_is_slower() {
        let text = warm("write_batch", "", |_| {});
        assert!(line(&text, "lmdb:raw").ends_with("highest estimate, but nobody is slower for certain"), "{text}");
    }
}
