//! `shelfmark report`: results into a page.

use super::Exit;
use super::flags::{Cells, named_files, same_file};
use shelfmark::report::RESULTS_FILE;
use shelfmark::results::Results;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Arguments of `report`.
#[derive(Debug, clap::Args)]
pub struct Report {
    /// Results that `shelfmark run` or `cargo bench` wrote, as reports/latest/results.json; or the folder they are in
    /// (results.json, or results-1.json and so on)
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The folder for index.html, report.md and the charts [default: that of results.json; NAME.report beside a file
    /// NAME.json; NAME.selection for a part of them; reports/combined for several]
    #[arg(short, long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// A history that `shelfmark history add` keeps: the page then draws how cells did from run to run
    #[arg(long, value_name = "FILE")]
    history: Option<PathBuf>,
    #[command(flatten)]
    cells: Cells,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Report {
    /// Writes the page and prints its path.
    pub fn run(&self) -> anyhow::Result<Exit> {
        let files: Vec<PathBuf> = named_files(&self.files)?;
        let mut results = files.iter().map(|file| Results::read(file)).collect::<Result<Vec<_>, _>>()?;
        let history = self.history.as_deref().map(shelfmark::history::read).transpose()?.unwrap_or_default();
        let only = self.cells.only();
        self.cells.keep(&mut results)?;
        let out = self.out.clone().unwrap_or_else(|| beside(&files, !only.is_all()));
        // The folder gets the results that the page shows: not in place of those that were measured.
        if !only.is_all() && files.iter().any(|file| same_file(file, &out.join(RESULTS_FILE))) {
            let text =
                format!("--out {} would replace the results by a part of them; name another folder", out.display());
            return Err(shelfmark::Error::Usage(text).into());
        }
        let page = shelfmark::report::write(&results, &history, &out)?;
        let mut stdout = std::io::stdout();
        if self.json {
            let cells: usize = results.iter().map(|results| results.cells.len()).sum();
            writeln!(stdout, "{:#}", serde_json::json!({ "report": page, "cells": cells }))?;
        } else {
            writeln!(stdout, "{}", page.display())?;
        }
        Ok(Exit::Ok)
    }
}

/// Where the page goes: beside its results, or, where it shows a part of them, into a folder there; and where it has
/// several, beside none of them.
fn beside(files: &[PathBuf], part: bool) -> PathBuf {
    match files {
        [one] if part => one.with_extension("selection"),
        [one] if one.file_name().is_some_and(|name| name == RESULTS_FILE) => match one.parent() {
            Some(folder) if folder != Path::new("") => folder.to_owned(),
            _ => ".".into(),
        },
        [one] => one.with_extension("report"),
        _ => "reports/combined".into(),
    }
}
