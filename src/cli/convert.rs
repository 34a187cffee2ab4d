//! `shelfmark convert`: a dataset or store into another format, or into a plain folder of files.

mod begin;
mod checkpoints;
mod summary;
mod writing;

use super::flags::{Taking, progress};
use super::{Exit, interrupt, unless_closed};
use checkpoints::Checkpoints;
use clap::ValueEnum;
use indicatif::ProgressBar;
use shelfmark::Error;
use shelfmark::dataset::folder::export;
use shelfmark::dataset::{Dataset, source};
use shelfmark::measure::space;
use shelfmark::store::copy::each_batch;
use shelfmark::store::progress::Progress;
use shelfmark::store::registry;

use shelfmark::store::verify::{Look, verify};
use shelfmark::store::{FormatId, Threads};
use shelfmark::sys;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;
use summary::{Memory, Summary, core_seconds};
use writing::{Into, Writing};

/// Arguments of `convert`.
#[derive(Debug, clap::Args)]
pub struct Convert {
    /// A dataset (folder:PATH, cifar10:PATH ...), or the path of a store or of a folder of images
    #[arg(value_name = "SOURCE")]
    source: String,
    /// Where the new store goes
    #[arg(value_name = "TARGET", value_parser = parse_target)]
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

/// Without what says nothing (`a/./b/`), so that it has a last part, which can be renamed.
fn parse_target(text: &str) -> Result<PathBuf, std::convert::Infallible> {
    Ok(Path::new(text).components().collect())
}

/// `--on-interrupt`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum OnInterrupt {
    /// Keep what is done, and go on with what was kept.
    Resume,
    /// Leave nothing.
    Remove,
}

impl Convert {
    /// Converts, verifies and tells what it cost.
    pub fn run(&self) -> anyhow::Result<Exit> {
        let (into, format) = self.into()?;
        let threads = Threads::new(self.threads);
        let dataset = self.taking.open(&self.source)?;
        self.refuse_overlap(&*dataset)?;
        if dataset.is_empty() {
            return Err(Error::Usage("there is nothing to convert in 0 images; give more with --images".into()).into());
        }
        let interrupted = interrupt::watch()?;
        let work = Progress {
            format: format.clone(),
            dataset: dataset.name(),
            source: source::real_name(&*dataset),
            state: None,
            shape: dataset.shape(),
            images: dataset.len(),
            done: 0,
        };
        let (mut writing, resumed_from) = self.start(&into, &work, &*dataset, threads)?;
        writing.note_source(Arc::clone(&dataset));
        if self.on_interrupt == OnInterrupt::Resume {
            writing.keep_work();
        }
        let place = writing.path().to_owned();
        let (begun, cpu_before) = (Instant::now(), sys::processor_time());
        let bar = progress(dataset.len(), &format!("writing {format}"));
        // A folder takes note of all its files again, but writes only what is missing.
        let first = if matches!(into, Into::Folder) { 0 } else { resumed_from };
        bar.inc(first);
        let mut checkpoints = Checkpoints::default();
        let mut memory = Memory::default();
        let copied = each_batch(&*dataset, first, into.form(&*dataset, !self.no_verify), threads, &mut |samples| {
            writing.append(samples)?;
            memory.look();
            bar.inc(samples.len() as u64);
            checkpoints.if_due(Instant::now, || writing.checkpoint())?;
            interrupted.check()
        });
        bar.finish_and_clear();
        // Safe before it is looked at, as somebody may stop us meanwhile.
        let copied = copied.and_then(|()| match self.on_interrupt {
            OnInterrupt::Resume => writing.checkpoint(),
            OnInterrupt::Remove => Ok(()),
        });
        if let Err(error) = copied {
            return Err(self.give_up(writing, error));
        }
        let sealed = writing.seal().map_err(|error| self.tell_what_is_kept(&place, error))?;
        let (mut write_s, core_s) = (begun.elapsed().as_secs_f64(), core_seconds(cpu_before));
        // Looked at before it gets its name: what is at the target is right, whatever happens meanwhile.
        let begun = Instant::now();
        let verified = match self.no_verify {
            true => 0,
            false => match self.verify(&into, sealed.path(), &*dataset, threads, &interrupted, &mut memory) {
                Ok(verified) => verified,
                Err(error) => {
                    match error {
                        Error::Mismatch { .. } | Error::Store { .. } => sealed.discard(),
                        _ => drop(sealed),
                    }
                    return Err(self.tell_what_is_kept(&place, self.of_the_target(error)).into());
                }
            },
        };
        let verify_s = begun.elapsed().as_secs_f64();
        let begun = Instant::now();
        sealed.put_in_place().map_err(|error| self.tell_what_is_kept(&place, error))?;
        write_s += begun.elapsed().as_secs_f64();
        let storage = space(&self.target)?;
        let new_share = (dataset.len() - resumed_from) as f64 / dataset.len() as f64;
        let summary = Summary {
            source: dataset.name(),
            target: self.target.display().to_string(),
            format,
            images: dataset.len(),
            resumed_from,
            verified,
            write_s,
            verify_s,
            images_per_s: (dataset.len() - resumed_from) as f64 / write_s,
            core_s,
            core_s_per_gb: core_s.map(|seconds| seconds / (new_share * storage.apparent_bytes.max(1) as f64 / 1e9)),
            // Nothing temporary is written beside the new store, and none shrinks when it is finished.
            peak_extra_bytes: storage.allocated_bytes,
            storage,
            peak_anon_bytes: memory.peak,
            peak_memory_bytes: sys::memory().map(|(_, peak)| peak),
            remarks: dataset.remarks(),
        };
        unless_closed(summary.tell(self.json))?;
        Ok(Exit::Ok)
    }

    /// Refuses to write into what is read, and to replace it.
    fn refuse_overlap(&self, dataset: &dyn Dataset) -> anyhow::Result<()> {
        let Some(source) = dataset.path().and_then(|path| path.canonicalize().ok()) else { return Ok(()) };
        // The target need not be there; the folder that it will be in may not be there either.
        let target = self.target.canonicalize().ok().or_else(|| {
            let parent = self.target.parent().filter(|parent| !parent.as_os_str().is_empty());
            Some(parent.unwrap_or(Path::new(".")).canonicalize().ok()?.join(self.target.file_name()?))
        });
        match target {
            Some(target) if target.starts_with(&source) || source.starts_with(&target) => Err(Error::Usage(format!(
                "{} and {} overlap; choose a target outside of the source",
                source.display(),
                target.display()
            ))
            .into()),
            _ => Ok(()),
        }
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

    /// Removes what was written, or leaves it for another start if the user wants that.
    fn give_up(&self, writing: Writing, error: Error) -> anyhow::Error {
        let place = writing.path().to_owned();
        match self.on_interrupt {
            OnInterrupt::Remove => drop(writing),
            OnInterrupt::Resume => {
                if let Err(second) = writing.leave() {
                    tell!("nothing could be kept: {second}");
                }
            }
        }
        self.tell_what_is_kept(&place, error).into()
    }

    /// The error, once what was written at `place` is put away, and what becomes of that.
    fn tell_what_is_kept(&self, place: &Path, error: Error) -> Error {
        match (error, Progress::read(place)) {
            (Error::Interrupted(_), Some(_)) => Error::Interrupted(": the same command goes on from here".into()),
            (Error::Interrupted(_), None) if self.on_interrupt == OnInterrupt::Resume => {
                Error::Interrupted(": this has to begin again".into())
            }
            (error, None) => error,
            (error, Some(_)) => {
                // A full disk or a broken file can be mended; what is there needs not be made again.
                tell!("what was written is kept: once that is mended, the same command goes on from here");
                error
            }
        }
    }

    /// The store has a temporary name when it is looked at, and is removed if it is wrong: what people know is the target.
    fn of_the_target(&self, error: Error) -> Error {
        let path = self.target.clone();
        match error {
            Error::Mismatch { format, detail, .. } => Error::Mismatch { format, path, detail },
            Error::Store { format, cause, remedy, .. } => Error::Store { format, path, cause, remedy },
            other => other,
        }
    }

    fn verify(
        &self,
        into: &Into,
        path: &Path,
        dataset: &dyn Dataset,
        threads: Threads,
        interrupted: &interrupt::Watch,
        memory: &mut Memory,
    ) -> shelfmark::Result<u64> {
        let bar: ProgressBar = progress(dataset.len(), "verifying");
        let mut tick = |images| {
            memory.look();
            bar.inc(images);
            interrupted.check()
        };
        let verified = match into {
            Into::Format(_) => verify(path, dataset, Look::AtFiles, threads, &mut tick),
            Into::Folder => export::verify(path, dataset, threads, &mut tick),
        };
        bar.finish_and_clear();
        verified
    }
}
