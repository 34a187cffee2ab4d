//! `shelfmark convert`: a dataset or store into another format, or into a plain folder of files.

use super::flags::{Taking, progress};
use super::{Exit, interrupt};
use anyhow::Context;
use clap::ValueEnum;
use indicatif::ProgressBar;
use serde::Serialize;
use shelfmark::Error;
use shelfmark::dataset::Dataset;
use shelfmark::dataset::folder::export::{self, FolderWriter};
use shelfmark::measure::space;
use shelfmark::results::Storage;
use shelfmark::sample::Batch;
use shelfmark::store::copy::{Form, each_batch};
use shelfmark::store::placement::Placement;
use shelfmark::store::progress::Progress;
use shelfmark::store::registry::{self, Resolved};
use shelfmark::store::sealed::{IfExists, StoreWriter};
use shelfmark::store::verify::{Look, verify};
use shelfmark::store::{FormatId, StoreSpec, Threads, WriteOptions};
use shelfmark::sys;
use std::io::Write;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Time between two checkpoints: what a killed conversion has to do again.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(5);

/// Arguments of `convert`.
#[derive(Debug, clap::Args)]
pub struct Convert {
    /// A dataset (folder:PATH, cifar10:PATH ...), or the path of a store or of a folder of images
    #[arg(value_name = "SOURCE")]
    source: String,
    /// Where the new store goes
    #[arg(value_name = "TARGET")]
    target: PathBuf,
    /// The format to write, as in lmdb:source or hdf5:raw,chunk=64; or `folder`, for plain files
    #[arg(long, value_name = "FORMAT")]
    format: String,
    #[command(flatten)]
    taking: Taking,
    /// Threads that read, decode and encode [default: one for each processor]
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// Do not compare the new store with its source
    #[arg(long)]
    no_verify: bool,
    /// Replace a store that exists already
    #[arg(long)]
    force: bool,
    /// After Ctrl-C, and when an unfinished conversion to TARGET is found: go on with it, or remove it and start afresh
    #[arg(long, value_enum, default_value_t = OnInterrupt::Remove)]
    on_interrupt: OnInterrupt,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// `--on-interrupt`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum OnInterrupt {
    /// Keep what is done, and go on with what was kept.
    Resume,
    /// Leave nothing.
    Remove,
}

/// What a conversion cost.
#[derive(Debug, Serialize)]
struct Summary {
    source: String,
    target: String,
    format: String,
    images: u64,
    /// Images that an earlier, interrupted conversion had written.
    resumed_from: u64,
    /// Images compared with the source afterwards.
    verified: u64,
    /// Seconds for writing, without verifying.
    write_s: f64,
    verify_s: f64,
    images_per_s: f64,
    /// Processor seconds, in user mode and in the kernel, for writing.
    core_s: Option<f64>,
    /// The same for each 10^9 bytes of the new store.
    core_s_per_gb: Option<f64>,
    storage: Storage,
    /// Space that was needed beside what was there before, at most.
    peak_extra_bytes: u64,
    /// The most memory of its own that was seen, looking after every batch.
    peak_anon_bytes: Option<u64>,
    /// The same with mapped files, which the system can take back at any time.
    peak_memory_bytes: Option<u64>,
    remarks: Vec<String>,
}

/// What is being written.
enum Writing {
    Store(Box<StoreWriter>),
    Folder(Box<FolderWriter>),
}

impl Writing {
    fn append(&mut self, samples: &Batch) -> shelfmark::Result<()> {
        match self {
            Self::Store(store) => store.append(samples),
            Self::Folder(folder) => folder.append(samples),
        }
    }

    fn checkpoint(&mut self) -> shelfmark::Result<()> {
        match self {
            Self::Store(store) => store.checkpoint(),
            Self::Folder(folder) => folder.checkpoint(),
        }
    }

    fn leave(self) -> shelfmark::Result<Option<PathBuf>> {
        match self {
            Self::Store(store) => store.leave(),
            Self::Folder(folder) => folder.leave().map(Some),
        }
    }

    fn finish(self) -> shelfmark::Result<()> {
        match self {
            Self::Store(store) => store.finish(),
            Self::Folder(folder) => folder.finish(),
        }
    }
}

/// Into what.
enum Into {
    Format(Resolved),
    Folder,
}

impl Into {
    fn form(&self, dataset: &dyn Dataset) -> Form {
        match self {
            Self::Format(resolved) => Form::of(resolved),
            Self::Folder if dataset.has_files() => Form::Files,
            Self::Folder => Form::Pixels,
        }
    }
}

impl Convert {
    /// Converts, verifies and tells what it cost.
    pub fn run(&self) -> anyhow::Result<Exit> {
        let (into, format) = self.into()?;
        let threads = Threads::new(self.threads);
        let dataset = self.taking.open(&self.source)?;
        let interrupted = interrupt::watch()?;
        let work = Progress {
            format: format.clone(),
            dataset: dataset.name(),
            shape: dataset.shape(),
            images: dataset.len(),
            done: 0,
        };
        let (mut writing, resumed_from) = self.start(&into, &work, threads)?;
        let (begun, cpu_before) = (Instant::now(), sys::processor_time());
        let bar = progress(dataset.len(), &format!("writing {format}"));
        // A folder takes note of all its files again, but writes only what is missing.
        let first = if matches!(into, Into::Folder) { 0 } else { resumed_from };
        bar.inc(first);
        // The first one at once: from then on a killed process leaves something to go on with.
        let mut last_checkpoint: Option<Instant> = None;
        let mut memory = Memory::default();
        let copied = each_batch(&*dataset, first, into.form(&*dataset), threads, &mut |samples| {
            writing.append(samples)?;
            memory.look();
            bar.inc(samples.len() as u64);
            if last_checkpoint.is_none_or(|last| last.elapsed() >= CHECKPOINT_EVERY) {
                writing.checkpoint()?;
                last_checkpoint = Some(Instant::now());
            }
            interrupted.check()
        });
        bar.finish_and_clear();
        if let Err(error) = copied {
            return Err(self.give_up(writing, error));
        }
        writing.finish()?;
        let write_s = begun.elapsed().as_secs_f64();
        let core_s = core_seconds(cpu_before);
        let begun = Instant::now();
        let verified =
            if self.no_verify { 0 } else { self.verify(&into, &*dataset, threads, &interrupted, &mut memory)? };
        let storage = space(&self.target)?;
        self.tell(&Summary {
            source: dataset.name(),
            target: self.target.display().to_string(),
            format,
            images: dataset.len(),
            resumed_from,
            verified,
            write_s,
            verify_s: begun.elapsed().as_secs_f64(),
            images_per_s: (dataset.len() - resumed_from) as f64 / write_s,
            core_s,
            core_s_per_gb: core_s.map(|seconds| seconds / (storage.apparent_bytes.max(1) as f64 / 1e9)),
            // Nothing temporary is written beside the new store, and none shrinks when it is finished.
            peak_extra_bytes: storage.allocated_bytes,
            storage,
            peak_anon_bytes: memory.peak,
            peak_memory_bytes: sys::memory().map(|(_, peak)| peak),
            remarks: dataset.remarks(),
        })?;
        Ok(Exit::Ok)
    }

    fn into(&self) -> anyhow::Result<(Into, String)> {
        if self.format == export::FORMAT {
            return Ok((Into::Folder, self.format.clone()));
        }
        let id: FormatId = match registry::select(std::slice::from_ref(&self.format))?.as_slice() {
            [one] => one.clone(),
            _ => return Err(Error::Usage(format!("--format takes one format, and '{}' is more", self.format)).into()),
        };
        Ok((Into::Format(registry::resolve(&id)?), id.to_string()))
    }

    /// Begins, or goes on where an interrupted conversion stopped.
    fn start(&self, into: &Into, work: &Progress, threads: Threads) -> anyhow::Result<(Writing, u64)> {
        let options = WriteOptions { threads, ..WriteOptions::default() };
        let if_exists = if self.force { IfExists::Replace } else { IfExists::Refuse };
        for left in Placement::left_behind(&self.target) {
            let found = Progress::read(&left).filter(|found| found.is_same_work(work));
            if let (OnInterrupt::Resume, Some(found)) = (self.on_interrupt, found) {
                let resumed = match into {
                    Into::Format(resolved) => {
                        StoreWriter::resume(resolved, &self.target, options, if_exists, &left, &found)
                            .map(|store| Writing::Store(Box::new(store)))
                    }
                    Into::Folder => FolderWriter::new(&self.target, found.clone(), Some(&left))
                        .map(|folder| Writing::Folder(Box::new(folder))),
                };
                eprintln!("going on after {} of {} images", found.done, found.images);
                return Ok((resumed?, found.done));
            }
            if self.on_interrupt == OnInterrupt::Resume {
                eprintln!("{} is of another conversion to the same place: starting afresh", left.display());
            }
            std::fs::remove_dir_all(&left).with_context(|| format!("cannot remove {}", left.display()))?;
        }
        let writing = match into {
            Into::Folder => Writing::Folder(Box::new(FolderWriter::new(&self.target, work.clone(), None)?)),
            Into::Format(resolved) => {
                let spec = StoreSpec { shape: work.shape.clone(), images: work.images };
                let mut store = StoreWriter::create(resolved, &self.target, &spec, options, if_exists)?;
                store.name_dataset(work.dataset.clone());
                if self.on_interrupt == OnInterrupt::Resume && !resolved.format.can_resume() {
                    eprintln!("{}: a conversion that is interrupted has to begin again", work.format);
                }
                Writing::Store(Box::new(store))
            }
        };
        Ok((writing, 0))
    }

    /// Removes what was written, or leaves it for another start if the user wants that.
    fn give_up(&self, writing: Writing, error: Error) -> anyhow::Error {
        if !matches!(error, Error::Interrupted(_)) || self.on_interrupt == OnInterrupt::Remove {
            drop(writing);
            return error.into();
        }
        match writing.leave() {
            Ok(Some(_)) => Error::Interrupted(": the same command goes on from here".into()).into(),
            Ok(None) => Error::Interrupted(": this format has to begin again".into()).into(),
            Err(second) => second.into(),
        }
    }

    fn verify(
        &self,
        into: &Into,
        dataset: &dyn Dataset,
        threads: Threads,
        interrupted: &interrupt::Watch,
        memory: &mut Memory,
    ) -> anyhow::Result<u64> {
        let bar: ProgressBar = progress(dataset.len(), "verifying");
        let mut tick = |images| {
            memory.look();
            bar.inc(images);
            interrupted.check()
        };
        let verified = match into {
            Into::Format(_) => verify(&self.target, dataset, Look::AtFiles, threads, &mut tick),
            Into::Folder => export::verify(&self.target, dataset, threads, &mut tick),
        };
        bar.finish_and_clear();
        Ok(verified?)
    }

    fn tell(&self, summary: &Summary) -> anyhow::Result<()> {
        let mut out = std::io::stdout();
        if self.json {
            writeln!(out, "{}", serde_json::to_string_pretty(summary)?)?;
            return Ok(());
        }
        let Summary { images, write_s, verified, storage, .. } = summary;
        let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
        writeln!(out, "{}: {images} images as {}", summary.target, summary.format)?;
        if summary.resumed_from > 0 {
            writeln!(out, "  gone on after {} images", summary.resumed_from)?;
        }
        writeln!(out, "  written in {write_s:.1} s, {:.0} images/s", summary.images_per_s)?;
        if let (Some(core_s), Some(per_gb)) = (summary.core_s, summary.core_s_per_gb) {
            writeln!(out, "  {core_s:.1} core-seconds, {per_gb:.1} for each GB (10^9 bytes) of the new store")?;
        }
        match self.no_verify {
            true => writeln!(out, "  not verified")?,
            false => writeln!(out, "  verified {verified} of {images} images in {:.1} s", summary.verify_s)?,
        }
        writeln!(
            out,
            "  {:.1} MiB in {} files, {:.1} MiB on disk; at most {:.1} MiB more than before while writing",
            mib(storage.apparent_bytes),
            storage.files,
            mib(storage.allocated_bytes),
            mib(summary.peak_extra_bytes)
        )?;
        if let (Some(own), Some(all)) = (summary.peak_anon_bytes, summary.peak_memory_bytes) {
            let (own, all) = (mib(own), mib(all));
            writeln!(
                out,
                "  {own:.0} MiB of memory at most; with mapped files, which can be taken back, {all:.0} MiB"
            )?;
        }
        Ok(())
    }
}

/// The most memory of its own that this process was seen to have.
#[derive(Default)]
struct Memory {
    peak: Option<u64>,
}

impl Memory {
    fn look(&mut self) {
        self.peak = self.peak.max(sys::memory().map(|(own, _)| own));
    }
}

fn core_seconds(before: Option<(Duration, Duration)>) -> Option<f64> {
    let (user_before, system_before) = before?;
    let (user, system) = sys::processor_time()?;
    Some((user + system).saturating_sub(user_before + system_before).as_secs_f64())
}
