//! Options of containers and codecs: declared as data, checked in one place, listed by `shelfmark list`.

use crate::error::{Error, Result};
use crate::store::FormatId;
use serde::Serialize;
use std::fmt;

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

impl Values {
    /// Whether `value` is one of them.
    fn allow(&self, value: &str) -> bool {
        match self {
            // One way to write a number, or one format would have two names.
            Self::Integer { min, max } => {
                value.parse::<u64>().is_ok_and(|number| (min..=max).contains(&&number) && number.to_string() == value)
            }
            Self::OneOf(words) => words.contains(&value),
        }
    }
}

impl fmt::Display for Values {
    /// `1..9`, `444|422|420`: in `shelfmark list` and in errors alike.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer { min, max } => write!(f, "{min}..{max}"),
            Self::OneOf(words) => f.write_str(&words.join("|")),
        }
    }
}

impl fmt::Display for OptionInfo {
    /// As it is written in formats: `deflate=0..9`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.key, self.values)
    }
}

impl OptionInfo {
    /// Whether saying so says nothing: `value` is what holds anyway.
    pub fn is_default(&self, value: &str) -> bool {
        value == self.default && self.values.allow(value)
    }

    /// What holds when it is not given, in words: only what may be written stands there as a default.
    pub fn otherwise(&self) -> String {
        let word = if self.values.allow(self.default) { "default" } else { "without" };
        format!("{word}: {}", self.default.strip_prefix("none: ").unwrap_or(self.default))
    }
}

/// Checks every option of `id` against what its container and codec declare.
///
/// # Errors
/// [`Error::Usage`] with all options there are, or all values this one takes: they are few, and who misspelt one of
/// several seldom means the nearest.
pub fn check<'a>(id: &FormatId, declared: impl Iterator<Item = &'a OptionInfo> + Clone) -> Result<()> {
    let refuse = |why: String| Err(Error::Usage(format!("format '{id}': {why}")));
    for (key, value) in &id.options {
        let Some(option) = declared.clone().find(|option| option.key == key) else {
            let known: Vec<_> = declared.map(OptionInfo::to_string).collect();
            return refuse(match known[..] {
                [] => format!("{}:{} takes no options", id.container, id.codec),
                _ => format!("unknown option '{key}'; there is: {}", known.join(", ")),
            });
        };
        if !option.values.allow(value) {
            let what = match option.values {
                Values::Integer { .. } => "no whole number in its range",
                Values::OneOf(_) => "not known",
            };
            return refuse(format!("{key}={value} is {what}; it takes {option}"));
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

#[cfg(test)]
mod tests {
    use super::*;

    const LEVEL: OptionInfo = OptionInfo {
        key: "level",
        values: Values::Integer { min: 1, max: 9 },
        default: "none: as it is",
        about: "",
        reading: false,
    };
    const SUM: OptionInfo =
        OptionInfo { key: "sum", values: Values::OneOf(&["none", "crc"]), default: "none", about: "", reading: false };

    #[test]
    fn values_are_shown_as_they_are_written() {
        assert_eq!((LEVEL.to_string().as_str(), SUM.to_string().as_str()), ("level=1..9", "sum=none|crc"));
        assert_eq!(SUM.otherwise(), "default: none");
        // What level=none refuses is not shown as its default.
        assert_eq!(LEVEL.otherwise(), "without: as it is");
    }

    #[test]
    fn only_what_may_be_written_goes_without_saying() {
        assert!(SUM.is_default("none") && !SUM.is_default("crc"));
        let bare = OptionInfo { default: "none", ..LEVEL };
        assert!(!bare.is_default("none"), "level=none would be taken here and refused there");
    }

    #[test]
    fn a_wrong_option_is_told_all_there_are() {
        let check = |name: &str| check(&name.parse().unwrap(), [LEVEL, SUM].iter()).map_err(|error| error.to_string());
        assert_eq!(check("dir:raw,level=9,sum=crc"), Ok(()));
        for wrong in ["level=0", "level=10", "level=01", "level=none", "sum=none|crc", "sum=crd", "sun=crc"] {
            let message = check(&format!("dir:raw,{wrong}")).unwrap_err();
            let expected = match wrong.split_once('=').unwrap().0 {
                "level" => "it takes level=1..9",
                "sum" => "it takes sum=none|crc",
                _ => "there is: level=1..9, sum=none|crc",
            };
            assert!(message.contains(wrong.trim_end_matches("=crc")) && message.ends_with(expected), "{message}");
        }
    }
}
