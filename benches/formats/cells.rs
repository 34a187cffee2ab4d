//! The cells under way: stores prepared when first needed, timings noted, results gathered.

use super::plan::{Planned, plan};
use super::settings::{Mode, Settings};
use criterion::Throughput;
use shelfmark::dataset::{self, Memory, OpenOptions, Take};
use shelfmark::error::{Error, IoContext, Result};
use shelfmark::measure::{Measurement, Monotonic, Recorder, Stopwatch};
use shelfmark::results::{Cell, CellId, CellKind, Results, Run, SCHEMA_ID, Status, StoreRef, Verified, host};
use shelfmark::store::registry::{self, Resolved};
use shelfmark::store::tuning::Tuning;
use shelfmark::store::{Durability, FormatId, StoreSpec, WriteOptions};
use shelfmark::sys;
use shelfmark::workload::{Prepared, Session, Shelf, Source, Workload};
use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

/// Carried by the unwinding that gives up one benchmark.
pub struct CellFailed;

/// Seed of all draws.
const SEED: u64 = 0;

/// A workload under way.
pub type Running = Option<Box<dyn Session>>;

/// All cells of this run.
pub struct Bench {
    cells: Vec<Slot>,
    dataset: Arc<dyn dataset::Dataset>,
    sources: BTreeMap<u64, Arc<Source>>,
    shelf: Shelf,
    clock: Monotonic,
    started: (Instant, SystemTime),
    ticks: Option<(u64, u64)>,
    host: shelfmark::results::Host,
}

struct Slot {
    planned: Planned,
    resolved: Result<Resolved>,
    prepared: Option<Prepared>,
    recorder: Recorder,
    failure: Option<Error>,
}

impl Bench {
    pub fn new(settings: &Settings) -> Result<Self> {
        let look = look_at(settings)?;
        let formats = match &settings.formats {
            Some(given) => registry::select(given)?,
            None => default_formats(settings, look.has_files)?,
        };
        let mut cells = Vec::new();
        for planned in plan(settings, &formats, look.image_bytes) {
            let resolved = registry::resolve(&planned.id);
            if let Err(usage @ Error::Usage(_)) = resolved {
                return Err(usage);
            }
            cells.push(Slot {
                planned,
                resolved,
                prepared: None,
                recorder: Recorder::new(settings.sample_size),
                failure: None,
            });
        }
        if settings.mode == Mode::Measure {
            // Better to learn now than after measuring that there is no place for the report.
            std::fs::create_dir_all(&settings.report).at("create", &settings.report)?;
            tempfile::tempfile_in(&settings.report).at("write in", &settings.report)?;
        }
        let largest = cells.iter().map(|slot| slot.planned.images).max().unwrap_or(0);
        let dataset = dataset::open(&settings.dataset, &OpenOptions { images: Some(largest), ..Default::default() })?;
        // Listing and the like need no images.
        let dataset = if settings.mode == Mode::Other { dataset } else { Arc::new(Memory::copy_of(&*dataset)?) };
        Ok(Self {
            cells,
            dataset,
            sources: BTreeMap::new(),
            shelf: Shelf::new(&settings.place)?,
            clock: Monotonic::default(),
            started: (Instant::now(), SystemTime::now()),
            ticks: host::processor_ticks(),
            host: host::describe(&settings.place, settings.place_kind),
        })
    }

    pub fn workloads(&self) -> Vec<Workload> {
        let mut workloads: Vec<_> = self.cells.iter().map(|slot| slot.planned.workload).collect();
        workloads.dedup();
        workloads
    }

    /// The cells of a workload that can be measured at all.
    pub fn cells_of(&self, workload: Workload) -> Vec<usize> {
        let of = |slot: &Slot| slot.planned.workload == workload && slot.resolved.is_ok();
        (0..self.cells.len()).filter(|&cell| of(&self.cells[cell])).collect()
    }

    pub fn format_name(&self, cell: usize) -> String {
        self.cells[cell].planned.id.to_string()
    }

    pub fn images(&self, cell: usize) -> u64 {
        self.cells[cell].planned.images
    }

    pub fn throughput(&self, cell: usize) -> Throughput {
        let Planned { workload, images, .. } = self.cells[cell].planned;
        let images = workload.images_per_operation(images);
        super::throughput(images, images * self.dataset.shape().max().bytes() as u64)
    }

    /// What criterion calls: so many operations, and how long they took.
    pub fn iterate(&mut self, cell: usize, running: &mut Running, iterations: u64) -> Duration {
        match self.try_iterate(cell, running, iterations) {
            Ok(elapsed) => elapsed,
            Err(error) => {
                // It names the format.
                eprintln!("{error}");
                self.cells[cell].failure = Some(error);
                // No panic message: nothing is wrong with the program.
                std::panic::resume_unwind(Box::new(CellFailed))
            }
        }
    }

    fn try_iterate(&mut self, cell: usize, running: &mut Running, iterations: u64) -> Result<Duration> {
        let session = match running {
            Some(session) => session,
            None => running.insert(self.start(cell)?),
        };
        let mut watch = Stopwatch::new(&self.clock);
        let device_bytes_before = sys::device_read_bytes();
        let images = session.run(iterations, &mut watch)?;
        let device_read_bytes = sys::device_read_bytes().zip(device_bytes_before).map(|(after, before)| after - before);
        let elapsed_ns = watch.elapsed_ns();
        let slot = &mut self.cells[cell];
        slot.recorder.note(Measurement { iterations, images, elapsed_ns, device_read_bytes });
        // The last batch of a pass is smaller. Criterion believes that all iterations are alike, so it is told the
        // time at this rate for full batches; our own record has the exact numbers.
        let nominal = iterations * slot.planned.workload.images_per_operation(slot.planned.images);
        Ok(Duration::from_nanos((elapsed_ns as u128 * nominal as u128 / images.max(1) as u128) as u64))
    }

    fn start(&mut self, cell: usize) -> Result<Box<dyn Session>> {
        let Planned { workload, images, .. } = self.cells[cell].planned;
        let source = self.source(images)?;
        let slot = &mut self.cells[cell];
        // Formats that do not resolve are never handed to criterion.
        let resolved = slot.resolved.as_ref().map_err(|error| Error::Usage(error.to_string()))?;
        let source = source.through(resolved)?;
        // Writes, too, write one store for keeps: their space is measured, and that they can be read is proved first.
        let prepared = self.shelf.prepare(resolved, &source)?;
        let session = workload.start(resolved, &source, &prepared.path, WriteOptions::default(), SEED)?;
        slot.prepared = Some(prepared);
        Ok(session)
    }

    fn source(&mut self, images: u64) -> Result<Arc<Source>> {
        if let Some(source) = self.sources.get(&images) {
            return Ok(Arc::clone(source));
        }
        let source = Arc::new(Source::new(Arc::new(Take::new(Arc::clone(&self.dataset), images)?))?);
        self.sources.insert(images, Arc::clone(&source));
        Ok(source)
    }

    /// 5 when something delivered was wrong, 1 when something failed or nothing was measured.
    pub fn exit_code(&self) -> Result<ExitCode> {
        // What a format cannot do is shown in the report, and is no failure.
        let failures = || {
            let failures = self.cells.iter().filter_map(|slot| slot.failure.as_ref());
            failures.filter(|error| !matches!(error, Error::Unsupported { .. }))
        };
        if failures().any(|error| matches!(error, Error::Mismatch { .. })) {
            return Ok(ExitCode::from(5));
        }
        if failures().next().is_some() {
            return Ok(ExitCode::from(1));
        }
        if self.cells.iter().all(|slot| slot.recorder.is_empty()) {
            let unsupported = self.cells.iter().any(|slot| slot.failure.is_some());
            eprintln!(
                "cargo bench: {}",
                if unsupported {
                    "no format that was asked for can hold this dataset"
                } else {
                    "no benchmark has a name that the filter matches (see cargo bench -- --list)"
                }
            );
            return Ok(ExitCode::from(1));
        }
        Ok(ExitCode::SUCCESS)
    }

    /// Writes results and report, and prints where the page is.
    pub fn finish(self, settings: &Settings) -> Result<ExitCode> {
        let code = self.exit_code()?;
        if self.cells.iter().all(|slot| slot.recorder.is_empty() && slot.failure.is_none()) {
            return Ok(code);
        }
        let page = shelfmark::report::write(&[self.results(settings)?], &[], &settings.report)?;
        println!("report: {}", page.display());
        Ok(code)
    }

    fn results(self, settings: &Settings) -> Result<Results> {
        let (started, started_utc) = self.started;
        let mut host = self.host;
        host.load.after = host::load_average();
        host.steal_pct = host::steal_pct(self.ticks, host::processor_ticks());
        let facts = dataset::facts(&self.dataset.name(), &*self.dataset)?;
        let cells = self.cells.into_iter().map(|slot| slot.into_cell(&*self.dataset)).collect();
        let started_utc = humantime::format_rfc3339_seconds(started_utc).to_string();
        Ok(Results {
            schema: SCHEMA_ID.into(),
            run: Run {
                id: format!("bench-{started_utc}-{}", std::process::id()),
                started_utc,
                wall_s: started.elapsed().as_secs_f64(),
                command: settings.command.clone(),
                profile: settings.profile().into(),
                tuning: Some(Tuning::Default.name().into()),
                seed: SEED,
                complete: true,
                git: shelfmark::build_info::git(),
                rustc: shelfmark::build_info::RUSTC.into(),
                shelfmark_version: env!("CARGO_PKG_VERSION").into(),
                features: shelfmark::build_info::features(),
            },
            host,
            datasets: vec![facts],
            cells,
            comparisons: Vec::new(),
            null_control: Vec::new(),
        })
    }
}

/// What the dataset is like, and what a user should know about it.
fn look_at(settings: &Settings) -> Result<dataset::Look> {
    let all = dataset::open(&settings.dataset, &OpenOptions::default())?;
    all.remarks().iter().for_each(|remark| eprintln!("{}: {remark}", settings.dataset));
    dataset::Look::at(&*all)
}

/// The preset's formats, and for images that come in files also those that keep the files.
fn default_formats(settings: &Settings, has_files: bool) -> Result<Vec<FormatId>> {
    let mut formats = registry::select(&settings.preset.formats())?;
    if has_files {
        formats.extend(registry::keep_files());
    }
    Ok(formats)
}

impl Slot {
    fn into_cell(self, dataset: &dyn dataset::Dataset) -> Cell {
        let Planned { id, workload, images } = self.planned;
        let estimate = self.recorder.estimate(SEED);
        let (status, reason) = match (&self.resolved, &self.failure, &estimate) {
            (Err(error), ..) => (Status::Unsupported, Some(error.to_string())),
            (_, Some(error @ Error::Unsupported { .. }), _) => (Status::Unsupported, Some(error.to_string())),
            (_, Some(error), _) => (Status::Failed, Some(error.to_string())),
            (.., None) if self.recorder.is_empty() => {
                (Status::Skipped, Some("not selected by the filter on the command line".into()))
            }
            (.., None) => (Status::Skipped, Some("too few samples for an interval".into())),
            (.., Some(_)) => (Status::Ok, None),
        };
        let format = self.resolved.ok().map(|resolved| resolved.format);
        let spec = StoreSpec { shape: dataset.shape(), images };
        let durability = workload.writes().then_some(Durability::default().name());
        let turns = if status == Status::Ok { self.recorder.turns() } else { Default::default() };
        let verified = self.prepared.as_ref().map(|prepared| Verified {
            // The store itself, and every image that the timed turns delivered.
            images: prepared.verified + turns.images.iter().sum::<u64>(),
            ok: self.failure.is_none(),
        });
        Cell {
            id: CellId {
                kind: CellKind::Format,
                format: &id.to_string(),
                workload: workload.name(),
                dataset: &dataset.name(),
                images,
                batch: workload.batch(),
                threads: 1,
                cache: "warm",
                durability,
                deliver: "pixels",
            }
            .to_string(),
            kind: CellKind::Format,
            format: id.to_string(),
            workload: workload.name().into(),
            dataset: dataset.name(),
            images,
            batch: workload.batch(),
            threads: 1,
            cache: "warm".into(),
            durability: durability.map(str::to_owned),
            deliver: "pixels".into(),
            store: self.prepared.as_ref().map(|prepared| StoreRef {
                written_utc: humantime::format_rfc3339_seconds(prepared.written).to_string(),
                nth: 0,
            }),
            native: format.as_ref().map(|format| format.native()),
            options: format.as_ref().map(|format| format.settings(&spec)).unwrap_or_default(),
            capabilities: format.as_ref().map(|format| format.capabilities()),
            estimate: estimate.filter(|_| status == Status::Ok),
            status,
            reason,
            verified,
            cache_proof: self.recorder.warm_proof().filter(|_| !workload.writes()),
            turns,
            latency: None,
            ledger: None,
            ledger_reason: None,
            counters: None,
            storage: self.prepared.map(|prepared| prepared.storage),
        }
    }
}
