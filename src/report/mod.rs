//! The report: results as one self-contained HTML page, as Markdown, and as charts in files of their own.
//! The same results give the same bytes.

mod charts;
mod entry;
#[cfg(test)]
pub(crate) mod fixture;
pub(crate) mod format;
mod html;
pub(crate) mod markdown;
mod model;
mod noise;
mod pick;
pub mod rank;
mod rankings;
mod row;
#[cfg(test)]
mod run_fixture;
mod snippets;
pub(crate) mod spreadsheet;
mod style;
pub mod table;
mod tables;
pub mod terminal;
mod words;

use crate::error::{Error, IoContext, Result};
use crate::history::Entry;
use crate::results::{Results, write_whole};
use std::path::{Path, PathBuf};

/// One self-contained HTML page from one or several results, with the trends of `history` where it has comparable runs. It
/// loads nothing from anywhere; runs are shown one after another, never pooled.
///
/// # Errors
/// [`Error::Io`] when a chart cannot be drawn; [`Error::Usage`] for more than [`MOST_CELLS`].
pub fn html(results: &[Results], history: &[Entry]) -> Result<String> {
    let cells: usize = results.iter().map(|results| results.cells.len()).sum();
    if cells > MOST_CELLS {
        return Err(Error::Usage(format!(
            "{cells} cells are too many for one page, which holds {MOST_CELLS}: choose some with --formats, --workloads or \
             --filter, or take all with `shelfmark export --to csv`"
        )));
    }
    html::page(results, history)
}

/// Text without what would move a terminal's cursor or turn the direction of writing.
pub(crate) fn clean(text: &str) -> String {
    html::clean(text)
}

/// The unit of a workload's rate.
pub(crate) fn unit(workload: &str) -> &'static str {
    model::unit(workload)
}

/// The same summary as Markdown with GitHub's tables.
pub fn markdown(results: &[Results]) -> String {
    markdown::page(results)
}

/// Cells that a page can hold and still be looked at: some ten megabytes.
pub const MOST_CELLS: usize = 5_000;

/// The file with the results that a page was made of.
pub const RESULTS_FILE: &str = "results.json";

/// Where [`set_aside`] puts what it finds.
pub const PREVIOUS: &str = "previous";

/// Moves an earlier report in `dir` into `previous` there, so that a run that comes to nothing destroys nothing. One in which
/// nothing was measured is not worth it; one that was cut short does not push out one that was not. Says what it did, if
/// anything, in words.
///
/// # Errors
/// [`crate::error::Error::Io`] when something cannot be moved.
pub fn set_aside(dir: &Path) -> Result<Option<String>> {
    let earlier = Results::read(&dir.join(RESULTS_FILE)).ok();
    let Some(earlier) = earlier.filter(|results| results.cells.iter().any(|cell| cell.estimate.is_some())) else {
        return Ok(None);
    };
    let previous = dir.join(PREVIOUS);
    let before = Results::read(&previous.join(RESULTS_FILE)).ok();
    if before.as_ref().is_some_and(|before| before.run.complete && !earlier.run.complete) {
        let (dir, previous) = (dir.display(), previous.display());
        return Ok(Some(format!(
            "the run in {dir}, which was cut short, gives way; the whole one in {previous} stays"
        )));
    }
    match std::fs::remove_dir_all(&previous) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error).at("remove", &previous)?,
        _ => std::fs::create_dir_all(&previous).at("create", &previous)?,
    }
    // The results last: as long as they are here, this is not done.
    for name in ["index.html", "report.md", "charts", RESULTS_FILE] {
        let from = dir.join(name);
        match std::fs::rename(&from, previous.join(name)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error).at("move", &from)?,
            _ => {}
        }
    }
    let gone = before.map(|before| format!("; the one of {} that was there is gone", before.run.started_utc));
    let (dir, previous) = (dir.display(), previous.display());
    Ok(Some(format!("the report that was in {dir} is now in {previous}{}", gone.unwrap_or_default())))
}

/// Writes `index.html`, `report.md`, `results.json` (`results-1.json` and so on when there are several) and
/// `charts/*.svg` into `dir`, and returns the path of `index.html`.
///
/// # Errors
/// [`crate::error::Error::Io`] when the folder or a file cannot be written.
pub fn write(results: &[Results], history: &[Entry], dir: &Path) -> Result<PathBuf> {
    let page = html(results, history)?;
    let groups = model::groups(results);
    let sheets = rank::sheets(&groups);
    let draw = |prefix: &str, all: Vec<charts::Chart>| {
        all.into_iter().flat_map(|chart| chart.panels).try_for_each(|panel| {
            let file = dir.join("charts").join(format!("{prefix}{}.svg", panel.slug));
            write_whole(&file, html::standalone(&panel.svg).as_bytes())
        })
    };
    for (nth, group) in groups.iter().enumerate() {
        let prefix = if groups.len() > 1 { format!("{}-", nth + 1) } else { String::new() };
        draw(&prefix, charts::all(group)?)?;
    }
    for (nth, sheet) in sheets.iter().enumerate() {
        let prefix = if sheets.len() > 1 { format!("set{}-", nth + 1) } else { String::new() };
        draw(&prefix, charts::of_sheet(sheet, history)?)?;
    }
    for (nth, result) in results.iter().enumerate() {
        result.write(&dir.join(html::results_file(nth, results.len())))?;
    }
    write_whole(&dir.join("report.md"), markdown(results).as_bytes())?;
    let index = dir.join("index.html");
    write_whole(&index, page.as_bytes())?;
    Ok(index)
}

#[cfg(test)]
mod apart_tests;
#[cfg(test)]
mod run_tests;
#[cfg(test)]
mod tests;
