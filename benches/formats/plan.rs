//! Which cells there are, as data.

use super::settings::Settings;
use shelfmark::store::FormatId;
use shelfmark::workload::Workload;

/// One benchmark: a format, a workload, a store size.
#[derive(Debug, Clone)]
pub struct Planned {
    pub id: FormatId,
    pub workload: Workload,
    pub images: u64,
}

/// All cells: workload by workload, format by format, count by count.
pub fn plan(settings: &Settings, formats: &[FormatId]) -> Vec<Planned> {
    let counts = |workload| match workload {
        Workload::WriteOne => &[1],
        Workload::WriteBatch => settings.write_counts(),
        Workload::Scan | Workload::Epoch => settings.read_counts(),
        // These do not depend on the store's size enough to be worth several.
        Workload::ReadOne | Workload::ReadBatch | Workload::Open => {
            let counts = settings.read_counts();
            &counts[counts.len() - 1..]
        }
    };
    let cells = |workload| {
        formats.iter().flat_map(move |id| {
            counts(workload).iter().map(move |&images| Planned { id: id.clone(), workload, images })
        })
    };
    Workload::ALL.into_iter().flat_map(cells).collect()
}
