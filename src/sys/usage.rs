//! What the kernel has counted for this process, all of its threads together: calls and bytes (`/proc/self/io`, see
//! proc_pid_io(5)), faults and processor time (getrusage(2)), resident memory (`/proc/self/status`).

use std::fs::File;
use std::io::Read;
use std::ops::AddAssign;

/// Calls and bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Transfers {
    /// read(2) and its kin (`syscr`). Reading through a memory map makes no calls.
    pub read_calls: u64,
    /// write(2) and its kin (`syscw`).
    pub write_calls: u64,
    /// Bytes that the reads returned (`rchar`).
    pub read_bytes: u64,
    /// Bytes handed to the writes (`wchar`).
    pub write_bytes: u64,
    /// Bytes that came from storage devices, reads through memory maps included (`read_bytes`).
    pub device_read_bytes: u64,
}

/// Faults and processor time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Processor {
    /// Page faults served from memory.
    pub minor_faults: u64,
    /// Page faults served from a device.
    pub major_faults: u64,
    /// Processor time in user mode.
    pub user_ns: u64,
    /// Processor time in the kernel.
    pub sys_ns: u64,
}

/// What was used between two points; `None` is what the system does not tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// Calls and bytes.
    pub transfers: Option<Transfers>,
    /// Faults and processor time.
    pub processor: Option<Processor>,
}

impl Usage {
    /// Nothing used.
    pub const ZERO: Self = Self {
        transfers: Some(Transfers {
            read_calls: 0,
            write_calls: 0,
            read_bytes: 0,
            write_bytes: 0,
            device_read_bytes: 0,
        }),
        processor: Some(Processor { minor_faults: 0, major_faults: 0, user_ns: 0, sys_ns: 0 }),
    };
}

impl AddAssign for Usage {
    /// What one side does not know, the sum does not know.
    fn add_assign(&mut self, more: Self) {
        self.transfers = self.transfers.zip(more.transfers).map(|(a, b)| Transfers {
            read_calls: a.read_calls + b.read_calls,
            write_calls: a.write_calls + b.write_calls,
            read_bytes: a.read_bytes + b.read_bytes,
            write_bytes: a.write_bytes + b.write_bytes,
            device_read_bytes: a.device_read_bytes + b.device_read_bytes,
        });
        self.processor = self.processor.zip(more.processor).map(|(a, b)| Processor {
            minor_faults: a.minor_faults + b.minor_faults,
            major_faults: a.major_faults + b.major_faults,
            user_ns: a.user_ns + b.user_ns,
            sys_ns: a.sys_ns + b.sys_ns,
        });
    }
}

/// A point from which usage is counted. Looking costs one read itself, which is known to the byte and taken off again;
/// processor time and faults are asked for last here and first in [`Mark::used`], so that they hold none of it.
pub struct Mark {
    transfers: Option<(Transfers, u64)>,
    processor: Option<Processor>,
}

impl Mark {
    /// From here on.
    pub fn now() -> Self {
        let transfers = transfers();
        Self { transfers, processor: processor() }
    }

    /// What was used since.
    pub fn used(&self) -> Usage {
        let processor = processor();
        let transfers = transfers();
        Usage {
            transfers: transfers.zip(self.transfers).map(|((now, _), (before, own_bytes))| Transfers {
                // The read of the look before, which the kernel counted only after it had answered.
                read_calls: now.read_calls.saturating_sub(before.read_calls + 1),
                write_calls: now.write_calls.saturating_sub(before.write_calls),
                read_bytes: now.read_bytes.saturating_sub(before.read_bytes + own_bytes),
                write_bytes: now.write_bytes.saturating_sub(before.write_bytes),
                device_read_bytes: now.device_read_bytes.saturating_sub(before.device_read_bytes),
            }),
            processor: processor.zip(self.processor).map(|(now, before)| Processor {
                minor_faults: now.minor_faults.saturating_sub(before.minor_faults),
                major_faults: now.major_faults.saturating_sub(before.major_faults),
                user_ns: now.user_ns.saturating_sub(before.user_ns),
                sys_ns: now.sys_ns.saturating_sub(before.sys_ns),
            }),
        }
    }
}

/// Totals so far, and the length of the one read that it took to learn them.
pub(super) fn transfers() -> Option<(Transfers, u64)> {
    // Seven lines of at most 42 bytes.
    let mut text = [0; 512];
    let length = File::open("/proc/self/io").ok()?.read(&mut text).ok()?;
    Some((parse_transfers(std::str::from_utf8(&text[..length]).ok()?)?, length as u64))
}

fn parse_transfers(text: &str) -> Option<Transfers> {
    Some(Transfers {
        read_calls: number_after(text, "syscr:")?,
        write_calls: number_after(text, "syscw:")?,
        read_bytes: number_after(text, "rchar:")?,
        write_bytes: number_after(text, "wchar:")?,
        device_read_bytes: number_after(text, "read_bytes:")?,
    })
}

/// The number in the line that begins with `name`.
fn number_after(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(unix)]
fn processor() -> Option<Processor> {
    let usage = super::resources()?;
    let ns = |time: libc::timeval| Some(u64::try_from(time.tv_sec).ok()? * 1_000_000_000 + time.tv_usec as u64 * 1_000);
    Some(Processor {
        minor_faults: u64::try_from(usage.ru_minflt).ok()?,
        major_faults: u64::try_from(usage.ru_majflt).ok()?,
        user_ns: ns(usage.ru_utime)?,
        sys_ns: ns(usage.ru_stime)?,
    })
}

#[cfg(not(unix))]
fn processor() -> Option<Processor> {
    None
}

/// Memory that is there now, by kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Resident {
    /// Of its own: heap, stacks (`RssAnon`).
    pub anon_bytes: u64,
    /// Of mapped files and shared memory (`RssFile` + `RssShmem`), the program's own code among them.
    pub file_bytes: u64,
}

impl Resident {
    /// As the kernel tells it; `None` where it does not. Exact from Linux 6.16 on; before, the kernel may leave out what it
    /// has not added up yet, some 32 pages for each processor.
    pub fn now() -> Option<Self> {
        // The lines asked for are in the first third of some 1,500 bytes.
        let mut text = [0; 4096];
        let length = File::open("/proc/self/status").ok()?.read(&mut text).ok()?;
        let text = std::str::from_utf8(&text[..length]).ok()?;
        let bytes = |name| Some(number_after(text, name)? * 1024);
        Some(Self { anon_bytes: bytes("RssAnon:")?, file_bytes: bytes("RssFile:")? + bytes("RssShmem:")? })
    }
}

/// Hands free memory that the allocator keeps back to the system, where it can be told to: so that memory used from here
/// on shows as such.
pub fn release_free_memory() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: malloc_trim may be called at any time, from any thread; it touches free memory only.
    unsafe {
        libc::malloc_trim(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_told_apart() {
        let text = "rchar: 1\nwchar: 2\nsyscr: 3\nsyscw: 4\nread_bytes: 5\nwrite_bytes: 6\ncancelled_write_bytes: 7\n";
        let found = parse_transfers(text).unwrap();
        let expected = Transfers { read_calls: 3, write_calls: 4, read_bytes: 1, write_bytes: 2, device_read_bytes: 5 };
        assert_eq!(found, expected);
        assert_eq!(parse_transfers("rchar: 1\n"), None);
    }

    #[test]
    fn what_is_unknown_stays_unknown() {
        let mut sum = Usage::ZERO;
        let one = Processor { minor_faults: 1, major_faults: 2, user_ns: 3, sys_ns: 4 };
        sum += Usage { transfers: None, processor: Some(one) };
        sum += Usage { transfers: Usage::ZERO.transfers, processor: Some(one) };
        assert_eq!(sum.transfers, None);
        let twice = Processor { minor_faults: 2, major_faults: 4, user_ns: 6, sys_ns: 8 };
        assert_eq!(sum.processor, Some(twice));
    }
}
