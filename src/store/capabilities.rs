//! What a format can do, as data: serialised into results, each proved or refuted by the conformance suite.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a format can do. A field that is false is refused with an error, never done badly in silence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Capabilities {
    /// Any image by its number, without passing over the others.
    pub random_access: bool,
    /// More samples can be added to a finished store.
    pub append: bool,
    /// Samples can be removed from a finished store, and what they took is free or given back. `None` in results that were
    /// written before anybody asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delete: Option<bool>,
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

/// [`Capabilities::NONE`].
impl Default for Capabilities {
    fn default() -> Self {
        Self::NONE
    }
}

impl Capabilities {
    /// How many have a name.
    pub const COUNT: usize = 8;

    /// What can do nothing, and says so.
    pub const NONE: Self = Self {
        random_access: false,
        append: false,
        delete: Some(false),
        ragged: false,
        grey: false,
        concurrent_readers: false,
        zero_copy: false,
        checksums: false,
        max_bytes: None,
    };

    /// What every container can do that puts records, each as long as it is, under a number.
    pub const RECORDS: Self = Self { random_access: true, ragged: true, concurrent_readers: true, ..Self::NONE };

    /// Each by its name, as a reader is told of it, where it is known.
    pub const fn named(&self) -> [(&'static str, Option<bool>); Self::COUNT] {
        [
            ("random access", Some(self.random_access)),
            ("append", Some(self.append)),
            ("delete", self.delete),
            ("ragged", Some(self.ragged)),
            ("grey", Some(self.grey)),
            ("concurrent readers", Some(self.concurrent_readers)),
            ("zero copy", Some(self.zero_copy)),
            ("checksums", Some(self.checksums)),
        ]
    }

    /// Whether samples can be removed.
    pub fn can_delete(&self) -> bool {
        self.delete == Some(true)
    }
}

/// What results say of formats that could do what all could when they were written.
const fn yes() -> bool {
    true
}
