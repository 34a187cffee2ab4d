//! What counts how much.

use crate::error::{Error, Result};
use std::str::FromStr;

/// Criteria with their weights, as in `epoch=6,read_one=1,cold-data/epoch=2,space=1`.
#[derive(Debug, Clone, PartialEq)]
pub struct Weights(Vec<(String, f64)>);

impl Weights {
    /// The criteria that were named.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    /// The weight of a criterion; 0 of those that were not named.
    pub(super) fn of(&self, name: &str) -> f64 {
        self.0.iter().find(|(known, _)| known == name).map_or(0.0, |(_, weight)| *weight)
    }
}

impl FromStr for Weights {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let refuse = |why: String| Err(Error::Usage(format!("weights '{text}': {why}")));
        let mut all: Vec<(String, f64)> = Vec::new();
        for part in text.split([',', ' ']).filter(|part| !part.is_empty()) {
            let Some((name, weight)) = part.split_once('=').filter(|(name, _)| !name.is_empty()) else {
                return refuse(format!("'{part}' is not of the form epoch=6"));
            };
            let Some(weight) = weight.parse::<f64>().ok().filter(|weight| (0.0..=1e9).contains(weight)) else {
                return refuse(format!("{name}={weight} is no weight: a number from 0"));
            };
            if all.iter().any(|(known, _)| known == name) {
                return refuse(format!("{name} is given twice"));
            }
            all.push((name.to_owned(), weight));
        }
        if !all.iter().any(|(_, weight)| *weight > 0.0) {
            return refuse("at least one has to be above 0, as in epoch=6,read_one=1,space=1".into());
        }
        Ok(Self(all))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_read_and_what_is_none_is_refused() {
        let weights: Weights = "epoch=6, cold-data/epoch=0.5,space=0".parse().unwrap();
        assert_eq!(["epoch", "cold-data/epoch", "space", "scan"].map(|name| weights.of(name)), [6.0, 0.5, 0.0, 0.0]);
        for (text, why) in [
            ("", "at least one"),
            ("epoch=0", "at least one"),
            ("epoch", "not of the form"),
            ("=1", "not of the form"),
            ("epoch=-1", "no weight"),
            ("epoch=NaN", "no weight"),
            ("epoch=inf", "no weight"),
            ("epoch=1,epoch=2", "twice"),
        ] {
            let message = text.parse::<Weights>().unwrap_err().to_string();
            assert!(message.contains(why), "{text}: {message}");
        }
    }
}
