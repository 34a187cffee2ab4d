//! The figures that a ranking is made of: formats by criteria, for one dataset of one run.

use super::super::format;
use super::super::model::{Column, Group, Point, Row, interleaved, point};
use super::super::pick::too_few_samples;
use super::super::rankings::{is_of_many_files, rankings};
use super::{Figure, Ranked, USUAL, places};
use crate::results::CellKind;
use crate::store::FormatId;
use crate::store::registry::written_as;

/// Time or space that formats are ranked by.
pub(in crate::report) struct Criterion {
    /// As it is written in weights: `epoch`, `cold-data/epoch`, `space`.
    pub name: String,
    /// What of the sliders it belongs to, if to any.
    pub role: Option<Role>,
    /// A figure for each row, or why there is none; or why nothing can be ranked by it.
    pub figures: Result<Vec<Result<Figure, String>>, String>,
}

/// What the sliders weigh.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::report) enum Role {
    /// Single reads, warm.
    Single,
    /// Reads in batches, warm.
    Batch,
    /// Single reads, cold.
    ColdSingle,
    /// Reads in batches, cold.
    ColdBatch,
    /// Writing a store.
    Write,
    /// Space on disk.
    Space,
}

impl Role {
    /// Its name in the page's data.
    pub(in crate::report) const fn name(self) -> &'static str {
        match self {
            Self::Single => "single",
            Self::Batch => "batch",
            Self::ColdSingle => "cold-single",
            Self::ColdBatch => "cold-batch",
            Self::Write => "write",
            Self::Space => "space",
        }
    }
}

/// One dataset of one run: what its formats can be ranked by.
pub(in crate::report) struct Sheet<'g, 'a> {
    /// The groups it is made of; the first speaks for the warm state.
    pub groups: Vec<&'g Group<'a>>,
    /// The formats, as their libraries read them.
    pub rows: Vec<&'g Row<'a>>,
    /// What they can be ranked by.
    pub criteria: Vec<Criterion>,
}

/// A sheet for each run and dataset. Of several numbers of threads the lowest counts.
pub(in crate::report) fn sheets<'g, 'a>(groups: &'g [Group<'a>]) -> Vec<Sheet<'g, 'a>> {
    let mut all: Vec<Sheet<'g, 'a>> = Vec::new();
    for group in groups {
        let same = |sheet: &&mut Sheet<'g, 'a>| {
            sheet.groups.iter().any(|g| std::ptr::eq(g.results, group.results) && g.dataset_id == group.dataset_id)
        };
        match all.iter_mut().find(same) {
            Some(sheet) => sheet.groups.push(group),
            None => all.push(Sheet { groups: vec![group], rows: Vec::new(), criteria: Vec::new() }),
        }
    }
    for sheet in &mut all {
        sheet.fill();
    }
    all
}

impl<'g, 'a> Sheet<'g, 'a> {
    fn fill(&mut self) {
        for group in &self.groups {
            for row in group.rows.iter().filter(|row| row.kind == CellKind::Format && row.is_ranked()) {
                if !self.rows.iter().any(|known| known.format == row.format) {
                    self.rows.push(row);
                }
            }
        }
        let mut caches: Vec<&str> = Vec::new();
        for group in &self.groups {
            if !caches.contains(&group.cache) {
                caches.push(group.cache);
            }
        }
        // The cache state that is nearest to what the word says comes last and takes the role.
        caches.sort_by_key(|cache| ["warm", "cold-data", "cold-full"].iter().position(|known| known == cache));
        for cache in &caches {
            let of_cache = || self.groups.iter().filter(|group| group.cache == *cache);
            let threads = of_cache().map(|group| group.threads).min();
            let group = of_cache().find(|group| Some(group.threads) == threads && group.deliver == "pixels");
            let Some(group) = group.or_else(|| of_cache().next()) else { continue };
            let mut workloads: Vec<&str> = Vec::new();
            for column in &group.columns {
                if !workloads.contains(&column.workload) {
                    workloads.push(column.workload);
                }
            }
            for column in workloads.into_iter().filter_map(|workload| group.column(workload)) {
                let name = match *cache {
                    "warm" => column.workload.to_owned(),
                    cache => format!("{cache}/{}", column.workload),
                };
                let figures = self.times(group, column);
                self.criteria.push(Criterion { name, role: None, figures });
            }
        }
        let space = self.space();
        self.criteria.push(Criterion { name: "space".into(), role: Some(Role::Space), figures: space });
        self.cast(&caches);
    }

    /// Gives each role to the criterion that speaks for it.
    fn cast(&mut self, caches: &[&str]) {
        let batches = ["epoch", "scan", "read_batch"];
        let mut wanted = vec![
            (Role::Write, vec!["write_batch".to_owned()]),
            (Role::Single, vec!["read_one".to_owned()]),
            (Role::Batch, batches.map(str::to_owned).to_vec()),
        ];
        let cold: Vec<&str> = caches.iter().copied().filter(|cache| *cache != "warm").rev().collect();
        let of_cold = |workloads: &[&str]| -> Vec<String> {
            cold.iter().flat_map(|cache| workloads.iter().map(move |workload| format!("{cache}/{workload}"))).collect()
        };
        wanted.push((Role::ColdSingle, of_cold(&["read_one"])));
        wanted.push((Role::ColdBatch, of_cold(&batches)));
        for (role, names) in wanted {
            // What can be ranked by comes before what cannot, whatever its place in the list.
            let at = |usable: bool| {
                names.iter().find_map(|name| {
                    self.criteria.iter().position(|c| c.name == *name && (c.figures.is_ok() || !usable))
                })
            };
            if let Some(at) = at(true).or_else(|| at(false)) {
                self.criteria[at].role = Some(role);
            }
        }
    }

    fn times(&self, group: &'g Group<'a>, column: &'g Column<'a>) -> Result<Vec<Result<Figure, String>>, String> {
        let figures =
            if interleaved(group.results) { self.judged(group, column) } else { self.sequential(group, column) };
        figures.map(|figures| if column.durability.is_some() { self.shared(figures) } else { figures })
    }

    /// Formats that differ only in how they are read are written once: what one took, all take.
    fn shared(&self, figures: Vec<Result<Figure, String>>) -> Vec<Result<Figure, String>> {
        let stores: Vec<_> = self.rows.iter().map(|row| row.format.parse().map(|id| written_as(&id)).ok()).collect();
        let other = |nth: usize| {
            let same = |(place, store): (usize, &Option<FormatId>)| {
                let same = place != nth && store.is_some() && *store == stores[nth];
                figures[place].as_ref().ok().copied().filter(|_| same)
            };
            stores.iter().enumerate().find_map(same)
        };
        figures.iter().enumerate().map(|(nth, figure)| figure.clone().or_else(|why| other(nth).ok_or(why))).collect()
    }

    /// From the verdicts of a run, whose intervals hold together.
    fn judged(&self, group: &'g Group<'a>, column: &'g Column<'a>) -> Result<Vec<Result<Figure, String>>, String> {
        let rankings = rankings(group, column)?;
        let Some(ranking) = rankings.iter().find(|ranking| !ranking.many_files).or(rankings.first()) else {
            return Err("no verdict in these results".into());
        };
        let apart = rankings.len() > 1 || !ranking.among.is_empty();
        let figure = |row: &&Row<'a>| {
            if ranking.best.format == row.format && ranking.best.kind == row.kind {
                return Ok(Figure { ln: 0.0, below: 0.0, above: 0.0 });
            }
            let found = ranking.others.iter().find(|(other, _)| other.format == row.format && other.kind == row.kind);
            if let Some((_, comparison)) = found {
                let (ratio, lo, hi) = (comparison.ratio, comparison.lo, comparison.hi);
                let figure = Figure { ln: ratio.ln(), below: (ratio / lo).ln(), above: (hi / ratio).ln() };
                let reaches = |reach: f64| reach.is_finite() && reach >= 0.0;
                return match figure.ln.is_finite() && reaches(figure.below) && reaches(figure.above) {
                    true => Ok(figure),
                    false => Err("its verdict has no interval".into()),
                };
            }
            let many = group.measured(row, column, column.images).is_some_and(is_of_many_files);
            Err(match apart && many {
                true => "stores of many files are ranked apart where only file data was evicted".into(),
                false => missing(group, row, column),
            })
        };
        let figures: Vec<_> = self.rows.iter().map(figure).collect();
        // Where a peer is the best, formats are told by how far they are from the best format.
        Ok(from_best(figures))
    }

    /// From estimates that were measured one after another: nothing is told apart below criterion's factor.
    fn sequential(&self, group: &'g Group<'a>, column: &'g Column<'a>) -> Result<Vec<Result<Figure, String>>, String> {
        if !column.ranked() {
            return Err("not ranked: never synced".into());
        }
        if too_few_samples(group) {
            return Err("a quick run of criterion has too few samples".into());
        }
        let figure = |row: &&Row<'a>| {
            let cell = group.measured(row, column, column.images);
            let Some(Point { rate, interval: Some((lo, hi)) }) = cell.and_then(point) else {
                return Err(missing(group, row, column));
            };
            let doubt = super::super::pick::SEQUENTIAL_FACTOR.ln() / std::f64::consts::SQRT_2;
            // A high rate is a short time: the ends change places.
            Ok(Figure { ln: -rate.ln(), below: (hi / rate).ln().hypot(doubt), above: (rate / lo).ln().hypot(doubt) })
        };
        Ok(from_best(self.rows.iter().map(figure).collect()))
    }

    /// Allocated bytes an image: exact, for one store of each.
    fn space(&self) -> Result<Vec<Result<Figure, String>>, String> {
        let figure = |row: &&Row<'a>| {
            let held = self.groups.iter().filter_map(|group| group.space(row)).max_by_key(|(images, _)| *images);
            let each = held.map(|(images, storage)| storage.allocated_bytes as f64 / images as f64);
            match each.filter(|each| *each > 0.0) {
                Some(each) => Ok(Figure { ln: each.ln(), below: 0.0, above: 0.0 }),
                None => Err("no verified store in these results".into()),
            }
        };
        let figures: Vec<_> = self.rows.iter().map(figure).collect();
        match figures.iter().any(Result::is_ok) {
            true => Ok(from_best(figures)),
            false => Err("no verified store in these results".into()),
        }
    }

    /// Whether anything can be ranked by a role.
    fn has(&self, role: Role) -> bool {
        self.criteria.iter().any(|criterion| criterion.role == Some(role) && criterion.figures.is_ok())
    }

    /// Where the sliders of the page begin: where they always do, and where there is nothing to weigh, on the side that
    /// there is.
    pub(in crate::report) fn usual(&self) -> [f64; 4] {
        let [reads, single, cold, space] = USUAL;
        [
            if self.has(Role::Write) { reads } else { 1.0 },
            match (self.has(Role::Single), self.has(Role::Batch)) {
                (false, _) => 0.0,
                (true, false) => 1.0,
                (true, true) => single,
            },
            if self.has(Role::ColdBatch) { cold } else { 0.0 },
            if self.has(Role::Space) { space } else { 0.0 },
        ]
    }

    /// The formats in order, by the criteria that have a weight.
    pub(in crate::report) fn rank(&self, weight: impl Fn(&Criterion) -> f64) -> Ranked {
        let weighed: Vec<(&Criterion, f64)> =
            self.criteria.iter().map(|c| (c, weight(c))).filter(|(_, weight)| *weight > 0.0).collect();
        let left_out = weighed.iter().filter_map(|(c, _)| Some((c.name.clone(), c.figures.as_ref().err()?.clone())));
        let left_out = left_out.collect();
        let usable: Vec<_> =
            weighed.iter().filter_map(|(c, weight)| Some((&c.name, c.figures.as_ref().ok()?, *weight))).collect();
        let weights: Vec<f64> = usable.iter().map(|(_, _, weight)| *weight).collect();
        let asked: f64 = weighed.iter().map(|(_, weight)| *weight).sum();
        let total: f64 = weights.iter().sum();
        // Where most of what was asked for says nothing, the rest is no answer to it.
        let total = if total * 2.0 < asked { 0.0 } else { total };
        let (mut rows, mut unranked) = (Vec::new(), Vec::new());
        for (nth, row) in self.rows.iter().enumerate().filter(|_| total > 0.0) {
            let figures: Result<Vec<Figure>, String> = usable
                .iter()
                .map(|(name, figures, _)| figures[nth].clone().map_err(|why| format!("{name}: {why}")))
                .collect();
            match figures {
                Ok(figures) => rows.push((row.format, figures)),
                Err(why) => unranked.push((row.format.to_owned(), why)),
            }
        }
        Ranked {
            dataset: self.groups.first().map_or(String::new(), |group| group.dataset_id.to_owned()),
            by: usable
                .iter()
                .filter(|_| total > 0.0)
                .map(|(name, _, weight)| ((*name).clone(), weight / total))
                .collect(),
            places: places(&rows, &weights),
            unranked,
            left_out,
        }
    }
}

/// Logarithms counted from the lowest.
fn from_best(figures: Vec<Result<Figure, String>>) -> Vec<Result<Figure, String>> {
    let least = figures.iter().flatten().map(|figure| figure.ln).fold(f64::INFINITY, f64::min);
    figures.into_iter().map(|figure| figure.map(|f| Figure { ln: f.ln - least, ..f })).collect()
}

fn missing(group: &Group<'_>, row: &Row<'_>, column: &Column<'_>) -> String {
    use super::super::model::Slot;
    match group.slot(row, column, column.images) {
        Slot::Missing(word, reason) => format!("{word}: {}", format::cause(&reason, word)),
        // Why it is not ranked, where it says so: what was not warm, or not proved cold.
        Slot::Measured(_) => {
            let said = group.measured(row, column, column.images).and_then(|cell| cell.reason.clone());
            said.filter(|reason| !reason.trim().is_empty()).unwrap_or_else(|| "no verdict in these results".into())
        }
    }
}
