//! `shelfmark.json`: what a store is. Written last but for the rename, so a store that has one is whole.

use crate::error::{Error, IoContext, Result};
use crate::results::Native;
use crate::sample::Shape;
use crate::store::{FormatId, StoreSpec};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// Name of the manifest inside a store's directory.
pub const MANIFEST_FILE: &str = "shelfmark.json";

/// Its name while a finished store is being changed.
pub(super) const CHANGING_FILE: &str = "shelfmark.json.changing";

/// Name and version of the manifest's schema.
const SCHEMA_ID: &str = "shelfmark/store/1";

/// How that begins in every version.
const SCHEMA: &str = "shelfmark/store/";

/// A manifest larger than this is not one of ours: nothing in it grows with the number of images.
const MAX_BYTES: u64 = 1 << 20;

/// What a store is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Always `shelfmark/store/1`.
    pub schema: String,
    /// The format's full name.
    pub format: String,
    /// Settings that were in force while writing.
    pub settings: BTreeMap<String, String>,
    /// Shape of the images.
    pub shape: Shape,
    /// Number of samples.
    pub images: u64,
    /// The dataset that was written, as named then; empty where the writer did not say.
    #[serde(default)]
    pub dataset: String,
    /// Where labels are kept, in words.
    pub labels: String,
    /// Whether samples have names, kept in the file `keys`, each ended by a zero byte.
    #[serde(default)]
    pub named: bool,
    /// The library that wrote the payload.
    pub library: Native,
    /// Version of shelfmark.
    pub shelfmark_version: String,
}

impl Manifest {
    /// The manifest of a store about to be finished.
    pub fn new(
        id: &FormatId,
        spec: &StoreSpec,
        labels: &str,
        library: Native,
        settings: BTreeMap<String, String>,
    ) -> Self {
        Self {
            schema: SCHEMA_ID.into(),
            format: id.to_string(),
            settings,
            shape: spec.shape.clone(),
            images: spec.images,
            dataset: String::new(),
            labels: labels.into(),
            named: false,
            library,
            shelfmark_version: env!("CARGO_PKG_VERSION").into(),
        }
    }

    /// What the store holds.
    pub fn spec(&self) -> StoreSpec {
        StoreSpec { shape: self.shape.clone(), images: self.images }
    }

    /// The manifest as text.
    pub fn to_json(&self) -> Vec<u8> {
        // Plain data with string keys: serialising it into memory cannot fail.
        serde_json::to_vec_pretty(self).unwrap_or_default()
    }

    /// Reads the manifest of the store at `store`.
    ///
    /// # Errors
    /// [`Error::Store`] when there is none, or it is damaged; [`Error::Unsupported`] when it is of another version.
    pub fn read(store: &Path) -> Result<Self> {
        let refuse = |cause: String, remedy: &str| refusal(store, cause, remedy);
        let file = store.join(MANIFEST_FILE);
        let size = match std::fs::metadata(&file) {
            Ok(metadata) if metadata.is_file() => metadata.len(),
            // A pipe or a device would be read for ever.
            Ok(_) => return Err(refuse(format!("its {MANIFEST_FILE} is no file"), "write the store again")),
            Err(_) if !store.exists() => return Err(refuse("there is no such path".into(), "check the path")),
            Err(_) if store.join(CHANGING_FILE).exists() => {
                return Err(refuse(
                    "images were being added or removed, and that was not finished".into(),
                    "write the store again",
                ));
            }
            Err(_) => {
                return Err(refuse(
                    format!("there is no {MANIFEST_FILE} in it, so it is no finished store"),
                    "give a directory that shelfmark wrote",
                ));
            }
        };
        if size > MAX_BYTES {
            return Err(refuse(format!("its {MANIFEST_FILE} is {size} bytes long"), "write the store again"));
        }
        Self::parse(&std::fs::read(&file).at("read", &file)?, store)
    }

    /// The manifest that `text`, found in the store at `store`, is.
    ///
    /// # Errors
    /// [`Error::Store`] when it is damaged; [`Error::Unsupported`] when it is of another version.
    pub fn parse(text: &[u8], store: &Path) -> Result<Self> {
        let damaged = |e: serde_json::Error| {
            refusal(store, format!("its {MANIFEST_FILE} is damaged ({e})"), "write the store again")
        };
        let value: serde_json::Value = serde_json::from_slice(text).map_err(damaged)?;
        match value.get("schema").and_then(|schema| schema.as_str()) {
            Some(SCHEMA_ID) => serde_json::from_value(value).map_err(damaged),
            Some(other) if other.starts_with(SCHEMA) => Err(Error::Unsupported {
                format: format!("store {}", store.display()),
                what: format!(
                    "its schema is \"{other}\", and this shelfmark reads \"{SCHEMA_ID}\"; use the version of shelfmark that \
                     wrote it, or write the store again"
                ),
            }),
            other => Err(refusal(
                store,
                format!(
                    "its schema is {}, and this shelfmark reads \"{SCHEMA_ID}\"",
                    other.map_or("missing".into(), |o| format!("\"{o}\""))
                ),
                "use the version of shelfmark that wrote it, or write the store again",
            )),
        }
    }
}

fn refusal(store: &Path, cause: String, remedy: &str) -> Error {
    Error::Store { format: "unknown".into(), path: store.to_owned(), cause, remedy: remedy.into() }
}
