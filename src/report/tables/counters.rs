//! Exact counts beside the times.

use super::Folded;
use crate::report::charts::Table;
use crate::report::format;
use crate::report::model::{Group, outcome};
use crate::report::row::{is_harness, label};

pub(super) fn folded(group: &Group<'_>) -> Folded {
    let heads = [
        "workload",
        "format",
        "counted per",
        "read calls",
        "bytes asked for",
        "decoded per byte delivered",
        "write calls",
        "bytes handed over",
        "bytes from the device",
        "page faults from memory",
        "page faults from the device",
        "time in user mode",
        "time in the kernel",
        "peak anonymous memory",
        "peak mapped files",
    ];
    let mut table = Table::new(&heads, 1);
    // Also what was counted and not timed.
    let counted = group.cells().iter().filter(|cell| outcome(cell) == "ok" && !is_harness(cell));
    for (cell, counters) in counted.filter_map(|cell| Some((cell, cell.counters.as_ref()?))) {
        let divisor = match cell.workload.as_str() {
            "open" => counters.operations.map(|n| ("operation", n)),
            _ => counters.images.map(|n| ("image", n)),
        };
        let (per, by) = divisor.filter(|(_, n)| *n > 0).unwrap_or(("cell (totals)", 1));
        let each = |total: Option<u64>, show: fn(f64) -> String| {
            total.map_or(format::NONE.to_owned(), |total| show(total as f64 / by as f64))
        };
        let calls = |value: f64| format::sig3(value);
        let time = |ns: f64| format::seconds(ns / 1e9);
        let peak = |bytes: Option<u64>| bytes.map_or(format::NONE.to_owned(), format::bytes);
        table.push(vec![
            cell.workload.clone(),
            label(cell),
            per.to_owned(),
            each(counters.read_calls, calls),
            each(counters.read_bytes, format::bytes_each),
            counters.decoded_per_byte().map_or(format::NONE.to_owned(), format::sig3),
            each(counters.write_calls, calls),
            each(counters.write_bytes, format::bytes_each),
            each(counters.device_read_bytes, format::bytes_each),
            each(counters.minor_faults, calls),
            each(counters.major_faults, calls),
            each(counters.user_ns, time),
            each(counters.sys_ns, time),
            peak(counters.peak_anon_bytes),
            peak(counters.peak_file_bytes),
        ]);
    }
    Folded {
        title: "Counts: calls, bytes, page faults, memory",
        how: "Exact counts of a pass of its own, divided by its images (open: by its operations); the peaks of memory are \
              those of the whole pass. Decoded per byte delivered: where whole chunks or pages have to be decoded, how many bytes \
              that makes for each byte of the images asked for, in the order of the workload, with what the format keeps; 1 where \
              each image is moved or decoded alone; not known where several threads read. Reads through a memory map make no calls: they show as page faults.",
        table,
    }
}
