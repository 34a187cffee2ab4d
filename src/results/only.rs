//! A choice among the cells of results: the filters that all verbs share.

use super::{Cell, CellKind, Results};
use crate::error::{Error, Result};
use std::collections::BTreeSet;

/// Which cells are wanted. What is empty leaves nothing out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Only {
    /// Full names of formats or peers. References are there for the sake of what is kept.
    pub formats: Vec<String>,
    /// Access patterns.
    pub workloads: Vec<String>,
    /// A part of the cell's id.
    pub text: Option<String>,
}

impl Only {
    /// Whether everything is wanted.
    pub fn is_all(&self) -> bool {
        *self == Self::default()
    }

    /// Whether a cell of this kind, format, workload and id is wanted.
    pub fn wants(&self, kind: CellKind, format: &str, workload: &str, id: &str) -> bool {
        let listed = |list: &[String], name: &str| list.is_empty() || list.iter().any(|wanted| wanted == name);
        let reference = kind == CellKind::Reference;
        listed(&self.workloads, workload)
            && (reference || listed(&self.formats, format))
            && (reference || self.text.as_ref().is_none_or(|text| id.contains(text)))
    }

    fn wants_cell(&self, cell: &Cell) -> bool {
        self.wants(cell.kind, &cell.format, &cell.workload, &cell.id)
    }

    /// The formats and workloads that were asked for and are in none of `all`: somebody has to be told.
    pub fn absent(&self, all: &[Results]) -> Vec<String> {
        let there = |is: &dyn Fn(&Cell) -> bool| all.iter().flat_map(|results| &results.cells).any(is);
        let formats = self.formats.iter().filter(|name| !there(&|cell| cell.format == **name));
        let workloads = self.workloads.iter().filter(|name| !there(&|cell| cell.workload == **name));
        formats.chain(workloads).cloned().collect()
    }

    /// Leaves the wanted cells in `results`, with the verdicts between them.
    ///
    /// # Errors
    /// [`Error::Usage`] when nothing but references is left, with the names there are.
    pub fn keep(&self, results: &mut Results) -> Result<()> {
        if self.is_all() {
            return Ok(());
        }
        let wanted = |cell: &Cell| self.wants_cell(cell) && cell.kind != CellKind::Reference;
        if !results.cells.iter().any(wanted) {
            let names = |of: fn(&Cell) -> &str| {
                let cells = results.cells.iter().filter(|cell| cell.kind != CellKind::Reference);
                let names: BTreeSet<&str> = cells.map(of).collect();
                names.into_iter().collect::<Vec<_>>().join(" ")
            };
            let (formats, workloads) = (names(|cell| &cell.format), names(|cell| &cell.workload));
            return Err(Error::Usage(format!(
                "no cell matches; formats in these results: {formats}; workloads: {workloads}"
            )));
        }
        // References are there for the sake of what is kept: not of workloads of which nothing is.
        let workloads: BTreeSet<String> =
            results.cells.iter().filter(|cell| wanted(cell)).map(|cell| cell.workload.clone()).collect();
        let mut kept = std::mem::take(&mut results.cells);
        kept.retain(|cell| self.wants_cell(cell) && workloads.contains(&cell.workload));
        results.cells = kept;
        let there: BTreeSet<&str> = results.cells.iter().map(|cell| cell.id.as_str()).collect();
        results.comparisons.retain(|found| there.contains(&*found.best) && there.contains(&*found.other));
        results.null_control.retain(|found| workloads.contains(&found.workload));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;
    use crate::results::Comparison;

    #[test]
    fn verdicts_stay_where_both_of_their_cells_do() {
        let cells = ["lmdb:raw", "hdf5:raw", "dir:png"].map(|format| fixture::cell(format, "epoch", 10, 1.0));
        let mut results = fixture::results(cells.to_vec());
        let verdict = |other: &str| Comparison {
            workload: "epoch".into(),
            best: "lmdb:raw/epoch/10".into(),
            other: other.into(),
            ratio: 2.0,
            lo: 1.9,
            hi: 2.1,
            verdict: "slower".into(),
            min_detectable: None,
        };
        results.comparisons = vec![verdict("hdf5:raw/epoch/10"), verdict("dir:png/epoch/10")];
        let only = Only { formats: vec!["lmdb:raw".into(), "dir:png".into()], ..Only::default() };
        only.keep(&mut results).unwrap();
        assert_eq!(results.comparisons, [verdict("dir:png/epoch/10")]);
        let none = Only { text: Some("no such cell".into()), ..Only::default() };
        assert!(
            none.keep(&mut results).unwrap_err().to_string().contains("formats in these results: dir:png lmdb:raw")
        );
    }
}
