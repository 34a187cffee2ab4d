//! `shelfmark export`: results in the formats of other tools.

use super::Exit;
use super::flags::{Cells, named_files, same_file};
use clap::builder::{PossibleValue, PossibleValuesParser};
use shelfmark::export::{EXPORTERS, Exporter, Record, records};
use shelfmark::results::{Results, Status, write_whole};
use std::io::Write;
use std::path::PathBuf;

/// Arguments of `export`.
#[derive(Debug, clap::Args)]
pub struct Export {
    /// Results that `shelfmark run` or `cargo bench` wrote, as reports/latest/results.json; or the folder they are in
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The format
    #[arg(long, value_name = "FORMAT", value_parser = names())]
    to: String,
    /// The file to write [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    cells: Cells,
}

fn names() -> PossibleValuesParser {
    PossibleValuesParser::new(EXPORTERS.map(|exporter| PossibleValue::new(exporter.name()).help(exporter.about())))
}

impl Export {
    /// Writes what the other tool reads, and says on stderr what it has no place for.
    pub fn run(&self) -> anyhow::Result<Exit> {
        let exporter = self.exporter()?;
        let files: Vec<PathBuf> = named_files(&self.files)?;
        if let Some(out) = self.out.as_ref().filter(|out| files.iter().any(|file| same_file(file, out))) {
            let text = format!("--out {} would replace the results; name another file", out.display());
            return Err(shelfmark::Error::Usage(text).into());
        }
        let mut results = files.iter().map(|file| Results::read(file)).collect::<Result<Vec<_>, _>>()?;
        self.cells.keep(&mut results)?;
        let records = records(&results);
        let missing = without_number(&records);
        if records.iter().all(|record| record.metrics.is_empty()) {
            anyhow::bail!("there is no number to export: {missing}; `shelfmark report` shows the reasons");
        }
        let text = exporter.text(&records)?;
        match &self.out {
            Some(out) => write_whole(out, text.as_bytes())?,
            None => std::io::stdout().lock().write_all(text.as_bytes())?,
        }
        if !missing.is_empty() && !exporter.takes_reasons() {
            tell!("not exported, for they have no number: {missing}");
        }
        Ok(Exit::Ok)
    }

    fn exporter(&self) -> shelfmark::Result<&'static dyn Exporter> {
        let names = EXPORTERS.map(|exporter| exporter.name());
        let named = EXPORTERS.into_iter().find(|exporter| exporter.name() == self.to);
        named.ok_or_else(|| shelfmark::error::unknown("export format", &self.to, names))
    }
}

/// "3 cells (2 skipped, 1 failed)"; nothing where all cells have numbers.
fn without_number(records: &[Record<'_>]) -> String {
    let missing: Vec<Status> = records.iter().filter(|r| r.metrics.is_empty()).map(|r| r.cell.status).collect();
    let words = [
        (Status::Ok, "ok, but not measured"),
        (Status::Skipped, "skipped"),
        (Status::Unsupported, "unsupported"),
        (Status::Failed, "failed"),
        (Status::Timeout, "timed out"),
    ];
    let count = |status| missing.iter().filter(|other| **other == status).count();
    let parts = words.map(|(status, word)| (count(status), word)).into_iter().filter(|(count, _)| *count > 0);
    let parts: Vec<String> = parts.map(|(count, word)| format!("{count} {word}")).collect();
    match missing.len() {
        0 if records.is_empty() => "there are no cells".into(),
        0 => String::new(),
        1 => format!("1 cell ({})", parts.join(", ")),
        many => format!("{many} cells ({})", parts.join(", ")),
    }
}
