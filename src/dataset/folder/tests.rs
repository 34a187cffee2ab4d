use super::*;
use crate::image_file::{jpeg, png};

mod export;

fn png_file(height: u32, width: u32, channels: u32, level: u8) -> Vec<u8> {
    let shape = ImageShape::new(height, width, channels);
    let mut file = Vec::new();
    png::encode(shape, &vec![level; shape.bytes()], png::Level::Fast, &mut file).unwrap();
    file
}

fn put(root: &Path, path: &str, bytes: &[u8]) {
    let path = root.join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, bytes).unwrap();
}

fn open(root: &Path) -> Result<Folder> {
    Folder::open(root, None, OnError::Fail)
}

/// Keys and labels in order, from decoded samples.
fn listing(folder: &dyn Dataset) -> Vec<(String, u32)> {
    let mut out = Batch::new();
    (0..folder.len()).for_each(|index| folder.read(index, &mut out).unwrap());
    out.iter().map(|sample| (String::from_utf8_lossy(sample.key).into_owned(), sample.label)).collect()
}

fn pairs(wanted: &[(&str, u32)]) -> Vec<(String, u32)> {
    wanted.iter().map(|(key, label)| ((*key).to_owned(), *label)).collect()
}

#[test]
fn classes_and_files_come_in_the_order_of_their_names() {
    let root = tempfile::tempdir().unwrap();
    for path in ["b/2.png", "b/10.png", "a/z.PNG", "a/deep/x.png", "B/1.png", "c10/1.png"] {
        put(root.path(), path, &png_file(3, 4, 3, 9));
    }
    for other in ["a/notes.txt", "b/x.TXT", "a/x.gif", "README"] {
        put(root.path(), other, b"no image");
    }
    put(root.path(), ".hidden/1.png", b"");
    std::fs::create_dir(root.path().join("aa")).unwrap();
    let folder = open(root.path()).unwrap();
    // Byte order, as Python's `sorted`: B, a, aa (empty, and keeps its number), b, c10.
    let wanted =
        [("B/1.png", 0), ("a/z.PNG", 1), ("a/deep/x.png", 1), ("b/10.png", 3), ("b/2.png", 3), ("c10/1.png", 4)];
    assert_eq!(listing(&folder), pairs(&wanted));
    assert_eq!(folder.shape(), Shape::Fixed(ImageShape::new(3, 4, 3)));
    let remarks = folder.remarks().join("\n");
    assert!(remarks.contains("class folders without images: 1, the first is aa"), "{remarks}");
    assert!(remarks.contains("no images by their ending, passed over: 4 (.txt 2, .gif 1, none 1)"), "{remarks}");
    for other in ["1.a", "1.b", "1.c", "1.d"] {
        put(root.path(), other, b"no image");
    }
    let remarks = open(root.path()).unwrap().remarks().join("\n");
    assert!(remarks.contains("passed over: 8 (.txt 2, .a 1, .b 1, .c 1, .d 1, others 2)"), "{remarks}");
}

#[test]
fn a_flat_folder_is_one_class_and_loose_files_are_told() {
    let root = tempfile::tempdir().unwrap();
    put(root.path(), "2.png", &png_file(3, 4, 3, 9));
    put(root.path(), "1.png", &png_file(5, 4, 1, 9));
    let folder = open(root.path()).unwrap();
    assert_eq!(listing(&folder), pairs(&[("1.png", 0), ("2.png", 0)]));
    assert_eq!(folder.shape(), Shape::Ragged { max: ImageShape::new(5, 4, 3) });
    assert_eq!(folder.channels(), None);
    put(root.path(), "k/3.png", &png_file(3, 4, 3, 9));
    let folder = open(root.path()).unwrap();
    assert_eq!(listing(&folder), pairs(&[("k/3.png", 0)]));
    assert!(
        folder.remarks().join("\n").contains("outside of any class folder, passed over: 2"),
        "{:?}",
        folder.remarks()
    );
}

#[test]
fn a_table_gives_labels_and_order() {
    let root = tempfile::tempdir().unwrap();
    for path in ["images/1.png", "images/2.png", "images/3.png"] {
        put(root.path(), path, &png_file(3, 4, 3, 9));
    }
    put(root.path(), "labels.csv", b"label,file\n7,2.png\n5,images/1.png\n");
    let folder = open(root.path()).unwrap();
    assert_eq!(listing(&folder), pairs(&[("images/2.png", 7), ("images/1.png", 5)]));
    assert!(folder.remarks().join("\n").contains("images not named in labels.csv, passed over: 1"));
    put(root.path(), "labels.csv", b"filename,class\n2.png,dog\n1.png,cat\n3.png,dog\n");
    assert_eq!(
        listing(&open(root.path()).unwrap()),
        pairs(&[("images/2.png", 1), ("images/1.png", 0), ("images/3.png", 1)])
    );
    // Numbers that were renumbered because of one of them would be wrong without a word.
    for (labels, why) in [
        (["2", "10", ""], "row 3: it has no label"),
        (["2", "10", " "], "row 3: it has no label"),
        (["-1", "0", "5"], "row 1: the label -1 is no whole number"),
        (["-1", "-2", "-5"], "row 1: the label -1 is no whole number"),
        (["1.0", "2.0", "5.0"], "row 1: the label 1.0 is no whole number"),
        (["2", "10", "4294967296"], "row 3: the label 4294967296 is no whole number"),
        (["2", "dog", "10"], "row 2: the label dog is no number, and that of row 1 is"),
        (["cat", "dog", "10"], "row 1: the label cat is no number, and that of row 3 is"),
    ] {
        let [one, two, three] = labels;
        put(root.path(), "labels.csv", format!("file,label\n1.png,{one}\n2.png,{two}\n3.png,{three}\n").as_bytes());
        let refused = open(root.path()).err().map(|error| error.to_string());
        assert!(refused.as_ref().is_some_and(|text| text.contains(why)), "{labels:?}: {refused:?}");
    }
    put(root.path(), "labels.csv", b"file,label\n1.png, 07\n2.png,+3\n");
    assert_eq!(listing(&open(root.path()).unwrap()), pairs(&[("images/1.png", 7), ("images/2.png", 3)]));
    put(root.path(), "labels.csv", b"file,label\n1.png,n01\n2.png,3d\n");
    let folder = open(root.path()).unwrap();
    assert_eq!(listing(&folder), pairs(&[("images/1.png", 1), ("images/2.png", 0)]));
    assert_eq!(folder.remarks()[1..], ["2 labels are names, numbered in their order: 3d 0, n01 1"]);
    for (table, why) in [("file,label\n9.png,1\n", "9.png"), ("a,b\n1,2\n", "its columns are a,b")] {
        put(root.path(), "labels.csv", table.as_bytes());
        assert!(open(root.path()).err().unwrap().to_string().contains(why), "{why}");
    }
}

#[test]
#[cfg(unix)]
fn links_loops_and_strange_names_do_no_harm() {
    use std::os::unix::ffi::OsStrExt;
    let root = tempfile::tempdir().unwrap();
    let other = tempfile::tempdir().unwrap();
    put(other.path(), "1.png", &png_file(3, 4, 3, 1));
    put(root.path(), "a/1.png", &png_file(3, 4, 3, 2));
    let strange = root.path().join("a").join(std::ffi::OsStr::from_bytes(b"\xff\xfe\n.png"));
    std::fs::write(strange, png_file(3, 4, 3, 3)).unwrap();
    std::os::unix::fs::symlink(other.path(), root.path().join("linked")).unwrap();
    std::os::unix::fs::symlink("..", root.path().join("a/loop")).unwrap();
    std::os::unix::fs::symlink("nowhere", root.path().join("a/dangling.png")).unwrap();
    let folder = open(root.path()).unwrap();
    let mut out = Batch::new();
    (0..folder.len()).for_each(|index| folder.read(index, &mut out).unwrap());
    let found: Vec<_> = out.iter().map(|sample| (sample.key, sample.label, sample.pixels[0])).collect();
    assert_eq!(found, [(&b"a/1.png"[..], 0, 2), (b"a/\xff\xfe\n.png", 0, 3), (b"linked/1.png", 1, 1)]);
    let remarks = folder.remarks().join("\n");
    assert!(remarks.contains("loop is a link") && remarks.contains("dangling.png is a link that leads nowhere"));
}

#[test]
#[cfg(unix)]
fn what_is_no_ordinary_file_is_never_opened() {
    let root = tempfile::tempdir().unwrap();
    put(root.path(), "a/1.png", &png_file(3, 4, 3, 1));
    // A pipe would be waited for without end; a socket cannot even be opened.
    let socket = root.path().join("a/2.png");
    let _socket = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    let folder = open(root.path()).unwrap();
    assert_eq!(listing(&folder), pairs(&[("a/1.png", 0)]));
    assert!(
        folder.remarks().join("\n").contains("pipes, sockets and devices, passed over: 1"),
        "{:?}",
        folder.remarks()
    );
}

#[test]
fn broken_files_are_named_and_refused_or_left_out() {
    let root = tempfile::tempdir().unwrap();
    let whole = png_file(30, 40, 3, 9);
    put(root.path(), "a/1.png", &whole);
    put(root.path(), "a/cut.png", &whole[..whole.len() - 20]);
    put(root.path(), "b/text.jpg", b"this is text");
    put(root.path(), "b/2.png", &png_file(30, 40, 3, 8));
    let refused = open(root.path()).err().unwrap().to_string();
    assert!(refused.contains("1 of 4") && refused.contains("text.jpg") && refused.contains("--on-error skip"));
    let folder = Folder::open(root.path(), None, OnError::Skip).unwrap();
    assert_eq!(listing(&folder), pairs(&[("a/1.png", 0), ("b/2.png", 1)]));
    let remarks = folder.remarks().join("\n");
    assert!(remarks.contains("2 of 4 image files cannot be used") && remarks.contains("cut.png"), "{remarks}");
    // Whose header is whole is found broken when it is read.
    std::fs::remove_file(root.path().join("b/text.jpg")).unwrap();
    let folder = open(root.path()).unwrap();
    let mut out = Batch::new();
    let error = folder.read(1, &mut out).unwrap_err().to_string();
    assert!(error.contains("cut.png") && out.is_empty(), "{error}");
}

#[test]
fn files_that_change_their_shape_after_the_scan_are_refused() {
    let root = tempfile::tempdir().unwrap();
    put(root.path(), "a/1.png", &png_file(3, 4, 3, 9));
    put(root.path(), "a/2.png", &png_file(3, 4, 3, 9));
    let folder = open(root.path()).unwrap();
    // As large as before, in another shape.
    put(root.path(), "a/2.png", &png_file(4, 3, 3, 9));
    let mut out = Batch::new();
    folder.read(0, &mut out).unwrap();
    for refused in [folder.read(1, &mut out), folder.read_file(1, &mut out)] {
        let why = refused.unwrap_err().to_string();
        assert!(why.contains("2.png") && why.contains("changed from 3x4x3 to 4x3x3"), "{why}");
        assert_eq!(out.len(), 1, "half of it was left");
    }
}

#[test]
fn wrong_folders_are_refused() {
    let root = tempfile::tempdir().unwrap();
    for (path, why) in [("no", "no such folder"), ("file", "this is no folder"), ("empty", "there is no image in it")] {
        std::fs::write(root.path().join("file"), "x").unwrap();
        std::fs::create_dir_all(root.path().join("empty")).unwrap();
        assert!(open(&root.path().join(path)).err().unwrap().to_string().contains(why), "{why}");
    }
}

#[test]
fn exif_orientation_is_told_and_not_applied() {
    let shape = ImageShape::new(8, 16, 3);
    let mut upright = Vec::new();
    jpeg::encode(shape, &vec![99; shape.bytes()], 90, jpeg::FULL_COLOUR, &mut upright).unwrap();
    // An APP1 segment with a TIFF header and one entry: orientation 6, to be turned by a quarter.
    let tiff = b"Exif\0\0II\x2a\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
    let length = u16::try_from(tiff.len() + 2).unwrap().to_be_bytes();
    let turned = [&upright[..2], &[0xFF, 0xE1], &length, tiff, &upright[2..]].concat();
    let root = tempfile::tempdir().unwrap();
    put(root.path(), "a/1.jpg", &upright);
    put(root.path(), "a/2.jpg", &turned);
    let folder = open(root.path()).unwrap();
    assert_eq!(folder.shape(), Shape::Fixed(shape));
    assert!(
        folder.remarks().join("\n").contains("EXIF orientation other than upright, which is not applied: 1"),
        "{:?}",
        folder.remarks()
    );
}
