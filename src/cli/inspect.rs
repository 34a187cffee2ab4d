//! `shelfmark inspect`: what a store or dataset is, and whether it is whole.

mod found;
mod survey;

use super::flags::{Taking, progress};
use super::plain::plain;
use super::{Exit, child};
use anyhow::Context;
use found::{Found, StoreFacts};
use shelfmark::Error;
use shelfmark::image_file::png;
use shelfmark::results::write_whole;
use shelfmark::sample::Batch;
use shelfmark::store::MANIFEST_FILE;
use shelfmark::store::progress::Progress;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;
use survey::Survey;

/// Images looked at unless all are asked for, spread over the whole.
const LOOKED_AT: u64 = 1_000;

const EXITS: &str = "Exit codes: 5 where what is there is damaged, or is not what its name says; 1 where it cannot be looked \
                     at: it is not there, the system does not let it be read, or the time limit is over.";

/// Arguments of `inspect`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXITS)]
pub struct Inspect {
    /// The path of a store or of a folder of images, or a dataset (folder:PATH, cifar10:PATH ...)
    #[arg(value_name = "SOURCE")]
    source: String,
    #[command(flatten)]
    taking: Taking,
    /// Look at every image, not at a thousand of them
    #[arg(long)]
    all: bool,
    /// Write image N as a PNG file
    #[arg(long, num_args = 2, value_names = ["N", "OUT.png"])]
    show: Vec<String>,
    /// Give up after so many seconds (a damaged store can hang its library)
    #[arg(long, value_name = "SECONDS", default_value_t = 3600)]
    time_limit: u64,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// This is the process that may die of what it reads
    #[arg(long, hide = true)]
    in_child: bool,
}

impl Inspect {
    /// Looks, in a process of its own, and tells.
    pub fn run(&self) -> anyhow::Result<Exit> {
        let show = self.show()?;
        if self.in_child {
            child::end_with_parent();
            let found = match self.look(show) {
                Err(error) if self.is_damage(&error) => {
                    eprintln!("shelfmark: {error}");
                    return Ok(Exit::Unverified);
                }
                found => found?,
            };
            writeln!(std::io::stdout(), "{}", serde_json::to_string(&found)?)?;
            return Ok(Exit::Ok);
        }
        if let Some(progress) = unfinished(Path::new(&self.source)) {
            let Progress { format, done, images, .. } = progress;
            let cause = format!("this is an unfinished conversion to {format}: {done} of {images} images");
            let remedy = "run the same conversion again with --on-interrupt resume".into();
            return Err(Error::Store { format, path: self.source.clone().into(), cause, remedy }.into());
        }
        let mut arguments = vec!["inspect".into(), "--in-child".into()];
        arguments.extend(self.taking.arguments());
        arguments.extend(self.all.then(|| "--all".into()));
        if let [index, out] = &self.show[..] {
            arguments.extend(["--show".into(), index.into(), out.into()]);
        }
        arguments.extend(["--".into(), self.source.clone().into()]);
        let limit = Duration::from_secs(self.time_limit);
        let found = match child::run(&arguments, limit)? {
            child::Outcome::Ended { stdout, stderr, code } if code != Some(0) || stdout.is_empty() => {
                stderr.lines().for_each(|line| eprintln!("{}", plain(line)));
                return Ok(match code {
                    Some(2) => Exit::Usage,
                    Some(5) => Exit::Unverified,
                    _ => Exit::Failed,
                });
            }
            child::Outcome::Ended { stdout, stderr, .. } => {
                let found: Found = serde_json::from_slice(&stdout).with_context(|| stderr)?;
                found
            }
            child::Outcome::Broken(how) => {
                eprintln!("shelfmark: {}: reading it {how}: it is damaged", plain(&self.source));
                return Ok(Exit::Unverified);
            }
            child::Outcome::TimedOut => anyhow::bail!(
                "{}: reading it did not end within {} seconds; raise --time-limit",
                self.source,
                self.time_limit
            ),
        };
        match self.json {
            true => writeln!(std::io::stdout(), "{}", serde_json::to_string_pretty(&found)?)?,
            false => found.tell(&mut std::io::stdout())?,
        }
        Ok(match found.whole {
            Some(true) | None => Exit::Ok,
            Some(false) if found.refused => Exit::Failed,
            Some(false) => Exit::Unverified,
        })
    }

    fn show(&self) -> anyhow::Result<Option<(u64, PathBuf)>> {
        let [index, out] = &self.show[..] else { return Ok(None) };
        let index =
            index.parse().map_err(|_| Error::Usage(format!("--show takes a number and a file, not '{index}'")))?;
        let out = PathBuf::from(out);
        if !out.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("png")) {
            let text = format!("--show writes PNG files, and {} ends otherwise; name it .png", out.display());
            return Err(Error::Usage(text).into());
        }
        Ok(Some((index, out)))
    }

    /// Whether an error says that a store is not what was written, rather than that it cannot be looked at.
    fn is_damage(&self, error: &anyhow::Error) -> bool {
        match error.downcast_ref() {
            Some(Error::Store { .. } | Error::Mismatch { .. }) => true,
            // A file of a store that is missing or too short.
            Some(Error::Io { source, .. }) => {
                let lost =
                    matches!(source.kind(), ErrorKind::NotFound | ErrorKind::UnexpectedEof | ErrorKind::InvalidData);
                lost && store_path(&self.source).is_some()
            }
            _ => false,
        }
    }

    fn look(&self, show: Option<(u64, PathBuf)>) -> anyhow::Result<Found> {
        let dataset = self.taking.open(&self.source)?;
        if let Some((index, out)) = show {
            let mut image = Batch::new();
            dataset.read(index, &mut image)?;
            for sample in image.iter() {
                let mut file = Vec::new();
                png::encode(sample.shape, sample.pixels, png::Level::Balanced, &mut file)
                    .map_err(|what| Error::Unsupported { format: "PNG".into(), what })?;
                write_whole(&out, &file)?;
            }
        }
        let mut survey = Survey::default();
        let looked_at = if self.all { dataset.len() } else { dataset.len().min(LOOKED_AT) };
        let bar = progress(looked_at, "looking");
        for nth in 0..looked_at {
            // Spread over the whole, each another one; in 128 bits, where the product fits.
            let index = u128::from(nth) * u128::from(dataset.len()) / u128::from(looked_at);
            survey.look(&*dataset, index as u64);
            bar.inc(1);
        }
        bar.finish_and_clear();
        let store = store_path(&self.source).map(StoreFacts::of).transpose()?;
        Ok(survey.found(&self.source, &*dataset, store))
    }
}

/// The path, if what is to be inspected is a store of ours.
fn store_path(source: &str) -> Option<&Path> {
    let path = Path::new(source.strip_prefix("store:").unwrap_or(source));
    path.join(MANIFEST_FILE).is_file().then_some(path)
}

fn unfinished(path: &Path) -> Option<Progress> {
    if path.join(MANIFEST_FILE).exists() { None } else { Progress::read(path) }
}
