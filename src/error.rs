//! The library's one error type. Every message names what failed, where, why, and what to do about it.

use std::path::{Path, PathBuf};

/// What can go wrong.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The request itself is wrong (an unknown format, an option out of range): nothing was touched.
    #[error("{0}")]
    Usage(String),
    /// The operating system refused something.
    #[error("cannot {action} {}: {source}{}", path.display(), remedy_for(source))]
    Io {
        /// What was tried, as a verb: "read", "create" ...
        action: &'static str,
        /// Where.
        path: PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },
    /// A dataset cannot be read.
    #[error("dataset {}: {cause}; {remedy}", path.display())]
    Dataset {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong with it.
        cause: String,
        /// What would mend it.
        remedy: String,
    },
    /// A results file cannot be read.
    #[error("results {}: {cause}; {remedy}", path.display())]
    Results {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        cause: String,
        /// What would mend it.
        remedy: String,
    },
    /// A store cannot be written or read.
    #[error("{format} store {}: {cause}; {remedy}", path.display())]
    Store {
        /// The format, as in `dir:png`, or "unknown".
        format: String,
        /// The store's directory, or the file inside it.
        path: PathBuf,
        /// What is wrong with it.
        cause: String,
        /// What would mend it.
        remedy: String,
    },
    /// The format cannot do what was asked.
    #[error("{format}: unsupported: {what}")]
    Unsupported {
        /// The format.
        format: String,
        /// What it cannot do.
        what: String,
    },
    /// The user asked to stop.
    #[error("interrupted{0}")]
    Interrupted(String),
    /// What came back is not what was written.
    #[error("{format} store {}: {detail}", path.display())]
    Mismatch {
        /// The format.
        format: String,
        /// The store.
        path: PathBuf,
        /// The first difference found.
        detail: String,
    },
}

/// The library's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;

fn remedy_for(source: &std::io::Error) -> &'static str {
    match source.kind() {
        std::io::ErrorKind::StorageFull => "; free some space, or write to another place",
        std::io::ErrorKind::NotFound => "; check the path",
        std::io::ErrorKind::PermissionDenied => "; check who may read and write there",
        std::io::ErrorKind::AlreadyExists | std::io::ErrorKind::NotADirectory => {
            "; a file is in the way of a directory"
        }
        _ => "",
    }
}

/// Turns an [`std::io::Error`] into an [`Error::Io`] that says what was tried and where.
pub trait IoContext<T> {
    /// Adds the action (a verb) and the path.
    ///
    /// # Errors
    /// The error that was there before, with its context.
    fn at(self, action: &'static str, path: impl AsRef<Path>) -> Result<T>;
}

impl<T> IoContext<T> for std::io::Result<T> {
    fn at(self, action: &'static str, path: impl AsRef<Path>) -> Result<T> {
        self.map_err(|source| Error::Io { action, path: path.as_ref().to_owned(), source })
    }
}

/// The candidate closest in spelling to `given`, if any is close enough to be a typing error.
pub fn nearest<'a>(given: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(given, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.len() / 4)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// "unknown `kind` `given`; did you mean ...?", or the list of what there is when nothing is near.
pub fn unknown<'a>(kind: &str, given: &str, candidates: impl IntoIterator<Item = &'a str> + Clone) -> Error {
    let hint = match nearest(given, candidates.clone()) {
        Some(near) => format!("did you mean '{near}'?"),
        None => format!("there is: {}", candidates.into_iter().collect::<Vec<_>>().join(", ")),
    };
    Error::Usage(format!("unknown {kind} '{given}'; {hint}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_told_in_words_that_fit_every_verb() {
        let full: std::io::Result<()> = Err(std::io::ErrorKind::StorageFull.into());
        let told = full.at("write", "there").map_err(|error| error.to_string()).unwrap_err();
        // Some verbs have it, `convert` and `report` do not.
        assert!(told.contains("free some space") && !told.contains("--dir"), "{told}");
    }

    #[test]
    fn nearest_finds_typing_errors_and_leaves_strangers_alone() {
        assert_eq!(nearest("hdf", ["dir", "lmdb", "hdf5"]), Some("hdf5"));
        assert_eq!(nearest("lmbd", ["dir", "lmdb", "hdf5"]), Some("lmdb"));
        assert_eq!(nearest("cassandra", ["dir", "lmdb", "hdf5"]), None);
        // Two letters of three are another word.
        assert_eq!(nearest("zip", ["dir", "lmdb", "hdf5"]), None);
    }
}
