//! Codecs: how one image becomes bytes. One file a codec; the table below is the only list of them.

use crate::error::Result;
use crate::results::Native;
use crate::sample::{Batch, ImageShape, Sample, Shape};
use crate::store::FormatId;
use crate::store::facts::Facts;
use crate::store::options::OptionInfo;
use std::collections::BTreeMap;

/// What a codec is, as data.
#[derive(Debug, Clone, Copy)]
pub struct CodecInfo {
    /// Its name in formats, as in `dir:png`.
    pub name: &'static str,
    /// What it is, in a few words.
    pub about: &'static str,
    /// What is known of it without measuring.
    pub facts: Facts,
    /// Options it takes.
    pub options: &'static [OptionInfo],
    /// Ending of a file that holds one record; empty where the record decides.
    pub extension: &'static str,
    /// Whether it takes encoded files as they are, not pixels.
    pub of_files: bool,
    /// Whether other pixels come back than went in. What has to come back is then what the codec itself makes of the
    /// pixels that went in.
    pub lossy: bool,
    /// Whether records carry the label themselves.
    pub holds_label: bool,
    /// Whether it takes images of one channel.
    pub grey: bool,
    /// Makes the codec. Options were checked before.
    pub make: fn(&FormatId) -> Box<dyn Codec>,
}

/// Turns one image into bytes and back. Stateless: scratch memory belongs to `Encoder` and `Decoder`, one a thread.
pub trait Codec: Send + Sync {
    /// Whether images of such a shape can be encoded; if not, why.
    ///
    /// # Errors
    /// A phrase that ends "unsupported: ...".
    fn accepts(&self, shape: ImageShape) -> Result<(), String>;
    /// The writing side, for one thread.
    fn encoder(&self, shape: &Shape) -> Box<dyn Encoder>;
    /// The reading side, for one thread.
    fn decoder(&self, shape: &Shape) -> Box<dyn Decoder>;
    /// Whether a changed byte of a record is always noticed on decoding. (Of `source` files some are noticed; JPEG, the most
    /// frequent, notices none.)
    fn checksums(&self) -> bool {
        false
    }
    /// The library that does the work.
    fn native(&self) -> Native;
    /// Settings in force that the format's name does not show.
    fn settings(&self) -> BTreeMap<String, String>;
}

/// Encodes images, one thread's worth.
pub trait Encoder: Send {
    /// Appends the encoded sample to `out`.
    ///
    /// # Errors
    /// What the library says.
    fn encode(&mut self, sample: &Sample<'_>, out: &mut Vec<u8>) -> Result<(), String>;
}

/// Decodes images, one thread's worth.
pub trait Decoder: Send {
    /// Appends the decoded sample to `out`. `label` is what the container knows; a codec that holds the label
    /// itself ignores it. Nothing larger than the store's shape is ever allocated, whatever `record` claims.
    ///
    /// # Errors
    /// Why the bytes are no such image; `out` is then as before.
    fn decode(&mut self, record: &[u8], label: u32, out: &mut Batch) -> Result<(), String>;
}

mod compressed;

macro_rules! codecs {
    ($($name:ident),+ $(,)?) => {
        $(mod $name;)+
        /// Every codec.
        pub static CODECS: &[CodecInfo] = &[$($name::INFO),+];
    };
}

codecs! { raw, source, png, jpeg, qoi, webp, zstd, lz4, bincode }

/// The codec called `name`, if there is one.
pub fn find(name: &str) -> Option<&'static CodecInfo> {
    CODECS.iter().find(|codec| codec.name == name)
}

/// Checks a shape found in a record against the store's, before anything is allocated for it.
fn admit(store: &Shape, found: ImageShape) -> Result<(), String> {
    if store.admits(found) { Ok(()) } else { Err(format!("the record holds a {found} image, the store {store}")) }
}

/// Images that a codec does not take, in words.
fn of_channels(channels: u32) -> String {
    if channels == 1 { "grey images".into() } else { format!("images of {channels} channels") }
}
