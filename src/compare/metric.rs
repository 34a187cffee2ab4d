//! What is counted exactly.

use crate::report::format::many;
use crate::results::{Cell, Counters, Native, Results};
use serde::{Deserialize, Serialize};

/// Something that is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MetricName {
    /// What the file system set aside for the store.
    AllocatedBytes,
    /// The files' lengths.
    ApparentBytes,
    /// Number of files.
    Files,
    /// read(2) and its kin.
    ReadCalls,
    /// write(2) and its kin.
    WriteCalls,
    /// Bytes asked for.
    ReadBytes,
    /// Bytes handed over.
    WriteBytes,
    /// The cell itself: whether it is measured at all. In a gate's file alone.
    Cell,
}

impl MetricName {
    /// All that is counted of a cell.
    pub const COUNTED: [Self; 7] = [
        Self::AllocatedBytes,
        Self::ApparentBytes,
        Self::Files,
        Self::ReadCalls,
        Self::WriteCalls,
        Self::ReadBytes,
        Self::WriteBytes,
    ];

    /// The word in results, gates and reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::AllocatedBytes => "allocated_bytes",
            Self::ApparentBytes => "apparent_bytes",
            Self::Files => "files",
            Self::ReadCalls => "read_calls",
            Self::WriteCalls => "write_calls",
            Self::ReadBytes => "read_bytes",
            Self::WriteBytes => "write_bytes",
            Self::Cell => "cell",
        }
    }

    fn is_of_store(self) -> bool {
        matches!(self, Self::AllocatedBytes | Self::ApparentBytes | Self::Files)
    }

    pub(crate) fn of(self, cell: &Cell) -> Option<Count> {
        let storage = |total: u64| Some(Count { total, images: cell.images, operations: None });
        let counters = cell.counters.as_ref();
        let counted = |total: fn(&Counters) -> Option<u64>| {
            let counters = counters?;
            Some(Count { total: total(counters)?, images: counters.images?, operations: counters.operations })
        };
        match self {
            Self::AllocatedBytes => storage(cell.storage.as_ref()?.allocated_bytes),
            Self::ApparentBytes => storage(cell.storage.as_ref()?.apparent_bytes),
            Self::Files => storage(cell.storage.as_ref()?.files),
            Self::ReadCalls => counted(|counters| counters.read_calls),
            Self::WriteCalls => counted(|counters| counters.write_calls),
            Self::ReadBytes => counted(|counters| counters.read_bytes),
            Self::WriteBytes => counted(|counters| counters.write_bytes),
            Self::Cell => None,
        }
    }
}

/// A number and what it was counted over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// All of it.
    pub total: u64,
    /// Images (or stores opened) that it is for.
    pub images: u64,
    /// Operations that were counted; none where the store was looked at.
    pub operations: Option<u64>,
}

impl Count {
    /// For each image; NaN where there were none.
    pub fn per_image(&self) -> f64 {
        self.total as f64 / self.images as f64
    }
}

/// Whether a metric is what it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// The same number, or the same for each image where different numbers of images were counted.
    Equal,
    /// Another.
    Changed,
    /// Counted in one of the runs only.
    Unknown,
}

/// A metric of a cell in both runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Metric {
    /// Which.
    pub name: MetricName,
    /// In the base.
    pub base: Option<Count>,
    /// In the head.
    pub head: Option<Count>,
    /// What became of it.
    pub change: Change,
    /// Why a gate has no say: the number depends on something that differs between the two runs.
    pub incomparable: Option<String>,
}

impl Metric {
    /// What became of a number; none where there is none in either run.
    pub(crate) fn between(name: MetricName, base: Option<Count>, head: Option<Count>) -> Option<Self> {
        let change = match (base, head) {
            (None, None) => return None,
            (Some(a), Some(b)) if alike(a, b) => Change::Equal,
            (Some(_), Some(_)) => Change::Changed,
            _ => Change::Unknown,
        };
        Some(Self { name, base, head, change, incomparable: None })
    }

    /// How much more there is in the head, as a share of the base and for each image; none where the base has nothing.
    pub fn growth(&self) -> Option<f64> {
        let growth = self.head?.per_image() / self.base?.per_image() - 1.0;
        growth.is_finite().then_some(growth)
    }
}

/// All that was counted of a cell in one of the runs at least.
pub(super) fn all(base: &Results, head: &Results, old: &Cell, new: &Cell) -> Vec<Metric> {
    let metric = |name: MetricName| {
        let metric = Metric::between(name, name.of(old), name.of(new))?;
        let incomparable = incomparable(name, (base, old, metric.base), (head, new, metric.head));
        Some(Metric { incomparable, ..metric })
    };
    MetricName::COUNTED.into_iter().filter_map(metric).collect()
}

/// Compared without rounding: totals over different numbers of images crosswise.
fn alike(a: Count, b: Count) -> bool {
    let crosswise = |total: u64, images: u64| u128::from(total) * u128::from(images);
    if a.images == b.images { a.total == b.total } else { crosswise(a.total, b.images) == crosswise(b.total, a.images) }
}

/// The dataset as it was asked for: the words that a manifest holds.
fn dataset_name<'a>(results: &'a Results, cell: &'a Cell) -> &'a str {
    let found = results.datasets.iter().find(|dataset| dataset.id == cell.dataset);
    found.map_or(&cell.dataset, |dataset| &dataset.name)
}

/// Versions of this program are what is compared: they are no other library.
fn same_library(old: Option<&Native>, new: Option<&Native>) -> bool {
    let own = |native: Option<&Native>| native.is_some_and(|native| native.library == env!("CARGO_PKG_NAME"));
    old == new || own(old) && own(new)
}

type Seen<'a> = (&'a Results, &'a Cell, Option<Count>);

fn incomparable(name: MetricName, (base, old, a): Seen<'_>, (head, new, b): Seen<'_>) -> Option<String> {
    if !same_library(old.native.as_ref(), new.native.as_ref()) {
        let said = |native: &Option<Native>| {
            native.as_ref().map_or("unknown".to_owned(), |native| format!("{} {}", native.library, native.version))
        };
        return Some(format!("another library: {} in the base, {} in the head", said(&old.native), said(&new.native)));
    }
    let (Some(a), Some(b)) = (a, b) else {
        return Some(format!("not counted in the {}", if a.is_none() { "base" } else { "head" }));
    };
    if name == MetricName::AllocatedBytes {
        let (old, new) = (&base.host.place.fs, &head.host.place.fs);
        let said = |fs: &Option<String>| fs.clone().unwrap_or_else(|| "unknown".into());
        return (old.is_none() || old != new)
            .then(|| format!("another file system: {} in the base, {} in the head", said(old), said(new)));
    }
    if name.is_of_store() {
        return None;
    }
    let (old_name, new_name) = (dataset_name(base, old), dataset_name(head, new));
    if name == MetricName::WriteBytes && a.total > 0 && old_name != new_name {
        return Some(format!("a store's manifest names its dataset: {old_name} in the base, {new_name} in the head"));
    }
    if base.run.seed != head.run.seed {
        return Some(format!("other images were drawn: seed {} and seed {}", base.run.seed, head.run.seed));
    }
    ((a.operations, a.images) != (b.operations, b.images)).then(|| {
        let said = |count: Count| match count.operations {
            Some(operations) => many(operations, "operation"),
            None => many(count.images, "image"),
        };
        format!("counted over {} in the base and {} in the head: run both with --profile exact", said(a), said(b))
    })
}
