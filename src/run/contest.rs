//! One contest: launches, pilot, blocks.

use super::competitor::{Competitor, Turn};
use super::hosts::Hosts;
use super::launcher::Launcher;
use super::plan::{Contest, Entry};
use super::profile::Sizes;
use super::stores::{StoreKey, Stores};
use crate::measure::{Cache, schedule};
use crate::results::CellKind;
use crate::worker::protocol::{DatasetSpec, Failure, FailureKind, Task};
use crate::workload::Workload;
use std::time::Duration;

/// Launches are the units of all verdicts: one with a single block is one, too.
pub(super) const MIN_BLOCKS: usize = 1;

/// More blocks in a launch add nothing: launches differ.
const MAX_BLOCKS: usize = 40;

/// A turn with all that is not timed may be so many times as long as its timed part is meant to be.
const LONGEST_TURN: f64 = 5.0;

/// Images of a cold shuffled pass that are read in a turn: enough to see what seeking costs.
const COLD_IMAGES: u64 = 1_024;

/// Turns' worth of operations in each pass of a probe of reads.
const PROBED_TURNS: u64 = 5;

/// Operations of each pass of a probe, at most.
const PROBED_OPERATIONS: u64 = 1 << 12;

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
    /// Lives of worker processes so far: what the turns call a launch.
    lives: u32,
}

impl<'a> Round<'a> {
    pub(super) fn new(contest: &'a Contest, setting: Setting<'a>) -> Self {
        let competitors = contest.entries.iter().cloned().map(Competitor::new).collect();
        Self { contest, competitors, launches: 0, blocks: 0, complete: false, setting, lives: 0 }
    }

    /// Runs all of it. `after_block` is called whenever a block is whole.
    ///
    /// # Errors
    /// What `after_block` says: to stop.
    pub(super) fn run<E>(&mut self, mut after_block: impl FnMut(&Self) -> Result<(), E>) -> Result<(), E> {
        for launch in 0..self.setting.sizes.launches {
            self.launches = launch + 1;
            let mut done = 0;
            // More than one round of this only where a process died: what is left of the launch is done by the next.
            while (self.blocks == 0 || done < self.blocks) && self.competing().next().is_some() {
                let mut hosts = Hosts::new(self.setting.launcher, self.setting.limit);
                self.prepare(&mut hosts, launch);
                if self.blocks == 0 {
                    self.pilot(&mut hosts);
                }
                if self.competing().next().is_some() && self.competing().all(|c| hosts.is_alive(&c.entry)) {
                    let result = self.launch(&mut hosts, launch, &mut done, &mut after_block);
                    self.lives += 1;
                    result?;
                }
                hosts.end();
            }
        }
        if self.setting.probe {
            self.probe(&mut after_block)?;
        }
        self.complete = true;
        Ok(())
    }

    fn competing(&self) -> impl Iterator<Item = &Competitor> {
        self.competitors.iter().filter(|competitor| competitor.competes())
    }

    fn prepare(&mut self, hosts: &mut Hosts<'_>, launch: u32) {
        let (contest, setting) = (self.contest, &self.setting);
        hosts.prepare(&mut self.competitors, |competitor| task(contest, setting, launch, &competitor.entry));
    }

    /// Finds out how many operations make a turn, and how many turns fit into the time there is. Its turns do not count.
    fn pilot(&mut self, hosts: &mut Hosts<'_>) {
        let mut block = Duration::ZERO;
        for cell in 0..self.competitors.len() {
            let competitor = &mut self.competitors[cell];
            if !competitor.competes() {
                continue;
            }
            let fixed = fixed_operations(self.contest);
            // Where nothing is delivered, nothing waits for memory or for a device: less time tells as much.
            let divisor = if competitor.entry.store.is_none() { 10.0 } else { 1.0 };
            let turn_ns = self.setting.sizes.turn.as_nanos() as f64 / divisor;
            let mut measure = |operations: u64| hosts.turn(cell, &competitor.entry, 0, operations);
            let outcome = (|| {
                if let Some(operations) = fixed {
                    let (turned, took) = measure(operations)?;
                    return Ok((operations, 0, took, Some(turned.elapsed_ns as f64 / turned.images as f64)));
                }
                // Doubling until the turn is long enough to be scaled.
                let (mut operations, mut turned) = (1, measure(1)?);
                while (turned.0.elapsed_ns as f64) < turn_ns / 4.0 && operations < 1 << 24 {
                    operations *= 4;
                    turned = measure(operations)?;
                }
                // A clock may tick too slowly to see a single operation.
                let each = turned.0.elapsed_ns.max(1) as f64 / operations as f64;
                // What is not timed (drawing, checking) must not take many times as long as what is.
                let wall_each = turned.1.as_nanos() as f64 / operations as f64;
                let enough = (turn_ns / each).min(LONGEST_TURN * turn_ns / wall_each).ceil().max(1.0) as u64;
                // Where a single operation is longer than a turn, what precedes it matters little.
                let warm_up = if each < turn_ns { warm_up(self.contest.workload).min(enough) } else { 0 };
                let took = turned.1.mul_f64((enough + warm_up) as f64 / operations as f64);
                Ok((enough, warm_up, took, None))
            })();
            match outcome {
                Ok((operations, warm_up, took, first)) => {
                    (competitor.operations, competitor.warm_up, competitor.pilot) = (operations, warm_up, first);
                    block += 2 * took;
                }
                Err(failure) => competitor.failure = Some(failure),
            }
            if !hosts.is_alive(&self.competitors[cell].entry) {
                // The next life finds out again; who was the reason competes no more.
                return;
            }
        }
        let share = self.setting.budget.div_f64(f64::from(self.setting.sizes.launches));
        self.blocks = ((share.as_secs_f64() / block.as_secs_f64().max(1e-9)) as usize).clamp(MIN_BLOCKS, MAX_BLOCKS);
    }

    /// The blocks of one life of the processes; ends early when a process dies.
    fn launch<E>(
        &mut self,
        hosts: &mut Hosts<'_>,
        launch: u32,
        done: &mut usize,
        after_block: &mut impl FnMut(&Self) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut block = 0;
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
                match self.block(hosts, &order, block) {
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
                block += 1;
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
        block: u32,
    ) -> Result<Vec<(usize, Turn)>, (usize, Failure)> {
        let mut turns = Vec::with_capacity(order.len());
        for (position, &cell) in order.iter().enumerate() {
            let competitor = &self.competitors[cell];
            let turned = hosts.turn(cell, &competitor.entry, competitor.warm_up, competitor.operations);
            let (turned, _) = turned.map_err(|failure| (cell, failure))?;
            turns.push((cell, Turn { launch: self.lives, block, position: position as u32, turned }));
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
            let mut hosts = Hosts::new(setting.launcher, setting.limit);
            let operations = (competitor.operations * turns).clamp(1, PROBED_OPERATIONS);
            hosts.prepare(std::slice::from_mut(competitor), |alone| task(contest, setting, 0, &alone.entry));
            if competitor.competes() {
                match hosts.probe(0, &competitor.entry, operations) {
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

/// Untimed operations before a turn, which bring back what other cells have pushed out of the processor's caches. Single
/// reads are timed 64 at a time: as many are needed until the buffer has grown to its size.
fn warm_up(workload: Workload) -> u64 {
    match workload {
        Workload::WriteOne | Workload::WriteBatch => 0,
        Workload::ReadOne => 64,
        Workload::ReadBatch | Workload::Scan | Workload::Epoch | Workload::Open => 1,
    }
}

/// Operations of a turn where these do not depend on how long they take: a store is written whole, and after a cold start
/// every image read makes the store warmer.
fn fixed_operations(contest: &Contest) -> Option<u64> {
    let pass = |images: u64| Some(images.div_ceil(contest.workload.batch()).max(1));
    match (contest.workload, contest.cache) {
        (Workload::WriteBatch, _) => Some(1),
        (_, Cache::Warm) => None,
        (Workload::Scan, _) => pass(contest.images),
        (Workload::Epoch, _) => pass(contest.images.min(COLD_IMAGES)),
        _ => Some(1),
    }
}
