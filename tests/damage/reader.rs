//! The child's side: reads the store as often as it is asked to, and says what came back.

use crate::child::{FORMAT, REPLY, STORE};
use crate::subject::{IMAGES, given};
use shelfmark::dataset::Dataset;
use shelfmark::sample::{Batch, Sample};
use shelfmark::store::sealed::OpenStore;
use shelfmark::store::verify::difference;
use std::io::BufRead;
use std::path::Path;

/// Answers requests, one a line, until there are no more. Does nothing where no parent started it.
pub fn serve() {
    let (Some(store), Ok(format)) = (std::env::var_os(STORE), std::env::var(FORMAT)) else { return };
    let given = given(&format.parse().unwrap());
    let mut expected = Batch::new();
    (0..IMAGES).for_each(|index| given.expected.read(index, &mut expected).unwrap());
    for request in std::io::stdin().lock().lines() {
        let seen = match request.unwrap().as_str() {
            "read" => read_all(Path::new(&store), &expected),
            misdeed => misbehave(misdeed),
        };
        let word = if seen.wrong {
            "wrong"
        } else if seen.noticed {
            "noticed"
        } else {
            "harmless"
        };
        println!("{REPLY}{word} {}", peak_resident_kib());
    }
}

/// What was seen while reading.
#[derive(Default)]
struct Seen {
    /// An error.
    noticed: bool,
    /// Something that was delivered as if it were right.
    wrong: bool,
}

impl Seen {
    fn compare(&mut self, found: &Batch, expected: &[Sample<'_>]) {
        self.wrong |= found.len() != expected.len();
        self.wrong |= found.iter().zip(expected).any(|(found, expected)| difference(expected, &found).is_some());
    }
}

/// Opens the store and reads all of it, whatever fails on the way: one wrong image among errors is still a wrong image.
fn read_all(path: &Path, expected: &Batch) -> Seen {
    let mut seen = Seen::default();
    let Ok(store) = OpenStore::open(path) else { return Seen { noticed: true, wrong: false } };
    let spec = store.manifest.spec();
    // What `verify` does besides; it is not asked here because training does not ask it either.
    let _ = store.resolved.format.audit(path, &spec);
    seen.wrong |= spec.images != IMAGES;
    match store.keys(path) {
        Err(_) => seen.noticed = true,
        Ok(None) => seen.wrong = true,
        Ok(Some(keys)) => {
            seen.wrong |= (0..).zip(expected.iter()).any(|(index, sample)| keys.get(index) != sample.key);
        }
    }
    let Ok(mut reader) = store.reader() else { return Seen { noticed: true, ..seen } };
    let mut batch = Batch::new();
    for (index, sample) in (0..).zip(expected.iter()) {
        batch.clear_and_spoil();
        match reader.read(index, &mut batch) {
            Ok(()) => seen.compare(&batch, &[sample]),
            Err(_) => seen.noticed = true,
        }
    }
    batch.clear_and_spoil();
    let indices: Vec<u64> = (0..IMAGES).collect();
    match reader.read_batch(&indices, &mut batch) {
        Ok(()) => seen.compare(&batch, &expected.iter().collect::<Vec<_>>()),
        Err(_) => seen.noticed = true,
    }
    if store.resolved.format.takes_files() {
        // Nothing guards their bytes, so comparing them would count every damage; what is compared is pixels, as of
        // all formats.
        seen.noticed |= indices.iter().any(|&index| reader.read_file(index, &mut batch).is_err());
    }
    seen
}

/// What the parent has to be able to see.
fn misbehave(misdeed: &str) -> Seen {
    match misdeed {
        "panic" => panic!("on purpose"),
        "hang" => loop {
            std::thread::sleep(std::time::Duration::from_secs(1));
        },
        "abort" => std::process::abort(),
        // More than the limit of the address space.
        "allocate" => drop(std::hint::black_box(vec![1_u8; 64 << 30])),
        "gorge" => drop(std::hint::black_box(vec![1_u8; 300 << 20])),
        other => panic!("nobody knows how to {other}"),
    }
    Seen::default()
}

/// The most memory this process ever had, in KiB; 0 where the system does not say.
fn peak_resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
