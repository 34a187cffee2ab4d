//! The unit that is measured: what it is, and what became of it.

use super::{Counters, Estimate, Latency, Ledger, Storage, Turns};
use crate::store::Capabilities;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a cell is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CellKind {
    /// A format under test.
    Format,
    /// What the machine does with the same bytes.
    Reference,
    /// The same format a second time.
    Null,
    /// A program that people run today.
    Peer,
}

/// How a cell ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Measured and verified.
    Ok,
    /// Not asked for, or left out; `reason` says which.
    Skipped,
    /// The format cannot do it.
    Unsupported,
    /// It went wrong.
    Failed,
    /// It did not end in time.
    Timeout,
}

/// The unit that is measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Cell {
    /// Says all of what follows.
    pub id: String,
    /// Format, reference, null twin or peer.
    pub kind: CellKind,
    /// The format's full name, as in `lmdb:bincode`.
    pub format: String,
    /// The access pattern.
    pub workload: String,
    /// Which of `datasets`.
    pub dataset: String,
    /// Images in the store.
    pub images: u64,
    /// Images an operation asks for at once.
    pub batch: u64,
    /// Reader threads.
    pub threads: u32,
    /// `warm`, `cold-data`, `cold-full`.
    pub cache: String,
    /// `none`, `close`, `each`; null for reads.
    pub durability: Option<String>,
    /// `payload`, `pixels`, `tensor`.
    pub deliver: String,
    /// Which written store of this format was used.
    pub store: Option<StoreRef>,
    /// The library that did the work.
    pub native: Option<Native>,
    /// Options in force, defaults included.
    #[serde(default)]
    pub options: BTreeMap<String, String>,
    /// What the format can do.
    #[serde(default)]
    pub capabilities: Option<Capabilities>,
    /// How it ended.
    pub status: Status,
    /// Why, where it is not `ok`.
    pub reason: Option<String>,
    /// What was compared with the dataset.
    pub verified: Option<Verified>,
    /// Proof of the cache state.
    #[serde(default)]
    pub cache_proof: Option<CacheProof>,
    /// Every measurement, in order.
    pub turns: Turns,
    /// Percentiles from a pass of their own.
    #[serde(default)]
    pub latency: Option<Latency>,
    /// What follows from `turns`.
    pub estimate: Option<Estimate>,
    /// Where the time goes.
    #[serde(default)]
    pub ledger: Option<Ledger>,
    /// Why there is no ledger, where the work cannot be taken apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ledger_reason: Option<String>,
    /// Exact counts.
    #[serde(default)]
    pub counters: Option<Counters>,
    /// Space on disk.
    pub storage: Option<Storage>,
}

/// Which written store was used.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StoreRef {
    /// When it was written, RFC 3339, UTC.
    pub written_utc: String,
    /// Its number among the stores of this format.
    pub nth: u32,
}

/// A library and its version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Native {
    /// Name.
    pub library: String,
    /// Version as the library itself says it, where it can be asked.
    pub version: String,
}

/// What was compared with the dataset.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Verified {
    /// Images compared, pixel by pixel, labels included.
    pub images: u64,
    /// Whether all of them were right.
    pub ok: bool,
}

/// Proof of the cache state before a cold turn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CacheProof {
    /// Share of the store's pages in memory.
    pub resident_before_pct: Option<f64>,
    /// Of warm cells: whether the store was locked in memory while they took their turns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<bool>,
    /// Bytes that came from the device.
    pub device_read_bytes: Option<u64>,
    /// State of directory entries and inodes: `warm`, `cold`, `unknown`.
    pub metadata: String,
    /// Whether that proves what the cell claims.
    pub proved: bool,
}
