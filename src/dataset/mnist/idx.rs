//! One IDX file (<http://yann.lecun.com/exdb/mnist/>): a big-endian magic number, the extents, then bytes; plain, or
//! compressed by gzip.

use crate::error::{Error, IoContext, Result};
use flate2::read::MultiGzDecoder;
use std::fs::File;
use std::io::{BufReader, ErrorKind, Read, Seek};
use std::path::Path;

/// No byte of deflate stands for more than this many (258 bytes take at least two bits), so no honest gzip file can
/// hold more either.
const DEFLATE_MAX_RATIO: u64 = 1032;

/// What an IDX file is to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Images: their number, rows, columns.
    Images,
    /// Labels: their number.
    Labels,
}

impl Kind {
    const fn magic(self) -> u32 {
        match self {
            Self::Images => 2051,
            Self::Labels => 2049,
        }
    }

    const fn extents(self) -> usize {
        match self {
            Self::Images => 3,
            Self::Labels => 1,
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Images => "images",
            Self::Labels => "labels",
        }
    }
}

/// An IDX file in memory.
pub struct Idx {
    /// How many, and for images rows and columns.
    pub extents: Vec<u32>,
    /// The bytes: as many as the product of the extents.
    pub bytes: Vec<u8>,
}

impl Idx {
    /// Reads a file. Whether it is compressed its first bytes tell, not its name: browsers unpack and keep the `.gz`.
    ///
    /// # Errors
    /// [`Error::Dataset`] naming the file and what is wrong with it: nothing is allocated for a header that the file's
    /// own length belies, and no more is unpacked than the header says.
    pub fn read(path: &Path, kind: Kind) -> Result<Self> {
        let refuse = |cause: String| Error::Dataset {
            path: path.to_owned(),
            cause,
            remedy: format!("give an IDX file of {}, or download it again", kind.word()),
        };
        let mut file = File::open(path).at("open", path)?;
        let length = file.metadata().at("read", path)?.len();
        let mut start = Vec::with_capacity(2);
        (&mut file).take(2).read_to_end(&mut start).at("read", path)?;
        file.rewind().at("read", path)?;
        let packed = start == [0x1F, 0x8B];
        let mut source: Box<dyn Read> = match packed {
            true => Box::new(MultiGzDecoder::new(BufReader::new(file))),
            false => Box::new(file),
        };
        let damaged = |error: std::io::Error| match error.kind() {
            ErrorKind::UnexpectedEof if packed => refuse("the gzip file is cut short".into()),
            ErrorKind::InvalidData | ErrorKind::InvalidInput if packed => {
                refuse(format!("the gzip file is damaged: {error}"))
            }
            _ => Error::Io { action: "read", path: path.to_owned(), source: error },
        };

        let header_length = 4 + 4 * kind.extents();
        let mut header = Vec::with_capacity(header_length);
        (&mut source).take(header_length as u64).read_to_end(&mut header).map_err(damaged)?;
        let mut words = header.chunks_exact(4).map(|word| word.iter().fold(0, |sum, byte| sum << 8 | u32::from(*byte)));
        let magic = words.next().ok_or_else(|| refuse(format!("{} bytes hold no IDX header", header.len())))?;
        if magic != kind.magic() {
            return Err(refuse(wrong_magic(magic, kind)));
        }
        let extents: Vec<u32> = words.collect();
        if extents.len() < kind.extents() {
            return Err(refuse("the file ends in its header".into()));
        }

        let product = extents.iter().try_fold(1_u64, |sum, extent| sum.checked_mul(u64::from(*extent)));
        let said = extents.iter().map(u32::to_string).collect::<Vec<_>>().join(" x ");
        let after = length.saturating_sub(header_length as u64);
        let needed = match product {
            Some(bytes) if packed && bytes <= length.saturating_mul(DEFLATE_MAX_RATIO) => bytes,
            Some(bytes) if !packed && bytes == after => bytes,
            _ if packed => return Err(refuse(format!("its header says {said} bytes, and {length} cannot hold them"))),
            _ => return Err(refuse(format!("its header says {said} bytes, and {after} follow"))),
        };
        // One byte more than there should be: to see that there is none, and to have the checksum looked at.
        let mut bytes = Vec::new();
        source.take(needed + 1).read_to_end(&mut bytes).map_err(damaged)?;
        match (bytes.len() as u64).cmp(&needed) {
            std::cmp::Ordering::Equal => Ok(Self { extents, bytes }),
            std::cmp::Ordering::Less => {
                Err(refuse(format!("its header says {said} bytes, and {} follow", bytes.len())))
            }
            std::cmp::Ordering::Greater => Err(refuse(format!("its header says {said} bytes, and more follow"))),
        }
    }
}

fn wrong_magic(magic: u32, kind: Kind) -> String {
    let expected = format!("a file of {} begins with {}", kind.word(), kind.magic());
    match magic {
        2049 => format!("this is a file of labels (it begins with 2049), and {expected}"),
        2051 => format!("this is a file of images (it begins with 2051), and {expected}"),
        _ => format!("it begins with {magic}, and {expected}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, write::GzEncoder};
    use std::io::Write;

    fn idx(words: &[u32], bytes: &[u8]) -> Vec<u8> {
        words.iter().flat_map(|word| word.to_be_bytes()).chain(bytes.iter().copied()).collect()
    }

    fn gz(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn read(bytes: &[u8], kind: Kind) -> Result<(Vec<u32>, Vec<u8>), String> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, bytes).unwrap();
        Idx::read(&file, kind).map(|idx| (idx.extents, idx.bytes)).map_err(|error| {
            assert!(error.to_string().contains(&file.display().to_string()), "{error}");
            error.to_string()
        })
    }

    #[test]
    fn plain_and_packed_give_the_same_whatever_the_name() {
        let bytes: Vec<u8> = (0..24).collect();
        let images = idx(&[2051, 2, 3, 4], &bytes);
        assert_eq!(read(&images, Kind::Images), Ok((vec![2, 3, 4], bytes)));
        assert_eq!(read(&images, Kind::Images), read(&gz(&images), Kind::Images));
        assert_eq!(read(&gz(&idx(&[2049, 2], &[7, 9])), Kind::Labels), Ok((vec![2], vec![7, 9])));
        let (first, second) = images.split_at(20);
        let parts = [gz(first), gz(second)].concat();
        assert_eq!(read(&parts, Kind::Images), read(&images, Kind::Images), "gzip files may have several members");
    }

    #[test]
    fn what_a_header_says_must_be_there() {
        let refused = |bytes: &[u8], kind, words: &str| {
            let message = read(bytes, kind).unwrap_err();
            assert!(message.contains(words), "{message} has no '{words}'");
        };
        let images = idx(&[2051, 2, 3, 4], &[0; 24]);
        let labels = idx(&[2049, 2], &[7, 9]);
        refused(&[], Kind::Images, "0 bytes hold no IDX header");
        refused(&images[..15], Kind::Images, "ends in its header");
        refused(&images[..39], Kind::Images, "2 x 3 x 4 bytes, and 23 follow");
        refused(&[&images[..], &[0]].concat(), Kind::Images, "and 25 follow");
        refused(&labels, Kind::Images, "this is a file of labels");
        refused(&images, Kind::Labels, "this is a file of images");
        refused(b"\x89PNG\r\n", Kind::Images, "a file of images begins with 2051");
        refused(&gz(&images[..39]), Kind::Images, "and 23 follow");
        refused(&gz(&[&images[..], &[0]].concat()), Kind::Images, "more follow");
    }

    #[test]
    fn absurd_headers_and_bombs_cost_nothing() {
        let absurd = idx(&[2051, u32::MAX, u32::MAX, u32::MAX], &[]);
        assert!(read(&absurd, Kind::Images).unwrap_err().contains("and 0 follow"));
        assert!(read(&gz(&absurd), Kind::Images).unwrap_err().contains("cannot hold them"));
        let large = idx(&[2051, 60_000, 28_000, 28_000], &[]);
        assert!(read(&large, Kind::Images).unwrap_err().contains("and 0 follow"));
        assert!(read(&gz(&large), Kind::Images).unwrap_err().contains("cannot hold them"));
        // 64 MiB of zeros in 64 KiB: only the two bytes of the header, and one, are unpacked.
        let bomb = gz(&idx(&[2049, 2], &vec![0; 64 << 20]));
        assert!(read(&bomb, Kind::Labels).unwrap_err().contains("more follow"));
    }

    #[test]
    fn damage_to_a_gzip_file_is_found() {
        let noise: Vec<u8> = (0..3000_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        let whole = gz(&idx(&[2051, 3, 25, 40], &noise));
        assert!(read(&whole, Kind::Images).is_ok());
        for keep in [3, 12, 40, whole.len() / 2, whole.len() - 1] {
            let message = read(&whole[..keep], Kind::Images).unwrap_err();
            assert!(message.contains("cut short") || message.contains("damaged"), "{message}");
        }
        for at in [20, whole.len() / 2, whole.len() - 6] {
            let mut broken = whole.clone();
            broken[at] ^= 0x10;
            assert!(read(&broken, Kind::Images).is_err(), "byte {at}");
        }
    }
}
