//! The short way against the crate `png`: what either writes, both read, and damage is no more and no less than before.

use super::*;
use ::png::Compression;
use proptest::prelude::*;

const LEVELS: [Level; 4] = [Level::Fastest, Level::Fast, Level::Balanced, Level::High];

/// Whatever a test's memory holds: damaged headers claim anything.
fn anything(shape: ImageShape) -> Result<(), String> {
    if shape.bytes() <= 1 << 20 { Ok(()) } else { Err("too large".into()) }
}

/// What the short way makes of a file; `None` where it leaves it to the crate.
fn plainly(file: &[u8]) -> Option<(ImageShape, Vec<u8>)> {
    let mut out = Batch::new();
    let done = plain::Reader::default().decode(file, |shape| anything(shape).is_ok(), 3, &mut out);
    assert_eq!(out.len(), usize::from(done), "a file that is left to the crate leaves something behind");
    out.get(0).map(|sample| (sample.shape, sample.pixels.to_vec()))
}

/// What the crate makes of it.
fn by_crate(file: &[u8], accept: Accept) -> Result<(ImageShape, Vec<u8>), String> {
    let mut out = Batch::new();
    decode_any(file, accept, anything, 3, &mut out)?;
    Ok(out.get(0).map(|sample| (sample.shape, sample.pixels.to_vec())).unwrap())
}

fn written(shape: ImageShape, pixels: &[u8], level: Level) -> Vec<u8> {
    let mut file = Vec::new();
    encode(shape, pixels, level, &mut file).unwrap();
    file
}

/// As the crate writes them, the stream in pieces of so many bytes.
fn written_by_crate(shape: ImageShape, pixels: &[u8], compression: Compression, piece: usize) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = ::png::Encoder::new(&mut file, shape.width, shape.height);
    encoder.set_color(holds(shape).unwrap());
    encoder.set_depth(BitDepth::Eight);
    encoder.set_compression(compression);
    let mut writer = encoder.write_header().unwrap();
    let mut stream = writer.stream_writer_with_size(piece).unwrap();
    std::io::Write::write_all(&mut stream, pixels).unwrap();
    stream.finish().unwrap();
    writer.finish().unwrap();
    file
}

/// Smooth pictures with noise of this many levels, as photos have it.
fn picture(shape: ImageShape, noise: u8, seed: u64) -> Vec<u8> {
    let (width, channels) = (shape.width as usize, shape.channels as usize);
    let mut state = seed;
    (0..shape.bytes())
        .map(|at| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let (row, column) = (at / channels / width, at / channels % width);
            let noise = (state >> 33) % (u64::from(noise) + 1);
            (row * 5 + column * 3 + at % channels * 40) as u8 ^ noise as u8
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn what_either_writes_both_read(
        (height, width, channels) in (1_u32..40, 1_u32..40, 1_u32..=4), noise: u8, seed: u64,
        level in 0_usize..4, piece in 1_usize..5_000,
    ) {
        let shape = ImageShape::new(height, width, channels);
        let pixels = picture(shape, noise, seed);
        let expected = (shape, pixels);
        let ours = written(shape, &expected.1, LEVELS[level]);
        prop_assert_eq!(header(&ours), Ok((shape, 1)));
        let crates = [Compression::Fastest, Compression::Fast, Compression::Balanced, Compression::NoCompression][level];
        for file in [ours, written_by_crate(shape, &expected.1, crates, piece)] {
            prop_assert_eq!(by_crate(&file, Accept::OurOwn), Ok(expected.clone()));
            prop_assert_eq!(plainly(&file), Some(expected.clone()));
        }
    }

    #[test]
    fn what_both_take_they_take_alike(
        noise: u8, seed: u64, damages in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0_u8..4), 1..4),
        mended: bool,
    ) {
        let shape = ImageShape::new(9, 8, 3);
        let mut file = written(shape, &picture(shape, noise, seed), Level::Balanced);
        for (at, byte, how) in damages {
            let at = at.index(file.len());
            match how {
                0 => file[at] = byte,
                1 => file.truncate(at.max(1)),
                2 => file.insert(at, byte),
                _ => drop(file.remove(at)),
            }
            file.resize(file.len().max(1), 0);
        }
        if mended {
            mend(&mut file);
        }
        // libdeflate takes a few streams with codes that nobody uses and zlib refuses; the Adler-32 answers for those.
        if let (Some(found), Ok(by_crate)) = (plainly(&file), by_crate(&file, Accept::OurOwn)) {
            prop_assert_eq!(by_crate, found);
        }
    }
}

/// Makes every CRC right, so that damage reaches what lies behind them.
fn mend(file: &mut [u8]) {
    let mut at = 8;
    while let Some(length) = file.get(at..at + 4).map(|bytes| u32::from_be_bytes(bytes.try_into().unwrap()) as usize) {
        let Some(covered) = file.get(at + 4..at + 8 + length) else { break };
        let crc = libdeflater::crc32(covered).to_be_bytes();
        let Some(place) = file.get_mut(at + 8 + length..at + 12 + length) else { break };
        place.copy_from_slice(&crc);
        at += 12 + length;
    }
}

/// A file whose stream is `filtered` deflated, with `behind` after it in the same chunk.
fn file_of(shape: ImageShape, filtered: &[u8], behind: &[u8]) -> Vec<u8> {
    let mut deflater = libdeflater::Compressor::new(libdeflater::CompressionLvl::default());
    let mut stream = vec![0; deflater.zlib_compress_bound(filtered.len())];
    let length = deflater.zlib_compress(filtered, &mut stream).unwrap();
    stream.truncate(length);
    stream.extend_from_slice(behind);
    let mut file = written(shape, &vec![0; shape.bytes()], Level::Fast);
    file.truncate(33);
    for (kind, data) in [(b"IDAT", &stream[..]), (b"IEND", &[])] {
        file.extend_from_slice(&(data.len() as u32).to_be_bytes());
        file.extend_from_slice(kind);
        file.extend_from_slice(data);
        file.extend_from_slice(&[0; 4]);
    }
    mend(&mut file);
    file
}

#[test]
fn what_is_not_plain_and_whole_is_left_to_the_crate() {
    let shape = ImageShape::new(2, 1, 3);
    let rows = [0, 1, 2, 3, 2, 1, 1, 1];
    assert_eq!(plainly(&file_of(shape, &rows, &[])), Some((shape, vec![1, 2, 3, 2, 3, 4])));
    for (what, file) in [
        ("a filter that there is not", file_of(shape, &[0, 1, 2, 3, 5, 1, 1, 1], &[])),
        ("a row too few", file_of(shape, &rows[..4], &[])),
        ("a byte too many", file_of(shape, &[&rows[..], &[0]].concat(), &[])),
        ("something behind the stream", file_of(shape, &rows, &[0])),
        ("something behind the file", [file_of(shape, &rows, &[]), vec![0]].concat()),
        ("nothing", Vec::new()),
    ] {
        assert_eq!(plainly(&file), None, "{what}");
    }
}

#[test]
fn our_own_files_are_whole_and_other_files_as_other_readers_want_them() {
    let shape = ImageShape::new(2, 1, 3);
    let rows = [0, 1, 2, 3, 2, 1, 1, 1];
    let whole = file_of(shape, &rows, &[]);
    let mut wrong_adler = whole.clone();
    wrong_adler[whole.len() - 17] ^= 1; // before CRC and IEND
    mend(&mut wrong_adler);
    let mut wrong_text = whole[..33].to_vec();
    wrong_text.extend_from_slice(b"\0\0\0\x03tEXta\0b????");
    wrong_text.extend_from_slice(&whole[33..]);
    for (what, file) in [
        ("a wrong Adler-32", wrong_adler),
        ("a wrong CRC of a chunk that says nothing of pixels", wrong_text),
        ("something behind the file", [&whole[..], b"end"].concat()),
        ("another file behind the file", [&whole[..], &whole].concat()),
    ] {
        let decode = |accept| {
            let mut out = Batch::new();
            Decoder::default()
                .decode(&file, accept, anything, 0, &mut out)
                .map(|()| out.get(0).unwrap().pixels.to_vec())
        };
        assert_eq!(decode(Accept::AnyOf8Bits), Ok(vec![1, 2, 3, 2, 3, 4]), "{what}");
        assert!(decode(Accept::OurOwn).is_err(), "{what}");
    }
}

#[test]
fn one_file_leaves_nothing_to_the_next() {
    // Streams in many pieces are put together in memory that is used again.
    let mut reader = plain::Reader::default();
    for (seed, side) in [(1, 20), (2, 12), (3, 30), (4, 3)] {
        let shape = ImageShape::new(side, side, 3);
        let pixels = picture(shape, 60, seed);
        let file = written_by_crate(shape, &pixels, Compression::Fast, 7);
        let mut out = Batch::new();
        assert!(reader.decode(&file, |_| true, 0, &mut out), "{side}");
        assert_eq!(out.get(0).unwrap().pixels, pixels);
    }
}

#[test]
fn a_header_alone_reserves_no_memory() {
    let shape = ImageShape::new(20_000, 20_000, 3);
    let mut file = written(ImageShape::new(1, 1, 3), &[1, 2, 3], Level::Fast);
    for at in [16, 20] {
        file[at..at + 4].copy_from_slice(&20_000_u32.to_be_bytes());
    }
    mend(&mut file);
    for accept in [Accept::OurOwn, Accept::AnyOf8Bits] {
        let mut out = Batch::new();
        let admit = |asked| if asked == shape { Ok(()) } else { Err("another shape".into()) };
        let refused = Decoder::default().decode(&file, accept, admit, 0, &mut out).unwrap_err();
        assert!(refused.contains("too few") && out.is_empty(), "{refused}");
    }
}

#[test]
fn a_changed_byte_anywhere_is_noticed() {
    let shape = ImageShape::new(9, 8, 3);
    let whole = written(shape, &picture(shape, 9, 1), Level::Balanced);
    for at in 0..whole.len() {
        let mut file = whole.clone();
        file[at] ^= 0x10;
        let mut out = Batch::new();
        let outcome = Decoder::default().decode(&file, Accept::OurOwn, anything, 0, &mut out);
        assert!(outcome.is_err(), "byte {at} of {}", whole.len());
        assert!(Decoder::default().decode(&whole[..at], Accept::OurOwn, anything, 0, &mut out).is_err(), "cut at {at}");
    }
}

#[test]
fn a_shape_that_is_not_admitted_is_refused_in_the_words_of_who_asked() {
    let shape = ImageShape::new(9, 8, 3);
    let file = written(shape, &picture(shape, 9, 1), Level::Balanced);
    let refuse = |_| Err("no".to_owned());
    let mut out = Batch::new();
    assert_eq!(Decoder::default().decode(&file, Accept::OurOwn, refuse, 0, &mut out), Err("no".into()));
    assert!(out.is_empty());
}

#[test]
fn higher_levels_make_smaller_files_of_pictures() {
    let shape = ImageShape::new(64, 64, 3);
    let pixels = picture(shape, 3, 1);
    let sizes = LEVELS.map(|level| written(shape, &pixels, level).len());
    assert!(sizes.is_sorted_by(|a, b| a >= b) && sizes[0] > sizes[3], "{sizes:?}");
}

#[test]
fn images_that_png_does_not_have_are_refused() {
    for side in [16, 20] {
        let mut file = written(ImageShape::new(1, 1, 3), &[1, 2, 3], Level::Fast);
        file[side..side + 4].fill(0);
        mend(&mut file);
        assert_eq!(plainly(&file), None);
        assert!(by_crate(&file, Accept::AnyOf8Bits).is_err());
    }
    for shape in [ImageShape::new(0, 3, 3), ImageShape::new(3, 0, 3), ImageShape::new(3, 3, 5)] {
        assert!(encode(shape, &vec![0; shape.bytes()], Level::Fast, &mut Vec::new()).is_err(), "{shape}");
    }
    assert!(encode(ImageShape::new(3, 3, 1), &[0; 8], Level::Fast, &mut Vec::new()).is_err());
}
