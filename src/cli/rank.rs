//! `shelfmark rank`: one ranking by several criteria, weighted by the user.

use super::Exit;
use super::flags::{Cells, Printed, named_file};
use shelfmark::report::rank::{Weights, rank};
use shelfmark::results::Results;
use std::io::Write;
use std::path::PathBuf;

/// Arguments of `rank`.
#[derive(Debug, clap::Args)]
pub struct Rank {
    /// Results that `shelfmark run` or `cargo bench` wrote, or the folders they are in; each is ranked by itself
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// What counts how much: workloads (warm), cold-data/WORKLOAD, cold-full/WORKLOAD, and space
    #[arg(long, value_name = "NAME=WEIGHT,...", default_value = DEFAULT, value_parser = weights)]
    weights: Weights,
    #[command(flatten)]
    cells: Cells,
    /// How to print it
    #[arg(long, value_enum, default_value_t)]
    format: Printed,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What the sliders of the page begin with.
const DEFAULT: &str = "epoch=81,read_one=9,write_batch=10";

fn weights(text: &str) -> Result<Weights, String> {
    text.parse().map_err(|error: shelfmark::Error| error.to_string())
}

impl Rank {
    /// Ranks and prints.
    pub fn run(&self) -> anyhow::Result<Exit> {
        let only = self.cells.only();
        let mut all = Vec::new();
        for given in &self.files {
            let mut results = Results::read(&named_file(given))?;
            only.keep(&mut results)?;
            all.push((given.display().to_string(), rank(&results, &self.weights)?));
        }
        let mut out = std::io::stdout().lock();
        if self.json || self.format == Printed::Json {
            let all: Vec<_> =
                all.iter().map(|(file, ranked)| serde_json::json!({ "file": file, "rankings": ranked })).collect();
            writeln!(out, "{:#}", serde_json::json!(all))?;
            return Ok(Exit::Ok);
        }
        for (file, ranked) in all.iter().flat_map(|(file, all)| all.iter().map(move |ranked| (file, ranked))) {
            let (table, head) = (ranked.table(), format!("{file}: {}, by {}", ranked.dataset, ranked.weighed()));
            match self.format {
                Printed::Csv => write!(out, "{}", table.csv()?)?,
                Printed::Md => write!(out, "{}", table.markdown(&head, &ranked.notes()))?,
                _ => write!(out, "{}", table.text(&head, &ranked.notes()))?,
            }
        }
        Ok(Exit::Ok)
    }
}
