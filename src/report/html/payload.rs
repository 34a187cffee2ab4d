//! Two numbers that are easily taken for one another: the bytes that a format keeps of an image, and the bytes of
//! pixels that it delivers.

use super::super::charts::Table;
use super::super::format;
use super::super::model::Group;
use super::formats;
use crate::results::Storage;

/// For each format: bytes an image as stored and as delivered, and both a second for every reading workload.
pub(super) fn payload(group: &Group<'_>) -> Option<Table> {
    let pixels = group.raw_bytes_each().filter(|bytes| *bytes > 0.0)?;
    let columns: Vec<_> = ["read_batch", "scan", "epoch"].iter().filter_map(|name| group.column(name)).collect();
    let mut head = vec!["format".to_owned(), "payload per image".into(), "pixels per image".into()];
    for column in &columns {
        head.push(format!("{}: payload read", column.label));
        head.push(format!("{}: pixels delivered", column.label));
    }
    // Where a file has a hole (HDF5 sets aside whole chunks), its length is more than what is kept.
    let kept = |storage: &Storage| storage.apparent_bytes.min(storage.allocated_bytes);
    let mut table = Table::new(&head.iter().map(String::as_str).collect::<Vec<_>>(), 0);
    for row in formats(group) {
        let stored = group.space(row).map(|(images, storage)| kept(storage) as f64 / images as f64);
        let stored_text = stored.map_or(format::NONE.to_owned(), format::bytes_each);
        let mut line = vec![row.label.clone(), stored_text, format::bytes_each(pixels)];
        for column in &columns {
            let rate = group.point(row, column, column.images).map(|point| point.rate);
            let speed = |each: Option<f64>| match rate.zip(each) {
                Some((rate, each)) => format!("{}/s", format::bytes((rate * each) as u64)),
                None => format::NONE.to_owned(),
            };
            line.extend([speed(stored), speed(Some(pixels))]);
        }
        table.push(line);
    }
    Some(table)
}
