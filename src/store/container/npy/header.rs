//! What stands before the numbers: magic, version, and a Python dictionary of type, order and extents.

use crate::error::Result;
use crate::store::container::StoreName;
use crate::store::container::guard::guarded;
use crate::store::container::mapped::{Mapped, Reads};
use npyz::{DType, NpyHeader, Order};
use std::io::Read;

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

/// What a header says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Described {
    /// Type of the numbers, as in `<i8`; of structures their Python description.
    pub dtype: String,
    pub extents: Vec<u64>,
    /// Whether the first extent runs fastest.
    pub fortran: bool,
    /// Where in the file the numbers begin.
    pub start: u64,
    /// Bytes a number.
    size: Option<u64>,
}

impl Described {
    /// Bytes of all numbers together, where they can be that many.
    pub fn bytes(&self) -> Option<u64> {
        self.extents.iter().try_fold(self.size?, |product, extent| product.checked_mul(*extent))
    }
}

/// A longer header is refused; NumPy asks to be told to trust one of 10,000 bytes.
const MOST: usize = 64 << 10;

/// The library multiplies extents without looking whether that fits.
fn parse(bytes: &mut &[u8]) -> Result<NpyHeader, String> {
    guarded(|| NpyHeader::from_reader(bytes).map_err(|e| format!("its header: {e}")))
}

/// Reads the header of any array.
///
/// # Errors
/// Why it is none.
pub fn describe(file: &mut impl Read) -> Result<Described, String> {
    // Looked at before the library is, which sets aside whatever a header says that it is long.
    let mut bytes = vec![0; 8];
    file.read_exact(&mut bytes).map_err(|e| format!("it has no header: {e}"))?;
    let words = match (bytes.strip_prefix(b"\x93NUMPY"), bytes.get(6)) {
        (Some(_), Some(1)) => size_of::<u16>(),
        (Some(_), Some(2 | 3)) => size_of::<u32>(),
        _ => return Err("its first bytes are no header of NumPy's".into()),
    };
    let mut length = [0; 4];
    file.read_exact(&mut length[..words]).map_err(|e| format!("its header is cut short: {e}"))?;
    bytes.extend_from_slice(&length[..words]);
    let length = u32::from_le_bytes(length) as usize;
    if length > MOST {
        return Err(format!("its header says that it is {length} bytes long"));
    }
    let start = bytes.len() + length;
    bytes.resize(start, 0);
    file.read_exact(&mut bytes[start - length..]).map_err(|e| format!("its header is cut short: {e}"))?;
    let header = parse(&mut &bytes[..])?;
    let dtype = header.dtype();
    Ok(Described {
        dtype: match &dtype {
            DType::Plain(plain) => plain.to_string(),
            other => other.descr(),
        },
        extents: header.shape().to_vec(),
        fortran: header.order() == Order::Fortran,
        start: start as u64,
        size: dtype.num_bytes().map(|size| size as u64),
    })
}

/// Maps a file that has to be such an array, and says where in it the numbers begin.
///
/// # Errors
/// When it is missing, of another type or extent, or not as long as that says.
pub fn open(file: &str, dtype: &str, extents: &[u64], reads: Reads, name: &StoreName) -> Result<(Mapped, usize)> {
    let map = Mapped::open(file, reads, name)?;
    let mut rest = map.bytes();
    let damaged = |what: String| name.damaged(format!("{file}: {what}"));
    let header = parse(&mut rest).map_err(damaged)?;
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
