//! What stands before the numbers: magic, version, and a Python dictionary of type, order and extents.

use crate::error::Result;
use crate::store::container::StoreName;
use crate::store::container::mapped::{Mapped, Reads};
use npyz::{DType, NpyHeader, Order};

/// Headers are filled up with blanks to a multiple of this, so that the numbers are aligned.
const ALIGNED: usize = 64;

/// A header of version 1.0 for an array of `dtype`, the last extent running fastest.
pub fn write(dtype: &str, extents: &[u64]) -> Vec<u8> {
    let list: Vec<String> = extents.iter().map(u64::to_string).collect();
    // A tuple of one needs its comma.
    let comma = if list.len() == 1 { "," } else { "" };
    let text = format!("{{'descr': '{dtype}', 'fortran_order': False, 'shape': ({}{comma}), }}", list.join(", "));
    let before = b"\x93NUMPY\x01\x00".len() + size_of::<u16>();
    let length = (before + text.len() + 1).next_multiple_of(ALIGNED) - before;
    let mut header = b"\x93NUMPY\x01\x00".to_vec();
    // Four extents are never 64 KiB long.
    header.extend_from_slice(&(length as u16).to_le_bytes());
    header.extend_from_slice(text.as_bytes());
    header.resize(before + length - 1, b' ');
    header.push(b'\n');
    header
}

/// Maps a file that has to be such an array, and says where in it the numbers begin.
///
/// # Errors
/// When it is missing, of another type or extent, or not as long as that says.
pub fn open(file: &str, dtype: &str, extents: &[u64], reads: Reads, name: &StoreName) -> Result<(Mapped, usize)> {
    let map = Mapped::open(file, reads, name)?;
    let mut rest = map.bytes();
    let damaged = |what: String| name.damaged(format!("{file}: {what}"));
    let header = NpyHeader::from_reader(&mut rest).map_err(|e| damaged(e.to_string()))?;
    let (left, start) = (rest.len(), map.bytes().len() - rest.len());
    let plain = match header.dtype() {
        DType::Plain(found) => found.to_string() == dtype,
        _ => false,
    };
    if !plain || header.shape() != extents || header.order() != Order::C {
        return Err(damaged(format!(
            "it holds {:?} of {}, not {extents:?} of {dtype}",
            header.shape(),
            header.dtype().descr()
        )));
    }
    let size = match header.dtype().num_bytes() {
        Some(size) => extents.iter().try_fold(size as u64, |product, extent| product.checked_mul(*extent)),
        None => None,
    };
    match size == Some(left as u64) {
        true => Ok((map, start)),
        false => Err(damaged(format!("it holds {left} bytes of numbers, which is not as many as its header says"))),
    }
}
