//! The name of a cell: it says all that tells one cell from another.

use super::CellKind;
use std::fmt;

/// What tells one cell of a run from another.
#[derive(Debug, Clone, Copy)]
pub struct CellId<'a> {
    /// Format, reference, null twin or peer.
    pub kind: CellKind,
    /// Its name.
    pub format: &'a str,
    /// The access pattern.
    pub workload: &'a str,
    /// The dataset's id.
    pub dataset: &'a str,
    /// Images in the store.
    pub images: u64,
    /// Images an operation asks for at once.
    pub batch: u64,
    /// Reader threads.
    pub threads: u32,
    /// `warm`, `cold-data`, `cold-full`.
    pub cache: &'a str,
    /// For writes.
    pub durability: Option<&'a str>,
    /// `payload`, `pixels`, `tensor`.
    pub deliver: &'a str,
}

impl fmt::Display for CellId<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            CellKind::Format => {}
            CellKind::Reference => f.write_str("reference ")?,
            CellKind::Null => f.write_str("null ")?,
            CellKind::Peer => f.write_str("peer ")?,
        }
        let Self { format, workload, dataset, images, batch, threads, cache, deliver, .. } = self;
        write!(f, "{format}/{workload}/{dataset}/{images}/b{batch}/t{threads}/{cache}")?;
        if let Some(durability) = self.durability {
            write!(f, "/{durability}")?;
        }
        write!(f, "/{deliver}")
    }
}
