//! What the machine itself does with the same bytes in the same order: cells that stand beside the formats, so that
//! each can be told how much of its time is its own.

use super::Workload;
use crate::store::FormatId;

/// All pixels in one file, read with pread; written, it is write and sync.
const FILE: &str = "flat:raw";
/// The same in memory: a read is a memcpy.
const MEMORY: &str = "flat:raw,read=memory";

/// The references for a workload, in warm or in cold caches. Memory is none for writing, which has to reach the device,
/// nor for opening, which would be timed copying the whole set, nor in a cold cache, because memory is never cold. Nothing is
/// one for removing: out of the middle of a file no bytes are taken.
pub fn references(workload: Workload, warm: bool) -> Vec<FormatId> {
    let reads = !workload.writes() && workload != Workload::Open;
    let names: &[&str] = match workload {
        Workload::Delete => &[],
        _ if reads && warm => &[FILE, MEMORY],
        _ => &[FILE],
    };
    names.iter().filter_map(|name| name.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::registry::{is_reference, resolve};

    #[test]
    fn every_workload_has_references_that_exist() {
        for workload in Workload::ALL {
            for warm in [true, false] {
                let found = references(workload, warm);
                if workload == Workload::Delete {
                    assert!(found.is_empty());
                    continue;
                }
                assert_eq!(found[0].to_string(), FILE);
                assert!(found.iter().all(|id| is_reference(id) && resolve(id).is_ok()), "{found:?}");
                let memory = warm && !workload.writes() && workload != Workload::Open;
                assert_eq!(found.len(), 1 + usize::from(memory), "{} {warm}", workload.name());
            }
        }
    }
}
