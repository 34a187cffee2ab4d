//! Chart 3: bytes an image takes on disk, as files say and as the file system sets aside.

use super::super::format;
use super::super::html::formats;
use super::super::model::Group;
use super::canvas::{Ink, SMALL, Side, TEXT, picture, text_width};
use super::labels::Labels;
use super::scale::Scale;
use super::speed::grid;
use super::{Chart, Panel};
use crate::error::Result;
use crate::results::Storage;

const WIDTH: f64 = 760.0;
const ROW: f64 = 38.0;
const TOP: f64 = 70.0;

struct Line<'a> {
    label: &'a str,
    images: u64,
    storage: &'a Storage,
}

impl Line<'_> {
    fn apparent(&self) -> f64 {
        self.storage.apparent_bytes as f64 / self.images as f64
    }

    fn allocated(&self) -> f64 {
        self.storage.allocated_bytes as f64 / self.images as f64
    }
}

pub(super) fn chart(group: &Group<'_>) -> Result<Chart> {
    let lines = lines(group);
    let panels = if lines.is_empty() { Vec::new() } else { vec![panel(group, &lines)?] };
    Ok(Chart {
        slug: "space",
        title: "Space on disk",
        how: "Shorter is smaller. The filled bar is the sum of the file lengths, the outlined bar what the file system set \
              aside for files and directories; many small files make the second larger than the first.",
        panels,
        table: table(group, &lines),
        key: false,
    })
}

fn lines<'a>(group: &'a Group<'_>) -> Vec<Line<'a>> {
    let held = formats(group).filter_map(|row| {
        let (images, storage) = group.space(row)?;
        Some(Line { label: &row.label, images, storage })
    });
    held.collect()
}

fn panel(group: &Group<'_>, lines: &[Line<'_>]) -> Result<Panel> {
    let mut counts: Vec<u64> = lines.iter().map(|l| l.images).collect();
    counts.sort_unstable();
    counts.dedup();
    let title = match counts[..] {
        [only] => format!("Bytes per image, stores of {}", format::images(only)),
        _ => "Bytes per image, each format's largest store".to_owned(),
    };
    let raw = group.raw_bytes_each();
    let labels = Labels::new(lines.iter().map(|line| line.label), 215.0, TOP, ROW);
    let Labels { left, bottom, .. } = labels;
    let right = WIDTH - 190.0;
    let height = bottom + 46.0;
    let ends = lines.iter().flat_map(|l| [l.apparent(), l.allocated()]).chain(raw);
    let x = Scale::linear(ends, left, right, 56.0);
    let svg = picture(WIDTH, height, &title, |c| {
        c.bold(&title, (0.0, 14.0), Ink::Text, TEXT + 1.0, Side::Start);
        c.bar((WIDTH - 318.0, 8.0), (WIDTH - 300.0, 19.0), Ink::Series(0), true);
        c.text("apparent (file lengths)", (WIDTH - 294.0, 14.0), Ink::Text, SMALL, Side::Start);
        c.bar((WIDTH - 128.0, 8.0), (WIDTH - 110.0, 19.0), Ink::Series(0), false);
        c.text("allocated (disk)", (WIDTH - 104.0, 14.0), Ink::Text, SMALL, Side::Start);
        grid(c, &x, TOP - 4.0, bottom);
        c.text("bytes per image", (f64::midpoint(left, right), height - 9.0), Ink::Muted, SMALL, Side::Middle);
        c.text("files", (WIDTH - 4.0, TOP - 14.0), Ink::Muted, SMALL, Side::End);
        for (nth, line) in lines.iter().enumerate() {
            let y = labels.middle(nth);
            c.of_row(line.label, |c| {
                labels.write(c, nth, Ink::Text);
                for (top, value, filled) in [(y - 14.0, line.apparent(), true), (y + 1.0, line.allocated(), false)] {
                    let end = x.at(value).max(left + 1.0);
                    c.bar((left, top), (end, top + 12.0), Ink::Series(0), filled);
                    c.text(&format::bytes_each(value), (right + 8.0, top + 6.0), Ink::Text, SMALL, Side::Start);
                }
                let files = format::count(line.storage.files);
                c.text(&files, (WIDTH - 4.0, y), Ink::Text, SMALL, Side::End);
            });
        }
        if let Some(raw) = raw {
            c.dashed(x.at(raw), TOP - 6.0, bottom, Ink::Text);
            let text = format!("raw pixels: {}", format::bytes_each(raw));
            let half = text_width(&text, SMALL) / 2.0;
            let middle = x.at(raw).clamp(left + half, (right - half).max(left + half));
            c.text(&text, (middle, TOP - 16.0), Ink::Text, SMALL, Side::Middle);
        }
    })?;
    Ok(Panel { slug: "space".into(), svg, workload: None })
}

fn table(group: &Group<'_>, lines: &[Line<'_>]) -> super::Table {
    let heads = [
        "format",
        "images in the store",
        "apparent per image",
        "allocated per image",
        "apparent",
        "allocated",
        "files",
    ];
    let mut table = super::Table::new(&heads, 0);
    for l in lines {
        let Storage { apparent_bytes, allocated_bytes, files } = l.storage;
        table.push(vec![
            l.label.to_owned(),
            format::count(l.images),
            format::bytes_each(l.apparent()),
            format::bytes_each(l.allocated()),
            format::bytes(*apparent_bytes),
            format::bytes(*allocated_bytes),
            format::count(*files),
        ]);
    }
    for row in formats(group).filter(|row| group.space(row).is_none()) {
        let mut cells = vec![row.label.clone(), "no verified store in these results".into()];
        cells.resize(heads.len(), format::NONE.into());
        table.push(cells);
    }
    table
}
