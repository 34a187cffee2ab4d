//! The noise floor of a run: what the same format came to against a second store of itself.

use super::model::{Group, point};
use crate::results::{Cell, CellKind, NullControl};

/// One null control of a group.
pub(super) struct Twin<'a> {
    /// What was found.
    pub control: &'a NullControl,
    /// The twin's cell, where it is certain which one it was.
    pub cell: Option<&'a Cell>,
}

impl Twin<'_> {
    /// How far from equal the interval reaches, as a share: 0.3 for an interval up to 1.3, and for one down to 1/1.3.
    pub(super) fn reach(&self) -> f64 {
        self.control.hi.max(1.0 / self.control.lo) - 1.0
    }
}

/// The null controls of a group. They do not say their number of threads: where the run has as many twins as controls of
/// a workload and cache state, they stand in the same order; else all are shown.
pub(super) fn twins<'a>(group: &Group<'a>) -> Vec<Twin<'a>> {
    let mut all = Vec::new();
    for column in &group.columns {
        if all.iter().any(|twin: &Twin<'_>| twin.control.workload == column.workload) {
            continue;
        }
        let here = |control: &&'a NullControl| control.workload == column.workload && control.cache == group.cache;
        let controls: Vec<_> = group.results.null_control.iter().filter(here).collect();
        let is_twin =
            |c: &&'a Cell| c.kind == CellKind::Null && c.workload == column.workload && c.cache == group.cache;
        let cells: Vec<_> = group.results.cells.iter().filter(is_twin).filter(|c| point(c).is_some()).collect();
        let mine = |cell: &Cell| group.cells().iter().any(|own| std::ptr::eq(*own, cell));
        match cells.len() == controls.len() {
            true => {
                let pairs = cells.into_iter().zip(controls).filter(|(cell, _)| mine(cell));
                all.extend(pairs.map(|(cell, control)| Twin { control, cell: Some(cell) }));
            }
            false => all.extend(controls.into_iter().map(|control| Twin { control, cell: None })),
        }
    }
    all
}
