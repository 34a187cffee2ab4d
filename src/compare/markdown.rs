//! The comparison as a comment on GitHub: what matters first, the rest folded.

use super::{ADVICE, Compared, Judgement, Metric, Pair, words};
use crate::report::clean;
use crate::report::markdown::escape;
use std::fmt::Write as _;

/// The comparison, and what a gate says to it, as Markdown with GitHub's tables.
pub fn markdown(compared: &Compared, judgement: Option<&Judgement>) -> String {
    let mut out = format!("**shelfmark compare:** {}\n\n", prose(&words::summary(compared)));
    if let Some(judgement) = judgement {
        gate(&mut out, judgement);
    }
    changed(&mut out, compared, judgement);
    times(&mut out, compared);
    let _ = write!(out, "<details><summary>Everything else</summary>\n\n");
    for (side, which) in [(&compared.base, "Base"), (&compared.head, "Head")] {
        let _ = writeln!(out, "- {which}: {}", prose(&side.words()));
    }
    for note in &compared.notes {
        let _ = writeln!(out, "- {}", prose(note));
    }
    out.push('\n');
    gaps(&mut out, compared);
    if let Some(judgement) = judgement {
        allowed(&mut out, judgement);
    }
    rest(&mut out, compared);
    out + "</details>\n"
}

fn gate(out: &mut String, judgement: &Judgement) {
    let _ = writeln!(out, "**{}**\n", prose(&words::gate(judgement)));
    if !judgement.failures.is_empty() {
        out.push_str("| cell | counter | what |\n|:--|:--|:--|\n");
        for failure in &judgement.failures {
            let _ = writeln!(out, "| {} | {} | {} |", code(&failure.cell), failure.metric.name(), prose(&failure.what));
        }
        out.push('\n');
    }
}

/// What changed; not again where the gate said so.
fn changed(out: &mut String, compared: &Compared, judgement: Option<&Judgement>) {
    let failures = judgement.map_or(&[][..], |judgement| &judgement.failures);
    let failed = |pair: &Pair, metric: &Metric| {
        failures.iter().any(|failure| failure.cell == pair.id && failure.metric == metric.name)
    };
    let all = || {
        let each = compared.cells.iter().flat_map(|pair| pair.changed().map(move |metric| (pair, metric)));
        each.filter(|(pair, metric)| !failed(pair, metric))
    };
    if all().next().is_none() {
        return;
    }
    let other = if failures.is_empty() { "Exact" } else { "Other exact" };
    let _ = write!(out, "### {other} metrics that changed\n\n| cell | metric | base → head |\n|:--|:--|:--|\n");
    for (pair, metric) in all() {
        let _ =
            writeln!(out, "| {} | {} | {} |", code(&pair.id), metric.name.name(), prose(&said(metric, &pair.workload)));
    }
    out.push('\n');
}

/// A change, with what stands in the way of comparing it.
fn said(metric: &Metric, workload: &str) -> String {
    let why = metric.incomparable.as_ref().map_or(String::new(), |why| format!("; not comparable: {why}"));
    words::change(metric, workload) + &why
}

/// Verdicts that say something: a tie is none of them.
fn times(out: &mut String, compared: &Compared) {
    let told = |pair: &&Pair| ["slower", "faster", "inconclusive"].iter().any(|verdict| words::is(pair, verdict));
    if !compared.cells.iter().any(|pair| told(&pair)) {
        return;
    }
    let _ = writeln!(out, "### Times that are no tie\n\n{ADVICE}\n\n| cell | head against base |\n|:--|:--|");
    for verdict in ["slower", "faster", "inconclusive"] {
        for pair in compared.cells.iter().filter(|pair| words::is(pair, verdict)) {
            let _ = writeln!(out, "| {} | {} |", code(&pair.id), prose(&words::time(&pair.time)));
        }
    }
    out.push('\n');
}

fn gaps(out: &mut String, compared: &Compared) {
    let all: Vec<(&Pair, String)> = compared.cells.iter().filter_map(|pair| Some((pair, pair.gap()?))).collect();
    if all.is_empty() {
        return;
    }
    out.push_str("#### Not comparable\n\n| cell | how it ended |\n|:--|:--|\n");
    for (pair, gap) in all {
        let _ = writeln!(out, "| {} | {} |", code(&pair.id), prose(&gap));
    }
    out.push('\n');
}

fn allowed(out: &mut String, judgement: &Judgement) {
    if !judgement.allowed.is_empty() {
        out.push_str("#### Changes that the gate allows\n\n| cell | counter | what | why |\n|:--|:--|:--|:--|\n");
        for one in &judgement.allowed {
            let until = one.expires.as_ref().map_or(String::new(), |day| format!(" (until {day})"));
            let _ = writeln!(
                out,
                "| {} | {} | {} | {}{until} |",
                code(&one.cell),
                one.metric.name(),
                prose(&one.what),
                prose(&one.reason)
            );
        }
        out.push('\n');
    }
    let lines = words::ungated(judgement).into_iter().map(|line| format!("Not gated: {line}"));
    for line in lines.chain(judgement.idle.iter().cloned()) {
        let _ = writeln!(out, "- {}", prose(&line));
    }
    out.push('\n');
}

/// Every cell that was compared.
fn rest(out: &mut String, compared: &Compared) {
    out.push_str("#### All cells\n\n| cell | exact metrics | time (advice) |\n|:--|:--|:--|\n");
    for pair in compared.cells.iter().filter(|pair| pair.gap().is_none()) {
        let exact = words::exact(pair);
        let _ = writeln!(out, "| {} | {} | {} |", code(&pair.id), prose(&exact), prose(&words::time(&pair.time)));
    }
    out.push('\n');
}

/// Running text: shown as it is, and no call to anybody (`@name`).
fn prose(text: &str) -> String {
    escape(text).replace('@', "@\u{200B}")
}

/// A name as a code span, in which nothing means anything; behind a fence longer than any within it.
fn code(name: &str) -> String {
    let name = clean(name).replace('|', "\\|");
    let longest = name.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let pad = if name.starts_with('`') || name.ends_with('`') || name.is_empty() { " " } else { "" };
    format!("{fence}{pad}{name}{pad}{fence}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_get_out_of_their_code() {
        assert_eq!(code("dir:png"), "`dir:png`");
        assert_eq!(code("a`<b>`|@x\n"), "``a`<b>`\\|@x ``");
        assert_eq!(code("`"), "`` ` ``");
        assert_eq!(prose("<img> @all a|b"), "&lt;img&gt; @\u{200B}all a\\|b");
    }
}
