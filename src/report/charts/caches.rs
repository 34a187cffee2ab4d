//! Warm beside cold: what it costs when the images are not in memory.

use super::super::format;
use super::super::model::{Column, Group, Row};
use super::super::rank::Sheet;
use super::canvas::{Ink, SMALL, Side, TEXT, fit, picture};
use super::labels::Labels;
use super::scale::Scale;
use super::speed::grid;
use super::{Chart, Panel, Table, slug};
use crate::error::Result;
use crate::report::style::{Marker, Style};
use crate::results::CellKind;

const WIDTH: f64 = 540.0;
const ROW: f64 = 24.0;
const TOP: f64 = 82.0;

/// States of the cache with their marks.
const STATES: [(&str, Marker); 3] = [("warm", Marker::Disc), ("cold-data", Marker::Ring), ("cold-full", Marker::Cross)];

/// A row's microseconds an image in each state.
type Line<'g, 'a> = (&'g Row<'a>, [Option<f64>; 3]);

/// None where only one state was measured.
pub(super) fn chart(sheet: &Sheet<'_, '_>) -> Result<Option<Chart>> {
    let of_state = |state: &str| sheet.groups.iter().copied().find(|group| group.cache == state);
    let groups = STATES.map(|(state, _)| of_state(state));
    let Some(group) = groups[0].filter(|_| groups.iter().flatten().count() > 1) else { return Ok(None) };
    let (mut panels, mut table) =
        (Vec::new(), Table::new(&["workload", "format", "warm", "cold-data", "cold-full"], 1));
    for column in &group.columns {
        let lines: Vec<Line<'_, '_>> = lines(&groups, group, column);
        // One state alone is no comparison.
        if lines.iter().all(|(_, times)| times.iter().flatten().count() < 2) {
            continue;
        }
        for (row, times) in &lines {
            let text = |time: &Option<f64>| time.map_or(format::NONE.to_owned(), format::micros);
            let times = times.iter().map(text);
            table.push([column.label.clone(), row.label.clone()].into_iter().chain(times).collect());
        }
        panels.push(panel(column, &lines)?);
    }
    Ok((!panels.is_empty()).then_some(Chart {
        slug: "caches",
        title: "Warm beside cold",
        how: "Further left is cheaper; the scale is logarithmic. The disc is the time of an image that was in memory, the ring one \
              whose file data was evicted before (names and inodes stayed), the cross one where everything was; cold reads \
              include opening. States are not ranked against one another.",
        panels,
        table,
        key: false,
    }))
}

fn lines<'g, 'a>(groups: &[Option<&'g Group<'a>>; 3], warm: &'g Group<'a>, column: &Column<'_>) -> Vec<Line<'g, 'a>> {
    let rows = warm.rows.iter().filter(|row| matches!(row.kind, CellKind::Format | CellKind::Peer));
    let time = |group: &Option<&'g Group<'a>>, row: &Row<'_>| {
        let group = (*group)?;
        let same = group.column(column.workload)?;
        Some(1e6 / group.point(row, same, same.images)?.rate)
    };
    let mut lines: Vec<Line<'_, '_>> =
        rows.map(|row| (row, std::array::from_fn(|nth| time(&groups[nth], row)))).collect();
    lines.retain(|(_, times): &Line<'_, '_>| times.iter().any(Option::is_some));
    lines.sort_by(|a, b| a.1[0].unwrap_or(f64::MAX).total_cmp(&b.1[0].unwrap_or(f64::MAX)));
    lines
}

fn panel(column: &Column<'_>, lines: &[Line<'_, '_>]) -> Result<Panel> {
    let title = format!("{}: warm and cold", column.label);
    let labels = Labels::new(lines.iter().map(|(row, _)| row.short()), 218.0, TOP, ROW);
    let Labels { left, bottom, .. } = labels;
    let right = WIDTH - 82.0;
    let height = bottom + 44.0;
    let x =
        Scale::log(lines.iter().flat_map(|(_, times)| times.iter().flatten().copied()), left + 8.0, right - 8.0, 48.0);
    let svg = picture(WIDTH, height, &title, |c| {
        c.bold(&fit(&title, TEXT + 1.0, WIDTH), (0.0, 14.0), Ink::Text, TEXT + 1.0, Side::Start);
        for (nth, (state, marker)) in STATES.iter().enumerate() {
            let at = nth as f64 * 100.0 + 8.0;
            c.marker((at, 38.0), Style { colour: 0, marker: *marker }, 4.5);
            c.text(state, (at + 11.0, 38.0), Ink::Text, SMALL, Side::Start);
        }
        c.text("cold / warm", (WIDTH - 4.0, 60.0), Ink::Muted, SMALL, Side::End);
        grid(c, &x, TOP - 8.0, bottom);
        let middle = f64::midpoint(left, right);
        c.text("µs per image, log scale", (middle, height - 9.0), Ink::Muted, SMALL, Side::Middle);
        for (nth, (row, times)) in lines.iter().enumerate() {
            c.of_row(row.format, |c| {
                let y = labels.middle(nth);
                labels.write(c, nth, if row.is_ranked() { Ink::Text } else { Ink::Muted });
                let there: Vec<f64> = times.iter().flatten().map(|us| x.at(*us)).collect();
                if let (Some(first), Some(last)) = (there.first(), there.last()) {
                    c.line(&[(*first, y), (*last, y)], Ink::Series(row.style.colour), 1.5);
                }
                for (us, (_, marker)) in times.iter().zip(STATES).filter_map(|(us, state)| Some((us.as_ref()?, state)))
                {
                    c.marker((x.at(*us), y), Style { marker, ..row.style }, 4.5);
                }
                let cold = times[2].or(times[1]);
                let text = match (times[0], cold) {
                    (Some(warm), Some(cold)) => format::times(cold / warm),
                    _ => "one state".into(),
                };
                c.text(&text, (WIDTH - 4.0, y), Ink::Text, SMALL, Side::End);
            });
        }
    })?;
    Ok(Panel { slug: format!("caches-{}", slug(&column.label)), svg, workload: Some(column.workload.to_owned()) })
}
