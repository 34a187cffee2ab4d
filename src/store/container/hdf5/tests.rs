//! What the conformance suite does not see: layouts that no line of the table has, and files that are not as written.

use super::StoreName;
use super::addresses::Addresses;
use super::direct::{Direct, Expected};
use super::filters::{Filters, Undo};
use super::sequence::{self, Sequence};
use super::slab::Slab;
use crate::dataset::{Dataset, Memory};
use crate::error::{Error, Result};
use crate::sample::{Batch, ImageShape, Shape};
use crate::store::conformance::CHECKS;
use crate::store::copy::write;
use crate::store::registry::{Resolved, resolve};
use crate::store::sealed::{IfExists, OpenStore};
use crate::store::{FormatId, ImageReader, ImageStore, StoreSpec, WriteOptions};
use ::hdf5::filters::{Filter, ScaleOffset};
use ::hdf5::{Dataset as Array, Extent, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

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

/// A file of 10 images of 4x5x3 in chunks of 4, made by the library with these filters; `image` makes their bytes.
fn filtered(at: &Path, filters: &[Filter], image: impl Fn(usize) -> u8) -> (File, Vec<u8>) {
    let file = File::create(at.join("images.h5")).unwrap();
    let pixels: Vec<u8> = (0..600).map(image).collect();
    let builder = file.new_dataset_builder().chunk((4, 4, 5, 3)).set_filters(filters);
    let dataset = builder.empty::<u8>().shape((10, 4, 5, 3)).create("images").unwrap();
    Slab::<u8>::new(dataset).unwrap().write(0, 10, &pixels).unwrap();
    file.flush().unwrap();
    (file, pixels)
}

fn read_directly(at: &Path, file: &File) -> Result<Box<dyn ImageReader>> {
    let name = StoreName::new(&"hdf5:raw,chunk=4,read=direct".parse().unwrap(), at);
    let labels: Vec<u32> = (0..10).collect();
    let images = file.dataset("images").unwrap();
    let expected = Expected { shape: ImageShape::new(4, 5, 3), chunk: Some(4), cache_bytes: 0 };
    Arc::new(Direct::open(&images, labels.into(), &expected, name)?).reader()
}

#[test]
fn filters_of_the_library_are_undone_in_whatever_order_it_did_them() {
    let noise = |at: usize| (at as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(29) as u8;
    let (deflate, checksum) = (Filter::Deflate(6), Filter::Fletcher32);
    for filters in [
        vec![],
        vec![deflate.clone()],
        vec![checksum.clone()],
        vec![Filter::Shuffle, deflate.clone(), checksum.clone()],
        vec![checksum.clone(), Filter::Shuffle, deflate.clone()],
    ] {
        for image in [(|at| (at / 7) as u8) as fn(usize) -> u8, noise] {
            let folder = tempfile::tempdir().unwrap();
            let (file, pixels) = filtered(folder.path(), &filters, image);
            let mut reader = read_directly(folder.path(), &file).unwrap();
            // All images of a chunk that is not kept (the last one is): in order, in another order, with those of another
            // chunk between them.
            for indices in [
                &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9][..],
                &[9, 0, 4, 4, 3, 9, 1],
                &[4, 5, 6, 7],
                &[7, 5, 6, 4],
                &[4, 0, 5, 1, 6, 2, 7, 3],
                &[5],
            ] {
                let mut out = Batch::new();
                reader.read_batch(indices, &mut out).unwrap_or_else(|e| panic!("{filters:?}: {e}"));
                let delivered: Vec<_> = out.iter().map(|sample| (sample.label, sample.pixels)).collect();
                let wanted: Vec<_> = indices.iter().map(|i| (*i as u32, &pixels[*i as usize * 60..][..60])).collect();
                assert_eq!(delivered, wanted, "{filters:?}");
            }
        }
    }
}

#[test]
fn chunks_that_do_not_hold_what_they_must_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (file, _) = filtered(folder.path(), &[Filter::Deflate(6), Filter::Fletcher32], |at| (at / 7) as u8);
    let (dataset, shape) = (file.dataset("images").unwrap(), ImageShape::new(4, 5, 3));
    let name = StoreName::new(&"hdf5:raw,chunk=4,read=direct".parse().unwrap(), folder.path());
    let length = std::fs::metadata(folder.path().join("images.h5")).unwrap().len();
    let Addresses::Chunked { chunks, images: 4 } =
        Addresses::of(&dataset, (10, Some(4)), shape, length, &name).unwrap()
    else {
        panic!("it is in chunks of four")
    };
    let end = chunks.iter().map(|chunk| chunk.address + u64::from(chunk.stored)).max().unwrap();
    Addresses::of(&dataset, (10, Some(4)), shape, end, &name).unwrap();
    let outside = Addresses::of(&dataset, (10, Some(4)), shape, end - 1, &name).map(|_| ()).unwrap_err().to_string();
    assert!(outside.contains("outside the file"), "{outside}");
    let lost = Addresses::of(&dataset, (13, Some(4)), shape, length, &name).map(|_| ()).unwrap_err().to_string();
    assert!(lost.contains("lost the chunk of image 12"), "{lost}");

    // A byte of the second chunk, changed behind the library's back.
    let mut reader = read_directly(folder.path(), &file).unwrap();
    let writer = std::fs::OpenOptions::new().write(true).open(folder.path().join("images.h5")).unwrap();
    std::os::unix::fs::FileExt::write_all_at(&writer, &[0xA5; 3], chunks[1].address + 9).unwrap();
    let mut out = Batch::new();
    let damaged = reader.read_batch(&[3, 4], &mut out).unwrap_err().to_string();
    assert!(damaged.contains("chunk 1: its Fletcher-32 is wrong") && out.is_empty(), "{damaged}");
    // Only one of its images would have been asked for, and the first chunk is as good as before.
    reader.read(3, &mut out).unwrap();
    assert!(out.get(0).unwrap().pixels.iter().enumerate().all(|(at, pixel)| *pixel == ((180 + at) / 7) as u8));
    assert!(reader.read(7, &mut out).is_err() && out.len() == 1);
}

#[test]
fn addresses_are_refused_where_they_are_not_what_they_seem() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let make = |user_block: u64, type_of: fn(&File) -> ::hdf5::Result<Array>| {
        let _ = std::fs::remove_file(at.join("images.h5"));
        let file = File::with_options().with_fcpl(|p| p.userblock(user_block)).create(at.join("images.h5")).unwrap();
        type_of(&file).unwrap();
        file
    };
    let refused = |file: &File| read_directly(at, file).map(|_| ()).unwrap_err().to_string();
    let chunked = |file: &File| {
        let dataset =
            file.new_dataset_builder().chunk((4, 4, 5, 3)).empty::<u8>().shape((10, 4, 5, 3)).create("images");
        Slab::<u8>::new(dataset.clone()?)?.write(0, 10, &[7; 600])?;
        file.flush().and(dataset)
    };
    read_directly(at, &make(0, chunked)).unwrap();
    let user_block = refused(&make(512, chunked));
    assert!(user_block.contains("user block"), "{user_block}");
    let other = |file: &File| {
        let dataset =
            file.new_dataset_builder().chunk((5, 4, 5, 3)).empty::<u8>().shape((10, 4, 5, 3)).create("images");
        Slab::<u8>::new(dataset.clone()?)?.write(0, 10, &[7; 600])?;
        file.flush().and(dataset)
    };
    let other = refused(&make(0, other));
    assert!(other.contains("4 images a chunk"), "{other}");

    let contiguous = |file: &File| {
        let dataset = file.new_dataset_builder().no_chunk().empty::<u8>().shape((10, 4, 5, 3)).create("images");
        Slab::<u8>::new(dataset.clone()?)?.write(0, 10, &[7; 600])?;
        file.flush().and(dataset)
    };
    let file = make(0, contiguous);
    let (dataset, shape) = (file.dataset("images").unwrap(), ImageShape::new(4, 5, 3));
    let name = StoreName::new(&"hdf5:raw,read=direct".parse().unwrap(), at);
    let end = dataset.offset().unwrap() + 600;
    Addresses::of(&dataset, (10, None), shape, end, &name).unwrap();
    for (images, file_bytes) in [(10, end - 1), (11, end), (u64::MAX, u64::MAX)] {
        let outside = Addresses::of(&dataset, (images, None), shape, file_bytes, &name).map(|_| ()).unwrap_err();
        assert!(outside.to_string().contains("outside the file"), "{outside}");
    }
}

#[test]
fn a_chunk_without_filters_that_is_too_short_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    // Filters that leave every chunk out say how long it is; without them its length is that of its images.
    let (file, _) = filtered(folder.path(), &[Filter::Shuffle], |at| at as u8);
    read_directly(folder.path(), &file).unwrap();
    let dataset = file.dataset("images").unwrap();
    let short = [7_u8; 100];
    ::hdf5::sync::sync(|| {
        let (at, from) = ([4_u64, 0, 0, 0], short.as_ptr().cast());
        // SAFETY: four coordinates for four dimensions, and as many bytes as are there.
        let status = unsafe { ::hdf5_sys::h5d::H5Dwrite_chunk(dataset.id(), 0, 0, at.as_ptr(), short.len(), from) };
        assert!(status >= 0);
    });
    file.flush().unwrap();
    let refused = read_directly(folder.path(), &file).map(|_| ()).unwrap_err().to_string();
    assert!(refused.contains("chunk 1 is 100 bytes long and has to be 240"), "{refused}");
}

#[test]
fn a_deflated_chunk_of_fewer_bytes_delivers_none_of_those_before() {
    let mut undo = Undo::new(Filters::new(&[Filter::Deflate(1)]).unwrap());
    let mut deflater = libdeflater::Compressor::new(libdeflater::CompressionLvl::default());
    let mut stream = [0; 64];
    let length = deflater.zlib_compress(&[1, 2, 3], &mut stream).unwrap();
    for room in [2, 4] {
        assert!(undo.undo(&stream[..length], 0, &mut vec![9; room]).is_err(), "3 bytes are not {room}");
    }
    undo.undo(&stream[..length], 0, &mut [9; 3]).unwrap();
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

#[test]
fn chunks_that_cut_through_images_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = File::create(folder.path().join("images.h5")).unwrap();
    // As many bytes a chunk as two whole images have.
    let builder = file.new_dataset_builder().chunk((4, 2, 5, 3));
    let dataset = builder.empty::<u8>().shape((10, 4, 5, 3)).create("images").unwrap();
    Slab::<u8>::new(dataset).unwrap().write(0, 10, &[7; 600]).unwrap();
    file.flush().unwrap();
    let refused = read_directly(folder.path(), &file).map(|_| ()).unwrap_err().to_string();
    assert!(refused.contains("4 images a chunk of 4x5x3"), "{refused}");
}

#[test]
fn what_only_the_library_undoes_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (file, _) = filtered(folder.path(), &[Filter::ScaleOffset(ScaleOffset::Integer(0))], |at| (at / 7) as u8);
    let refused = read_directly(folder.path(), &file).map(|_| ()).unwrap_err();
    assert!(matches!(refused, Error::Unsupported { .. }), "{refused}");
}

#[test]
fn lists_are_read_into_the_same_memory_within_the_limit() {
    let folder = tempfile::tempdir().unwrap();
    let file = File::create(folder.path().join("lists.h5")).unwrap();
    let dataset =
        file.new_dataset_builder().no_chunk().empty::<Sequence>().shape(Extent::fixed(3)).create("lists").unwrap();
    let lists: [&[u8]; 3] = [&[1, 2, 3, 4], &[], &[5, 6, 7, 8, 9]];
    sequence::write(&mut Slab::new(dataset.clone()).unwrap(), 0, lists.into_iter()).unwrap();
    let mut reader = sequence::Reader::new(dataset, 4).unwrap();
    assert_eq!(reader.read(0).unwrap(), lists[0]);
    let place = reader.read(0).unwrap().as_ptr();
    assert_eq!(reader.read(1).unwrap(), lists[1]);
    assert!(reader.read(2).is_err(), "five bytes where four are the limit");
    assert!(reader.read(3).is_err(), "there is no fourth");
    assert_eq!(reader.read(0).map(|list| (list.as_ptr(), list.len())), Ok((place, 4)));
}

#[test]
fn a_run_beyond_the_end_or_the_buffer_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = File::create(folder.path().join("rows.h5")).unwrap();
    let dataset = file.new_dataset::<u8>().shape((4, 3)).create("rows").unwrap();
    let mut slab = Slab::<u8>::new(dataset).unwrap();
    slab.write(0, 4, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]).unwrap();
    let mut out = [0; 6];
    for (first, count) in [(3, 2), (4, 2), (u64::MAX, 2), (0, 1), (0, 3), (0, 0), (0, u64::MAX)] {
        assert!(slab.read(first, count, &mut out).is_err(), "{count} rows from {first}");
    }
    slab.read(1, 2, &mut out).unwrap();
    assert_eq!(out, [4, 5, 6, 7, 8, 9]);
    slab.read(3, 1, &mut out[..3]).unwrap();
    assert_eq!(out, [10, 11, 12, 7, 8, 9]);
}
