//! What this binary was built from.

/// The compiler's version line.
pub const RUSTC: &str = env!("SHELFMARK_RUSTC_VERSION");

/// The commit, or `None` outside a checkout.
pub fn git_sha() -> Option<String> {
    Some(env!("SHELFMARK_GIT_SHA")).filter(|sha| !sha.is_empty()).map(str::to_owned)
}

/// Whether tracked files differed from that commit.
pub fn git_dirty() -> Option<bool> {
    env!("SHELFMARK_GIT_DIRTY").parse().ok()
}

/// Cargo features built in.
pub fn features() -> Vec<String> {
    let features = [
        ("lmdb", cfg!(feature = "lmdb")),
        ("hdf5", cfg!(feature = "hdf5")),
        ("hdf5-static", cfg!(feature = "hdf5-static")),
    ];
    features.iter().filter(|(_, built_in)| *built_in).map(|(name, _)| (*name).to_owned()).collect()
}
