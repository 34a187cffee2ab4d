//! The processes of one launch: a worker with all Rust cells, and one for each peer.

use super::competitor::Competitor;
use super::launcher::Launcher;
use super::plan::Entry;
use crate::results::CellKind;
use crate::worker::Host;
use crate::worker::protocol::{Failure, FailureKind, Hold, Probed, Reply, Request, Task, Turned};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The processes of one launch, with the cells that are ready in them.
pub(super) struct Hosts<'a> {
    launcher: &'a Launcher,
    limit: Duration,
    /// What each worker does before anything else.
    hold: Option<Hold>,
    /// What came of it.
    held: BTreeMap<PathBuf, bool>,
    /// By the name of the peer; the worker of all Rust cells has none.
    hosts: BTreeMap<String, Host>,
}

impl<'a> Hosts<'a> {
    /// No process yet. None may take longer than `limit` for an answer; what is to `hold` in memory, workers hold before
    /// anything of it is opened.
    pub(super) fn new(launcher: &'a Launcher, limit: Duration, hold: Option<Hold>) -> Self {
        Self { launcher, limit, hold, held: BTreeMap::new(), hosts: BTreeMap::new() }
    }

    /// Starts processes and makes all cells ready that still compete. A cell that cannot be made ready competes no more;
    /// if its process died of it, the others are made ready in a new one. Who comes first is drawn from `seed`: what is opened
    /// first gets other memory than what comes later, and must not be the same cell in each launch.
    pub(super) fn prepare(
        &mut self,
        competitors: &mut [Competitor],
        seed: u64,
        task: impl Fn(&Competitor) -> Result<Task, Failure>,
    ) {
        let limit = self.limit;
        if self.hold.is_some() {
            // Before peers open their stores. Should it not start, the cells will say so.
            let _ = self.worker();
        }
        let mut ready = vec![false; competitors.len()];
        let mut order: Vec<usize> = (0..competitors.len()).collect();
        order.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
        while let Some(&cell) = order.iter().find(|&&cell| !ready[cell] && competitors[cell].competes()) {
            let outcome = task(&competitors[cell]).and_then(|task| {
                let request = Request::Prepare { cell: cell as u32, task };
                match self.host(&competitors[cell].entry)?.ask(&request, limit)? {
                    Reply::Prepared { native } => Ok(native),
                    other => Err(strange("prepare", &other)),
                }
            });
            match outcome {
                Ok(native) => {
                    competitors[cell].native = native;
                    ready[cell] = true;
                }
                Err(failure) => {
                    competitors[cell].failure = Some(failure);
                    if !self.is_alive(&competitors[cell].entry) {
                        let name = process_of(&competitors[cell].entry);
                        self.hosts.remove(name);
                        let lost = |entry: &Entry| process_of(entry) == name;
                        (0..ready.len()).filter(|&at| lost(&competitors[at].entry)).for_each(|at| ready[at] = false);
                    }
                }
            }
        }
    }

    /// Whether this store is held in memory, where that was asked for.
    pub(super) fn holds(&self, store: &Path) -> Option<bool> {
        self.held.get(store).copied()
    }

    /// One turn; also how long it took with all that is not timed.
    pub(super) fn turn(
        &mut self,
        cell: usize,
        entry: &Entry,
        warm_up: u64,
        operations: u64,
    ) -> Result<(Turned, Duration), Failure> {
        let limit = self.limit;
        let started = Instant::now();
        let request = Request::Turn { cell: cell as u32, warm_up, operations };
        match self.host(entry)?.ask(&request, limit)? {
            Reply::Turned(turned) if turned.images > 0 => Ok((turned, started.elapsed())),
            Reply::Turned(turned) => {
                Err(Failure::new(FailureKind::Failed, format!("a turn gave no images in {} ns", turned.elapsed_ns)))
            }
            other => Err(strange("turn", &other)),
        }
    }

    /// A probe.
    pub(super) fn probe(
        &mut self,
        cell: usize,
        entry: &Entry,
        operations: u64,
        counters_only: bool,
    ) -> Result<Probed, Failure> {
        let limit = self.limit;
        let request = Request::Probe { cell: cell as u32, operations, counters_only };
        match self.host(entry)?.ask(&request, limit)? {
            Reply::Probed(probed) => Ok(*probed),
            other => Err(strange("probe", &other)),
        }
    }

    /// Whether the process of this cell is there.
    pub(super) fn is_alive(&self, entry: &Entry) -> bool {
        self.hosts.get(process_of(entry)).is_some_and(Host::is_alive)
    }

    /// Ends all processes.
    pub(super) fn end(self) {
        self.hosts.into_values().for_each(Host::end);
    }

    fn host(&mut self, entry: &Entry) -> Result<&mut Host, Failure> {
        if entry.kind != CellKind::Peer {
            return self.worker();
        }
        let name = process_of(entry);
        if !self.hosts.contains_key(name) {
            self.hosts.insert(name.to_owned(), self.launcher.peer(&entry.name)?);
        }
        // It was put there if it was not there.
        self.hosts.get_mut(name).ok_or_else(no_process)
    }

    /// The worker of all Rust cells.
    fn worker(&mut self) -> Result<&mut Host, Failure> {
        if !self.hosts.contains_key(WORKER) {
            let mut host = self.launcher.worker()?;
            if let Some(hold) = self.hold.take() {
                let held = match host.ask(&Request::Hold(hold.clone()), self.limit) {
                    Ok(Reply::Held { held }) => held,
                    _ => Vec::new(),
                };
                if held.len() == hold.stores.len() {
                    self.held = hold.stores.iter().cloned().zip(held).collect();
                    self.hold = Some(hold);
                } else {
                    // Not tried again: that could take as long for each cell. The results say that nothing was held.
                    self.held = hold.stores.into_iter().map(|store| (store, false)).collect();
                    host = self.launcher.worker()?;
                }
            }
            self.hosts.insert(WORKER.into(), host);
        }
        self.hosts.get_mut(WORKER).ok_or_else(no_process)
    }
}

/// The name of the worker's process among those of the peers.
const WORKER: &str = "";

fn process_of(entry: &Entry) -> &str {
    if entry.kind == CellKind::Peer { &entry.name } else { WORKER }
}

fn no_process() -> Failure {
    Failure::new(FailureKind::Failed, "there is no process")
}

fn strange(asked: &str, reply: &Reply) -> Failure {
    Failure::new(FailureKind::Failed, format!("this is no answer to `{asked}`: {reply:?}"))
}
