//! The command line: one file a verb, every shared flag defined once.

/// A line on stderr. Whoever closed it (`2>&1 | head`) does not want to read it; that ends no measurement.
macro_rules! tell {
    ($($words:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stderr(), $($words)*);
    }};
}

mod calibrate;
mod child;
mod compare;
mod convert;
mod env;
mod export;
mod flags;
mod history;
mod inspect;
mod interrupt;
mod list;
mod origin;
mod plain;
mod rank;
mod report;
mod run;
mod verify;
mod worker;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// How a command ended, as scripts see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Fine.
    Ok = 0,
    /// The tool could not do its work.
    Failed = 1,
    /// The request was wrong.
    Usage = 2,
    /// What repeats exactly is not what it was: a gate says no.
    Regression = 3,
    /// Times were taken and nothing can be said of them (`--strict`).
    Inconclusive = 4,
    /// What came back is not what was written.
    Unverified = 5,
    /// The user stopped it (as shells report Ctrl-C).
    Interrupted = 130,
}

impl Exit {
    /// The exit code for an error.
    pub fn of(error: &anyhow::Error) -> Self {
        match error.downcast_ref::<shelfmark::Error>() {
            Some(shelfmark::Error::Usage(_)) => Self::Usage,
            Some(shelfmark::Error::Interrupted(_)) => Self::Interrupted,
            Some(shelfmark::Error::Mismatch { .. }) => Self::Unverified,
            _ => Self::Failed,
        }
    }
}

/// Measures, with every pixel verified, which storage format a training set of images should live in.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 110, after_help = AFTER_HELP)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

const AFTER_HELP: &str = "\
Exit codes: 0 fine, 1 the tool failed, 2 usage, 3 regression (compare --gate), 4 inconclusive (compare --strict),
5 verification failed, 130 interrupted.";

#[derive(Debug, Subcommand)]
enum Verb {
    /// Show the formats, codecs, workloads and libraries there are
    List(list::List),
    /// Write every format and read it back, comparing every pixel and label; or check one existing store
    Verify(verify::Verify),
    /// Turn a dataset or store into another format, or into a folder of files
    Convert(convert::Convert),
    /// Show what a store or dataset is, and whether it is whole
    Inspect(inspect::Inspect),
    /// Measure formats against one another, in turns, with every image verified; ends with a report
    Run(run::Run),
    /// Try how often verdicts are right: see scripts/calibrate
    #[command(hide = true)]
    Calibrate(calibrate::Calibrate),
    /// Measure what a supervisor says
    #[command(hide = true)]
    Worker(worker::Worker),
    /// Show what this host is, how noisy it is, and what can be measured cold
    Env(env::Env),
    /// Rank formats by several workloads and space at once, weighted, with intervals of ranks
    Rank(rank::Rank),
    /// Set two runs side by side, cell by cell; with --gate, exact metrics must not have changed
    Compare(compare::Compare),
    /// Keep what runs found over time in one file, and show how cells did from run to run
    History(history::History),
    /// Turn results into one self-contained HTML page with charts, and Markdown
    Report(report::Report),
    /// Turn results into what other tools read: Bencher, github-action-benchmark, spreadsheets
    Export(export::Export),
}

/// Runs the command.
pub fn main() -> ExitCode {
    let outcome = match Cli::parse().verb {
        // A closed pipe (`shelfmark list | head`) is the reader's decision; elsewhere work would be left undone.
        Verb::List(list) => list.run().or_else(|error| if is_closed_pipe(&error) { Ok(Exit::Ok) } else { Err(error) }),
        Verb::Verify(verify) => verify.run(),
        Verb::Convert(convert) => convert.run(),
        Verb::Inspect(inspect) => {
            inspect.run().or_else(|error| if is_closed_pipe(&error) { Ok(Exit::Ok) } else { Err(error) })
        }
        Verb::Run(run) => run.run(),
        Verb::Calibrate(calibrate) => calibrate.run(),
        Verb::Worker(worker) => worker.run(),
        Verb::Env(env) => env.run().or_else(|error| if is_closed_pipe(&error) { Ok(Exit::Ok) } else { Err(error) }),
        Verb::Rank(rank) => rank.run().or_else(|error| if is_closed_pipe(&error) { Ok(Exit::Ok) } else { Err(error) }),
        Verb::Compare(compare) => compare.run(),
        Verb::History(history) => history.run(),
        Verb::Report(report) => report.run(),
        Verb::Export(export) => {
            export.run().or_else(|error| if is_closed_pipe(&error) { Ok(Exit::Ok) } else { Err(error) })
        }
    };
    let exit = outcome.unwrap_or_else(|error| {
        // Errors of the library tell their cause themselves.
        let text = match error.downcast_ref::<shelfmark::Error>() {
            Some(own) => own.to_string(),
            None => format!("{error:#}"),
        };
        // What it quotes from files may hold anything; lines of its own stay lines.
        let lines: Vec<String> = text.lines().map(plain::plain).collect();
        tell!("shelfmark: {}", lines.join("\n"));
        Exit::of(&error)
    });
    ExitCode::from(exit as u8)
}

/// Nobody reads on (`shelfmark verify | head -1`): what is left to do is done in silence, and its outcome counts.
fn unless_closed(told: std::io::Result<()>) -> std::io::Result<()> {
    match told {
        Err(e) if e.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<std::io::Error>().is_some_and(|e| e.kind() == std::io::ErrorKind::BrokenPipe)
}

/// Bytes in words: few of them are not 0.0 MiB.
fn size(bytes: u64) -> String {
    let of = |unit: u32| bytes as f64 / f64::from(unit);
    match bytes {
        0..0x400 => format!("{bytes} bytes"),
        0x400..0x10_0000 => format!("{:.1} KiB", of(1 << 10)),
        _ => format!("{:.1} MiB", of(1 << 20)),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_is_there_is_never_nothing() {
        let sizes = [0, 1023, 1024, 50_000, (1 << 20) - 1, 1 << 20, 3 << 30].map(super::size);
        assert_eq!(sizes, ["0 bytes", "1023 bytes", "1.0 KiB", "48.8 KiB", "1024.0 KiB", "1.0 MiB", "3072.0 MiB"]);
    }
}
