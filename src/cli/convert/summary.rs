//! What a conversion cost.

use crate::cli::size;
use serde::Serialize;
use shelfmark::results::Storage;
use shelfmark::store::FormatId;
use shelfmark::sys;
use std::io::Write;
use std::time::Duration;

/// What a conversion cost.
#[derive(Debug, Serialize)]
pub struct Summary {
    pub source: String,
    pub target: String,
    pub format: String,
    pub images: u64,
    /// Images that an earlier, interrupted conversion had written.
    pub resumed_from: u64,
    /// Images compared with the source afterwards.
    pub verified: u64,
    /// Seconds for writing, without verifying.
    pub write_s: f64,
    pub verify_s: f64,
    pub images_per_s: f64,
    /// Processor seconds, in user mode and in the kernel, for writing.
    pub core_s: Option<f64>,
    /// The same for each 10^9 bytes of what was written of the new store now.
    pub core_s_per_gb: Option<f64>,
    pub storage: Storage,
    /// Space that was needed beside what was there before, at most.
    pub peak_extra_bytes: u64,
    /// The most memory of its own that was seen, looking after every batch.
    pub peak_anon_bytes: Option<u64>,
    /// The same with mapped files, which the system can take back at any time.
    pub peak_memory_bytes: Option<u64>,
    pub remarks: Vec<String>,
}

impl Summary {
    /// Prints it, for people or for programs.
    pub fn tell(&self, json: bool) -> std::io::Result<()> {
        let mut out = std::io::stdout();
        if json {
            writeln!(out, "{}", serde_json::to_string_pretty(self)?)?;
            return Ok(());
        }
        let Summary { images, write_s, verified, storage, .. } = self;
        writeln!(out, "{}: {images} images as {}", self.target, self.format)?;
        if self.resumed_from > 0 {
            writeln!(out, "  gone on after {} images", self.resumed_from)?;
        }
        writeln!(out, "  written in {write_s:.1} s, {:.0} images/s", self.images_per_s)?;
        if let (Some(core_s), Some(per_gb)) = (self.core_s, self.core_s_per_gb) {
            writeln!(out, "  {core_s:.1} core-seconds, {per_gb:.1} for each GB (10^9 bytes) of the new store")?;
        }
        match *verified == 0 {
            true => writeln!(out, "  not verified")?,
            false => {
                let lossy = self.format.parse().is_ok_and(|id: FormatId| id.is_lossy());
                let against = if lossy { "; lossy: compared with what its codec makes of them" } else { "" };
                writeln!(out, "  verified {verified} of {images} images in {:.1} s{against}", self.verify_s)?;
            }
        }
        writeln!(
            out,
            "  {} in {} file{}, {} on disk; at most {} more than before while writing",
            size(storage.apparent_bytes),
            storage.files,
            if storage.files == 1 { "" } else { "s" },
            size(storage.allocated_bytes),
            size(self.peak_extra_bytes)
        )?;
        if let (Some(own), Some(all)) = (self.peak_anon_bytes, self.peak_memory_bytes) {
            let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
            let (own, all) = (mib(own), mib(all));
            writeln!(
                out,
                "  {own:.0} MiB of memory at most; with mapped files, which can be taken back, {all:.0} MiB"
            )?;
        }
        Ok(())
    }
}

/// The most memory of its own that this process was seen to have.
#[derive(Default)]
pub struct Memory {
    /// Bytes.
    pub peak: Option<u64>,
}

impl Memory {
    /// Looks again.
    pub fn look(&mut self) {
        self.peak = self.peak.max(sys::memory().map(|(own, _)| own));
    }
}

/// Processor seconds since `before`.
pub fn core_seconds(before: Option<(Duration, Duration)>) -> Option<f64> {
    let (user_before, system_before) = before?;
    let (user, system) = sys::processor_time()?;
    Some((user + system).saturating_sub(user_before + system_before).as_secs_f64())
}
