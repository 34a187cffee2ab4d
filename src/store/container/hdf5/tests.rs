//! What the conformance suite does not see: layouts that no line of the table has, and files that are not as written.

use super::StoreName;
use super::addresses::Addresses;
use super::sequence::{self, Sequence};
use super::slab::Slab;
use crate::dataset::{Dataset, Memory};
use crate::error::{Error, Result};
use crate::sample::{Batch, ImageShape, Shape};
use crate::store::conformance::CHECKS;
use crate::store::copy::write;
use crate::store::registry::{Resolved, resolve};
use crate::store::sealed::{IfExists, OpenStore};
use crate::store::{FormatId, StoreSpec, WriteOptions};
use ::hdf5::filters::Filter;
use ::hdf5::{Extent, File};
use std::path::{Path, PathBuf};

fn format(name: &str) -> Resolved {
    resolve(&name.parse::<FormatId>().unwrap()).unwrap()
}

fn ragged(name: &str, at: &Path) -> PathBuf {
    let path = at.join("store");
    let dataset = Memory::ragged(50, &[1, 3]);
    write(&format(name), &dataset, &path, WriteOptions::default(), IfExists::Replace, &mut |_| Ok(())).unwrap();
    path
}

#[test]
fn layouts_that_the_table_does_not_have_conform() {
    for name in [
        "hdf5:raw,ragged=vlen",
        "hdf5:raw,chunk=3,checksum=fletcher32",
        "hdf5:raw,chunk=3,checksum=fletcher32,read=direct",
        "hdf5:raw,chunk=3,deflate=1,checksum=fletcher32,read=direct",
    ] {
        let format = format(name);
        for (property, check) in CHECKS {
            let folder = tempfile::tempdir().unwrap();
            check(&format, folder.path()).unwrap_or_else(|why| panic!("{name}: {property}: {why}"));
        }
    }
}

#[test]
fn the_layout_is_the_one_that_was_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    for (name, has, has_not) in [
        ("hdf5:raw", &["values", "offsets", "labels"][..], &["records", "images"][..]),
        ("hdf5:png", &["values", "offsets", "labels"], &["records", "images"]),
        ("hdf5:raw,ragged=vlen", &["records", "labels"], &["values", "offsets", "images"]),
        ("hdf5:png,ragged=vlen", &["records", "labels"], &["values", "offsets", "images"]),
    ] {
        let path = ragged(name, folder.path());
        let file = File::open(path.join("images.h5")).unwrap();
        assert!(has.iter().all(|dataset| file.link_exists(dataset)), "{name}");
        assert!(!has_not.iter().any(|dataset| file.link_exists(dataset)), "{name}");
        drop(file);
        let spec = StoreSpec { shape: Memory::ragged(50, &[1, 3]).shape(), images: 50 };
        let of = |name: &str| format(name).format.audit(&path, &spec);
        of(name).unwrap();
        let other =
            if name.contains("vlen") { name.replace(",ragged=vlen", "") } else { format!("{name},ragged=vlen") };
        assert!(matches!(of(&other), Err(Error::Mismatch { .. })), "{name} passed for {other}");
    }
}

/// Images of 4x5x3, each filled with its label.
fn labelled(images: u32) -> (ImageShape, Memory) {
    let (shape, mut samples) = (ImageShape::new(4, 5, 3), Batch::new());
    (0..images).for_each(|label| samples.push(shape, label).fill(label as u8));
    (shape, Memory::new("labelled", Shape::Fixed(shape), samples))
}

/// Opens the store and reads all of it.
fn read_all(path: &Path) -> Result<()> {
    let mut reader = OpenStore::open(path)?.reader()?;
    (0..50).try_for_each(|index| reader.read(index, &mut Batch::new()))
}

/// Done to a file.
type Damage = fn(&File);

#[test]
fn damaged_offsets_and_values_are_refused_on_opening() {
    let folder = tempfile::tempdir().unwrap();
    let damages: [(&str, Damage); 7] = [
        ("offsets go", |file| file.dataset("offsets").unwrap().write_slice(&[u64::MAX], 50..51).unwrap()),
        ("offsets go", |file| file.dataset("values").unwrap().resize(9).unwrap()),
        ("those of no image", |file| file.dataset("offsets").unwrap().write_slice(&[1_u64 << 60], 20..21).unwrap()),
        ("those of no image", |file| file.dataset("offsets").unwrap().write_slice(&[0_u64], 20..21).unwrap()),
        ("bytes, and some of them are nowhere", |file| file.dataset("values").unwrap().resize(1 << 44).unwrap()),
        ("another type", |file| {
            file.unlink("labels").unwrap();
            file.new_dataset::<u64>().shape(50).create("labels").unwrap();
        }),
        ("where [51] were written", |file| {
            file.unlink("offsets").unwrap();
            file.new_dataset::<u64>().shape(1 << 44).create("offsets").unwrap();
        }),
    ];
    for (expected, damage) in damages {
        let path = ragged("hdf5:raw", folder.path());
        read_all(&path).unwrap();
        damage(&File::open_rw(path.join("images.h5")).unwrap());
        let error = OpenStore::open(&path).map(|_| ()).unwrap_err().to_string();
        assert!(error.contains(expected), "{expected}: {error}");
    }
}

#[test]
fn a_variable_length_record_too_long_for_any_image_gets_no_memory() {
    let folder = tempfile::tempdir().unwrap();
    let path = ragged("hdf5:raw,ragged=vlen", folder.path());
    read_all(&path).unwrap();
    let file = File::open_rw(path.join("images.h5")).unwrap();
    let mut lists = Slab::<Sequence>::new(file.dataset("records").unwrap()).unwrap();
    let long = vec![7_u8; 8 << 20];
    sequence::write(&mut lists, 30, [&long[..], &[]].into_iter()).unwrap();
    drop((lists, file));
    let mut reader = OpenStore::open(&path).and_then(|store| store.reader()).unwrap();
    let mut batch = Batch::new();
    for index in [30, 31] {
        let error = reader.read(index, &mut batch).unwrap_err();
        assert!(matches!(error, Error::Store { .. }) && batch.is_empty(), "{error}");
    }
    // The reader is as good as before.
    reader.read(29, &mut batch).unwrap();
    reader.read(32, &mut batch).unwrap();
    let mut wanted = Batch::new();
    [29, 32].into_iter().try_for_each(|index| Memory::ragged(50, &[1, 3]).read(index, &mut wanted)).unwrap();
    assert!(batch.iter().eq(wanted.iter()));
}

#[test]
fn what_a_store_must_be_is_looked_at_before_it_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let (_, dataset) = labelled(50);
    let write = |name: &str| {
        write(&format(name), &dataset, &path, WriteOptions::default(), IfExists::Replace, &mut |_| Ok(())).unwrap();
        File::open_rw(path.join("images.h5")).unwrap()
    };
    for name in ["hdf5:raw", "hdf5:raw,read=direct"] {
        let file = write(name);
        file.unlink("images").unwrap();
        file.new_dataset::<u16>().shape((50, 4, 5, 3)).create("images").unwrap();
        drop(file);
        let error = OpenStore::open(&path).map(|_| ()).unwrap_err().to_string();
        assert!(error.contains("another type of number"), "{name}: {error}");
    }
    // A chunk that was never written: HDF5 reads what was in memory before, and says nothing.
    for (name, filters, what) in [
        ("hdf5:raw,chunk=4", &[][..], "bytes of images are there"),
        ("hdf5:raw,chunk=4,deflate=1", &[Filter::Deflate(1)], "lost the chunk of image 48"),
    ] {
        let file = write(name);
        let spec = StoreSpec { shape: dataset.shape(), images: 50 };
        file.unlink("images").unwrap();
        let extents = [Extent::new(50, Some(50)), Extent::fixed(4), Extent::fixed(5), Extent::fixed(3)];
        let builder = file.new_dataset_builder().chunk((4, 4, 5, 3)).set_filters(filters);
        let images = builder.empty::<u8>().shape(extents).create("images").unwrap();
        Slab::<u8>::new(images).unwrap().write(0, 48, &[7; 48 * 60]).unwrap();
        drop(file);
        let lost = format(name).format.audit(&path, &spec).unwrap_err().to_string();
        assert!(lost.contains(what), "{lost}");
    }
}

#[test]
fn a_batch_with_a_damaged_chunk_delivers_no_wrong_image() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let (shape, dataset) = labelled(10);
    let written = format("hdf5:raw,chunk=4,checksum=fletcher32");
    write(&written, &dataset, &path, WriteOptions::default(), IfExists::Replace, &mut |_| Ok(())).unwrap();
    let file = File::open(path.join("images.h5")).unwrap();
    let length = std::fs::metadata(path.join("images.h5")).unwrap().len();
    let (images, name) = (file.dataset("images").unwrap(), StoreName::new(&written.id, &path));
    let Addresses::Chunked { chunks, .. } = Addresses::of(&images, (10, Some(4)), shape, length, &name).unwrap() else {
        panic!("it is in chunks of four")
    };
    drop((images, file));
    let writer = std::fs::OpenOptions::new().write(true).open(path.join("images.h5")).unwrap();
    std::os::unix::fs::FileExt::write_all_at(&writer, &[0xA5; 3], chunks[1].address + 9).unwrap();
    let mut reader = OpenStore::open(&path).and_then(|store| store.reader()).unwrap();
    for indices in [&[1, 6, 9][..], &[9, 6, 1], &[0, 1, 2, 3, 4], &[7]] {
        let mut out = Batch::new();
        assert!(reader.read_batch(indices, &mut out).is_err(), "{indices:?}");
        assert!(out.iter().all(|sample| sample.pixels.iter().all(|pixel| u32::from(*pixel) == sample.label)));
        out.clear();
        reader.read_batch(&[9, 1], &mut out).unwrap();
        assert_eq!(out.iter().map(|sample| (sample.label, sample.pixels[59])).collect::<Vec<_>>(), [(9, 9), (1, 1)]);
    }
}
