//! `shelfmark run`: the interleaved measurement.

use super::flags::{Formats, Images};
use super::{Exit, interrupt, unless_closed};
use clap::ValueEnum;
use shelfmark::error::IoContext;
use shelfmark::measure::Cache;
use shelfmark::report::terminal::left_out;
use shelfmark::report::{RESULTS_FILE, set_aside};
use shelfmark::results::{Cell, CellKind, Results, Status};
use shelfmark::run::peers::{bridge, select};
use shelfmark::run::plan::{Contest, Wanted};
use shelfmark::run::profile::Profile;
use shelfmark::run::{Launcher, Observer, Outcome, Settings, run};
use shelfmark::store::{Durability, FormatId};
use shelfmark::sys::directory_lock::{Wait, lock};
use shelfmark::workload::Workload;
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

mod python;
mod screen;

use screen::Screen;

/// Arguments of `run`.
#[derive(Debug, clap::Args)]
pub struct Run {
    #[command(flatten)]
    images: Images,
    #[command(flatten)]
    formats: Formats,
    /// Formats with braces, each of which is measured: 'hdf5:raw,chunk={1,64},deflate={0,6}'; beside those of --formats, if
    /// they are given
    #[arg(long, num_args = 1.., value_name = "PATTERN")]
    sweep: Vec<String>,
    /// How thoroughly: two minutes, twenty, or hours; or exact, seconds: calls, bytes and files counted, nothing timed
    #[arg(long, value_enum, default_value_t = ProfileFlag::Quick)]
    profile: ProfileFlag,
    /// Only these workloads (see `shelfmark list`)
    #[arg(long, num_args = 1.., value_name = "WORKLOAD", value_parser = parse::<Workload>)]
    workloads: Vec<Workload>,
    /// Only cells whose name contains this, as in lmdb:raw/epoch
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
    /// State of the page cache before reads: warm, cold-data (data evicted, and proved), cold-full (names, too: needs root)
    #[arg(long, num_args = 1.., value_name = "STATE", default_value = "warm", value_parser = parse::<Cache>)]
    cache: Vec<Cache>,
    /// When written data must be on the device
    #[arg(long, value_enum, default_value_t = DurabilityFlag::Close)]
    durability: DurabilityFlag,
    /// Reader threads; several numbers are several contests
    #[arg(long, num_args = 1.., value_name = "N", default_value = "1", value_parser = clap::value_parser!(u32).range(1..=1024))]
    threads: Vec<u32>,
    /// Programs that people run today, among the formats: `python` for all of them, or names, as in python:h5py-sorted
    #[arg(long, num_args = 1.., value_name = "PEER")]
    peers: Vec<String>,
    /// The Python that runs them; by default that of scripts/peers/setup, else python3
    #[arg(long, value_name = "PATH")]
    python: Option<PathBuf>,
    /// Time for the turns of all contests together, in seconds, instead of the profile's; writing stores and starting twelve
    /// launches for each contest comes on top (in small runs several times as much), and each launch has a block at least
    #[arg(long, value_name = "SECONDS", value_parser = parse_seconds)]
    budget: Option<u64>,
    /// Where stores are written while measuring; removed afterwards
    #[arg(long, value_name = "DIR", default_value = DEFAULT_DIR)]
    dir: PathBuf,
    /// The folder for results.json and the report; an earlier one there is moved into its folder `previous`
    #[arg(short, long, value_name = "DIR", default_value = "reports/latest")]
    out: PathBuf,
    /// Seed of all draws
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// No step may take longer than so many seconds; what does fails its cell
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    time_limit: u64,
    /// Print the results as JSON instead of tables
    #[arg(long)]
    json: bool,
}

/// `--profile`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ProfileFlag {
    Quick,
    Standard,
    Full,
    Exact,
}

/// `--durability`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum DurabilityFlag {
    /// Never: shown, not ranked
    None,
    /// Once, when the store is finished
    Close,
    /// After every batch
    Each,
}

/// Where stores go unless the user says otherwise.
const DEFAULT_DIR: &str = "target/shelfmark";

fn parse_seconds(text: &str) -> Result<u64, String> {
    text.parse().ok().filter(|seconds| *seconds > 0).ok_or_else(|| "write seconds as a whole number from 1".into())
}

fn parse<T: std::str::FromStr<Err = shelfmark::Error>>(text: &str) -> Result<T, String> {
    let hint = if text.contains(',') { "; several are separated by spaces" } else { "" };
    text.parse().map_err(|error: shelfmark::Error| format!("{error}{hint}"))
}

impl Run {
    /// Measures, saves after every block, and prints tables as contests end.
    pub fn run(&self) -> anyhow::Result<Exit> {
        let settings = self.settings()?;
        let made = !self.out.exists();
        // Better to learn now than after measuring that there is no place for the report, or for stores.
        for (folder, flag) in [(&self.out, "--out"), (&self.dir, "--dir")] {
            let usable = std::fs::create_dir_all(folder).and_then(|()| tempfile::tempfile_in(folder).map(drop));
            usable
                .at("write in", folder)
                .map_err(|error| anyhow::anyhow!("{error}; name another folder with {flag}"))?;
        }
        // Else each would save over what the other has measured.
        let _lock = match lock(&self.out, Wait::No) {
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                let usage =
                    format!("another run is under way in {}; name another folder with --out", self.out.display());
                return Err(shelfmark::Error::Usage(usage).into());
            }
            locked => locked.at("lock", &self.out)?,
        };
        // Who asked for them may want to install what they lack before minutes go by without them.
        let offers = settings.launcher.peers.iter().map(|peer| &peer.offer);
        let missing = offers.filter_map(|offer| Some((offer.name.as_str(), offer.missing.clone()?)));
        left_out(missing).iter().for_each(|line| tell!("{line}"));
        let mut watcher = Watcher {
            interrupted: interrupt::watch()?,
            out: self.out.clone(),
            has_begun: false,
            screen: Screen::new(self.json),
        };
        let results = run(&settings, &mut watcher).inspect_err(|_| {
            if made {
                // Of a run that was refused nothing stays; a folder that is not empty does.
                let _ = std::fs::remove_dir(&self.out);
            }
        })?;
        watcher.screen.clear();
        let page = shelfmark::report::write(std::slice::from_ref(&results), &[], &self.out)?;
        let mut out = std::io::stdout();
        if self.json {
            unless_closed(writeln!(out, "{}", serde_json::to_string_pretty(&results)?))?;
        } else {
            unless_closed(watcher.screen.end(&results, &page))?;
        }
        if results.run.complete && !results.cells.iter().any(|cell| asked_for(cell) && cell.status == Status::Ok) {
            tell!("shelfmark: nothing was measured, for the reasons above, which are in the report, too");
        }
        Ok(exit(&results))
    }

    fn settings(&self) -> anyhow::Result<Settings> {
        if self.python.is_some() && self.peers.is_empty() {
            let usage = "--python is for the programs of --peers; add --peers python, say";
            return Err(shelfmark::Error::Usage(usage.into()).into());
        }
        let formats = self.formats.select(&self.sweep, self.is_cold())?;
        for id in &formats {
            // What is merely not built in is shown in the results; what cannot be is refused now.
            match shelfmark::store::registry::resolve(id) {
                Err(usage @ shelfmark::Error::Usage(_)) => return Err(usage.into()),
                _ => continue,
            }
        }
        let profile = match self.profile {
            ProfileFlag::Quick => Profile::Quick,
            ProfileFlag::Standard => Profile::Standard,
            ProfileFlag::Full => Profile::Full,
            ProfileFlag::Exact => Profile::Exact,
        };
        if profile == Profile::Exact && (self.budget.is_some() || !self.peers.is_empty()) {
            let usage = "--profile exact times nothing and counts only formats of shelfmark's own workers: leave out --budget \
                         and --peers, or take another profile";
            return Err(shelfmark::Error::Usage(usage.into()).into());
        }
        let mut sizes = profile.sizes();
        if let Some(seconds) = self.budget {
            sizes.budget = Duration::from_secs(seconds);
        }
        let launcher = self.launcher(&formats)?;
        let workloads = if self.workloads.is_empty() { Workload::USUAL.to_vec() } else { unique(&self.workloads) };
        Ok(Settings {
            dataset: self.images.spec(),
            wanted: Wanted {
                formats,
                tuning: self.formats.tuning(self.is_cold()),
                keep_files: self.formats.formats.is_empty() && self.sweep.is_empty(),
                workloads,
                filter: self.filter.clone(),
                caches: unique(&self.cache),
                durability: match self.durability {
                    DurabilityFlag::None => Durability::None,
                    DurabilityFlag::Close => Durability::Close,
                    DurabilityFlag::Each => Durability::Each,
                },
                threads: unique(&self.threads),
                images: self.images.taking.images,
                peers: launcher.peers.iter().map(|peer| peer.offer.clone()).collect(),
            },
            profile,
            sizes,
            place: self.dir.clone(),
            place_kind: if self.dir.as_os_str() == DEFAULT_DIR { "default" } else { "given" },
            seed: self.seed,
            limit: Duration::from_secs(self.time_limit),
            command: command(),
            launcher,
        })
    }

    /// Whether no read is warm.
    fn is_cold(&self) -> bool {
        !self.cache.contains(&Cache::Warm)
    }

    fn launcher(&self, formats: &[FormatId]) -> anyhow::Result<Launcher> {
        let program = std::env::current_exe()?;
        let arguments = vec!["worker".into()];
        let mut peers = python::peers(&select(&self.peers)?, self.python.as_deref(), &program)?;
        if !peers.is_empty() {
            peers.extend(bridge(formats, &program, &arguments));
        }
        Ok(Launcher { program, arguments, peers, scripts: PathBuf::new() })
    }
}

/// Each value once, in the order of the first time: what is asked for twice is one contest all the same.
fn unique<T: PartialEq + Copy>(values: &[T]) -> Vec<T> {
    let mut unique = Vec::new();
    for value in values {
        if !unique.contains(value) {
            unique.push(*value);
        }
    }
    unique
}

/// The command as it was typed.
fn command() -> String {
    let words = std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned());
    let quoted = words.map(|word| {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,".contains(c);
        if !word.is_empty() && word.chars().all(plain) { word } else { format!("'{}'", word.replace('\'', r"'\''")) }
    });
    std::iter::once("shelfmark".to_owned()).chain(quoted).collect::<Vec<_>>().join(" ")
}

/// 5 when something delivered was wrong, 130 when stopped, 1 when something failed or nothing was measured.
fn exit(results: &Results) -> Exit {
    let cells = || results.cells.iter();
    if cells().any(|cell| cell.verified.as_ref().is_some_and(|verified| !verified.ok)) {
        Exit::Unverified
    } else if !results.run.complete {
        Exit::Interrupted
    } else if cells().any(|cell| matches!(cell.status, Status::Failed | Status::Timeout))
        || !cells().any(|cell| asked_for(cell) && cell.status == Status::Ok)
    {
        Exit::Failed
    } else {
        Exit::Ok
    }
}

/// References and twins are there for the sake of what was asked for.
fn asked_for(cell: &Cell) -> bool {
    matches!(cell.kind, CellKind::Format | CellKind::Peer)
}

/// Saves and shows.
struct Watcher {
    interrupted: interrupt::Watch,
    out: PathBuf,
    /// Whether something was saved there.
    has_begun: bool,
    screen: Screen,
}

impl Observer for Watcher {
    fn remark(&mut self, text: &str) {
        tell!("{text}");
    }

    fn planned(&mut self, contests: &[Contest]) {
        self.screen.planned(contests);
    }

    fn preparing(&mut self, what: &str) {
        self.screen.preparing(what);
    }

    fn block(&mut self, contest: &Contest, launch: u32, of: u32) {
        self.screen.block(contest, launch, of);
    }

    fn held(&mut self, contest: &Contest, outcome: &Outcome) {
        self.screen.held(contest, outcome);
    }

    fn save(&mut self, results: &Results) -> shelfmark::Result<()> {
        if !self.has_begun {
            // Not before: what is refused leaves the earlier report where it is.
            set_aside(&self.out)?.into_iter().for_each(|words| tell!("{words}"));
            self.has_begun = true;
        }
        results.write(&self.out.join(RESULTS_FILE))
    }

    fn check(&mut self) -> shelfmark::Result<()> {
        self.interrupted.check()
    }
}
