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
        let kept: Vec<Cell> =
            std::mem::take(&mut results.cells).into_iter().filter(|cell| self.wants_cell(cell)).collect();
        results.cells = kept;
        let there: BTreeSet<&str> = results.cells.iter().map(|cell| cell.id.as_str()).collect();
        results.comparisons.retain(|found| there.contains(&*found.best) && there.contains(&*found.other));
        let workloads: BTreeSet<&str> = results.cells.iter().map(|cell| cell.workload.as_str()).collect();
        results.null_control.retain(|found| workloads.contains(&*found.workload));
        Ok(())
    }
}
