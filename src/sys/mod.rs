//! What the operating system knows and counts. The only place for `unsafe` outside containers.

pub mod page_cache;

/// Bytes that this process has fetched from storage devices so far, reads through memory maps included
/// (`read_bytes` of `/proc/self/io`); `None` where the system does not say.
pub fn device_read_bytes() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/io").ok()?;
    text.lines().find_map(|line| line.strip_prefix("read_bytes: ")?.trim().parse().ok())
}
