//! What the environment says:
//!
//! | variable | meaning | default |
//! |---|---|---|
//! | `SHELFMARK_PRESET` | `default`, or `realpython`: the founding experiment's counts | `default` |
//! | `SHELFMARK_DATASET` | as `--dataset` | `synthetic:32x32x3` |
//! | `SHELFMARK_IMAGES` | stores of at most so many images | as many as memory and patience allow |
//! | `SHELFMARK_FORMATS` | names separated by spaces, as `--formats` | the preset's |
//! | `SHELFMARK_DIR` | where stores are written | `target/shelfmark` |
//! | `SHELFMARK_REPORT` | where the report goes | `reports/latest` |

use shelfmark::error::{Error, Result, unknown};
use shelfmark::workload::sizes;
use std::path::{Path, PathBuf};

const VARIABLES: [&str; 6] = [
    "SHELFMARK_PRESET",
    "SHELFMARK_DATASET",
    "SHELFMARK_IMAGES",
    "SHELFMARK_FORMATS",
    "SHELFMARK_DIR",
    "SHELFMARK_REPORT",
];

/// Pixels of the largest store that is read: all images are held in memory beside what the page cache holds.
const READ_BYTES: u64 = 1 << 29;

/// Pixels of the largest store that is written, at least ten times.
const WRITE_BYTES: u64 = 1 << 27;

/// Samples of each benchmark, unless the command line says otherwise: criterion's smallest number.
pub const SAMPLE_SIZE: usize = 10;

/// What this call of the bench program is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Measuring, with a report at the end.
    Measure,
    /// Running everything once, as `cargo test` does.
    Test,
    /// Listing, profiling, looking at a baseline: nothing is measured.
    Other,
}

/// A set of counts and formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Preset {
    /// Counts that end within five minutes.
    Default,
    /// 1; 10, 100, 1k, 10k and 100k images, as in "Three Ways of Storing and Accessing Lots of Images in Python".
    RealPython,
}

/// Enough to see that a benchmark works: tests run in the slow development profile.
const TEST_COUNTS: &[u64] = &[10, 300];

/// Everything that can be set.
#[derive(Debug, Clone)]
pub struct Settings {
    pub mode: Mode,
    pub quick: bool,
    /// Samples that criterion takes of each benchmark.
    pub sample_size: usize,
    pub preset: Preset,
    pub dataset: String,
    /// Stores have at most so many images.
    pub images: u64,
    /// None where the preset and the dataset decide.
    pub formats: Option<Vec<String>>,
    pub place: PathBuf,
    pub place_kind: &'static str,
    pub report: PathBuf,
    /// Where criterion keeps its baselines: another set of images or another place is another experiment, and
    /// must not be compared with this one.
    pub baselines: PathBuf,
    /// As typed, for the report.
    pub command: String,
}

impl Settings {
    pub fn from_environment() -> Result<Self> {
        refuse_unknown_variables()?;
        let arguments: Vec<String> = std::env::args().skip(1).collect();
        let has =
            |flag: &str| arguments.iter().any(|argument| argument == flag || argument.starts_with(&format!("{flag}=")));
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.trim().is_empty());
        let preset = match variable("SHELFMARK_PRESET").as_deref() {
            None | Some("default") => Preset::Default,
            Some("realpython") => Preset::RealPython,
            Some(other) => return Err(unknown("SHELFMARK_PRESET", other, ["default", "realpython"])),
        };
        let formats = variable("SHELFMARK_FORMATS").map(|text| text.split_whitespace().map(str::to_owned).collect());
        let root = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR").unwrap_or_else(|_| ".".into()));
        let place = variable("SHELFMARK_DIR").map(PathBuf::from);
        let dataset = variable("SHELFMARK_DATASET").unwrap_or_else(|| "synthetic:32x32x3".into());
        Ok(Self {
            // Cargo passes --bench when it measures, and nothing when it tests.
            mode: if has("--list") || has("--profile-time") || has("--load-baseline") || has("--help") {
                Mode::Other
            } else if has("--test") || !has("--bench") {
                Mode::Test
            } else {
                Mode::Measure
            },
            quick: has("--quick"),
            sample_size: value_of(&arguments, "--sample-size").and_then(|n| n.parse().ok()).unwrap_or(SAMPLE_SIZE),
            preset,
            dataset: dataset.clone(),
            baselines: root.join("target/criterion").join(experiment(&dataset, place.as_deref())),
            images: images(variable("SHELFMARK_IMAGES"))?,
            formats,
            place_kind: if place.is_some() { "given" } else { "default" },
            place: place.unwrap_or_else(|| root.join("target/shelfmark")),
            report: variable("SHELFMARK_REPORT").map_or_else(|| root.join("reports/latest"), PathBuf::from),
            command: command(&arguments),
        })
    }

    /// Sizes of the stores that are read, smallest first, for images of so many bytes of pixels.
    pub fn read_counts(&self, image_bytes: u64) -> Vec<u64> {
        self.at_most(READ_BYTES / image_bytes.max(1), self.preset.read_counts())
    }

    /// Sizes of the stores that are written, smallest first, for images of so many bytes of pixels.
    pub fn write_counts(&self, image_bytes: u64) -> Vec<u64> {
        self.at_most(WRITE_BYTES / image_bytes.max(1), self.preset.write_counts())
    }

    fn at_most(&self, most: u64, counts: &[u64]) -> Vec<u64> {
        sizes::at_most(if self.mode == Mode::Test { TEST_COUNTS } else { counts }, most.min(self.images))
    }

    /// The profile named in results.
    pub fn profile(&self) -> &'static str {
        match (self.quick, self.preset) {
            (true, _) => "criterion-quick",
            (false, Preset::Default) => "criterion",
            (false, Preset::RealPython) => "criterion-realpython",
        }
    }
}

impl Preset {
    pub fn formats(self) -> Vec<String> {
        let names: &[&str] = match self {
            Self::Default => &["core"],
            Self::RealPython => &["png", "lmdb", "hdf5"],
        };
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    /// Sizes of the stores that are read.
    fn read_counts(self) -> &'static [u64] {
        match self {
            Self::Default => &[100, 1_000, 10_000],
            Self::RealPython => &[10, 100, 1_000, 10_000, 100_000],
        }
    }

    /// Sizes of the stores that are written, at least ten times each: creating 10,000 files takes seconds.
    fn write_counts(self) -> &'static [u64] {
        match self {
            Self::Default => &[100, 1_000, 3_000],
            Self::RealPython => self.read_counts(),
        }
    }
}

fn images(value: Option<String>) -> Result<u64> {
    let Some(text) = value else { return Ok(u64::MAX) };
    let number = text.trim().parse().ok().filter(|images| *images > 0);
    number.ok_or_else(|| Error::Usage(format!("SHELFMARK_IMAGES={text} is not a whole number above 0")))
}

/// The value of a flag of criterion's, as `--flag value` or `--flag=value`.
fn value_of<'a>(arguments: &'a [String], flag: &str) -> Option<&'a str> {
    let joined = arguments.iter().find_map(|argument| argument.strip_prefix(flag)?.strip_prefix('='));
    joined.or_else(|| arguments.iter().skip_while(|argument| *argument != flag).nth(1).map(String::as_str))
}

fn refuse_unknown_variables() -> Result<()> {
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    match names.filter(|name| name.starts_with("SHELFMARK_")).find(|name| !VARIABLES.contains(&name.as_str())) {
        Some(strange) => Err(unknown("setting", &strange, VARIABLES)),
        None => Ok(()),
    }
}

/// The command that would do this again.
fn command(arguments: &[String]) -> String {
    let set = |name: &&str| Some(format!("{name}={}", quoted(&std::env::var(name).ok()?)));
    let mut words: Vec<String> = VARIABLES.iter().filter_map(set).collect();
    words.push("cargo bench".into());
    let rest: Vec<String> = arguments.iter().filter(|a| *a != "--bench").map(|a| quoted(a)).collect();
    if !rest.is_empty() {
        words.push("--".into());
        words.extend(rest);
    }
    words.join(" ")
}

/// A directory name for a dataset and a place.
fn experiment(dataset: &str, place: Option<&Path>) -> String {
    let name = match place {
        Some(place) => format!("{dataset} in {}", place.display()),
        None => dataset.to_owned(),
    };
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect()
}

fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,".contains(c);
    if !word.is_empty() && word.chars().all(plain) { word.into() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}
