//! Shards of MosaicML Streaming (MDS): `index.json` and shards beside it, not compressed. The image is in a column that is
//! called like one and encoded as `jpeg`, `png` or `bytes`; the label in one of whole numbers; the key in one of texts. A
//! shard holds how many samples it has (`u32`), where each begins and the last ends (`u32`), a text about its columns, and
//! the samples: the lengths of their columns of any length (`u32`), then all columns one after another.

use super::arrays::Integer;
use super::encoded::{Encoded, Found, Layout, enough};
use super::files::{Files, Part};
use super::kinds::{IMAGES, KEYS, LABELS, any_of, pick};
use super::labelled::{Labelled, agree};
use super::refuse;
use crate::dataset::OpenOptions;
use crate::error::{IoContext, Result};
use crate::sys::positioned::read_exact_at;
use serde::Deserialize;
use std::fs::File;
use std::path::{Component, Path};

const INDEX: &str = "index.json";
/// Bytes of a length or place.
const WORD: u64 = 4;
/// Bytes of a name that are read at most.
const KEY_BYTES: u64 = 4096;
/// A sample has no more columns.
const COLUMNS: usize = 1000;

#[derive(Deserialize)]
struct Index {
    version: u32,
    shards: Vec<Shard>,
}

#[derive(Deserialize)]
struct Shard {
    column_encodings: Vec<String>,
    column_names: Vec<String>,
    column_sizes: Vec<Option<u32>>,
    compression: Option<String>,
    format: String,
    raw_data: RawData,
    samples: u32,
}

#[derive(Deserialize)]
struct RawData {
    basename: String,
    bytes: u64,
}

/// Which columns hold what.
struct Columns {
    image: usize,
    label: Option<(usize, Integer)>,
    key: Option<usize>,
}

/// Opens the folder at `path`.
///
/// # Errors
/// When it is none, its shards are compressed or damaged, or no column holds encoded images.
pub fn open(path: &Path, options: &OpenOptions) -> Result<Encoded<Files>> {
    let at = path.join(INDEX);
    let text = std::fs::read(&at).at("read", &at)?;
    let index: Index = serde_json::from_slice(&text)
        .map_err(|e| refuse(&at, format!("it is no index of MDS: {e}"), "give the folder that MDSWriter wrote"))?;
    if index.version != 2 {
        let cause = format!("it is of version {}, not 2", index.version);
        return Err(refuse(&at, cause, "write it again with a newer mosaicml-streaming"));
    }
    let mut files = Files::default();
    let (mut images, mut remarks, mut labelled) = (Vec::new(), Vec::new(), None);
    for (file, shard) in (0..).zip(&index.shards) {
        if images.len() >= enough(options) {
            break;
        }
        let columns = shard
            .columns()
            .map_err(|why| refuse(&at, why, "write the images as jpeg, png or bytes, and labels as int"))?;
        let of_shard = columns.label.as_ref().map_or(Labelled::Not, |_| Labelled::Numbers);
        agree(&mut labelled, of_shard).map_err(|why| {
            refuse(&at, format!("{}: {why}", shard.raw_data.basename), "give all shards one set of columns")
        })?;
        if columns.label.is_none() && images.is_empty() {
            remarks.push(format!(
                "it has no column of labels called {}, but {}: all are 0",
                any_of(LABELS),
                shard.column_names.join(", ")
            ));
        }
        let whole = path.join(&shard.raw_data.basename);
        let inside = Path::new(&shard.raw_data.basename).components().all(|part| matches!(part, Component::Normal(_)));
        if !inside {
            return Err(refuse(&at, format!("it names a shard elsewhere: {}", whole.display()), "check the index"));
        }
        if files.paths.contains(&whole) {
            return Err(refuse(&at, format!("it names {} twice", shard.raw_data.basename), "check the index"));
        }
        if let Some(compression) = shard.compression.as_ref().filter(|_| !whole.is_file()) {
            let remedy =
                "decompress the shards: read the set once with streaming, keep_zip=False, and give its local copy";
            return Err(refuse(path, format!("its shards are compressed ({compression})"), remedy));
        }
        let length = whole.metadata().at("open", &whole)?.len();
        if length != shard.raw_data.bytes {
            let cause = format!("it has {length} bytes, and {INDEX} says {}", shard.raw_data.bytes);
            return Err(refuse(&whole, cause, "check that it was copied to its end"));
        }
        shard.scan(&whole, file, &columns, enough(options), &mut images).map_err(|why| {
            let cause = format!("sample {} of it: {why}", images.len());
            refuse(&whole, cause, "check that it is whole, with labels from 0 on")
        })?;
        files.push(whole, length);
    }
    let mut all = files.paths.clone();
    all.push(at);
    let (name, state) = (format!("mds:{}", path.display()), super::files::state(&all));
    let layout = Layout { name, path: path.to_owned(), source: files, images, state, remarks };
    Encoded::open(layout, options)
}

impl Shard {
    fn columns(&self) -> Result<Columns, String> {
        let count = self.column_names.len();
        if self.format != "mds" || self.column_encodings.len() != count || self.column_sizes.len() != count {
            return Err(format!("its shards are of the format {}, or their columns are not told in full", self.format));
        }
        if count > COLUMNS {
            return Err(format!("it has {count} columns"));
        }
        let names: Vec<_> = self.column_names.iter().map(String::as_str).collect();
        let columns = || names.iter().zip(&self.column_encodings).map(|(name, kind)| format!("{name} ({kind})"));
        let columns = || columns().collect::<Vec<_>>().join(", ");
        // With a quality behind it, perhaps.
        let kind = |at: usize| self.column_encodings[at].split(':').next().unwrap_or_default();
        let encoded = (0..count).position(|at| ["jpeg", "png"].contains(&kind(at)));
        let image = pick(&names, None, IMAGES).map(|(at, _)| at).or(encoded);
        let image =
            image.filter(|at| ["jpeg", "png", "bytes"].contains(&kind(*at)) && self.column_sizes[*at].is_none());
        let image = image.ok_or_else(|| format!("no column of it holds encoded images: {}", columns()))?;
        let label = match pick(&names, None, LABELS) {
            None => None,
            Some((at, name)) => {
                let integer = Integer::named(if kind(at) == "int" { "int64" } else { kind(at) });
                let integer = integer.filter(|integer| self.column_sizes[at] == u32::try_from(integer.size).ok());
                let integer =
                    integer.ok_or_else(|| format!("the labels in {name} are no whole numbers: {}", columns()));
                Some((at, integer?))
            }
        };
        let key = pick(&names, None, KEYS).map(|(at, _)| at).filter(|at| kind(*at) == "str");
        Ok(Columns { image, label, key })
    }

    /// Adds the samples of the shard at `path` to `images`, up to `enough`.
    fn scan(
        &self,
        path: &Path,
        file: u32,
        columns: &Columns,
        enough: usize,
        images: &mut Vec<Found<Part>>,
    ) -> Result<(), String> {
        let open = File::open(path).map_err(|e| e.to_string())?;
        let bytes = |offset: u64, length: u64| {
            // Nothing is set aside that the shard does not have.
            let within = offset.checked_add(length).is_some_and(|end| end <= self.raw_data.bytes);
            let length =
                usize::try_from(length).ok().filter(|_| within).ok_or("it would lie beyond the shard's end")?;
            let mut bytes = vec![0; length];
            read_exact_at(&open, &mut bytes, offset).map_err(|e| e.to_string())?;
            Ok::<_, String>(bytes)
        };
        let words = |bytes: &[u8]| {
            let words = bytes.chunks_exact(WORD as usize);
            words.map(|word| u64::from(u32::from_le_bytes([word[0], word[1], word[2], word[3]]))).collect::<Vec<_>>()
        };
        let places = words(&bytes(0, WORD * (u64::from(self.samples) + 2))?);
        if places.first() != Some(&u64::from(self.samples)) {
            return Err(format!("it has not the {} samples that {INDEX} says", self.samples));
        }
        let open_ended = self.column_sizes.iter().filter(|size| size.is_none()).count() as u64;
        for place in places[1..].windows(2).take(enough.saturating_sub(images.len())) {
            let (begin, end) = (place[0], place[1]);
            let mut lengths = words(&bytes(begin, WORD * open_ended)?).into_iter();
            let mut at = begin + WORD * open_ended;
            let parts = self.column_sizes.iter().map(|size| {
                let length = size.map(u64::from).or_else(|| lengths.next()).unwrap_or(0);
                let part = Part { file, offset: at, length };
                at = at.saturating_add(length);
                part
            });
            let parts: Vec<_> = parts.collect();
            if at != end {
                return Err("its columns are not as long as it is".into());
            }
            let label = match columns.label {
                None => 0,
                Some((column, kind)) => {
                    let part = parts[column];
                    let value = kind.read(&bytes(part.offset, part.length)?).unwrap_or(-1);
                    u32::try_from(value).map_err(|_| format!("its label is {value}"))?
                }
            };
            let key = columns.key.map(|column| parts[column]).filter(|part| part.length <= KEY_BYTES);
            let key = key.map(|part| bytes(part.offset, part.length)).transpose()?;
            images.push(Found {
                key: key.unwrap_or_default().into(),
                label,
                place: parts[columns.image],
                header: None,
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::trial::{contents, image, refusal, survives_damage};
    use super::*;
    use serde_json::{Value, json};

    /// What is done to an index.
    type Change<'a> = &'a dyn Fn(&mut Value);

    /// A folder of one shard with the columns image (png), label (uint16) and name (str).
    fn folder(samples: &[(&[u8], u16, &str)], change: impl Fn(&mut Value)) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let text = b"{}";
        let (mut ends, mut data) = (vec![(4 * (samples.len() + 2) + text.len()) as u32], Vec::new());
        for (image, label, name) in samples {
            for length in [image.len(), name.len()] {
                data.extend_from_slice(&(length as u32).to_le_bytes());
            }
            data.extend_from_slice(image);
            data.extend_from_slice(&label.to_le_bytes());
            data.extend_from_slice(name.as_bytes());
            ends.push(ends[0] + data.len() as u32);
        }
        let words = std::iter::once(samples.len() as u32).chain(ends).flat_map(u32::to_le_bytes);
        let shard: Vec<u8> = words.chain(*text).chain(data).collect();
        let mut index = json!({"version": 2, "shards": [{
            "column_encodings": ["png", "uint16", "str"], "column_names": ["image", "label", "name"],
            "column_sizes": [null, 2, null], "compression": null, "format": "mds", "samples": samples.len(),
            "raw_data": {"basename": "shard.00000.mds", "bytes": shard.len(), "hashes": {}}, "zip_data": null,
        }]});
        change(&mut index);
        std::fs::write(folder.path().join("shard.00000.mds"), shard).unwrap();
        std::fs::write(folder.path().join(INDEX), index.to_string()).unwrap();
        folder
    }

    fn open_all(path: &Path) -> Result<Encoded<Files>> {
        open(path, &OpenOptions::default())
    }

    #[test]
    fn columns_are_found_by_name_and_encoding() {
        let (one, two) = (image(3, 1), image(5, 2));
        let samples = [(&one[..], 7, "a/1"), (&two[..], 65535, "b")];
        let whole = folder(&samples, |_| ());
        assert_eq!(contents(&open_all(whole.path()).unwrap()), [("a/1".into(), 7, 3, 1), ("b".into(), 65535, 5, 2)]);
        let plain = folder(&samples, |index| {
            index["shards"][0]["column_names"] = json!(["thing", "number", "text"]);
        });
        let found = contents(&open_all(plain.path()).unwrap());
        assert_eq!(found[1], (String::new(), 0, 5, 2), "without labels and names");
    }

    #[test]
    fn other_columns_compression_and_damage_are_refused() {
        let one = image(3, 1);
        let set = |key: &'static str, value: Value| move |index: &mut Value| index["shards"][0][key] = value.clone();
        let again = |index: &mut Value| {
            let shard = index["shards"][0].clone();
            index["shards"].as_array_mut().unwrap().push(shard);
        };
        let unlabelled = |index: &mut Value| {
            again(index);
            index["shards"][1]["column_names"] = json!(["image", "number", "name"]);
        };
        let narrow = |index: &mut Value| {
            index["shards"][0]["column_encodings"] = json!(["png", "uint8", "str"]);
            index["shards"][0]["column_sizes"] = json!([null, 1, null]);
        };
        let changes: [(Change<'_>, &str); 10] = [
            (&narrow, "its columns are not as long as it is"),
            (&again, "names shard.00000.mds twice"),
            (&unlabelled, "it has no column of labels, and in the files before it they are numbers"),
            (&set("column_encodings", json!(["pil", "uint16", "str"])), "image (pil)"),
            (&set("column_encodings", json!(["png", "float16", "str"])), "no whole numbers"),
            (&set("column_sizes", json!([null, 2])), "in full"),
            (&set("samples", json!(2)), "not the 2 samples"),
            (&set("samples", json!(u32::MAX)), "beyond the shard's end"),
            (&|index| index["shards"][0]["raw_data"]["basename"] = json!("../x"), "elsewhere"),
            (&|index| index["version"] = json!(3), "version 3"),
        ];
        for (change, why) in changes {
            let folder = folder(&[(&one, 7, "a")], change);
            let message = refusal(open_all(folder.path()));
            assert!(message.contains(why), "{message}");
        }
        let packed = folder(&[(&one, 7, "a")], set("compression", json!("zstd:3")));
        assert!(open_all(packed.path()).is_ok(), "the shard itself is there");
        std::fs::remove_file(packed.path().join("shard.00000.mds")).unwrap();
        assert!(refusal(open_all(packed.path())).contains("zstd:3"));
        let whole = folder(&[(&one, 7, "a"), (&one, 7, "b")], |_| ());
        for file in ["shard.00000.mds", INDEX] {
            survives_damage(&whole.path().join(file), 1, || Ok(Box::new(open_all(whole.path())?)));
        }
    }
}
