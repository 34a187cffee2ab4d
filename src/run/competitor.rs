//! What is known of one cell while a run goes on.

use super::plan::Entry;
use crate::results::{CacheProof, Native, Turns};
use crate::worker::protocol::{Failure, Probed, Turned};

/// A cell that takes turns, with all that came of them.
#[derive(Debug, Clone)]
pub(super) struct Competitor {
    /// Who it is.
    pub entry: Entry,
    /// What went wrong with it; then it takes no more turns.
    pub failure: Option<Failure>,
    /// Operations in a turn, as found by the pilot.
    pub operations: u64,
    /// Nanoseconds an image of the first turn there ever was, which did not count.
    pub pilot: Option<f64>,
    /// Operations before, untimed.
    pub warm_up: u64,
    /// Its turns so far, of whole blocks only.
    pub turns: Turns,
    /// Bytes that came from the device in these turns.
    device_read_bytes: Option<u64>,
    /// The largest share of its store that was found in memory before a cold turn.
    resident_before_pct: Option<f64>,
    /// Whether its store was held in memory in all launches.
    held: Option<bool>,
    /// What its probe said.
    pub probed: Option<Probed>,
    /// The library it says it uses.
    pub native: Option<Native>,
}

/// One turn and its place.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Turn {
    /// Which launch.
    pub launch: u32,
    /// Block within it.
    pub block: u32,
    /// Place within the block.
    pub position: u32,
    /// What it gave.
    pub turned: Turned,
}

impl Competitor {
    /// Before its first turn.
    pub(super) fn new(entry: Entry) -> Self {
        Self {
            failure: entry.refused.clone(),
            entry,
            operations: 1,
            pilot: None,
            warm_up: 0,
            turns: Turns::default(),
            device_read_bytes: Some(0),
            resident_before_pct: None,
            held: None,
            probed: None,
            native: None,
        }
    }

    /// Whether it still takes turns.
    pub(super) fn competes(&self) -> bool {
        self.failure.is_none()
    }

    /// Takes down a turn.
    pub(super) fn note(&mut self, turn: &Turn) {
        self.turns.launch.push(turn.launch);
        self.turns.block.push(turn.block);
        self.turns.position.push(turn.position);
        self.turns.images.push(turn.turned.images);
        self.turns.elapsed_ns.push(turn.turned.elapsed_ns);
        let sum = |(a, b)| a + b;
        self.device_read_bytes = self.device_read_bytes.zip(turn.turned.device_read_bytes).map(sum);
        if let Some(resident) = turn.turned.resident_before_pct {
            self.resident_before_pct = Some(self.resident_before_pct.map_or(resident, |known| known.max(resident)));
        }
    }

    /// Takes down whether its store is held in memory in a launch.
    pub(super) fn note_held(&mut self, held: bool) {
        self.held = Some(held && self.held != Some(false));
    }

    /// What the turns prove about the cache, `metadata` being the state of names and inodes.
    pub(super) fn cache_proof(&self, warm: bool, metadata: &str) -> Option<CacheProof> {
        if self.turns.images.is_empty() {
            return None;
        }
        let proved = match warm {
            // Not a byte came from a device.
            true => self.device_read_bytes == Some(0),
            // Not a page was in memory.
            false => self.resident_before_pct == Some(0.0),
        };
        Some(CacheProof {
            resident_before_pct: self.resident_before_pct,
            held: self.held,
            device_read_bytes: self.device_read_bytes,
            metadata: metadata.into(),
            proved,
        })
    }
}
