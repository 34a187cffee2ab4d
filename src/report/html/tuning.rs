//! How each format was tuned: what its name does not say, side by side.

use super::super::charts::Table;
use super::super::format::NONE;
use super::super::rank::Sheet;
use super::{heading, table};
use crate::results::{CellKind, Status};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Kinds of settings, by a word in their names; what has none of them is said last.
const KINDS: [(&str, &[&str]); 5] = [
    ("in memory", &["cache", "map size", " map", "buffer"]),
    ("transaction", &["transaction"]),
    ("batch, row group, page", &["batch", "row group", "page"]),
    ("chunk, shard, folder", &["chunk", "shard", "layout", "subfolder"]),
    (
        "level, codecs, checksums",
        &["level", "compression", "filters", "codecs", "checksums", "method", "quality", "subsampling"],
    ),
];

/// Writes the section: a line for each format.
pub(super) fn tuning(out: &mut String, sheet: &Sheet<'_, '_>, level: usize, id: &str) {
    let mut rows: Vec<(&str, BTreeMap<&str, &str>)> = Vec::new();
    for cell in sheet
        .groups
        .iter()
        .flat_map(|group| group.cells())
        .filter(|cell| cell.kind == CellKind::Format && cell.status == Status::Ok)
    {
        let settings = cell.options.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        match rows.iter_mut().find(|(format, _)| *format == cell.format) {
            Some((_, known)) => known.extend(settings),
            None => rows.push((&cell.format, settings.collect())),
        }
    }
    if rows.iter().all(|(_, settings)| settings.is_empty()) {
        return;
    }
    heading(out, level, &format!("{id}tuning"), "How each format was tuned");
    let _ = writeln!(
        out,
        "<p>Settings in force that a format's name does not show. Defaults are the libraries' own unless METHODOLOGY.md gives a reason \
         to differ.</p>"
    );
    let heads: Vec<&str> =
        std::iter::once("format").chain(KINDS.map(|(kind, _)| kind)).chain(["reading and all else"]).collect();
    let mut all = Table::new(&heads, 0);
    for (format, settings) in &rows {
        all.push(std::iter::once((*format).to_owned()).chain(by_kind(settings)).collect());
    }
    table(out, "Settings in force", &all);
}

/// Settings in the columns of their kinds.
fn by_kind(settings: &BTreeMap<&str, &str>) -> Vec<String> {
    let mut columns = vec![Vec::new(); KINDS.len() + 1];
    for (key, value) in settings {
        let lower = key.to_lowercase();
        let of = |words: &[&str]| words.iter().any(|word| lower.contains(word));
        let column = KINDS.iter().position(|(_, words)| of(words)).unwrap_or(KINDS.len());
        columns[column].push(format!("{key}: {value}"));
    }
    columns.into_iter().map(|said| if said.is_empty() { NONE.to_owned() } else { said.join("; ") }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_stand_in_the_column_of_their_kind() {
        let settings = BTreeMap::from([
            ("LMDB map size (sparse)", "1 MiB"),
            ("HDF5 chunk cache", "2 MiB"),
            ("HDF5 chunk", "64 images"),
            ("Parquet row group", "1000 images"),
            ("png level", "fast"),
            ("LMDB read", "by its library"),
        ]);
        let columns = by_kind(&settings);
        assert_eq!(columns[0], "HDF5 chunk cache: 2 MiB; LMDB map size (sparse): 1 MiB");
        assert_eq!(columns[1], NONE);
        assert_eq!(columns[2], "Parquet row group: 1000 images");
        assert_eq!(columns[3], "HDF5 chunk: 64 images");
        assert_eq!(columns[4], "png level: fast");
        assert_eq!(columns[5], "LMDB read: by its library");
    }
}
