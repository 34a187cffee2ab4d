//! Names, and the files that images come from.

use super::{Given, expect, open, same, small, text, verified, written};
use crate::dataset::{Dataset, Memory, Synthetic};
use crate::error::Error;
use crate::sample::{Batch, ImageShape, Shape};
use crate::store::copy::write;
use crate::store::registry::Resolved;
use crate::store::sealed::IfExists;
use crate::store::{KEYS_FILE, WriteOptions};
use std::path::Path;

pub fn odd_names(format: &Resolved, at: &Path) -> Result<(), String> {
    let names: [&[u8]; 8] = [
        b"a/1.jpg",
        "\u{e9}t\u{e9}/\u{732b}.png".as_bytes(),
        b"a b,c;d",
        b"\"",
        b"new\nline",
        b"\xff\xfe",
        b"..",
        b"-rf",
    ];
    let mut samples = Batch::new();
    for (label, name) in names.iter().enumerate() {
        samples.push(ImageShape::new(5, 4, 3), label as u32).fill(label as u8 * 30);
        samples.set_key(name);
    }
    let dataset = Memory::new("memory:names", Shape::Fixed(ImageShape::new(5, 4, 3)), samples);
    let named = Given::new(format, &dataset).map_err(text)?;
    let path = written(format, &named, at, "store").map_err(text)?;
    verified(format, &path, &named.dataset).map_err(text)?;
    let keys = open(format, &path).and_then(|store| store.keys(&path)).map_err(text)?.ok_or("the names are gone")?;
    expect((0..).zip(names).all(|(index, name)| keys.get(index) == name), || format!("{keys:?}"))?;
    // The same images under other names are not the same.
    let keys_file = path.join(KEYS_FILE);
    let bytes = std::fs::read(&keys_file).map_err(|e| e.to_string())?;
    std::fs::write(&keys_file, [b"b", &bytes[1..]].concat()).map_err(|e| e.to_string())?;
    match verified(format, &path, &named.dataset) {
        Err(Error::Mismatch { detail, .. }) if detail.contains("name 'b/1.jpg' instead of 'a/1.jpg'") => Ok(()),
        other => Err(format!("another name went unnoticed: {other:?}")),
    }
}

pub fn files(format: &Resolved, at: &Path) -> Result<(), String> {
    let given = small(format)?;
    let path = written(format, &given, at, "store").map_err(text)?;
    let (mut wanted, mut found) = (Batch::new(), Batch::new());
    let mut reader = open(format, &path).and_then(|store| store.reader()).map_err(text)?;
    if !format.format.takes_files() {
        let refused = reader.read_file(0, &mut found);
        return expect(matches!(refused, Err(Error::Unsupported { .. })) && found.is_empty(), || {
            format!("{refused:?}")
        });
    }
    for index in [0, 300, 7] {
        given.dataset.read_file(index, &mut wanted).map_err(text)?;
        reader.read_file(index, &mut found).map_err(text)?;
    }
    same(&found, &wanted)?;
    expect(reader.read_file(301, &mut found).is_err(), || "a file beyond the end was delivered".into())?;
    // Without files there is nothing to keep.
    let pixels = Synthetic::new(ImageShape::new(8, 8, 3), 3, 1);
    let refused =
        write(format, &pixels, &at.join("pixels"), WriteOptions::default(), IfExists::Refuse, &mut |_| Ok(()));
    expect(matches!(refused, Err(Error::Unsupported { .. })), || format!("{refused:?}"))?;
    expect(!at.join("pixels").exists(), || "something was left behind".into())
}
