//! Chart 2: speed against the number of images in the store.

use super::super::format;
use super::super::model::{Column, Group};
use super::lines::{Along, Lines};
use super::{Chart, Panel, slug};
use crate::error::Result;

/// Workloads whose speed may depend on the size of the store.
const WORKLOADS: [&str; 3] = ["write_batch", "scan", "epoch"];

pub(super) fn chart(group: &Group<'_>) -> Result<Chart> {
    let columns = || group.columns.iter().filter(|c| WORKLOADS.contains(&c.workload));
    let panels = columns().map(|column| panel(group, column)).collect::<Result<Vec<_>>>()?;
    let single = columns().all(|c| group.counts(c).len() < 2);
    let how = if single {
        "These results hold one number of images, so each format has one point: nothing can be said about growth."
    } else {
        "A flat line costs the same for each image however large the store; a falling line gets dearer as the store grows. \
         Both scales are logarithmic; the bars are 95 % intervals."
    };
    Ok(Chart {
        slug: "scaling",
        title: "Scaling with the number of images",
        how,
        panels,
        table: table(group),
        key: true,
    })
}

fn panel(group: &Group<'_>, column: &Column<'_>) -> Result<Panel> {
    let counts = group.counts(column);
    let line = |row| counts.iter().filter_map(|n| Some((*n as f64, group.point(row, column, *n)?))).collect::<Vec<_>>();
    let all = group.rows.iter().map(|row| (row, line(row)));
    let title = format!("{}: {} against images in the store", column.label, column.unit());
    let lines = all.filter(|(_, points)| !points.is_empty()).collect();
    let svg = Lines { title, along: Along::Growth("images in the store"), unit: column.unit(), lines }.picture()?;
    Ok(Panel { slug: format!("scaling-{}", slug(&column.label)), svg, workload: Some(column.workload.to_owned()) })
}

fn table(group: &Group<'_>) -> super::Table {
    let mut table = super::Table::new(&["workload", "format", "images in the store", "estimate", "95 % interval"], 1);
    for column in group.columns.iter().filter(|c| WORKLOADS.contains(&c.workload)) {
        for row in &group.rows {
            for images in group.counts(column) {
                let Some(p) = group.point(row, column, images) else { continue };
                let value = format!("{} {}", format::rate(p.rate), column.unit());
                let interval = format::interval(p.interval, column.unit());
                table.push(vec![column.label.clone(), row.label.clone(), format::count(images), value, interval]);
            }
        }
    }
    table
}
