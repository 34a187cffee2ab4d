//! What this binary was built from.

use crate::results::Git;
use std::path::Path;
use std::process::Command;

/// The compiler's version line.
pub const RUSTC: &str = env!("BUILT_RUSTC_VERSION");

/// Cargo features, and whether they are built in.
const FEATURES: [(&str, bool); 9] = [
    ("lmdb", cfg!(feature = "lmdb")),
    ("hdf5", cfg!(feature = "hdf5")),
    ("hdf5-blosc", cfg!(feature = "hdf5-blosc")),
    ("hdf5-static", cfg!(feature = "hdf5-static")),
    ("sqlite", cfg!(feature = "sqlite")),
    ("redb", cfg!(feature = "redb")),
    ("arrow", cfg!(feature = "arrow")),
    ("parquet", cfg!(feature = "parquet")),
    ("zarr", cfg!(feature = "zarr")),
];

/// Cargo features built in.
pub fn features() -> Vec<String> {
    FEATURES.iter().filter(|(_, built_in)| *built_in).map(|(name, _)| (*name).to_owned()).collect()
}

/// The checkout that this program was built in, as it is now; nothing where the program lies elsewhere than it was built,
/// for then the checkout may have gone on without it. Asked now, because a build that had to know would have to be repeated
/// after every commit.
pub fn git() -> Git {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let inside = std::env::current_exe().is_ok_and(|program| is_inside(&program, &[root, built_in()]));
    let ask = |arguments: &[&str]| {
        let output = Command::new("git").arg("-C").arg(root).args(arguments).output().ok()?;
        let text = || String::from_utf8_lossy(&output.stdout).trim().to_owned();
        (inside && output.status.success()).then(text)
    };
    let dirty = ask(&["status", "--porcelain", "--untracked-files=no"]).map(|changed| !changed.is_empty());
    Git { sha: ask(&["rev-parse", "HEAD"]), dirty }
}

/// Where cargo put what it built (`target/release`), which need not be in the checkout: the build script's folder is
/// `build/NAME/out` in there.
fn built_in() -> &'static Path {
    let out = Path::new(env!("OUT_DIR"));
    out.ancestors().nth(3).unwrap_or(out)
}

/// Whether a program lies in one of the folders, however their paths are spelled.
fn is_inside(program: &Path, folders: &[&Path]) -> bool {
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    folders.iter().any(|folder| real(program).starts_with(real(folder)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_feature_of_the_manifest_is_told() {
        let manifest: &str = include_str!("../Cargo.toml");
        let (_, rest) = manifest.split_once("\n[features]\n").unwrap();
        let (features, _) = rest.split_once("\n[").unwrap();
        let names = features.lines().filter_map(|line| line.split_once(" = [")).map(|(name, _)| name);
        // These stand for others.
        let mut names: Vec<_> = names.filter(|name| !["default", "shelf"].contains(name)).collect();
        names.sort_unstable();
        let mut told = FEATURES.map(|(name, _)| name);
        told.sort_unstable();
        assert_eq!(names, told);
    }

    #[test]
    fn this_program_lies_where_it_was_built_and_one_elsewhere_does_not() {
        let program = std::env::current_exe().unwrap();
        assert!(is_inside(&program, &[built_in()]), "{} in {}", program.display(), built_in().display());
        let checkout = Path::new(env!("CARGO_MANIFEST_DIR"));
        assert!(!is_inside(Path::new("/usr/local/bin/shelfmark"), &[checkout, built_in()]));
        if checkout.join(".git").exists() && git().sha.is_none() {
            // No git here, or it does not trust this checkout.
            assert!(!Command::new("git").arg("-C").arg(checkout).arg("log").output().is_ok_and(|o| o.status.success()));
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_behind_a_link_is_the_same_folder() {
        let dir = tempfile::tempdir().unwrap();
        let (real, link) = (dir.path().join("real"), dir.path().join("link"));
        std::fs::create_dir(&real).unwrap();
        std::fs::write(real.join("program"), "").unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        assert!(is_inside(&real.join("program"), &[&link]) && is_inside(&link.join("program"), &[&real]));
    }
}
