//! What may change, and what follows: exact metrics are equal or within a stated tolerance, or the gate says no. Times
//! have no say in it.

mod allowance;
mod date;
mod judgement;

pub use allowance::Allowance;
pub use date::Date;
pub use judgement::{Allowed, Failure, Judgement, Ungated};

use super::Compared;
use crate::error::{Error, IoContext, Result};
use serde::Deserialize;
use std::path::Path;

/// A gate: nothing may change but what it allows.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gate {
    /// As many exact metrics have to be comparable, or the gate says nothing: what slips out of it all at once shows so.
    #[serde(default)]
    pub least: usize,
    /// Metrics that do not repeat exactly, and how far they may differ: for as long as the gate stands.
    #[serde(default)]
    pub tolerance: Vec<Allowance>,
    /// Changes that were accepted: until they expire.
    #[serde(default)]
    pub accept: Vec<Allowance>,
}

impl Gate {
    /// Reads a gate's file.
    ///
    /// # Errors
    /// [`Error::Io`] when it cannot be read; [`Error::Usage`] when it is no TOML, has a key that is none, or an allowance
    /// lacks its reason, its limit or its date.
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).at("read", path)?;
        Self::parse(&text).map_err(|cause| Error::Usage(format!("gate {}: {cause}", path.display())))
    }

    /// The gate that a text describes.
    ///
    /// # Errors
    /// In words: what is wrong, and where.
    pub fn parse(text: &str) -> Result<Self, String> {
        let gate: Self = toml::from_str(text).map_err(|error| error.to_string().trim_end().to_owned())?;
        let all =
            gate.tolerance.iter().map(|one| ("tolerance", one)).chain(gate.accept.iter().map(|one| ("accept", one)));
        for (nth, (kind, allowance)) in all.enumerate() {
            let nth = if kind == "accept" { nth - gate.tolerance.len() } else { nth } + 1;
            allowance.check(kind == "accept").map_err(|cause| format!("[[{kind}]] number {nth}: {cause}"))?;
        }
        Ok(gate)
    }

    /// Judges a comparison on a day.
    pub fn judge(&self, compared: &Compared, today: &Date) -> Judgement {
        judgement::judge(self, compared, today)
    }
}
