//! `cargo bench`: single and batch, write and read, over the core formats and several counts.
//!
//! Criterion measures one benchmark after another: the familiar front, with its filters and baselines. Every timing
//! also goes into a results file of our own, from which the report is written at the end. Settings come from the
//! environment, because the command line is criterion's: see [`settings`].

mod cells;
mod plan;
mod settings;

use cells::{Bench, CellFailed};
use criterion::{BenchmarkId, Criterion, SamplingMode, Throughput};
use settings::{Mode, Settings};
use std::process::ExitCode;
use std::time::Duration;

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("cargo bench: {error}");
            ExitCode::from(if matches!(error, shelfmark::Error::Usage(_)) { 2 } else { 1 })
        }
    }
}

fn run() -> shelfmark::Result<ExitCode> {
    let settings = Settings::from_environment()?;
    let mut bench = Bench::new(&settings)?;
    let mut criterion = Criterion::default()
        .sample_size(settings::SAMPLE_SIZE)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_millis(800))
        // Criterion's own plots take six seconds a benchmark, four times as long as measuring it; our report has the
        // charts. Whoever wants them: cargo bench -- --plotting-backend plotters
        .without_plots()
        // Its "improved" and "regressed" compare with an earlier run on a machine that may have been in another mood:
        // below this it says that nothing can be told.
        .noise_threshold(0.25)
        .output_directory(&settings.baselines)
        .configure_from_args();
    measure(&mut criterion, &mut bench);
    criterion.final_summary();
    match settings.mode {
        Mode::Measure => bench.finish(&settings),
        Mode::Test => bench.exit_code(),
        Mode::Other => Ok(ExitCode::SUCCESS),
    }
}

fn measure(criterion: &mut Criterion, bench: &mut Bench) {
    for workload in bench.workloads() {
        let mut group = criterion.benchmark_group(workload.name());
        // Operations take microseconds to seconds and do input and output: equal samples, not growing ones.
        group.sampling_mode(SamplingMode::Flat);
        for cell in bench.cells_of(workload) {
            group.throughput(bench.throughput(cell));
            let id = BenchmarkId::new(bench.format_name(cell), bench.images(cell));
            let mut running = None;
            let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                group.bench_function(id, |bencher| {
                    bencher.iter_custom(|iterations| bench.iterate(cell, &mut running, iterations));
                });
            }));
            if let Err(payload) = outcome {
                // Criterion has no way to give up one benchmark; a failed cell unwinds to here, and is in the results.
                if !payload.is::<CellFailed>() {
                    std::panic::resume_unwind(payload);
                }
            }
        }
        group.finish();
    }
}

/// Criterion prints images a second; for pixels also bytes a second.
fn throughput(images: u64, bytes: u64) -> Throughput {
    Throughput::ElementsAndBytes { elements: images, bytes }
}
