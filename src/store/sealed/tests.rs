use super::*;
use crate::dataset::Memory;
use crate::sample::{ImageShape, Shape};
use crate::store::copy::write;

fn resolved(format: &str) -> Resolved {
    registry::resolve(&format.parse().unwrap()).unwrap()
}

#[test]
fn names_that_the_manifest_has_lost_are_missed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let shape = ImageShape::new(1, 1, 1);
    let mut samples = Batch::new();
    samples.push(shape, 0)[0] = 1;
    samples.set_key(b"a.png");
    let dataset = Memory::new("memory", Shape::Fixed(shape), samples);
    let resolved = resolved("dir:raw");
    write(&resolved, &dataset, &path, WriteOptions::default(), IfExists::Refuse, &mut |_| Ok(())).unwrap();
    let manifest = path.join(MANIFEST_FILE);
    let text = std::fs::read_to_string(&manifest).unwrap();
    std::fs::write(&manifest, text.replace("\"named\"", "\"nqmed\"")).unwrap();
    let refused = OpenStore::open(&path).unwrap().keys(&path).map_err(|e| e.to_string());
    assert!(matches!(&refused, Err(why) if why.contains("damaged")), "{refused:?}");
}

const SHAPE: ImageShape = ImageShape::new(1, 1, 1);

fn samples(labels: std::ops::Range<u32>) -> Batch {
    let mut samples = Batch::new();
    labels.for_each(|label| samples.push(SHAPE, label)[0] = label as u8);
    samples
}

/// A store of six of which three are safe.
fn half(target: &Path) -> StoreWriter {
    let spec = StoreSpec { shape: Shape::Fixed(SHAPE), images: 6 };
    let resolved = resolved("dir:raw");
    let mut writer = StoreWriter::create(&resolved, target, &spec, WriteOptions::default(), IfExists::Refuse).unwrap();
    writer.append(&samples(0..3)).unwrap();
    writer.checkpoint().unwrap();
    writer
}

fn go_on(target: &Path, left: &Path) -> StoreWriter {
    let progress = Progress::read(left).unwrap();
    let mut writer =
        StoreWriter::resume(&resolved("dir:raw"), target, WriteOptions::default(), IfExists::Refuse, left, &progress)
            .unwrap();
    writer.append(&samples(progress.done as u32..6)).unwrap();
    writer
}

#[test]
fn what_was_safe_stays_when_nothing_more_can_be_noted() {
    let place = tempfile::tempdir().unwrap();
    let target = place.path().join("target");
    // Neither written nor synced can be where the folder has gone; as little as on a full disk.
    for kept_by_leaving in [true, false] {
        let mut writer = half(&target);
        let (images, away) = (writer.path().join("images"), place.path().join("away"));
        std::fs::rename(&images, &away).unwrap();
        assert!(writer.checkpoint().is_err());
        let left = writer.path().to_owned();
        match kept_by_leaving {
            true => assert_eq!(writer.leave().unwrap().as_ref(), Some(&left)),
            false => {
                writer.keep_work();
                drop(writer);
            }
        }
        std::fs::rename(&away, &images).unwrap();
        assert_eq!(Progress::read(&left).unwrap().done, 3);
        go_on(&target, &left).finish().unwrap();
        let dataset = Memory::new("memory", Shape::Fixed(SHAPE), samples(0..6));
        let same = crate::store::verify::verify(
            &target,
            &dataset,
            crate::store::verify::Look::AtPixels,
            crate::store::Threads::ONE,
            &mut |_| Ok(()),
        );
        assert_eq!(same.unwrap(), 6);
        std::fs::remove_dir_all(&target).unwrap();
    }
    // Nobody asked for it to be kept.
    drop(half(&target));
    assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0);
}

#[test]
fn a_finished_store_that_cannot_get_its_name_is_kept_where_work_is() {
    let place = tempfile::tempdir().unwrap();
    let target = place.path().join("target");
    let mut writer = half(&target);
    writer.keep_work();
    let left = writer.path().to_owned();
    writer.append(&samples(3..6)).unwrap();
    writer.checkpoint().unwrap();
    let sealed = writer.seal().unwrap();
    std::fs::create_dir(&target).unwrap();
    std::fs::write(target.join("letter"), "mine").unwrap();
    assert!(sealed.put_in_place().is_err());
    assert_eq!(Progress::read(&left).unwrap().done, 6);
    std::fs::remove_dir_all(&target).unwrap();
    go_on(&target, &left).finish().unwrap();
    assert!(OpenStore::open(&target).is_ok() && !target.join("progress.json").exists());
    assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 1);
    // What was found to be wrong is removed all the same.
    std::fs::remove_dir_all(&target).unwrap();
    let mut writer = half(&target);
    writer.keep_work();
    writer.append(&samples(3..6)).unwrap();
    writer.seal().unwrap().discard();
    assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0);
}
