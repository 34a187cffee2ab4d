//! The course of a run: look, plan, prepare, measure contest after contest, keep what is known.

use super::contest::{MIN_BLOCKS, Round, Setting, store_key};
use super::outcome::{self, Common, Outcome};
use super::plan::{Contest, Entry, plan};
use super::stores::Stores;
use super::verdicts::is_ranked;
use super::{Observer, Settings, peers};
use crate::dataset::Look;
use crate::error::{Error, Result};
use crate::measure::Cache;
use crate::measure::cold::{memory_file_system, nearest_existing, supports_cold};
use crate::measure::noise::{self, Level};
use crate::results::{CellKind, DatasetFacts, Git, Host as HostFacts, Results, Run, SCHEMA_ID, host};
use crate::stats;
use crate::store::Durability;
use crate::store::scratch::{self, Scratch};
use crate::sys::can_drop_caches;
use crate::worker::protocol::{DatasetSpec, Failure, FailureKind, Reply, Request};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use std::borrow::Cow;
use std::collections::VecDeque;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

/// Measures. What goes wrong with a cell is in the results; what is interrupted, too, and these then say that they are
/// not complete.
///
/// # Errors
/// When there is no such dataset, no place for stores, nothing to measure, or the observer cannot go on.
pub fn run(settings: &Settings, observer: &mut dyn Observer) -> Result<Results> {
    scratch::remove_abandoned(&settings.place);
    let directory = Scratch::new(&settings.place, "run")?;
    if settings.sizes.is_timed() {
        observer.preparing("listening to the noise of this host");
    }
    let settings = &with_scripts(settings, directory.path())?;
    let started = Started::now(settings, observer);
    let (look, facts, dataset) = open(settings, observer)?;
    let contests = plan(&settings.wanted, &look, &settings.sizes, &facts.id);
    if contests.is_empty() {
        return Err(Error::Usage("nothing is left to measure: no cell has a name that the filter matches".into()));
    }
    if settings.sizes.is_timed() {
        contests.iter().try_for_each(|contest| reachable(contest, settings))?;
    }
    if settings.wanted.threads.iter().any(|threads| *threads > 1)
        && contests.iter().any(|contest| !contest.workload.writes() && contest.workload.batch() == 1)
    {
        observer.remark("one image at a time is no work for several threads, nor is opening: read_one and open are measured with one");
    }
    observer.planned(&contests);
    let mut stores = Stores::new(directory.path(), dataset.clone(), settings.limit);
    let mut course = Course { settings, started, facts, held: Vec::new(), ahead: contests.iter().collect() };
    // Whatever an earlier run has left there must not pass for this one's.
    observer.save(&course.results(&stores, None, false))?;
    let outcome = course.run(&dataset, &mut stores, observer);
    let interrupted = match outcome {
        Ok(()) => false,
        Err(Error::Interrupted(_)) => true,
        Err(error) => return Err(error),
    };
    let results = course.results(&stores, None, !interrupted);
    observer.save(&results)?;
    Ok(results)
}

/// The same with the scripts of the peers in `directory`, if there are peers.
fn with_scripts(settings: &Settings, directory: &Path) -> Result<Settings> {
    let mut settings = settings.clone();
    if settings.launcher.peers.iter().any(|peer| peer.script.is_some()) {
        settings.launcher.scripts = peers::install(directory)?;
    }
    Ok(settings)
}

/// Looks at the dataset in a process of its own: what may crash a library must not end the run without a word.
pub(super) fn open(settings: &Settings, observer: &mut dyn Observer) -> Result<(Look, DatasetFacts, DatasetSpec)> {
    let named = |failure: Failure| match failure.kind {
        FailureKind::Usage => Error::Usage(failure.message),
        _ => of_dataset(&failure.message).unwrap_or_else(|| Error::Dataset {
            path: settings.dataset.name.clone().into(),
            cause: failure.message,
            remedy: "mend it or give another with --dataset".into(),
        }),
    };
    observer.preparing(&format!("looking at {}", settings.dataset.name));
    let mut host = settings.launcher.worker().map_err(|failure| Error::Dataset {
        path: settings.dataset.name.clone().into(),
        cause: failure.message,
        remedy: "this is a fault of shelfmark: please report it".into(),
    })?;
    let mut ask = |request: Request| host.ask(&request, settings.limit).map_err(named);
    let strange = |reply: Reply| named(Failure::new(FailureKind::Failed, format!("this is no answer: {reply:?}")));
    let looked = match ask(Request::Look { dataset: settings.dataset.clone() })? {
        Reply::Looked(looked) => looked,
        other => return Err(strange(other)),
    };
    looked.remarks.iter().for_each(|remark| observer.remark(remark));
    if looked.look.images == 0 {
        return Err(Error::Usage("there is nothing to measure in 0 images; give more with --images".into()));
    }
    let read = settings
        .wanted
        .images
        .unwrap_or_else(|| settings.sizes.read_images(looked.look.images, looked.look.image_bytes));
    let mut dataset = settings.dataset.clone();
    dataset.options.images = Some(read);
    let facts = match ask(Request::Facts { dataset: dataset.clone() })? {
        Reply::Facts(facts) => *facts,
        other => return Err(strange(other)),
    };
    host.end();
    Ok((looked.look, facts, dataset))
}

/// The error of a dataset that a worker told: it has said of which one, and what to do. Wherever the three are cut apart,
/// together they read as before.
fn of_dataset(message: &str) -> Option<Error> {
    let (path, rest) = message.strip_prefix("dataset ")?.split_once(": ")?;
    let (cause, remedy) = rest.rsplit_once("; ")?;
    Some(Error::Dataset { path: path.into(), cause: cause.into(), remedy: remedy.into() })
}

/// Refuses a contest that could not end in a verdict however quiet the machine is.
fn reachable(contest: &Contest, settings: &Settings) -> Result<()> {
    let entries = &contest.entries;
    let ranked = entries.iter().filter(|entry| is_ranked(entry, entries) && entry.refused.is_none()).count();
    let launches = settings.sizes.launches as usize;
    let judged =
        if ranked < 2 { Ok(()) } else { stats::reachable(launches, MIN_BLOCKS, ranked - 1, &stats::Rule::default()) };
    judged.map_err(|why| Error::Usage(format!("{}: {why}", contest.title())))
}

/// Whether a contest can take place there.
fn possible(contest: &Contest, place: &Path, timed: bool) -> Result<(), String> {
    if !timed && contest.cache != Cache::Warm {
        return Err("exact counts are of warm stores: every read but the first would be a warm one".into());
    }
    // What is counted is the same on any place.
    if timed && contest.workload.writes() && contest.durability != Durability::None {
        let memory = nearest_existing(place).and_then(|place| memory_file_system(&place));
        let why = |memory| {
            format!(
                "{} is {memory}, which is memory: nothing written there is durable; name a folder on a disk with --dir",
                place.display()
            )
        };
        return memory.map_or(Ok(()), |memory| Err(why(memory)));
    }
    if contest.cache == Cache::Warm {
        return Ok(());
    }
    supports_cold(place).map_err(|why| format!("{why}; name a folder on a disk with --dir"))?;
    if contest.cache == Cache::ColdFull && !can_drop_caches() {
        return Err("only root may drop all caches: run as root, or measure with --cache cold-data".into());
    }
    Ok(())
}

/// How long a run looks at the noise before it begins.
const NOISE: Duration = Duration::from_secs(2);

struct Started {
    at: Instant,
    utc: SystemTime,
    ticks: Option<(u64, u64)>,
    /// Asked for once: it takes longer than a block.
    git: Git,
    host: HostFacts,
}

impl Started {
    /// Looks at the host, and for a while at how noisy it is: who measures should know before minutes go by.
    fn now(settings: &Settings, observer: &mut dyn Observer) -> Self {
        let (at, utc, ticks) = (Instant::now(), SystemTime::now(), host::processor_ticks());
        let mut host = host::describe(&settings.place, settings.place_kind);
        // Noise is about times.
        if settings.sizes.is_timed() {
            let noise = noise::probe(&settings.place, NOISE);
            if noise.level() > Level::Quiet {
                observer.remark(&format!("this host is {}", noise.words()));
            }
            host.noise = Some(noise.words());
        }
        Self { at, utc, ticks, git: crate::build_info::git(), host }
    }
}

/// Saves after each block, unless that would take more than a twentieth of the time.
#[derive(Default)]
struct Saver {
    /// When the last saving ended, and how long it took.
    last: Option<(Instant, Duration)>,
}

impl Saver {
    fn save(&mut self, save: impl FnOnce() -> Result<()>) -> Result<()> {
        let now = Instant::now();
        if self.last.is_some_and(|(ended, took)| now - ended < 19 * took) {
            return Ok(());
        }
        let saved = save();
        self.last = Some((Instant::now(), now.elapsed()));
        saved
    }
}

/// A run under way.
struct Course<'a> {
    settings: &'a Settings,
    started: Started,
    facts: DatasetFacts,
    /// Contests that have ended.
    held: Vec<Outcome>,
    /// Contests that have not begun.
    ahead: VecDeque<&'a Contest>,
}

impl<'a> Course<'a> {
    fn run(&mut self, dataset: &DatasetSpec, stores: &mut Stores, observer: &mut dyn Observer) -> Result<()> {
        let share = self.settings.sizes.budget / self.ahead.len().max(1) as u32;
        while let Some(contest) = self.ahead.front().copied() {
            if let Err(reason) = possible(contest, &self.settings.place, self.settings.sizes.is_timed()) {
                let failure = Failure::new(FailureKind::Unsupported, reason);
                let outcome = outcome::not_held(contest, &self.common(stores), &failure);
                observer.held(contest, &outcome);
                self.held.push(outcome);
                self.ahead.pop_front();
                continue;
            }
            self.prepare(contest, stores, observer)?;
            self.ahead.pop_front();
            let contest = &*self.without_idle_references(contest, stores);
            let setting = Setting {
                launcher: &self.settings.launcher,
                stores,
                dataset,
                sizes: &self.settings.sizes,
                seed: self.settings.seed,
                limit: self.settings.limit,
                budget: share,
                probe: true,
            };
            let mut round = Round::new(contest, setting);
            let mut saver = Saver::default();
            let ended = round.run(|round| {
                observer.block(contest, round.launches, self.settings.sizes.launches);
                saver.save(|| observer.save(&self.results(stores, Some(round), false)))?;
                if contest.workload.writes() {
                    // What was just saved must not be written back while the next turn waits for the same device.
                    crate::store::settle(&self.settings.place)?;
                }
                observer.check()
            });
            let outcome = outcome::of(&round, &self.common(stores));
            observer.held(contest, &outcome);
            self.held.push(outcome);
            observer.save(&self.results(stores, None, false))?;
            ended?;
        }
        Ok(())
    }

    fn prepare(&self, contest: &Contest, stores: &mut Stores, observer: &mut dyn Observer) -> Result<()> {
        let sizes = &self.settings.sizes;
        let entries = || contest.entries.iter().filter(|entry| entry.refused.is_none());
        let of = |launch| entries().filter_map(move |entry| store_key(contest, entry, launch, sizes));
        let mut keys: Vec<_> = (0..sizes.stores).flat_map(of).collect();
        // Which store comes where on the disk must not depend on its format.
        keys.shuffle(&mut ChaCha8Rng::seed_from_u64(self.settings.seed));
        for key in keys {
            observer.preparing(&format!("{} with {} images", key.format, key.images));
            stores.write(key, &self.settings.launcher);
            observer.check()?;
        }
        stores.rest();
        // What the stores left to be written must not slow down the first turns.
        crate::store::settle(&self.settings.place)
    }

    /// References are there for the sake of what is measured: where no other store could be written they are left out.
    fn without_idle_references(&self, contest: &'a Contest, stores: &Stores) -> Cow<'a, Contest> {
        let has_store = |entry: &Entry| {
            let key = store_key(contest, entry, 0, &self.settings.sizes);
            entry.refused.is_none() && key.is_none_or(|key| stores.get(&key).is_ok())
        };
        let measured = |entry: &&Entry| entry.kind != CellKind::Reference;
        match contest.entries.iter().filter(measured).any(has_store) {
            true => Cow::Borrowed(contest),
            false => {
                let entries = contest.entries.iter().filter(measured).cloned().collect();
                Cow::Owned(Contest { entries, ..contest.clone() })
            }
        }
    }

    fn common<'b>(&'b self, stores: &'b Stores) -> Common<'b> {
        Common { facts: &self.facts, stores, sizes: &self.settings.sizes }
    }

    /// All that is known, with the contest under way if there is one.
    fn results(&self, stores: &Stores, round: Option<&Round<'_>>, complete: bool) -> Results {
        let common = self.common(stores);
        let mut outcomes = self.held.clone();
        outcomes.extend(round.map(|round| outcome::of(round, &common)));
        let unreached = Failure::new(FailureKind::Skipped, "the run was stopped before this was reached");
        outcomes.extend(self.ahead.iter().map(|contest| outcome::not_held(contest, &common, &unreached)));
        let mut host = self.started.host.clone();
        host.load.after = host::load_average();
        host.steal_pct = host::steal_pct(self.started.ticks, host::processor_ticks());
        let started_utc = humantime::format_rfc3339_seconds(self.started.utc).to_string();
        let mut results = Results {
            schema: SCHEMA_ID.into(),
            run: Run {
                id: format!("run-{started_utc}-{}", std::process::id()),
                started_utc,
                wall_s: self.started.at.elapsed().as_secs_f64(),
                command: self.settings.command.clone(),
                profile: self.settings.profile.name().into(),
                tuning: Some(self.settings.wanted.tuning.name().into()),
                seed: self.settings.seed,
                complete,
                git: self.started.git.clone(),
                rustc: crate::build_info::RUSTC.into(),
                shelfmark_version: env!("CARGO_PKG_VERSION").into(),
                features: crate::build_info::features(),
            },
            host,
            datasets: vec![self.facts.clone()],
            cells: Vec::new(),
            comparisons: Vec::new(),
            null_control: Vec::new(),
        };
        for outcome in outcomes {
            results.cells.extend(outcome.cells);
            results.comparisons.extend(outcome.comparisons);
            results.null_control.extend(outcome.null_control);
        }
        results
    }
}
