use crate::store::container::trial::{Trial, replace};

const SHARD: &str = "images-000000.tfrecord";
const INDEX: &str = "images-000000.tfindex";

#[test]
fn the_index_is_that_of_tfrecord2idx() {
    let trial = Trial::new("tfrecord:raw", 3);
    assert_eq!(trial.files(), [INDEX, SHARD, "shelfmark.json"]);
    let index = std::fs::read_to_string(trial.path.join(INDEX)).unwrap();
    let bytes = std::fs::read(trial.path.join(SHARD)).unwrap();
    // By the frames themselves: a length of eight bytes, a checksum of four, the message, another.
    let (mut at, mut lines) = (0, String::new());
    while at < bytes.len() {
        let length = u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap()) as usize + 16;
        lines += &format!("{at} {length}\n");
        at += length;
    }
    assert_eq!((at, index), (bytes.len(), lines));
    // The checksum of a length, as TensorFlow writes it: that of 16 is known from its own test data.
    assert_eq!(super::frame::length(&[&[16_u8, 0, 0, 0, 0, 0, 0, 0][..], &[0; 4]].concat()), None);
}

#[test]
fn images_go_into_as_many_shards_as_they_need() {
    let trial = Trial::new("tfrecord:raw,shard=1", 4_500);
    assert_eq!(trial.files().iter().filter(|file| file.ends_with(".tfrecord")).count(), 2);
    trial.audit().unwrap();
    assert_eq!(trial.read().unwrap().len(), 4_500);
}

#[test]
fn a_changed_bit_is_noticed_wherever_it_is() {
    let trial = Trial::new("tfrecord:raw", 2);
    let whole = std::fs::read(trial.path.join(SHARD)).unwrap();
    for at in 0..whole.len() {
        trial.change(SHARD, |bytes| bytes[at] ^= 1 << (at % 8));
        assert!(trial.read().is_err(), "byte {at}");
        std::fs::write(trial.path.join(SHARD), &whole).unwrap();
    }
}

#[test]
fn what_cannot_be_is_refused() {
    let trial = Trial::new("tfrecord:raw", 9);
    trial.noticed(INDEX, |text| text.clear(), "it is empty");
    trial.noticed(INDEX, |text| replace(text, "0 ", "x "), "image 0 has no place");
    trial.noticed(INDEX, |text| text.extend_from_slice(b"0 10\n"), "does not begin where the one before ends");
    // The place of the image before: its checksums are right, and it is another image.
    let second = |text: &mut Vec<u8>| {
        let lines = String::from_utf8(text.clone()).unwrap();
        let mut lines: Vec<_> = lines.lines().map(str::to_owned).collect();
        lines[1] = lines[0].clone();
        *text = (lines.join("\n") + "\n").into_bytes();
    };
    trial.noticed(INDEX, second, "image 1 does not begin where the one before ends");
    trial.noticed(INDEX, |text| replace(text, "0 ", "99999999 "), "does not begin where the one before ends");
    trial.noticed(SHARD, |bytes| bytes.truncate(bytes.len() - 1), "beyond the shard's end");
}

#[test]
fn the_audit_sees_what_no_index_tells_of() {
    let trial = Trial::new("tfrecord:raw", 9);
    trial.noticed(SHARD, |bytes| bytes.extend_from_slice(&[0; 16]), "the shard goes on behind it");
    // A length that is not the frame's, and its checksum.
    trial.audited(SHARD, |bytes| bytes[0] ^= 1, "no frame of the index begins at 0");
}

#[test]
fn no_damage_makes_it_panic() {
    let trial = Trial::new("tfrecord:raw", 9);
    trial.survives(SHARD);
    trial.survives(INDEX);
}
