//! What happens to files on disks.

use crate::subject::Subject;
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use shelfmark::store::{KEYS_FILE, MANIFEST_FILE};
use std::fmt;
use std::path::{Path, PathBuf};

/// Bytes of a page.
const PAGE: usize = 4096;

/// A kind of damage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One bit.
    Flip,
    /// Several bits within one page.
    Flips,
    /// A page of zeros.
    Zeros,
    /// Eight bytes of all ones: a length or an offset beyond all measure, if one lies there.
    Absurd,
    /// The end is missing, from a random byte on.
    Cut,
    /// The last hundredth is missing.
    CutLittle,
    /// Nothing is left in the file.
    Empty,
    /// The file is gone.
    Gone,
    /// Something is there behind the end.
    Tail,
}

/// Every kind, with its name in the table.
pub const KINDS: [(Kind, &str); 9] = [
    (Kind::Flip, "flip"),
    (Kind::Flips, "flips"),
    (Kind::Zeros, "zeros"),
    (Kind::Absurd, "absurd"),
    (Kind::Cut, "cut"),
    (Kind::CutLittle, "cut 1%"),
    (Kind::Empty, "empty"),
    (Kind::Gone, "gone"),
    (Kind::Tail, "tail"),
];

/// One damage, worked out.
pub struct Damage {
    /// What kind.
    pub kind: Kind,
    path: PathBuf,
    before: Vec<u8>,
    after: Option<Vec<u8>>,
    seed: u64,
}

impl Damage {
    /// Damage `nth` of a store with these files. Half of the damages hit a file drawn with the odds of its length, as a bad
    /// block would; half hit any file alike, so that small ones (manifest, names, labels) get their share.
    pub fn draw(files: &[(PathBuf, Vec<u8>)], seed: u64, nth: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(nth);
        // An empty file has nothing to be damaged.
        let files: Vec<_> = files.iter().filter(|(_, bytes)| !bytes.is_empty()).collect();
        let total: usize = files.iter().map(|(_, bytes)| bytes.len()).sum();
        let kind = KINDS[rng.random_range(0..KINDS.len())].0;
        loop {
            let (path, before) = if rng.random() {
                let mut at = rng.random_range(0..total);
                let hit = files.iter().find(|(_, bytes)| {
                    let here = at < bytes.len();
                    at = at.wrapping_sub(bytes.len());
                    here
                });
                hit.unwrap()
            } else {
                files[rng.random_range(0..files.len())]
            };
            let after = damaged(kind, before, &mut rng);
            // Zeros where there were zeros are no damage: draw another place.
            if after.as_ref() != Some(before) {
                return Self { kind, path: path.clone(), before: before.clone(), after, seed };
            }
        }
    }

    /// Whether it hits what stands beside the images: manifest, names, the table of labels.
    pub fn is_beside_images(&self) -> bool {
        [MANIFEST_FILE, KEYS_FILE, "labels.csv"].iter().any(|file| self.path.ends_with(file))
    }

    /// Does it.
    pub fn apply(&self, subject: &Subject) {
        subject.replace(&self.path, self.after.as_deref());
    }

    /// Undoes it.
    pub fn repair(&self, subject: &Subject) {
        subject.replace(&self.path, Some(&self.before));
    }
}

/// What such damage makes of a file; `None` where it is gone.
fn damaged(kind: Kind, file: &[u8], rng: &mut impl Rng) -> Option<Vec<u8>> {
    let mut bytes = file.to_vec();
    let at = rng.random_range(0..bytes.len());
    let page = at / PAGE * PAGE..(at / PAGE * PAGE + PAGE).min(bytes.len());
    match kind {
        Kind::Flip => bytes[at] ^= 1 << rng.random_range(0..8),
        Kind::Flips => {
            for _ in 0..rng.random_range(2..=16) {
                bytes[rng.random_range(page.clone())] ^= 1 << rng.random_range(0..8);
            }
        }
        Kind::Zeros => bytes[page].fill(0),
        Kind::Absurd => {
            let end = (at + 8).min(bytes.len());
            bytes[at..end].fill(0xFF);
        }
        Kind::Cut => bytes.truncate(at),
        Kind::CutLittle => bytes.truncate(bytes.len() - bytes.len().div_ceil(100)),
        Kind::Empty => bytes.clear(),
        Kind::Gone => return None,
        Kind::Tail => bytes.extend((0..rng.random_range(1..2 * PAGE)).map(|_| rng.random::<u8>())),
    }
    Some(bytes)
}

/// Enough to do the same by hand: the file, its first byte that differs and its length.
impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.path.file_name().map(Path::new).unwrap_or(&self.path).display();
        let Some(after) = &self.after else { return write!(f, "seed {}, {:?}: {file}", self.seed, self.kind) };
        let first = self.before.iter().zip(after).position(|(a, b)| a != b).unwrap_or(after.len());
        write!(f, "seed {}, {:?}: {file} from byte {first} on, {} bytes long", self.seed, self.kind, after.len())
    }
}
