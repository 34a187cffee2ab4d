//! A ranking by several criteria at once, each with a weight: the geometric mean of times relative to the best, as
//! ClickBench ranks databases (<https://github.com/ClickHouse/ClickBench>), but with the uncertainty carried along, so
//! that a format has an interval of ranks and not one. The page's sliders and `shelfmark rank` are this.

mod sheet;
mod weights;

pub(super) use sheet::{Criterion, Role, Sheet, sheets};
pub use weights::Weights;

use super::format;
use super::table::Table;
use crate::error::{Error, Result};
use crate::results::Results;
use crate::stats::Rule;
use serde::Serialize;

/// How far a format is from the best, in one criterion or in several.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Figure {
    /// Natural logarithm of its time (or space) over that of the best.
    pub ln: f64,
    /// How far the interval of that logarithm reaches below it. Verdicts' intervals are not symmetric: they allow for others
    /// being the best in truth.
    pub below: f64,
    /// And above it.
    pub above: f64,
}

/// A format's place.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Place {
    /// The format.
    pub format: String,
    /// The best rank that it may have: one more than there are formats that are better for certain.
    pub first: usize,
    /// The worst: all but those that are worse for certain.
    pub last: usize,
    /// Weighted geometric mean of its ratios to the best of each criterion; 1 where it is the best in all.
    pub score: f64,
    /// Lower end of the interval of the score.
    pub lo: f64,
    /// Upper end.
    pub hi: f64,
}

/// A ranking of one dataset's formats.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Ranked {
    /// The dataset.
    pub dataset: String,
    /// The criteria that counted, with their shares of all weights.
    pub by: Vec<(String, f64)>,
    /// Best first.
    pub places: Vec<Place>,
    /// Formats without a number where one counts, with the reason.
    pub unranked: Vec<(String, String)>,
    /// Criteria with a weight that nothing can be ranked by, with the reason.
    pub left_out: Vec<(String, String)>,
}

impl Place {
    /// The rank in words: ties are no ranks.
    pub(super) fn rank(&self) -> String {
        if self.first == self.last { self.first.to_string() } else { format!("{} to {}", self.first, self.last) }
    }
}

impl Ranked {
    /// A line for each format.
    pub fn table(&self) -> Table {
        let mut table = Table::new(&["rank", "format", "score", "interval"], 1);
        for place in &self.places {
            let interval = format!("{} to {}", format::sig3(place.lo), format::sig3(place.hi));
            table.push(vec![place.rank(), place.format.clone(), format::times(place.score), interval]);
        }
        for (format, why) in &self.unranked {
            table.push(vec!["not ranked".into(), format.clone(), why.clone(), format::NONE.into()]);
        }
        table
    }

    /// What counts how much: `81 % epoch, 19 % read_one`.
    pub fn weighed(&self) -> String {
        let one = |(name, share): &(String, f64)| format!("{} {name}", format::percent(*share));
        self.by.iter().map(one).collect::<Vec<_>>().join(", ")
    }

    /// What a reader has to know.
    pub fn notes(&self) -> Vec<String> {
        let left_out = self.left_out.iter().map(|(name, why)| format!("{name} does not count here: {why}."));
        let how = "Score: the weighted geometric mean of the time (or space) that a format takes over that of the best. A \
                   rank is as wide as the 95 % intervals leave it: formats that share one are not told apart.";
        left_out.chain([how.to_owned()]).collect()
    }
}

/// Ranks the formats of each dataset of a run.
///
/// # Errors
/// [`Error::Usage`] when a criterion is none of these results', or nothing can be ranked by any.
pub fn rank(results: &Results, weights: &Weights) -> Result<Vec<Ranked>> {
    let groups = super::model::groups(std::slice::from_ref(results));
    let sheets = sheets(&groups);
    for name in weights.names() {
        if !sheets.iter().any(|sheet| sheet.criteria.iter().any(|criterion| criterion.name == name)) {
            let mut known: Vec<&str> = sheets.iter().flat_map(|sheet| &sheet.criteria).map(|c| &*c.name).collect();
            known.dedup();
            return Err(Error::Usage(format!(
                "no criterion '{name}' in these results; there is: {}",
                known.join(", ")
            )));
        }
    }
    let ranked: Vec<Ranked> = sheets.iter().map(|sheet| sheet.rank(|criterion| weights.of(&criterion.name))).collect();
    if ranked.iter().all(|ranked| ranked.places.is_empty()) {
        let why: Vec<String> = ranked
            .iter()
            .flat_map(|ranked| ranked.left_out.iter().chain(&ranked.unranked))
            .map(|(name, why)| format!("{name}: {why}"))
            .collect();
        return Err(Error::Usage(format!("nothing can be ranked by this: {}", why.join("; "))));
    }
    Ok(ranked)
}

/// Ranks by weighted figures: `figures[row]` has one for each weight.
fn places(rows: &[(&str, Vec<Figure>)], weights: &[f64]) -> Vec<Place> {
    let total: f64 = weights.iter().sum();
    let scores: Vec<Figure> = rows
        .iter()
        .map(|(_, figures)| {
            let pairs = || figures.iter().zip(weights);
            let ln = pairs().map(|(figure, weight)| figure.ln * weight).sum::<f64>() / total;
            // Contests are independent of one another: their errors add like the sides of a right angle.
            let reach = |of: fn(&Figure) -> f64| {
                pairs().map(|(figure, weight)| (of(figure) * weight).powi(2)).sum::<f64>().sqrt() / total
            };
            Figure { ln, below: reach(|figure| figure.below), above: reach(|figure| figure.above) }
        })
        .collect();
    // As in verdicts: a difference counts where it exceeds a margin for certain.
    let better = |a: &Figure, b: &Figure| b.ln - a.ln - a.above.hypot(b.below) > Rule::default().differ.ln();
    let mut places: Vec<Place> = rows
        .iter()
        .zip(&scores)
        .map(|((format, _), score)| Place {
            format: (*format).to_owned(),
            first: 1 + scores.iter().filter(|other| better(other, score)).count(),
            last: scores.len() - scores.iter().filter(|other| better(score, other)).count(),
            score: score.ln.exp(),
            lo: (score.ln - score.below).exp(),
            hi: (score.ln + score.above).exp(),
        })
        .collect();
    places.sort_by(|a, b| a.score.total_cmp(&b.score).then_with(|| a.format.cmp(&b.format)));
    places
}

#[cfg(test)]
mod tests;
