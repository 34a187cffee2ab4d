//! `shelfmark list`: what there is, and what is not built in.

use super::Exit;
use serde_json::{Value, json};
use shelfmark::dataset::kinds::{KINDS, KindInfo, USUAL};
use shelfmark::store::Capabilities;
use shelfmark::store::codec::CODECS;
use shelfmark::store::container::CONTAINERS;
use shelfmark::store::registry::{self, Row};
use shelfmark::store::tuning::Tuned;
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
            "tuned": entry.info.map(|info| info.tuned),
            "labels": entry.info.map(|info| info.labels),
        })).collect::<Vec<_>>(),
        "codecs": CODECS.iter().map(|codec| json!({
            "name": codec.name, "about": codec.about, "options": codec.options,
        })).collect::<Vec<_>>(),
        "datasets": KINDS.iter().map(|kind| json!({
            "name": kind.name, "form": kind.form, "about": kind.about, "feature": kind.feature, "built_in": kind.built_in,
        })).collect::<Vec<_>>(),
        "usual_names": USUAL.iter().map(|usual| json!({
            "datasets": usual.kinds, "what": usual.what, "names": usual.names,
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

/// Rows with each column as wide as its longest entry.
fn table<const N: usize>(out: &mut impl Write, rows: &[[String; N]]) -> std::io::Result<()> {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; N] = std::array::from_fn(width);
    for row in rows {
        let padded = row.iter().zip(widths).map(|(entry, width)| format!("{entry:width$}"));
        writeln!(out, "{}", padded.collect::<Vec<_>>().join("  ").trim_end())?;
    }
    Ok(())
}

/// What its name does not say; the parts of names have sections of their own.
fn format_row(row: &Row) -> [String; 3] {
    let short = registry::short_name(&row.id).map(|short| format!("(short: {short})")).unwrap_or_default();
    let library = registry::resolve(&row.id).map(|resolved| resolved.format.native());
    let mark = if row.core || !row.container.references.is_empty() { ' ' } else { '+' };
    [
        format!("{mark} {}", row.id),
        short,
        library.map_or_else(|error| error.to_string(), |native| format!("{} {}", native.library, native.version)),
    ]
}

fn dataset_row(kind: &KindInfo) -> [String; 2] {
    let missing = kind.feature.filter(|_| !kind.built_in);
    let missing = missing.map(|feature| format!(" (built without the Cargo feature '{feature}')")).unwrap_or_default();
    [format!("  {}", kind.form), format!("{}{missing}", kind.about)]
}

/// What each format can do.
fn matrix(out: &mut impl Write) -> std::io::Result<()> {
    let names = Capabilities::default().named().map(|(name, _)| name);
    const COLUMNS: usize = Capabilities::COUNT + 1;
    let mut rows = vec![std::array::from_fn::<String, COLUMNS, _>(|at| {
        at.checked_sub(1).map_or("  format", |at| names[at]).into()
    })];
    for row in registry::rows() {
        let Ok(resolved) = registry::resolve(&row.id) else { continue };
        let can = resolved.format.capabilities().named();
        let word = |at: usize| if can[at].1 == Some(true) { "yes".to_owned() } else { "-".to_owned() };
        rows.push(std::array::from_fn(|at| at.checked_sub(1).map_or_else(|| format!("  {}", row.id), word)));
    }
    table(out, &rows)
}

fn tuning_row(container: &str, tuned: &Tuned) -> [String; 4] {
    [
        format!("  {container}"),
        format!("{}={}", tuned.key, tuned.value),
        tuned.applies.words().to_owned(),
        tuned.why.to_owned(),
    ]
}

fn as_text(out: &mut impl Write) -> std::io::Result<()> {
    let about = |name: &str, about: &str| [format!("  {name}"), about.to_owned()];
    writeln!(out, "FORMATS (measured by default unless marked +)")?;
    table(out, &registry::rows().iter().map(format_row).collect::<Vec<_>>())?;
    writeln!(out, "\nREFERENCES (what the machine itself does with the same bytes; not in `all`)")?;
    table(out, &registry::reference_rows().iter().map(format_row).collect::<Vec<_>>())?;
    writeln!(out, "\nCAPABILITIES (proved by the conformance suite; - is refused, or not there)")?;
    matrix(out)?;
    writeln!(out, "\nCONTAINERS")?;
    let containers = CONTAINERS.iter().filter_map(|entry| Some((entry.name, entry.info?)));
    table(out, &containers.clone().map(|(name, info)| about(name, info.about)).collect::<Vec<_>>())?;
    writeln!(out, "\nCODECS")?;
    table(out, &CODECS.iter().map(|codec| about(codec.name, codec.about)).collect::<Vec<_>>())?;
    writeln!(out, "\nOPTIONS")?;
    let owners = containers.map(|(name, info)| (name, info.options));
    let options = owners
        .chain(CODECS.iter().map(|codec| (codec.name, codec.options)))
        .flat_map(|(owner, options)| options.iter().map(move |option| (owner, option)))
        .map(|(owner, option)| {
            let about = format!("{} ({})", option.about, option.otherwise());
            [format!("  {owner}"), option.to_string(), about]
        });
    table(out, &options.collect::<Vec<_>>())?;
    writeln!(out, "\nTUNING (what --tuning tuned sets where a format's name does not say otherwise)")?;
    let tuned = CONTAINERS.iter().filter_map(|entry| Some((entry.name, entry.info?.tuned)));
    let tuned = tuned.flat_map(|(name, tuned)| tuned.iter().map(move |tuned| tuning_row(name, tuned)));
    table(out, &tuned.collect::<Vec<_>>())?;
    writeln!(out, "\nDATASETS (--dataset; and what `convert` begins with)")?;
    table(out, &KINDS.iter().map(dataset_row).collect::<Vec<_>>())?;
    writeln!(
        out,
        "  Where COLUMN or NAME is not given, these are tried in this order, and the first that is there is taken, of images the \
         first that may hold them; in sqlite else any other column of encoded images:"
    )?;
    let usual = USUAL
        .iter()
        .map(|usual| [format!("    {}", usual.kinds.join(", ")), usual.what.into(), usual.names.join(", ")]);
    table(out, &usual.collect::<Vec<_>>())?;
    writeln!(out, "\nWORKLOADS")?;
    table(out, &Workload::ALL.iter().map(|workload| about(workload.name(), workload.about())).collect::<Vec<_>>())?;
    writeln!(out, "\nA format is container:codec,option=value, as in hdf5:raw,chunk=64,deflate=4.")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // a test that cannot go on shall say so
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_whatever_is_long() {
        let mut out = Vec::new();
        let row = |words: [&str; 3]| words.map(str::to_owned);
        table(&mut out, &[row(["a", "", "x"]), row(["long", "bb", "y"])]).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "a         x\nlong  bb  y\n");
    }

    #[test]
    fn options_show_what_they_take() {
        let mut out = Vec::new();
        as_text(&mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let mut wanted = vec!["level=fastest|fast|balanced|high", "subsampling=444|422|420", "quality=1..100"];
        if cfg!(feature = "hdf5") {
            wanted.extend(["deflate=0..9", "checksum=none|fletcher32", "read=library|direct"]);
        }
        for wanted in wanted {
            assert!(text.contains(wanted), "{wanted}: {text}");
        }
        assert!(text.contains("(without: all in one folder)") && text.contains("(default: balanced)"), "{text}");
        assert!(text.contains("readahead=off  read cold"), "{text}");
        assert!(text.contains("    parquet, arrow, sqlite, mds  image   image, img, images, jpg"), "{text}");
        assert!(text.contains("    hdf5                         labels  labels, label, targets, meta"), "{text}");
        let of_options = text.lines().skip_while(|line| *line != "OPTIONS").skip(1).take_while(|line| !line.is_empty());
        for option in of_options {
            assert!(!option.contains("default: none") || option.contains("=none|"), "{option}");
        }
    }
}
