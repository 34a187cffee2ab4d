//! Memory that the kernel is asked to back with huge pages (2 MiB on x86-64): copying out of it measures the copying,
//! not the search for 4 KiB pages in the translation tables (`MADV_HUGEPAGE`, madvise(2)).

#[cfg(target_os = "linux")]
use std::ptr::NonNull;

/// What the address is a multiple of, so that whole huge pages fit from the first byte on.
#[cfg(target_os = "linux")]
const ALIGNMENT: usize = 2 << 20;

/// Bytes of its own, zero at first, given back when dropped.
#[cfg(target_os = "linux")]
pub struct HugeMemory {
    /// As mapped: `length` bytes and room to begin at a multiple of `ALIGNMENT`. None for no bytes at all.
    mapping: Option<(NonNull<u8>, usize)>,
    start: NonNull<u8>,
    length: usize,
}

// SAFETY: the memory belongs to this value alone, and to no thread; shared, it can only be read.
#[cfg(target_os = "linux")]
unsafe impl Send for HugeMemory {}
// SAFETY: as above.
#[cfg(target_os = "linux")]
unsafe impl Sync for HugeMemory {}

#[cfg(target_os = "linux")]
impl HugeMemory {
    /// `length` bytes. Where the kernel has no huge pages to give they are of the ordinary kind: see [`mode`].
    ///
    /// # Errors
    /// When there is not as much memory.
    pub fn new(length: usize) -> std::io::Result<Self> {
        if length == 0 {
            return Ok(Self { mapping: None, start: NonNull::dangling(), length });
        }
        let mapped = length.checked_add(ALIGNMENT).ok_or(std::io::ErrorKind::OutOfMemory)?;
        let (protection, flags) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
        // SAFETY: a new mapping at an address of the kernel's choice touches no memory that is there.
        let address = unsafe { libc::mmap(std::ptr::null_mut(), mapped, protection, flags, -1, 0) };
        if address == libc::MAP_FAILED {
            return Err(std::io::Error::last_os_error());
        }
        // A mapping that did not fail is not at null.
        let address = NonNull::new(address.cast::<u8>()).ok_or(std::io::ErrorKind::OutOfMemory)?;
        let offset = address.as_ptr().align_offset(ALIGNMENT);
        // SAFETY: the offset is less than `ALIGNMENT`, by which the mapping is longer than what is used of it.
        let start = unsafe { address.add(offset) };
        // SAFETY: all of the range was just mapped. Advice that is refused leaves ordinary pages, which do as well.
        unsafe { libc::madvise(start.as_ptr().cast(), length, libc::MADV_HUGEPAGE) };
        Ok(Self { mapping: Some((address, mapped)), start, length })
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        // SAFETY: so many bytes from `start` on are mapped and readable, zero where nothing was written, for as long as
        // this lives; a slice of no bytes may dangle.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), self.length) }
    }

    /// The bytes, to be written.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: as in `bytes`; they are writable, and borrowed from nobody else.
        unsafe { std::slice::from_raw_parts_mut(self.start.as_ptr(), self.length) }
    }
}

#[cfg(target_os = "linux")]
impl Drop for HugeMemory {
    fn drop(&mut self) {
        if let Some((address, mapped)) = self.mapping {
            // SAFETY: mapped in `new` with this length, unmapped once, and nothing borrows it any more.
            unsafe { libc::munmap(address.as_ptr().cast(), mapped) };
        }
    }
}

/// Bytes of its own: of the ordinary kind here.
#[cfg(not(target_os = "linux"))]
pub struct HugeMemory(Vec<u8>);

#[cfg(not(target_os = "linux"))]
impl HugeMemory {
    /// `length` bytes.
    ///
    /// # Errors
    /// When there is not as much memory.
    pub fn new(length: usize) -> std::io::Result<Self> {
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(length).map_err(|_| std::io::ErrorKind::OutOfMemory)?;
        bytes.resize(length, 0);
        Ok(Self(bytes))
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The bytes, to be written.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }
}

/// Whether the kernel gives huge pages to memory like this, in its own word: `always`, `madvise` (both: yes) or `never`;
/// `None` where there is no such thing.
pub fn mode() -> Option<String> {
    let text = std::fs::read_to_string("/sys/kernel/mm/transparent_hugepage/enabled").ok()?;
    let (_, rest) = text.split_once('[')?;
    Some(rest.split_once(']')?.0.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_of_it_is_there_zero_at_first_and_keeps_what_is_written() {
        for length in [0, 1, 4096, (2 << 20) - 1, (2 << 20) + 1, 5 << 20] {
            let mut memory = HugeMemory::new(length).unwrap();
            assert!(memory.bytes().len() == length && memory.bytes().iter().all(|byte| *byte == 0));
            memory.bytes_mut().iter_mut().enumerate().for_each(|(at, byte)| *byte = (at % 251) as u8);
            let read = std::thread::scope(|scope| scope.spawn(|| memory.bytes().to_vec()).join().unwrap());
            assert!(read.iter().enumerate().all(|(at, byte)| *byte == (at % 251) as u8));
            #[cfg(target_os = "linux")]
            assert!(length == 0 || memory.bytes().as_ptr().addr().is_multiple_of(ALIGNMENT));
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn the_kernel_has_taken_the_advice() {
        if mode().is_none() {
            return println!("skipped: this kernel has no transparent huge pages");
        }
        let mut memory = HugeMemory::new(8 << 20).unwrap();
        memory.bytes_mut().fill(1);
        let address = memory.bytes().as_ptr().addr();
        let maps = std::fs::read_to_string("/proc/self/smaps").unwrap();
        let mut lines = maps.lines().skip_while(|line| {
            let range = line.split(' ').next().and_then(|range| range.split_once('-'));
            let range = range.and_then(|(from, to)| {
                Some(usize::from_str_radix(from, 16).ok()?..usize::from_str_radix(to, 16).ok()?)
            });
            !range.is_some_and(|range| range.contains(&address))
        });
        // As proc(5) has it: `hg` is the flag that the advice sets.
        let flags = lines.find(|line| line.starts_with("VmFlags:")).unwrap_or("no flags are shown");
        assert!(flags.split(' ').any(|flag| flag == "hg"), "{flags}");
    }

    #[test]
    fn memory_that_nobody_has_is_refused() {
        assert!(HugeMemory::new(usize::MAX).is_err());
        assert!(HugeMemory::new(1 << 60).is_err());
    }
}
