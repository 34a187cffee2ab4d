//! Questions of the reader with their answers.

use super::{noise, verdict};
use crate::report::format;
use crate::report::model::{Column, Group, interleaved, point};
use crate::report::pick::{Pick, fastest, smallest, too_few_samples};
use crate::report::rankings::{Ranking, rankings};
use crate::results::CellKind;

/// A question of the reader with its answer.
pub(in crate::report) struct Answer {
    /// What is asked.
    pub question: &'static str,
    /// The answer in a few words.
    pub short: String,
    /// What belongs to it.
    pub rest: String,
}

/// Questions of the reader with their answers.
pub(in crate::report) fn answers(group: &Group<'_>) -> Vec<Answer> {
    let asked = [
        ("For training reads (a shuffled epoch)", "epoch"),
        ("For single reads", "read_one"),
        ("For ingest (writing a store in batches)", "write_batch"),
    ];
    // Not measured unless asked for: nothing is said of those that were not.
    let more = [
        ("For growing a store (adding 1 % more images)", "append"),
        ("For thinning a store out (removing 1 % of its images)", "delete"),
    ];
    // Parts of the first three, which answer where none of these was measured.
    let parts = [
        ("For reads in the store's order (scan)", "scan"),
        ("For reads of consecutive images", "read_batch"),
        ("For opening a store", "open"),
        ("For writing a store of one image", "write_one"),
    ];
    let measured = |list: &[(&'static str, &'static str)]| -> Vec<(&'static str, &'static str)> {
        list.iter().copied().filter(|(_, workload)| group.column(workload).is_some()).collect()
    };
    let (mut asked, main) = (asked.to_vec(), measured(&asked).len());
    asked.extend(measured(&more));
    if main == 0 {
        asked.extend(measured(&parts));
    }
    let nothing = || match too_few_samples(group) {
        true => ("Not said".to_owned(), "by a quick run: it has too few samples to name one.".to_owned()),
        false => ("Not measured".to_owned(), "in these results.".to_owned()),
    };
    let run = interleaved(group.results);
    let mut all = Vec::new();
    for (question, workload) in asked {
        let found = match (run, group.column(workload)) {
            (true, Some(column)) => Some(judged(group, column)),
            // A run has several groups: what is missing in one is in another.
            (true, None) => continue,
            (false, column) => column.and_then(|column| fastest(group, column)).map(|pick| speed(&pick)),
        };
        let (short, rest) = found.unwrap_or_else(nothing);
        all.push(Answer { question, short, rest });
    }
    let (short, rest) = space(group).unwrap_or_else(nothing);
    all.push(Answer { question: "For archive (allocated bytes)", short, rest });
    let floor = noise::floor(group);
    all.extend(floor.map(|(short, rest)| Answer { question: "Noise floor of this run", short, rest }));
    all
}

/// The answer of an interleaved run: what its verdicts say.
fn judged(group: &Group<'_>, column: &Column<'_>) -> (String, String) {
    let rankings = match rankings(group, column) {
        Ok(rankings) => rankings,
        Err(why) => return ("Not said".to_owned(), format!("({why}). The estimates are under “All speeds”.")),
    };
    let mut told = rankings.iter().map(|ranking| {
        let behind = (ranking.best.kind == CellKind::Peer).then(|| behind_a_peer(group, ranking, column)).flatten();
        let (short, rest) = behind.unwrap_or_else(|| ranked(ranking, column));
        match ranking.among {
            "" => (short, rest),
            among => (format!("Fastest{among}: {short}"), rest),
        }
    });
    let (short, mut rest) = told.next().unwrap_or_default();
    for (short, more) in told {
        rest += &format!(" {short} {more}");
    }
    (short, rest)
}

fn ranked(ranking: &Ranking<'_, '_>, column: &Column<'_>) -> (String, String) {
    let unit = column.unit();
    let Some(point) = point(ranking.best_cell) else { return Default::default() };
    let best = &ranking.best.label;
    let speed = format!("{best} with {} {unit}", format::rate(point.rate));
    let names = |verdict| {
        let names: Vec<&str> = ranking.with(verdict).map(|(row, _)| row.label.as_str()).collect();
        format::some(names.into_iter(), "; ")
    };
    let all_tied = ranking.others.iter().all(|(_, comparison)| comparison.verdict == "tied");
    let short = match ranking.is_clear() {
        true => speed,
        false if all_tied => format!("{speed}, tied with {}", names("tied")),
        false => format!("No winner; highest estimate: {speed}"),
    };
    let mut text = match point.interval {
        Some(_) => format!("(95 % interval {}), ", format::interval(point.interval, unit)),
        None => String::new(),
    };
    text += &format!("{} per image, at {}.", format::micros(1e6 / point.rate), format::images(column.images));
    for (found, said) in [("tied", "Tied with it"), ("inconclusive", "Not told apart from it")] {
        let names = names(found);
        if !names.is_empty() && !all_tied {
            text += &format!(" {said}: {names}.");
        }
    }
    let slower: Vec<_> = ranking.with("slower").collect();
    if let Some((row, comparison)) = slower.first() {
        text += &format!(" Next: {}, {}.", row.label, verdict(comparison));
    }
    if let [_, .., (row, comparison)] = slower[..] {
        text += &format!(" Slowest: {}, {}.", row.label, verdict(comparison));
    }
    (short, text)
}

/// The answer where a program in Python is the best: a program is no format to choose. None where no format was compared.
fn behind_a_peer(group: &Group<'_>, ranking: &Ranking<'_, '_>, column: &Column<'_>) -> Option<(String, String)> {
    let unit = column.unit();
    let mut formats = ranking.others.iter().filter(|(row, _)| row.kind == CellKind::Format);
    let (best, comparison) = formats.next()?;
    let point = group.point(best, column, column.images)?;
    let short = format!("{} with {} {unit}", best.label, format::rate(point.rate));
    let mut text = match point.interval {
        Some(_) => format!("(95 % interval {}), ", format::interval(point.interval, unit)),
        None => String::new(),
    };
    text += &format!("{} per image, at {}.", format::micros(1e6 / point.rate), format::images(column.images));
    text += &format!(" Against {}, which is a program and no format: {}.", ranking.best.label, verdict(comparison));
    if let Some((next, other)) = formats.next() {
        let ratio = format::sig3(other.ratio / comparison.ratio);
        text += &format!(" The next format, {}, takes {ratio} times as long by their estimates.", next.label);
    }
    Some((short, text))
}

fn speed(pick: &Pick<'_, '_>) -> (String, String) {
    let unit = pick.column.unit();
    let (row, point) = pick.best;
    let short = format!("{} with {} {unit}", row.label, format::rate(point.rate));
    let mut text = String::new();
    if point.interval.is_some() {
        text += &format!("(95 % interval {}), ", format::interval(point.interval, unit));
    }
    text += &format!("{} per image, at {}.", format::micros(1e6 / point.rate), format::images(pick.column.images));
    let Some((slow_row, slow)) = pick.slowest else { return (short, text + " No other format gave a number.") };
    if pick.together.is_empty() {
        text += " The others are told apart from it.";
    } else {
        let names = format::some(pick.together.iter().map(|row| row.label.as_str()), "; ");
        text += &format!(" Not told apart from it: {names} (which does not prove them equal).");
    }
    if !pick.together.iter().any(|row| row.format == slow_row.format) {
        let (rate, ratio) = (format::rate(slow.rate), format::times(point.rate / slow.rate));
        text += &format!(" Slowest: {} with {rate} {unit}; the fastest does {ratio} as many.", slow_row.label);
    }
    (short, text)
}

fn space(group: &Group<'_>) -> Option<(String, String)> {
    let told = |lossy| {
        let (rows, least) = smallest(group, lossy)?;
        let names: Vec<&str> = rows.iter().map(|row| row.label.as_str()).collect();
        let each = if rows.len() > 1 { ", each" } else { "" };
        let names = format::some(names.into_iter(), "; ");
        Some((format!("{names}{each} with {} per image", format::bytes_each(least)), least))
    };
    let (exact, lossy) = (told(false), told(true));
    let raw = group.raw_bytes_each().filter(|raw| *raw > 0.0);
    let share =
        |least: f64| raw.map_or(String::new(), |raw| format!("({} of the raw pixels).", format::percent(least / raw)));
    match (exact, lossy) {
        (Some((short, least)), Some((smaller, most))) if most < least => Some((
            short,
            format!("{} Smaller, with other pixels than went in: {smaller} {}", share(least), share(most)),
        )),
        (Some((short, least)), _) | (None, Some((short, least))) => Some((short, share(least))),
        (None, None) => None,
    }
}
