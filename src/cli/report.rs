//! `shelfmark report`: results into a page.

use super::Exit;
use shelfmark::report::RESULTS_FILE;
use shelfmark::results::Results;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Arguments of `report`.
#[derive(Debug, clap::Args)]
pub struct Report {
    /// Results that `shelfmark run` or `cargo bench` wrote, as reports/latest/results.json; or the folder they are in
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The folder for index.html, report.md and the charts [default: that of results.json; NAME.report beside a file
    /// NAME.json; reports/combined for several]
    #[arg(short, long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Report {
    /// Writes the page and prints its path.
    pub fn run(&self) -> anyhow::Result<Exit> {
        let files: Vec<PathBuf> = self.files.iter().map(|given| file(given)).collect();
        let results = files.iter().map(|file| Results::read(file)).collect::<Result<Vec<_>, _>>()?;
        let page = shelfmark::report::write(&results, &self.out.clone().unwrap_or_else(|| beside(&files)))?;
        let mut out = std::io::stdout();
        if self.json {
            let cells: usize = results.iter().map(|results| results.cells.len()).sum();
            writeln!(out, "{:#}", serde_json::json!({ "report": page, "cells": cells }))?;
        } else {
            writeln!(out, "{}", page.display())?;
        }
        Ok(Exit::Ok)
    }
}

/// The results that are meant: a folder stands for those in it.
fn file(given: &Path) -> PathBuf {
    if given.is_dir() { given.join(RESULTS_FILE) } else { given.to_owned() }
}

/// Where the page goes: beside its results, and where it has several, beside none of them.
fn beside(files: &[PathBuf]) -> PathBuf {
    match files {
        [one] if one.file_name().is_some_and(|name| name == RESULTS_FILE) => match one.parent() {
            Some(folder) if folder != Path::new("") => folder.to_owned(),
            _ => ".".into(),
        },
        [one] => one.with_extension("report"),
        _ => "reports/combined".into(),
    }
}
