//! Warnings at the top of the page.

use super::cells;
use crate::report::model::{interleaved, outcome, point};
use crate::results::Results;
use crate::run::{COUNTED, HOST_CACHE};

/// A warning at the top of the page.
pub(in crate::report) struct Banner {
    /// Something went wrong, rather than: mind this.
    pub bad: bool,
    /// The warning.
    pub text: String,
}

/// A load average above this is not the run's own, which keeps at most one processor busy.
const BUSY_LOAD: f64 = 2.0;

/// The warnings that results call for.
pub(in crate::report) fn banners(results: &[Results]) -> Vec<Banner> {
    let mut all = Vec::new();
    let mut warn = |bad, text| all.push(Banner { bad, text });
    if results.is_empty() {
        warn(true, "There are no results: nothing was measured.".to_owned());
    }
    for (nth, result) in results.iter().enumerate() {
        let run = if results.len() > 1 { format!("Run {}: ", nth + 1) } else { String::new() };
        let count = |word| result.cells.iter().filter(|c| outcome(c) == word).count();
        match (count("failed"), count("timeout")) {
            (0, 0) => {}
            (failed, 0) => warn(true, format!("{run}{} failed: see “Not measured” below.", cells(failed))),
            (0, late) => warn(true, format!("{run}{} did not end in time: see “Not measured” below.", cells(late))),
            (failed, late) => {
                warn(
                    true,
                    format!(
                        "{run}{} failed and {} did not end in time: see “Not measured” below.",
                        cells(failed),
                        cells(late)
                    ),
                );
            }
        }
        if !result.run.complete {
            let verdicts = if interleaved(result) { " Cut short: no verdict." } else { "" };
            warn(true, format!("{run}the run did not reach its end: what follows is only a part of it.{verdicts}"));
        }
        if !result.cells.iter().any(|c| point(c).is_some()) {
            match result.cells.iter().any(|cell| cell.reason.as_deref() == Some(COUNTED)) {
                true => warn(false, format!("{run}calls, bytes and files were counted; nothing was timed.")),
                false => warn(true, format!("{run}no cell gave a number that counts.")),
            }
        }
        let cached = result.cells.iter().filter(|cell| cell.reason.as_deref() == Some(HOST_CACHE)).count();
        if cached > 0 {
            warn(
                false,
                format!(
                    "{run}in {} cold reads grew faster as if the host of this virtual machine kept the data, so they are not \
                     ranked; it may have kept that of other cold contests from their beginning, which does not show.",
                    cells(cached)
                ),
            );
        }
        // Nothing that is merely counted minds company.
        let timed = result.cells.iter().any(|cell| point(cell).is_some());
        if let Some(load) = result.host.load.after.filter(|load| timed && *load >= BUSY_LOAD) {
            warn(
                true,
                format!(
                    "{run}other programs kept this machine busy: the load average was {load:.1} at the end, of which the \
                     run itself is about 1. Measure again when the machine is idle."
                ),
            );
        }
        if result.run.profile == "criterion-quick" {
            warn(
                false,
                format!("{run}this is a quick run of few samples: good for trying things out, not for conclusions."),
            );
        }
    }
    all
}
