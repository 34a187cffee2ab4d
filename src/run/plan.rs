//! What a run will measure, as data: contests, and the cells that compete in each.

use super::peers::is_bridge;
use super::profile::Sizes;
use crate::dataset::Look;
use crate::measure::Cache;
use crate::results::{CellId, CellKind};
use crate::store::registry::{keep_files, resolve, written_as};
use crate::store::tuning::Tuning;
use crate::store::{Durability, FormatId};
use crate::worker::protocol::{Failure, FailureKind};
use crate::workload::{Handicap, Workload, nothing, references};

/// What the user asked for.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The formats.
    pub formats: Vec<FormatId>,
    /// Whether formats that keep encoded files are wanted as well, where images come in files.
    pub keep_files: bool,
    /// How the formats were tuned; those that keep files are then tuned alike.
    pub tuning: Tuning,
    /// The workloads.
    pub workloads: Vec<Workload>,
    /// Only cells whose name contains this.
    pub filter: Option<String>,
    /// States of the cache for reads.
    pub caches: Vec<Cache>,
    /// For writes.
    pub durability: Durability,
    /// Numbers of reader threads.
    pub threads: Vec<u32>,
    /// Images in the stores that are read, where the user says so.
    pub images: Option<u64>,
    /// Peers by name, with the format whose stores each reads and the workloads that it offers.
    pub peers: Vec<PeerOffer>,
}

/// A program that people run today, and what it can do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerOffer {
    /// Its name in results.
    pub name: String,
    /// It reads stores of this format.
    pub reads: FormatId,
    /// What it offers.
    pub workloads: Vec<Workload>,
    /// Why it cannot be started, if that is known beforehand.
    pub missing: Option<String>,
}

/// Cells that are measured in turns and compared with one another.
#[derive(Debug, Clone, PartialEq)]
pub struct Contest {
    /// The access pattern.
    pub workload: Workload,
    /// Images in each store.
    pub images: u64,
    /// Reader threads.
    pub threads: u32,
    /// State of the cache before a turn.
    pub cache: Cache,
    /// For writes.
    pub durability: Durability,
    /// Who takes part.
    pub entries: Vec<Entry>,
}

/// One who takes part.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Format, reference, null twin or peer.
    pub kind: CellKind,
    /// Its name: that of the format, of the reference or of the peer.
    pub name: String,
    /// The format whose store it uses; `None` where it uses none.
    pub store: Option<FormatId>,
    /// Which of the stores of that format: 0 for all but twins.
    pub series: u32,
    /// A known slow-down, where it is tried whether it is seen.
    pub handicap: Option<Handicap>,
    /// Why it cannot take part, where that is known beforehand: it is shown with that, and nothing is written for it.
    pub refused: Option<Failure>,
}

impl Entry {
    /// A format under test.
    pub fn format(id: &FormatId) -> Self {
        let (name, store) = (id.to_string(), Some(id.clone()));
        Self { kind: CellKind::Format, name, store, series: 0, handicap: None, refused: None }
    }
}

impl Contest {
    /// The name of the cell of `entry`.
    pub fn cell_id(&self, entry: &Entry, dataset: &str) -> String {
        CellId {
            kind: entry.kind,
            format: &entry.name,
            workload: self.workload.name(),
            dataset,
            images: self.images,
            batch: self.workload.batch(),
            threads: self.threads,
            cache: self.cache.name(),
            durability: self.workload.writes().then(|| self.durability.name()),
            deliver: "pixels",
        }
        .to_string()
    }

    /// The contest in a few words.
    pub fn title(&self) -> String {
        let state = match self.workload.writes() {
            true => format!("durability {}", self.durability.name()),
            false => format!("{} cache", self.cache.name()),
        };
        let threads = if self.threads == 1 { String::new() } else { format!(", {} threads", self.threads) };
        let images = if self.images == 1 { "image" } else { "images" };
        format!("{}: {} {images}, {state}{threads}", self.workload.name(), self.images)
    }
}

/// All contests of a run. A contest in which nothing is left after the filter does not take place; one in which a single
/// format is left does, with its references.
pub fn plan(wanted: &Wanted, look: &Look, sizes: &Sizes, dataset: &str) -> Vec<Contest> {
    let mut wanted = wanted.clone();
    if wanted.keep_files && look.has_files {
        let more = keep_files().into_iter().map(|id| wanted.tuning.of(&id));
        let more = more.filter(|id| !wanted.formats.contains(id));
        wanted.formats.extend(more.collect::<Vec<_>>());
    }
    let wanted = &wanted;
    let read = wanted.images.unwrap_or_else(|| sizes.read_images(look.images, look.image_bytes));
    let written = sizes.written_images(look.image_bytes).min(read);
    let mut contests = Vec::new();
    for &workload in &wanted.workloads {
        let images = match workload {
            Workload::WriteOne => 1,
            Workload::WriteBatch | Workload::Append | Workload::Delete => written,
            _ => read,
        };
        // What is written is in memory first; and a store is written by one thread.
        let (caches, threads) =
            if workload.writes() { (&[Cache::Warm][..], &[1][..]) } else { (&wanted.caches[..], &wanted.threads[..]) };
        // One image at a time is no work for several threads, nor is opening.
        let threads = if workload.batch() == 1 { &[1][..] } else { threads };
        for (&cache, &threads) in caches.iter().flat_map(|cache| threads.iter().map(move |threads| (cache, threads))) {
            let durability = wanted.durability;
            let mut contest = Contest { workload, images, threads, cache, durability, entries: Vec::new() };
            contest.entries = entries(wanted, &contest);
            if !sizes.is_timed() {
                // Twins show the noise of times, references what times are shares of.
                contest.entries.retain(|entry| matches!(entry.kind, CellKind::Format | CellKind::Peer));
            }
            if let Some(filter) = &wanted.filter {
                let entries = std::mem::take(&mut contest.entries);
                let named = |entry: &Entry| contest.cell_id(entry, dataset).contains(filter);
                let kept: Vec<_> =
                    entries.iter().filter(|e| named(e) || e.kind == CellKind::Reference).cloned().collect();
                contest.entries = kept;
            }
            if contest.entries.iter().any(|entry| entry.kind != CellKind::Reference) {
                // References are there for the sake of what is measured.
                let measured = |entry: &Entry| entry.kind != CellKind::Reference && entry.refused.is_none();
                if !contest.entries.iter().any(measured) {
                    contest.entries.retain(|entry| entry.kind != CellKind::Reference);
                }
                contests.push(contest);
            }
        }
    }
    contests
}

fn entries(wanted: &Wanted, contest: &Contest) -> Vec<Entry> {
    let mut entries: Vec<Entry> = wanted.formats.iter().map(Entry::format).collect();
    for entry in &mut entries {
        let anyway = |id| contest.workload.writes().then(|| written_anyway(id, &wanted.formats))?;
        let refusal = |id| unable(id, contest.workload).or_else(|| anyway(id));
        entry.refused = entry.store.as_ref().and_then(refusal);
    }
    let able: Vec<_> = wanted.formats.iter().filter(|id| unable(id, contest.workload).is_none()).cloned().collect();
    entries.extend(twin(&able).map(|id| Entry { kind: CellKind::Null, series: 1, ..Entry::format(id) }));
    let warm = contest.cache == Cache::Warm;
    let references = references(contest.workload, warm).into_iter().filter(|id| !wanted.formats.contains(id));
    entries.extend(references.map(|id| Entry { kind: CellKind::Reference, ..Entry::format(&id) }));
    if warm && contest.threads == 1 && nothing::session(contest.workload, contest.images, 0).is_some() {
        let name = nothing::NAME.into();
        let (kind, store) = (CellKind::Reference, None);
        entries.push(Entry { kind, name, store, series: 0, handicap: None, refused: None });
    }
    for peer in &wanted.peers {
        let refused = refusal(peer, contest);
        if refused.is_some() && is_bridge(&peer.name) {
            continue;
        }
        // Nobody's store but its own: what several cells read stays in the processor's cache, and is faster for all of them.
        let store = Some(peer.reads.clone());
        let before = entries.iter().filter(|entry| entry.kind == CellKind::Peer && entry.store == store).count();
        let series = 2 + before as u32;
        let (kind, name) = (CellKind::Peer, peer.name.clone());
        entries.push(Entry { kind, name, store, series, handicap: None, refused });
    }
    entries
}

/// Why a format cannot do what is asked for: it is not built in, or its capabilities say so.
fn unable(id: &FormatId, workload: Workload) -> Option<Failure> {
    match resolve(id) {
        Ok(resolved) => {
            workload.refusal(&resolved.format.capabilities()).map(|what| Failure::new(FailureKind::Unsupported, what))
        }
        Err(error) => Some(error.into()),
    }
}

/// Why a format need not be written in a contest: another of the `formats` writes the same bytes.
fn written_anyway(id: &FormatId, formats: &[FormatId]) -> Option<Failure> {
    let plain = written_as(id);
    let chosen = formats.iter().find(|other| **other == plain);
    let chosen = chosen.or_else(|| formats.iter().find(|other| written_as(other) == plain))?;
    let reason = || format!("written just as {chosen}: how it is read makes no difference");
    (chosen != id).then(|| Failure::new(FailureKind::Skipped, reason()))
}

/// Why a peer cannot take part in a contest.
fn refusal(peer: &PeerOffer, contest: &Contest) -> Option<Failure> {
    let unsupported = |message: String| Some(Failure::new(FailureKind::Unsupported, message));
    if !peer.workloads.contains(&contest.workload) {
        let what = if contest.workload.writes() { "writing" } else { contest.workload.name() };
        return unsupported(format!("this program does not do it: {what}"));
    }
    if contest.cache != Cache::Warm {
        return unsupported("programs in Python are measured on warm stores only".into());
    }
    if contest.threads > 1 {
        return unsupported("programs in Python read with one thread here".into());
    }
    peer.missing.as_ref().map(|reason| Failure::new(FailureKind::Skipped, reason))
}

/// The format that is written a second time: one whose stores are single files, where there is one, because it costs
/// least, and because the noise of the machine shows best in what is fast.
pub(super) fn twin(formats: &[FormatId]) -> Option<&FormatId> {
    let plain = |id: &&FormatId| written_as(id) == **id;
    let single = || formats.iter().filter(|id| id.container != "dir");
    single().find(plain).or(single().next()).or(formats.first())
}

// Only containers that are built in say which of their options are about reading.
#[cfg(all(test, feature = "lmdb", feature = "hdf5"))]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_changed_takes_no_part_and_the_twin_can() {
        let formats: Vec<FormatId> = ["hdf5:raw", "tar:raw", "lmdb:raw"].map(|name| name.parse().unwrap()).into();
        let able = |workload| {
            let able: Vec<_> = formats.iter().filter(|id| unable(id, workload).is_none()).cloned().collect();
            (able.len(), twin(&able).unwrap().to_string())
        };
        assert_eq!(able(Workload::WriteBatch), (3, "hdf5:raw".into()));
        assert_eq!(able(Workload::Append), (2, "tar:raw".into()));
        assert_eq!(able(Workload::Delete), (1, "lmdb:raw".into()));
        let why = unable(&formats[0], Workload::Append).unwrap();
        assert!(
            why.kind == FailureKind::Unsupported && why.message.starts_with("adding to a finished store"),
            "{why:?}"
        );
    }

    #[test]
    fn stores_that_differ_only_in_how_they_are_read_are_written_once() {
        let ids = |names: &[&str]| names.iter().map(|name| name.parse().unwrap()).collect::<Vec<FormatId>>();
        let refused = |names: &[&str]| {
            let formats = ids(names);
            let why = |id| Some(written_anyway(id, &formats)?.message);
            formats.iter().map(|id| why(id).unwrap_or_default()).collect::<Vec<_>>()
        };
        let as_raw = "written just as lmdb:raw: how it is read makes no difference";
        let names = ["lmdb:raw,read=direct", "lmdb:raw", "dir:png", "lmdb:raw,readahead=off"];
        assert_eq!(refused(&names), [as_raw, "", "", as_raw]);
        assert_eq!(refused(&["hdf5:raw,read=direct", "hdf5:raw,chunk=4"]), ["", ""]);
        let found =
            refused(&["hdf5:raw,chunk=4,read=direct", "lmdb:raw,readahead=off,read=direct", "lmdb:raw,readahead=off"]);
        assert_eq!(found[..2], ["", ""], "the first stands for all");
        assert!(found[2].contains("lmdb:raw,read=direct,readahead=off"), "{found:?}");
        let twin = |names: &[&str]| twin(&ids(names)).unwrap().to_string();
        assert_eq!(twin(&["dir:png", "lmdb:raw,read=direct", "lmdb:raw"]), "lmdb:raw");
        assert_eq!(twin(&["dir:png", "lmdb:raw,read=direct"]), "lmdb:raw,read=direct");
        assert_eq!(twin(&["dir:png"]), "dir:png");
    }
}
