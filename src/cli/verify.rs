//! `shelfmark verify`: every format gives back what it was given, or one existing store still holds its dataset.

use super::flags::{Formats, Images, Place, progress, spinner};
use super::{Exit, child, interrupt, origin, unless_closed};
use anyhow::Context;
use serde::{Deserialize, Serialize};
use shelfmark::Error;
use shelfmark::dataset::Dataset;
use shelfmark::measure::space;
use shelfmark::results::Storage;
use shelfmark::store::copy::write;
use shelfmark::store::registry;
use shelfmark::store::sealed::IfExists;
use shelfmark::store::verify::{Look, verify};
use shelfmark::store::{FormatId, Manifest, Threads, WriteOptions, scratch};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Arguments of `verify`.
#[derive(Debug, clap::Args)]
pub struct Verify {
    #[command(flatten)]
    images: Images,
    #[command(flatten)]
    formats: Formats,
    #[command(flatten)]
    place: Place,
    /// Leave each store in DIR, named after its format
    #[arg(long)]
    keep: bool,
    /// With --keep: replace stores that exist already
    #[arg(long, requires = "keep")]
    force: bool,
    /// Check this existing store against the dataset instead (without --dataset: against what it was written from), in a
    /// process of its own
    #[arg(long, value_name = "PATH", conflicts_with_all = ["formats", "tuning", "dir", "keep", "force"])]
    store: Option<PathBuf>,
    /// With --store: give up after so many seconds (a damaged store can hang its library)
    #[arg(long, value_name = "SECONDS", default_value_t = 3600)]
    time_limit: u64,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// This is the process of its own
    #[arg(long, hide = true, requires = "store")]
    in_child: bool,
}

/// Said of a format whose pixels are not those that went in.
const LOSSY: &str = "; lossy: compared with what its codec makes of the images";

/// What became of one format.
#[derive(Debug, Serialize, Deserialize)]
struct Line {
    format: String,
    status: String,
    images: u64,
    verified: u64,
    reason: Option<String>,
    /// A path that is no Unicode is shown as well as can be.
    store: String,
    storage: Option<Storage>,
}

impl Line {
    fn exit(&self) -> Exit {
        match self.status.as_str() {
            "ok" => Exit::Ok,
            "unverified" => Exit::Unverified,
            _ => Exit::Failed,
        }
    }
}

impl Verify {
    /// Writes and verifies, or verifies.
    pub fn run(&self) -> anyhow::Result<Exit> {
        let mut images = self.images.clone();
        let lines = match &self.store {
            Some(store) if self.in_child => {
                child::end_with_parent();
                vec![self.check(store)?]
            }
            Some(store) => {
                // Wrong requests and stores that are none are for this process to say.
                let manifest = Manifest::read(store)?;
                images = origin::complete(&self.images, &manifest, store)?;
                if self.images.dataset.is_none() {
                    let name = images.name();
                    tell!("comparing with {name}, as its manifest says (--dataset names another)");
                }
                vec![self.check_in_child(store, manifest.format, &images)?]
            }
            None => self.write_and_check()?,
        };
        if self.json {
            let report = serde_json::json!({ "dataset": images.name(), "formats": lines });
            unless_closed(writeln!(std::io::stdout(), "{report:#}"))?;
        }
        // Unsupported formats are shown, and no failure; but if nothing at all was verified, nothing is fine.
        let worst = lines.iter().filter(|line| line.status != "unsupported").map(Line::exit).max_by_key(|e| *e as u8);
        Ok(worst.unwrap_or(Exit::Failed))
    }

    fn write_and_check(&self) -> anyhow::Result<Vec<Line>> {
        let formats = self.formats.select(&[], false)?;
        // Options are checked for all before the first byte is written.
        let refuse = |id| registry::resolve(id).map(|_| ());
        formats.iter().map(refuse).find(|r| matches!(r, Err(Error::Usage(_)))).unwrap_or(Ok(()))?;
        let dataset = open(&self.images)?;
        if !self.json {
            let (name, images) = (dataset.name(), dataset.len());
            let header = format!("{name}, {images} images; every pixel and label compared");
            unless_closed(writeln!(std::io::stdout(), "{header}"))?;
        }
        scratch::remove_abandoned(&self.place.dir);
        // What is not kept never gets a name that could be in the way.
        let temporary = if self.keep { None } else { Some(scratch::Scratch::new(&self.place.dir, "verify")?) };
        let folder = temporary.as_ref().map_or(self.place.dir.as_path(), |directory| directory.path());
        let interrupted = interrupt::watch()?;
        let width = formats.iter().map(|id| id.to_string().len()).max().unwrap_or(0);
        let mut lines = Vec::new();
        for id in &formats {
            let line = self.write_and_check_one(id, &*dataset, folder, &interrupted);
            // Everything half-written is gone by now.
            interrupted.check()?;
            self.show(&line, width)?;
            lines.push(line);
        }
        let unsupported = lines.iter().filter(|line| line.status == "unsupported").count();
        if unsupported > 0 && !self.json {
            // They are no failure, and shall not be taken for verified.
            let last = format!("unsupported: {unsupported} of {} formats, which were not verified", lines.len());
            unless_closed(writeln!(std::io::stdout(), "{last}"))?;
        }
        Ok(lines)
    }

    fn write_and_check_one(
        &self,
        id: &FormatId,
        dataset: &dyn Dataset,
        folder: &Path,
        interrupted: &interrupt::Watch,
    ) -> Line {
        let path = folder.join(id.directory_name());
        let bar = progress(2 * dataset.len(), &id.to_string());
        let mut verified = 0;
        let mut wrote = false;
        let outcome = registry::resolve(id).and_then(|resolved| {
            let if_exists = if self.force { IfExists::Replace } else { IfExists::Refuse };
            let options = WriteOptions { threads: Threads::new(None), ..WriteOptions::default() };
            write(&resolved, dataset, &path, options, if_exists, &mut |n| {
                bar.inc(n);
                interrupted.check()
            })?;
            wrote = true;
            verify(&path, dataset, Look::AtPixels, options.threads, &mut |n| {
                verified += n;
                bar.inc(n);
                interrupted.check()
            })?;
            space(&path)
        });
        bar.finish_and_clear();
        if wrote && !self.keep {
            // A store that cannot be removed is a nuisance, not a wrong answer.
            if let Err(error) = std::fs::remove_dir_all(&path) {
                tell!("shelfmark: cannot remove {}: {error}", path.display());
            }
        }
        line(id.to_string(), &path, dataset.len(), verified, outcome)
    }

    fn check(&self, path: &Path) -> anyhow::Result<Line> {
        let dataset = open(&self.images)?;
        let format = Manifest::read(path)?.format;
        let mut verified = 0;
        let outcome = verify(path, &*dataset, Look::AtPixels, Threads::new(None), &mut |n| {
            verified += n;
            Ok(())
        })
        .and_then(|_| space(path));
        let mut line = line(format, path, dataset.len(), verified, outcome);
        // A store that does not give its images back is not what was written, whatever keeps it from doing so.
        if line.status == "failed" {
            line.status = "unverified".into();
        }
        Ok(line)
    }

    /// Damage can kill or hang the library that reads a store, so that happens to a child.
    fn check_in_child(&self, path: &Path, format: String, of: &Images) -> anyhow::Result<Line> {
        let images = open(of)?.len();
        let mut arguments = vec!["verify".into(), "--json".into(), "--in-child".into()];
        arguments.extend(["--store".into(), path.as_os_str().to_owned()]);
        arguments.extend(["--dataset".into(), of.name().into()]);
        arguments.extend(of.taking.arguments());
        let bar = spinner(&format!("checking {}", path.display()));
        let outcome = child::run(&arguments, Duration::from_secs(self.time_limit));
        bar.finish_and_clear();
        let line = match outcome? {
            child::Outcome::Ended { stdout, stderr, .. } => {
                #[derive(Deserialize)]
                struct Report {
                    formats: Vec<Line>,
                }
                let report: Report = serde_json::from_slice(&stdout).with_context(|| stderr)?;
                report.formats.into_iter().next().context("the checking process said nothing")?
            }
            child::Outcome::Broken(how) => Line {
                format,
                status: "unverified".into(),
                images,
                verified: 0,
                reason: Some(format!("{}: reading it {how}: the store is damaged; write it again", path.display())),
                store: path.display().to_string(),
                storage: None,
            },
            child::Outcome::TimedOut => Line {
                format,
                status: "timeout".into(),
                images,
                verified: 0,
                reason: Some(format!(
                    "{}: reading it did not end within {} seconds, so nothing is known; raise --time-limit",
                    path.display(),
                    self.time_limit
                )),
                store: path.display().to_string(),
                storage: None,
            },
        };
        self.show(&line, line.format.len())?;
        Ok(line)
    }

    /// Prints a line, its format in a column so wide.
    fn show(&self, line: &Line, width: usize) -> std::io::Result<()> {
        if self.json {
            return Ok(());
        }
        // Before the first difference: where that is in the first batch, a number would say nothing.
        let counts = match (line.verified, &line.reason) {
            (0, Some(_)) => String::new(),
            (verified, Some(_)) => format!("{verified} of {} equal", line.images),
            (verified, None) => format!("{verified} of {}", line.images),
        };
        let mut out = std::io::stdout();
        unless_closed(match (&line.reason, &line.storage) {
            (Some(reason), _) => writeln!(out, "{:<width$} {counts:<18} {}: {reason}", line.format, line.status),
            (None, Some(Storage { apparent_bytes, allocated_bytes, files })) => {
                let mib = |bytes: &u64| *bytes as f64 / f64::from(1 << 20);
                writeln!(
                    out,
                    "{:<width$} {counts:<18} {:>9.2} MiB, {:>9.2} MiB on disk, {files} file{}{}",
                    line.format,
                    mib(apparent_bytes),
                    mib(allocated_bytes),
                    if *files == 1 { "" } else { "s" },
                    if line.format.parse().is_ok_and(|id: FormatId| id.is_lossy()) { LOSSY } else { "" }
                )
            }
            (None, None) => writeln!(out, "{:<width$} {counts:<18}", line.format),
        })
    }
}

fn open(images: &Images) -> anyhow::Result<Arc<dyn Dataset>> {
    let dataset = images.open()?;
    if dataset.is_empty() {
        // Never "fine" when nothing was compared.
        return Err(Error::Usage("there is nothing to verify in 0 images; give more with --images".into()).into());
    }
    Ok(dataset)
}

fn line(format: String, path: &Path, images: u64, verified: u64, outcome: shelfmark::Result<Storage>) -> Line {
    let (status, reason, storage) = match outcome {
        Ok(storage) => ("ok", None, Some(storage)),
        Err(error) => {
            match error {
                Error::Mismatch { .. } => ("unverified", Some(error.to_string()), None),
                // The line has the format and the word already.
                Error::Unsupported { what, .. } => ("unsupported", Some(what), None),
                _ => ("failed", Some(error.to_string()), None),
            }
        }
    };
    Line { format, status: status.into(), images, verified, reason, store: path.display().to_string(), storage }
}
