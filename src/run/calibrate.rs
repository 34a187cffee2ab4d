//! Calibration as an experiment: identical cells and cells with a known slow-down compete like formats do, and it is counted
//! how often the verdicts are right.

mod summary;

pub use summary::summary;

use super::contest::{Round, Setting, store_key};
use super::outcome::{self, Common};
use super::plan::{Contest, Entry};
use super::stores::Stores;
use super::{Settings, open};
use crate::error::{Error, Result};
use crate::results::{Status, Turns};
use crate::stats::{self, Rule, Table};
use crate::store::FormatId;
use crate::store::scratch::{self, Scratch};
use crate::workload::{Handicap, HandicapKind};
use serde::{Deserialize, Serialize};

/// Cells that do the same, each on a store of its own; every other is compared with the first.
const TWINS: u32 = 14;

/// Slow-downs, in percent.
const PERCENTS: [f64; 5] = [2.0, 5.0, 7.0, 10.0, 20.0];

/// One comparison of a trial.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// `twin`, `spin`, `sleep`, `repeat`.
    pub kind: String,
    /// The known slow-down, in percent; 0 for twins.
    pub percent: f64,
    /// Time over that of the first twin.
    pub ratio: f64,
    /// Lower end of the interval.
    pub lo: f64,
    /// Upper end.
    pub hi: f64,
    /// What was said.
    pub verdict: String,
}

/// One trial: one contest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// Its number.
    pub trial: u64,
    /// When it began, RFC 3339, UTC.
    pub started_utc: String,
    /// What competed.
    pub workload: String,
    /// In which cache state.
    pub cache: String,
    /// With how many reader threads.
    pub threads: u32,
    /// Launches.
    pub launches: u32,
    /// Blocks of all launches together.
    pub blocks: u32,
    /// The one-minute load average at the end.
    pub load: Option<f64>,
    /// How long it took, in seconds.
    pub wall_s: f64,
    /// What was found.
    pub verdicts: Vec<Verdict>,
    /// The turns behind it, cell by cell: so that another rule can be tried on what was measured.
    #[serde(default)]
    pub turns: Vec<Turns>,
}

/// The cells of trial `nth`: twins, known slow-downs of one kind, and one cell of another format that is slow.
fn entries(format: &FormatId, slow: &FormatId, nth: u64) -> Vec<Entry> {
    let kinds = [HandicapKind::Spin, HandicapKind::Sleep, HandicapKind::Repeat];
    let kind = kinds[(nth % kinds.len() as u64) as usize];
    let mut entries: Vec<Entry> = (0..TWINS).map(|series| Entry { series, ..named(format, "twin", series) }).collect();
    // On stores of their own, too: one that several cells read stays in the processor's cache, and is faster for all of them.
    entries.extend(PERCENTS.iter().zip(TWINS..).map(|(&percent, series)| {
        let name = format!("{} +{percent} %", word(kind));
        Entry { handicap: Some(Handicap { kind, percent }), series, name, ..Entry::format(format) }
    }));
    entries.push(Entry::format(slow));
    entries
}

fn named(format: &FormatId, word: &str, nth: u32) -> Entry {
    Entry { name: format!("{word} {nth}"), ..Entry::format(format) }
}

const fn word(kind: HandicapKind) -> &'static str {
    match kind {
        HandicapKind::Spin => "spin",
        HandicapKind::Sleep => "sleep",
        HandicapKind::Repeat => "repeat",
    }
}

/// Runs trials `first..first + trials`, each a contest of the next of `contests`, and hands each to `done`. The first of the
/// formats wanted has twins, the second is the slow one.
///
/// # Errors
/// When there is no such dataset or no place; what `done` says; when a cell fails.
pub fn calibrate(
    settings: &Settings,
    contests: &[Contest],
    trials: std::ops::Range<u64>,
    mut done: impl FnMut(&Trial) -> Result<()>,
) -> Result<()> {
    let [format, slow] = &settings.wanted.formats[..] else {
        return Err(Error::Usage("calibrating takes two formats: one with twins, and a slow one".into()));
    };
    scratch::remove_abandoned(&settings.place);
    let directory = Scratch::new(&settings.place, "run")?;
    let (_, facts, dataset) = open(settings, &mut ())?;
    for nth in trials {
        // Written anew for each: what is found must not hang on the luck of one store.
        let place = Scratch::new(directory.path(), "trial")?;
        let mut stores = Stores::new(place.path(), dataset.clone(), settings.limit);
        let started = std::time::Instant::now();
        let started_utc = humantime::format_rfc3339_seconds(std::time::SystemTime::now()).to_string();
        let contest = &contests[(nth % contests.len() as u64) as usize];
        let contest = Contest { entries: entries(format, slow, nth / contests.len() as u64), ..contest.clone() };
        for key in contest.entries.iter().filter_map(|entry| store_key(&contest, entry, 0, &settings.sizes)) {
            stores.write(key, &settings.launcher);
        }
        stores.rest();
        crate::store::settle(&settings.place)?;
        let setting = Setting {
            launcher: &settings.launcher,
            stores: &stores,
            dataset: &dataset,
            sizes: &settings.sizes,
            seed: settings.seed.wrapping_add(nth),
            limit: settings.limit,
            budget: settings.sizes.budget,
            probe: false,
        };
        let mut round = Round::new(&contest, setting);
        round.run(|_| Ok::<(), Error>(()))?;
        let common = Common { facts: &facts, stores: &stores, sizes: &settings.sizes };
        let cells = outcome::of(&round, &common).cells;
        if let Some(failed) = cells.iter().find(|cell| cell.status != Status::Ok) {
            let reason = failed.reason.clone().unwrap_or_default();
            return Err(Error::Usage(format!("{} cannot be calibrated with: {reason}", failed.id)));
        }
        let turns: Vec<_> = cells.iter().map(|cell| &cell.turns).collect();
        let table = Table::from_turns(&turns).map_err(Error::Usage)?;
        let verdicts = contest.entries.iter().enumerate().skip(1).filter(|(_, entry)| entry.name != slow.to_string());
        let verdicts = verdicts.filter_map(|(at, entry)| judge(&table, at, entry)).collect();
        let estimate = cells.first().and_then(|cell| cell.estimate.as_ref());
        done(&Trial {
            trial: nth,
            started_utc,
            workload: contest.workload.name().into(),
            cache: contest.cache.name().into(),
            threads: contest.threads,
            launches: estimate.map_or(0, |estimate| estimate.launches),
            blocks: estimate.map_or(0, |estimate| estimate.blocks),
            load: crate::results::host::load_average(),
            wall_s: started.elapsed().as_secs_f64(),
            verdicts,
            turns: cells.into_iter().map(|cell| cell.turns).collect(),
        })?;
    }
    Ok(())
}

fn judge(table: &Table, at: usize, entry: &Entry) -> Option<Verdict> {
    let interval = stats::ratio(table, at, 0, &Rule::default())?;
    let (kind, percent) = entry.handicap.map_or(("twin", 0.0), |handicap| (word(handicap.kind), handicap.percent));
    Some(Verdict {
        kind: kind.into(),
        percent,
        ratio: interval.ratio,
        lo: interval.lo,
        hi: interval.hi,
        verdict: interval.verdict.name().into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trial_has_many_cells_of_which_one_is_slow() {
        let (fast, slow) = ("lmdb:raw".parse().unwrap(), "dir:png".parse().unwrap());
        let kinds: std::collections::BTreeSet<_> = (0..3)
            .map(|nth| {
                let entries = entries(&fast, &slow, nth);
                assert!(entries.len() >= 8);
                assert_eq!(entries.iter().filter(|entry| entry.store.as_ref() == Some(&slow)).count(), 1);
                let of_fast = || entries.iter().filter(|entry| entry.store.as_ref() == Some(&fast));
                let series: std::collections::BTreeSet<_> = of_fast().map(|entry| entry.series).collect();
                assert_eq!(series.len(), of_fast().count(), "each cell has a store of its own");
                entries.iter().find_map(|entry| entry.handicap).map(|handicap| word(handicap.kind))
            })
            .collect();
        assert_eq!(kinds.len(), 3);
    }
}
