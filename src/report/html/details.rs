//! Options, libraries and capabilities of the formats.

use super::super::charts::Table;
use super::super::format;
use super::super::model::Group;

/// A line for each format and peer.
pub(super) fn details(group: &Group<'_>) -> Table {
    let mut table =
        Table::new(&["format", "options in force", "library", "can", "cannot", "largest store", "verified"], 0);
    for row in group.rows.iter().filter(|row| row.is_ranked()) {
        let mine = || group.cells().iter().filter(|c| row.is_of(c));
        let options = mine().find(|c| !c.options.is_empty()).map_or("defaults only".into(), |c| {
            c.options.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(", ")
        });
        let native = mine().find_map(|c| c.native.as_ref());
        let library = native.map_or("none".into(), |n| format!("{} {}", n.library, n.version));
        let (can, cannot, largest) = mine().find_map(|c| c.capabilities).map_or_else(
            || (format::NONE.to_owned(), format::NONE.to_owned(), format::NONE.to_owned()),
            |c| {
                let all = [
                    ("random access", c.random_access),
                    ("append", c.append),
                    ("ragged", c.ragged),
                    ("concurrent readers", c.concurrent_readers),
                    ("zero copy", c.zero_copy),
                    ("checksums", c.checksums),
                ];
                let names = |able| {
                    let named: Vec<_> = all.iter().filter(|(_, has)| *has == able).map(|(name, _)| *name).collect();
                    if named.is_empty() { format::NONE.to_owned() } else { named.join(", ") }
                };
                (names(true), names(false), c.max_bytes.map_or("no limit known".into(), format::bytes))
            },
        );
        let checked = mine().filter_map(|c| c.verified.as_ref());
        // Stores and timed deliveries of all cells of the format together.
        let verified = match checked.clone().map(|v| v.images).reduce(u64::saturating_add) {
            _ if checked.clone().any(|v| !v.ok) => "pixels or labels differed".to_owned(),
            Some(images) => format!("all right: {} deliveries checked", format::count(images)),
            None => "not verified".to_owned(),
        };
        table.push(vec![row.label.clone(), options, library, can, cannot, largest, verified]);
    }
    table
}
