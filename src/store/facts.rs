//! What is known of a container or codec without measuring it.

/// Licence, specification and kin, in a few words each.
#[derive(Debug, Clone, Copy)]
pub struct Facts {
    /// Licence of what does the work.
    pub licence: &'static str,
    /// Where the bytes on disk are described.
    pub specification: &'static str,
    /// Other programs that read and write them.
    pub others: &'static str,
}
