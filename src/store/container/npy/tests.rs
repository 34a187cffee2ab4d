use super::{IMAGES, LABELS, header};
use crate::store::container::trial::{Trial, replace};

#[test]
fn headers_are_those_of_numpy() {
    // numpy.lib.format writes so: aligned to 64 bytes, the dictionary's keys in this order.
    let written = header::write("|u1", &[3, 8, 8, 3]);
    assert_eq!(written.len(), 128);
    assert!(
        written
            .starts_with(b"\x93NUMPY\x01\x00\x76\x00{'descr': '|u1', 'fortran_order': False, 'shape': (3, 8, 8, 3), }")
    );
    assert!(written.ends_with(b" \n"));
    assert!(header::write("<u4", &[5]).windows(14).any(|window| window == b"'shape': (5,),"));
}

#[test]
fn what_cannot_be_is_refused() {
    let trial = Trial::new("npy:raw", 9);
    assert_eq!(trial.files(), [IMAGES, LABELS, "shelfmark.json"]);
    trial.noticed(IMAGES, |bytes| replace(bytes, "(9, 8, 8, 3)", "(9, 8, 3, 8)"), "[9, 8, 3, 8]");
    trial.noticed(IMAGES, |bytes| replace(bytes, "False", "True "), "images.npy");
    trial.noticed(IMAGES, |bytes| replace(bytes, "|u1", "|i1"), "of '|i1', not");
    trial.noticed(LABELS, |bytes| replace(bytes, "<u4", ">u4"), "of '>u4', not");
    trial.noticed(IMAGES, |bytes| bytes.truncate(bytes.len() - 1), "not as many as its header says");
    trial.noticed(LABELS, |bytes| bytes.push(0), "not as many as its header says");
    trial.noticed(IMAGES, |bytes| bytes[..6].fill(0), "images.npy");
}

#[test]
fn no_damage_makes_it_panic() {
    let trial = Trial::new("npy:raw", 9);
    trial.survives(IMAGES);
    trial.survives(LABELS);
}

#[test]
fn more_images_than_were_announced_are_refused() {
    use crate::dataset::{Dataset, Synthetic};
    use crate::sample::{Batch, ImageShape};
    use crate::store::{StoreSpec, WriteOptions};
    let place = tempfile::tempdir().unwrap();
    let format = crate::store::registry::resolve(&"npy:raw".parse().unwrap()).unwrap();
    let dataset = Synthetic::new(ImageShape::new(4, 4, 3), 2, 1);
    let spec = StoreSpec { shape: dataset.shape(), images: 1 };
    let mut writer = format.format.create(place.path(), &spec, &WriteOptions::default()).unwrap();
    let mut samples = Batch::new();
    (0..2).for_each(|index| dataset.read(index, &mut samples).unwrap());
    assert!(writer.append(&samples).unwrap_err().to_string().contains("more than 1 images were given"));
}
