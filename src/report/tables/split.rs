//! What the container costs, and what the codec costs: two axes that most comparisons confound.

use super::Folded;
use crate::report::charts::Table;
use crate::report::format;
use crate::report::model::{Column, Group, Row};
use crate::results::CellKind;
use crate::store::FormatId;

/// Times of plain formats, containers by codecs; no rows where nothing can be told apart by it.
pub(super) fn folded(group: &Group<'_>) -> Folded {
    let plain = |row: &&Row<'_>| row.kind == CellKind::Format && row.is_ranked();
    let ids: Vec<(&Row<'_>, FormatId)> = group
        .rows
        .iter()
        .filter(plain)
        .filter_map(|row| Some((row, row.format.parse::<FormatId>().ok()?)))
        .filter(|(_, id)| id.options.is_empty())
        .collect();
    let (mut containers, mut codecs): (Vec<&str>, Vec<&str>) = (Vec::new(), Vec::new());
    for (_, id) in &ids {
        if !containers.contains(&id.container.as_str()) {
            containers.push(&id.container);
        }
        if !codecs.contains(&id.codec.as_str()) {
            codecs.push(&id.codec);
        }
    }
    let heads: Vec<&str> = ["workload", "container"].into_iter().chain(codecs.iter().copied()).collect();
    let mut table = Table::new(&heads, 1);
    // With one container, or one codec, there is nothing to hold apart.
    let columns = ["write_batch", "read_one", "epoch"].into_iter().filter_map(|workload| group.column(workload));
    for column in columns.filter(|_| containers.len() > 1 && codecs.len() > 1) {
        for container in &containers {
            let time = |codec: &&str| {
                let found = ids.iter().find(|(_, id)| id.container == *container && id.codec == **codec);
                found.map_or(format::NONE.to_owned(), |(row, _)| text(group, row, column))
            };
            let times = codecs.iter().map(time);
            table.push([column.label.clone(), (*container).to_owned()].into_iter().chain(times).collect());
        }
    }
    Folded {
        title: "Container cost beside codec cost",
        how: "Time per image of formats without options. Down a column the codec is the same and the container changes; along a \
              line the container is the same and the codec changes. Where a whole column is slow, the codec is to blame, \
              and another container will not help.",
        table,
    }
}

fn text(group: &Group<'_>, row: &Row<'_>, column: &Column<'_>) -> String {
    group.point(row, column, column.images).map_or(format::NONE.to_owned(), |point| format::micros(1e6 / point.rate))
}
