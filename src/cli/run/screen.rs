//! What `shelfmark run` shows while it goes on: a line of progress, and a table for each contest that has ended.

use super::super::flags::spinner;
use indicatif::ProgressBar;
use shelfmark::report::terminal;
use shelfmark::results::Results;
use shelfmark::run::Outcome;
use shelfmark::run::plan::Contest;
use std::io::Write;
use std::path::Path;

/// The terminal.
pub(super) struct Screen {
    spinner: ProgressBar,
    quiet: bool,
}

impl Screen {
    pub(super) fn new(quiet: bool) -> Self {
        Self { spinner: spinner("starting"), quiet }
    }

    pub(super) fn planned(&mut self, contests: &[Contest]) {
        let cells: usize = contests.iter().map(|contest| contest.entries.len()).sum();
        self.spinner.set_message(format!("{} contests of {cells} cells", contests.len()));
    }

    pub(super) fn preparing(&mut self, what: &str) {
        self.spinner.set_message(format!("preparing: {what}"));
    }

    pub(super) fn block(&mut self, contest: &Contest, launch: u32, of: u32) {
        self.spinner.set_message(format!("{}, launch {launch} of {of}", contest.title()));
    }

    pub(super) fn held(&mut self, contest: &Contest, outcome: &Outcome) {
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
        if !results.run.complete {
            writeln!(out, "The run was cut short: there are estimates, but no verdicts from where it stopped on.")?;
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
