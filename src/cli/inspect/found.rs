//! What a look at a store or dataset found, for people and for programs.

use crate::cli::plain::plain;
use crate::cli::size;
use serde::{Deserialize, Serialize};
use shelfmark::Error;
use shelfmark::measure::space;
use shelfmark::results::{Native, Storage};
use shelfmark::sample::Shape;
use shelfmark::store::Manifest;
use shelfmark::store::sealed::OpenStore;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

/// What was found.
#[derive(Debug, Serialize, Deserialize)]
pub struct Found {
    pub source: String,
    pub store: Option<StoreFacts>,
    pub images: u64,
    pub shape: Option<Shape>,
    /// Images that were read to find out what follows.
    pub looked_at: u64,
    pub heights: Option<Range>,
    pub widths: Option<Range>,
    /// How many images have so many channels.
    pub channels: BTreeMap<u32, u64>,
    pub pixel_bytes: Option<Range>,
    /// Of encoded files: how many of each kind, and their sizes.
    pub files: BTreeMap<String, u64>,
    pub file_bytes: Option<Range>,
    pub labels: Option<Labels>,
    pub first_names: Vec<String>,
    /// Images that could not be read, the first few, and how many.
    pub unreadable: Vec<String>,
    pub unreadable_images: u64,
    /// Whether all that is wrong is that the system does not let files be read: that says nothing about them.
    #[serde(default)]
    pub refused: bool,
    pub remarks: Vec<String>,
    /// Whether every image can be read; `null` where nothing wrong was found, but not every image was looked at.
    pub whole: Option<bool>,
}

/// What a store of ours says of itself, and whether that is so.
#[derive(Debug, Serialize, Deserialize)]
pub struct StoreFacts {
    pub format: String,
    pub written_from: String,
    pub labels: String,
    pub named: bool,
    pub library: Native,
    pub shelfmark_version: String,
    pub settings: BTreeMap<String, String>,
    pub storage: Storage,
    /// What its files are instead of what its name says, if they are.
    pub mismatch: Option<String>,
    /// Why its files cannot be looked at for that, if they cannot.
    pub damage: Option<String>,
    /// What the system said where it does not let them be looked at for that: no damage.
    #[serde(default)]
    pub refusal: Option<String>,
}

/// Whether it is the system that said no.
pub fn is_refusal(error: &Error) -> bool {
    matches!(error, Error::Io { source, .. } if source.kind() == std::io::ErrorKind::PermissionDenied)
}

impl StoreFacts {
    /// Of the store at `path`.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn of(path: &Path) -> anyhow::Result<Self> {
        let store = OpenStore::open(path)?;
        let (mismatch, damage, refusal) = match store.resolved.format.audit(path, &store.manifest.spec()) {
            Ok(()) => (None, None, None),
            Err(error @ Error::Mismatch { .. }) => (Some(error.to_string()), None, None),
            // The system's no says nothing about the store.
            Err(error) if is_refusal(&error) => (None, None, Some(error.to_string())),
            // A file that is missing, say.
            Err(error) => (None, Some(error.to_string()), None),
        };
        let Manifest { format, settings, dataset, named, labels, library, shelfmark_version, .. } = store.manifest;
        let storage = space(path)?;
        Ok(Self {
            format,
            written_from: dataset,
            labels,
            named,
            library,
            shelfmark_version,
            settings,
            storage,
            mismatch,
            damage,
            refusal,
        })
    }
}

/// Smallest, middle, largest.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Range {
    pub min: u64,
    pub median: u64,
    pub max: u64,
}

impl Range {
    /// Of these; `None` where there are none.
    pub fn of(mut values: Vec<u64>) -> Option<Self> {
        values.sort_unstable();
        Some(Self { min: *values.first()?, median: values[values.len() / 2], max: *values.last()? })
    }
}

/// Of the images that were looked at.
#[derive(Debug, Serialize, Deserialize)]
pub struct Labels {
    pub distinct: usize,
    pub smallest: u32,
    pub largest: u32,
    /// Images of the rarest and of the most frequent label.
    pub images: Range,
}

/// The end of a plural.
fn s(n: u64) -> &'static str {
    if n == 1 { "" } else { "s" }
}

impl Found {
    /// Prints it for people.
    pub fn tell(&self, out: &mut impl Write) -> std::io::Result<()> {
        let range = |range: &Option<Range>| match range {
            Some(Range { min, max, .. }) if min == max => min.to_string(),
            Some(Range { min, median, max }) => format!("{min} to {max}, median {median}"),
            None => "none".into(),
        };
        let counts = |counts: &mut dyn Iterator<Item = (String, u64)>| {
            counts.map(|(what, n)| format!("{what} ({n})")).collect::<Vec<_>>().join(", ")
        };
        writeln!(out, "{}", plain(&self.source))?;
        if let Some(store) = &self.store {
            let Native { library, version } = &store.library;
            writeln!(
                out,
                "  format       {} ({library} {version}, shelfmark {})",
                store.format, store.shelfmark_version
            )?;
            writeln!(out, "  written from {}", plain(&store.written_from))?;
            for (what, value) in &store.settings {
                writeln!(out, "  setting      {what}: {value}")?;
            }
            let Storage { apparent_bytes, allocated_bytes, files } = store.storage;
            let (apparent, allocated) = (size(apparent_bytes), size(allocated_bytes));
            writeln!(out, "  space        {apparent} in {files} file{}, {allocated} on disk", s(files))?;
            writeln!(out, "  labels       {}", store.labels)?;
        }
        let shape = self.shape.as_ref().map(|shape| format!(", {shape}")).unwrap_or_default();
        writeln!(out, "  images       {}{shape}", self.images)?;
        if self.looked_at < self.images {
            writeln!(out, "  looked at    {} of them (--all looks at every one)", self.looked_at)?;
        }
        writeln!(out, "  height       {}", range(&self.heights))?;
        writeln!(out, "  width        {}", range(&self.widths))?;
        let channels = &mut self.channels.iter().map(|(channels, n)| (channels.to_string(), *n));
        writeln!(out, "  channels     {}", counts(channels))?;
        writeln!(out, "  pixel bytes  {}", range(&self.pixel_bytes))?;
        if !self.files.is_empty() {
            let files = &mut self.files.iter().map(|(kind, n)| (kind.clone(), *n));
            writeln!(out, "  files        {}; bytes {}", counts(files), range(&self.file_bytes))?;
        }
        if let Some(Labels { distinct, smallest, largest, images }) = &self.labels {
            writeln!(
                out,
                "  labels       {distinct} different, {smallest} to {largest}; images of each: {}",
                range(&Some(*images))
            )?;
        }
        if !self.first_names.is_empty() {
            writeln!(out, "  names        {} ...", plain(&self.first_names.join(", ")))?;
        }
        self.remarks.iter().try_for_each(|remark| writeln!(out, "  note         {}", plain(remark)))?;
        if let Some(mismatch) = self.store.as_ref().and_then(|store| store.mismatch.as_ref()) {
            writeln!(out, "  NOT WHAT ITS NAME SAYS: {}", plain(mismatch))?;
        }
        if let Some(damage) = self.store.as_ref().and_then(|store| store.damage.as_ref()) {
            writeln!(out, "  DAMAGED      {}", plain(damage))?;
        }
        let refusal = self.store.as_ref().and_then(|store| store.refusal.as_ref());
        for problem in self.unreadable.iter().chain(refusal.filter(|refusal| !self.unreadable.contains(refusal))) {
            writeln!(out, "  UNREADABLE   {}", plain(problem))?;
        }
        match self.whole {
            Some(true) => writeln!(
                out,
                "  whole: every image could be read (whether they are right is for verify --store --dataset to say)"
            ),
            None => writeln!(out, "  whole, as far as was looked"),
            Some(false) if self.unreadable_images > 0 => {
                writeln!(
                    out,
                    "  NOT WHOLE: {} image{} cannot be read",
                    self.unreadable_images,
                    s(self.unreadable_images)
                )
            }
            Some(false) => writeln!(out, "  NOT WHOLE"),
        }
    }
}
