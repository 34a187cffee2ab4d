//! `shelfmark run` as a program: what it leaves behind when all goes well, and when it does not. No time decides a test.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)] // a test that cannot go on shall say so

use shelfmark::results::{CellKind, Results, Status};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A place on a disk: the system's temporary folder may be memory.
fn place() -> tempfile::TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}

fn command(place: &Path, arguments: &[&str]) -> Command {
    command_at(&place.join("stores"), place, arguments)
}

fn command_at(stores: &Path, place: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_shelfmark"));
    command.arg("run").args(["--dataset", "synthetic:16x16x3", "--images", "600"]);
    command.arg("--dir").arg(stores).arg("--out").arg(place.join("out")).args(arguments);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn results(place: &Path) -> Results {
    Results::read(&place.join("out/results.json")).unwrap()
}

/// Starts a run that would take minutes, and waits until some blocks of it are saved.
fn under_way(place: &Path, arguments: &[&str]) -> Child {
    let mut child = command(place, arguments).args(["--budget", "600"]).spawn().unwrap();
    while Results::read(&place.join("out/results.json")).map_or(0, |results| blocks(&results)) < 2 {
        assert_eq!(child.try_wait().unwrap(), None, "the run ended before it was under way");
        std::thread::yield_now();
    }
    child
}

/// Whole blocks that results hold, of all contests together.
fn blocks(results: &Results) -> usize {
    let mut found = BTreeMap::<_, usize>::new();
    for cell in &results.cells {
        for (launch, block) in cell.turns.launch.iter().zip(&cell.turns.block) {
            *found.entry((&cell.workload, launch, block)).or_default() += 1;
        }
    }
    found.len()
}

/// In every block of a contest all cells that ended well took two turns, at places that are mirrored.
fn assert_mirrored(results: &Results) {
    let mut places = BTreeMap::<_, Vec<u32>>::new();
    for cell in results.cells.iter().filter(|cell| cell.status == Status::Ok) {
        let turns = &cell.turns;
        for ((launch, block), position) in turns.launch.iter().zip(&turns.block).zip(&turns.position) {
            places.entry((&cell.workload, &cell.cache, launch, block, &cell.id)).or_default().push(*position);
        }
    }
    let mut sums = BTreeMap::<_, Vec<u32>>::new();
    for ((workload, cache, launch, block, id), positions) in places {
        assert_eq!(positions.len(), 2, "{id} in block {block} of launch {launch}");
        sums.entry((workload, cache, launch, block)).or_default().push(positions.iter().sum());
    }
    assert!(!sums.is_empty());
    assert!(sums.values().all(|sums| sums.windows(2).all(|pair| pair[0] == pair[1])), "not mirrored: {sums:?}");
}

/// Processes whose parent is `parent`.
fn children(parent: u32) -> Vec<i32> {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let numbers = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    let stat = |number: &i32| std::fs::read_to_string(format!("/proc/{number}/stat")).unwrap_or_default();
    let is_child = |number: &i32| {
        // After the name, which is in parentheses: the state, and the parent.
        let text = stat(number);
        let rest = text.rsplit_once(") ").map_or("", |(_, rest)| rest);
        rest.split(' ').nth(1).is_some_and(|found| found == parent.to_string())
    };
    numbers.filter(is_child).collect()
}

fn kill(process: i32, signal: &str) {
    assert!(Command::new("kill").args([signal, &process.to_string()]).status().unwrap().success());
}

/// The worker that is measuring. One that was just started may not have its turn yet; that is as good.
fn worker(run: &Child) -> i32 {
    loop {
        if let Some(worker) = children(run.id()).first() {
            return *worker;
        }
        std::thread::yield_now();
    }
}

fn ended(run: Child) -> (Option<i32>, String) {
    let output = run.wait_with_output().unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
#[cfg(feature = "lmdb")]
fn a_run_gives_verdicts_references_and_a_noise_floor() {
    let place = place();
    let arguments = ["--formats", "dir:raw", "lmdb:raw", "--workloads", "write_batch", "epoch", "--budget", "1"];
    let output = command(place.path(), &arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let results = results(place.path());
    assert!(results.run.complete && results.host.noise.is_some());
    assert_mirrored(&results);
    for cell in &results.cells {
        assert_eq!(cell.status, Status::Ok, "{}: {:?}", cell.id, cell.reason);
        let launches = cell.turns.launch.iter().collect::<std::collections::BTreeSet<_>>().len();
        assert!(launches >= 4 && cell.estimate.as_ref().unwrap().launches as usize == launches, "{}", cell.id);
        let delivers = cell.format != "nothing";
        assert_eq!(cell.verified.as_ref().is_some_and(|verified| verified.ok), delivers, "{}", cell.id);
        if delivers && cell.durability.is_none() {
            let counters = cell.counters.as_ref().unwrap();
            assert!(cell.latency.is_some() && counters.images > Some(0), "{}", cell.id);
            assert!(cell.ledger.is_some() != cell.ledger_reason.is_some(), "{}", cell.id);
        }
    }
    for workload in ["write_batch", "epoch"] {
        let of = |kind| results.cells.iter().filter(|cell| cell.workload == workload && cell.kind == kind).count();
        assert_eq!((of(CellKind::Format), of(CellKind::Null)), (2, 1));
        assert!(of(CellKind::Reference) >= 1);
        assert_eq!(results.comparisons.iter().filter(|c| c.workload == workload).count(), 1);
        assert_eq!(results.null_control.iter().filter(|c| c.workload == workload).count(), 1);
    }
    let text = String::from_utf8_lossy(&output.stdout);
    for words in ["epoch: 600 images, warm cache", "reference flat:raw", "null twin: ", "the harness"] {
        assert!(text.contains(words), "no '{words}' in:\n{text}");
    }
    assert!(place.path().join("out/index.html").is_file());
    assert_eq!(std::fs::read_dir(place.path().join("stores")).unwrap().count(), 0, "stores were left behind");
}

#[test]
fn what_is_wrong_with_a_dataset_is_said_once() {
    let place = place();
    let empty = place.path().join("empty");
    std::fs::create_dir(&empty).unwrap();
    for (dataset, remedy) in [
        (format!("folder:{}", empty.display()), "; give a folder with one subfolder a class, or with images"),
        (format!("tar:{}", empty.join("x").display()), "; check the path; mend it or give another with --dataset"),
    ] {
        let mut run = Command::new(env!("CARGO_BIN_EXE_shelfmark"));
        run.args(["run", "--dataset", &dataset])
            .arg("--dir")
            .arg(place.path())
            .arg("--out")
            .arg(place.path().join("out"));
        let (status, told) = ended(run.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap());
        let error = told.lines().find(|line| line.contains("dataset ")).unwrap_or_default();
        assert_eq!((status, error.matches("dataset ").count()), (Some(1), 1), "{told}");
        assert!(error.ends_with(remedy), "{told}");
    }
}

#[test]
#[cfg(feature = "lmdb")]
fn a_killed_worker_costs_a_cell_and_not_the_run() {
    let place = place();
    let run = under_way(place.path(), &["--formats", "dir:raw", "lmdb:raw", "--workloads", "scan"]);
    let process = run.id() as i32;
    kill(worker(&run), "-KILL");
    // Until the others have gone on.
    let seen = blocks(&results(place.path()));
    while blocks(&results(place.path())) < seen + 3 {
        std::thread::yield_now();
    }
    kill(process, "-INT");
    assert_eq!(ended(run).0, Some(130));
    let results = results(place.path());
    assert!(!results.run.complete && results.comparisons.is_empty());
    assert_mirrored(&results);
    let failed: Vec<_> = results.cells.iter().filter(|cell| cell.status == Status::Failed).collect();
    assert_eq!(failed.len(), 1, "{:?}", results.cells.iter().map(|c| (&c.id, c.status)).collect::<Vec<_>>());
    assert!(failed[0].reason.as_ref().unwrap().contains("signal 9 (SIGKILL)"), "{:?}", failed[0].reason);
    assert!(results.cells.iter().filter(|cell| cell.status == Status::Ok).all(|cell| cell.estimate.is_some()));
}

#[test]
fn a_killed_supervisor_leaves_what_it_knew_and_no_worker() {
    let place = place();
    let run = under_way(place.path(), &["--formats", "dir:raw", "--workloads", "scan"]);
    let (process, worker) = (run.id() as i32, worker(&run));
    kill(process, "-KILL");
    ended(run);
    let results = results(place.path());
    assert!(blocks(&results) >= 2 && !results.run.complete);
    assert_mirrored(&results);
    // The worker reads the end of its input.
    while Path::new(&format!("/proc/{worker}/exe")).exists() {
        std::thread::yield_now();
    }
}

#[test]
fn a_folder_is_one_runs_until_that_has_ended() {
    let place = place();
    let arguments = ["--formats", "dir:raw", "--workloads", "scan"];
    let run = under_way(place.path(), &arguments);
    let second = || command(place.path(), &arguments).args(["--profile", "exact"]).output().unwrap();
    let refused = second();
    let words = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(2), "{words}");
    assert!(words.contains("another run is under way") && words.contains("--out"), "{words}");
    kill(run.id() as i32, "-KILL");
    ended(run);
    assert!(blocks(&results(place.path())) >= 2, "what the first one measured is there");
    assert_eq!(second().status.code(), Some(0), "nobody is at work there any more");
}

#[test]
#[cfg(feature = "lmdb")]
fn a_store_that_raises_sigbus_costs_its_cell() {
    let place = place();
    let run = under_way(place.path(), &["--formats", "dir:raw", "lmdb:raw", "--workloads", "epoch"]);
    let process = run.id() as i32;
    // The store of the format, not of its twin.
    let lmdb = walkdir::WalkDir::new(place.path().join("stores")).into_iter().flatten();
    let data: Vec<std::path::PathBuf> =
        lmdb.map(|entry| entry.into_path()).filter(|path| path.ends_with("data.mdb")).collect();
    let data = data.iter().find(|path| path.parent().unwrap().to_string_lossy().ends_with("-0")).unwrap();
    std::fs::OpenOptions::new().write(true).open(data).unwrap().set_len(8192).unwrap();
    let failed = |results: &Results| results.cells.iter().filter(|cell| cell.status == Status::Failed).count();
    while failed(&results(place.path())) == 0 {
        std::thread::yield_now();
    }
    kill(process, "-INT");
    ended(run);
    let results = results(place.path());
    let failed: Vec<_> = results.cells.iter().filter(|cell| cell.status == Status::Failed).collect();
    assert_eq!(failed.len(), 1);
    assert_eq!((failed[0].kind, failed[0].format.as_str()), (CellKind::Format, "lmdb:raw"));
    // By SIGBUS where a turn was under way, refused where the next launch opens it.
    let reason = failed[0].reason.as_ref().unwrap();
    assert!(reason.contains("SIGBUS") || reason.contains("shorter"), "{reason}");
}

#[test]
fn cold_reads_are_proved_or_not_made() {
    let place = place();
    let arguments = ["--formats", "dir:raw", "--workloads", "scan", "--cache", "cold-data", "--budget", "1"];
    let output = command(place.path(), &arguments).output().unwrap();
    let found = results(place.path());
    match shelfmark::measure::cold::supports_cold(place.path()) {
        Ok(()) => {
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            for cell in &found.cells {
                let proof = cell.cache_proof.as_ref().unwrap();
                assert_eq!((proof.resident_before_pct, proof.proved), (Some(0.0), true), "{}", cell.id);
                let turns = cell.turns.images.len() as u64;
                let bytes = cell.storage.as_ref().unwrap().apparent_bytes * turns;
                assert!(proof.device_read_bytes.unwrap() * 10 >= bytes * 9, "{}: {proof:?} of {bytes}", cell.id);
            }
        }
        Err(reason) => assert!(found.cells.iter().all(|cell| cell.reason.as_ref().unwrap().contains(&reason))),
    }
}

#[test]
fn several_threads_are_contests_of_their_own() {
    let place = place();
    let arguments =
        ["--formats", "dir:raw", "--workloads", "epoch", "read_one", "--threads", "1", "3", "--budget", "1"];
    let output = command(place.path(), &arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let results = results(place.path());
    let contests: std::collections::BTreeSet<_> = results
        .cells
        .iter()
        .filter(|cell| cell.kind == CellKind::Format && cell.status == Status::Ok)
        .map(|cell| (cell.workload.as_str(), cell.threads))
        .collect();
    // One image at a time is work for one thread.
    assert_eq!(contests.into_iter().collect::<Vec<_>>(), [("epoch", 1), ("epoch", 3), ("read_one", 1)]);
    assert!(results.cells.iter().filter(|cell| cell.threads == 3).all(|cell| cell.verified.as_ref().unwrap().ok));
    // Where as much can be locked as all stores take.
    let file = tempfile::tempfile().unwrap();
    file.set_len(16 << 20).unwrap();
    if shelfmark::sys::locked_file::LockedFile::new(&file, 16 << 20).is_ok() {
        let stores = results.cells.iter().filter(|cell| cell.storage.is_some());
        assert!(stores.clone().count() > 4);
        for cell in stores {
            assert_eq!(cell.cache_proof.as_ref().unwrap().held, Some(true), "{}", cell.id);
        }
    }
}

#[test]
fn what_is_refused_leaves_the_report_that_is_there() {
    let place = place();
    let run = |arguments: &[&str]| command(place.path(), arguments).output().unwrap();
    let first = ["--formats", "dir:raw", "--workloads", "scan", "--budget", "1"];
    assert!(run(&first).status.success());
    let before = std::fs::read(place.path().join("out/results.json")).unwrap();
    for (arguments, code) in [(&["--filter", "nonsense"][..], 2), (&["--formats", "nonsense"], 2)] {
        let refused = run(&[&["--profile", "exact"], arguments].concat());
        let words = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert_eq!(refused.status.code(), Some(code), "{words}");
        assert!(!words.contains("is now in"), "{words}");
        assert!(std::fs::read(place.path().join("out/results.json")).unwrap() == before, "{arguments:?}");
    }
    let words = String::from_utf8(run(&first).stderr).unwrap();
    assert!(words.contains("is now in"), "{words}");
}

#[test]
fn references_are_not_measured_for_what_cannot_be() {
    let place = place();
    // Synthetic images come in no files; no build of the tests has the other.
    let formats = if cfg!(feature = "rocksdb") { &["dir:source"][..] } else { &["dir:source", "rocksdb:raw"] };
    let arguments = [&["--workloads", "scan", "--budget", "600", "--formats"], formats].concat();
    let output = command(place.path(), &arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let results = results(place.path());
    assert_eq!(results.cells.iter().filter(|cell| cell.kind == CellKind::Format).count(), formats.len());
    for cell in &results.cells {
        assert_ne!(cell.kind, CellKind::Reference, "{}", cell.id);
        assert!(cell.status == Status::Unsupported && cell.reason.is_some(), "{}: {:?}", cell.id, cell.status);
    }
}

#[test]
fn nothing_is_cold_in_memory() {
    let memory = Path::new("/dev/shm");
    // A system whose /dev/shm is a disk, or has none, has nothing to refuse.
    let Err(why) = shelfmark::measure::cold::supports_cold(memory) else { return };
    let (place, stores) = (place(), tempfile::tempdir_in(memory).unwrap());
    let arguments = ["--formats", "dir:raw", "--workloads", "scan", "--cache", "cold-data", "warm", "--budget", "1"];
    let mut command = command_at(stores.path(), place.path(), &arguments);
    assert!(command.output().unwrap().status.success());
    for cell in results(place.path()).cells {
        match cell.cache.as_str() {
            "warm" => assert_eq!(cell.status, Status::Ok, "{}", cell.id),
            _ => {
                assert_eq!((cell.status, cell.estimate), (Status::Unsupported, None), "{}", cell.id);
                let reason = cell.reason.unwrap();
                assert!(
                    why.ends_with("nothing can be cold there") && reason.contains("nothing can be cold there"),
                    "{reason}"
                );
                assert!(reason.ends_with("name a folder on a disk with --dir"), "{reason}");
            }
        }
    }
}

/// With what its container says unless its name says otherwise; names show it, and results say which was asked for.
#[test]
fn a_tuned_run_is_of_tuned_formats() {
    let place = place();
    let arguments = ["--profile", "exact", "--workloads", "epoch", "--formats"];
    for (tuning, expected) in [("default", ["tar:raw", "npy:raw"]), ("tuned", ["tar:raw,readahead=off", "npy:raw"])] {
        // Cold, so that read-ahead matters; nothing is cold where this folder is memory, and named all the same.
        let more = ["tar:raw", "npy:raw,readahead=on", "--cache", "cold-data", "--tuning", tuning];
        // Nor is git there to be asked what was built.
        let output = command(place.path(), &[&arguments[..], &more[..]].concat()).env("PATH", "").output().unwrap();
        let (found, told) = (results(place.path()), String::from_utf8_lossy(&output.stderr).into_owned());
        assert_eq!(found.run.tuning.as_deref(), Some(tuning), "{told}");
        assert_eq!(found.run.git, shelfmark::build_info::git());
        let kept = "npy:raw,readahead=on stays as you named it; it is called npy:raw below";
        assert_eq!(told.contains(kept), tuning == "tuned", "{told}");
        let formats = found.cells.iter().filter(|cell| cell.kind == CellKind::Format);
        assert_eq!(formats.map(|cell| cell.format.as_str()).collect::<Vec<_>>(), expected);
    }
}
