//! `shelfmark rank`: one ranking by several criteria, weighted by the user.

use super::Exit;
use super::flags::{Cells, Printed, named_files};
use shelfmark::report::rank::{Weights, csv, rank, rank_as_usual};
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
    /// [default: what the page's sliders begin with: epoch=81,read_one=9,write_batch=10, as far as measured]
    #[arg(long, value_name = "NAME=WEIGHT,...", value_parser = weights)]
    weights: Option<Weights>,
    #[command(flatten)]
    cells: Cells,
    /// How to print it
    #[arg(long, value_enum, default_value_t)]
    format: Printed,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

fn weights(text: &str) -> Result<Weights, String> {
    text.parse().map_err(|error: shelfmark::Error| error.to_string())
}

impl Rank {
    /// Ranks and prints.
    pub fn run(&self) -> anyhow::Result<Exit> {
        let files = named_files(&self.files)?;
        let mut results = files.iter().map(|file| Results::read(file)).collect::<Result<Vec<_>, _>>()?;
        self.cells.keep(&mut results)?;
        let mut all = Vec::new();
        for (given, results) in files.iter().zip(&results) {
            let ranked = match &self.weights {
                Some(weights) => rank(results, weights)
                    .map_err(|error| anyhow::Error::new(error).context(given.display().to_string()))?,
                None => rank_as_usual(results),
            };
            all.push((given.display().to_string(), ranked));
        }
        if all.iter().flat_map(|(_, all)| all).all(|ranked| ranked.places.is_empty()) {
            let left_out = all.iter().flat_map(|(_, all)| all).flat_map(|ranked| &ranked.left_out);
            let why: String = left_out.map(|(name, why)| format!("; {name}: {why}")).collect();
            let by = if self.weights.is_some() { "these weights" } else { "epoch, read_one and write_batch (warm)" };
            let usage =
                format!("nothing can be ranked here by {by}{why}; weigh what was measured: --weights append=1, say");
            return Err(shelfmark::Error::Usage(usage).into());
        }
        let mut out = std::io::stdout().lock();
        if self.json || self.format == Printed::Json {
            let all: Vec<_> =
                all.iter().map(|(file, ranked)| serde_json::json!({ "file": file, "rankings": ranked })).collect();
            writeln!(out, "{:#}", serde_json::json!(all))?;
            return Ok(Exit::Ok);
        }
        if self.format == Printed::Csv {
            write!(out, "{}", csv(all.iter().map(|(file, all)| (file.as_str(), all.as_slice())))?)?;
            return Ok(Exit::Ok);
        }
        for (file, ranked) in all.iter().flat_map(|(file, all)| all.iter().map(move |ranked| (file, ranked))) {
            let (table, head) = (ranked.table(), format!("{file}: {}, by {}", ranked.dataset, ranked.weighed()));
            match self.format {
                Printed::Md => write!(out, "{}", table.markdown(&head, &ranked.notes()))?,
                _ => write!(out, "{}", table.text(&head, &ranked.notes()))?,
            }
        }
        Ok(Exit::Ok)
    }
}
