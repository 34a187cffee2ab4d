//! What more reader threads bring.

use super::super::model::Group;
use super::super::rank::Sheet;
use super::lines::{Along, Lines};
use super::{Chart, Panel, Table, slug};
use crate::error::Result;
use crate::report::format;
use crate::results::CellKind;

/// None where one number of threads was measured.
pub(super) fn chart(sheet: &Sheet<'_, '_>) -> Result<Option<Chart>> {
    let Some(first) = sheet.groups.first() else { return Ok(None) };
    let mut groups: Vec<&Group<'_>> = sheet.groups.iter().copied().filter(|group| group.cache == first.cache).collect();
    groups.sort_by_key(|group| group.threads);
    let Some(many) = groups.last().filter(|many| many.threads > first.threads) else { return Ok(None) };
    let (mut panels, mut table) =
        (Vec::new(), Table::new(&["workload", "format", "threads", "estimate", "95 % interval"], 1));
    for column in &many.columns {
        let mut lines = Vec::new();
        for row in many.rows.iter().filter(|row| row.kind != CellKind::Null) {
            let points: Vec<_> = groups
                .iter()
                .filter_map(|group| {
                    let same = group.column(column.workload)?;
                    Some((f64::from(group.threads), group.point(row, same, same.images)?))
                })
                .collect();
            for (threads, point) in &points {
                table.push(vec![
                    column.label.clone(),
                    row.label.clone(),
                    threads.to_string(),
                    format!("{} {}", format::rate(point.rate), column.unit()),
                    format::interval(point.interval, column.unit()),
                ]);
            }
            if !points.is_empty() {
                lines.push((row, points));
            }
        }
        let title = format!("{}: {} against threads", column.label, column.unit());
        let svg = Lines { title, along: Along::Growth("reader threads"), unit: column.unit(), lines }.picture()?;
        let workload = Some(column.workload.to_owned());
        panels.push(Panel { slug: format!("threads-{}", slug(&column.label)), svg, workload });
    }
    Ok((!panels.is_empty()).then_some(Chart {
        slug: "scaling-threads",
        title: "Scaling with threads",
        how: "A line that rises as steeply as the number of threads uses them all; a flat one waits for a lock, or for the memory. \
              Both scales are logarithmic; the bars are 95 % intervals. The contests were held one after another.",
        panels,
        table,
        key: false,
    }))
}
