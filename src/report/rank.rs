//! A ranking by several criteria at once, each with a weight: the geometric mean of times relative to the best, as
//! ClickBench ranks databases (<https://github.com/ClickHouse/ClickBench>), but with the uncertainty carried along, so
//! that a format has an interval of ranks and not one. The page's sliders and `shelfmark rank` are this.

mod sheet;
mod weights;

pub(super) use sheet::{Criterion, Role, Sheet, sheets};
pub use weights::Weights;

use super::format;
use super::model::{outcome, reason};
use super::spreadsheet;
use super::table::Table;
use crate::error::{Error, Result};
use crate::results::{Cell, Results};
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

    /// What is left out of the weights, in words.
    pub(super) fn left_out(&self) -> Vec<String> {
        self.left_out.iter().map(|(name, why)| format!("{name} does not count here: {why}.")).collect()
    }

    /// What a reader has to know.
    pub fn notes(&self) -> Vec<String> {
        let how = "Score: the weighted geometric mean of the time (or space) that a format takes over that of the best. A \
                   rank is as wide as the 95 % intervals and a margin of 2 % leave it: formats that share one are not told \
                   apart.";
        self.left_out().into_iter().chain([how.to_owned()]).collect()
    }
}

/// What the sliders of the page begin with, in shares of one: reading against writing, single reads among the reads, cold
/// ones among the reads, and the price of space.
pub(super) const USUAL: [f64; 4] = [0.9, 0.1, 0.0, 0.0];

/// The weight of a criterion where the four stand at `at`: as `script.js` has it.
pub(super) fn weigh(role: Option<Role>, at: [f64; 4]) -> f64 {
    let [reads, single, cold, space] = at;
    match role {
        Some(Role::Single) => reads * single * (1.0 - cold),
        Some(Role::Batch) => reads * (1.0 - single) * (1.0 - cold),
        Some(Role::ColdSingle) => reads * single * cold,
        Some(Role::ColdBatch) => reads * (1.0 - single) * cold,
        Some(Role::Write) => 1.0 - reads,
        Some(Role::Space) => space,
        None => 0.0,
    }
}

/// Ranks the formats of each dataset of a run by what the page begins with, as far as it was measured.
pub fn rank_as_usual(results: &Results) -> Vec<Ranked> {
    let groups = super::model::groups(std::slice::from_ref(results));
    sheets(&groups).iter().map(|sheet| sheet.rank(|criterion| weigh(criterion.role, sheet.usual()))).collect()
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
            if let Some(why) = without_number(results, name) {
                return Err(Error::Usage(why));
            }
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

/// Why there is nothing to rank by a criterion that was tried.
fn without_number(results: &Results, name: &str) -> Option<String> {
    let (cache, workload) = name.split_once('/').unwrap_or(("warm", name));
    let tried = |cell: &&Cell| cell.workload == workload && (cell.durability.is_some() || cell.cache == cache);
    let cells: Vec<&Cell> = results.cells.iter().filter(tried).collect();
    let first = cells.first()?;
    let failed = cells.iter().find(|cell| matches!(outcome(cell), "failed" | "timeout"));
    let shown = failed.unwrap_or(first);
    let alike = cells.iter().filter(|cell| outcome(cell) == outcome(shown)).count();
    Some(format!(
        "criterion '{name}': none of its {} has a number; {alike} {}, such as {}: {}",
        format::many(cells.len() as u64, "cell"),
        outcome(shown),
        shown.format,
        reason(shown)
    ))
}

/// All rankings as one table of numbers (CSV): a line for each format of each file and dataset.
///
/// # Errors
/// [`Error::Io`] when it cannot be written, which memory always can.
pub fn csv<'a>(all: impl Iterator<Item = (&'a str, &'a [Ranked])>) -> Result<String> {
    let heads = ["file", "dataset", "first", "last", "format", "score", "lo", "hi", "reason"];
    let mut rows = vec![heads.map(str::to_owned).to_vec()];
    for (file, ranked) in all.flat_map(|(file, all)| all.iter().map(move |ranked| (file, ranked))) {
        let of = |numbers: [String; 2], format: &str, more: [String; 4]| {
            [file.to_owned(), ranked.dataset.clone()].into_iter().chain(numbers).chain([format.to_owned()]).chain(more)
        };
        for place in &ranked.places {
            let more = [place.score.to_string(), place.lo.to_string(), place.hi.to_string(), String::new()];
            rows.push(of([place.first.to_string(), place.last.to_string()], &place.format, more).collect());
        }
        for (format, why) in &ranked.unranked {
            let none = String::new;
            rows.push(of([none(), none()], format, [none(), none(), none(), why.clone()]).collect());
        }
    }
    spreadsheet::csv(rows)
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
