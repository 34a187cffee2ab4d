//! The processes of one launch: a worker with all Rust cells, and one for each peer.

use super::competitor::Competitor;
use super::launcher::Launcher;
use super::plan::Entry;
use crate::results::CellKind;
use crate::worker::Host;
use crate::worker::protocol::{Failure, FailureKind, Probed, Reply, Request, Task, Turned};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// The processes of one launch, with the cells that are ready in them.
pub(super) struct Hosts<'a> {
    launcher: &'a Launcher,
    limit: Duration,
    /// By the name of the peer; the worker of all Rust cells has none.
    hosts: BTreeMap<String, Host>,
}

impl<'a> Hosts<'a> {
    /// No process yet. None may take longer than `limit` for an answer.
    pub(super) fn new(launcher: &'a Launcher, limit: Duration) -> Self {
        Self { launcher, limit, hosts: BTreeMap::new() }
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

    /// Has the worker hold stores in memory, and returns the share of each, in percent, that is held. Where it cannot, the
    /// cells that use them will say why.
    pub(super) fn hold(&mut self, stores: Vec<PathBuf>, seed: u64) -> Vec<f64> {
        let nothing = vec![0.0; stores.len()];
        let limit = self.limit;
        let Ok(host) = self.host_named("", Launcher::worker) else { return nothing };
        match host.ask(&Request::Hold { stores, seed }, limit) {
            Ok(Reply::Held { held_pct }) if held_pct.len() == nothing.len() => held_pct,
            _ => {
                self.hosts.remove("");
                nothing
            }
        }
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
    pub(super) fn probe(&mut self, cell: usize, entry: &Entry, operations: u64) -> Result<Probed, Failure> {
        let limit = self.limit;
        match self.host(entry)?.ask(&Request::Probe { cell: cell as u32, operations }, limit)? {
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
        self.host_named(process_of(entry), |launcher| match entry.kind {
            CellKind::Peer => launcher.peer(&entry.name),
            _ => launcher.worker(),
        })
    }

    fn host_named(
        &mut self,
        name: &str,
        start: impl FnOnce(&Launcher) -> Result<Host, Failure>,
    ) -> Result<&mut Host, Failure> {
        if !self.hosts.contains_key(name) {
            self.hosts.insert(name.to_owned(), start(self.launcher)?);
        }
        // It was put there if it was not there.
        self.hosts.get_mut(name).ok_or_else(|| Failure::new(FailureKind::Failed, "there is no process"))
    }
}

fn process_of(entry: &Entry) -> &str {
    if entry.kind == CellKind::Peer { &entry.name } else { "" }
}

fn strange(asked: &str, reply: &Reply) -> Failure {
    Failure::new(FailureKind::Failed, format!("this is no answer to `{asked}`: {reply:?}"))
}
