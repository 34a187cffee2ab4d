//! What a format can do, as data: serialised into results, each proved or refuted by the conformance suite.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a format can do. A field that is false is refused with an error, never done badly in silence.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Capabilities {
    /// Any image by its number, without passing over the others.
    pub random_access: bool,
    /// More samples can be added to a finished store.
    pub append: bool,
    /// Samples can be removed from a finished store, and what they took is free or given back.
    #[serde(default)]
    pub delete: bool,
    /// Images of different shapes in one store.
    pub ragged: bool,
    /// Images of one channel.
    #[serde(default = "yes")]
    pub grey: bool,
    /// Several readers at once return right data. Whether they are faster is for measurements to say.
    pub concurrent_readers: bool,
    /// The stored bytes can be handed out without a copy.
    pub zero_copy: bool,
    /// A changed byte in an image is noticed on reading, by the format itself.
    pub checksums: bool,
    /// Largest payload of one store, where there is a limit.
    pub max_bytes: Option<u64>,
}

impl Capabilities {
    /// Each by its name, as a reader is told of it.
    pub const fn named(&self) -> [(&'static str, bool); 8] {
        [
            ("random access", self.random_access),
            ("append", self.append),
            ("delete", self.delete),
            ("ragged", self.ragged),
            ("grey", self.grey),
            ("concurrent readers", self.concurrent_readers),
            ("zero copy", self.zero_copy),
            ("checksums", self.checksums),
        ]
    }
}

/// What results say of formats that could do what all could when they were written.
const fn yes() -> bool {
    true
}
