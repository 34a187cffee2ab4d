use crate::store::container::trial::{Trial, replace};
use serde_json::Value;

const SHARD: &str = "shard.00000.mds";
const INDEX: &str = "index.json";

#[test]
fn a_shard_is_what_mosaicml_writes() {
    let trial = Trial::new("mds:raw", 3);
    assert_eq!(trial.files(), [INDEX, SHARD, "shelfmark.json"]);
    let index: Value = serde_json::from_slice(&std::fs::read(trial.path.join(INDEX)).unwrap()).unwrap();
    let bytes = std::fs::read(trial.path.join(SHARD)).unwrap();
    let shard = &index["shards"][0];
    assert_eq!((index["version"].as_u64(), shard["samples"].as_u64()), (Some(2), Some(3)));
    assert_eq!(shard["raw_data"]["bytes"].as_u64(), Some(bytes.len() as u64));
    assert_eq!(shard["size_limit"].as_u64(), Some(64 << 20));
    let word = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
    assert_eq!(word(0), 3);
    // A length, 192 bytes of pixels, a label of eight.
    let begin = word(4);
    assert_eq!([word(8), word(12), word(16)], [1, 2, 3].map(|nth| begin + nth * 204));
    assert_eq!((word(16), word(begin)), (bytes.len(), 192));
    let own: Value = serde_json::from_slice(&bytes[20..begin]).unwrap();
    assert_eq!(own["column_names"], shard["column_names"]);
}

#[test]
fn images_go_into_as_many_shards_as_they_need() {
    let trial = Trial::new("mds:raw,shard=1", 6_000);
    assert_eq!(trial.files().iter().filter(|file| file.ends_with(".mds")).count(), 2);
    assert!(trial.files().iter().all(|file| trial.path.join(file).metadata().unwrap().len() <= 1 << 20));
    trial.audit().unwrap();
    assert_eq!(trial.read().unwrap().len(), 6_000);
    trial.noticed(INDEX, |text| replace(text, "shard.00001.mds", "shard.00000.mds"), "where shard.00001.mds belongs");
}

#[test]
fn what_cannot_be_is_refused() {
    let trial = Trial::new("mds:raw", 9);
    trial.noticed(INDEX, |text| replace(text, "shard.00000.mds", "../shard.mds"), "where shard.00000.mds belongs");
    trial.noticed(INDEX, |text| replace(text, "\"samples\":9", "\"samples\":8"), "not as many samples");
    trial.noticed(INDEX, |text| replace(text, "\"bytes\",\"int\"", "\"png\",\"int\""), "has other columns");
    trial.noticed(INDEX, |text| replace(text, "\"version\":2}", "\"version\":3}"), "version 3");
    trial.noticed(INDEX, |text| replace(text, "{", ""), INDEX);
    trial.noticed(SHARD, |bytes| bytes.truncate(100), "not as long as index.json says");
    trial.noticed(SHARD, |bytes| bytes.push(0), "not as long as index.json says");
    // How long the first image is, at the beginning of its sample.
    let shorter = |bytes: &mut Vec<u8>| {
        let begin = u32::from_le_bytes(bytes[4..8].try_into().unwrap()) as usize;
        bytes[begin] -= 1;
    };
    trial.noticed(SHARD, shorter, "image 0 is not where its shard says");
    // Where the third sample begins: beyond its end.
    trial.noticed(SHARD, |bytes| bytes[12..16].fill(0xFF), "is not where its shard says");
}

#[test]
fn the_audit_reads_every_place() {
    let trial = Trial::new("mds:raw", 9);
    trial.audited(SHARD, |bytes| bytes[4..8].fill(0), "description of its columns");
    trial.audited(SHARD, |bytes| bytes[12..16].fill(1), "do not lie one behind the other");
    trial.audited(SHARD, |bytes| bytes.push(0), "goes on behind its last sample");
    trial.audited(SHARD, |bytes| replace(bytes, "\"label\"", "\"lable\""), "description of its columns");
}

#[test]
fn no_damage_makes_it_panic() {
    let trial = Trial::new("mds:raw", 9);
    trial.survives(SHARD);
    trial.survives(INDEX);
}

#[test]
fn no_damage_makes_a_change_panic() {
    Trial::new("mds:raw", 9).survives_changes(INDEX);
}
