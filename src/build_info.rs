//! What this binary was built from.

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
