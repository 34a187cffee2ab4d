//! `index.json`: what shards there are, and what columns they have.

use crate::error::{IoContext, Result};
use crate::store::container::StoreName;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::OnceLock;

/// Name of the file.
pub const FILE: &str = "index.json";

/// All shards.
#[derive(Debug, Serialize, Deserialize)]
pub struct Index {
    pub shards: Vec<Shard>,
    version: u32,
}

/// A shard, as far as it is read; all else that the original writer says of it comes along.
#[derive(Debug, Serialize, Deserialize)]
pub struct Shard {
    pub raw_data: RawData,
    pub samples: u32,
    #[serde(flatten)]
    rest: Value,
}

/// Its file.
#[derive(Debug, Serialize, Deserialize)]
pub struct RawData {
    pub basename: String,
    pub bytes: u64,
    #[serde(default)]
    hashes: serde_json::Map<String, Value>,
}

/// What a shard says of itself: the columns are sorted by name.
fn columns() -> Value {
    json!({
        "column_encodings": ["bytes", "int"],
        "column_names": ["image", "label"],
        "column_sizes": [null, 8],
        "compression": null,
        "format": "mds",
        "hashes": [],
        "version": 2,
    })
}

/// The same as a text, in each shard.
pub fn column_text() -> &'static str {
    static TEXT: OnceLock<String> = OnceLock::new();
    TEXT.get_or_init(|| columns().to_string())
}

/// Keys of [`columns`] that have to be as they are for the samples to be read as they are.
const DECISIVE: [&str; 5] = ["column_encodings", "column_names", "column_sizes", "compression", "format"];

impl Shard {
    /// Name of the file of shard `number`.
    pub fn basename(number: usize) -> String {
        format!("shard.{number:05}.mds")
    }

    /// A shard that was written.
    pub fn new(basename: String, bytes: u64, samples: u32, size_limit: u64) -> Self {
        let mut rest = columns();
        rest["size_limit"] = size_limit.into();
        rest["zip_data"] = Value::Null;
        Self { raw_data: RawData { basename, bytes, hashes: serde_json::Map::new() }, samples, rest }
    }

    /// Its file, relative to the store, as shard `number`.
    ///
    /// # Errors
    /// When it is another file (elsewhere, named twice, or in another shard's place), or has columns of another kind.
    pub fn file(&self, number: usize, name: &StoreName) -> Result<PathBuf> {
        let file = Self::basename(number);
        if self.raw_data.basename != file {
            return Err(name.damaged(format!("{FILE} names {:?} where {file} belongs", self.raw_data.basename)));
        }
        if !same(&self.rest, &columns()) {
            return Err(name.damaged(format!("{FILE}: {} has other columns, or is compressed", self.raw_data.basename)));
        }
        Ok(file.into())
    }

    /// Whether a shard's own text tells of the same columns.
    pub fn has_columns(&self, text: &[u8]) -> bool {
        serde_json::from_slice::<Value>(text).is_ok_and(|own| same(&own, &self.rest))
    }
}

fn same(a: &Value, b: &Value) -> bool {
    DECISIVE.iter().all(|key| a[key] == b[key])
}

impl Index {
    /// Of these shards.
    pub fn new(shards: Vec<Shard>) -> Self {
        Self { shards, version: 2 }
    }

    /// Reads that of a store.
    ///
    /// # Errors
    /// When it is missing, no such JSON, or of another version.
    pub fn read(name: &StoreName) -> Result<Self> {
        let path = name.path.join(FILE);
        let text = std::fs::read(&path).at("read", &path)?;
        let index: Self = serde_json::from_slice(&text).map_err(|e| name.damaged(format!("{FILE}: {e}")))?;
        match index.version {
            2 => Ok(index),
            other => Err(name.damaged(format!("{FILE} is of version {other}, not 2"))),
        }
    }

    /// As JSON.
    pub fn text(&self) -> String {
        // Keys are texts and numbers are finite: there is nothing to fail.
        serde_json::to_value(self).map(|value| value.to_string()).unwrap_or_default()
    }
}
