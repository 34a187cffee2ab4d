//! Images of all shapes, and few of them.

use super::{Given, expect, open, text, verified, written, wrote_and_verified};
use crate::dataset::{Dataset, Memory, Synthetic};
use crate::error::Error;
use crate::sample::{Batch, ImageShape, Shape};
use crate::store::registry::Resolved;
use std::path::Path;

pub fn empty_set(format: &Resolved, at: &Path) -> Result<(), String> {
    wrote_and_verified(format, &Synthetic::new(ImageShape::new(8, 8, 3), 0, 1), at, "store")?;
    let store = open(format, &at.join("store")).map_err(text)?;
    let mut reader = store.reader().map_err(text)?;
    expect(reader.read(0, &mut Batch::new()).is_err(), || "an image came out of an empty store".into())?;
    reader.read_batch(&[], &mut Batch::new()).map_err(text)
}

pub fn one_image(format: &Resolved, at: &Path) -> Result<(), String> {
    wrote_and_verified(format, &Synthetic::new(ImageShape::new(8, 8, 3), 1, 1), at, "store")
}

/// Images of one value, and of the one that some formats do not write down.
pub fn plain_images(format: &Resolved, at: &Path) -> Result<(), String> {
    for (name, value) in [("black", 0), ("white", 255)] {
        let mut samples = Batch::new();
        for label in 0..40 {
            // Some that are not plain behind the others.
            let value = if label < 36 { value } else { 7 };
            samples.push(ImageShape::new(8, 8, 3), label).fill(value);
        }
        let dataset = Memory::new("memory", Shape::Fixed(ImageShape::new(8, 8, 3)), samples);
        wrote_and_verified(format, &dataset, at, name).map_err(|e| format!("{name}: {e}"))?;
    }
    Ok(())
}

pub fn odd_shapes(format: &Resolved, at: &Path) -> Result<(), String> {
    let shapes =
        [[1, 1, 1], [1, 1, 3], [28, 28, 1], [97, 61, 4], [5, 4, 2], [1, 300, 3], [10_000, 1, 3], [1, 10_000, 1]];
    for (nth, shape) in shapes.into_iter().enumerate() {
        let dataset = Synthetic::new(ImageShape::from(shape), 5, 3);
        kept_or_refused(format, &dataset, at, &format!("store{nth}")).map_err(|e| format!("{shape:?}: {e}"))?;
    }
    // More channels than an image has: kept whole, or refused; never cut.
    let mut samples = Batch::new();
    samples.push(ImageShape::new(2, 3, 7), 1).iter_mut().enumerate().for_each(|(at, byte)| *byte = at as u8);
    let strange = Memory::new("memory", Shape::Fixed(ImageShape::new(2, 3, 7)), samples);
    kept_or_refused(format, &strange, at, "strange").map_err(|e| format!("7 channels: {e}"))
}

fn kept_or_refused(format: &Resolved, dataset: &dyn Dataset, at: &Path, name: &str) -> Result<(), String> {
    let grey = format.format.capabilities().grey;
    let channels = dataset.shape().max().channels;
    let may_refuse = channels != 3 && (channels != 1 || !grey);
    let must_refuse = channels == 1 && !grey;
    let outcome = Given::new(format, dataset).and_then(|given| {
        let path = written(format, &given, at, name)?;
        verified(format, &path, &given.dataset)
    });
    match outcome {
        Ok(_) => expect(!must_refuse, || "it kept grey images, and says that it cannot".into()),
        Err(Error::Unsupported { .. }) if may_refuse => {
            expect(!at.join(name).exists(), || "something was left behind".into())
        }
        Err(other) => Err(text(other)),
    }
}

pub fn ragged(format: &Resolved, at: &Path) -> Result<(), String> {
    // Shapes from 1x1 on; of grey and RGB, where it takes grey, and of all numbers of channels.
    let plain: &[u32] = if format.format.capabilities().grey { &[1, 3] } else { &[3] };
    let (plain, all) = (Memory::ragged(97, plain), Memory::ragged(97, &[1, 2, 3, 4]));
    if format.format.capabilities().ragged {
        kept_or_refused(format, &all, at, "all")?;
        return wrote_and_verified(format, &plain, at, "store");
    }
    let refusal =
        Given::new(format, &plain).and_then(|given| written(format, &given, at, "store")).map(|_| ()).map_err(text);
    expect(matches!(&refusal, Err(why) if why.contains("unsupported: ragged")), || format!("{refusal:?}"))?;
    expect(!at.join("store").exists(), || "something was left behind".into())
}
