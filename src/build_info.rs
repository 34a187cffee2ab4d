//! What this binary was built from.

use crate::results::Git;
use std::process::Command;

/// The compiler's version line.
pub const RUSTC: &str = env!("BUILT_RUSTC_VERSION");

/// Cargo features built in.
pub fn features() -> Vec<String> {
    let features = [
        ("lmdb", cfg!(feature = "lmdb")),
        ("hdf5", cfg!(feature = "hdf5")),
        ("hdf5-static", cfg!(feature = "hdf5-static")),
    ];
    features.iter().filter(|(_, built_in)| *built_in).map(|(name, _)| (*name).to_owned()).collect()
}

/// The checkout that this program was built in, as it is now; nothing where the program lies elsewhere. Asked now, because
/// a build that had to know would have to be repeated after every commit.
pub fn git() -> Git {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let inside = std::env::current_exe().is_ok_and(|program| program.starts_with(root));
    let ask = |arguments: &[&str]| {
        let output = Command::new("git").arg("-C").arg(root).args(arguments).output().ok()?;
        let text = || String::from_utf8_lossy(&output.stdout).trim().to_owned();
        (inside && output.status.success()).then(text)
    };
    let dirty = ask(&["status", "--porcelain", "--untracked-files=no"]).map(|changed| !changed.is_empty());
    Git { sha: ask(&["rev-parse", "HEAD"]), dirty }
}
