//! What became of a contest, as cells and verdicts of the results.

use super::competitor::Competitor;
use super::contest::{Round, store_key};
use super::plan::Contest;
use super::profile::Sizes;
use super::stores::Stores;
use super::verdicts;
use crate::measure::Cache;
use crate::results::{Cell, CellKind, Comparison, DatasetFacts, DatasetShape, NullControl, Status, StoreRef, Verified};
use crate::sample::Shape;
use crate::store::StoreSpec;
use crate::store::registry::{self, Resolved};
use crate::worker::protocol::{Failure, FailureKind};

/// Cells and verdicts of one contest.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Outcome {
    /// A cell for every entry.
    pub cells: Vec<Cell>,
    /// Every format and peer with the best.
    pub comparisons: Vec<Comparison>,
    /// The twin with its original.
    pub null_control: Vec<NullControl>,
}

/// What all cells of a run have in common.
pub(super) struct Common<'a> {
    pub facts: &'a DatasetFacts,
    pub stores: &'a Stores,
    pub sizes: &'a Sizes,
}

/// A contest that did not take place, and why.
pub(super) fn not_held(contest: &Contest, common: &Common<'_>, failure: &Failure) -> Outcome {
    let mut competitors: Vec<_> = contest.entries.iter().cloned().map(Competitor::new).collect();
    competitors.iter_mut().for_each(|competitor| competitor.failure = Some(failure.clone()));
    let cells = competitors.iter().map(|competitor| cell(contest, competitor, common)).collect();
    Outcome { cells, ..Outcome::default() }
}

/// What is known of a contest now; verdicts only where it came to its end.
pub(super) fn of(round: &Round<'_>, common: &Common<'_>) -> Outcome {
    let mut cells: Vec<Cell> =
        round.competitors.iter().map(|competitor| cell(round.contest, competitor, common)).collect();
    let pilots: Vec<_> = round.competitors.iter().map(|competitor| competitor.pilot).collect();
    if !common.sizes.is_timed() {
        // There are no turns to judge by.
        return Outcome { cells, ..Outcome::default() };
    }
    verdicts::judge(round.contest, &round.contest.entries, &pilots, &mut cells, round.complete)
}

/// What is said of a cell that was verified and counted, where nothing is timed.
pub const COUNTED: &str = "counted, not timed";

fn status(competitor: &Competitor, timed: bool) -> (Status, Option<String>) {
    let counted = competitor.probed.as_ref().is_some_and(|probed| probed.counters.is_some());
    match &competitor.failure {
        None if !timed && counted => (Status::Ok, Some(COUNTED.into())),
        None if !timed => (Status::Skipped, Some("the run was stopped before this was counted".into())),
        None if competitor.turns.images.is_empty() => {
            (Status::Skipped, Some("the run was stopped before its first block was whole".into()))
        }
        None => (Status::Ok, None),
        Some(failure) => {
            let status = match failure.kind {
                FailureKind::Unsupported => Status::Unsupported,
                FailureKind::Timeout => Status::Timeout,
                FailureKind::Skipped => Status::Skipped,
                FailureKind::Usage | FailureKind::Mismatch | FailureKind::Failed => Status::Failed,
            };
            (status, Some(failure.message.clone()))
        }
    }
}

fn cell(contest: &Contest, competitor: &Competitor, common: &Common<'_>) -> Cell {
    let entry = &competitor.entry;
    let (status, reason) = status(competitor, common.sizes.is_timed());
    let resolved: Option<Resolved> = entry.store.as_ref().and_then(|id| registry::resolve(id).ok());
    let spec = StoreSpec { shape: shape(common.facts), images: contest.images };
    let stores = (0..common.sizes.stores)
        .filter_map(|nth| common.stores.get(&store_key(contest, entry, nth, common.sizes)?).ok());
    let store = stores.clone().next();
    let turns = competitor.turns.clone();
    let mismatch = competitor.failure.as_ref().is_some_and(|failure| failure.kind == FailureKind::Mismatch);
    let verified: u64 = stores.map(|store| store.verified).sum();
    let (writes, timed) = (contest.workload.writes(), turns.images.iter().sum::<u64>());
    let warm = contest.cache == Cache::Warm;
    let metadata = match contest.cache {
        Cache::Warm | Cache::ColdData => "warm",
        Cache::ColdFull => "cold",
    };
    let probed = competitor.probed.clone().unwrap_or_default();
    let format = resolved.filter(|_| entry.kind != CellKind::Peer).map(|resolved| resolved.format);
    Cell {
        id: contest.cell_id(entry, &common.facts.id),
        kind: entry.kind,
        format: entry.name.clone(),
        workload: contest.workload.name().into(),
        dataset: common.facts.id.clone(),
        images: contest.images,
        batch: contest.workload.batch(),
        threads: contest.threads,
        cache: contest.cache.name().into(),
        durability: writes.then(|| contest.durability.name().to_owned()),
        deliver: "pixels".into(),
        store: store.map(|store| StoreRef {
            written_utc: humantime::format_rfc3339_seconds(store.at).to_string(),
            nth: entry.series * common.sizes.stores,
        }),
        native: competitor.native.clone().or_else(|| format.as_ref().map(|format| format.native())),
        options: format.as_ref().map(|format| format.settings(&spec)).unwrap_or_default(),
        capabilities: format.as_ref().map(|format| format.capabilities()),
        verified: (verified > 0 || mismatch)
            .then(|| Verified { images: verified + contest.workload.verified(timed, contest.images), ok: !mismatch }),
        cache_proof: if writes { None } else { competitor.cache_proof(warm, metadata) },
        // Of all cells of a contest together: see `verdicts`.
        estimate: None,
        latency: probed.latency,
        ledger: probed.ledger,
        ledger_reason: probed.ledger_reason,
        counters: probed.counters,
        storage: store.map(|store| store.storage.clone()),
        status,
        reason,
        turns,
    }
}

fn shape(facts: &DatasetFacts) -> Shape {
    match &facts.shape {
        DatasetShape::Fixed(shape) => Shape::Fixed(*shape),
        DatasetShape::Ragged { max, .. } => Shape::Ragged { max: *max },
    }
}
