//! Files that the library wrote, read without it.

use super::super::slab::Slab;
use super::*;
use crate::error::Error;
use ::hdf5::File;
use ::hdf5::filters::{Filter, ScaleOffset};
use std::path::Path;

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
    let make = |user_block: u64, type_of: fn(&File) -> ::hdf5::Result<Dataset>| {
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
