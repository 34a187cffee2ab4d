//! A card for each format: what it is, what it can do, how it went, and how to read it from Python.

use super::super::format;
use super::super::model::{Group, Row, outcome, reason};
use super::super::rank::Sheet;
use super::super::snippets::snippet;
use super::{breakable, escape, heading};
use crate::results::{Cell, CellKind, DatasetShape};
use crate::store::codec;
use crate::store::container::CONTAINERS;
use crate::store::facts::Facts;
use crate::store::{Capabilities, FormatId};
use std::fmt::Write as _;

/// Writes the cards of all formats.
pub(super) fn cards(out: &mut String, sheet: &Sheet<'_, '_>, level: usize, id: &str) {
    let mut rows: Vec<&Row<'_>> = Vec::new();
    for row in sheet.groups.iter().flat_map(|group| &group.rows) {
        let shown = matches!(row.kind, CellKind::Format | CellKind::Peer);
        if shown && !rows.iter().any(|known| known.kind == row.kind && known.format == row.format) {
            rows.push(row);
        }
    }
    if rows.is_empty() {
        return;
    }
    heading(out, level, &format!("{id}formats"), "The formats in detail");
    out.push_str("<p class=\"note\">Short names: png is dir:png, lmdb is lmdb:bincode, hdf5 is hdf5:raw.</p>\n<div class=\"cards\">\n");
    for row in rows {
        let cells: Vec<&Cell> =
            sheet.groups.iter().flat_map(|group| group.cells()).filter(|cell| row.is_of(cell)).copied().collect();
        let _ = writeln!(
            out,
            "<details class=\"card\" data-f=\"{}\"><summary>{}</summary>\n<dl>",
            escape(row.format),
            breakable(&row.label)
        );
        for (term, text) in measured(&cells).into_iter().chain(known(row)) {
            let _ = writeln!(out, "<div><dt>{term}</dt><dd>{}</dd></div>", escape(&text));
        }
        out.push_str("</dl>\n");
        failures(out, &cells);
        if let Some(code) =
            snippet(row.format, is_ragged(sheet.groups.first().copied())).filter(|_| row.kind == CellKind::Format)
        {
            let _ = writeln!(
                out,
                "<p>From Python, where <code>store</code> is the store's folder:</p>\n<pre tabindex=\"0\" role=\"region\" aria-label=\"Python\"><code>{}</code></pre>",
                code.lines().map(escape).collect::<Vec<_>>().join("\n")
            );
        }
        out.push_str("</details>\n");
    }
    out.push_str("</div>\n");
}

fn is_ragged(group: Option<&Group<'_>>) -> bool {
    group.and_then(|group| group.dataset).is_some_and(|dataset| matches!(dataset.shape, DatasetShape::Ragged { .. }))
}

/// What these results hold of it.
fn measured(cells: &[&Cell]) -> Vec<(&'static str, String)> {
    let options = cells.iter().find(|cell| !cell.options.is_empty()).map_or("defaults only".into(), |cell| {
        cell.options.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(", ")
    });
    let native = cells.iter().find_map(|cell| cell.native.as_ref());
    let library = native.map_or("none".into(), |native| format!("{} {}", native.library, native.version));
    let mut facts = vec![("Library", library), ("Options in force", options)];
    facts.extend(cells.iter().find_map(|cell| cell.capabilities).map_or(Vec::new(), capabilities));
    let mut durabilities: Vec<&str> = cells.iter().filter_map(|cell| cell.durability.as_deref()).collect();
    durabilities.dedup();
    facts.extend(durabilities.first().map(|durability| {
        let means = match *durability {
            "close" => "close: file, directory and rename are synced once, when a store is finished",
            "each" => "each: every operation is synced",
            "none" => "none: never synced",
            other => other,
        };
        ("Durability", means.to_owned())
    }));
    let held = cells
        .iter()
        .filter(|cell| outcome(cell) == "ok")
        .filter_map(|cell| Some((cell.images, cell.storage.as_ref()?)));
    facts.extend(held.max_by_key(|(images, _)| *images).map(|(images, storage)| {
        let bytes = format::bytes(storage.apparent_bytes);
        (
            "Largest store here",
            format!("{} in {bytes} and {}", format::images(images), format::many(storage.files, "file")),
        )
    }));
    let checked = || cells.iter().filter_map(|cell| cell.verified.as_ref());
    // Stores and timed deliveries of all cells of the format together.
    facts.push((
        "Verified",
        match checked().map(|verified| verified.images).reduce(u64::saturating_add) {
            _ if checked().any(|verified| !verified.ok) => "pixels or labels differed".to_owned(),
            Some(images) => format!("all right: {} deliveries checked", format::count(images)),
            None => "not verified".to_owned(),
        },
    ));
    facts
}

fn capabilities(can: Capabilities) -> Vec<(&'static str, String)> {
    let all = can.named();
    let names = |able: bool| {
        let named: Vec<_> = all.iter().filter(|(_, has)| *has == Some(able)).map(|(name, _)| *name).collect();
        if named.is_empty() { format::NONE.to_owned() } else { named.join(", ") }
    };
    vec![
        ("Can, as tested", names(true)),
        ("Cannot", names(false)),
        ("Largest store possible", can.max_bytes.map_or("no limit known".into(), format::bytes)),
    ]
}

/// What is known of its container and codec.
fn known(row: &Row<'_>) -> Vec<(&'static str, String)> {
    let id: Option<FormatId> = row.format.parse().ok().filter(|_| row.kind == CellKind::Format);
    let Some(id) = id else { return Vec::new() };
    let container = CONTAINERS.iter().find(|entry| entry.name == id.container).and_then(|entry| entry.info);
    let codec = codec::find(&id.codec);
    let both = |of: fn(&Facts) -> &'static str| {
        let parts = [
            container.map(|info| format!("{}: {}", id.container, of(&info.facts))),
            codec.map(|info| format!("{}: {}", id.codec, of(&info.facts))),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join("; ")
    };
    let offered =
        container.map_or(&[][..], |info| info.options).iter().chain(codec.map_or(&[][..], |info| info.options));
    let options: Vec<String> = offered.map(|option| format!("{option}")).collect();
    let mut facts = vec![
        ("Licence", both(|facts| facts.licence)),
        ("Specification", both(|facts| facts.specification)),
        ("Also read by", both(|facts| facts.others)),
    ];
    if !options.is_empty() {
        facts.push(("Options there are", options.join(", ")));
    }
    facts
}

/// What went wrong, word for word.
fn failures(out: &mut String, cells: &[&Cell]) {
    let mut told: Vec<String> = Vec::new();
    for cell in cells.iter().filter(|cell| outcome(cell) != "ok") {
        let text = format!("{} {}: {}", outcome(cell), cell.workload, reason(cell));
        if !told.contains(&text) {
            told.push(text);
        }
    }
    if told.is_empty() {
        return;
    }
    out.push_str("<p>Without a number, and why:</p>\n<ul>\n");
    told.iter().for_each(|text| {
        let _ = writeln!(out, "<li>{}</li>", escape(text));
    });
    out.push_str("</ul>\n");
}
