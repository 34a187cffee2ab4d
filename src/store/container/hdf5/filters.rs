//! HDF5's filters undone without the library (and without its lock): deflate, shuffle of single bytes, Fletcher-32
//! (HDF5 File Format Specification, IV.A.2.l; the checksum as in the library: 16-bit big-endian words).

use ::hdf5::Dataset;
use ::hdf5::filters::Filter;
#[cfg(feature = "hdf5-blosc")]
use ::hdf5::filters::{Blosc, BloscShuffle};
use ::hdf5_sys::h5p::{H5Pget_filter2, H5Pget_nfilters};
use libdeflater::{DecompressionError, Decompressor};
use std::ptr;

/// Numbers that a filter may have; the crate panics on a file that claims more.
const MAX_NUMBERS: usize = 32;

/// The filters that `dataset` has.
///
/// # Errors
/// When HDF5 does not say (the crate's own answer would then be that there are none), or a filter has too many numbers.
pub fn of(dataset: &Dataset) -> Result<Vec<Filter>, String> {
    let explain = |e: ::hdf5::Error| super::explain(&e);
    let plist = dataset.dcpl().map_err(explain)?;
    let most = ::hdf5::sync::sync(|| {
        // SAFETY: the list is open.
        let filters = unsafe { H5Pget_nfilters(plist.id()) };
        let filters = u32::try_from(filters).map_err(|_| "HDF5 does not say which filters it has")?;
        (0..filters).try_fold(0, |most, filter| {
            let (mut flags, mut numbers) = (0, 0);
            let (no_numbers, no_name, no_config) = (ptr::null_mut(), ptr::null_mut(), ptr::null_mut());
            // SAFETY: the list is open and has so many filters; room for no numbers and no name is asked to be filled.
            let id = unsafe {
                let (flags, numbers) = (&raw mut flags, &raw mut numbers);
                H5Pget_filter2(plist.id(), filter, flags, numbers, no_numbers, 0, no_name, no_config)
            };
            if id < 0 { Err("HDF5 does not say which filters it has") } else { Ok(most.max(numbers)) }
        })
    })?;
    if most > MAX_NUMBERS {
        return Err(format!("a filter has {most} numbers"));
    }
    plist.get_filters().map_err(explain)
}

/// The compression that the option `filter` names.
///
/// # Errors
/// When it is not built in.
pub fn compression(name: &str) -> Result<Filter, String> {
    #[cfg(feature = "hdf5-blosc")]
    if let Some(codec) = name.strip_prefix("blosc-") {
        let codec = if codec == "zstd" { Blosc::ZStd } else { Blosc::LZ4 };
        return Ok(Filter::Blosc(codec, BLOSC_LEVEL, BloscShuffle::Bit));
    }
    match name {
        "lzf" => Ok(Filter::LZF),
        other => {
            Err(format!("{other} is not built in: this shelfmark was built without the Cargo feature 'hdf5-blosc'"))
        }
    }
}

/// Blosc's own default.
#[cfg(feature = "hdf5-blosc")]
const BLOSC_LEVEL: u8 = 5;

/// A filter in a few words.
pub fn words(filter: &Filter) -> String {
    match filter {
        Filter::Deflate(level) => format!("deflate {level}"),
        Filter::Fletcher32 => "fletcher32".into(),
        Filter::LZF => "lzf".into(),
        other => format!("{other:?}"),
    }
}

/// Bytes of a checksum.
const CHECKSUM_BYTES: usize = 4;

/// What is undone, in the order in which it was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Deflate,
    Fletcher32,
    /// Of elements of one byte there is nothing to shuffle.
    Nothing,
}

/// The filters of a dataset of bytes.
#[derive(Debug, Clone)]
pub struct Filters(Vec<Step>);

impl Filters {
    /// Of a dataset with these.
    ///
    /// # Errors
    /// Which of them only the library undoes.
    pub fn new(filters: &[Filter]) -> Result<Self, String> {
        let step = |filter: &Filter| match filter {
            Filter::Deflate(_) => Ok(Step::Deflate),
            Filter::Fletcher32 => Ok(Step::Fletcher32),
            Filter::Shuffle => Ok(Step::Nothing),
            other => Err(format!("only HDF5 itself undoes the filter {other:?}")),
        };
        filters.iter().map(step).collect::<Result<_, _>>().map(Self)
    }

    /// Whether stored bytes are the bytes themselves.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|step| *step == Step::Nothing)
    }
}

/// Undoes filters, one thread's worth.
pub struct Undo {
    filters: Filters,
    inflater: Decompressor,
    scratch: Vec<u8>,
}

impl Undo {
    /// Of these.
    pub fn new(filters: Filters) -> Self {
        Self { filters, inflater: Decompressor::new(), scratch: Vec::new() }
    }

    /// Fills `out` with what `stored` holds; bit i of `skipped` says that filter i was left out.
    ///
    /// # Errors
    /// Why it holds no so many bytes; what is in `out` is then unspecified.
    pub fn undo(&mut self, stored: &[u8], skipped: u32, out: &mut [u8]) -> Result<(), String> {
        let Self { filters: Filters(steps), inflater, scratch } = self;
        let checksums = CHECKSUM_BYTES * steps.iter().filter(|step| **step == Step::Fletcher32).count();
        let (mut now, mut scratch) = (stored, Some(scratch));
        for (number, step) in steps.iter().enumerate().rev() {
            match step {
                _ if skipped.checked_shr(number as u32).unwrap_or(0) & 1 != 0 => {}
                Step::Nothing => {}
                Step::Fletcher32 => {
                    let (bytes, sum) = now.split_last_chunk().ok_or("it is shorter than a checksum")?;
                    if fletcher32(bytes) != u32::from_le_bytes(*sum) {
                        return Err("its Fletcher-32 is wrong".into());
                    }
                    now = bytes;
                }
                Step::Deflate => {
                    let inflate = |inflater: &mut Decompressor, into: &mut [u8]| {
                        inflater.zlib_decompress(now, into).map_err(|e| match e {
                            DecompressionError::BadData => "its deflate stream is damaged".to_owned(),
                            DecompressionError::InsufficientSpace => format!("it holds more than {} bytes", into.len()),
                        })
                    };
                    if steps[..number].iter().all(|step| *step == Step::Nothing) {
                        return expect(inflate(inflater, out)?, out.len());
                    }
                    // Taken once: the library itself does not deflate what it has deflated.
                    let Some(scratch) = scratch.take() else { return Err("it was deflated several times".into()) };
                    scratch.resize(out.len() + checksums, 0);
                    let length = inflate(inflater, scratch)?;
                    now = &scratch[..length];
                }
            }
        }
        expect(now.len(), out.len())?;
        out.copy_from_slice(now);
        Ok(())
    }
}

fn expect(found: usize, wanted: usize) -> Result<(), String> {
    if found == wanted { Ok(()) } else { Err(format!("it holds {found} bytes and not {wanted}")) }
}

/// The checksum of HDF5's filter `fletcher32`.
fn fletcher32(bytes: &[u8]) -> u32 {
    // Sums grow too long for 32 bits only after many words, and what they are modulo 65,535 is all that counts.
    const WORDS: usize = 256;
    let (mut one, mut two) = (0_u64, 0_u64);
    for block in bytes.chunks(2 * WORDS) {
        let (words, odd) = block.as_chunks::<2>();
        let count = (words.len() + odd.len()) as u64;
        two += one * count;
        let (mut sum, mut weighted) = (0_u32, 0_u32);
        for (at, word) in words.iter().enumerate() {
            let word = u32::from(u16::from_be_bytes(*word));
            sum += word;
            // At most 256 x 257 / 2 x 65,535: less than 2^32.
            weighted += word * (count as u32 - at as u32);
        }
        for byte in odd {
            sum += u32::from(*byte) << 8;
            weighted += u32::from(*byte) << 8;
        }
        (one, two) = (fold(one + u64::from(sum)), fold(two + u64::from(weighted)));
    }
    ((two as u32) << 16) | one as u32
}

/// The same modulo 65,535 in 16 bits, and 0 only for 0.
fn fold(mut sum: u64) -> u64 {
    while sum > 0xFFFF {
        sum = (sum & 0xFFFF) + (sum >> 16);
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_that_were_left_out_are_not_undone() {
        let mut undo = Undo::new(Filters::new(&[Filter::Fletcher32, Filter::Deflate(1)]).unwrap());
        let mut undone = |stored: &[u8], skipped| {
            let mut out = [0; 4];
            undo.undo(stored, skipped, &mut out).map(|()| out)
        };
        let summed = [&[1, 2, 3, 4][..], &fletcher32(&[1, 2, 3, 4]).to_le_bytes()].concat();
        let mut deflater = libdeflater::Compressor::new(libdeflater::CompressionLvl::default());
        let mut deflated = |bytes: &[u8]| {
            let mut out = vec![0; 64];
            let length = deflater.zlib_compress(bytes, &mut out).unwrap();
            out.truncate(length);
            out
        };
        assert_eq!(undone(&deflated(&summed), 0b00), Ok([1, 2, 3, 4]));
        assert_eq!(undone(&deflated(&[1, 2, 3, 4]), 0b01), Ok([1, 2, 3, 4]));
        assert_eq!(undone(&summed, 0b10), Ok([1, 2, 3, 4]));
        assert_eq!(undone(&[1, 2, 3, 4], 0b11), Ok([1, 2, 3, 4]));
        for (stored, skipped) in [(&summed[..], 0b00), (&summed[..7], 0b10), (&summed[..2], 0b10), (&[1, 2, 3], 0b11)] {
            assert!(undone(stored, skipped).is_err(), "{stored:?} {skipped:b}");
        }
    }

    #[test]
    fn the_checksum_is_the_sum_it_is_defined_as() {
        let bytes: Vec<u8> = (0..5_001_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        for length in [0, 1, 2, 3, 511, 512, 513, 5_000, 5_001] {
            let (mut one, mut two) = (0_u32, 0_u32);
            for word in bytes[..length].chunks(2) {
                one = (one + (u32::from(word[0]) << 8) + u32::from(*word.get(1).unwrap_or(&0))) % 65_535;
                two = (two + one) % 65_535;
            }
            let (ours, modulus) = (fletcher32(&bytes[..length]), 65_535);
            assert_eq!((ours & 0xFFFF) % modulus, one, "{length}");
            assert_eq!((ours >> 16) % modulus, two, "{length}");
        }
        // Nought is kept apart from 65,535, which is the same modulo 65,535.
        assert_eq!((fletcher32(&[0; 8]), fletcher32(&[0xFF; 2])), (0, 0xFFFF_FFFF));
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
}
