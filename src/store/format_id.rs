//! The written name of a format: `container:codec,key=value`.

use crate::error::{Error, Result};
use crate::store::{codec, registry};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// A format's full name, taken apart. Says nothing yet on whether such a format exists: see [`registry::resolve`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FormatId {
    /// What holds the records or arrays: `dir`, `lmdb`, `hdf5`.
    pub container: String,
    /// How an image becomes bytes: `raw`, `png`, `bincode`.
    pub codec: String,
    /// Options as written, sorted by key, so that one format has one name.
    pub options: BTreeMap<String, String>,
}

impl FormatId {
    /// Whether other pixels come back than went in: stores are then compared with what the codec itself makes of the images.
    pub fn is_lossy(&self) -> bool {
        codec::find(&self.codec).is_some_and(|codec| codec.lossy)
    }

    /// A directory name for a store of this format, without characters that shells or file systems treat specially.
    pub fn directory_name(&self) -> String {
        self.to_string().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect()
    }
}

impl FromStr for FormatId {
    type Err = Error;

    /// Takes `png`, `tar`, `dir:png`, `hdf5:raw,chunk=64,deflate=4`; short names may carry options (`hdf5,chunk=64`).
    fn from_str(text: &str) -> Result<Self> {
        let mut parts = text.trim().split(',');
        let written = parts.next().unwrap_or_default();
        if let Some((before, option)) = written.rsplit_once(':').filter(|(_, option)| option.contains('=')) {
            return Err(Error::Usage(format!(
                "format '{text}': options follow a comma{}",
                if registry::expand_short_name(before).contains(':') {
                    format!("; did you mean '{before},{option}'?")
                } else {
                    ", as in dir:png,level=fast".into()
                }
            )));
        }
        let name = registry::expand_short_name(written);
        let (container, codec) = name.split_once(':').ok_or_else(|| registry::unknown_format(name))?;
        let mut options = BTreeMap::new();
        for part in parts {
            let (key, value) =
                part.split_once('=').filter(|(key, value)| !key.is_empty() && !value.is_empty()).ok_or_else(|| {
                    Error::Usage(format!("format '{text}': option '{part}' is not of the form key=value (formats are separated by spaces)"))
                })?;
            if options.insert(key.to_owned(), value.to_owned()).is_some() {
                return Err(Error::Usage(format!("format '{text}': option '{key}' is given twice")));
            }
        }
        Ok(Self { container: container.to_owned(), codec: codec.to_owned(), options })
    }
}

impl fmt::Display for FormatId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.container, self.codec)?;
        self.options.iter().try_for_each(|(key, value)| write!(f, ",{key}={value}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<FormatId> {
        text.parse()
    }

    #[test]
    fn names_are_taken_apart_and_written_one_way() {
        assert_eq!(parse("png").unwrap().to_string(), "dir:png");
        assert_eq!(parse("lmdb").unwrap().to_string(), "lmdb:bincode");
        assert_eq!(parse("hdf5,deflate=4,chunk=64").unwrap().to_string(), "hdf5:raw,chunk=64,deflate=4");
    }

    #[test]
    fn what_is_no_name_is_refused_with_the_nearest() {
        for (text, expected) in [
            ("pgn", "did you mean 'png'"),
            ("dir:png,level", "not of the form key=value"),
            ("dir:png,level=", "not of the form key=value"),
            ("dir:png,level=1,level=2", "twice"),
            ("", "unknown format ''"),
            ("png:level=fast", "options follow a comma; did you mean 'png,level=fast'?"),
            ("dir:png:level=fast", "did you mean 'dir:png,level=fast'?"),
            ("dir:level=fast", "did you mean 'dir,level=fast'?"),
            ("jpg:level=fast", "options follow a comma, as in dir:png,level=fast"),
        ] {
            let message = parse(text).unwrap_err().to_string();
            assert!(message.contains(expected), "{text:?}: {message}");
        }
    }
}
