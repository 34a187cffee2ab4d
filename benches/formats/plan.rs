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

/// All cells, for images of so many bytes: workload by workload, format by format, count by count.
pub fn plan(settings: &Settings, formats: &[FormatId], image_bytes: u64) -> Vec<Planned> {
    let (reads, writes) = (settings.read_counts(image_bytes), settings.write_counts(image_bytes));
    let counts = |workload| match workload {
        Workload::WriteOne => vec![1],
        Workload::WriteBatch | Workload::Append | Workload::Delete => writes.clone(),
        Workload::Scan | Workload::Epoch => reads.clone(),
        // These do not depend on the store's size enough to be worth several.
        Workload::ReadOne | Workload::ReadBatch | Workload::Open => reads.last().copied().into_iter().collect(),
    };
    let cells = |workload| {
        let counts = counts(workload);
        formats.iter().flat_map(move |id| {
            counts.clone().into_iter().map(move |images| Planned { id: id.clone(), workload, images })
        })
    };
    Workload::USUAL.into_iter().flat_map(cells).collect()
}
