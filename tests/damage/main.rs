//! What damage does to a store of each format: seeded damage after damage is done to it, and each time a process of its
//! own opens the store, reads every image and name and compares them with what was written. Damage may be noticed,
//! harmless or silently wrong (all three are properties of the format, and are counted); it must never make
//! shelfmark panic, hang or ask for absurd memory.
//!
//! | variable | meaning | default |
//! |---|---|---|
//! | `SHELFMARK_TEST_DAMAGES` | damages of each format; scripts/damage does 1,000 | 40 |
//! | `SHELFMARK_TEST_FORMATS` | formats, separated by spaces | `all`, and the references |
//! | `SHELFMARK_TEST_SEED` | which damages | 1 |
#![allow(clippy::unwrap_used)] // a test that cannot go on shall say so

mod child;
mod damage;
mod reader;
mod subject;
mod tally;

use child::{Child, Outcome};
use damage::Damage;
use shelfmark::store::FormatId;
use shelfmark::store::registry::{reference_rows, resolve, select};
use std::time::Duration;
use subject::Subject;
use tally::Tally;

/// For one damage. Reading 40 small images takes milliseconds; a machine that is busy with other things takes longer.
const LIMIT: Duration = Duration::from_secs(20);

/// The same where a library in C reads: it may hang, which is counted, so waiting longer would say no more.
const NATIVE_LIMIT: Duration = Duration::from_secs(3);

/// Resident memory of the reading process: it holds 40 small images several times over.
const MAX_RESIDENT_KIB: u64 = 256 << 10;

fn variable(name: &str, default: &str) -> String {
    std::env::var(name).ok().filter(|value| !value.is_empty()).unwrap_or_else(|| default.into())
}

#[test]
fn damage_never_makes_reading_panic_hang_or_ask_for_absurd_memory() {
    let damages: u64 = variable("SHELFMARK_TEST_DAMAGES", "40").parse().unwrap();
    let seed: u64 = variable("SHELFMARK_TEST_SEED", "1").parse().unwrap();
    let asked = variable("SHELFMARK_TEST_FORMATS", "all");
    let mut formats = select(std::slice::from_ref(&asked)).unwrap();
    if asked == "all" {
        formats.extend(reference_rows().into_iter().map(|row| row.id));
    }
    let mut tally = Tally::new(damages);
    for id in formats.iter().filter(|id| resolve(id).is_ok()) {
        damage_one_format(id, damages, seed, &mut tally);
    }
    println!("{tally}");
    assert!(tally.formats() > 0, "no format is built in");
    assert!(tally.forbidden.is_empty(), "{} forbidden:\n{}", tally.forbidden.len(), tally.forbidden.join("\n"));
}

fn damage_one_format(id: &FormatId, damages: u64, seed: u64, tally: &mut Tally) {
    let place = tempfile::tempdir().unwrap();
    let subject = Subject::write(id, place.path());
    let native = !["dir", "flat"].contains(&id.container.as_str());
    let mut child = Child::new(&subject, LIMIT);
    let unharmed = child.read();
    assert_eq!(unharmed, Outcome::Harmless, "{id}: before any damage");
    child.limit = if native { NATIVE_LIMIT } else { LIMIT };
    for nth in 0..damages {
        let damage = Damage::draw(&subject.files, seed, nth);
        damage.apply(&subject);
        let outcome = child.read();
        damage.repair(&subject);
        let allowed = match &outcome {
            Outcome::Noticed | Outcome::Harmless | Outcome::Wrong => child.resident_kib <= MAX_RESIDENT_KIB,
            // Only a library in C may take the process with it or keep it, and never by what Rust does in distress.
            Outcome::Killed(_) | Outcome::Hung => native,
            Outcome::Panicked(_) => false,
        };
        if !allowed {
            let resident = child.resident_kib >> 10;
            let what = format!("{id}, damage {nth} ({damage}): {outcome:?}, {resident} MiB resident");
            // At once, because many that hang take long.
            eprintln!("{what}");
            tally.forbidden.push(what);
            child.restart();
        }
        tally.count(id, &damage, &outcome, allowed);
    }
    child.limit = LIMIT;
    assert_eq!(child.read(), Outcome::Harmless, "{id}: after all damage was repaired");
}

/// The test above has to see what it forbids: here the reading process does it on purpose. Elsewhere than on Linux nothing
/// limits its memory, and 64 GiB would be no joke.
#[test]
#[cfg(target_os = "linux")]
fn a_panic_a_hang_a_kill_and_gluttony_are_seen() {
    let place = tempfile::tempdir().unwrap();
    let subject = Subject::write(&"dir:raw".parse().unwrap(), place.path());
    let mut child = Child::new(&subject, LIMIT);
    assert_eq!(child.read(), Outcome::Harmless);
    for (misdeed, expected) in
        [("panic", "Panicked"), ("hang", "Hung"), ("abort", "Killed"), ("allocate", "Panicked"), ("read", "Harmless")]
    {
        child.limit = if misdeed == "hang" { Duration::from_millis(300) } else { LIMIT };
        let outcome = format!("{:?}", child.ask(misdeed));
        assert!(outcome.starts_with(expected), "{misdeed}: {outcome}");
    }
    assert!(child.resident_kib < MAX_RESIDENT_KIB, "{} KiB", child.resident_kib);
    child.ask("gorge");
    assert!(child.resident_kib > MAX_RESIDENT_KIB, "{} KiB", child.resident_kib);
}

/// What is counted as wrong or noticed has to be that.
#[test]
fn wrong_images_and_names_are_told_from_noticed_damage() {
    let place = tempfile::tempdir().unwrap();
    let subject = Subject::write(&"dir:raw".parse().unwrap(), place.path());
    let mut child = Child::new(&subject, LIMIT);
    let flip = |bytes: &[u8]| [&[bytes[0] ^ 1], &bytes[1..]].concat();
    for (file, damage, expected) in [
        ("images/00000007.raw", Some(flip as fn(&[u8]) -> Vec<u8>), Outcome::Wrong),
        ("keys", Some(flip), Outcome::Wrong),
        ("images/00000007.raw", None, Outcome::Noticed),
        ("keys", None, Outcome::Noticed),
        ("shelfmark.json", Some(flip), Outcome::Noticed),
    ] {
        let (path, bytes) = subject.files.iter().find(|(path, _)| path.ends_with(file)).unwrap();
        subject.replace(path, damage.map(|damage| damage(bytes)).as_deref());
        assert_eq!(child.read(), expected, "{file}");
        subject.replace(path, Some(bytes));
    }
    assert_eq!(child.read(), Outcome::Harmless);
}

/// The reading process, for which the tests above start this program again; by itself it does nothing and proves nothing.
#[test]
fn reads_for_its_parent() {
    reader::serve();
}
