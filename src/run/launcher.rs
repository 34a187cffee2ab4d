//! How processes are started: this program again as a worker, and the programs that people run today.

use super::plan::PeerOffer;
use crate::worker::Host;
use crate::worker::protocol::{Failure, FailureKind};
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

/// A process that does not greet within this time is not working.
const GREETING: Duration = Duration::from_secs(60);

/// Starts processes.
#[derive(Debug, Clone)]
pub struct Launcher {
    /// Our own program.
    pub program: PathBuf,
    /// What makes it a worker.
    pub arguments: Vec<OsString>,
    /// The programs that people run today.
    pub peers: Vec<Peer>,
    /// Where their scripts lie: a run writes them into its scratch directory.
    pub scripts: PathBuf,
}

/// How a peer is started.
#[derive(Debug, Clone)]
pub struct Peer {
    /// What it offers.
    pub offer: PeerOffer,
    /// The program, as in `python3`.
    pub program: PathBuf,
    /// The script that it runs, by its name in [`Launcher::scripts`].
    pub script: Option<&'static str>,
    /// What follows.
    pub arguments: Vec<OsString>,
}

impl Launcher {
    /// Workers are this program, called with `worker`; there are no peers.
    pub fn new(program: PathBuf) -> Self {
        Self { program, arguments: vec!["worker".into()], peers: Vec::new(), scripts: PathBuf::new() }
    }

    /// A worker.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn worker(&self) -> Result<Host, Failure> {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments);
        Host::start(command, GREETING)
    }

    /// The peer of this name.
    ///
    /// # Errors
    /// When there is none, it is known to be missing something, or it cannot be started.
    pub fn peer(&self, name: &str) -> Result<Host, Failure> {
        let known = self.peers.iter().find(|peer| peer.offer.name == name);
        let missing = || Failure::new(FailureKind::Skipped, format!("there is no peer {name}"));
        let peer = known.ok_or_else(missing)?;
        let mut command = Command::new(&peer.program);
        command.args(peer.script.map(|script| self.scripts.join(script))).args(&peer.arguments);
        Host::start(command, GREETING)
    }
}
