//! What is measured of a cell.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
