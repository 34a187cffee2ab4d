//! `tf.train.Example`, as far as images need it, in protocol buffers' wire format
//! (<https://protobuf.dev/programming-guides/encoding/>):
//!
//! ```text
//! Example { features = 1: Features { feature = 1: map<string, Feature> } }     an entry of a map: key = 1, value = 2
//! Feature { bytes_list = 1: { value = 1: repeated bytes }, int64_list = 3: { value = 1: repeated int64, packed } }
//! ```

/// Names of the features, as in TensorFlow's own datasets of images.
pub const IMAGE: &[u8] = b"image/encoded";
const FORMAT: &[u8] = b"image/format";
pub const LABEL: &[u8] = b"image/class/label";

/// Wire types.
const VARINT: u64 = 0;
const FIXED64: u64 = 1;
const DELIMITED: u64 = 2;
const FIXED32: u64 = 5;

/// An image and its label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Example<'a> {
    /// The codec's bytes.
    pub image: &'a [u8],
    /// The codec's name, or what ending a file of it has.
    pub format: &'a [u8],
    /// The label.
    pub label: i64,
}

impl<'a> Example<'a> {
    /// Appends the message to `out`.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let mut label = Vec::with_capacity(10);
        put_varint(self.label as u64, &mut label);
        let features = [(LABEL, 3, &label[..]), (IMAGE, 1, self.image), (FORMAT, 1, self.format)];
        // Lengths come before what they are of: from the inside to the outside.
        let entry = |(name, _, value): &(&[u8], u64, &[u8])| delimited(name.len()) + delimited(feature(value.len()));
        let all: usize = features.iter().map(|feature| delimited(entry(feature))).sum();
        begin(1, all, out);
        for one in &features {
            let (name, kind, value) = one;
            begin(1, entry(one), out);
            begin(1, name.len(), out);
            out.extend_from_slice(name);
            begin(2, feature(value.len()), out);
            begin(*kind, delimited(value.len()), out);
            begin(1, value.len(), out);
            out.extend_from_slice(value);
        }
    }

    /// Finds image and label in a message, whatever else is in it, and in whatever order.
    ///
    /// # Errors
    /// What is missing, or where it is no message.
    pub fn decode(message: &'a [u8]) -> Result<Self, String> {
        let (mut image, mut format, mut label) = (None, &[][..], None);
        for feature in features(message) {
            let (name, feature) = feature?;
            match name {
                IMAGE => image = Some(bytes_of(feature)?.ok_or("its image/encoded holds no bytes")?),
                FORMAT => format = bytes_of(feature)?.unwrap_or_default(),
                LABEL => label = Some(integer_of(feature)?.ok_or("its image/class/label holds no number")?),
                _ => {}
            }
        }
        Ok(Self {
            image: image.ok_or("there is no image/encoded in it")?,
            format,
            label: label.ok_or("there is no image/class/label in it")?,
        })
    }
}

/// The features of a message by name, each to be looked into by [`bytes_of`] or [`integer_of`]; errors where it is none.
pub fn features(message: &[u8]) -> impl Iterator<Item = Result<(&[u8], &[u8]), String>> {
    let lists = Fields(message).filter_map(|field| match field {
        Ok((1, Value::Bytes(list))) => Some(Ok(list)),
        Ok(_) => None,
        Err(why) => Some(Err(why)),
    });
    lists.flat_map(|list| {
        let (fields, failed) = match list {
            Ok(list) => (Fields(list), None),
            Err(why) => (Fields(&[]), Some(Err(why))),
        };
        let entries = fields.filter_map(|field| match field {
            Ok((1, Value::Bytes(entry))) => Some(named(entry)),
            Ok(_) => None,
            Err(why) => Some(Err(why)),
        });
        failed.into_iter().chain(entries)
    })
}

/// Name and value of a map's entry.
fn named(entry: &[u8]) -> Result<(&[u8], &[u8]), String> {
    let (mut name, mut feature) = (&[][..], &[][..]);
    for field in Fields(entry) {
        match field? {
            (1, Value::Bytes(bytes)) => name = bytes,
            (2, Value::Bytes(bytes)) => feature = bytes,
            _ => {}
        }
    }
    Ok((name, feature))
}

/// The first value of a feature that is a list of bytes.
///
/// # Errors
/// Where it is no feature.
pub fn bytes_of(feature: &[u8]) -> Result<Option<&[u8]>, String> {
    for field in Fields(feature) {
        let (1, Value::Bytes(list)) = field? else { continue };
        for field in Fields(list) {
            let (1, Value::Bytes(value)) = field? else { continue };
            return Ok(Some(value));
        }
    }
    Ok(None)
}

/// The first value of a feature that is a list of integers, packed or not.
///
/// # Errors
/// Where it is no feature.
pub fn integer_of(feature: &[u8]) -> Result<Option<i64>, String> {
    for field in Fields(feature) {
        let (3, Value::Bytes(list)) = field? else { continue };
        for field in Fields(list) {
            match field? {
                (1, Value::Number(value)) => return Ok(Some(value as i64)),
                (1, Value::Bytes(mut packed)) if !packed.is_empty() => {
                    return varint(&mut packed).map(|value| Some(value as i64)).ok_or_else(cut_short);
                }
                _ => {}
            }
        }
    }
    Ok(None)
}

/// What a field holds.
enum Value<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

/// The fields of a message, one after another.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn field(&mut self) -> Option<(u64, Value<'a>)> {
        let tag = varint(&mut self.0)?;
        let value = match tag & 7 {
            VARINT => Value::Number(varint(&mut self.0)?),
            FIXED64 => Value::Bytes(self.take(8)?),
            DELIMITED => {
                let length = usize::try_from(varint(&mut self.0)?).ok()?;
                Value::Bytes(self.take(length)?)
            }
            FIXED32 => Value::Bytes(self.take(4)?),
            _ => return None,
        };
        Some((tag >> 3, value))
    }

    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u64, Value<'a>), String>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let field = self.field().ok_or_else(cut_short);
        if field.is_err() {
            // Where the next would begin is not known.
            self.0 = &[];
        }
        Some(field)
    }
}

fn cut_short() -> String {
    "it is no tf.train.Example: it ends inside a field".into()
}

/// A number of seven bits a byte, the lowest first.
fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7F) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

fn put_varint(mut value: u64, out: &mut Vec<u8>) {
    while value > 0x7F {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Bytes of a number.
fn varint_bytes(value: usize) -> usize {
    (usize::BITS - (value | 1).leading_zeros()).div_ceil(7) as usize
}

/// Bytes of a field with `length` bytes in it, of one of the first 15 numbers.
fn delimited(length: usize) -> usize {
    1 + varint_bytes(length) + length
}

/// Bytes of a feature with one value of `length` bytes: a list in it, and the value in that.
fn feature(length: usize) -> usize {
    delimited(delimited(length))
}

/// Begins a field of `length` bytes.
fn begin(number: u64, length: usize, out: &mut Vec<u8>) {
    put_varint(number << 3 | DELIMITED, out);
    put_varint(length as u64, out);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_example_as_tensorflow_writes_it() {
        // tf.train.Example with image/class/label = 7, image/format = b"png", image/encoded = b"\x01\x02", serialised
        // deterministically by protobuf's own library for Python.
        let mut ours = Vec::new();
        Example { image: &[1, 2], format: b"png", label: 7 }.encode(&mut ours);
        let written = [
            &b"\x0a\x4e"[..],
            b"\x0a\x1a\x0a\x11image/class/label\x12\x05\x1a\x03\x0a\x01\x07",
            b"\x0a\x17\x0a\x0dimage/encoded\x12\x06\x0a\x04\x0a\x02\x01\x02",
            b"\x0a\x17\x0a\x0cimage/format\x12\x07\x0a\x05\x0a\x03png",
        ]
        .concat();
        assert_eq!(ours, written);
    }

    #[test]
    fn what_others_write_differently_is_read_too() {
        // The label not packed, features in another order, one more feature (floats), an unknown field of each wire type.
        let feature = |name: &[u8], value: &[u8]| {
            let mut entry = Vec::new();
            begin(2, value.len(), &mut entry);
            entry.extend_from_slice(value);
            begin(1, name.len(), &mut entry);
            entry.extend_from_slice(name);
            entry
        };
        let entries = [
            feature(IMAGE, b"\x0a\x03\x0a\x01\x09"),
            feature(b"weight", b"\x12\x06\x0a\x04\0\0\x80\x3f"),
            feature(LABEL, b"\x1a\x02\x08\x07"),
        ];
        let mut features = Vec::new();
        for entry in &entries {
            begin(1, entry.len(), &mut features);
            features.extend_from_slice(entry);
        }
        let mut message = vec![9 << 3, 5, 9 << 3 | 1, 1, 2, 3, 4, 5, 6, 7, 8, 9 << 3 | 5, 1, 2, 3, 4];
        begin(1, features.len(), &mut message);
        message.extend_from_slice(&features);
        assert_eq!(Example::decode(&message), Ok(Example { image: &[9], format: b"", label: 7 }));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(image: Vec<u8>, format: Vec<u8>, label: i64) {
            let example = Example { image: &image, format: &format, label };
            let mut message = Vec::new();
            example.encode(&mut message);
            prop_assert_eq!(Example::decode(&message), Ok(example));
            for end in 0..message.len() {
                prop_assert!(Example::decode(&message[..end]).is_err(), "cut at {}", end);
            }
        }

        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>) {
            let _ = Example::decode(&bytes);
        }
    }
}
