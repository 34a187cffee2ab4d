//! Colours and markers: one pair for each format, stable by order of first appearance, told apart in greyscale too.

use crate::results::{CellKind, Results};
use crate::run::peers::is_bridge;
use std::collections::BTreeMap;

/// Series colours on paper: Okabe and Ito's palette (<https://jfly.uni-koeln.de/color/>) with its yellow darkened, which
/// would vanish on white, and its black made grey, which would vanish in dark mode. `style.css` holds the dark twins.
pub(super) const SERIES: [(u8, u8, u8); 8] = [
    (0x00, 0x72, 0xB2),
    (0xD5, 0x5E, 0x00),
    (0x00, 0x9E, 0x73),
    (0xCC, 0x79, 0xA7),
    (0xB8, 0x86, 0x00),
    (0x56, 0xB4, 0xE9),
    (0x7A, 0x4F, 0xB5),
    (0x6B, 0x6B, 0x6B),
];

/// The grey among them.
const GREY: usize = 7;

/// What is there to be compared with.
const UNRANKED: Style = Style { colour: GREY, marker: Marker::Ring };

/// How a series is drawn.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Style {
    /// Index into [`SERIES`].
    pub colour: usize,
    /// The second sign.
    pub marker: Marker,
}

/// Marker shapes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Marker {
    /// Filled disc.
    #[default]
    Disc,
    /// Filled square.
    Square,
    /// Filled triangle, point up.
    Up,
    /// Filled square on its corner.
    Diamond,
    /// Filled triangle, point down.
    Down,
    /// Two diagonal strokes.
    Cross,
    /// Circle, not filled.
    Ring,
    /// Two straight strokes.
    Plus,
}

/// Of what is ranked: rings are for what is not.
const MARKERS: [Marker; 7] =
    [Marker::Disc, Marker::Square, Marker::Up, Marker::Diamond, Marker::Down, Marker::Cross, Marker::Plus];

/// The style of the `nth` series: 56 different pairs before one comes again.
fn nth(nth: usize) -> Style {
    Style { colour: nth % SERIES.len(), marker: MARKERS[(nth + nth / SERIES.len()) % MARKERS.len()] }
}

/// A style for each format and peer. References are grey rings and null twins rings in the colour of their format: what
/// is not ranked is hollow.
pub(super) fn assign(results: &[Results]) -> BTreeMap<(CellKind, &str), Style> {
    let mut styles: BTreeMap<(CellKind, &str), Style> = BTreeMap::new();
    for kind in [CellKind::Format, CellKind::Peer, CellKind::Null, CellKind::Reference] {
        for cell in results.iter().flat_map(|r| &r.cells).filter(|c| c.kind == kind) {
            let style = match kind {
                CellKind::Peer if is_bridge(&cell.format) => UNRANKED,
                CellKind::Format | CellKind::Peer => nth(styles.len()),
                CellKind::Null => {
                    let original = styles.get(&(CellKind::Format, cell.format.as_str())).copied().unwrap_or_default();
                    Style { marker: Marker::Ring, ..original }
                }
                CellKind::Reference => UNRANKED,
            };
            styles.entry((kind, cell.format.as_str())).or_insert(style);
        }
    }
    styles
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fifty_formats_have_fifty_different_pairs() {
        let all: Vec<Style> = (0..50).map(nth).collect();
        for (at, style) in all.iter().enumerate() {
            assert!(!all[..at].contains(style), "{at}: {style:?}");
        }
    }
}
