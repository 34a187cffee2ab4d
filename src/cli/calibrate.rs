//! `shelfmark calibrate` (hidden; run by `scripts/calibrate`): how often verdicts are right.

use super::Exit;
use super::flags::{Images, Place};
use anyhow::Context;
use shelfmark::measure::Cache;
use shelfmark::run::calibrate::{Trial, calibrate, summary};
use shelfmark::run::plan::{Contest, Wanted};
use shelfmark::run::profile::Profile;
use shelfmark::run::{Launcher, Settings};
use shelfmark::store::Durability;
use shelfmark::store::tuning::Tuning;
use shelfmark::workload::Workload;
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

/// Arguments of `calibrate`.
#[derive(Debug, clap::Args)]
pub struct Calibrate {
    #[command(flatten)]
    images: Images,
    #[command(flatten)]
    place: Place,
    /// The format that has twins, and one that is slow
    #[arg(long, num_args = 2, value_name = "FORMAT", default_values = ["lmdb:raw", "dir:png"])]
    formats: Vec<String>,
    /// Which contests, taken by turns: warm, cold, write, threads
    #[arg(long, num_args = 1.., value_name = "CONTEST", default_value = "warm", value_parser = ["warm", "cold", "write", "threads"])]
    contests: Vec<String>,
    /// Trials there shall be in the file, those from earlier included
    #[arg(long, value_name = "N", default_value_t = 20)]
    trials: u64,
    /// Launches of each trial, instead of those of `--profile quick`
    #[arg(long, value_name = "N")]
    launches: Option<u32>,
    /// Time for the turns of each trial, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 20)]
    budget: u64,
    /// Length of a turn, in milliseconds, instead of that of `--profile quick`
    #[arg(long, value_name = "MS")]
    turn: Option<u64>,
    /// Where trials are noted, a line each; trials that are there already are not repeated
    #[arg(long, value_name = "FILE", default_value = "target/calibration.jsonl")]
    out: PathBuf,
    /// Only say what the file holds
    #[arg(long)]
    summary: bool,
}

impl Calibrate {
    /// Runs what is missing and prints what follows.
    pub fn run(&self) -> anyhow::Result<Exit> {
        let mut known = self.known()?;
        if !self.summary {
            let images = self.images.taking.images.unwrap_or(10_000);
            let contests: Vec<Contest> = self.contests.iter().flat_map(|name| contests(name, images)).collect();
            let mut file = std::fs::OpenOptions::new().create(true).append(true).open(&self.out)?;
            let first = known.iter().map(|trial| trial.trial + 1).max().unwrap_or(0);
            calibrate(&self.settings(images)?, &contests, first..self.trials.max(first), |trial| {
                // A trial is one write: a line is whole or not there.
                let line = serde_json::to_string(trial).unwrap_or_default() + "\n";
                let written = file.write_all(line.as_bytes());
                tell!("trial {}: {} {}, {:.0} s", trial.trial, trial.workload, trial.cache, trial.wall_s);
                known.push(trial.clone());
                shelfmark::error::IoContext::at(written, "write", &self.out)
            })?;
        }
        writeln!(std::io::stdout(), "{}", summary(&known))?;
        Ok(if known.is_empty() { Exit::Failed } else { Exit::Ok })
    }

    fn known(&self) -> anyhow::Result<Vec<Trial>> {
        let text = match std::fs::read_to_string(&self.out) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            text => text.with_context(|| format!("cannot read {}", self.out.display()))?,
        };
        let parsed = text.lines().map(serde_json::from_str);
        parsed.collect::<Result<_, _>>().with_context(|| format!("{} holds something else", self.out.display()))
    }

    fn settings(&self, images: u64) -> anyhow::Result<Settings> {
        let mut sizes = Profile::Quick.sizes();
        sizes.budget = Duration::from_secs(self.budget);
        sizes.launches = self.launches.unwrap_or(sizes.launches);
        sizes.turn = self.turn.map_or(sizes.turn, Duration::from_millis);
        let formats = shelfmark::store::registry::select(&self.formats)?;
        Ok(Settings {
            dataset: self.images.spec(),
            wanted: Wanted {
                keep_files: false,
                tuning: Tuning::Default,
                formats,
                workloads: Vec::new(),
                filter: None,
                caches: Vec::new(),
                durability: Durability::Close,
                threads: Vec::new(),
                images: Some(images),
                peers: Vec::new(),
            },
            profile: Profile::Quick,
            sizes,
            place: self.place.dir.clone(),
            place_kind: "given",
            seed: 0,
            limit: Duration::from_secs(600),
            command: String::new(),
            launcher: Launcher::new(std::env::current_exe()?),
        })
    }
}

/// The contests that a name stands for.
fn contests(name: &str, images: u64) -> Vec<Contest> {
    let contest = |workload, images, cache, threads| Contest {
        workload,
        images,
        threads,
        cache,
        durability: Durability::Close,
        entries: Vec::new(),
    };
    let reads = |cache, threads| {
        let workloads: &[Workload] =
            if threads > 1 { &[Workload::Epoch] } else { &[Workload::Epoch, Workload::Scan, Workload::ReadOne] };
        workloads.iter().map(|&workload| contest(workload, images, cache, threads)).collect()
    };
    match name {
        "cold" => vec![contest(Workload::Scan, images, Cache::ColdData, 1)],
        "write" => vec![contest(Workload::WriteBatch, images.min(500), Cache::Warm, 1)],
        "threads" => reads(Cache::Warm, 2),
        _ => reads(Cache::Warm, 1),
    }
}
