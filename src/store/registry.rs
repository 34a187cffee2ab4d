//! The one table of formats, as everything else sees it: names in, ready formats out.

use crate::error::{Error, Result, nearest, unknown};
use crate::store::codec::{self, CODECS};
use crate::store::container::{CONTAINERS, ContainerEntry, ContainerInfo};
use crate::store::options::{self, OptionInfo};
use crate::store::tuning::Tuning;
use crate::store::{Format, FormatId, sweep};
use std::str::FromStr;
use std::sync::Arc;

/// Short names of the three classics; of all other containers the name alone is short for the first format of their line.
pub const SHORT_NAMES: &[(&str, &str)] = &[("png", "dir:png"), ("lmdb", "lmdb:bincode"), ("hdf5", "hdf5:raw")];

/// One format of the table.
#[derive(Debug, Clone)]
pub struct Row {
    /// Full name.
    pub id: FormatId,
    /// Whether it is measured by default.
    pub core: bool,
    /// Its container's line.
    pub container: &'static ContainerEntry,
}

impl Row {
    /// Why it cannot be used, if it is not built in.
    pub fn missing(&self) -> Option<String> {
        match resolve(&self.id) {
            Err(Error::Unsupported { what, .. }) => Some(what),
            _ => None,
        }
    }
}

/// A format ready for use.
#[derive(Clone)]
pub struct Resolved {
    /// Full name.
    pub id: FormatId,
    /// What does the work.
    pub format: Arc<dyn Format>,
    /// Where labels are kept, in words.
    pub labels: &'static str,
}

impl std::fmt::Debug for Resolved {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Resolved({})", self.id)
    }
}

/// Every format of the table, core and more, built in or not, in the table's order. References are none of them.
pub fn rows() -> Vec<Row> {
    CONTAINERS.iter().flat_map(|entry| of(entry, entry.core, true).chain(of(entry, entry.more, false))).collect()
}

/// Formats of the table that keep encoded files as they are.
pub fn keep_files() -> Vec<FormatId> {
    let keeps = |row: &Row| codec::find(&row.id.codec).is_some_and(|codec| codec.of_files);
    rows().into_iter().filter(keeps).map(|row| row.id).collect()
}

/// What formats are compared with: what the machine itself does with the same bytes.
pub fn reference_rows() -> Vec<Row> {
    CONTAINERS.iter().flat_map(|entry| of(entry, entry.references, false)).collect()
}

/// Whether stores of this format are a reference: to be compared with, not to be chosen.
pub fn is_reference(id: &FormatId) -> bool {
    CONTAINERS.iter().any(|entry| entry.name == id.container && !entry.references.is_empty())
}

fn of(container: &'static ContainerEntry, names: &'static [&'static str], core: bool) -> impl Iterator<Item = Row> {
    names.iter().filter_map(move |name| Some(Row { id: FormatId::from_str(name).ok()?, core, container }))
}

/// Every short name with the full one: those of the classics first, which go before names of containers.
fn short_names() -> impl Iterator<Item = (&'static str, &'static str)> {
    let first = |entry: &'static ContainerEntry| {
        entry.core.iter().chain(entry.more).chain(entry.references).next().map(|full| (entry.name, *full))
    };
    SHORT_NAMES.iter().copied().chain(CONTAINERS.iter().filter_map(first))
}

/// The full name behind a short one; other names come back as they are.
pub fn expand_short_name(name: &str) -> &str {
    short_names().find(|(short, _)| *short == name).map_or(name, |(_, full)| full)
}

/// The short name of a format, if it has one.
pub fn short_name(id: &FormatId) -> Option<&'static str> {
    let full = id.to_string();
    short_names().find(|(_, name)| *name == full).map(|(short, _)| short)
}

/// "unknown format": with the formats that have the codec `name`, the nearest name, or where all of them stand.
pub fn unknown_format(name: &str) -> Error {
    let offers = |entry: &&ContainerEntry| entry.info.is_some_and(|info| info.codecs.contains(&name));
    let of_codec: Vec<_> = CONTAINERS.iter().filter(offers).map(|entry| format!("{}:{name}", entry.name)).collect();
    let known = CONTAINERS.iter().flat_map(|entry| entry.core.iter().chain(entry.more).chain(entry.references));
    let known = known.copied().chain(short_names().map(|(short, _)| short));
    let hint = match &of_codec[..] {
        [] => match nearest(name, known) {
            Some(near) => format!("did you mean '{near}'?"),
            None => "`shelfmark list` shows all there are".into(),
        },
        formats => format!("it is a codec, and formats with it are: {}", formats.join(", ")),
    };
    Error::Usage(format!("unknown format '{name}'; {hint}"))
}

/// Makes the format that `id` names, with container, codec and options checked.
///
/// # Errors
/// [`Error::Usage`] with the nearest valid spelling; [`Error::Unsupported`] when the container is not built in.
pub fn resolve(id: &FormatId) -> Result<Resolved> {
    let Some(entry) = CONTAINERS.iter().find(|entry| entry.name == id.container) else {
        let names = CONTAINERS.iter().map(|entry| entry.name);
        return Err(match nearest(&id.container, names.clone()) {
            Some(near) => {
                Error::Usage(format!("format '{id}': unknown container; did you mean '{near}:{}'?", id.codec))
            }
            None => unknown("container", &id.container, names),
        });
    };
    let Some(info) = entry.info else {
        return Err(Error::Unsupported { format: id.to_string(), what: missing_reason(entry) });
    };
    let codec = offered_codec(id, info)?;
    options::check(id, info.options.iter().chain(codec.options))?;
    Ok(Resolved { id: id.clone(), format: Arc::from((info.make)(id)?), labels: info.labels })
}

/// The options that container and codec of a format have.
fn declared(id: &FormatId) -> impl Iterator<Item = &'static OptionInfo> {
    let container = CONTAINERS.iter().find(|entry| entry.name == id.container).and_then(|entry| entry.info);
    let codec = codec::find(&id.codec).map_or(&[][..], |codec| codec.options);
    container.map_or(&[][..], |info| info.options).iter().chain(codec)
}

/// One name for one format: an option that says what holds anyway is left out.
fn canonical(mut id: FormatId) -> FormatId {
    let declared: Vec<_> = declared(&id).collect();
    id.options.retain(|key, value| !declared.iter().any(|option| option.key == key && option.is_default(value)));
    id
}

/// The format whose stores are the same, byte for byte: without the options that only say how they are read.
pub fn written_as(id: &FormatId) -> FormatId {
    let mut id = id.clone();
    let reading: Vec<_> = declared(&id).filter(|option| option.reading).map(|option| option.key).collect();
    id.options.retain(|key, _| !reading.contains(&key.as_str()));
    id
}

/// Of a format that we read directly, the same as its own library reads it; `None` of all others.
pub fn by_library(id: &FormatId) -> Option<FormatId> {
    let mut library = id.clone();
    library.options.remove("read").filter(|read| read == "direct").map(|_| library)
}

/// The words of a text; blanks within braces separate nothing.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0_i32;
    let words = text.split(move |c: char| {
        depth += i32::from(c == '{') - i32::from(c == '}');
        depth <= 0 && c.is_whitespace()
    });
    words.filter(|word| !word.is_empty())
}

fn offered_codec(id: &FormatId, container: &ContainerInfo) -> Result<&'static codec::CodecInfo> {
    let offered = container.codecs.iter().copied();
    match codec::find(&id.codec).filter(|codec| container.codecs.contains(&codec.name)) {
        Some(codec) => Ok(codec),
        None if CODECS.iter().any(|codec| codec.name == id.codec) => Err(Error::Usage(format!(
            "format '{id}': {} is not offered with the codec {}; it takes: {}",
            id.container,
            id.codec,
            container.codecs.join(", ")
        ))),
        None => Err(match nearest(&id.codec, offered.clone()) {
            Some(near) => {
                Error::Usage(format!("format '{id}': unknown codec; did you mean '{}:{near}'?", id.container))
            }
            None => {
                let told = unknown("codec", &id.codec, offered);
                Error::Usage(format!("format '{id}': {told}"))
            }
        }),
    }
}

fn missing_reason(entry: &ContainerEntry) -> String {
    let feature = entry.feature.unwrap_or("default");
    format!("not built in: this shelfmark was built without the Cargo feature '{feature}'")
}

/// What a list of names on the command line stands for: names, `core` (the default) and `all` (references are in
/// neither, and have to be named). Formats that are not
/// built in are left in the list when named through `core` or `all`, so that they can be shown as such.
///
/// # Errors
/// [`Error::Usage`] for a name that is none, and where there is none in it.
pub fn select(names: &[String]) -> Result<Vec<FormatId>> {
    select_tuned(names, Tuning::Default)
}

/// The same, each as it is with `tuning`.
///
/// # Errors
/// As [`select`].
pub fn select_tuned(names: &[String], tuning: Tuning) -> Result<Vec<FormatId>> {
    let mut selected: Vec<FormatId> = Vec::new();
    let core = ["core".to_owned()];
    let given = if names.is_empty() { &core[..] } else { names };
    // Quoted lists ("png lmdb") mean the same as several words.
    for pattern in given.iter().flat_map(|text| words(text)) {
        let more: Vec<FormatId> = match pattern {
            "core" => rows().into_iter().filter(|row| row.core).map(|row| row.id).collect(),
            "all" => rows().into_iter().map(|row| row.id).collect(),
            pattern => named(pattern)?,
        };
        // Tuned first: who says what holds anyway wants it to hold.
        for id in more.iter().map(|id| canonical(tuning.of(id))) {
            if !selected.contains(&id) {
                selected.push(id);
            }
        }
    }
    match selected.is_empty() {
        true => Err(Error::Usage("no format is named; give names as in png tar:raw, or core, or all".into())),
        false => Ok(selected),
    }
}

/// The formats that a pattern names.
fn named(pattern: &str) -> Result<Vec<FormatId>> {
    sweep::expand(pattern)?.iter().map(|name| FormatId::from_str(name)).collect()
}

/// Formats that were asked for with an option at its default, where `tuning` would have set another value: as they were
/// named, with what [`select_tuned`] calls them, which shows no defaults.
///
/// # Errors
/// As [`select`].
pub fn kept_defaults(names: &[String], tuning: Tuning) -> Result<Vec<(FormatId, FormatId)>> {
    let mut kept = Vec::new();
    let patterns = names.iter().flat_map(|text| words(text)).filter(|pattern| !["core", "all"].contains(pattern));
    for pattern in patterns {
        for id in named(pattern)? {
            let selected = canonical(tuning.of(&id));
            let silent = |key: &String| {
                let mut without = id.clone();
                without.options.remove(key);
                !selected.options.contains_key(key) && tuning.of(&without).options.contains_key(key)
            };
            if id.options.keys().any(silent) {
                kept.push((id, selected));
            }
        }
    }
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sound() {
        let rows = rows();
        let references = reference_rows();
        let lists = |entry: &ContainerEntry| entry.core.len() + entry.more.len() + entry.references.len();
        let listed: usize = CONTAINERS.iter().map(lists).sum();
        assert_eq!(rows.len() + references.len(), listed, "a name in the table does not parse");
        assert!(rows.iter().filter(|row| row.core).count() <= 10, "the core set is at most 10");
        for row in rows.iter().chain(&references) {
            assert_eq!(row.id.container, row.container.name, "{} stands in another container's line", row.id);
            if row.missing().is_none() {
                resolve(&row.id).unwrap_or_else(|e| panic!("{}: {e}", row.id));
            }
        }
    }

    #[test]
    fn a_list_without_a_name_is_none() {
        for empty in ["", "  "] {
            let said = select(&[empty.to_owned()]).unwrap_err().to_string();
            assert!(said.contains("no format is named"), "{said}");
        }
    }

    #[test]
    fn a_container_alone_is_its_first_format() {
        let full = |name: &str| FormatId::from_str(name).unwrap().to_string();
        assert_eq!(["lmdb", "hdf5", "png"].map(full), ["lmdb:bincode", "hdf5:raw", "dir:png"], "the classics first");
        assert_eq!(
            ["dir", "tar", "sqlite,mmap=on", "flat"].map(full),
            ["dir:png", "tar:png", "sqlite:raw,mmap=on", "flat:raw"]
        );
        for entry in CONTAINERS {
            let id = FormatId::from_str(entry.name).unwrap();
            assert!(id.container == entry.name && id.options.is_empty(), "{id}");
            assert!(short_name(&id).is_some_and(|short| full(short) == id.to_string()), "{id}");
        }
    }

    #[test]
    fn references_are_used_when_named_and_only_then() {
        let all = select(&["core all".to_owned()]).unwrap();
        assert!(all.len() == rows().len() && !all.iter().any(is_reference));
        let named = select(&["flat:raw,read=file flat:raw,read=memory dir:raw".to_owned()]).unwrap();
        assert_eq!(
            named.iter().map(FormatId::to_string).collect::<Vec<_>>()[..2],
            ["flat:raw", "flat:raw,read=memory"]
        );
        assert_eq!(named.iter().map(is_reference).collect::<Vec<_>>(), [true, true, false]);
        let ids = |rows: Vec<Row>| rows.into_iter().map(|row| row.id).collect::<Vec<_>>();
        assert_eq!(ids(reference_rows()), named[..2]);
    }

    #[test]
    fn braces_stand_for_several_formats() {
        let names =
            |text: &str| select(&[text.to_owned()]).map(|ids| ids.iter().map(FormatId::to_string).collect::<Vec<_>>());
        let swept = names("dir:png,level={fast, balanced} dir:{raw,png}").unwrap();
        assert_eq!(swept, ["dir:png,level=fast", "dir:png", "dir:raw"]);
        assert!(names("dir:{png").unwrap_err().to_string().contains("braces do not match"));
    }

    #[test]
    fn one_format_has_one_name() {
        let selected = select(&["dir:png,level=balanced png dir:png,level=fast".to_owned()]).unwrap();
        let names: Vec<_> = selected.iter().map(FormatId::to_string).collect();
        assert_eq!(names, ["dir:png", "dir:png,level=fast"]);
    }

    #[test]
    #[cfg(all(feature = "hdf5", feature = "lmdb"))]
    fn what_does_not_exist_is_refused_with_the_nearest() {
        for (name, expected) in [
            ("jpeg", "formats with it are: dir:jpeg, lmdb:jpeg, tar:jpeg, zip:jpeg, "),
            ("feather", "unknown format 'feather'; `shelfmark list` shows all"),
            ("cabinet:raw", "unknown container 'cabinet'; there is: dir, lmdb, tar"),
            ("lmbd:raw", "did you mean 'lmdb:raw'"),
            ("lmdb:rw", "did you mean 'lmdb:raw'"),
            ("hdf5:bincode", "hdf5 is not offered with the codec bincode; it takes: raw"),
            ("hdf5:png,chunk=4", "are for arrays of raw images"),
            ("hdf5:source,deflate=4", "are for arrays of raw images"),
            ("hdf5:raw,chunk=4,ragged=vlen", "leave out one of them"),
            ("hdf5:png,ragged=vlne", "it takes ragged=offsets|vlen"),
            ("hdf5:raw,chunks=4", "there is: chunk=1..1048576, deflate=0..9, filter=lzf|blosc-lz4|blosc-zstd"),
            ("hdf5:raw,chunk=64,deflate=4,filter=lzf", "both compress"),
            ("hdf5:raw,filter=lzf", "add chunk=64"),
            ("hdf5:png,libver=latest", "are for arrays of raw images"),
            ("hdf5:raw,chunk=0", "it takes chunk=1..1048576"),
            ("hdf5:raw,chunk=064", "it takes chunk=1..1048576"),
            ("hdf5:raw,deflate=4", "add chunk=64"),
            ("dir:png,level=blanced", "it takes level=fastest|fast|balanced|high"),
            ("dir:jpeg,subsampling=411", "it takes subsampling=444|422|420"),
            ("dir:raw,level=fast", "unknown option 'level'; there is: fanout=1..1048576"),
        ] {
            let error = FormatId::from_str(name).and_then(|id| resolve(&id)).unwrap_err();
            assert!(matches!(error, Error::Usage(_)), "{name}");
            assert!(error.to_string().contains(expected), "{name}: {error}");
        }
    }
}
