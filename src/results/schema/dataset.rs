//! The image sets.

use crate::sample::ImageShape;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An image set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DatasetFacts {
    /// Name used by the cells.
    pub id: String,
    /// As given on the command line.
    pub name: String,
    /// Images taken.
    pub images: u64,
    /// Their shape.
    pub shape: DatasetShape,
    /// Bytes of all decoded pixels.
    pub raw_bytes: u64,
    /// Bytes of the encoded files that the images come from; null where they never were in files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_bytes: Option<u64>,
    /// SHA-256 over shapes, labels and pixels in order, in hexadecimal.
    pub sha256: String,
}

/// Shape of an image set, with the spread of sizes where images differ.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DatasetShape {
    /// All images are `[height, width, channels]`.
    Fixed(ImageShape),
    /// Each its own.
    Ragged {
        /// No image is larger in any dimension.
        max: ImageShape,
        /// Decoded bytes of an image at the quantiles 0, 0.05, 0.5, 0.95 and 1.
        size_quantiles: Vec<u64>,
    },
}
