//! `shelfmark list`: what there is, and what is not built in.

use super::Exit;
use serde_json::{Value, json};
use shelfmark::store::codec::CODECS;
use shelfmark::store::container::CONTAINERS;
use shelfmark::store::registry::{self, Row};
use shelfmark::workload::Workload;
use std::io::Write;

/// Arguments of `list`.
#[derive(Debug, clap::Args)]
pub struct List {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl List {
    /// Prints the table of formats, codecs and workloads.
    pub fn run(&self) -> anyhow::Result<Exit> {
        let mut out = std::io::stdout().lock();
        if self.json {
            writeln!(out, "{:#}", as_json())?
        } else {
            as_text(&mut out)?
        }
        Ok(Exit::Ok)
    }
}

fn as_json() -> Value {
    json!({
        "shelfmark_version": env!("CARGO_PKG_VERSION"),
        "formats": registry::rows().iter().map(format_json).collect::<Vec<_>>(),
        "references": registry::reference_rows().iter().map(format_json).collect::<Vec<_>>(),
        "containers": CONTAINERS.iter().map(|entry| json!({
            "name": entry.name,
            "feature": entry.feature,
            "built_in": entry.info.is_some(),
            "about": entry.info.map(|info| info.about),
            "codecs": entry.info.map(|info| info.codecs),
            "options": entry.info.map(|info| info.options),
            "labels": entry.info.map(|info| info.labels),
        })).collect::<Vec<_>>(),
        "codecs": CODECS.iter().map(|codec| json!({
            "name": codec.name, "about": codec.about, "options": codec.options,
        })).collect::<Vec<_>>(),
        "workloads": Workload::ALL.iter().map(|workload| json!({
            "name": workload.name(), "about": workload.about(),
        })).collect::<Vec<_>>(),
    })
}

fn format_json(row: &Row) -> Value {
    let resolved = registry::resolve(&row.id).ok();
    json!({
        "id": row.id.to_string(),
        "short": registry::short_name(&row.id),
        "container": row.id.container,
        "codec": row.id.codec,
        "options": row.id.options,
        "core": row.core,
        "built_in": resolved.is_some(),
        "reason": row.missing(),
        "capabilities": resolved.as_ref().map(|resolved| resolved.format.capabilities()),
        "native": resolved.as_ref().map(|resolved| resolved.format.native()),
    })
}

fn row_as_text(out: &mut impl Write, row: &Row, mark: &str) -> std::io::Result<()> {
    let short = registry::short_name(&row.id).map(|short| format!("(short: {short})")).unwrap_or_default();
    let what = match registry::resolve(&row.id) {
        Ok(resolved) => {
            let native = resolved.format.native();
            let about = row.container.info.map_or("", |info| info.about);
            format!("{about}; {} {}", native.library, native.version)
        }
        Err(error) => error.to_string(),
    };
    writeln!(out, "{mark} {:<28} {short:<14} {what}", row.id.to_string())
}

fn as_text(out: &mut impl Write) -> std::io::Result<()> {
    writeln!(out, "FORMATS (measured by default unless marked +)")?;
    for row in registry::rows() {
        row_as_text(out, &row, if row.core { " " } else { "+" })?;
    }
    writeln!(out, "\nREFERENCES (what the machine itself does with the same bytes; not in `all`)")?;
    for row in registry::reference_rows() {
        row_as_text(out, &row, " ")?;
    }
    writeln!(out, "\nOPTIONS")?;
    for entry in CONTAINERS {
        for option in entry.info.map_or(&[][..], |info| info.options) {
            writeln!(out, "  {:<8} {:<10} {} (default {})", entry.name, option.key, option.about, option.default)?;
        }
    }
    for codec in CODECS {
        for option in codec.options {
            writeln!(out, "  {:<8} {:<10} {} (default {})", codec.name, option.key, option.about, option.default)?;
        }
    }
    writeln!(out, "\nCODECS")?;
    for codec in CODECS {
        writeln!(out, "  {:<12} {}", codec.name, codec.about)?;
    }
    writeln!(out, "\nWORKLOADS")?;
    for workload in Workload::ALL {
        writeln!(out, "  {:<12} {}", workload.name(), workload.about())?;
    }
    writeln!(out, "\nA format is container:codec,option=value, as in hdf5:raw,chunk=64,deflate=4.")
}
