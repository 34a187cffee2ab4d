use crate::store::container::trial::{Trial, replace};

const SHARD: &str = "images-000000.tar";
const INDEX: &str = "images-000000.idx";

#[test]
fn a_shard_holds_what_webdataset_expects() {
    let trial = Trial::new("tar:raw", 3);
    assert_eq!(trial.files(), [INDEX, SHARD, "shelfmark.json"]);
    let bytes = std::fs::read(trial.path.join(SHARD)).unwrap();
    let mut archive = tar::Archive::new(&bytes[..]);
    let names: Vec<_> = archive.entries().unwrap().map(|e| e.unwrap().path().unwrap().display().to_string()).collect();
    assert_eq!(names[..3], ["00000000.cls", "00000000.raw", "00000001.cls"]);
    assert!(bytes.ends_with(&[0; 1024]), "two blocks of zeros end it");
    let index = std::fs::read_to_string(trial.path.join(INDEX)).unwrap();
    let mut lines = index.lines();
    assert_eq!(lines.next(), Some("v1.2 3"));
    assert_eq!(lines.next(), Some("cls 512 1 00000000.cls raw 1536 192 00000000.raw"));
    assert_eq!(lines.count(), 2);
}

#[test]
fn images_go_into_as_many_shards_as_they_need() {
    // 192 bytes and a label take four blocks: a MiB holds 512 samples, and the last blocks do not count.
    let trial = Trial::new("tar:raw,shard=1", 700);
    assert_eq!(trial.files().iter().filter(|file| file.ends_with(".tar")).count(), 2);
    trial.audit().unwrap();
    assert_eq!(trial.read().unwrap().len(), 700);
    std::fs::copy(trial.path.join("images-000001.tar"), trial.path.join("images-000002.tar")).unwrap();
    assert!(trial.read().unwrap_err().to_string().contains("beyond the last image"));
    std::fs::remove_file(trial.path.join("images-000002.tar")).unwrap();
    std::fs::remove_file(trial.path.join("images-000001.tar")).unwrap();
    assert!(trial.read().unwrap_err().to_string().contains("images-000001.tar"));
}

#[test]
fn what_cannot_be_is_refused() {
    let trial = Trial::new("tar:raw", 9);
    trial.noticed(INDEX, |text| replace(text, "v1.2", "v1.1"), "does not begin with v1.2");
    trial.noticed(INDEX, |text| replace(text, "v1.2 9", "v1.2 8"), "other lines");
    trial.noticed(INDEX, |text| replace(text, "v1.2 9", "v1.2 10"), "10 samples, and 9 are left");
    trial.noticed(INDEX, |text| replace(text, "00000004.raw", "00000005.raw"), "line 6 is not of image 4");
    trial.noticed(INDEX, |text| replace(text, "raw 1536 192", "raw 1536 99999999"), "beyond the shard's end");
    trial.noticed(INDEX, |text| replace(text, "raw 1536 192", "raw 99999999999999999999 192"), "is not of image 0");
    // The pixels, and the label, of the next image.
    trial.noticed(INDEX, |text| replace(text, "raw 1536 192", "raw 3584 192"), "image 0 does not begin where");
    trial.noticed(INDEX, |text| replace(text, "cls 2560 1", "cls 4608 1"), "image 1 does not begin where");
    trial.noticed(SHARD, |bytes| bytes[512] = b'x', "has no label");
    trial.noticed(SHARD, |bytes| bytes.truncate(9_000), "beyond the shard's end");
    trial.noticed(SHARD, |bytes| bytes.truncate(bytes.len() - 1024), "with its last image it would be");
    trial.noticed(SHARD, |bytes| bytes.extend([0; 512]), "with its last image it would be");
}

#[test]
fn the_audit_compares_the_index_with_the_archive() {
    let trial = Trial::new("tar:raw", 9);
    trial.audited(SHARD, |bytes| replace(bytes, "00000003.raw", "00000009.raw"), "images-000000.tar");
    // A header says that its file is shorter.
    let shorter = |bytes: &mut Vec<u8>| {
        let mut header = tar::Header::new_ustar();
        header.as_mut_bytes().copy_from_slice(&bytes[1024..1536]);
        header.set_size(191);
        header.set_cksum();
        bytes[1024..1536].copy_from_slice(header.as_bytes());
    };
    trial.audited(SHARD, shorter, "image 0");
}

#[test]
fn no_damage_makes_it_panic() {
    let trial = Trial::new("tar:raw", 9);
    trial.survives(SHARD);
    trial.survives(INDEX);
}
