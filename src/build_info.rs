//! What this binary was built from.

use crate::results::Git;

#[cfg(test)]
mod checkout;

/// The compiler's version line.
pub const RUSTC: &str = env!("BUILT_RUSTC_VERSION");

/// Cargo features, and whether they are built in.
const FEATURES: [(&str, bool); 10] = [
    ("lmdb", cfg!(feature = "lmdb")),
    ("hdf5", cfg!(feature = "hdf5")),
    ("hdf5-blosc", cfg!(feature = "hdf5-blosc")),
    ("hdf5-static", cfg!(feature = "hdf5-static")),
    ("sqlite", cfg!(feature = "sqlite")),
    ("redb", cfg!(feature = "redb")),
    ("rocksdb", cfg!(feature = "rocksdb")),
    ("arrow", cfg!(feature = "arrow")),
    ("parquet", cfg!(feature = "parquet")),
    ("zarr", cfg!(feature = "zarr")),
];

/// Cargo features built in.
pub fn features() -> Vec<String> {
    FEATURES.iter().filter(|(_, built_in)| *built_in).map(|(name, _)| (*name).to_owned()).collect()
}

/// The commit that this program was built from, and whether its sources differed from it; nothing where that was not known.
pub fn git() -> Git {
    let known = |text: &'static str| Some(text).filter(|text| !text.is_empty());
    Git {
        sha: known(env!("BUILT_GIT_SHA")).map(str::to_owned),
        dirty: known(env!("BUILT_GIT_DIRTY")).map(|dirty| dirty == "true"),
    }
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
    fn the_commit_is_that_of_the_build_and_asked_of_nobody_later() {
        // It may have gone on since, but a checkout that git knows has one.
        let known = checkout::Checkout::at(env!("CARGO_MANIFEST_DIR").as_ref());
        assert_eq!(git().sha.map(|sha| sha.len()), known.map(|checkout| checkout.sha.len()));
        assert_eq!(git().dirty.is_some(), git().sha.is_some());
    }
}
