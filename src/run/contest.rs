//! One contest: launches, pilot, blocks.

use super::competitor::{Competitor, Turn};
use super::hosts::Hosts;
use super::launcher::Launcher;
use super::pilot;
use super::plan::{Contest, Entry};
use super::profile::Sizes;
use super::stores::{StoreKey, Stores};
use crate::measure::{Cache, schedule};
use crate::results::CellKind;
use crate::worker::protocol::{DatasetSpec, Failure, FailureKind, Hold, Task};
use std::path::PathBuf;
use std::time::Duration;

/// Launches are the units of all verdicts: one with a single block is one, too.
pub(super) const MIN_BLOCKS: usize = 1;

/// More blocks in a launch add little: launches differ.
const MAX_BLOCKS: usize = 400;

/// Turns' worth of operations in each pass of a probe of reads.
const PROBED_TURNS: u64 = 25;

/// Operations of each pass of a probe, at most.
const PROBED_OPERATIONS: u64 = 1 << 12;

/// Reads that are counted where nothing is timed: however fast the machine is, the same ones.
const COUNTED_READS: u64 = 64;

/// What a contest needs from the run that it belongs to.
pub(super) struct Setting<'a> {
    pub launcher: &'a Launcher,
    pub stores: &'a Stores,
    pub dataset: &'a DatasetSpec,
    pub sizes: &'a Sizes,
    pub seed: u64,
    /// No request may take longer.
    pub limit: Duration,
    /// Time for the turns of this contest.
    pub budget: Duration,
    /// Whether latency, counters and ledger are wanted, too.
    pub probe: bool,
}

/// A contest under way.
pub(super) struct Round<'a> {
    pub contest: &'a Contest,
    pub competitors: Vec<Competitor>,
    /// Launches that were begun.
    pub launches: u32,
    /// Blocks a launch, once the pilot has said how long they take.
    pub blocks: usize,
    /// Whether all blocks that were meant to be run were run.
    pub complete: bool,
    setting: Setting<'a>,
}

impl<'a> Round<'a> {
    pub(super) fn new(contest: &'a Contest, setting: Setting<'a>) -> Self {
        let competitors = contest.entries.iter().cloned().map(Competitor::new).collect();
        Self { contest, competitors, launches: 0, blocks: 0, complete: false, setting }
    }

    /// Runs all of it. `after_block` is called whenever a block is whole, and before what takes long.
    ///
    /// # Errors
    /// What `after_block` says: to stop.
    pub(super) fn run<E>(&mut self, mut after_block: impl FnMut(&Self) -> Result<(), E>) -> Result<(), E> {
        for launch in 0..self.setting.sizes.launches {
            self.launches = launch + 1;
            let mut done = 0;
            // More than one round of this only where a process died: what is left of the launch is done by the next.
            while (self.blocks == 0 || done < self.blocks) && self.competing().next().is_some() {
                after_block(self)?;
                let hold = hold(self.contest, &self.setting, launch, &self.competitors);
                let mut hosts = Hosts::new(self.setting.launcher, self.setting.limit, hold);
                self.prepare(&mut hosts, launch);
                if self.blocks == 0 {
                    self.pilot(&mut hosts);
                }
                if self.competing().next().is_some() && self.competing().all(|c| hosts.is_alive(&c.entry)) {
                    self.launch(&mut hosts, launch, &mut done, &mut after_block)?;
                }
                hosts.end();
            }
        }
        self.complete = true;
        if self.setting.probe {
            self.probe(&mut after_block)?;
        }
        Ok(())
    }

    fn competing(&self) -> impl Iterator<Item = &Competitor> {
        self.competitors.iter().filter(|competitor| competitor.competes())
    }

    fn prepare(&mut self, hosts: &mut Hosts<'_>, launch: u32) {
        let (contest, setting) = (self.contest, &self.setting);
        let seed = setting.seed.wrapping_add(u64::from(launch));
        hosts.prepare(&mut self.competitors, seed, |competitor| task(contest, setting, launch, &competitor.entry));
        // Not said of peers: some read what they have made of the store.
        let ours = |competitor: &&mut Competitor| competitor.competes() && competitor.entry.kind != CellKind::Peer;
        for competitor in self.competitors.iter_mut().filter(ours) {
            let store = store(contest, setting, launch, &competitor.entry);
            if let Some(held) = store.and_then(|store| hosts.holds(&store)) {
                competitor.note_held(held);
            }
        }
    }

    /// Finds out how many operations make a turn, and how many turns fit into the time there is. Its turns do not count.
    fn pilot(&mut self, hosts: &mut Hosts<'_>) {
        let mut paces = vec![None; self.competitors.len()];
        for (cell, competitor) in self.competitors.iter_mut().enumerate().filter(|(_, cell)| cell.competes()) {
            match pilot::try_out(self.contest, &competitor.entry, cell, self.setting.sizes.turn, hosts) {
                Ok(pace) => paces[cell] = Some(pace),
                Err(failure) => competitor.failure = Some(failure),
            }
            if !hosts.is_alive(&competitor.entry) {
                // The next life finds out again; who was the reason competes no more.
                return;
            }
        }
        for _ in 0..pilot::ROUNDS {
            for (cell, competitor) in self.competitors.iter_mut().enumerate() {
                let Some(pace) = &mut paces[cell] else { continue };
                if let Err(failure) = pilot::try_again(pace, &competitor.entry, cell, hosts) {
                    competitor.failure = Some(failure);
                    paces[cell] = None;
                    if !hosts.is_alive(&competitor.entry) {
                        return;
                    }
                }
            }
        }
        let lengths = pilot::lengths(self.contest.workload, &paces);
        for (competitor, (length, pace)) in self.competitors.iter_mut().zip(lengths.iter().zip(&paces)) {
            let (Some(length), Some(pace)) = (length, pace) else { continue };
            (competitor.operations, competitor.warm_up, competitor.pilot) =
                (length.operations, length.warm_up, pace.first);
        }
        let share = self.setting.budget.div_f64(f64::from(self.setting.sizes.launches));
        let block = pilot::block(&lengths, &paces).as_secs_f64().max(1e-9);
        self.blocks = ((share.as_secs_f64() / block) as usize).clamp(MIN_BLOCKS, MAX_BLOCKS);
    }

    /// The blocks of one life of the processes; ends early when a process dies.
    fn launch<E>(
        &mut self,
        hosts: &mut Hosts<'_>,
        launch: u32,
        done: &mut usize,
        after_block: &mut impl FnMut(&Self) -> Result<(), E>,
    ) -> Result<(), E> {
        while *done < self.blocks {
            let cells: Vec<usize> = (0..self.competitors.len()).filter(|&c| self.competitors[c].competes()).collect();
            if cells.is_empty() {
                return Ok(());
            }
            // One schedule for all launches, or the balance of who follows whom would begin anew with each.
            let before = launch as usize * self.blocks + *done;
            let whole = schedule::blocks(cells.len(), (launch as usize + 1) * self.blocks, self.setting.seed);
            for order in whole.into_iter().skip(before) {
                let order: Vec<usize> = order.into_iter().map(|part| cells[part]).collect();
                match self.block(hosts, &order, (launch, *done as u32)) {
                    Ok(turns) => turns.iter().for_each(|(cell, turn)| self.competitors[*cell].note(turn)),
                    Err((cell, failure)) => {
                        // What the others did in this block is thrown away: a block counts whole or not at all.
                        let entry = self.competitors[cell].entry.clone();
                        self.competitors[cell].failure = Some(failure);
                        if !hosts.is_alive(&entry) {
                            return Ok(());
                        }
                        break;
                    }
                }
                *done += 1;
                after_block(self)?;
            }
        }
        Ok(())
    }

    fn block(
        &self,
        hosts: &mut Hosts<'_>,
        order: &[usize],
        (launch, block): (u32, u32),
    ) -> Result<Vec<(usize, Turn)>, (usize, Failure)> {
        let mut turns = Vec::with_capacity(order.len());
        for (position, &cell) in order.iter().enumerate() {
            let competitor = &self.competitors[cell];
            let turned = hosts.turn(cell, &competitor.entry, competitor.warm_up, competitor.operations);
            let (turned, _) = turned.map_err(|failure| (cell, failure))?;
            turns.push((cell, Turn { launch, block, position: position as u32, turned }));
        }
        Ok(turns)
    }

    /// What has no place in a turn, each cell in a process of its own: nobody else's memory is counted. What fails here
    /// fails the cell.
    fn probe<E>(&mut self, after_block: &mut impl FnMut(&Self) -> Result<(), E>) -> Result<(), E> {
        let turns = if self.contest.workload.writes() { 1 } else { PROBED_TURNS };
        for cell in 0..self.competitors.len() {
            after_block(self)?;
            let (contest, setting) = (self.contest, &self.setting);
            let competitor = &mut self.competitors[cell];
            if !competitor.competes() {
                continue;
            }
            let hold = hold(contest, setting, 0, std::slice::from_ref(competitor));
            let mut hosts = Hosts::new(setting.launcher, setting.limit, hold);
            let counted = if contest.workload.writes() { 1 } else { COUNTED_READS };
            let operations = match setting.sizes.is_timed() {
                true => (competitor.operations * turns).clamp(1, PROBED_OPERATIONS),
                false => counted,
            };
            hosts.prepare(std::slice::from_mut(competitor), 0, |alone| task(contest, setting, 0, &alone.entry));
            if competitor.competes() {
                match hosts.probe(0, &competitor.entry, operations, !setting.sizes.is_timed()) {
                    Ok(probed) => competitor.probed = Some(probed),
                    // Peers need not offer it.
                    Err(failure) if failure.kind == FailureKind::Unsupported => {}
                    Err(failure) => competitor.failure = Some(failure),
                }
            }
            hosts.end();
        }
        Ok(())
    }
}

/// The stores that are held in memory while these compete: those of warm reads.
fn hold(contest: &Contest, setting: &Setting<'_>, launch: u32, competitors: &[Competitor]) -> Option<Hold> {
    if contest.workload.writes() || contest.cache != Cache::Warm {
        return None;
    }
    let competing = competitors.iter().filter(|competitor| competitor.competes());
    let stores = competing.filter_map(|competitor| store(contest, setting, launch, &competitor.entry)).collect();
    Some(Hold { stores, launch, seed: setting.seed.wrapping_add(u64::from(launch)) })
}

/// Where the store of an entry lies, if it uses one and that was written.
fn store(contest: &Contest, setting: &Setting<'_>, launch: u32, entry: &Entry) -> Option<PathBuf> {
    let key = store_key(contest, entry, launch, setting.sizes)?;
    Some(setting.stores.get(&key).ok()?.path.clone())
}

fn task(contest: &Contest, setting: &Setting<'_>, launch: u32, entry: &Entry) -> Result<Task, Failure> {
    let (store, fingerprints) = match store_key(contest, entry, launch, setting.sizes) {
        Some(key) => {
            let written = setting.stores.get(&key)?;
            (written.path.clone(), written.fingerprints.clone())
        }
        None => Default::default(),
    };
    Ok(Task {
        format: match &entry.store {
            Some(id) if entry.kind != CellKind::Peer => id.to_string(),
            _ => entry.name.clone(),
        },
        store,
        fingerprints,
        workload: contest.workload,
        images: contest.images,
        batch: contest.workload.batch(),
        threads: contest.threads,
        cache: contest.cache,
        durability: contest.durability,
        dataset: setting.dataset.clone(),
        // All cells of a launch are asked for the same images in the same order.
        seed: setting.seed.wrapping_add(u64::from(launch)),
        handicap: entry.handicap,
    })
}

/// The store that an entry uses in a launch.
pub(super) fn store_key(contest: &Contest, entry: &Entry, launch: u32, sizes: &Sizes) -> Option<StoreKey> {
    let format = entry.store.as_ref()?.to_string();
    let nth = launch % sizes.stores + entry.series * sizes.stores;
    Some(StoreKey { format, images: contest.images, nth })
}
