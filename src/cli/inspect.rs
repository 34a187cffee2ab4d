//! `shelfmark inspect`: what a store or dataset is, and whether it is whole.

use super::flags::{Taking, progress};
use super::{Exit, child};
use anyhow::Context;
use serde::{Deserialize, Serialize};
use shelfmark::Error;
use shelfmark::dataset::Dataset;
use shelfmark::image_file::{self, png};
use shelfmark::measure::space;
use shelfmark::results::{Native, Storage, write_whole};
use shelfmark::sample::{Batch, Sample, Shape};
use shelfmark::store::progress::Progress;
use shelfmark::store::sealed::OpenStore;
use shelfmark::store::{MANIFEST_FILE, Manifest};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Images looked at unless all are asked for, spread over the whole.
const LOOKED_AT: u64 = 1_000;

/// Arguments of `inspect`.
#[derive(Debug, clap::Args)]
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

/// What was found.
#[derive(Debug, Serialize, Deserialize)]
struct Found {
    source: String,
    store: Option<StoreFacts>,
    images: u64,
    shape: Option<Shape>,
    /// Images that were read to find out what follows.
    looked_at: u64,
    heights: Option<Range>,
    widths: Option<Range>,
    /// How many images have so many channels.
    channels: BTreeMap<u32, u64>,
    pixel_bytes: Option<Range>,
    /// Of encoded files: how many of each kind, and their sizes.
    files: BTreeMap<String, u64>,
    file_bytes: Option<Range>,
    labels: Option<Labels>,
    first_names: Vec<String>,
    /// Images that could not be read, the first few, and how many.
    unreadable: Vec<String>,
    unreadable_images: u64,
    remarks: Vec<String>,
    /// Nothing wrong was found in what was looked at.
    whole: bool,
}

#[derive(Debug, Serialize, Deserialize)]
struct StoreFacts {
    format: String,
    written_from: String,
    labels: String,
    named: bool,
    library: Native,
    shelfmark_version: String,
    settings: BTreeMap<String, String>,
    storage: Storage,
    /// What its files are instead of what its name says, if they are.
    mismatch: Option<String>,
}

/// Smallest, middle, largest.
#[derive(Debug, Serialize, Deserialize)]
struct Range {
    min: u64,
    median: u64,
    max: u64,
}

impl Range {
    fn of(mut values: Vec<u64>) -> Option<Self> {
        values.sort_unstable();
        Some(Self { min: *values.first()?, median: values[values.len() / 2], max: *values.last()? })
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct Labels {
    distinct: usize,
    smallest: u32,
    largest: u32,
    /// Images of the rarest and of the most frequent label.
    images: Range,
}

impl Inspect {
    /// Looks, in a process of its own, and tells.
    pub fn run(&self) -> anyhow::Result<Exit> {
        let show = self.show()?;
        if self.in_child {
            child::end_with_parent();
            let found = self.look(show)?;
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
                eprintln!("{stderr}");
                return Ok(if code == Some(2) { Exit::Usage } else { Exit::Failed });
            }
            child::Outcome::Ended { stdout, stderr, .. } => {
                let found: Found = serde_json::from_slice(&stdout).with_context(|| stderr)?;
                found
            }
            child::Outcome::Broken(how) => anyhow::bail!("{}: reading it {how}: it is damaged", self.source),
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
        Ok(match (&found.store, found.whole) {
            (_, true) => Exit::Ok,
            (Some(StoreFacts { mismatch: Some(_), .. }), _) => Exit::Unverified,
            _ => Exit::Failed,
        })
    }

    fn show(&self) -> anyhow::Result<Option<(u64, PathBuf)>> {
        let [index, out] = &self.show[..] else { return Ok(None) };
        let index =
            index.parse().map_err(|_| Error::Usage(format!("--show takes a number and a file, not '{index}'")))?;
        Ok(Some((index, out.into())))
    }

    fn look(&self, show: Option<(u64, PathBuf)>) -> anyhow::Result<Found> {
        let dataset = self.taking.open(&self.source)?;
        if let Some((index, out)) = show {
            let mut image = Batch::new();
            dataset.read(index, &mut image)?;
            for sample in image.iter() {
                let mut file = Vec::new();
                png::encode(sample.shape, sample.pixels, ::png::Compression::Balanced, &mut file)
                    .map_err(|what| Error::Unsupported { format: "PNG".into(), what })?;
                write_whole(&out, &file)?;
            }
        }
        let mut survey = Survey::default();
        let step = if self.all { 1 } else { dataset.len().div_ceil(LOOKED_AT).max(1) };
        let bar = progress(dataset.len().div_ceil(step), "looking");
        for index in (0..dataset.len()).step_by(step as usize) {
            survey.look(&*dataset, index);
            bar.inc(1);
        }
        bar.finish_and_clear();
        let store = store_path(&self.source).map(store_facts).transpose()?;
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

fn store_facts(path: &Path) -> anyhow::Result<StoreFacts> {
    let store = OpenStore::open(path)?;
    let mismatch = store.resolved.format.audit(path, &store.manifest.spec()).err().map(|error| error.to_string());
    let Manifest { format, settings, dataset, named, labels, library, shelfmark_version, .. } = store.manifest;
    let storage = space(path)?;
    Ok(StoreFacts {
        format,
        written_from: dataset,
        labels,
        named,
        library,
        shelfmark_version,
        settings,
        storage,
        mismatch,
    })
}

/// What is gathered on the way.
#[derive(Default)]
struct Survey {
    looked_at: u64,
    heights: Vec<u64>,
    widths: Vec<u64>,
    channels: BTreeMap<u32, u64>,
    pixel_bytes: Vec<u64>,
    files: BTreeMap<String, u64>,
    file_bytes: Vec<u64>,
    labels: BTreeMap<u32, u64>,
    first_names: Vec<String>,
    unreadable: Vec<String>,
    unreadable_images: u64,
    scratch: Batch,
}

impl Survey {
    fn look(&mut self, dataset: &dyn Dataset, index: u64) {
        self.looked_at += 1;
        let mut batch = std::mem::take(&mut self.scratch);
        batch.clear();
        let mut read = dataset.read(index, &mut batch);
        if read.is_ok() && dataset.has_files() {
            read = dataset.read_file(index, &mut batch);
        }
        match read {
            Ok(()) => batch.iter().for_each(|sample| self.note(&sample)),
            Err(error) => {
                self.unreadable_images += 1;
                if self.unreadable.len() < 5 {
                    self.unreadable.push(error.to_string());
                }
            }
        }
        self.scratch = batch;
    }

    fn note(&mut self, sample: &Sample<'_>) {
        if !sample.file.is_empty() {
            let kind = image_file::Kind::of(sample.file).map_or("unknown", image_file::Kind::extension);
            *self.files.entry(kind.into()).or_default() += 1;
            self.file_bytes.push(sample.file.len() as u64);
            return;
        }
        self.heights.push(sample.shape.height.into());
        self.widths.push(sample.shape.width.into());
        *self.channels.entry(sample.shape.channels).or_default() += 1;
        self.pixel_bytes.push(sample.pixels.len() as u64);
        *self.labels.entry(sample.label).or_default() += 1;
        if self.first_names.len() < 3 && !sample.key.is_empty() {
            self.first_names.push(String::from_utf8_lossy(sample.key).into_owned());
        }
    }

    fn found(self, source: &str, dataset: &dyn Dataset, store: Option<StoreFacts>) -> Found {
        let labels = Range::of(self.labels.values().copied().collect()).and_then(|images| {
            let (smallest, largest) = (*self.labels.keys().next()?, *self.labels.keys().next_back()?);
            Some(Labels { distinct: self.labels.len(), smallest, largest, images })
        });
        let mismatch = store.as_ref().is_some_and(|store| store.mismatch.is_some());
        Found {
            source: source.into(),
            images: dataset.len(),
            shape: (!dataset.is_empty()).then(|| dataset.shape()),
            looked_at: self.looked_at,
            heights: Range::of(self.heights),
            widths: Range::of(self.widths),
            channels: self.channels,
            pixel_bytes: Range::of(self.pixel_bytes),
            files: self.files,
            file_bytes: Range::of(self.file_bytes),
            labels,
            first_names: self.first_names,
            whole: self.unreadable_images == 0 && !mismatch,
            unreadable: self.unreadable,
            unreadable_images: self.unreadable_images,
            remarks: dataset.remarks(),
            store,
        }
    }
}

impl Found {
    fn tell(&self, out: &mut impl Write) -> std::io::Result<()> {
        let range = |range: &Option<Range>| match range {
            Some(Range { min, max, .. }) if min == max => min.to_string(),
            Some(Range { min, median, max }) => format!("{min} to {max}, median {median}"),
            None => "none".into(),
        };
        let counts = |counts: &mut dyn Iterator<Item = (String, u64)>| {
            counts.map(|(what, n)| format!("{what} ({n})")).collect::<Vec<_>>().join(", ")
        };
        writeln!(out, "{}", self.source)?;
        if let Some(store) = &self.store {
            let Native { library, version } = &store.library;
            writeln!(
                out,
                "  format       {} ({library} {version}, shelfmark {})",
                store.format, store.shelfmark_version
            )?;
            writeln!(out, "  written from {}", store.written_from)?;
            for (what, value) in &store.settings {
                writeln!(out, "  setting      {what}: {value}")?;
            }
            let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
            let Storage { apparent_bytes, allocated_bytes, files } = store.storage;
            let (apparent, allocated) = (mib(apparent_bytes), mib(allocated_bytes));
            writeln!(out, "  space        {apparent:.1} MiB in {files} files, {allocated:.1} MiB on disk")?;
            writeln!(out, "  labels       {}", store.labels)?;
        }
        let shape = self.shape.as_ref().map(|shape| format!(", {shape}")).unwrap_or_default();
        writeln!(out, "  images       {}{shape}", self.images)?;
        if self.looked_at < self.images {
            writeln!(out, "  looked at    {} of them (--all looks at every one)", self.looked_at)?;
        }
        writeln!(out, "  height       {}", range(&self.heights))?;
        writeln!(out, "  width        {}", range(&self.widths))?;
        let channels = &mut self.channels.iter().map(|(channels, n)| (channels.to_string(), *n));
        writeln!(out, "  channels     {}", counts(channels))?;
        writeln!(out, "  pixel bytes  {}", range(&self.pixel_bytes))?;
        if !self.files.is_empty() {
            let files = &mut self.files.iter().map(|(kind, n)| (kind.clone(), *n));
            writeln!(out, "  files        {}; bytes {}", counts(files), range(&self.file_bytes))?;
        }
        if let Some(Labels { distinct, smallest, largest, images }) = &self.labels {
            writeln!(
                out,
                "  labels       {distinct} different, {smallest} to {largest}; {} to {} images each",
                images.min, images.max
            )?;
        }
        if !self.first_names.is_empty() {
            writeln!(out, "  names        {} ...", self.first_names.join(", "))?;
        }
        self.remarks.iter().try_for_each(|remark| writeln!(out, "  note         {remark}"))?;
        if let Some(mismatch) = self.store.as_ref().and_then(|store| store.mismatch.as_ref()) {
            writeln!(out, "  NOT WHAT ITS NAME SAYS: {mismatch}")?;
        }
        for problem in &self.unreadable {
            writeln!(out, "  UNREADABLE   {problem}")?;
        }
        match (self.whole, self.looked_at == self.images) {
            (true, true) => writeln!(
                out,
                "  whole: every image could be read (whether they are right is for verify --store --dataset to say)"
            ),
            (true, false) => writeln!(out, "  whole, as far as was looked"),
            (false, _) => writeln!(out, "  NOT WHOLE: {} images cannot be read", self.unreadable_images),
        }
    }
}
