//! Which cell of the one run is which of the other.

use super::outcome;
use crate::error::{Error, Result};
use crate::results::{Cell, CellId, Results};
use std::collections::BTreeMap;

/// The cells of a run by names that hold on every machine: the dataset's content instead of its id.
fn by_name<'a>(results: &'a Results, file: &str) -> Result<BTreeMap<String, &'a Cell>> {
    let content: BTreeMap<&str, &str> =
        results.datasets.iter().map(|dataset| (dataset.id.as_str(), dataset.sha256.as_str())).collect();
    let mut all = BTreeMap::new();
    for cell in &results.cells {
        let dataset = content.get(cell.dataset.as_str()).copied().unwrap_or(&cell.dataset);
        let name = CellId {
            kind: cell.kind,
            format: &cell.format,
            workload: &cell.workload,
            dataset,
            images: cell.images,
            batch: cell.batch,
            threads: cell.threads,
            cache: &cell.cache,
            durability: cell.durability.as_deref(),
            deliver: &cell.deliver,
        };
        if let Some(earlier) = all.insert(name.to_string(), cell) {
            return Err(Error::Results {
                path: file.into(),
                cause: format!("two cells measure the same: {:?} and {:?}", earlier.id, cell.id),
                remedy: "keep one of them: which is meant cannot be told".into(),
            });
        }
    }
    Ok(all)
}

/// A cell of either run, and the same in the other if it is there.
pub(super) struct Matched<'a> {
    pub base: Option<&'a Cell>,
    pub head: Option<&'a Cell>,
}

impl<'a> Matched<'a> {
    /// The cell in both runs, where it ended well in both.
    pub(super) fn both_ok(&self) -> Option<(&'a Cell, &'a Cell)> {
        let well = |cell: Option<&'a Cell>| cell.filter(|cell| outcome(cell) == "ok");
        Some((well(self.base)?, well(self.head)?))
    }
}

/// Every cell of either run, in the order of the base, those that are only in the head last.
pub(super) fn matched<'a>(base: &'a Results, head: &'a Results, names: (&str, &str)) -> Result<Vec<Matched<'a>>> {
    let (old, new) = (by_name(base, names.0)?, by_name(head, names.1)?);
    let place = |cell: &Cell, of: &Results| of.cells.iter().position(|other| std::ptr::eq(other, cell));
    let both = old.iter().map(|(name, cell)| Matched { base: Some(*cell), head: new.get(name).copied() });
    let only_new = new.iter().filter(|(name, _)| !old.contains_key(*name));
    let mut all: Vec<Matched<'_>> =
        both.chain(only_new.map(|(_, cell)| Matched { base: None, head: Some(*cell) })).collect();
    all.sort_by_key(|matched| match matched.base {
        Some(cell) => place(cell, base),
        None => matched.head.and_then(|cell| Some(base.cells.len() + place(cell, head)?)),
    });
    Ok(all)
}
