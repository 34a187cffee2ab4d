//! The end of the page: where the numbers come from, and all cells.

use super::super::charts::Table;
use super::super::format;
use super::super::model::{outcome, point, reason, unit};
use super::packed::packed;
use super::{definitions, escape, heading, results_file, table};
use crate::results::{Cell, Results, Turns};
use std::fmt::Write as _;

/// Writes the provenance and the full table of the `nth` of `total` results.
pub(super) fn section(out: &mut String, result: &Results, nth: usize, total: usize) {
    let suffix = if total > 1 { format!(" of run {}", nth + 1) } else { String::new() };
    heading(out, 2, &format!("provenance-{}", nth + 1), &format!("Where the numbers come from{suffix}"));
    let _ = writeln!(
        out,
        "<p>The exact command:</p>\n<pre tabindex=\"0\" role=\"region\" aria-label=\"The exact command\"><code>{}</code></pre>",
        escape(&result.run.command)
    );
    definitions(out, "provenance", &facts(result));
    let file = results_file(nth, total);
    let _ = writeln!(
        out,
        "<p>Everything, with every single measurement: <a href=\"{file}\">{file}</a> beside this page.</p>"
    );
    downloads(out, result, &file);
    let cells = match result.cells.len() {
        1 => "The one cell".to_owned(),
        all => format!("All {} cells", format::count(all as u64)),
    };
    let _ = writeln!(out, "<details><summary>{cells}</summary>");
    table(out, &format!("All cells{suffix}"), &all(result));
    out.push_str("</details>\n");
}

/// Results that take more than this in the page, packed, are kept in it without their single turns.
const MOST_BYTES: usize = 1 << 18;

/// The results in the page itself, for whoever has nothing but the page: the script makes files of them.
fn downloads(out: &mut String, result: &Results, file: &str) {
    let whole = |results: &Results| packed(&serde_json::to_vec(results).unwrap_or_default());
    let mut text = whole(result);
    let mut note = "";
    if text.len() > MOST_BYTES {
        let mut short = result.clone();
        short.cells.iter_mut().for_each(|cell| cell.turns = Turns::default());
        text = whole(&short);
        note = " (without the single turns, which are in the file beside this page)";
    }
    let _ =
        writeln!(out, "<p class=\"downloads screen\" data-file=\"{}\" hidden>From this page{note}: </p>", escape(file));
    let _ = writeln!(out, "<script type=\"text/plain\" class=\"results\">{text}</script>");
}

fn facts(result: &Results) -> Vec<(&'static str, String)> {
    let (run, host) = (&result.run, &result.host);
    let dirty = match run.git.dirty {
        Some(true) => ", with changes that are not committed",
        Some(false) => ", clean",
        None => "",
    };
    let sha = run.git.sha.as_deref().unwrap_or("unknown");
    let load = |value: Option<f64>| value.map_or("unknown".into(), |v| format!("{v:.2}"));
    let mut facts = vec![
        ("Run id", run.id.clone()),
        ("Begun", run.started_utc.clone()),
        ("Took", format::seconds(run.wall_s)),
        ("Profile", run.profile.clone()),
        ("Seed", run.seed.to_string()),
        ("Reached its end", if run.complete { "yes" } else { "no" }.to_owned()),
        ("shelfmark", run.shelfmark_version.clone()),
        ("Source", format!("{sha}{dirty}")),
        ("Compiler", run.rustc.clone()),
        ("Features", if run.features.is_empty() { "none".to_owned() } else { run.features.join(", ") }),
        ("Results format", result.schema.clone()),
        ("Processor", format!("{}, {} logical cores", host.cpu, host.cores)),
        ("Last-level cache", host.l3_bytes.map_or("unknown".into(), format::bytes)),
        ("Memory", format::bytes(host.mem_bytes)),
        ("Control group", host.cgroup.clone().unwrap_or("no limit known".into())),
        ("System", format!("{}, kernel {}", host.os, host.kernel)),
        ("Virtual machine", host.virt.clone().unwrap_or("none seen".into())),
        ("File system", host.place.fs.clone().unwrap_or("unknown".into())),
        ("Device", host.place.device.clone().unwrap_or("unknown".into())),
        ("Path", host.place.path_kind.clone()),
        ("Load (1 min)", format!("{} before, {} after", load(host.load.before), load(host.load.after))),
        ("Stolen time", host.steal_pct.map_or("unknown".into(), |s| format::percent(s / 100.0))),
        ("Noise", host.noise.clone().unwrap_or("not assessed".into())),
    ];
    for dataset in &result.datasets {
        facts.push(("Dataset", super::words::dataset(dataset)));
        facts.push(("Its SHA-256", dataset.sha256.clone()));
    }
    facts
}

fn all(result: &Results) -> Table {
    let heads = [
        "workload",
        "format",
        "kind",
        "dataset",
        "images",
        "batch",
        "threads",
        "cache",
        "durability",
        "delivers",
        "outcome",
        "estimate",
        "interval",
        "confidence",
        "per image",
        "samples",
        "p50",
        "p99",
        "verified",
        "reason",
    ];
    let mut table = Table::new(&heads, 1);
    for cell in &result.cells {
        table.push(line(cell));
    }
    table
}

fn line(cell: &Cell) -> Vec<String> {
    let none = || format::NONE.to_owned();
    let (value, unit) = (point(cell), unit(&cell.workload));
    let latency = |ns: fn(&crate::results::Latency) -> u64| {
        cell.latency.as_ref().map_or(none(), |l| format::seconds(ns(l) as f64 / 1e9))
    };
    let estimate = cell.estimate.as_ref();
    vec![
        cell.workload.clone(),
        cell.format.clone(),
        format!("{:?}", cell.kind).to_lowercase(),
        cell.dataset.clone(),
        format::count(cell.images),
        format::count(cell.batch),
        cell.threads.to_string(),
        cell.cache.clone(),
        cell.durability.clone().unwrap_or_else(none),
        cell.deliver.clone(),
        outcome(cell).to_owned(),
        value.map_or_else(none, |p| format!("{} {unit}", format::rate(p.rate))),
        format::interval(value.and_then(|p| p.interval), unit),
        estimate.map_or_else(none, |e| format::percent(e.confidence)),
        value.map_or_else(none, |p| format::micros(1e6 / p.rate)),
        estimate.map_or_else(none, |e| format::count(u64::from(e.blocks))),
        latency(|l| l.p50_ns),
        latency(|l| l.p99_ns),
        cell.verified.as_ref().map_or_else(none, |v| {
            format!("{}, {}", format::images(v.images), if v.ok { "all right" } else { "DIFFERENT" })
        }),
        if value.is_some() { cell.reason.clone().unwrap_or_else(none) } else { reason(cell) },
    ]
}
