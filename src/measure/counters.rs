//! Exact counts of what a workload asks of the system, from a pass of its own: looking at the counts takes time, which
//! would be in the way of measuring it.

use super::clock::{Monotonic, Onlooker, Stopwatch};
use crate::error::Result;
use crate::results::Counters;
use crate::sys::usage::{Mark, Resident, Usage, release_free_memory};
use crate::workload::Session;

/// Adds up what the timed pieces of work use, and keeps the most memory seen after any of them.
struct Tally {
    used: Usage,
    mark: Option<Mark>,
    peak: Resident,
}

impl Tally {
    fn new() -> Self {
        Self { used: Usage::ZERO, mark: None, peak: Resident::default() }
    }
}

impl Onlooker for Tally {
    fn before(&mut self) {
        self.mark = Some(Mark::now());
    }

    fn after(&mut self) {
        if let Some(mark) = self.mark.take() {
            self.used += mark.used();
        }
        let now = Resident::now().unwrap_or_default();
        self.peak.anon_bytes = self.peak.anon_bytes.max(now.anon_bytes);
        self.peak.file_bytes = self.peak.file_bytes.max(now.file_bytes);
    }
}

/// Starts a session and counts what `operations` of its operations use; one before them is not counted. What is done
/// between timed pieces of work (drawing numbers, checking what was delivered, removing written stores) does not count;
/// what other threads of this process do meanwhile does.
///
/// Memory is that above what there was before `start` was called, and includes the caller's buffer. It is looked at
/// after each timed piece of work (an operation or, where they are short, 64), with everything still open: exact for
/// what stays, blind for what is given back before. Looking from another thread would see some of that, now and then,
/// and no two runs alike. Code of libraries that runs for the first time counts as file memory, so measure time first.
///
/// # Errors
/// What `start` says; what the session says.
pub fn count(start: impl FnOnce() -> Result<Box<dyn Session>>, operations: u64) -> Result<Counters> {
    release_free_memory();
    let before = Resident::now();
    let mut session = start()?;
    // Nobody asks for the time.
    let clock = Monotonic::default();
    session.run(1, &mut Stopwatch::new(&clock))?;
    let mut tally = Tally::new();
    let first = session.delivered();
    let images = session.run(operations, &mut Stopwatch::watched(&clock, &mut tally))?;
    let delivered = session.delivered().zip(first);
    drop(session);
    let Tally { used: Usage { transfers, processor }, peak, .. } = tally;
    Ok(Counters {
        operations: Some(operations),
        images: Some(images),
        delivered_bytes: delivered.map(|(all, first)| all.pixel_bytes - first.pixel_bytes),
        decoded_bytes: delivered.map(|(all, first)| all.decoded_bytes - first.decoded_bytes),
        read_calls: transfers.map(|counted| counted.read_calls),
        write_calls: transfers.map(|counted| counted.write_calls),
        read_bytes: transfers.map(|counted| counted.read_bytes),
        write_bytes: transfers.map(|counted| counted.write_bytes),
        device_read_bytes: transfers.map(|counted| counted.device_read_bytes),
        minor_faults: processor.map(|counted| counted.minor_faults),
        major_faults: processor.map(|counted| counted.major_faults),
        user_ns: processor.map(|counted| counted.user_ns),
        sys_ns: processor.map(|counted| counted.sys_ns),
        peak_anon_bytes: before.map(|before| peak.anon_bytes.saturating_sub(before.anon_bytes)),
        peak_file_bytes: before.map(|before| peak.file_bytes.saturating_sub(before.file_bytes)),
    })
}
