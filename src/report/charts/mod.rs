//! The charts: each is one or more SVG panels, a sentence on how to read them, and the same numbers as a table.

mod batch;
mod caches;
mod canvas;
mod labels;
mod latency;
mod ledger;
mod lines;
mod ratio;
mod scale;
mod scaling;
mod space;
mod speed;
mod threads;
mod tradeoff;
mod trends;

use super::model::{Group, Row, interleaved};
use super::rank::Sheet;
pub(super) use super::table::Table;
use crate::error::Result;
use crate::history::Entry;

/// One chart of the page.
pub(super) struct Chart {
    /// Its name in addresses.
    pub slug: &'static str,
    /// Its heading.
    pub title: &'static str,
    /// How to read it, in a sentence or two.
    pub how: &'static str,
    /// Its pictures; none where nothing was measured for it.
    pub panels: Vec<Panel>,
    /// The numbers in it.
    pub table: Table,
    /// Whether a key of the formats' marks goes with it.
    pub key: bool,
}

/// One picture.
pub(super) struct Panel {
    /// Its file name, without `.svg`.
    pub slug: String,
    /// The picture as an `<svg>` element.
    pub svg: String,
    /// The workload that it is about, if it is about one.
    pub workload: Option<String>,
}

/// The charts of a group. A run measures one number of images: it says nothing about growth.
pub(super) fn all(group: &Group<'_>) -> Result<Vec<Chart>> {
    let mut charts = vec![speed::chart(group)?];
    // Criterion does neither: an empty chart would only be in the way.
    let told = |chart: &Chart| !chart.panels.is_empty() || !chart.table.rows.is_empty();
    charts.extend(Some(latency::chart(group)?).filter(told));
    if !interleaved(group.results) || group.columns.iter().any(|column| group.counts(column).len() > 1) {
        charts.push(scaling::chart(group)?);
    }
    charts.push(batch::chart(group)?);
    charts.extend(Some(ledger::chart(group)?).filter(told));
    charts.push(space::chart(group)?);
    Ok(charts)
}

/// The charts about all groups of a dataset together.
pub(super) fn of_sheet(sheet: &Sheet<'_, '_>, history: &[Entry]) -> Result<Vec<Chart>> {
    let tradeoff = sheet.groups.first().map(|group| tradeoff::chart(group)).transpose()?;
    let trends = sheet.groups.first().map(|group| trends::chart(group, history)).transpose()?.flatten();
    let charts = [tradeoff, caches::chart(sheet)?, threads::chart(sheet)?, trends];
    Ok(charts.into_iter().flatten().filter(|chart| !chart.panels.is_empty()).collect())
}

/// A format's mark alone, for a key.
pub(super) fn mark(row: &Row<'_>) -> Result<String> {
    canvas::picture(18.0, 18.0, &row.label, |c| c.marker((9.0, 9.0), row.style, 5.0))
}

/// A name fit for a file: lower-case letters, digits and single dashes.
pub(super) fn slug(text: &str) -> String {
    let dashed: String =
        text.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect();
    let name = dashed.split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-");
    if name.is_empty() { "unnamed".into() } else { name.chars().take(80).collect() }
}
