//! What a binary says of its own making: compiler, and the versions of the libraries locked in Cargo.lock.

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
        ("ARROW_VERSION", "arrow-ipc"),
        ("PARQUET_VERSION", "parquet"),
        ("ZARRS_VERSION", "zarrs"),
    ] {
        set(variable, locked_version(&lock, package));
    }
    println!("cargo:rerun-if-changed=Cargo.lock");
    println!("cargo:rerun-if-changed=build.rs");
}

fn set(variable: &str, value: Option<String>) {
    println!("cargo:rustc-env=BUILT_{variable}={}", value.unwrap_or_default());
}

fn locked_version(lock: &str, package: &str) -> Option<String> {
    let entry = lock.split("[[package]]").find(|entry| entry.contains(&format!("\nname = \"{package}\"\n")))?;
    let line = entry.lines().find(|line| line.starts_with("version = "))?;
    line.split('"').nth(1).map(str::to_owned)
}
