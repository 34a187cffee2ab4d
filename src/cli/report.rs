//! `shelfmark report`: results into a page.

use super::Exit;
use shelfmark::results::Results;
use std::io::Write;
use std::path::PathBuf;

/// Arguments of `report`.
#[derive(Debug, clap::Args)]
pub struct Report {
    /// Results files (JSON) that `cargo bench` wrote, as in reports/latest/results.json
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The folder for index.html, report.md and the charts
    #[arg(short, long, value_name = "DIR", default_value = "reports/latest")]
    out: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Report {
    /// Writes the page and prints its path.
    pub fn run(&self) -> anyhow::Result<Exit> {
        let results = self.files.iter().map(|file| Results::read(file)).collect::<Result<Vec<_>, _>>()?;
        let page = shelfmark::report::write(&results, &self.out)?;
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
