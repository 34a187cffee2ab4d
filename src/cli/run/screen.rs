//! What `shelfmark run` shows while it goes on: a line of progress, and a table for each contest that has ended.

use super::super::flags::spinner;
use indicatif::ProgressBar;
use shelfmark::report::terminal;
use shelfmark::results::{Results, Status};
use shelfmark::run::Outcome;
use shelfmark::run::plan::Contest;
use std::io::Write;
use std::path::Path;

/// How to read the tables.
const LEGEND: &str = "\
Each is compared with the fastest: ± and brackets are 95 % intervals, behind a verdict of how many times the time it
takes. Slower: all of its interval is more than 2 % beyond 1; tied: all of it is within 5 % of 1; not told apart: neither,
even where it lies beyond 1 by less. The reference is the fastest of what the machine does with the same bytes. The null
twin is a format written a second time: how far identical things seem apart here. A bound is a format's bytes read by
shelfmark past the library (read=direct): what they would allow, not ranked with what a library delivers.";

/// The terminal.
pub(super) struct Screen {
    spinner: ProgressBar,
    quiet: bool,
    contests: usize,
    ended: usize,
    /// What was said last where there is no spinner.
    told: String,
}

/// The ending of a plural.
fn s(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}

impl Screen {
    pub(super) fn new(quiet: bool) -> Self {
        Self { spinner: spinner("starting"), quiet, contests: 0, ended: 0, told: String::new() }
    }

    pub(super) fn planned(&mut self, contests: &[Contest]) {
        let cells: usize = contests.iter().map(|contest| contest.entries.len()).sum();
        self.contests = contests.len();
        self.tell(&format!("{} contest{} of {cells} cell{}", contests.len(), s(contests.len()), s(cells)), "");
    }

    pub(super) fn preparing(&mut self, what: &str) {
        self.spinner.set_message(format!("preparing: {what}"));
    }

    pub(super) fn block(&mut self, contest: &Contest, launch: u32, of: u32) {
        let what = format!("contest {} of {}: {}", self.ended + 1, self.contests, contest.title());
        let launches = if of == 0 { ", counting".to_owned() } else { format!(", launch {launch} of {of}") };
        self.tell(&what, &launches);
    }

    /// On a terminal all of it, always anew; elsewhere a line where `what` is another than before.
    fn tell(&mut self, what: &str, more: &str) {
        self.spinner.set_message(format!("{what}{more}"));
        if self.spinner.is_hidden() && !self.quiet && self.told != what {
            tell!("{what}");
            what.clone_into(&mut self.told);
        }
    }

    pub(super) fn held(&mut self, contest: &Contest, outcome: &Outcome) {
        self.ended += 1;
        if self.quiet {
            return;
        }
        let text = terminal::contest(&contest.title(), &outcome.cells, &outcome.comparisons, &outcome.null_control);
        self.spinner.suspend(|| {
            // A closed pipe is the reader's decision; the results are saved all the same.
            let _ = writeln!(std::io::stdout(), "{text}");
        });
    }

    pub(super) fn clear(&mut self) {
        self.spinner.finish_and_clear();
    }

    pub(super) fn end(&mut self, results: &Results, page: &Path) -> std::io::Result<()> {
        let mut out = std::io::stdout();
        write!(out, "{}", terminal::unsupported(results))?;
        if !results.run.complete {
            let any = results.cells.iter().any(|cell| cell.estimate.is_some());
            let left = if any {
                "there are estimates, but no verdicts from where it stopped on"
            } else {
                "nothing was measured yet"
            };
            writeln!(out, "The run was cut short: {left}.")?;
        }
        if !results.comparisons.is_empty() {
            writeln!(out, "{LEGEND}")?;
        } else if results.cells.iter().any(|cell| cell.status == Status::Ok && cell.counters.is_some())
            && results.cells.iter().all(|cell| cell.estimate.is_none())
        {
            writeln!(
                out,
                "Counted, not timed: calls, bytes and files are in the results; `shelfmark compare` sets two such runs side by side."
            )?;
        } else if results.cells.iter().all(|cell| cell.estimate.is_none()) && results.run.complete {
            writeln!(out, "Nothing could be measured; the reasons stand above.")?;
        }
        let open = results.comparisons.iter().filter(|comparison| comparison.verdict == "inconclusive").count();
        if open > 0 {
            let of = results.comparisons.len();
            let hint = match results.run.profile.as_str() {
                "quick" => "--profile standard, or more seconds with --budget, tell more apart",
                _ => "more seconds with --budget tell more apart; so does a quieter machine (shelfmark env)",
            };
            writeln!(out, "{open} of {of} comparisons were not told apart: {hint}.")?;
        }
        writeln!(out, "report: {}", page.display())
    }
}
