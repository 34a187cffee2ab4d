//! What was measured, where: dataset, machine, place, group.

use crate::report::format;
use crate::report::model::Group;
use crate::results::{DatasetFacts, DatasetShape, Results};

/// A dataset in one line.
pub(in crate::report) fn dataset(facts: &DatasetFacts) -> String {
    let shape = match &facts.shape {
        DatasetShape::Fixed(shape) => format!("each {shape} (height x width x channels)"),
        DatasetShape::Ragged { max, size_quantiles } => {
            let spread = match size_quantiles[..] {
                [_, low, middle, high, _] => {
                    let [low, middle, high] = [low, middle, high].map(format::bytes);
                    format!(", half of them up to {middle} of pixels, nine in ten between {low} and {high}")
                }
                _ => String::new(),
            };
            format!("of different shapes, at most {max}{spread}")
        }
    };
    let files = facts.source_bytes.map_or(String::new(), |bytes| format!(", in files of {}", format::bytes(bytes)));
    format!(
        "{}: {}, {shape}, {} of raw pixels{files}",
        facts.name,
        format::images(facts.images),
        format::bytes(facts.raw_bytes)
    )
}

/// The machine in one line.
pub(in crate::report) fn host(result: &Results) -> String {
    let h = &result.host;
    let l3 = h.l3_bytes.map_or("last-level cache unknown".into(), |b| format!("{} last-level cache", format::bytes(b)));
    let virt = h.virt.as_ref().map_or(String::new(), |v| format!(", {v}"));
    format!(
        "{}, {} logical cores, {} memory, {l3}, {} ({}){virt}",
        h.cpu,
        h.cores,
        format::bytes(h.mem_bytes),
        h.os,
        h.kernel
    )
}

/// Where stores lay, in one line.
pub(in crate::report) fn place(result: &Results) -> String {
    let p = &result.host.place;
    let fs = p.fs.as_deref().unwrap_or("file system unknown");
    format!("{fs} on {} ({} path)", p.device.as_deref().unwrap_or("an unknown device"), p.path_kind)
}

/// What tells a group from the others: dataset, cache, threads, what is delivered.
pub(in crate::report) fn group_title(group: &Group<'_>, run: usize, runs: usize) -> String {
    let run = if runs > 1 { format!("Run {run}: ") } else { String::new() };
    let name = group.dataset.map_or(group.dataset_id, |d| d.name.as_str());
    let threads = if group.threads == 1 { "1 thread".into() } else { format!("{} threads", group.threads) };
    format!("{run}{name}, {} cache, {threads}, delivering {}", group.cache, group.deliver)
}

/// What tells a dataset of a run from the others.
pub(in crate::report) fn set_title(group: &Group<'_>, run: usize, runs: usize) -> String {
    let run = if runs > 1 { format!("Run {run}: ") } else { String::new() };
    format!("{run}{}", group.dataset.map_or(group.dataset_id, |d| d.name.as_str()))
}

/// What a state of the cache means; nothing for a state that is not known.
pub(in crate::report) fn cache(state: &str) -> Option<&'static str> {
    match state {
        "warm" => Some("Cache state warm: the stores are in memory, and open before a read is timed."),
        "cold-data" => Some(
            "Cache state cold-data: before each turn the stores' file data was evicted from memory, while names and inodes stayed there; \
             opening is timed too. That flatters stores of many files, so they are ranked apart from single files.",
        ),
        "cold-full" => Some(
            "Cache state cold-full: before each turn all caches were dropped, names and inodes too; opening is timed too.",
        ),
        _ => None,
    }
}
