//! `shelfmark compare`: two runs side by side, and a gate.

use super::Exit;
use super::flags::{Cells, Printed, named_file};
use shelfmark::compare::gate::{Date, Gate};
use shelfmark::compare::{self, Compared, Judgement};
use shelfmark::results::{Only, Results};
use std::io::Write;
use std::path::PathBuf;

/// Arguments of `compare`.
#[derive(Debug, clap::Args)]
pub struct Compare {
    /// The results to compare with: a file that `shelfmark run` wrote, or the folder it is in
    #[arg(value_name = "BASE")]
    base: PathBuf,
    /// The results to compare, in the same way
    #[arg(value_name = "HEAD")]
    head: PathBuf,
    #[command(flatten)]
    cells: Cells,
    /// Exact metrics must be equal, or within what this TOML file allows; else the exit code is 3. Times only advise
    #[arg(long, value_name = "FILE", num_args = 0..=1)]
    gate: Option<Option<PathBuf>>,
    /// End with 4 where times were taken in both runs and nothing can be said of them
    #[arg(long)]
    strict: bool,
    /// How to print it
    #[arg(long, value_enum, default_value_t)]
    format: Printed,
    /// The same as --format json
    #[arg(long, conflicts_with = "format")]
    json: bool,
}

impl Compare {
    /// Compares, prints, judges.
    pub fn run(&self) -> anyhow::Result<Exit> {
        // Better to learn of a gate that is none before anything else.
        let gate = match &self.gate {
            None => None,
            Some(None) => Some(Gate::default()),
            Some(Some(file)) => Some(Gate::read(file)?),
        };
        let (base_file, head_file) = (named_file(&self.base)?, named_file(&self.head)?);
        let (mut base, mut head) = (Results::read(&base_file)?, Results::read(&head_file)?);
        for (results, file) in [(&base, &base_file), (&head, &head_file)] {
            if gate.is_some() && !results.run.complete {
                anyhow::bail!(
                    "{}: the run was cut short, and a gate says nothing to a part: run it again",
                    file.display()
                );
            }
        }
        if gate.is_some() && base.run.id == head.run.id {
            anyhow::bail!("both are the run {}, and of a run and itself a gate could only say yes", base.run.id);
        }
        keep(&self.cells.only(), &mut base, &mut head)?;
        let names = (base_file.display().to_string(), head_file.display().to_string());
        let compared = compare::compare(&base, &head, (&names.0, &names.1))?;
        let judgement = gate.map(|gate| gate.judge(&compared, &Date::today()));
        let text = self.text(&compared, judgement.as_ref())?;
        super::unless_closed(write!(std::io::stdout(), "{text}"))?;
        Ok(self.exit(&compared, judgement.as_ref()))
    }

    fn text(&self, compared: &Compared, judgement: Option<&Judgement>) -> anyhow::Result<String> {
        Ok(match if self.json { Printed::Json } else { self.format } {
            Printed::Table => compare::terminal(compared, judgement),
            Printed::Md => compare::markdown(compared, judgement),
            Printed::Csv => compare::csv(compared, judgement)?,
            Printed::Json => {
                let mut value = serde_json::to_value(compared)?;
                value["gate"] = serde_json::to_value(judgement)?;
                format!("{value:#}\n")
            }
        })
    }

    fn exit(&self, compared: &Compared, judgement: Option<&Judgement>) -> Exit {
        match judgement {
            Some(judgement) if judgement.is_empty() => {
                tell!(
                    "shelfmark: too little could be gated: {} exact metrics of the two runs are comparable, and {} have to be; \
                     the reasons are in the output; make the base anew with the same libraries, on the same file system",
                    judgement.gated,
                    judgement.least.max(1)
                );
                Exit::Failed
            }
            Some(judgement) if !judgement.passed() => Exit::Regression,
            _ if self.strict && compared.inconclusive() > 0 => Exit::Inconclusive,
            _ => Exit::Ok,
        }
    }
}

/// Leaves the wanted cells in both. What is new has none in the base, what is gone none in the head; a choice that is
/// about neither is a wrong one.
fn keep(only: &Only, base: &mut Results, head: &mut Results) -> shelfmark::Result<()> {
    let (in_base, in_head) = (only.keep(base), only.keep(head));
    match (in_base, in_head) {
        (Err(neither), Err(_)) => return Err(neither),
        (Err(_), Ok(())) => base.cells.clear(),
        (Ok(()), Err(_)) => head.cells.clear(),
        (Ok(()), Ok(())) => {}
    }
    Ok(())
}
