//! The program as a whole, from outside.
#![allow(clippy::unwrap_used)] // a test that cannot go on shall say so

use assert_cmd::Command;
use predicates::prelude::*;
use predicates::str::contains;
use std::path::{Path, PathBuf};

fn shelfmark() -> Command {
    Command::cargo_bin("shelfmark").unwrap()
}

/// `verify` with a small dataset, in `dir`.
fn verify(dir: &Path, more: &[&str]) -> Command {
    let mut command = shelfmark();
    command.args(["verify", "--dataset", "synthetic:32x32x3", "--images", "300", "--dir"]).arg(dir).args(more);
    command
}

fn json(command: &mut Command) -> (i32, serde_json::Value) {
    let output = command.output().unwrap();
    let value = serde_json::from_slice(&output.stdout);
    let stderr = String::from_utf8_lossy(&output.stderr);
    (output.status.code().expect("killed by a signal"), value.unwrap_or_else(|e| panic!("{e}: {stderr}")))
}

fn is_empty(dir: &Path) -> bool {
    std::fs::read_dir(dir).map_or(true, |mut entries| entries.next().is_none())
}

#[test]
fn list_shows_every_format_built_in_or_not() {
    let (code, list) = json(shelfmark().args(["list", "--json"]));
    assert_eq!(code, 0);
    let formats = list["formats"].as_array().unwrap();
    let ids: Vec<_> = formats.iter().map(|format| format["id"].as_str().unwrap()).collect();
    for wanted in ["dir:png", "lmdb:bincode", "hdf5:raw,chunk=64,deflate=4"] {
        assert!(ids.contains(&wanted), "{ids:?}");
    }
    for format in formats {
        for field in ["id", "container", "codec", "core", "capabilities", "native", "built_in", "reason"] {
            assert!(format.get(field).is_some(), "{format} has no {field}");
        }
        let built_in = format["built_in"].as_bool().unwrap();
        assert_eq!(built_in, format["native"]["version"].is_string(), "{format}");
        assert_eq!(built_in, format["reason"].is_null(), "{format}");
        let left_out = [
            ("lmdb:", cfg!(feature = "lmdb")),
            ("hdf5:", cfg!(feature = "hdf5")),
            ("sqlite:", cfg!(feature = "sqlite")),
            ("redb:", cfg!(feature = "redb")),
            ("rocksdb:", cfg!(feature = "rocksdb")),
            ("arrow:", cfg!(feature = "arrow")),
            ("parquet:", cfg!(feature = "parquet")),
            ("zarr:", cfg!(feature = "zarr")),
            ("filter=blosc", cfg!(feature = "hdf5-blosc")),
        ];
        let id = format["id"].as_str().unwrap();
        let expected = !left_out.iter().any(|(part, there)| id.contains(part) && !there);
        assert_eq!(built_in, expected, "{format}");
    }
    let references = list["references"].as_array().unwrap();
    assert!(references.iter().any(|row| row["id"] == "flat:raw" && row["built_in"] == true), "{references:?}");
    assert!(!ids.iter().any(|id| id.starts_with("flat")), "a reference is no format to choose: {ids:?}");
    shelfmark().arg("list").assert().success().stdout(contains("dir:png").and(contains("epoch")));
}

#[test]
fn env_tells_of_host_noise_and_cold_caches_and_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (code, found) = json(shelfmark().args(["env", "--json", "--dir"]).arg(dir.path().join("not/there/yet")));
    assert_eq!(code, 0);
    assert_eq!(found["host"]["noise"], found["noise"]["words"]);
    assert!(["quiet", "noisy", "very_noisy"].map(Into::into).contains(&found["noise"]["level"]), "{found}");
    assert!(found["noise"]["found"]["work"]["count"].as_u64().unwrap() > 0, "{found}");
    for kind in ["data", "full"] {
        let possible = found["cold"][kind].as_bool().unwrap();
        assert_eq!(possible, found["cold"][format!("{kind}_reason")].is_null(), "{found}");
    }
    let text = shelfmark().args(["env", "--dir"]).arg(dir.path().join("not/there/yet")).output().unwrap().stdout;
    let text = String::from_utf8(text).unwrap();
    assert!(text.contains("the folder is not there yet"), "{text}");
    assert!(is_empty(dir.path()), "something was left behind");
}

#[test]
fn verify_prints_a_line_per_format_and_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let output = verify(dir.path(), &[]).assert().success().get_output().stdout.clone();
    let text = String::from_utf8(output).unwrap();
    assert!(text.lines().filter(|line| line.contains("300 of 300")).count() >= 2, "{text}");
    assert!(is_empty(dir.path()), "stores were left behind");
    let told = |formats: &[&str], code| {
        let more = [&["--formats"], formats].concat();
        String::from_utf8(verify(dir.path(), &more).assert().code(code).get_output().stdout.clone()).unwrap()
    };
    let text = told(&["dir:source"], 1);
    assert_eq!((text.matches(" unsupported").count(), text.matches("dir:source").count()), (1, 1), "{text}");
    assert!(text.ends_with("\nunsupported: 1 of 1 formats, which were not verified\n"), "{text}");
    // Columns begin alike, however long a name is.
    let text = told(&["dir:raw", "dir:source", "dir:png,fanout=1000,level=fastest"], 0);
    let columns: Vec<_> = text.lines().filter_map(|line| line.find(" of 300 ")).collect();
    assert!(columns.len() == 2 && columns[0] == columns[1], "{text}");
    assert!(text.contains("\nunsupported: 1 of 3 formats"), "{text}");
}

#[test]
fn a_store_that_is_there_already_is_replaced_only_by_force() {
    let dir = tempfile::tempdir().unwrap();
    let formats = ["--formats", "dir:raw", "--keep"];
    verify(dir.path(), &formats).assert().success();
    verify(dir.path(), &formats).assert().code(1).stdout(contains("--force"));
    verify(dir.path(), &["--formats", "dir:raw", "--keep", "--force"]).assert().success();
    // Something that is no store is never replaced.
    let other = tempfile::tempdir().unwrap();
    std::fs::create_dir(other.path().join("dir-raw")).unwrap();
    std::fs::write(other.path().join("dir-raw/precious"), "x").unwrap();
    verify(other.path(), &["--formats", "dir:raw", "--keep", "--force"]).assert().code(1).stdout(contains("no store"));
    assert!(other.path().join("dir-raw/precious").exists());
}

/// The file of a store in which an image's payload lies, and a place in it that is payload.
fn payload(store: &Path, format: &str) -> (PathBuf, usize) {
    let find = |file: PathBuf, needle: &[u8], skip: usize| {
        let bytes = std::fs::read(&file).unwrap();
        let at = bytes.windows(needle.len()).position(|window| window == needle).unwrap();
        (file, at + skip)
    };
    match format {
        "dir:png" => find(store.join("images/00000007.png"), b"IDAT", 20),
        "dir:raw" => (store.join("images/00000007.raw"), 100),
        "lmdb:png" => find(store.join("data.mdb"), b"IDAT", 20),
        _ => {
            // Raw pixels, wherever they lie: those of image 7, as `dir:raw` has them; else (deflate) the middle.
            let pixels = std::fs::read(store.with_file_name("dir-raw").join("images/00000007.raw")).unwrap();
            let file = store.join(if format.starts_with("lmdb") { "data.mdb" } else { "images.h5" });
            let bytes = std::fs::read(&file).unwrap();
            let at = bytes.windows(pixels.len()).position(|window| window == pixels).unwrap_or(bytes.len() / 2);
            (file, at + 100)
        }
    }
}

#[test]
fn one_changed_byte_on_disk_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let (code, written) = json(&mut verify(dir.path(), &["--keep", "--json"]));
    assert_eq!(code, 0);
    let (_, list) = json(shelfmark().args(["list", "--json"]));
    let mut checked = 0;
    for line in written["formats"].as_array().unwrap().iter().filter(|line| line["status"] == "ok") {
        let format = line["format"].as_str().unwrap();
        let store = PathBuf::from(line["store"].as_str().unwrap());
        let check = || {
            let mut command = shelfmark();
            command.args(["verify", "--dataset", "synthetic:32x32x3", "--images", "300", "--store"]).arg(&store);
            command.output().unwrap()
        };
        assert_eq!(check().status.code(), Some(0), "{format} before the change");
        let (file, at) = payload(&store, format);
        let mut bytes = std::fs::read(&file).unwrap();
        bytes[at] ^= 0x40;
        std::fs::write(&file, &bytes).unwrap();
        let output = check();
        let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        let listed = list["formats"].as_array().unwrap().iter().find(|row| row["id"] == format).unwrap();
        match (listed["capabilities"]["checksums"].as_bool().unwrap(), output.status.code()) {
            (true, Some(1 | 5)) => {}
            (false, Some(5)) => assert!(text.contains("came back changed"), "{format}: {text}"),
            (_, code) => panic!("{format}: exit {code:?}: {text}"),
        }
        assert!(text.contains(format), "the format is not named: {text}");
        checked += 1;
    }
    assert!(checked >= 2);
}

#[test]
#[cfg(feature = "lmdb")]
fn a_store_cut_short_costs_an_error_not_the_process() {
    let dir = tempfile::tempdir().unwrap();
    verify(dir.path(), &["--formats", "lmdb:raw", "dir:png", "--keep"]).assert().success();
    let file = dir.path().join("lmdb-raw/data.mdb");
    let length = std::fs::metadata(&file).unwrap().len();
    for keep in [length - 4096, length / 2, 8192, 4096, 100, 0] {
        std::fs::OpenOptions::new().write(true).open(&file).unwrap().set_len(keep).unwrap();
        let mut command = shelfmark();
        command.args(["verify", "--dataset", "synthetic:32x32x3", "--images", "300", "--time-limit", "60"]);
        command.arg("--store").arg(dir.path().join("lmdb-raw"));
        let output = command.output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert!(matches!(output.status.code(), Some(1 | 5)), "{keep} bytes left: {:?} {text}", output.status);
        assert!(text.contains("lmdb:raw") && text.contains("again"), "{keep} bytes left: {text}");
    }
}

#[test]
fn wrong_requests_exit_with_2_and_the_nearest_spelling() {
    let dir = tempfile::tempdir().unwrap();
    for (formats, hint) in
        [("pgn", "did you mean 'png'"), ("dir:pngg", "did you mean 'dir:png'"), ("dir:png,levl=fast", "level")]
    {
        verify(dir.path(), &["--formats", formats]).assert().code(2).stderr(contains(hint));
    }
    shelfmark().args(["verify", "--dataset", "cifar:x"]).assert().code(2).stderr(contains("cifar10"));
    shelfmark().args(["verify", "--dataset", "synthetic:0x1x1"]).assert().code(2).stderr(contains("synthetic:32x32x3"));
    shelfmark().arg("reprot").assert().code(2);
    assert!(is_empty(dir.path()), "something was written");
}

#[test]
fn wrong_datasets_exit_with_1_name_the_path_and_leave_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let odd = dir.path().join("odd.bin");
    std::fs::write(&odd, [1; 3074]).unwrap();
    let empty = dir.path().join("empty");
    std::fs::create_dir(&empty).unwrap();
    let stores = dir.path().join("stores");
    for (path, hint) in
        [(&odd, "no multiple of the record"), (&empty, "data_batch_1.bin"), (&dir.path().join("no"), "check the path")]
    {
        let mut command = shelfmark();
        command.args(["verify", "--dataset", &format!("cifar10:{}", path.display()), "--dir"]).arg(&stores);
        command.assert().code(1).stderr(contains(hint).and(contains(path.display().to_string())));
        assert!(is_empty(&stores));
    }
}

#[test]
fn what_is_no_store_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let store = dir.path().join("store");
    std::fs::create_dir(&store).unwrap();
    let check = |hint: &str| {
        let mut command = shelfmark();
        command.args(["verify", "--dataset", "synthetic:8x8x3", "--store"]).arg(&store);
        command.assert().code(1).stderr(contains(hint).and(contains(store.display().to_string())));
    };
    check("no finished store");
    std::fs::write(store.join("shelfmark.json"), "{").unwrap();
    check("damaged");
    std::fs::write(store.join("shelfmark.json"), r#"{"schema": "shelfmark/store/9"}"#).unwrap();
    check("shelfmark/store/9");
    std::fs::remove_dir_all(&store).unwrap();
    check("no such path");
}

#[test]
fn a_full_disk_is_said_and_leaves_nothing() {
    // A file system of 2 MiB, where we may make one.
    let place = tempfile::tempdir().unwrap();
    let mount = |arguments: &[&str]| {
        std::process::Command::new(arguments[0])
            .args(&arguments[1..])
            .arg(place.path())
            .output()
            .is_ok_and(|o| o.status.success())
    };
    if !mount(&["mount", "-t", "tmpfs", "-o", "size=2m", "shelfmark-test"]) {
        println!("skipped: no permission to mount a small file system");
        return;
    }
    let mut command = shelfmark();
    command.args(["verify", "--dataset", "synthetic:32x32x3", "--images", "3000", "--formats", "all", "--dir"]);
    let output = command.arg(place.path()).output();
    let left = !is_empty(place.path());
    mount(&["umount", "-l"]);
    let output = output.unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(!text.contains("3000 of 3000"), "{text}");
    for line in text.lines().skip(1).filter(|line| !line.contains("unsupported: ")) {
        assert!(line.contains("failed") && line.contains("space"), "{line}");
    }
    assert!(!left, "something half-written was left: {text}");
}

#[test]
fn report_makes_a_page_of_the_sample_and_refuses_what_is_none() {
    let dir = tempfile::tempdir().unwrap();
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("reports/sample/results-1.json");
    shelfmark().arg("report").arg(&sample).arg("-o").arg(dir.path()).assert().success().stdout(contains("index.html"));
    let page = std::fs::read_to_string(dir.path().join("index.html")).unwrap();
    assert!(page.contains("<svg") && page.contains("lmdb:bincode"));
    let wrong = dir.path().join("wrong.json");
    for (text, hint) in
        [("x", "not JSON"), ("{}", "schema"), (r#"{"schema": "shelfmark/results/7"}"#, "shelfmark/results/7")]
    {
        std::fs::write(&wrong, text).unwrap();
        shelfmark().arg("report").arg(&wrong).assert().code(1).stderr(contains(hint).and(contains("wrong.json")));
    }
    shelfmark().args(["report", "/no/such.json"]).assert().code(1).stderr(contains("/no/such.json"));
}

#[test]
#[cfg(feature = "hdf5")]
fn a_store_that_is_not_what_its_name_says_is_found() {
    let dir = tempfile::tempdir().unwrap();
    for (really, claimed, found) in [
        ("hdf5:raw,chunk=64", "hdf5:raw,chunk=32", "chunk"),
        ("hdf5:raw,chunk=64", "hdf5:raw", "layout"),
        ("hdf5:raw", "hdf5:raw,chunk=64", "layout"),
        ("hdf5:raw,chunk=64,deflate=4", "hdf5:raw,chunk=64", "filters"),
        ("hdf5:raw,chunk=64,deflate=4", "hdf5:raw,chunk=64,deflate=5", "filters"),
        ("hdf5:png", "hdf5:png,ragged=vlen", "ragged=vlen"),
        ("hdf5:png,ragged=vlen", "hdf5:png", "ragged=offsets"),
    ] {
        let (_, written) = json(&mut verify(dir.path(), &["--formats", really, "--keep", "--force", "--json"]));
        let store = PathBuf::from(written["formats"][0]["store"].as_str().unwrap());
        let manifest = store.join("shelfmark.json");
        let text = std::fs::read_to_string(&manifest).unwrap();
        std::fs::write(&manifest, text.replace(&format!("\"{really}\""), &format!("\"{claimed}\""))).unwrap();
        let mut command = shelfmark();
        command.args(["verify", "--dataset", "synthetic:32x32x3", "--images", "300", "--store"]).arg(&store);
        command.assert().code(5).stdout(contains(found).and(contains("asked for")));
    }
}

#[test]
fn a_store_is_compared_with_what_it_was_written_from() {
    let dir = tempfile::tempdir().unwrap();
    let store = dir.path().join("store");
    let mut convert = shelfmark();
    convert.args(["convert", "synthetic:8x9x1", "--format", "dir:raw", "--images", "30", "--rgb", "--resize", "5x4"]);
    convert.arg(&store).assert().success();
    let check = |more: &[&str]| shelfmark().args(["verify", "--store"]).arg(&store).args(more).assert();
    check(&[]).success().stdout(contains("30 of 30")).stderr(contains("synthetic:8x9x1"));
    // What is asked for comes first.
    check(&["--images", "29"]).code(5).stdout(contains("the dataset 29"));
    check(&["--dataset", "synthetic:5x4x3", "--images", "30"]).code(5).stdout(contains("image 0 came back changed"));
    let manifest = store.join("shelfmark.json");
    let text = std::fs::read_to_string(&manifest).unwrap();
    std::fs::write(&manifest, text.replace("\"dataset\"", "\"datasat\"")).unwrap();
    check(&[]).code(1).stderr(contains("name that with --dataset"));
}
