//! What a binary says of its own making: compiler, commit, and the versions of the libraries locked in Cargo.lock.

#[path = "src/build_info/checkout.rs"]
mod checkout;

use checkout::{BUILT_FROM, Checkout};
use std::path::Path;
use std::process::Command;

fn main() {
    let first_line = |program: &str, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).output().ok().filter(|output| output.status.success())?;
        Some(String::from_utf8_lossy(&output.stdout).lines().next().unwrap_or_default().to_owned())
    };
    let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".into());
    set("RUSTC_VERSION", first_line(&rustc, &["--version"]));

    let lock = std::fs::read_to_string("Cargo.lock").unwrap_or_default();
    for (variable, package) in [
        ("LIBDEFLATE_VERSION", "libdeflate-sys"),
        ("BINCODE_VERSION", "bincode"),
        ("ZUNE_JPEG_VERSION", "zune-jpeg"),
        ("QOI_VERSION", "qoi"),
        ("IMAGE_WEBP_VERSION", "image-webp"),
        ("LZ4_FLEX_VERSION", "lz4_flex"),
        ("TAR_VERSION", "tar"),
        ("ZIP_VERSION", "zip"),
        ("NPYZ_VERSION", "npyz"),
        ("REDB_VERSION", "redb"),
        ("ROCKSDB_VERSION", "librocksdb-sys"),
        ("ARROW_VERSION", "arrow-ipc"),
        ("PARQUET_VERSION", "parquet"),
        ("ZARRS_VERSION", "zarrs"),
    ] {
        set(variable, locked_version(&lock, package));
    }

    // Empty where it is not known: an unpacked crate is no checkout.
    let checkout = Checkout::at(Path::new("."));
    set("GIT_SHA", checkout.as_ref().map(|checkout| checkout.sha.clone()));
    set("GIT_DIRTY", checkout.as_ref().and_then(|checkout| checkout.dirty).map(|dirty| dirty.to_string()));
    // After a commit only this crate is built again: the price of naming what was built, and not what lies there later.
    let heads = checkout.map(|checkout| checkout.heads).unwrap_or_default();
    let sources = BUILT_FROM.into_iter().map(Path::new).filter(|path| path.exists());
    // Running what lies in scripts/peers leaves a folder there that is no source.
    let sources = sources.flat_map(|path| match path.ends_with("peers") {
        true => std::fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path()).collect(),
        false => vec![path.to_owned()],
    });
    for path in heads.iter().cloned().chain(sources).filter(|path| !path.ends_with("__pycache__")) {
        println!("cargo:rerun-if-changed={}", path.display());
    }
}

fn set(variable: &str, value: Option<String>) {
    println!("cargo:rustc-env=BUILT_{variable}={}", value.unwrap_or_default());
}

fn locked_version(lock: &str, package: &str) -> Option<String> {
    let entry = lock.split("[[package]]").find(|entry| entry.contains(&format!("\nname = \"{package}\"\n")))?;
    let line = entry.lines().find(|line| line.starts_with("version = "))?;
    let version = line.split('"').nth(1)?;
    // Behind a plus stands what a crate of another version brings along.
    Some(version.rsplit_once('+').map_or(version, |(_, brought)| brought).to_owned())
}
