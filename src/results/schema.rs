//! The types behind `schema/results.v1.json`. Fields may be added within version 1, never renamed or removed.
//! A field that was not measured is `null`, never zero. All in one file, long as it is: it is read beside the schema.

use crate::sample::ImageShape;
use crate::store::Capabilities;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The name and version of this schema.
pub const SCHEMA_ID: &str = "shelfmark/results/1";

/// Everything one run found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Results {
    /// Always [`SCHEMA_ID`].
    pub schema: String,
    /// The run as a whole.
    pub run: Run,
    /// The machine and the place.
    pub host: Host,
    /// The image sets used.
    pub datasets: Vec<DatasetFacts>,
    /// What was measured, cell by cell; also what was not, with the reason.
    pub cells: Vec<Cell>,
    /// Verdicts between cells of the interleaved runner; empty from `cargo bench`, which cannot rank.
    #[serde(default)]
    pub comparisons: Vec<Comparison>,
    /// The noise floor: the same format against itself.
    #[serde(default)]
    pub null_control: Vec<NullControl>,
}

/// The run as a whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Run {
    /// Unique name of the run.
    pub id: String,
    /// When it began, RFC 3339, UTC.
    pub started_utc: String,
    /// How long it took, in seconds.
    pub wall_s: f64,
    /// The exact command, environment settings included.
    pub command: String,
    /// Which front and preset: `criterion`, `criterion-quick`, `criterion-realpython`, `quick`, `standard`, `full`, `exact`.
    pub profile: String,
    /// Which options were in force where none were named: `default`, `tuned`; null in results from before there was a choice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tuning: Option<String>,
    /// The seed of all draws.
    pub seed: u64,
    /// Whether the run reached its end.
    pub complete: bool,
    /// The source it was built from.
    pub git: Git,
    /// The compiler.
    pub rustc: String,
    /// Version of this crate.
    pub shelfmark_version: String,
    /// Cargo features built in.
    pub features: Vec<String>,
}

/// The source a binary was built from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Git {
    /// Commit, or null outside a checkout.
    pub sha: Option<String>,
    /// Whether tracked files differed from that commit.
    pub dirty: Option<bool>,
}

/// The machine, and the place where stores lay.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Host {
    /// Processor model.
    pub cpu: String,
    /// Logical processors this process may use.
    pub cores: usize,
    /// Main memory.
    pub mem_bytes: u64,
    /// Limits set by a control group, in words.
    pub cgroup: Option<String>,
    /// Operating system and version.
    pub os: String,
    /// Kernel version.
    pub kernel: String,
    /// The hypervisor or container, if one shows.
    pub virt: Option<String>,
    /// Size of the last-level cache.
    pub l3_bytes: Option<u64>,
    /// Where stores lay.
    pub place: Place,
    /// Load averages around the run.
    pub load: Load,
    /// Processor time that the hypervisor took away during the run, in percent.
    pub steal_pct: Option<f64>,
    /// How noisy the host was, in plain words.
    pub noise: Option<String>,
}

/// Where stores lay.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Place {
    /// What kind of path was given: `default`, `given`.
    pub path_kind: String,
    /// File system type.
    pub fs: Option<String>,
    /// Device or mount source.
    pub device: Option<String>,
}

/// One-minute load averages.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Load {
    /// When the run began.
    pub before: Option<f64>,
    /// When it ended.
    pub after: Option<f64>,
}

/// An image set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DatasetFacts {
    /// Name used by the cells.
    pub id: String,
    /// As given on the command line.
    pub name: String,
    /// Images taken.
    pub images: u64,
    /// Their shape.
    pub shape: DatasetShape,
    /// Bytes of all decoded pixels.
    pub raw_bytes: u64,
    /// Bytes of the encoded files that the images come from; null where they never were in files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_bytes: Option<u64>,
    /// SHA-256 over shapes, labels and pixels in order, in hexadecimal.
    pub sha256: String,
}

/// Shape of an image set, with the spread of sizes where images differ.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DatasetShape {
    /// All images are `[height, width, channels]`.
    Fixed(ImageShape),
    /// Each its own.
    Ragged {
        /// No image is larger in any dimension.
        max: ImageShape,
        /// Decoded bytes of an image at the quantiles 0, 0.05, 0.5, 0.95 and 1.
        size_quantiles: Vec<u64>,
    },
}

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

/// Raw measurements: five columns of equal length.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Turns {
    /// Launch.
    pub launch: Vec<u32>,
    /// Block within the launch.
    pub block: Vec<u32>,
    /// Place within the block.
    pub position: Vec<u32>,
    /// Images delivered or written.
    pub images: Vec<u64>,
    /// Time for them.
    pub elapsed_ns: Vec<u64>,
}

/// Latency of single operations, each timed alone in a pass of its own; an operation may deliver many images (`batch`).
/// Percentiles are nearest ranks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Latency {
    /// Median.
    pub p50_ns: u64,
    /// 90th percentile.
    pub p90_ns: u64,
    /// 99th percentile; of fewer than 100 operations the slowest.
    pub p99_ns: u64,
    /// Operations.
    pub count: u64,
}

/// What follows from the turns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Estimate {
    /// Total images over total time (for `open`: stores opened a second).
    pub images_per_s: f64,
    /// Lower end of the interval.
    pub lo: f64,
    /// Upper end of the interval.
    pub hi: f64,
    /// Nominal coverage of the interval, as in 0.95.
    pub confidence: f64,
    /// Blocks (samples, in criterion's words) it rests on.
    pub blocks: u32,
    /// Process launches it rests on.
    pub launches: u32,
    /// Lag-1 autocorrelation of the turns; above 0.2 the interval is too narrow.
    pub lag1: Option<f64>,
    /// Speed relative to the reference with the same bytes.
    pub share_of_reference: Option<f64>,
}

/// Time an image, by what it was spent on: from a pass of its own with a meter between container and codec, less what
/// the meter's clock cost.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Ledger {
    /// Opening; 0 where the store is open before the clock runs.
    pub open_ns: f64,
    /// Finding the record; null where finding and moving are one call, which is then `read_ns`.
    pub lookup_ns: Option<f64>,
    /// Moving the bytes; from a memory map, making their pages present.
    pub read_ns: f64,
    /// Decoding; 0 where there is nothing to decode.
    pub decode_ns: f64,
    /// Copying into the caller's buffer; null where the codec writes into it while it decodes.
    pub copy_ns: Option<f64>,
    /// The rest.
    pub other_ns: f64,
    /// All of it, measured without the meter: the sum of the above, unless they exceed it and `other_ns` is 0.
    #[serde(default)]
    pub total_ns: Option<f64>,
    /// Time that metering added, relative to `total_ns`; above 0.1 the parts are to be taken with care.
    #[serde(default)]
    pub metering_share: Option<f64>,
}

/// Exact counts over a cell: totals of a pass of its own, of the timed work alone. Divide by `operations` or `images`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Counters {
    /// Operations that were counted.
    #[serde(default)]
    pub operations: Option<u64>,
    /// Images that they delivered or wrote.
    #[serde(default)]
    pub images: Option<u64>,
    /// Bytes of pixels that they delivered; null where nothing is read, and where several threads read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivered_bytes: Option<u64>,
    /// Bytes that the format decoded for them: whole chunks and pages where those are what is decoded, each time they
    /// are; as many as were delivered where each image is moved or decoded alone. Null where `delivered_bytes` is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decoded_bytes: Option<u64>,
    /// read(2) and its kin. Reads through a memory map make no calls: they show as page faults.
    pub read_calls: Option<u64>,
    /// write(2) and its kin.
    pub write_calls: Option<u64>,
    /// Bytes asked for.
    pub read_bytes: Option<u64>,
    /// Bytes handed over.
    pub write_bytes: Option<u64>,
    /// Bytes that came from the device.
    pub device_read_bytes: Option<u64>,
    /// Page faults served from memory.
    pub minor_faults: Option<u64>,
    /// Page faults served from the device.
    pub major_faults: Option<u64>,
    /// Processor time in user mode.
    pub user_ns: Option<u64>,
    /// Processor time in the kernel.
    pub sys_ns: Option<u64>,
    /// Peak of anonymous memory: the most above what there was before the store was opened, seen each time the clock
    /// stopped. What was taken and given back in between is not seen.
    pub peak_anon_bytes: Option<u64>,
    /// Peak of mapped file memory, as above.
    pub peak_file_bytes: Option<u64>,
}

impl Counters {
    /// Bytes decoded for each byte of pixels that was delivered: 64 where a chunk of 64 images is decoded for each of them.
    /// `None` where that is not known, or nothing was delivered.
    pub fn decoded_per_byte(&self) -> Option<f64> {
        let delivered = self.delivered_bytes.filter(|bytes| *bytes > 0)?;
        Some(self.decoded_bytes? as f64 / delivered as f64)
    }
}

/// Space a store takes, three ways: they disagree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Storage {
    /// Sum of the files' lengths.
    pub apparent_bytes: u64,
    /// What the file system set aside for files and directories (`st_blocks`).
    pub allocated_bytes: u64,
    /// Number of files.
    pub files: u64,
}

/// A verdict between the best cell of a workload and another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Comparison {
    /// The access pattern.
    pub workload: String,
    /// Id of the best cell.
    pub best: String,
    /// Id of the other.
    pub other: String,
    /// Time of the other over time of the best.
    pub ratio: f64,
    /// Lower end of the simultaneous interval.
    pub lo: f64,
    /// Upper end.
    pub hi: f64,
    /// `faster`, `slower`, `tied`, `inconclusive`.
    pub verdict: String,
    /// The smallest difference that could have been seen.
    pub min_detectable: Option<f64>,
}

/// The same format against itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NullControl {
    /// The access pattern.
    pub workload: String,
    /// Cache state.
    pub cache: String,
    /// Time of the twin over time of the first.
    pub ratio: f64,
    /// Lower end of the interval.
    pub lo: f64,
    /// Upper end.
    pub hi: f64,
    /// Should be `tied`.
    pub verdict: String,
}
