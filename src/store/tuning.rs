//! What formats are tuned for: every container says, as data, which of its options suit training reads where its defaults are
//! what its library or its users' tools do.

use crate::error::{Error, Result, unknown};
use crate::store::container::CONTAINERS;
use crate::store::{FormatId, registry};
use serde::Serialize;
use std::str::FromStr;

/// One option that tuning sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Tuned {
    /// The option.
    pub key: &'static str,
    /// What it is set to.
    pub value: &'static str,
    /// To which formats of the container this applies.
    pub applies: Applies,
    /// Why, in a few words, with what was measured or that nothing was.
    pub why: &'static str,
}

/// To which formats of its container a tuned option applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Applies {
    /// All of them.
    Always,
    /// Those that are read cold.
    Cold,
}

impl Applies {
    /// In words, as behind "where"; nothing where it is everywhere.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Always => "",
            Self::Cold => "read cold",
        }
    }
}

/// Which options are in force where none are named.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Tuning {
    /// Those that the container has by default.
    #[default]
    Default,
    /// Those that suit training reads, as the containers say.
    Tuned {
        /// Whether all reads are cold.
        cold: bool,
    },
}

impl Tuning {
    /// The word in results and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Tuned { .. } => "tuned",
        }
    }

    /// The format that `id` is with this tuning: options that its name has stay as they are.
    pub fn of(self, id: &FormatId) -> FormatId {
        let Self::Tuned { cold } = self else { return id.clone() };
        let mut tuned = id.clone();
        for Tuned { key, value, applies, .. } in known(&id.container) {
            let here = match applies {
                Applies::Always => true,
                Applies::Cold => cold,
            };
            if here && !tuned.options.contains_key(*key) {
                tuned.options.insert((*key).to_owned(), (*value).to_owned());
            }
        }
        // What cannot be combined stays as it was asked for.
        if registry::resolve(&tuned).is_err() { id.clone() } else { tuned }
    }
}

/// What tuning sets in formats of a container; nothing where it is not built in.
pub fn known(container: &str) -> &'static [Tuned] {
    let info = CONTAINERS.iter().find(|entry| entry.name == container).and_then(|entry| entry.info);
    info.map_or(&[], |info| info.tuned)
}

impl FromStr for Tuning {
    type Err = Error;

    /// `default` or `tuned`, for warm reads.
    fn from_str(name: &str) -> Result<Self> {
        match name {
            "default" => Ok(Self::Default),
            "tuned" => Ok(Self::Tuned { cold: false }),
            other => Err(unknown("tuning", other, ["default", "tuned"])),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::options::check;

    #[test]
    fn what_containers_say_can_be_said_of_their_formats() {
        for entry in CONTAINERS {
            let Some(info) = entry.info else { continue };
            for Tuned { key, value, why, .. } in info.tuned {
                let name = format!("{}:{},{key}={value}", entry.name, info.codecs[0]);
                check(&name.parse().unwrap(), info.options.iter()).unwrap_or_else(|e| panic!("{name}: {e}"));
                let option = info.options.iter().find(|option| option.key == *key).unwrap();
                assert!(!option.is_default(value), "{name} says nothing");
                let measured = why.contains(" times as fast") || why.contains("not measured");
                assert!(measured, "{name} does not say what was measured or that nothing was: {why}");
            }
        }
        for row in registry::rows().iter().filter(|row| row.missing().is_none()) {
            for cold in [false, true] {
                let id = Tuning::Tuned { cold }.of(&row.id);
                registry::resolve(&id).unwrap_or_else(|e| panic!("{id}: {e}"));
                assert_eq!(Tuning::Tuned { cold }.of(&id), id, "tuned is tuned");
            }
            assert_eq!(Tuning::Default.of(&row.id), row.id);
        }
    }

    #[test]
    #[cfg(feature = "lmdb")]
    fn what_was_asked_for_stays() {
        let tuned = |name: &str, cold| Tuning::Tuned { cold }.of(&name.parse().unwrap()).to_string();
        assert_eq!(tuned("lmdb:raw", false), "lmdb:raw,keys=integer");
        assert_eq!(tuned("lmdb:raw", true), "lmdb:raw,keys=integer,readahead=off");
        assert_eq!(tuned("lmdb:raw,keys=digits,readahead=on", true), "lmdb:raw,keys=digits,readahead=on");
        assert_eq!(tuned("dir:png", true), "dir:png");
        let select = |text: &str, tuning| registry::select_tuned(&[text.to_owned()], tuning).unwrap();
        let names = |text: &str| {
            let selected = select(text, Tuning::Tuned { cold: false });
            selected.iter().map(FormatId::to_string).collect::<Vec<_>>()
        };
        assert_eq!(names("lmdb:raw lmdb:raw,keys=integer dir:png"), ["lmdb:raw,keys=integer", "dir:png"]);
        // What says the default says that it is wanted.
        assert_eq!(names("lmdb:raw,keys=digits"), ["lmdb:raw"]);
        let kept = |text: &str, cold| {
            let kept = registry::kept_defaults(&[text.to_owned()], Tuning::Tuned { cold }).unwrap();
            kept.iter().map(|(id, selected)| format!("{id} is {selected}")).collect::<Vec<_>>()
        };
        let digits = "lmdb:raw,keys=digits is lmdb:raw";
        assert_eq!(kept("core lmdb:raw,keys={digits,integer} lmdb:raw,readahead=on", false), [digits]);
        assert_eq!(kept("lmdb:raw,readahead=on", true), ["lmdb:raw,readahead=on is lmdb:raw,keys=integer"]);
        assert!(registry::kept_defaults(&["lmdb:raw,keys=digits".into()], Tuning::Default).unwrap().is_empty());
        assert!(names("core").contains(&"lmdb:bincode,keys=integer".to_owned()));
        assert_eq!(select("core", Tuning::Default), registry::select(&[]).unwrap());
        assert!("tunde".parse::<Tuning>().unwrap_err().to_string().contains("did you mean 'tuned'"));
    }
}
