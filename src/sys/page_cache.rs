//! What the kernel keeps of a file in memory, counted by the kernel itself (`cachestat(2)`, Linux 6.5 and later;
//! `mincore(2)` before), and how it is made to forget it.

use std::fs::File;
use std::path::Path;

/// Pages of one file in the page cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cached {
    /// In memory.
    pub pages: u64,
    /// Changed, and not yet on their way to the device.
    pub dirty: u64,
    /// On their way to the device.
    pub writeback: u64,
}

/// Counts the pages of `file`; `None` where the system cannot.
#[cfg(target_os = "linux")]
pub fn cached(file: &File) -> Option<Cached> {
    use std::os::fd::AsRawFd;

    /// The same number on every architecture.
    const SYS_CACHESTAT: libc::c_long = 451;
    // As in the kernel's `uapi/linux/mman.h`: a range (length 0: to the end of the file), and five counters.
    let range: [u64; 2] = [0, 0];
    let mut counts = [0_u64; 5];
    // SAFETY: the descriptor is open while `file` is borrowed; both pointers are valid for the sizes that the call
    // reads (16 bytes) and writes (40 bytes).
    let status = unsafe { libc::syscall(SYS_CACHESTAT, file.as_raw_fd(), range.as_ptr(), counts.as_mut_ptr(), 0) };
    let [pages, dirty, writeback, ..] = counts;
    (status == 0).then_some(Cached { pages, dirty, writeback })
}

/// Counts the pages of `file`; `None` where the system cannot.
#[cfg(not(target_os = "linux"))]
pub fn cached(_: &File) -> Option<Cached> {
    None
}

/// Whether [`cached`] has an answer here, found out by asking it about this very program.
pub fn has_cachestat() -> bool {
    std::env::current_exe().and_then(File::open).is_ok_and(|program| cached(&program).is_some())
}

/// Asks the kernel to forget what it keeps of `file`; pages that are dirty or mapped stay.
///
/// # Errors
/// What the system says.
#[cfg(target_os = "linux")]
pub fn evict(file: &File) -> std::io::Result<()> {
    Ok(rustix::fs::fadvise(file, 0, None, rustix::fs::Advice::DontNeed)?)
}

/// Asks the kernel to forget what it keeps of `file`: not possible here.
///
/// # Errors
/// Always.
#[cfg(not(target_os = "linux"))]
pub fn evict(_: &File) -> std::io::Result<()> {
    Err(std::io::ErrorKind::Unsupported.into())
}

/// How much of the file at `path` is in memory, and how long it is, in bytes: by [`cached`], and by [`in_core`] where that is
/// missing or finds nothing (on file systems stacked on others it may look at the wrong one). `None` where the system
/// does not say.
pub fn resident(path: &Path) -> Option<(u64, u64)> {
    let file = File::open(path).ok()?;
    let length = file.metadata().ok()?.len();
    let pages = cached(&file).map(|cached| cached.pages).filter(|pages| *pages > 0);
    let pages = match pages {
        Some(pages) => pages,
        None => in_core(&file, length)?,
    };
    // The last page is counted whole.
    Some((pages.saturating_mul(page_bytes()?).min(length), length))
}

/// Counts the pages that are in memory of a file of `length` bytes, by mapping it without touching it: `mincore(2)`. To
/// those who may not write the file the kernel says that all of it is there. `None` where the system cannot.
#[cfg(target_os = "linux")]
pub fn in_core(file: &File, length: u64) -> Option<u64> {
    use std::os::fd::AsRawFd;

    /// Mapped at once, a whole number of pages of every size: one byte of answer for each page.
    const PIECE: u64 = 1 << 30;
    let page = page_bytes()?;
    let mut answer = Vec::new();
    let mut pages = 0;
    for offset in (0..length).step_by(PIECE as usize) {
        let piece = usize::try_from(PIECE.min(length - offset)).ok()?;
        answer.resize(piece.div_ceil(usize::try_from(page).ok()?), 0_u8);
        let (start, descriptor) = (libc::off_t::try_from(offset).ok()?, file.as_raw_fd());
        // SAFETY: a new mapping at an address of the kernel's choice touches no memory that is there.
        let address =
            unsafe { libc::mmap(std::ptr::null_mut(), piece, libc::PROT_READ, libc::MAP_SHARED, descriptor, start) };
        if address == libc::MAP_FAILED {
            return None;
        }
        // SAFETY: the range was just mapped, and the answer has a byte for each of its pages. Nothing reads the mapping, so
        // that a file cut short meanwhile does no harm.
        let asked = unsafe { libc::mincore(address, piece, answer.as_mut_ptr()) };
        // SAFETY: mapped above with this length, and used by nobody.
        unsafe { libc::munmap(address, piece) };
        if asked != 0 {
            return None;
        }
        // The other bits have no meaning.
        pages += answer.iter().filter(|page| **page & 1 == 1).count() as u64;
    }
    Some(pages)
}

/// Counts the pages that are in memory; `None` where the system cannot.
#[cfg(not(target_os = "linux"))]
pub fn in_core(_: &File, _: u64) -> Option<u64> {
    None
}

/// Bytes of a page of memory.
#[cfg(unix)]
fn page_bytes() -> Option<u64> {
    // SAFETY: only asks for a number.
    u64::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).ok().filter(|bytes| *bytes > 0)
}

/// Bytes of a page of memory.
#[cfg(not(unix))]
fn page_bytes() -> Option<u64> {
    None
}

/// Where Linux takes the order to forget.
const DROP_CACHES: &str = "/proc/sys/vm/drop_caches";

/// Whether this process may have the whole system forget: root may, outside of most containers.
pub fn can_drop_caches() -> bool {
    // Opened, which the kernel already refuses, and nothing written.
    std::fs::OpenOptions::new().write(true).open(DROP_CACHES).is_ok()
}

/// Has the whole system forget every clean page, directory entry and inode, of all programs and users, after it has written
/// what is dirty (`/proc/sys/vm/drop_caches`).
///
/// # Errors
/// What the system says: most processes may not.
pub fn drop_caches() -> std::io::Result<()> {
    drop_caches_at(Path::new(DROP_CACHES))
}

fn drop_caches_at(switch: &Path) -> std::io::Result<()> {
    use std::io::Write;

    // Opened first: who may not do it shall not have everybody's files synced for nothing.
    let mut file = std::fs::OpenOptions::new().write(true).open(switch)?;
    #[cfg(unix)]
    rustix::fs::sync();
    // 1: pages; 2: directory entries and inodes; 3: both.
    file.write_all(b"3\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file of so many bytes that is on the device, in a place that is more than memory (unlike some /tmp).
    fn synced(bytes: usize) -> tempfile::NamedTempFile {
        let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("target");
        let place = if place.is_dir() { place } else { std::env::temp_dir() };
        let file = tempfile::NamedTempFile::new_in(place).unwrap();
        std::fs::write(file.path(), vec![7; bytes]).unwrap();
        file.as_file().sync_all().unwrap();
        file
    }

    #[test]
    fn what_was_just_written_is_resident_and_what_was_evicted_is_not() {
        for bytes in [1, 4096, 100_001] {
            let file = synced(bytes);
            let Some(found) = resident(file.path()) else { return println!("skipped: the system does not say") };
            assert_eq!(found, (bytes as u64, bytes as u64));
            evict(file.as_file()).unwrap();
            let left = resident(file.path()).unwrap();
            assert!(left == (0, bytes as u64) || left == found, "evicted whole, or in memory for good: {left:?}");
            // The two ways to ask agree, before and after.
            let pages = || (cached(file.as_file()).map(|cached| cached.pages), in_core(file.as_file(), bytes as u64));
            assert!(matches!(pages(), (None, _)) || pages().0 == pages().1, "{:?}", pages());
            std::fs::read(file.path()).unwrap();
            assert!(matches!(pages(), (None, _)) || pages().0 == pages().1, "{:?}", pages());
            assert_eq!(resident(file.path()).unwrap().0, bytes as u64, "read again");
        }
        assert_eq!(resident(synced(0).path()).map(|(_, length)| length), Some(0));
        assert_eq!(resident(Path::new("no such file")), None);
    }

    #[test]
    fn the_order_to_forget_is_given_where_it_is_taken() {
        // Not the real one: it would slow down everybody on the machine.
        let switch = tempfile::NamedTempFile::new().unwrap();
        drop_caches_at(switch.path()).unwrap();
        assert_eq!(std::fs::read_to_string(switch.path()).unwrap(), "3\n");
        assert!(drop_caches_at(Path::new("no such switch")).is_err(), "nothing is made where there is none");
    }
}
