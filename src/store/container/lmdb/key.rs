//! What records lie under: their number, in digits or as an integer.

use crate::error::Result;
use crate::store::container::StoreName;
use ::lmdb::DatabaseFlags;

/// Eight digits sort like numbers up to here.
const MAX_DIGITS: u64 = 100_000_000;

/// How numbers become keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keys {
    /// Eight decimal digits, as in Caffe's tools.
    Digits,
    /// A `u32` in the machine's byte order, which LMDB compares as a number (`MDB_INTEGERKEY`).
    Integers,
}

/// A key. Aligned, because LMDB reads an integer from it.
#[repr(align(8))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    bytes: [u8; 8],
    length: u8,
}

impl AsRef<[u8]> for Key {
    fn as_ref(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }
}

impl Keys {
    /// The key of image `index`, which is below the number that [`Keys::refuse`] lets pass.
    pub fn of(self, index: u64) -> Key {
        match self {
            Self::Digits => Key { bytes: digits(index as u32), length: 8 },
            Self::Integers => {
                let mut bytes = [0; 8];
                bytes[..4].copy_from_slice(&(index as u32).to_ne_bytes());
                Key { bytes, length: 4 }
            }
        }
    }

    /// What they are.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Digits => "eight digits",
            Self::Integers => "32-bit integers",
        }
    }

    /// What the database has to be told of them.
    pub fn flags(self) -> DatabaseFlags {
        match self {
            Self::Digits => DatabaseFlags::empty(),
            Self::Integers => DatabaseFlags::INTEGER_KEY,
        }
    }

    /// Refuses a database whose keys are others than these: it would be searched in the wrong order.
    ///
    /// # Errors
    /// [`crate::Error::Store`].
    pub fn refuse_other(self, found: DatabaseFlags, name: &StoreName) -> Result<()> {
        if found == self.flags() {
            return Ok(());
        }
        let known = [Self::Digits, Self::Integers].into_iter().find(|keys| keys.flags() == found);
        let found =
            known.map_or_else(|| format!("keys with the flags {found:?}"), |keys| format!("keys={}", keys.word()));
        Err(name.damaged(format!("data.mdb has {found}, and the format says keys={}", self.word())))
    }

    /// What the option `keys` calls them.
    const fn word(self) -> &'static str {
        match self {
            Self::Digits => "digits",
            Self::Integers => "integer",
        }
    }

    /// Refuses as many images as have no keys of their own: a ninth digit would be cut off.
    ///
    /// # Errors
    /// [`crate::Error::Unsupported`].
    pub fn refuse(self, images: u64, name: &StoreName) -> Result<()> {
        let (most, what) = match self {
            Self::Digits => (MAX_DIGITS, "keys have eight digits (keys=integer takes more)"),
            Self::Integers => (1 << 32, "keys have 32 bits"),
        };
        if images <= most { Ok(()) } else { Err(name.unsupported(format!("more than {most} images: {what}"))) }
    }
}

/// Eight decimal digits. (Written out, because formatting is a twentieth of a look-up.)
fn digits(number: u32) -> [u8; 8] {
    let (mut rest, mut digits) = (number, [b'0'; 8]);
    for digit in digits.iter_mut().rev() {
        *digit += (rest % 10) as u8;
        rest /= 10;
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_numbers_in_digits_or_in_binary() {
        for (index, text) in [(0, b"00000000"), (42, b"00000042"), (99_999_999, b"99999999")] {
            assert_eq!(Keys::Digits.of(index).as_ref(), text);
            assert_eq!(Keys::Integers.of(index).as_ref(), (index as u32).to_ne_bytes());
        }
        // LMDB reads an integer from it, or two where a page claims longer keys.
        assert_eq!((align_of::<Key>(), Keys::Integers.of(7).bytes[4..].iter().max()), (8, Some(&0)));
        let name = StoreName { format: "lmdb:raw".into(), path: "store".into() };
        for (keys, most) in [(Keys::Digits, 100_000_000), (Keys::Integers, 1 << 32)] {
            assert!(keys.refuse(most, &name).is_ok() && keys.refuse(most + 1, &name).is_err());
        }
    }
}
