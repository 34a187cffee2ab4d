//! `shelfmark inspect`: what a store or dataset is, and whether it is whole.

mod found;
mod survey;

use super::flags::{Taking, progress};
use super::plain::plain;
use super::{Exit, child};
use anyhow::Context;
use found::{Found, StoreFacts, is_refusal};
use shelfmark::Error;
use shelfmark::dataset::Dataset;
use shelfmark::error::IoContext;
use shelfmark::image_file::png;
use shelfmark::results::write_whole;
use shelfmark::sample::Batch;
use shelfmark::store::MANIFEST_FILE;
use shelfmark::store::progress::Progress;
use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use survey::Survey;

/// Images looked at unless all are asked for, spread over the whole.
const LOOKED_AT: u64 = 1_000;

const EXITS: &str = "Exit codes: 5 where a store of shelfmark's is not what its manifest says: it is damaged, or of another \
                     format. 1 where it cannot be looked at: it is not there, it has no manifest or that of another version, \
                     the system does not let it be read, or the time limit is over; and 1 where a set of other programs \
                     cannot be read, or images of it.";

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
                    tell!("shelfmark: {error}");
                    return Ok(Exit::Unverified);
                }
                found => found?,
            };
            writeln!(std::io::stdout(), "{}", serde_json::to_string(&found)?)?;
            return Ok(Exit::Ok);
        }
        if let Some(progress) = unfinished(path_of(&self.source)) {
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
                stderr.lines().for_each(|line| tell!("{}", plain(line)));
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
                tell!("shelfmark: {}: reading it {how}: it is damaged", plain(&self.source));
                return Ok(if store_path(&self.source).is_some() { Exit::Unverified } else { Exit::Failed });
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
            // Of what other programs wrote, no manifest says what it has to be.
            Some(false) if found.refused || found.store.is_none() => Exit::Failed,
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

    /// Whether an error says that a store is not what its manifest says, rather than that it cannot be looked at.
    fn is_damage(&self, error: &anyhow::Error) -> bool {
        let Some(store) = store_path(&self.source) else { return false };
        match error.downcast_ref() {
            Some(Error::Store { .. } | Error::Mismatch { .. }) => true,
            // A file of the store that is missing or too short.
            Some(Error::Io { source, path, .. }) => {
                let lost =
                    matches!(source.kind(), ErrorKind::NotFound | ErrorKind::UnexpectedEof | ErrorKind::InvalidData);
                lost && path.starts_with(store)
            }
            _ => false,
        }
    }

    fn open(&self) -> shelfmark::Result<Arc<dyn Dataset>> {
        self.taking.open(&self.source).map_err(|error| match error {
            // Libraries say of a file that the system keeps from them what they say of a damaged one.
            Error::Store { .. } | Error::Mismatch { .. } => refusal(path_of(&self.source)).unwrap_or(error),
            _ => error,
        })
    }

    fn look(&self, show: Option<(u64, PathBuf)>) -> anyhow::Result<Found> {
        let dataset = self.open()?;
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

/// Where a store is, if what is to be inspected is one.
fn path_of(source: &str) -> &Path {
    Path::new(source.strip_prefix("store:").unwrap_or(source))
}

/// The path, if what is to be inspected is a store of ours: it has a manifest.
fn store_path(source: &str) -> Option<&Path> {
    let path = path_of(source);
    path.join(MANIFEST_FILE).is_file().then_some(path)
}

/// What the system says of the first file in `store` that it does not let be read.
fn refusal(store: &Path) -> Option<Error> {
    let opened = walkdir::WalkDir::new(store).into_iter().map(|entry| {
        let entry = entry.map_err(std::io::Error::from).at("list", store)?;
        match entry.path().is_file() {
            true => File::open(entry.path()).map(drop).at("read", entry.path()),
            // A pipe would be waited for.
            false => Ok(()),
        }
    });
    opened.filter_map(Result::err).find(is_refusal)
}

fn unfinished(path: &Path) -> Option<Progress> {
    if path.join(MANIFEST_FILE).exists() { None } else { Progress::read(path) }
}
