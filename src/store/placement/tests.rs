use super::*;
use crate::sample::{ImageShape, Shape};
use crate::store::MANIFEST_FILE;

/// A store, as far as placing one is concerned.
fn store(path: &Path, text: &str) {
    std::fs::create_dir_all(path).unwrap();
    let dataset = text.to_owned();
    let manifest = Manifest {
        schema: "shelfmark/store/1".into(),
        format: "dir:raw".into(),
        settings: Default::default(),
        shape: Shape::Fixed(ImageShape::new(1, 1, 1)),
        images: 0,
        dataset,
        labels: String::new(),
        named: false,
        library: crate::results::Native { library: "none".into(), version: "0".into() },
        shelfmark_version: "0".into(),
    };
    std::fs::write(path.join(MANIFEST_FILE), manifest.to_json()).unwrap();
}

fn placement(target: &Path, if_exists: IfExists) -> Placement {
    let placement = Placement::new(StoreName { format: "dir:raw".into(), path: target.to_owned() }, if_exists).unwrap();
    store(placement.path(), "new");
    placement
}

fn manifest(path: &Path) -> String {
    Manifest::read(path).unwrap().dataset
}

fn things_in(place: &Path) -> usize {
    std::fs::read_dir(place).unwrap().count()
}

#[test]
fn what_appears_while_a_store_is_written_is_not_replaced() {
    let place = tempfile::tempdir().unwrap();
    let target = place.path().join("target");
    let mut writing = placement(&target, IfExists::Refuse);
    store(&target, "somebody else's");
    assert!(writing.finish(false).unwrap_err().to_string().contains("there is a store already"));
    drop(writing);
    assert_eq!((manifest(&target).as_str(), things_in(place.path())), ("somebody else's", 1));
    std::fs::remove_dir_all(&target).unwrap();
    // Leave to replace a store is no leave to replace anything else.
    let mut writing = placement(&target, IfExists::Replace);
    std::fs::write(&target, "a letter").unwrap();
    assert!(writing.finish(false).unwrap_err().to_string().contains("no store"));
    drop(writing);
    assert_eq!((std::fs::read(&target).unwrap().as_slice(), things_in(place.path())), (&b"a letter"[..], 1));
}

#[test]
fn an_old_store_is_replaced_or_stays() {
    let place = tempfile::tempdir().unwrap();
    let target = place.path().join("target");
    store(&target, "old");
    placement(&target, IfExists::Replace).finish(false).unwrap();
    assert_eq!((manifest(&target).as_str(), things_in(place.path())), ("new", 1));
    // What shall be renamed is gone: neither the exchange nor the rename can be done.
    store(&target, "old");
    let mut lost = placement(&target, IfExists::Replace);
    std::fs::remove_dir_all(lost.path()).unwrap();
    assert!(lost.finish(false).unwrap_err().to_string().contains("rename into place"));
    drop(lost);
    assert_eq!((manifest(&target).as_str(), things_in(place.path())), ("old", 1));
}

fn refusal(target: &Path, if_exists: IfExists) -> String {
    let name = StoreName { format: "dir:raw".into(), path: target.to_owned() };
    Placement::check(&name, if_exists).unwrap_err().to_string()
}

#[test]
fn a_file_called_like_a_manifest_makes_no_store() {
    let place = tempfile::tempdir().unwrap();
    let target = place.path().join("target");
    std::fs::create_dir(&target).unwrap();
    for text in ["{\"name\":\"x\"}", "", "{\"schema\":\"shelfmark/store/1\"}"] {
        std::fs::write(target.join(MANIFEST_FILE), text).unwrap();
        for if_exists in [IfExists::Refuse, IfExists::Replace] {
            assert!(refusal(&target, if_exists).contains("no store"), "{text}");
        }
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_mount_point_is_refused_before_anything_is_written() {
    // One that every Linux has.
    for if_exists in [IfExists::Refuse, IfExists::Replace] {
        let refused = refusal(Path::new("/proc"), if_exists);
        assert!(refused.contains("a file system is mounted there"), "{refused}");
    }
    assert!(!is_mount_point(tempfile::tempdir().unwrap().path()));
}

#[test]
#[cfg(unix)]
fn a_link_is_followed_and_stays() {
    let (place, disk) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (link, real) = (place.path().join("link"), disk.path().join("real"));
    std::os::unix::fs::symlink(&real, &link).unwrap();
    assert!(refusal(&link, IfExists::Replace).contains("no store"), "it leads nowhere");
    std::fs::create_dir(&real).unwrap();
    for text in ["an empty folder", "an old store"] {
        let mut placement = placement(&link, IfExists::Replace);
        assert_eq!(placement.path().parent(), Some(disk.path().canonicalize().unwrap().as_path()), "{text}");
        placement.finish(false).unwrap();
        drop(placement);
        assert!(link.is_symlink() && !real.is_symlink(), "{text}");
        assert_eq!((manifest(&real).as_str(), things_in(place.path()), things_in(disk.path())), ("new", 1, 1));
        store(&real, "old");
    }
}
