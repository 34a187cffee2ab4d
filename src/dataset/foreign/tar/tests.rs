use super::super::trial::{contents, image, refusal, survives_damage};
use super::*;
use crate::dataset::{Dataset, OnError};

fn shard(path: &Path, members: &[(&str, &[u8])]) {
    let mut tar = ::tar::Builder::new(File::create(path).unwrap());
    for (name, bytes) in members {
        let mut header = ::tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        // What `tar cf x.tar .` writes, and this crate would tidy up.
        if name.starts_with("./") {
            header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
            header.set_cksum();
            tar.append(&header, *bytes).unwrap();
            continue;
        }
        tar.append_data(&mut header, name, *bytes).unwrap();
    }
    tar.finish().unwrap();
}

fn open_all(path: &Path) -> Result<Encoded<Files>> {
    open(path, &OpenOptions::default())
}

#[test]
fn samples_are_grouped_by_their_names_up_to_the_first_dot() {
    let folder = tempfile::tempdir().unwrap();
    let long = format!("{}/x", "long".repeat(60));
    let (one, two, three) = (image(3, 1), image(5, 2), image(4, 3));
    shard(&folder.path().join("s-1.tar"), &[(&format!("{long}.b.PNG"), &three)]);
    let members: [(&str, &[u8]); 7] = [
        ("a/0.cls", b"7\n"),
        ("a/0.png", &one),
        ("a/0.mask.png", &two),
        ("b/0.json", b"{}"),
        ("b/0.jpg", &two),
        ("b/0.cls", b"4294967295"),
        ("c.txt", b"no image"),
    ];
    shard(&folder.path().join("s-0.tar"), &members);
    let set = open_all(folder.path()).unwrap();
    let expected = [("a/0".into(), 7, 3, 1), ("b/0".into(), u32::MAX, 5, 2), (long, 0, 4, 3)];
    assert_eq!(contents(&set), expected);
    assert!(set.remarks()[0].contains("labelled 0: 1") && set.remarks()[1].contains("passed over: 1"));
    let two = OpenOptions { images: Some(2), ..Default::default() };
    assert_eq!(open(folder.path(), &two).unwrap().len(), 2);
}

#[test]
fn folders_are_classes_where_no_sample_has_a_label() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("packed.tar");
    let (one, two) = (image(3, 1), image(5, 2));
    let packed: [(&str, &[u8]); 4] =
        [("./set/dog/1.png", &one), ("./set/cat/1.png", &two), ("./set/cat/2.png", &one), ("./set/ape/1.png", &one)];
    shard(&path, &packed);
    let set = open_all(&path).unwrap();
    let labels = |set: &Encoded<Files>| contents(set).into_iter().map(|one| one.1).collect::<Vec<_>>();
    assert_eq!(labels(&set), [2, 1, 1, 0]);
    assert_eq!(contents(&set)[1], ("./set/cat/1".into(), 1, 5, 2));
    assert!(set.remarks()[0].contains("folders are the classes"), "{:?}", set.remarks());
    let two = OpenOptions { images: Some(2), ..Default::default() };
    assert_eq!(labels(&open(&path, &two).unwrap()), [2, 1], "as in the whole set");
    // One label, and folders are but parts of names.
    shard(&path, &[&packed[..], &[("./set/ape/1.cls", b"7")]].concat());
    assert_eq!(labels(&open_all(&path).unwrap()), [0, 0, 0, 7]);
    shard(&path, &packed[1..3]);
    let set = open_all(&path).unwrap();
    assert_eq!(labels(&set), [0, 0], "all lie in one folder");
    assert!(!set.remarks().iter().any(|remark| remark.contains("are the classes")), "{:?}", set.remarks());
}

#[test]
fn no_image_is_lost_to_folders_that_are_no_classes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("packed.tar");
    let one = image(3, 1);
    let some = |count| {
        let options = OpenOptions { images: count, ..Default::default() };
        let set = open(&path, &options).unwrap();
        contents(&set).into_iter().map(|one| one.1).collect::<Vec<_>>()
    };
    let mixed: [(&str, &[u8]); 3] = [("./b/1.png", &one), ("a/1.png", &one), ("./a/2.png", &one)];
    shard(&path, &mixed);
    assert_eq!((some(None), some(Some(1))), (vec![1, 0, 0], vec![1]), "one folder, however it is written");
    for loose in ["3.png", "./3.png"] {
        shard(&path, &[&mixed[..], &[(loose, &one)]].concat());
        assert_eq!((some(None), some(Some(2))), (vec![0; 4], vec![0; 2]), "{loose}");
        let remarks = open_all(&path).unwrap().remarks();
        assert!(remarks.iter().any(|remark| remark.contains("folders are no classes")), "{remarks:?}");
    }
    shard(&path, &[("set/b/1.png", &one), ("set/a/1.png", &one), ("set/2.png", &one)]);
    assert_eq!((some(None), some(Some(1))), (vec![0; 3], vec![0]));
    for ending in ["json", "txt"] {
        let name = format!("b/1.{ending}");
        shard(&path, &[("b/1.png", &one), (&name, b"{}"), ("a/1.png", &one)]);
        assert_eq!((some(None), some(Some(1))), (vec![0; 2], vec![0]), "{ending}");
    }
    // What labels say, wherever the first of them is.
    shard(&path, &[("b/1.png", &one), ("a/1.png", &one), ("a/1.cls", b"5")]);
    assert_eq!((some(None), some(Some(1))), (vec![0, 5], vec![0]));
}

#[test]
fn what_is_no_such_shard_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.tar");
    let one = image(3, 1);
    for (members, why) in [
        (
            &[("im.v0.png", &one[..]), ("im.v1.png", &one)][..],
            "the sample im: it has two images, .v0.png and .v1.png; ",
        ),
        (&[("im.v0.png", &one), ("im.v1.png", &one)], "ends at the first dot"),
        (&[("a.cls", b"cat"), ("a.png", &one)], "in digits"),
        (&[("a.cls", &b"cat"[..]), ("a.png", &one)], "the label \"cat\""),
        (&[("a.cls", b"-1"), ("a.png", &one)], "the label \"-1\""),
        (&[("a.cls", b"1"), ("a.cls", b"1")], "two labels"),
        (&[("a.png", &one), ("a.jpg", &one)], "two images"),
        (&[("a.txt", b"text")], "no sample with an image"),
        (&[("a.png", b"\x80\x04.")], "pickled Python object"),
    ] {
        shard(&path, members);
        let message = refusal(open_all(&path));
        assert!(message.contains(why), "{message}");
    }
    std::fs::write(&path, [1; 2000]).unwrap();
    assert!(refusal(open_all(&path)).contains("whole tar file"));
    shard(&path, &[("a.png", &one), ("b.png", b"broken"), ("c.png", &one)]);
    assert!(refusal(open_all(&path)).contains("image 1, b"));
    let skip = OpenOptions { on_error: OnError::Skip, images: Some(2), ..Default::default() };
    let set = open(&path, &skip).unwrap();
    assert_eq!(contents(&set), [("a".into(), 0, 3, 1), ("c".into(), 0, 3, 1)]);
    let mut whole = std::fs::read(&path).unwrap();
    // What is behind the images that are wanted is not looked at: here a header whose checksum is wrong.
    let third = whole.windows(5).position(|name| name == b"c.png").unwrap();
    whole[third] = b'd';
    std::fs::write(&path, &whole).unwrap();
    let first = OpenOptions { images: Some(1), ..Default::default() };
    assert_eq!(contents(&open(&path, &first).unwrap()), [("a".into(), 0, 3, 1)]);
    assert!(refusal(open_all(&path)).contains("checksum"));
    std::fs::write(&path, &whole[..512 + 20]).unwrap();
    assert!(refusal(open_all(&path)).contains("cut short"));
}

#[test]
fn labels_in_json_are_told_not_to_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.tar");
    let one = image(3, 1);
    shard(&path, &[("a.png", &one), ("a.json", b"{}"), ("b.json", b"{}"), ("b.png", &one), ("c.png", &one)]);
    let told = ["samples without a .cls, labelled 0: 3", "of these with a .json, which is not read for labels: 2"];
    assert_eq!(open_all(&path).unwrap().remarks(), told);
    shard(&path, &[("a.png", &one), ("a.cls", b"3"), ("a.json", b"{}"), ("b.png", &one)]);
    assert_eq!(open_all(&path).unwrap().remarks(), ["samples without a .cls, labelled 0: 1"]);
}

#[test]
fn no_damage_makes_it_panic() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.tar");
    shard(&path, &[("a.cls", b"1"), ("a.png", &image(3, 1)), (&"long".repeat(60), b"")]);
    survives_damage(&path, 7, || Ok(Box::new(open_all(&path)?)));
}

#[test]
fn labels_that_are_not_beside_their_images_are_not_passed_over() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.tar");
    let one = image(3, 1);
    shard(&path, &[("1.png", &one), ("2.png", &one), ("1.cls", b"7"), ("2.cls", b"8")]);
    let message = refusal(open_all(&path));
    assert!(message.contains("the label of 1 is not beside its image") && message.contains("--sort=name"), "{message}");
    // A label without any image is passed over, and so is that of another shard.
    shard(&folder.path().join("y.tar"), &[("1.cls", b"9"), ("3.png", &one), ("3.cls", b"3")]);
    shard(&path, &[("1.png", &one), ("1.cls", b"7")]);
    let found = contents(&open_all(folder.path()).unwrap());
    assert_eq!(found.iter().map(|one| one.1).collect::<Vec<_>>(), [7, 3]);
}

#[test]
fn a_long_label_is_not_taken_for_its_beginning() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.tar");
    let one = image(3, 1);
    let blanks = |count: usize| [&vec![b' '; count][..], b"12345"].concat();
    shard(&path, &[("1.png", &one), ("1.cls", &blanks(59))]);
    assert_eq!(contents(&open_all(&path).unwrap())[0].1, 12345);
    shard(&path, &[("1.png", &one), ("1.cls", &blanks(60))]);
    assert!(refusal(open_all(&path)).contains("more than 64 bytes"));
}
