//! `flat`, a reference: the raw pixels of all images one after another in one file, labels beside them. What a format
//! costs is what it takes beyond this: here nothing is left to do but to move the bytes.

mod layout;
mod reader;
mod writer;

use super::{ContainerInfo, StoreName};
use crate::build_info;
use crate::error::Result;
use crate::results::Native;
use crate::store::facts::Facts;
use crate::store::options::{self, OptionInfo, Values};
use crate::store::{Capabilities, Format, FormatId, ImageStore, ImageWriter, StoreSpec, WriteOptions};
use crate::sys::huge_memory;
use layout::Layout;
use reader::{Pixels, Store};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use writer::Writer;

/// Where the bytes of a read come from.
const READ: OptionInfo = OptionInfo {
    key: "read",
    values: Values::OneOf(&["file", "memory"]),
    default: "file",
    about: "pread from the file, or memcpy from a copy of it in huge pages, made on opening",
    reading: true,
};

pub const INFO: ContainerInfo = ContainerInfo {
    about: "all pixels in one file, nothing else",
    codecs: &["raw"],
    facts: Facts {
        licence: "MIT or Apache-2.0, as shelfmark",
        specification: "its source code",
        others: "none: it is a reference, and no format to keep images in",
    },
    options: &[READ],
    tuned: &[],
    labels: "labels.bin beside the pixels, little-endian u32",
    make: |id| Ok(Box::new(Flat { memory: options::word(id, &READ) == "memory", id: id.clone() })),
};

/// Pixels of all images, in order.
const IMAGES: &str = "images.bin";
/// Labels of all images, in order: little-endian `u32`.
const LABELS: &str = "labels.bin";
/// Height, width and channels of all images, in order: three little-endian `u32` each. Only where they differ.
const SHAPES: &str = "shapes.bin";

struct Flat {
    id: FormatId,
    memory: bool,
}

impl Format for Flat {
    fn create(&self, at: &Path, spec: &StoreSpec, write: &WriteOptions) -> Result<Box<dyn ImageWriter>> {
        Ok(Box::new(Writer::create(StoreName::new(&self.id, at), spec, write.durability)?))
    }

    fn open_append(
        &self,
        at: &Path,
        spec: &StoreSpec,
        more: u64,
        write: &WriteOptions,
    ) -> Result<Box<dyn ImageWriter>> {
        Ok(Box::new(Writer::open_append(StoreName::new(&self.id, at), spec, more, write.durability)?))
    }

    fn open(&self, at: &Path, spec: &StoreSpec) -> Result<Arc<dyn ImageStore>> {
        let name = StoreName::new(&self.id, at);
        let (layout, file) = Layout::open(spec, &name)?;
        let pixels = if self.memory { Pixels::copy_of(&file, layout.bytes(), &name)? } else { Pixels::File(file) };
        Ok(Arc::new(Store { pixels, layout, name }))
    }

    /// Every byte of the layout is a pixel, a label or a shape, and opening asks whether there are as many as there have
    /// to be: nothing else is left to look at.
    fn audit(&self, at: &Path, spec: &StoreSpec) -> Result<()> {
        Layout::open(spec, &StoreName::new(&self.id, at)).map(|_| ())
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            random_access: true,
            append: true,
            ragged: true,
            grey: true,
            concurrent_readers: true,
            ..Default::default()
        }
    }

    fn native(&self) -> Native {
        if self.memory {
            // The copy is compiled into this program.
            return Native { library: "std".into(), version: build_info::RUSTC.into() };
        }
        let version = sysinfo::System::kernel_version().unwrap_or_else(|| "unknown".into());
        Native { library: "kernel".into(), version }
    }

    fn settings(&self, _: &StoreSpec) -> BTreeMap<String, String> {
        if !self.memory {
            return BTreeMap::from([("read".into(), "pread".into())]);
        }
        let mode = huge_memory::mode().unwrap_or_else(|| "not available".into());
        BTreeMap::from([("read".into(), "memcpy".into()), ("transparent huge pages".into(), mode)])
    }
}

#[cfg(test)]
mod tests;
