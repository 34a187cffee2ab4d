//! What the operating system knows and counts. The only place for `unsafe` outside containers.

pub mod directory_lock;
pub mod huge_memory;
pub mod locked_file;
pub mod page_cache;
pub mod positioned;
mod signal;

pub use page_cache::{can_drop_caches, drop_caches, resident};
pub use signal::signal_name;
pub mod usage;

use std::time::Duration;

/// Processor time that this process and its threads have used so far, in user mode and in the kernel; `None` where the
/// system does not say.
#[cfg(unix)]
pub fn processor_time() -> Option<(Duration, Duration)> {
    let usage = resources()?;
    let duration = |time: libc::timeval| {
        Some(Duration::new(u64::try_from(time.tv_sec).ok()?, u32::try_from(time.tv_usec).ok()? * 1_000))
    };
    Some((duration(usage.ru_utime)?, duration(usage.ru_stime)?))
}

/// What getrusage(2) says of this process and its threads.
#[cfg(unix)]
fn resources() -> Option<libc::rusage> {
    let mut usage = std::mem::MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: the pointer is valid for one `rusage`, which the call fills; all of its fields are integers, for which
    // zero is a value.
    unsafe {
        if libc::getrusage(libc::RUSAGE_SELF, usage.as_mut_ptr()) != 0 {
            return None;
        }
        Some(usage.assume_init())
    }
}

/// Processor time: not told here.
#[cfg(not(unix))]
pub fn processor_time() -> Option<(Duration, Duration)> {
    None
}

/// The memory of its own (not counting files that are mapped) that this process has now, and the most memory of any kind
/// that it has had, in bytes (`RssAnon` and `VmHWM` of `/proc/self/status`).
pub fn memory() -> Option<(u64, u64)> {
    let text = std::fs::read_to_string("/proc/self/status").ok()?;
    let kib = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next()?.parse::<u64>().ok()
    };
    Some((kib("RssAnon:")? * 1024, kib("VmHWM:")? * 1024))
}

/// Memory that could be had without taking anybody's, in bytes, within the limits of this process's control group; `None`
/// where the system does not say.
pub fn available_memory() -> Option<u64> {
    let mut system = sysinfo::System::new();
    system.refresh_memory();
    let available = Some(system.available_memory()).filter(|bytes| *bytes > 0)?;
    // Not what the group itself calls free: files that are kept in memory are not, for it.
    let within = system.cgroup_limits().map(|limits| limits.total_memory.saturating_sub(limits.rss));
    Some(within.map_or(available, |within| within.min(available)))
}

/// Bytes that this process has fetched from storage devices so far, reads through memory maps included
/// (`read_bytes` of `/proc/self/io`); `None` where the system does not say.
pub fn device_read_bytes() -> Option<u64> {
    usage::transfers().map(|(now, _)| now.device_read_bytes)
}
