//! Options of containers and codecs: declared as data, checked in one place, listed by `shelfmark list`.

use crate::error::{Error, Result, nearest, unknown};
use crate::store::FormatId;
use serde::Serialize;

/// One option a container or codec takes.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct OptionInfo {
    /// Its name, as in `chunk=64`.
    pub key: &'static str,
    /// What may stand behind the equals sign.
    pub values: Values,
    /// What holds when it is not given.
    pub default: &'static str,
    /// What it does, in a few words.
    pub about: &'static str,
    /// Whether it says how a store is read, and nothing of how it is written.
    pub reading: bool,
}

/// What an option may be set to.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Values {
    /// A whole number between two bounds, both allowed.
    Integer {
        /// Smallest.
        min: u64,
        /// Largest.
        max: u64,
    },
    /// One of some words.
    OneOf(&'static [&'static str]),
}

/// Checks every option of `id` against what its container and codec declare.
///
/// # Errors
/// [`Error::Usage`] with the nearest valid spelling, or the allowed values.
pub fn check<'a>(id: &FormatId, declared: impl Iterator<Item = &'a OptionInfo> + Clone) -> Result<()> {
    for (key, value) in &id.options {
        let Some(option) = declared.clone().find(|option| option.key == key) else {
            let mut keys = declared.map(|option| option.key).peekable();
            return Err(if keys.peek().is_none() {
                Error::Usage(format!("format '{id}': {}:{} takes no options", id.container, id.codec))
            } else {
                let keys: Vec<_> = keys.collect();
                Error::Usage(format!("format '{id}': {}", unknown("option", key, keys)))
            });
        };
        match option.values {
            Values::Integer { min, max } => {
                // One way to write a number, or one format would have two names.
                let canonical = value.parse::<u64>().ok().filter(|number| number.to_string() == *value);
                if !canonical.is_some_and(|number| (min..=max).contains(&number)) {
                    return Err(Error::Usage(format!(
                        "format '{id}': {key}={value} is not a whole number from {min} to {max}"
                    )));
                }
            }
            Values::OneOf(words) => {
                if !words.contains(&value.as_str()) {
                    let hint = match nearest(value, words.iter().copied()) {
                        Some(near) => format!("did you mean '{key}={near}'?"),
                        None => format!("it takes: {}", words.join(", ")),
                    };
                    return Err(Error::Usage(format!("format '{id}': {key}={value} is not known; {hint}")));
                }
            }
        }
    }
    Ok(())
}

/// The number given for `key`, if it is given. Call after [`check`].
pub fn integer(id: &FormatId, key: &str) -> Option<u64> {
    id.options.get(key).and_then(|value| value.parse().ok())
}

/// The word given for `option`, or its default.
pub fn word<'a>(id: &'a FormatId, option: &'a OptionInfo) -> &'a str {
    id.options.get(option.key).map_or(option.default, String::as_str)
}
