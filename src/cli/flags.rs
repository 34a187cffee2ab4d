//! Flags that several verbs share.

use super::plain::plain;
use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use shelfmark::Error;
use shelfmark::dataset::kinds::KINDS;
use shelfmark::dataset::{self, Dataset, OnError, OpenOptions};
use shelfmark::error::IoContext;
use shelfmark::report::RESULTS_FILE;
use shelfmark::results::{Only, Results};
use shelfmark::store::FormatId;
use shelfmark::store::registry;
use shelfmark::store::tuning::Tuning;
use shelfmark::worker::protocol::DatasetSpec;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Which formats.
#[derive(Debug, Args)]
pub struct Formats {
    /// Formats, separated by spaces: names (png tar lmdb:raw hdf5:raw,chunk=64), `core` or `all`
    /// [default: core; for `run` on images in files also those that keep the files]
    #[arg(long, num_args = 1.., value_name = "FORMAT")]
    pub formats: Vec<String>,
    /// Options where none are named: default (what the library or its users' tools do), or tuned (what suits training reads:
    /// see TUNING in `shelfmark list`); a format's name shows them, and an option that you name stays as you named it
    #[arg(long, value_enum, default_value_t = TuningFlag::Default)]
    tuning: TuningFlag,
}

/// `--tuning`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum TuningFlag {
    Default,
    Tuned,
}

impl Formats {
    /// What the names stand for, and `more` names with them; tuned for reads that are all `cold`, or not.
    ///
    /// # Errors
    /// For a name that is none.
    pub fn select(&self, more: &[String], cold: bool) -> shelfmark::Result<Vec<FormatId>> {
        let names: Vec<String> = self.formats.iter().chain(more).cloned().collect();
        for (id, called) in registry::kept_defaults(&names, self.tuning(cold))? {
            tell!("{id} stays as you named it; it is called {called} below, as names do not show what is a default");
        }
        registry::select_tuned(&names, self.tuning(cold))
    }

    /// The tuning that was asked for.
    pub fn tuning(&self, cold: bool) -> Tuning {
        match self.tuning {
            TuningFlag::Default => Tuning::Default,
            TuningFlag::Tuned => Tuning::Tuned { cold },
        }
    }
}

/// Which cells of results: the same words as those that choose what is measured.
#[derive(Debug, Clone, Default, Args)]
pub struct Cells {
    /// Only these formats or peers, separated by spaces, as in png lmdb:raw python:pillow
    #[arg(long, num_args = 1.., value_name = "FORMAT")]
    pub formats: Vec<String>,
    /// Only these workloads
    #[arg(long, num_args = 1.., value_name = "WORKLOAD")]
    pub workloads: Vec<String>,
    /// Only cells whose name contains this, as in lmdb:raw/epoch
    #[arg(long, value_name = "TEXT")]
    pub filter: Option<String>,
}

impl Cells {
    /// What the flags say. Results may name what this version does not know, so names that are none are no error here.
    pub fn only(&self) -> Only {
        let words = |list: &[String]| -> Vec<String> {
            list.iter().flat_map(|text| text.split_whitespace()).map(str::to_owned).collect()
        };
        let full = |name: String| match registry::select(std::slice::from_ref(&name)) {
            Ok(known) => known.iter().map(FormatId::to_string).collect(),
            Err(_) => vec![name],
        };
        Only {
            formats: words(&self.formats).into_iter().flat_map(full).collect(),
            workloads: words(&self.workloads),
            text: self.filter.clone(),
        }
    }
}

impl Cells {
    /// Leaves the wanted cells in all of these results, and says on stderr what is in none of them.
    ///
    /// # Errors
    /// When nothing is left of one.
    pub fn keep(&self, all: &mut [Results]) -> shelfmark::Result<()> {
        let only = self.only();
        let absent = only.absent(all);
        all.iter_mut().try_for_each(|results| only.keep(results))?;
        absent.iter().for_each(|name| tell!("{} is not in these results", plain(name)));
        Ok(())
    }
}

/// The results that are meant: a folder stands for those in it, results.json or else results-1.json and its like.
///
/// # Errors
/// [`Error::Usage`] where a folder has neither: it says what is there.
pub fn named_files(given: &[PathBuf]) -> shelfmark::Result<Vec<PathBuf>> {
    given.iter().map(|given| in_folder(given)).collect::<Result<Vec<_>, _>>().map(|all| all.concat())
}

/// The one file of results that is meant.
///
/// # Errors
/// [`Error::Usage`] where a folder has none, or several.
pub fn named_file(given: &Path) -> shelfmark::Result<PathBuf> {
    let mut found = in_folder(given)?;
    match (found.pop(), &found[..]) {
        (Some(one), []) => Ok(one),
        (last, others) => {
            let names: Vec<String> = others.iter().chain(&last).map(|file| file.display().to_string()).collect();
            Err(Error::Usage(format!(
                "{} has several results, and one is needed: name {}",
                given.display(),
                names.join(" or ")
            )))
        }
    }
}

fn in_folder(given: &Path) -> shelfmark::Result<Vec<PathBuf>> {
    if !given.is_dir() || given.join(RESULTS_FILE).is_file() {
        let file = if given.is_dir() { given.join(RESULTS_FILE) } else { given.to_owned() };
        return Ok(vec![file]);
    }
    let entries = std::fs::read_dir(given).at("read", given)?.flatten();
    let mut names: Vec<String> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    // results-10.json comes after results-9.json.
    names.sort_by_key(|name| (name.len(), name.clone()));
    let numbered = |name: &&String| name.starts_with("results-") && name.ends_with(".json");
    let found: Vec<PathBuf> = names.iter().filter(numbered).map(|name| given.join(name)).collect();
    if found.is_empty() {
        let json: Vec<&str> = names.iter().map(String::as_str).filter(|name| name.ends_with(".json")).take(5).collect();
        let there = if json.is_empty() { "no JSON file".to_owned() } else { json.join(", ") };
        return Err(Error::Usage(format!(
            "there is no {RESULTS_FILE} and no results-1.json in {}, but {there}; name the file of results",
            given.display()
        )));
    }
    Ok(found)
}

/// Whether both are there and are one file.
pub fn same_file(a: &Path, b: &Path) -> bool {
    a.canonicalize().ok().zip(b.canonicalize().ok()).is_some_and(|(a, b)| a == b)
}

/// How a verb prints what it found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Printed {
    /// For a terminal
    #[default]
    Table,
    /// Markdown, for a comment or a summary
    Md,
    /// JSON, for programs
    Json,
    /// CSV, for spreadsheets
    Csv,
}

/// How a dataset is opened.
#[derive(Debug, Clone, Args)]
pub struct Taking {
    /// Take the first N images, beginning again where the set is smaller
    #[arg(long, value_name = "N")]
    pub images: Option<u64>,
    /// Bring all images to this size, by a triangle filter; proportions are not kept
    #[arg(long, value_name = "HxW", value_parser = parse_size)]
    pub resize: Option<(u32, u32)>,
    /// Make all images RGB: grey three times over, alpha left out
    #[arg(long)]
    pub rgb: bool,
    /// What to do about image files that cannot be decoded: name them and stop, or name them and leave them out
    #[arg(long, value_enum, default_value_t = OnErrorFlag::Fail)]
    pub on_error: OnErrorFlag,
}

/// `--on-error`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OnErrorFlag {
    /// Stop.
    Fail,
    /// Leave them out.
    Skip,
}

/// A height and a width, as in `224x224`.
pub fn parse_size(text: &str) -> Result<(u32, u32), String> {
    let parse = |text: &str| text.parse::<u32>().ok().filter(|extent| (1..=65_535).contains(extent));
    let size = text.split_once('x').and_then(|(height, width)| Some((parse(height)?, parse(width)?)));
    size.ok_or_else(|| "write HEIGHTxWIDTH in pixels, as in 224x224".into())
}

impl Taking {
    /// Opens the dataset, and says on stderr what a user should know about it.
    ///
    /// # Errors
    /// When there is no such dataset.
    pub fn open(&self, name: &str) -> shelfmark::Result<Arc<dyn Dataset>> {
        let options = self.options();
        let looking = spinner(&format!("looking at {name}"));
        let dataset = dataset::open(name, &options);
        looking.finish_and_clear();
        let dataset = dataset?;
        dataset.remarks().iter().for_each(|remark| tell!("{name}: {remark}"));
        Ok(dataset)
    }

    /// What the flags say.
    pub fn options(&self) -> OpenOptions {
        let on_error = match self.on_error {
            OnErrorFlag::Fail => OnError::Fail,
            OnErrorFlag::Skip => OnError::Skip,
        };
        OpenOptions { images: self.images, resize: self.resize, rgb: self.rgb, on_error }
    }

    /// The same flags again, for a child process.
    pub fn arguments(&self) -> Vec<OsString> {
        let mut arguments: Vec<OsString> = Vec::new();
        arguments.extend(self.images.iter().flat_map(|images| ["--images".into(), images.to_string().into()]));
        let size = self.resize.map(|(height, width)| format!("{height}x{width}"));
        arguments.extend(size.into_iter().flat_map(|size| ["--resize".into(), size.into()]));
        arguments.extend(self.rgb.then(|| "--rgb".into()));
        if self.on_error == OnErrorFlag::Skip {
            arguments.extend(["--on-error".into(), "skip".into()]);
        }
        arguments
    }
}

/// The dataset where nothing else says which.
const DEFAULT_DATASET: &str = "synthetic:32x32x3";

/// The forms of all kinds; what each is, `shelfmark list` says.
fn dataset_help() -> String {
    let forms = KINDS.iter().map(|kind| kind.form).collect::<Vec<_>>().join("; ");
    format!(
        "{forms}; or a path, which is looked at; `shelfmark list` says what each is \
         [default: {DEFAULT_DATASET}; of `verify --store`: what the store was written from]"
    )
}

/// Which images.
#[derive(Debug, Clone, Args)]
pub struct Images {
    #[arg(long, value_name = "DATASET", help = dataset_help())]
    pub dataset: Option<String>,
    #[command(flatten)]
    pub taking: Taking,
}

impl Images {
    /// The dataset as workers are told of it.
    pub fn spec(&self) -> DatasetSpec {
        DatasetSpec { name: self.name().to_owned(), options: self.taking.options() }
    }

    /// The dataset's name.
    pub fn name(&self) -> &str {
        self.dataset.as_deref().unwrap_or(DEFAULT_DATASET)
    }

    /// Opens the dataset.
    ///
    /// # Errors
    /// When there is no such dataset.
    pub fn open(&self) -> shelfmark::Result<Arc<dyn Dataset>> {
        self.taking.open(self.name())
    }
}

/// Where stores go.
#[derive(Debug, Args)]
pub struct Place {
    /// Where stores are written
    #[arg(long, value_name = "DIR", default_value = "target/shelfmark")]
    pub dir: PathBuf,
}

/// A bar on stderr, shown only on a terminal, for `total` images.
pub fn progress(total: u64, what: &str) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
    let style = ProgressStyle::with_template("{msg:28} {wide_bar} {human_pos}/{human_len} images {per_sec} {eta}");
    // The template is a constant; were it wrong, the default style would do.
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.set_message(what.to_owned());
    bar
}

/// A sign of life on stderr, shown only on a terminal, for work whose progress cannot be seen.
pub fn spinner(what: &str) -> ProgressBar {
    let spinner = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    let style = ProgressStyle::with_template("{spinner} {elapsed} {wide_msg}");
    // The template is a constant; were it wrong, the default style would do.
    spinner.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
    spinner.set_message(what.to_owned());
    spinner.enable_steady_tick(std::time::Duration::from_millis(200));
    spinner
}
