//! Days.

use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;
use std::time::SystemTime;

/// A day, as in `2027-01-31`: such texts are ordered as days are.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Date(String);

impl Date {
    /// Today, in UTC.
    pub fn today() -> Self {
        Self::of(SystemTime::now())
    }

    /// The day of a moment, in UTC.
    pub fn of(moment: SystemTime) -> Self {
        Self(humantime::format_rfc3339_seconds(moment).to_string().chars().take_while(|c| *c != 'T').collect())
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Date {
    /// A date of TOML, without quotes; the parser has looked whether there is such a day.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let given = toml::value::Datetime::deserialize(deserializer)?;
        match given {
            toml::value::Datetime { date: Some(date), time: None, offset: None } => Ok(Self(date.to_string())),
            other => Err(serde::de::Error::custom(format!("{other} is no day; write one as in 2027-01-31"))),
        }
    }
}
