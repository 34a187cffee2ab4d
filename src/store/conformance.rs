//! What every format must do: one suite of plain functions, run over every format in the table and every wrapper.
//! A new format gets all of it by being in the table.

mod given;

pub use given::Given;

use crate::dataset::{Dataset, Memory, Synthetic};
use crate::error::{Error, Result};
use crate::sample::{Batch, ImageShape, Sample, Shape};
use crate::store::copy::{Form, write};
use crate::store::registry::Resolved;
use crate::store::sealed::{IfExists, OpenStore};
use crate::store::verify::{Look, difference, verify};
use crate::store::{Durability, KEYS_FILE, MANIFEST_FILE, StoreSpec, Threads, WriteOptions};
use crate::sys::page_cache::cached;
use std::path::{Path, PathBuf};

/// One property. Gets a format and an empty directory; says what is wrong.
pub type Check = fn(&Resolved, &Path) -> Result<(), String>;

/// Every property, with its name.
pub const CHECKS: &[(&str, Check)] = &[
    ("round trip: pixels, labels, order", round_trip),
    ("a single read gives what a batch gives", single_equals_batch),
    ("duplicates and any order in a batch", duplicates),
    ("beyond the end: an error, and the buffer as before", out_of_range),
    ("the empty set", empty_set),
    ("one image", one_image),
    ("odd shapes", odd_shapes),
    ("odd names", odd_names),
    ("original files: given back, or refused by name", files),
    ("several threads write what one does", several_threads_write),
    ("ragged: kept, or refused by name", ragged),
    ("reopening", reopening),
    ("several reader threads", threads),
    ("every durability", durabilities),
    ("synced when it says so", synced),
    ("checksums: a changed byte is noticed, or is not, as declared", checksums),
    ("capabilities are declared as this suite proves them", declarations),
];

fn small(format: &Resolved) -> Result<Given, String> {
    // Neither a multiple of the batch nor of any chunk in the table.
    Given::new(format, &Synthetic::new(ImageShape::new(8, 8, 3), 301, 1)).map_err(text)
}

fn written(format: &Resolved, given: &Given, at: &Path, name: &str) -> Result<PathBuf> {
    let path = at.join(name);
    write(format, &given.dataset, &path, WriteOptions::default(), IfExists::Refuse, &mut |_| Ok(()))?;
    Ok(path)
}

fn verified(path: &Path, dataset: &dyn Dataset) -> Result<u64> {
    verify(path, dataset, Look::AtPixels, Threads::ONE, &mut |_| Ok(()))
}

fn text(error: Error) -> String {
    error.to_string()
}

fn expect(holds: bool, otherwise: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(otherwise()) }
}

fn wrote_and_verified(format: &Resolved, dataset: &dyn Dataset, at: &Path, name: &str) -> Result<(), String> {
    let given = Given::new(format, dataset).map_err(text)?;
    let path = written(format, &given, at, name).map_err(text)?;
    let images = verified(&path, &given.dataset).map_err(text)?;
    expect(images == dataset.len(), || format!("{images} images verified of {}", dataset.len()))
}

fn round_trip(format: &Resolved, at: &Path) -> Result<(), String> {
    let given = small(format)?;
    let path = written(format, &given, at, "store").map_err(text)?;
    verified(&path, &given.dataset).map_err(text)?;
    // Delivered as it has to be, seen without `verify`.
    let mut all = Batch::new();
    let indices: Vec<u64> = (0..given.dataset.len()).collect();
    OpenStore::open(&path).and_then(|store| store.reader()?.read_batch(&indices, &mut all)).map_err(text)?;
    holds(&all, &given.expected, &indices)?;
    // The comparison itself must be able to fail: another dataset of the same shape is not the same.
    let other = Synthetic::new(ImageShape::new(8, 8, 3), 301, 2);
    match verified(&path, &other) {
        Err(Error::Mismatch { .. }) => Ok(()),
        other => Err(format!("another dataset was taken for the one that was written: {other:?}")),
    }
}

fn several_threads_write(format: &Resolved, at: &Path) -> Result<(), String> {
    let given = small(format)?;
    let path = at.join("store");
    let options = WriteOptions { threads: Threads::new(Some(3)), ..WriteOptions::default() };
    write(format, &given.dataset, &path, options, IfExists::Refuse, &mut |_| Ok(())).map_err(text)?;
    let mut seen = 0;
    let looked = verify(&path, &given.dataset, Look::AtFiles, options.threads, &mut |images| {
        seen += images;
        Ok(())
    });
    expect(looked.map_err(text)? == 301 && seen == 301, || format!("{seen} images verified of 301"))
}

/// Names as people have them, and worse.
fn odd_names(format: &Resolved, at: &Path) -> Result<(), String> {
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
    verified(&path, &named.dataset).map_err(text)?;
    let keys = OpenStore::open(&path).and_then(|store| store.keys(&path)).map_err(text)?.ok_or("the names are gone")?;
    expect((0..).zip(names).all(|(index, name)| keys.get(index) == name), || format!("{keys:?}"))?;
    // The same images under other names are not the same.
    let keys_file = path.join(KEYS_FILE);
    let bytes = std::fs::read(&keys_file).map_err(|e| e.to_string())?;
    std::fs::write(&keys_file, [b"b", &bytes[1..]].concat()).map_err(|e| e.to_string())?;
    match verified(&path, &named.dataset) {
        Err(Error::Mismatch { detail, .. }) if detail.contains("name 'b/1.jpg' instead of 'a/1.jpg'") => Ok(()),
        other => Err(format!("another name went unnoticed: {other:?}")),
    }
}

/// Formats that keep files give them back as they were; others say that they do not.
fn files(format: &Resolved, at: &Path) -> Result<(), String> {
    let given = small(format)?;
    let path = written(format, &given, at, "store").map_err(text)?;
    let (mut wanted, mut found) = (Batch::new(), Batch::new());
    let mut reader = OpenStore::open(&path).and_then(|store| store.reader()).map_err(text)?;
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

fn single_equals_batch(format: &Resolved, at: &Path) -> Result<(), String> {
    let path = written(format, &small(format)?, at, "store").map_err(text)?;
    let store = OpenStore::open(&path).map_err(text)?;
    let mut reader = store.reader().map_err(text)?;
    let (mut single, mut batch) = (Batch::new(), Batch::new());
    let indices: Vec<u64> = (37..180).collect();
    reader.read_batch(&indices, &mut batch).map_err(text)?;
    for &index in &indices {
        reader.read(index, &mut single).map_err(text)?;
    }
    same(&single, &batch)
}

fn same(a: &Batch, b: &Batch) -> Result<(), String> {
    expect(a.len() == b.len(), || format!("{} samples against {}", a.len(), b.len()))?;
    let differing = a.iter().zip(b.iter()).enumerate().find_map(|(n, (a, b))| Some((n, difference(&a, &b)?)));
    expect(differing.is_none(), || format!("{differing:?}"))
}

/// Checks that a batch holds exactly the samples `indices` of `dataset`.
fn holds(batch: &Batch, dataset: &dyn Dataset, indices: &[u64]) -> Result<(), String> {
    let mut wanted = Batch::new();
    indices.iter().try_for_each(|&index| dataset.read(index, &mut wanted)).map_err(text)?;
    same(batch, &wanted)
}

fn duplicates(format: &Resolved, at: &Path) -> Result<(), String> {
    let given = small(format)?;
    let (dataset, path) = (&given.expected, written(format, &given, at, "store").map_err(text)?);
    let store = OpenStore::open(&path).map_err(text)?;
    let indices = [5, 5, 300, 0, 1, 2, 2, 299, 5, 64, 63, 65];
    let mut batch = Batch::new();
    store.reader().and_then(|mut reader| reader.read_batch(&indices, &mut batch)).map_err(text)?;
    holds(&batch, dataset, &indices)
}

fn out_of_range(format: &Resolved, at: &Path) -> Result<(), String> {
    let given = small(format)?;
    let (dataset, path) = (&given.expected, written(format, &given, at, "store").map_err(text)?);
    let store = OpenStore::open(&path).map_err(text)?;
    let mut reader = store.reader().map_err(text)?;
    let mut batch = Batch::new();
    reader.read(7, &mut batch).map_err(text)?;
    for index in [301, 302, u64::from(u32::MAX) + 8, u64::MAX] {
        expect(reader.read(index, &mut batch).is_err(), || format!("image {index} of 301 was delivered"))?;
        expect(reader.read_batch(&[index], &mut batch).is_err(), || format!("batch [{index}] of 301 was delivered"))?;
    }
    holds(&batch, dataset, &[7])?;
    expect(reader.read_batch(&[299, 300, 301], &mut Batch::new()).is_err(), || "a run over the end was read".into())
}

fn empty_set(format: &Resolved, at: &Path) -> Result<(), String> {
    wrote_and_verified(format, &Synthetic::new(ImageShape::new(8, 8, 3), 0, 1), at, "store")?;
    let store = OpenStore::open(&at.join("store")).map_err(text)?;
    let mut reader = store.reader().map_err(text)?;
    expect(reader.read(0, &mut Batch::new()).is_err(), || "an image came out of an empty store".into())?;
    reader.read_batch(&[], &mut Batch::new()).map_err(text)
}

fn one_image(format: &Resolved, at: &Path) -> Result<(), String> {
    wrote_and_verified(format, &Synthetic::new(ImageShape::new(8, 8, 3), 1, 1), at, "store")
}

fn odd_shapes(format: &Resolved, at: &Path) -> Result<(), String> {
    let shapes =
        [[1, 1, 1], [1, 1, 3], [28, 28, 1], [97, 61, 4], [5, 4, 2], [1, 300, 3], [10_000, 1, 3], [1, 10_000, 1]];
    for (nth, shape) in shapes.into_iter().enumerate() {
        let dataset = Synthetic::new(ImageShape::from(shape), 5, 3);
        kept_or_refused(format, &dataset, at, &format!("store{nth}")).map_err(|e| format!("{shape:?}: {e}"))?;
    }
    // More channels than an image has: kept whole, or refused; never cut.
    let mut samples = Batch::new();
    samples.push(ImageShape::new(2, 3, 7), 1).iter_mut().enumerate().for_each(|(at, byte)| *byte = at as u8);
    let strange = Memory::new("memory", Shape::Fixed(ImageShape::new(2, 3, 7)), samples);
    kept_or_refused(format, &strange, at, "strange").map_err(|e| format!("7 channels: {e}"))
}

/// One and three channels are for all; other images may be refused by name, with nothing left behind.
fn kept_or_refused(format: &Resolved, dataset: &dyn Dataset, at: &Path, name: &str) -> Result<(), String> {
    let may_refuse = ![1, 3].contains(&dataset.shape().max().channels);
    let outcome = Given::new(format, dataset).and_then(|given| {
        let path = written(format, &given, at, name)?;
        verified(&path, &given.dataset)
    });
    match outcome {
        Ok(_) => Ok(()),
        Err(Error::Unsupported { .. }) if may_refuse => {
            expect(!at.join(name).exists(), || "something was left behind".into())
        }
        Err(other) => Err(text(other)),
    }
}

fn ragged(format: &Resolved, at: &Path) -> Result<(), String> {
    // Shapes from 1x1 on; of grey and RGB, and of all numbers of channels.
    let (plain, all) = (Memory::ragged(97, &[1, 3]), Memory::ragged(97, &[1, 2, 3, 4]));
    if format.format.capabilities().ragged {
        kept_or_refused(format, &all, at, "all")?;
        return wrote_and_verified(format, &plain, at, "store");
    }
    let refusal =
        Given::new(format, &plain).and_then(|given| written(format, &given, at, "store")).map(|_| ()).map_err(text);
    expect(matches!(&refusal, Err(why) if why.contains("unsupported: ragged")), || format!("{refusal:?}"))?;
    expect(!at.join("store").exists(), || "something was left behind".into())
}

fn reopening(format: &Resolved, at: &Path) -> Result<(), String> {
    let given = small(format)?;
    let (dataset, path) = (&given.expected, written(format, &given, at, "store").map_err(text)?);
    // Open twice at once, close one, go on with the other; then close all and open again.
    let first = OpenStore::open(&path).map_err(text)?;
    let second = OpenStore::open(&path).map_err(text)?;
    let (mut one, mut two) = (first.reader().map_err(text)?, second.reader().map_err(text)?);
    let mut batch = Batch::new();
    one.read(3, &mut batch).map_err(text)?;
    drop((first, one));
    two.read(4, &mut batch).map_err(text)?;
    drop((second, two));
    let third = OpenStore::open(&path).map_err(text)?;
    third.reader().and_then(|mut reader| reader.read(5, &mut batch)).map_err(text)?;
    holds(&batch, dataset, &[3, 4, 5])
}

fn threads(format: &Resolved, at: &Path) -> Result<(), String> {
    let given = small(format)?;
    let (dataset, path) = (&given.expected, written(format, &given, at, "store").map_err(text)?);
    let store = OpenStore::open(&path).map_err(text)?;
    let read_all = |thread: u64| {
        let mut reader = store.reader().map_err(text)?;
        let mut batch = Batch::new();
        // Each thread in an order of its own, a reader moved into it.
        let indices: Vec<u64> = (0..dataset.len()).map(|n| (n * (2 * thread + 3) + thread) % dataset.len()).collect();
        for slice in indices.chunks(50) {
            batch.clear();
            reader.read_batch(slice, &mut batch).map_err(text)?;
            holds(&batch, dataset, slice)?;
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let running: Vec<_> = (0..4).map(|thread| scope.spawn(move || read_all(thread))).collect();
        running.into_iter().try_for_each(|thread| thread.join().map_err(|_| "a reader panicked".to_owned())?)
    })
}

fn durabilities(format: &Resolved, at: &Path) -> Result<(), String> {
    let dataset = small(format)?.dataset;
    for durability in [Durability::None, Durability::Close, Durability::Each] {
        let path = at.join(durability.name());
        write(
            format,
            &dataset,
            &path,
            WriteOptions { durability, threads: Threads::ONE },
            IfExists::Refuse,
            &mut |_| Ok(()),
        )
        .map_err(text)?;
        verified(&path, &dataset).map_err(|e| format!("{}: {e}", durability.name()))?;
    }
    Ok(())
}

/// Asks the kernel which pages of the store's files still have to go to the device: none where `close` or `each` says
/// so. Where a store written with `none` has no such pages either (in memory, say), nothing can be told.
fn synced(format: &Resolved, at: &Path) -> Result<(), String> {
    let dataset = Given::new(format, &noise()).map_err(text)?.dataset;
    let spec = StoreSpec { shape: dataset.shape(), images: dataset.len() };
    let mut samples = Batch::new();
    let mut scratch = Batch::new();
    let form = Form::of(format);
    (0..spec.images).try_for_each(|index| form.read(&dataset, index, &mut scratch, &mut samples)).map_err(text)?;
    let store = |durability: Durability| -> Result<PathBuf> {
        let path = at.join(durability.name());
        write(
            format,
            &dataset,
            &path,
            WriteOptions { durability, threads: Threads::ONE },
            IfExists::Refuse,
            &mut |_| Ok(()),
        )?;
        Ok(path)
    };
    if unsynced(&store(Durability::None).map_err(text)?)?.is_none_or(|pages| pages == 0) {
        return Ok(());
    }
    let close = unsynced(&store(Durability::Close).map_err(text)?)?;
    expect(close == Some(0), || format!("`close` left {close:?} pages that are not on the device"))?;
    let each = at.join("by hand");
    std::fs::create_dir(&each).map_err(|e| e.to_string())?;
    let options = WriteOptions { durability: Durability::Each, threads: Threads::ONE };
    let mut writer = format.format.create(&each, &spec, &options).map_err(text)?;
    writer.append(&samples).map_err(text)?;
    let left = unsynced(&each)?;
    expect(left == Some(0), || format!("with `each`, a batch left {left:?} pages that are not on the device"))
}

/// Pages of all files below `directory` that are not on the device yet; `None` where the system does not tell.
fn unsynced(directory: &Path) -> Result<Option<u64>, String> {
    let mut pages = Some(0);
    for entry in walkdir::WalkDir::new(directory) {
        let entry = entry.map_err(|e| e.to_string())?;
        if entry.file_type().is_file() {
            let file = std::fs::File::open(entry.path()).map_err(|e| e.to_string())?;
            pages = pages.zip(cached(&file)).map(|(sum, file)| sum + file.dirty + file.writeback);
        }
    }
    Ok(pages)
}

/// Changes bytes of an image's payload on disk. A format that declares checksums must never deliver other pixels in
/// silence; of one that does not, the change must come through: else the declaration is out of date.
fn checksums(format: &Resolved, at: &Path) -> Result<(), String> {
    let given = Given::new(format, &noise()).map_err(text)?;
    let dataset = &given.expected;
    let declared = format.format.capabilities().checksums;
    let path = written(format, &given, at, "store").map_err(text)?;
    let (file, position) = payload_position(&path, dataset)?;
    let clean = std::fs::read(&file).map_err(|e| e.to_string())?;
    let mut silent = 0;
    for offset in 0..24 {
        let mut damaged = clean.clone();
        damaged[position + offset] ^= 1 << (offset % 8);
        std::fs::write(&file, &damaged).map_err(|e| e.to_string())?;
        let store = OpenStore::open(&path).map_err(text)?;
        let mut reader = store.reader().map_err(text)?;
        let mut batch = Batch::new();
        let outcome = (0..dataset.len()).try_for_each(|index| reader.read(index, &mut batch).map_err(|_| index));
        if let Err(index) = outcome {
            // What was read before the failure is there, and nothing half-read behind it.
            let before: Vec<u64> = (0..index).collect();
            holds(&batch, dataset, &before).map_err(|e| format!("after image {index} failed: {e}"))?;
        } else {
            let indices: Vec<u64> = (0..dataset.len()).collect();
            silent += u32::from(holds(&batch, dataset, &indices).is_err());
        }
    }
    match (declared, silent) {
        (true, 1..) => Err(format!("declares checksums, and {silent} of 24 changed bytes came through unnoticed")),
        (false, 0) => Err("declares no checksums, and noticed every changed byte: declare them".into()),
        _ => Ok(()),
    }
}

/// Images that no codec can make smaller, so that what is on disk is mostly payload.
fn noise() -> Memory {
    let shape = ImageShape::new(16, 16, 3);
    let mut samples = Batch::new();
    let mut state = 1_u32;
    for label in 0..64 {
        for byte in samples.push(shape, label) {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            *byte = (state >> 24) as u8;
        }
    }
    Memory::new("memory:noise", Shape::Fixed(shape), samples)
}

/// A file of the store and a place in it where the payload of an image certainly lies: its pixels where they are kept
/// as they are, the image data of a PNG or JPEG, else the middle of the largest file.
fn payload_position(store: &Path, dataset: &Memory) -> Result<(PathBuf, usize), String> {
    let mut image = Batch::new();
    dataset.read(20, &mut image).map_err(text)?;
    let pixels = image.get(0).map(|sample: Sample<'_>| sample.pixels.to_vec()).unwrap_or_default();
    let mut largest = (PathBuf::new(), 0);
    for entry in walkdir::WalkDir::new(store).sort_by_file_name() {
        let entry = entry.map_err(|e| e.to_string())?;
        if !entry.file_type().is_file() || entry.file_name() == MANIFEST_FILE {
            continue;
        }
        let bytes = std::fs::read(entry.path()).map_err(|e| e.to_string())?;
        for (needle, skip) in [(&pixels[..], 0), (&[0xFF, 0xDA, 0, 12], 20), (b"IDAT", 10)] {
            if let Some(found) = bytes.windows(needle.len()).position(|window| window == needle) {
                return Ok((entry.into_path(), found + skip));
            }
        }
        if bytes.len() > largest.1 {
            largest = (entry.into_path(), bytes.len());
        }
    }
    Ok((largest.0, largest.1 / 2))
}

fn declarations(format: &Resolved, _: &Path) -> Result<(), String> {
    let declared = format.format.capabilities();
    expect(!declared.append, || "append is declared, and there is no way to append yet".into())?;
    expect(declared.random_access && declared.concurrent_readers, || "the suite proves these two: declare them".into())
}
