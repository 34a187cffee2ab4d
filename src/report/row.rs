//! One line of the tables: a format, a peer, a null twin or a reference.

use super::style::Style;
use crate::results::{Cell, CellKind, Status};
use crate::run::peers::is_bridge;
use crate::store::FormatId;
use crate::store::registry::by_library;
use crate::workload::nothing;
use std::collections::{BTreeMap, BTreeSet};

/// One format, reference, null twin or peer.
pub(super) struct Row<'a> {
    /// Which of the four.
    pub kind: CellKind,
    /// Its name in the results.
    pub format: &'a str,
    /// Its name with its role.
    pub label: String,
    /// Its colour and marker.
    pub style: Style,
    /// Whether it is read past its library, among formats that are not: what the bytes would allow, and no choice.
    pub bound: bool,
}

impl Row<'_> {
    /// Whether a cell belongs to it.
    pub(super) fn is_of(&self, cell: &Cell) -> bool {
        cell.kind == self.kind && cell.format == self.format
    }

    /// Its name in charts, where references are told by their grey.
    pub(super) fn short(&self) -> &str {
        if self.kind == CellKind::Reference { self.format } else { &self.label }
    }

    /// Whether it takes part in rankings: formats, and peers, which people could choose as well.
    pub(super) fn is_ranked(&self) -> bool {
        matches!(self.kind, CellKind::Format | CellKind::Peer) && !self.bound
    }
}

/// Whether a cell is the harness by itself: thousands of times faster than any store, it would flatten every scale.
pub(super) fn is_harness(cell: &Cell) -> bool {
    cell.kind == CellKind::Reference && cell.format == nothing::NAME
}

/// Whether a cell never was to be measured here: not selected, not reached, or of a program that cannot take part. There
/// may be many of them for one reason, so they are told together.
pub(super) fn is_left_out(cell: &Cell) -> bool {
    match cell.status {
        Status::Skipped => true,
        Status::Unsupported => cell.kind == CellKind::Peer,
        _ => false,
    }
}

/// The name of what a cell measures, with its role.
pub(super) fn label(cell: &Cell) -> String {
    let role = match cell.kind {
        CellKind::Format if is_lossy(&cell.format) => " (lossy)",
        CellKind::Format => "",
        CellKind::Reference => " (reference)",
        CellKind::Null => " (null twin)",
        // Its name says it.
        CellKind::Peer if is_bridge(&cell.format) => "",
        CellKind::Peer => " (peer)",
    };
    format!("{}{role}", cell.format)
}

/// Whether other pixels come back from a format than went in.
pub(super) fn is_lossy(format: &str) -> bool {
    format.parse().is_ok_and(|id: FormatId| id.is_lossy())
}

/// Whether a format is one that we read past its library.
pub(super) fn is_direct(format: &str) -> bool {
    format.parse().is_ok_and(|id| by_library(&id).is_some())
}

/// Rows of cells: formats, peers, null twins, references; within a kind as they appear. The harness is none, nor is what
/// was left out everywhere.
pub(super) fn rows<'a>(cells: &[&'a Cell], styles: &BTreeMap<(CellKind, &'a str), Style>) -> Vec<Row<'a>> {
    let mut rows: Vec<Row<'a>> = Vec::new();
    let mut seen = BTreeSet::new();
    for cell in cells.iter().filter(|cell| !is_harness(cell) && !is_left_out(cell)) {
        if !seen.insert((cell.kind, cell.format.as_str())) {
            continue;
        }
        let style = styles.get(&(cell.kind, cell.format.as_str())).copied().unwrap_or_default();
        rows.push(Row { kind: cell.kind, format: &cell.format, label: label(cell), style, bound: false });
    }
    let of_a_library = |row: &Row<'_>| match row.kind {
        CellKind::Format => !is_direct(row.format),
        CellKind::Peer => !is_bridge(row.format),
        _ => false,
    };
    let bounds = rows.iter().any(of_a_library);
    for row in rows.iter_mut().filter(|row| bounds && row.kind == CellKind::Format) {
        row.bound = is_direct(row.format);
    }
    rows.sort_by_key(|row| match row.kind {
        CellKind::Format if row.bound => 1,
        CellKind::Format => 0,
        CellKind::Peer => 2,
        CellKind::Null => 3,
        CellKind::Reference => 4,
    });
    rows
}

#[cfg(test)]
mod tests {
    use super::super::run_fixture::{at, of};
    use super::*;

    #[test]
    fn what_is_read_past_its_library_is_a_bound_beside_what_is_not() {
        let cell = |format| at("warm", format, "epoch", 1.0);
        let bounds = |others: &[Cell]| {
            let direct = cell("lmdb:raw,read=direct");
            let cells: Vec<&Cell> = std::iter::once(&direct).chain(others).collect();
            let rows = rows(&cells, &BTreeMap::new());
            rows.into_iter().filter(|row| row.bound).map(|row| row.format.to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(bounds(&[cell("dir:png")]), ["lmdb:raw,read=direct"]);
        assert_eq!(bounds(&[of(CellKind::Peer, cell("python:lmdb-raw"))]), ["lmdb:raw,read=direct"]);
        let nothing_to_choose = [
            cell("hdf5:raw,read=direct"),
            of(CellKind::Reference, cell("flat:raw")),
            of(CellKind::Null, cell("lmdb:raw")),
            of(CellKind::Peer, cell("lmdb:raw,read=direct (own process)")),
        ];
        assert!(bounds(&nothing_to_choose).is_empty());
    }
}
