//! What `shelfmark run` shows while it goes on: a line of progress, and a table for each contest that has ended.

use super::super::flags::spinner;
use indicatif::ProgressBar;
use shelfmark::results::{Cell, CellKind, Results, Status};
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
        let mut text = format!("{}\n", contest.title());
        let mut cells: Vec<&Cell> = outcome.cells.iter().collect();
        let rate = |cell: &Cell| cell.estimate.as_ref().map_or(0.0, |estimate| estimate.images_per_s);
        cells.sort_by(|a, b| (a.kind, rate(b)).partial_cmp(&(b.kind, rate(a))).unwrap_or(std::cmp::Ordering::Equal));
        for cell in cells {
            text += &line(cell);
        }
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
            writeln!(out, "The run was cut short: there are estimates, and no verdicts where it stopped.")?;
        }
        writeln!(out, "report: {}", page.display())
    }
}

fn line(cell: &Cell) -> String {
    let role = match cell.kind {
        CellKind::Format => "",
        CellKind::Reference => " (reference)",
        CellKind::Null => " (null twin)",
        CellKind::Peer => " (peer)",
    };
    let name = format!("{}{role}", cell.format);
    match (&cell.estimate, cell.status) {
        (Some(estimate), Status::Ok) => {
            format!("  {name:34} {:>14.0} /s  [{:.0}, {:.0}]\n", estimate.images_per_s, estimate.lo, estimate.hi)
        }
        _ => format!("  {name:34} {:?}: {}\n", cell.status, cell.reason.as_deref().unwrap_or("no estimate")),
    }
}
