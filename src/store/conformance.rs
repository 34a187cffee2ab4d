//! What every format must do: one suite of plain functions, run over every format in the table and every wrapper.
//! A new format gets all of it by being in the table.

mod changes;
mod disk;
mod given;
mod names;
mod shapes;

pub use given::Given;

use crate::dataset::{Dataset, Synthetic};
use crate::error::{Error, Result};
use crate::sample::{Batch, ImageShape};
use crate::store::copy::write;
use crate::store::registry::Resolved;
use crate::store::sealed::{IfExists, OpenStore};
use crate::store::verify::{Look, difference, verify_open};
use crate::store::{Threads, WriteOptions};
use std::path::{Path, PathBuf};

/// One property. Gets a format and an empty directory; says what is wrong.
pub type Check = fn(&Resolved, &Path) -> Result<(), String>;

/// Every property, with its name.
pub const CHECKS: &[(&str, Check)] = &[
    ("round trip: pixels, labels, order", round_trip),
    ("a single read gives what a batch gives", single_equals_batch),
    ("duplicates and any order in a batch", duplicates),
    ("beyond the end: an error, and the buffer as before", out_of_range),
    ("the empty set", shapes::empty_set),
    ("one image", shapes::one_image),
    ("plain images", shapes::plain_images),
    ("odd shapes", shapes::odd_shapes),
    ("odd names", names::odd_names),
    ("original files: given back, or refused by name", names::files),
    ("several threads write what one does", several_threads_write),
    ("ragged: kept, or refused by name", shapes::ragged),
    ("reopening", reopening),
    ("several reader threads", threads),
    ("every durability", disk::durabilities),
    ("synced when it says so", disk::synced),
    ("checksums: a changed byte is noticed, or is not, as declared", disk::checksums),
    ("append: more behind those in it, or refused by name", changes::append),
    ("delete: the others stay, or refused by name", changes::delete),
    ("what a change did not finish is no store", changes::unfinished),
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

/// Opens with the format under test, which may be one of the table with something around it.
fn open(format: &Resolved, path: &Path) -> Result<OpenStore> {
    OpenStore::open_through(path, |_, _| Ok(format.clone()))
}

fn verified(format: &Resolved, path: &Path, dataset: &dyn Dataset) -> Result<u64> {
    verify_open(&open(format, path)?, path, dataset, Look::AtPixels, Threads::ONE, &mut |_| Ok(()))
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
    let images = verified(format, &path, &given.dataset).map_err(text)?;
    expect(images == dataset.len(), || format!("{images} images verified of {}", dataset.len()))
}

fn round_trip(format: &Resolved, at: &Path) -> Result<(), String> {
    let given = small(format)?;
    let path = written(format, &given, at, "store").map_err(text)?;
    verified(format, &path, &given.dataset).map_err(text)?;
    // Delivered as it has to be, seen without `verify`.
    let mut all = Batch::new();
    let indices: Vec<u64> = (0..given.dataset.len()).collect();
    open(format, &path).and_then(|store| store.reader()?.read_batch(&indices, &mut all)).map_err(text)?;
    holds(&all, &given.expected, &indices)?;
    // The comparison itself must be able to fail: another dataset of the same shape is not the same.
    let other = Synthetic::new(ImageShape::new(8, 8, 3), 301, 2);
    match verified(format, &path, &other) {
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
    let store = open(format, &path).map_err(text)?;
    let looked = verify_open(&store, &path, &given.dataset, Look::AtFiles, options.threads, &mut |images| {
        seen += images;
        Ok(())
    });
    expect(looked.map_err(text)? == 301 && seen == 301, || format!("{seen} images verified of 301"))
}

fn single_equals_batch(format: &Resolved, at: &Path) -> Result<(), String> {
    let path = written(format, &small(format)?, at, "store").map_err(text)?;
    let store = open(format, &path).map_err(text)?;
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
    let store = open(format, &path).map_err(text)?;
    let indices = [5, 5, 300, 0, 1, 2, 2, 299, 5, 64, 63, 65];
    let mut batch = Batch::new();
    store.reader().and_then(|mut reader| reader.read_batch(&indices, &mut batch)).map_err(text)?;
    holds(&batch, dataset, &indices)
}

fn out_of_range(format: &Resolved, at: &Path) -> Result<(), String> {
    let given = small(format)?;
    let (dataset, path) = (&given.expected, written(format, &given, at, "store").map_err(text)?);
    let store = open(format, &path).map_err(text)?;
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

/// One and three channels are for all; other images may be refused by name, with nothing left behind.
fn reopening(format: &Resolved, at: &Path) -> Result<(), String> {
    let given = small(format)?;
    let (dataset, path) = (&given.expected, written(format, &given, at, "store").map_err(text)?);
    // Open twice at once, close one, go on with the other; then close all and open again.
    let first = open(format, &path).map_err(text)?;
    let second = open(format, &path).map_err(text)?;
    let (mut one, mut two) = (first.reader().map_err(text)?, second.reader().map_err(text)?);
    let mut batch = Batch::new();
    one.read(3, &mut batch).map_err(text)?;
    drop((first, one));
    two.read(4, &mut batch).map_err(text)?;
    drop((second, two));
    let third = open(format, &path).map_err(text)?;
    third.reader().and_then(|mut reader| reader.read(5, &mut batch)).map_err(text)?;
    holds(&batch, dataset, &[3, 4, 5])
}

fn threads(format: &Resolved, at: &Path) -> Result<(), String> {
    let given = small(format)?;
    let (dataset, path) = (&given.expected, written(format, &given, at, "store").map_err(text)?);
    let store = open(format, &path).map_err(text)?;
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

fn declarations(format: &Resolved, _: &Path) -> Result<(), String> {
    let declared = format.format.capabilities();
    expect(declared.random_access && declared.concurrent_readers, || "the suite proves these two: declare them".into())
}
