//! Finished stores that are changed: more is added, some is removed.

use super::{Given, expect, open, text, verified};
use crate::dataset::{Dataset, Memory, Synthetic};
use crate::error::{Error, Result};
use crate::sample::{Batch, ImageShape};
use crate::store::change::{Appender, remove};
use crate::store::copy::{Form, write};
use crate::store::registry::Resolved;
use crate::store::sealed::IfExists;
use crate::store::{CANNOT_APPEND, CANNOT_DELETE, Durability, Threads, WriteOptions};
use std::ops::Range;
use std::path::Path;

/// Whether what is changed is on the device is asked once, of durability `each`.
const UNSYNCED: WriteOptions = WriteOptions { durability: Durability::None, threads: Threads::ONE };

/// The first `images` of the dataset as a store.
fn first(format: &Resolved, given: &Given, images: u64, path: &Path) -> Result<()> {
    let part = given.dataset.picked(0..images)?;
    write(format, &part, path, UNSYNCED, IfExists::Refuse, &mut |_| Ok(()))
}

fn add(format: &Resolved, given: &Given, which: Range<u64>, path: &Path, durability: Durability) -> Result<()> {
    let options = WriteOptions { durability, threads: Threads::ONE };
    let (mut samples, mut scratch) = (Batch::new(), Batch::new());
    let mut appender = Appender::open(format, path, which.end - which.start, options)?;
    let form = Form::of(format);
    which.into_iter().try_for_each(|index| form.read(&given.dataset, index, &mut scratch, &mut samples))?;
    appender.append(&samples)?;
    appender.finish()
}

fn refused_as(outcome: Result<()>, what: &str) -> Result<(), String> {
    match outcome {
        Err(Error::Unsupported { what: said, .. }) if said == what => Ok(()),
        other => Err(format!("not refused with \"{what}\": {other:?}")),
    }
}

/// 301 images of names that are not numbers.
fn named(format: &Resolved) -> Result<Given, String> {
    let mut all = Batch::new();
    let images = Synthetic::new(ImageShape::new(8, 8, 3), 301, 1);
    for index in 0..images.len() {
        images.read(index, &mut all).map_err(text)?;
        all.set_key(format!("class/{index}").as_bytes());
    }
    Given::new(format, &Memory::new("named", images.shape(), all)).map_err(text)
}

pub fn append(format: &Resolved, at: &Path) -> Result<(), String> {
    let (plain, named) = (super::small(format)?, named(format)?);
    for (given, durability) in [(&plain, Durability::Each), (&named, Durability::None)] {
        let path = at.join(durability.name());
        first(format, given, 250, &path).map_err(text)?;
        let once = add(format, given, 250..280, &path, durability);
        if !format.format.capabilities().append {
            refused_as(once, CANNOT_APPEND)?;
            // As before, not a sample more.
            let part = given.dataset.picked(0..250).map_err(text)?;
            return verified(format, &path, &part).map(drop).map_err(text);
        }
        // What was added to once can be added to again, and keeps its names.
        once.and_then(|()| add(format, given, 280..301, &path, durability)).map_err(text)?;
        let images = verified(format, &path, &given.dataset).map_err(text)?;
        expect(images == 301, || format!("{images} images of 301"))?;
        format.format.audit(&path, &open(format, &path).map_err(text)?.manifest.spec()).map_err(text)?;
    }
    Ok(())
}

pub fn delete(format: &Resolved, at: &Path) -> Result<(), String> {
    for (name, given) in [("plain", super::small(format)?), ("named", named(format)?)] {
        let path = at.join(name);
        first(format, &given, 301, &path).map_err(text)?;
        if !format.format.capabilities().can_delete() {
            refused_as(remove(format, &path, &[3], UNSYNCED).map(drop), CANNOT_DELETE)?;
            return verified(format, &path, &given.dataset).map(drop).map_err(text);
        }
        let beyond = remove(format, &path, &[301], UNSYNCED);
        expect(beyond.is_err(), || "image 301 of 301 was removed".into())?;
        verified(format, &path, &given.dataset).map_err(|e| format!("a removal that was refused changed it: {e}"))?;
        // From the front, the middle and the end; then of what the first left; then the last alone, whose place nobody takes.
        let mut stay: Vec<u64> = (0..301).collect();
        for gone in [&[0, 300, 7, 150, 299, 7][..], &[294, 0, 100], &[292]] {
            let removal = remove(format, &path, gone, UNSYNCED).map_err(text)?;
            stay = (0..removal.left()).map(|index| stay[removal.before(index) as usize]).collect();
            let stays = given.dataset.picked(stay.iter().copied()).map_err(text)?;
            verified(format, &path, &stays).map_err(text)?;
            let store = open(format, &path).map_err(text)?;
            if let Some(keys) = store.keys(&path).map_err(text)? {
                let wrong =
                    stay.iter().zip(0..).find(|(was, index)| keys.get(*index) != format!("class/{was}").as_bytes());
                expect(wrong.is_none(), || format!("the name of image {wrong:?} is another's"))?;
            }
        }
        expect(stay.len() == 292, || format!("{} are left of 292", stay.len()))?;
        // What was removed from can be added to.
        add(format, &given, 0..5, &path, Durability::None).map_err(text)?;
        stay.extend(0..5);
        let all = given.dataset.picked(stay).map_err(text)?;
        verified(format, &path, &all).map_err(text)?;
        // Even where nothing is left.
        remove(format, &path, &(0..all.len()).collect::<Vec<_>>(), UNSYNCED).map_err(text)?;
        let left = open(format, &path).map_err(text)?.manifest.images;
        expect(left == 0, || format!("{left} are left of none"))?;
        add(format, &given, 7..9, &path, Durability::None).map_err(text)?;
        let added = given.dataset.picked(7..9).map_err(text)?;
        verified(format, &path, &added).map_err(text)?;
    }
    Ok(())
}

pub fn unfinished(format: &Resolved, at: &Path) -> Result<(), String> {
    if !format.format.capabilities().append {
        return Ok(());
    }
    let (given, path) = (super::small(format)?, at.join("store"));
    first(format, &given, 250, &path).map_err(text)?;
    let mut appender = Appender::open(format, &path, 20, UNSYNCED).map_err(text)?;
    let mut samples = Batch::new();
    Form::of(format).read(&given.dataset, 250, &mut Batch::new(), &mut samples).map_err(text)?;
    appender.append(&samples).map_err(text)?;
    let no_store = |when: &str| match open(format, &path) {
        Err(e) if e.to_string().contains("not finished") => Ok(()),
        other => Err(format!("{when} it opens as a store: {:?}", other.map(drop))),
    };
    no_store("while it is changed")?;
    let another = Appender::open(format, &path, 1, UNSYNCED);
    expect(another.is_err(), || "while it is changed it was opened for another change".into())?;
    expect(appender.finish().is_err(), || "1 image of 20 was enough".into())?;
    no_store("after it failed")
}
