//! `shelfmark history`: what runs found over time.

use super::Exit;
use super::flags::{Cells, Printed};
use clap::{Args, Subcommand};
use shelfmark::history::{self, Added};
use shelfmark::report::RESULTS_FILE;
use shelfmark::results::Results;
use std::io::Write;
use std::path::PathBuf;

/// Where a history is unless the user says otherwise.
const DEFAULT_FILE: &str = "reports/history.jsonl";

/// Arguments of `history`.
#[derive(Debug, Args)]
pub struct History {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Add a run: one line of JSON, once
    Add(Add),
    /// Show the cells from run to run
    Show(Show),
}

#[derive(Debug, Args)]
struct Add {
    /// Results that `shelfmark run` or `cargo bench` wrote, or the folder they are in
    #[arg(value_name = "RESULTS")]
    results: PathBuf,
    /// The history; made where there is none
    #[arg(long, value_name = "FILE", default_value = DEFAULT_FILE)]
    to: PathBuf,
}

#[derive(Debug, Args)]
struct Show {
    /// The history
    #[arg(value_name = "FILE", default_value = DEFAULT_FILE)]
    file: PathBuf,
    #[command(flatten)]
    cells: Cells,
    /// How to print it
    #[arg(long, value_enum, default_value_t)]
    format: Printed,
    /// The same as --format json
    #[arg(long, conflicts_with = "format")]
    json: bool,
}

impl History {
    /// Adds or shows.
    pub fn run(&self) -> anyhow::Result<Exit> {
        match &self.verb {
            Verb::Add(add) => add.run(),
            Verb::Show(show) => show.run(),
        }
    }
}

impl Add {
    fn run(&self) -> anyhow::Result<Exit> {
        let file = if self.results.is_dir() { self.results.join(RESULTS_FILE) } else { self.results.clone() };
        let results = Results::read(&file)?;
        let said = match history::add(&results, &self.to)? {
            Added::Now => format!("{} added to {}", results.run.id, self.to.display()),
            Added::Before => format!("{} is in {} already: nothing was added", results.run.id, self.to.display()),
        };
        super::unless_closed(writeln!(std::io::stdout(), "{}", super::plain::plain(&said)))?;
        Ok(Exit::Ok)
    }
}

impl Show {
    fn run(&self) -> anyhow::Result<Exit> {
        let entries = history::read(&self.file)?;
        if entries.is_empty() {
            anyhow::bail!("{} has no runs; add one with `shelfmark history add`", self.file.display());
        }
        let trends = history::trends(&entries, &self.cells.only());
        if trends.is_empty() {
            return Err(shelfmark::Error::Usage(format!("no cell in {} matches", self.file.display())).into());
        }
        let text = match if self.json { Printed::Json } else { self.format } {
            Printed::Table => history::terminal(&trends),
            Printed::Md => history::markdown(&trends),
            Printed::Csv => history::csv(&trends)?,
            Printed::Json => format!("{:#}\n", serde_json::json!({ "trends": trends })),
        };
        super::unless_closed(write!(std::io::stdout(), "{text}"))?;
        Ok(Exit::Ok)
    }
}
