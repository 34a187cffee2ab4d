use super::super::trial::{contents, image, refusal, survives_damage};
use super::*;
use ::parquet::file::properties::WriterProperties;
use ::parquet::file::writer::SerializedFileWriter;
use ::parquet::schema::parser::parse_message_type;
use std::sync::Arc;

const HUGGING: &str = "message schema {
    optional group image { optional binary bytes; optional binary path (UTF8); }
    optional int64 label;
}";

/// Image, name and label.
type Row<'a> = (Option<&'a [u8]>, &'a str, Option<i64>);

/// Two rows a row group.
fn hugging(path: &Path, rows: &[Row<'_>]) {
    let schema = Arc::new(parse_message_type(HUGGING).unwrap());
    let properties = Arc::new(WriterProperties::builder().build());
    let mut file = SerializedFileWriter::new(File::create(path).unwrap(), schema, properties).unwrap();
    for rows in rows.chunks(2) {
        let mut group = file.next_row_group().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        let images: Vec<_> = rows.iter().filter_map(|row| Some(ByteArray::from(row.0?.to_vec()))).collect();
        let levels: Vec<_> = rows.iter().map(|row| if row.0.is_some() { 2 } else { 1 }).collect();
        column.typed::<ByteArrayType>().write_batch(&images, Some(&levels), None).unwrap();
        column.close().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        let names: Vec<_> = rows.iter().map(|row| ByteArray::from(row.1)).collect();
        column.typed::<ByteArrayType>().write_batch(&names, Some(&vec![2; names.len()]), None).unwrap();
        column.close().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        let labels: Vec<_> = rows.iter().filter_map(|row| row.2).collect();
        let levels: Vec<_> = rows.iter().map(|row| i16::from(row.2.is_some())).collect();
        column.typed::<Int64Type>().write_batch(&labels, Some(&levels), None).unwrap();
        column.close().unwrap();
        group.close().unwrap();
    }
    file.close().unwrap();
}

fn open_all(path: &Path) -> Result<Encoded<Columns>> {
    open(&path.display().to_string(), path, [None; 2], &OpenOptions::default())
}

#[test]
fn rows_are_read_in_any_order_from_files_of_several_row_groups() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (image(3, 1), image(5, 2));
    let name = |nth| folder.path().join(format!("train-0000{nth}-of-00002.parquet"));
    hugging(&name(1), &[(Some(&two), "d.png", Some(4))]);
    hugging(
        &name(0),
        &[(Some(&one), "a.png", Some(1)), (Some(&two), "b.png", Some(2)), (Some(&one), "c.png", Some(3))],
    );
    hugging(&folder.path().join("test-00000-of-00001.parquet"), &[(Some(&two), "t.png", Some(9))]);
    let set = open_all(folder.path()).unwrap();
    let expected = [("a.png", 1, 3, 1), ("b.png", 2, 5, 2), ("c.png", 3, 3, 1), ("d.png", 4, 5, 2)];
    let expected = expected.map(|(key, label, side, value)| (key.to_owned(), label, side, value));
    assert_eq!(contents(&set), expected);
    for index in [3, 1, 0, 2, 0, 1, 1] {
        let mut out = crate::sample::Batch::new();
        crate::dataset::Dataset::read(&set, index, &mut out).unwrap();
        assert_eq!(out.get(0).unwrap().key, expected[index as usize].0.as_bytes());
        assert_eq!(out.get(0).unwrap().pixels[0], expected[index as usize].3);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn files_are_open_only_while_they_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let one = image(3, 1);
    for nth in 0..3 * KEPT {
        hugging(&folder.path().join(format!("{nth:02}.parquet")), &[(Some(&one), "a.png", Some(1))]);
    }
    let place = folder.path().canonicalize().unwrap();
    let open_files = || {
        let all = std::fs::read_dir("/proc/self/fd").unwrap().filter_map(|one| one.unwrap().path().read_link().ok());
        all.filter(|path| path.starts_with(&place)).count()
    };
    let set = open_all(folder.path()).unwrap();
    assert_eq!(open_files(), 0);
    assert_eq!(contents(&set).len(), 3 * KEPT);
    assert_eq!(open_files(), KEPT);
}

#[test]
fn missing_values_other_columns_and_damage_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.parquet");
    let one = image(3, 1);
    let row_2 = "row 2 of the set, counted from 1";
    for (row, why) in [
        ((None, "", Some(1)), format!("{row_2}: there is no image in it; leave that row out")),
        (
            (None, "d/a.png", Some(1)),
            format!("{row_2}: there is no image in it, but the path of one in a file: d/a.png"),
        ),
        ((None, "d/a.png", Some(1)), "or give the folder of these files: folder:PATH".into()),
        ((Some(&one[..]), "a", None), format!("{row_2}: there is no label in it; leave that row out")),
        ((Some(&one), "a", Some(-1)), format!("{row_2}: its label is -1; labels are numbered from 0")),
        ((Some(&one), "a", Some(1 << 32)), "number the classes from 0".into()),
        ((Some(b"pixels"), "a", Some(1)), "first bytes".into()),
    ] {
        hugging(&path, &[(Some(&one), "b", Some(0)), row]);
        let message = refusal(open_all(&path));
        assert!(message.contains(&why) && !message.contains("whole Parquet file"), "{message}");
    }
    hugging(&path, &[(Some(&one), "a", Some(1))]);
    let named = |image, label| open("x", &path, [image, label], &OpenOptions::default());
    assert!(refusal(named(Some("photo"), None)).contains("image.bytes, image.path, label"));
    survives_damage(&path, 5, || Ok(Box::new(open_all(&path)?)));
    std::fs::write(&path, "no Parquet").unwrap();
    assert!(refusal(open_all(&path)).contains("whole Parquet file"));
}

/// A file of images and labels of such a type.
fn plain<T: DataType>(path: &Path, kind: &str, images: &[&[u8]], labels: &[T::T]) {
    let schema = format!("message schema {{ required binary image; required {kind}; }}");
    let schema = Arc::new(parse_message_type(&schema).unwrap());
    let properties = Arc::new(WriterProperties::builder().build());
    let mut file = SerializedFileWriter::new(File::create(path).unwrap(), schema, properties).unwrap();
    let mut group = file.next_row_group().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    let images: Vec<_> = images.iter().map(|image| ByteArray::from(image.to_vec())).collect();
    column.typed::<ByteArrayType>().write_batch(&images, None, None).unwrap();
    column.close().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    column.typed::<T>().write_batch(labels, None, None).unwrap();
    column.close().unwrap();
    group.close().unwrap();
    file.close().unwrap();
}

#[test]
fn columns_that_hold_no_labels_are_refused_or_not_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.parquet");
    let one = image(3, 1);
    let nested = |kind: &str, levels: [&[i16]; 2]| {
        let schema = format!("message schema {{ required binary image; {kind} }}");
        let schema = Arc::new(parse_message_type(&schema).unwrap());
        let mut file = SerializedFileWriter::new(File::create(&path).unwrap(), schema, Arc::default()).unwrap();
        let mut group = file.next_row_group().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        column.typed::<ByteArrayType>().write_batch(&[ByteArray::from(one.clone())], None, None).unwrap();
        column.close().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        let values = &[4, 5][..levels[0].len()];
        column.typed::<Int64Type>().write_batch(values, Some(levels[0]), Some(levels[1])).unwrap();
        column.close().unwrap();
        group.close().unwrap();
        file.close().unwrap();
    };
    let with = |label| open("x", &path, [None, label], &OpenOptions::default());
    let list = "optional group label (LIST) { repeated group list { optional int64 element; } }";
    let remedy = "no whole numbers and no texts; write whole numbers or texts, name another column with label=COLUMN, or take \
                  all labels for 0 with label=none";
    for (kind, levels, why) in [
        (list, [&[3, 3][..], &[0, 1]], "the labels in label are of the type list of INT64"),
        ("repeated int64 Label;", [&[1, 1], &[0, 1]], "the labels in Label are of the type list of INT64"),
        ("optional group label { optional int64 id; }", [&[2], &[0]], "type struct (with label.id of INT64)"),
    ] {
        nested(kind, levels);
        for given in [None, Some("label")] {
            let message = refusal(with(given));
            assert!(message.contains(why) && message.contains(remedy), "{message}");
        }
        let none = with(Some("none")).unwrap();
        assert_eq!(contents(&none)[0].1, 0);
        assert!(crate::dataset::Dataset::remarks(&none)[0].contains("as asked for: all are 0"));
    }
    assert_eq!(contents(&with(Some("label.id")).unwrap())[0].1, 4, "a number in a struct can be named");
    plain::<::parquet::data_type::BoolType>(&path, "boolean label", &[&one], &[true]);
    assert!(
        refusal(with(None)).contains("of the type BOOLEAN, no whole numbers and no texts; write them as whole numbers")
    );
    for kind in ["TIMESTAMP(NANOS,false)", "TIMESTAMP_MILLIS", "DECIMAL(5,2)"] {
        plain::<Int64Type>(&path, &format!("int64 label ({kind})"), &[&one], &[7]);
        let message = refusal(with(None));
        let name = kind.split(['_', '(']).next().unwrap();
        let told =
            message.contains(&format!("of the type {name}")) && message.contains(", no whole numbers and no texts");
        assert!(told, "{kind}: {message}");
    }
    plain::<Int64Type>(&path, "int64 label (INTEGER(64,true))", &[&one], &[7]);
    assert_eq!(contents(&with(None).unwrap())[0].1, 7);
    plain::<Int64Type>(&path, "int64 none", &[&one], &[7]);
    assert_eq!(contents(&with(Some("none")).unwrap())[0].1, 7, "a column of that name goes before");
}

#[test]
fn names_of_classes_are_numbered_over_all_files() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (image(3, 1), image(5, 2));
    let names = |names: &[&str]| names.iter().map(|name| ByteArray::from(*name)).collect::<Vec<_>>();
    let path = |nth| folder.path().join(format!("{nth}.parquet"));
    plain::<ByteArrayType>(&path(0), "binary label (UTF8)", &[&one, &two], &names(&["dog", "cat"]));
    plain::<ByteArrayType>(&path(1), "binary label (ENUM)", &[&one], &names(&["ape"]));
    let set = open_all(folder.path()).unwrap();
    let labels = |set: &Encoded<Columns>| contents(set).into_iter().map(|one| one.1).collect::<Vec<_>>();
    assert_eq!(labels(&set), [2, 1, 0]);
    let remarks = crate::dataset::Dataset::remarks(&set);
    assert_eq!(remarks, ["3 labels are names, numbered in their order: ape 0, cat 1, dog 2"]);
    let first = OpenOptions { images: Some(1), ..Default::default() };
    let first = open("x", folder.path(), [None; 2], &first).unwrap();
    assert_eq!(labels(&first), [2], "as in the whole set");
    plain::<ByteArrayType>(&path(1), "binary label (STRING)", &[&one], &names(&["7"]));
    assert!(refusal(open_all(folder.path())).contains("row 1: the label dog is no number"));
    plain::<::parquet::data_type::FloatType>(&path(1), "float label", &[&one], &[1.5]);
    assert!(refusal(open_all(&path(1))).contains("of the type FLOAT, no whole numbers and no texts"));
    plain::<ByteArrayType>(&path(1), "binary label", &[&one], &names(&["ape"]));
    assert!(refusal(open_all(&path(1))).contains("of the type BYTE_ARRAY"), "nothing says that they are texts");
    let same = open("x", &path(1), [Some("image"), Some("image")], &OpenOptions::default());
    assert!(refusal(same).contains("is its column of images"));
}

#[test]
fn names_in_some_files_and_numbers_or_nothing_in_others_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let one = image(3, 1);
    let names = [ByteArray::from("dog"), ByteArray::from("cat")];
    let path = |nth| folder.path().join(format!("{nth}.parquet"));
    let put = |nth, what: &str| match what {
        "names" => plain::<ByteArrayType>(&path(nth), "binary label (UTF8)", &[&one, &one], &names),
        "numbers" => plain::<Int64Type>(&path(nth), "int64 label", &[&one, &one], &[5, 6]),
        _ => plain::<Int64Type>(&path(nth), "int64 other", &[&one, &one], &[5, 6]),
    };
    for (first, second) in [
        ("names", "numbers"),
        ("numbers", "names"),
        ("names", "none"),
        ("none", "names"),
        ("numbers", "none"),
        ("none", "numbers"),
    ] {
        put(0, first);
        put(1, second);
        for images in [None, Some(3)] {
            let options = OpenOptions { images, ..Default::default() };
            let message = refusal(open("x", folder.path(), [None; 2], &options));
            assert!(message.contains("in the files before it th"), "{message}");
        }
    }
}

#[test]
fn numbers_that_are_no_labels_are_not_taken_for_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.parquet");
    let one = image(3, 1);
    let short = |kind: &str, label| {
        plain::<::parquet::data_type::Int32Type>(&path, kind, &[&one], &[label]);
        open_all(&path)
    };
    for kind in ["int32 label", "int32 label (INT_8)", "int32 label (UINT_32)", "int32 label (INTEGER(16,true))"] {
        assert_eq!(contents(&short(kind, 7).unwrap())[0].1, 7, "{kind}");
    }
    assert_eq!(
        contents(&short("int32 label (UINT_32)", -1).unwrap())[0].1,
        u32::MAX,
        "its bits are a number without a sign"
    );
    assert!(refusal(short("int32 label", -1)).contains("its label is -1"));
    for (kind, called) in [
        ("int32 label (DECIMAL(9,2))", "DECIMAL"),
        ("int32 label (DATE)", "DATE"),
        ("int32 label (TIME(MILLIS,true))", "TIME_MILLIS"),
        // As older programs say it.
        ("int32 label (TIME_MILLIS)", "TIME_MILLIS"),
    ] {
        let message = refusal(short(kind, 700));
        assert!(message.contains(&format!("of the type {called}, no whole numbers")), "{message}");
    }
    // Of nanoseconds the older kind of types knows nothing.
    for kind in ["int64 label (TIMESTAMP(MICROS,true))", "int64 label (TIMESTAMP(NANOS,true))"] {
        plain::<Int64Type>(&path, kind, &[&one], &[700]);
        let message = refusal(open_all(&path));
        assert!(message.to_lowercase().contains("of the type timestamp"), "{message}");
    }
}

#[test]
fn lists_of_labels_are_not_passed_over_for_none() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.parquet");
    let schema = "message schema { required binary image; required group label { required int64 id; } }";
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let mut file = SerializedFileWriter::new(File::create(&path).unwrap(), schema, Arc::default()).unwrap();
    let mut group = file.next_row_group().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    column.typed::<ByteArrayType>().write_batch(&[ByteArray::from(image(3, 1))], None, None).unwrap();
    column.close().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    column.typed::<Int64Type>().write_batch(&[7], None, None).unwrap();
    column.close().unwrap();
    group.close().unwrap();
    file.close().unwrap();
    assert!(refusal(open_all(&path)).contains("the labels in label are of the type struct (with label.id of INT64)"));
    let named = open("x", &path, [None, Some("label.id")], &OpenOptions::default()).unwrap();
    assert_eq!(contents(&named)[0].1, 7);
}
