use crate::store::container::trial::{Trial, replace};

const SHARD: &str = "images.zarr/c/0/0/0/0";
const METADATA: &str = "images.zarr/zarr.json";

#[test]
fn shards_are_files_and_descriptions_say_so() {
    let trial = Trial::new("zarr:raw,chunk=2,shard=2", 9);
    assert_eq!(trial.files(), ["images.zarr", "labels.zarr", "shelfmark.json"]);
    let shards = std::fs::read_dir(trial.path.join("images.zarr/c")).unwrap().count();
    assert_eq!(shards, 3);
    let metadata: serde_json::Value =
        serde_json::from_slice(&std::fs::read(trial.path.join(METADATA)).unwrap()).unwrap();
    assert_eq!(metadata["zarr_format"], 3);
    assert_eq!(metadata["shape"], serde_json::json!([9, 8, 8, 3]));
    assert_eq!(metadata["codecs"][0]["name"], "sharding_indexed");
    trial.audit().unwrap();
    assert_eq!(trial.read().unwrap().len(), 9);
}

#[test]
fn a_missing_shard_is_told_though_zarr_reads_zeros() {
    for file in ["images.zarr/c/1/0/0/0", "labels.zarr/c/0"] {
        let trial = Trial::new("zarr:raw,chunk=2,shard=2", 9);
        std::fs::remove_file(trial.path.join(file)).unwrap();
        assert!(trial.read().unwrap_err().to_string().contains(&format!("{file} is missing")));
    }
}

#[test]
fn a_single_label_that_is_missing_is_told() {
    let trial = Trial::new("zarr:raw", 1);
    std::fs::remove_file(trial.path.join("labels.zarr/c/0")).unwrap();
    assert!(trial.read().unwrap_err().to_string().contains("labels.zarr/c/0 is missing"));
}

#[test]
fn shards_are_no_larger_than_their_images() {
    let trial = Trial::new("zarr:raw,chunk=1048576,shard=1048576", 9);
    assert_eq!(trial.read().unwrap().len(), 9);
    let metadata: serde_json::Value =
        serde_json::from_slice(&std::fs::read(trial.path.join(METADATA)).unwrap()).unwrap();
    assert_eq!(metadata["chunk_grid"]["configuration"]["chunk_shape"][0], 9);
}

#[test]
fn what_cannot_be_is_refused() {
    let trial = Trial::new("zarr:raw", 9);
    trial.noticed(METADATA, |text| text.clear(), "zarrs cannot open it");
    trial.noticed(METADATA, |text| replace(text, "\"uint8\"", "\"int8\""), "");
    trial.noticed(SHARD, |bytes| bytes.truncate(100), "");
}

#[test]
fn a_checksum_notices_every_changed_bit_of_a_chunk() {
    let trial = Trial::new("zarr:raw,checksum=crc32c", 9);
    for at in [0, 100, 1_000] {
        trial.noticed(SHARD, |bytes| bytes[at] ^= 4, "image 0");
    }
}

#[test]
fn no_damage_makes_it_panic() {
    Trial::new("zarr:raw,chunk=2", 9).survives(SHARD);
    Trial::new("zarr:raw,zstd=3,checksum=crc32c", 9).survives(METADATA);
}
