//! A frame: length, its checksum, a message, its checksum.

use crate::error::Result;
use crate::store::container::output::Output;
use crc32c::crc32c;

/// Bytes of a length and its checksum.
pub const HEAD: usize = 12;
/// Bytes of a checksum.
const TAIL: usize = 4;

/// CRC-32C as the records keep it: turned and moved, because a CRC of bytes that hold their own CRC says little.
pub fn masked(bytes: &[u8]) -> u32 {
    crc32c(bytes).rotate_right(15).wrapping_add(0xA282_EAD8)
}

/// Bytes of the frame of a message of `length`.
pub fn bytes(length: usize) -> u64 {
    (HEAD + length + TAIL) as u64
}

/// Writes a message in its frame.
///
/// # Errors
/// What the system says.
pub fn write(message: &[u8], out: &mut Output) -> Result<()> {
    let length = (message.len() as u64).to_le_bytes();
    out.add(&length)?;
    out.add(&masked(&length).to_le_bytes())?;
    out.add(message)?;
    out.add(&masked(message).to_le_bytes())
}

/// How long a frame says that it is, if its length is not damaged.
pub fn length(frame: &[u8]) -> Option<u64> {
    let (length, rest) = frame.split_first_chunk::<8>()?;
    let (sum, _) = rest.split_first_chunk::<TAIL>()?;
    let right = u32::from_le_bytes(*sum) == masked(length);
    u64::from_le_bytes(*length).checked_add((HEAD + TAIL) as u64).filter(|_| right)
}

/// The message of a whole frame.
///
/// # Errors
/// Which of its checksums is wrong.
pub fn message(frame: &[u8]) -> Result<&[u8], String> {
    if length(frame) != Some(frame.len() as u64) {
        return Err("the length of its record is damaged".into());
    }
    let (message, sum) = frame[HEAD..].split_at(frame.len() - HEAD - TAIL);
    match sum == masked(message).to_le_bytes() {
        true => Ok(message),
        false => Err("its record's checksum (CRC-32C) is wrong".into()),
    }
}
