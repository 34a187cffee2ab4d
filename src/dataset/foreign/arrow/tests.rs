use super::super::trial::{contents, image, refusal, survives_damage};
use super::*;
use arrow_array::{BinaryArray, Int64Array, LargeBinaryArray, StringArray, StructArray};
use arrow_ipc::writer::{FileWriter, StreamWriter};
use arrow_schema::{Field, Schema};
use std::fs::File;
use std::sync::Arc;

/// Image, name and label.
type Row<'a> = (Option<&'a [u8]>, &'a str, Option<i64>);

/// A batch as Hugging Face has it.
fn hugging(rows: &[Row<'_>]) -> RecordBatch {
    let bytes: ArrayRef = Arc::new(BinaryArray::from(rows.iter().map(|row| row.0).collect::<Vec<_>>()));
    let names: ArrayRef = Arc::new(StringArray::from(rows.iter().map(|row| row.1).collect::<Vec<_>>()));
    let field = |name, kind| Arc::new(Field::new(name, kind, true));
    let image =
        StructArray::from(vec![(field("bytes", DataType::Binary), bytes), (field("path", DataType::Utf8), names)]);
    let labels = Int64Array::from(rows.iter().map(|row| row.2).collect::<Vec<_>>());
    let fields = vec![Field::new("label", DataType::Int64, true), Field::new("image", image.data_type().clone(), true)];
    RecordBatch::try_new(Arc::new(Schema::new(fields)), vec![Arc::new(labels), Arc::new(image)]).unwrap()
}

fn stream(path: &Path, batches: &[RecordBatch]) {
    let mut writer = StreamWriter::try_new(File::create(path).unwrap(), &batches[0].schema()).unwrap();
    batches.iter().for_each(|batch| writer.write(batch).unwrap());
    writer.finish().unwrap();
}

fn file(path: &Path, batches: &[RecordBatch]) {
    let mut writer = FileWriter::try_new(File::create(path).unwrap(), &batches[0].schema()).unwrap();
    batches.iter().for_each(|batch| writer.write(batch).unwrap());
    writer.finish().unwrap();
}

fn open_all(path: &Path) -> Result<Encoded<Batches>> {
    open(&path.display().to_string(), path, [None; 2], &OpenOptions::default())
}

#[test]
fn files_and_streams_are_read_alike() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (image(3, 1), image(5, 2));
    let batches = [
        hugging(&[(Some(&one), "a.png", Some(1)), (Some(&two), "b.png", Some(2))]),
        hugging(&[(Some(&one), "c.png", Some(3))]),
    ];
    for (nth, write) in [(0, file as fn(&Path, &[RecordBatch])), (1, stream)] {
        write(&folder.path().join(format!("data-{nth}.arrow")), &batches);
    }
    let set = open_all(folder.path()).unwrap();
    let once = [("a.png", 1, 3, 1), ("b.png", 2, 5, 2), ("c.png", 3, 3, 1)];
    let once = once.map(|(key, label, side, value)| (key.to_owned(), label, side, value));
    assert_eq!(contents(&set), [once.clone(), once].concat());
}

#[test]
fn plain_columns_are_read_by_their_names() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.arrow");
    let one = image(3, 1);
    let fields = vec![Field::new("photo", DataType::LargeBinary, false), Field::new("filename", DataType::Utf8, false)];
    let columns: Vec<ArrayRef> =
        vec![Arc::new(LargeBinaryArray::from(vec![&one[..]])), Arc::new(StringArray::from(vec!["a/b"]))];
    file(&path, &[RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap()]);
    assert!(refusal(open_all(&path)).contains("photo (LargeBinary), filename (Utf8)"));
    let named = |label| open("x", &path, [Some("photo"), label], &OpenOptions::default());
    assert_eq!(contents(&named(None).unwrap()), [("a/b".into(), 0, 3, 1)]);
    assert!(refusal(named(Some("photo"))).contains("no whole numbers and no texts"));
    assert!(refusal(named(Some("klass"))).contains("no column klass"));
}

#[test]
fn names_of_classes_are_numbered_in_their_order() {
    let folder = tempfile::tempdir().unwrap();
    let one = image(3, 1);
    let put = |name: &str, labels: &[&str]| {
        let fields = vec![Field::new("image", DataType::Binary, false), Field::new("label", DataType::Utf8, false)];
        let columns: Vec<ArrayRef> = vec![
            Arc::new(BinaryArray::from(vec![&one[..]; labels.len()])),
            Arc::new(StringArray::from(labels.to_vec())),
        ];
        stream(&folder.path().join(name), &[RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap()]);
    };
    put("0.arrow", &["dog", "cat"]);
    put("1.arrow", &["ape"]);
    let labels = |images| {
        let options = OpenOptions { images, ..Default::default() };
        let set = open("x", folder.path(), [None; 2], &options).unwrap();
        contents(&set).into_iter().map(|one| one.1).collect::<Vec<_>>()
    };
    assert_eq!((labels(None), labels(Some(1))), (vec![2, 1, 0], vec![2]));
    put("1.arrow", &[""]);
    assert!(refusal(open_all(folder.path())).contains("row 3: it has no label"));
}

/// A stream of two images and what else there is in their rows.
fn with_column(path: &Path, name: &str, column: ArrayRef) {
    let one = image(3, 1);
    let fields =
        vec![Field::new("image", DataType::Binary, false), Field::new(name, column.data_type().clone(), false)];
    let columns: Vec<ArrayRef> = vec![Arc::new(BinaryArray::from(vec![&one[..]; 2])), column];
    stream(path, &[RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap()]);
}

#[test]
fn names_in_some_files_and_numbers_or_nothing_in_others_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let put = |nth: u32, what: &str| {
        let path = folder.path().join(format!("{nth}.arrow"));
        match what {
            "names" => with_column(&path, "label", Arc::new(StringArray::from(vec!["dog", "cat"]))),
            "numbers" => with_column(&path, "label", Arc::new(Int64Array::from(vec![5, 6]))),
            _ => with_column(&path, "other", Arc::new(Int64Array::from(vec![5, 6]))),
        }
    };
    for (first, second) in [("names", "numbers"), ("numbers", "names"), ("names", "none"), ("none", "names")] {
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
fn a_column_of_a_usual_name_that_holds_no_bytes_is_passed_over_and_dictionaries_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.arrow");
    let one = image(3, 1);
    let fields = vec![Field::new("image", DataType::Int64, false), Field::new("data", DataType::Binary, false)];
    let columns: Vec<ArrayRef> = vec![Arc::new(Int64Array::from(vec![3])), Arc::new(BinaryArray::from(vec![&one[..]]))];
    file(&path, &[RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap()]);
    assert_eq!(contents(&open_all(&path).unwrap()).len(), 1);
    let categories: arrow_array::DictionaryArray<Int32Type> = ["dog", "cat"].into_iter().collect();
    with_column(&path, "label", Arc::new(categories));
    assert!(refusal(open_all(&path)).contains("dictionary-encoded"));
    let list = arrow_array::ListArray::from_iter_primitive::<Int64Type, _, _>([Some([Some(1)]), Some([Some(2)])]);
    let bools = arrow_array::BooleanArray::from(vec![true, false]);
    for (column, kind, remedy) in [
        (Arc::new(list) as ArrayRef, "List(", "write whole numbers or texts, name another"),
        (Arc::new(bools), "Boolean", "write them as whole numbers, 0 and 1, name another"),
    ] {
        with_column(&path, "label", column);
        let message = refusal(open_all(&path));
        assert!(message.contains(&format!("the labels in label are of the type {kind}")), "{message}");
        assert!(message.contains(remedy), "{message}");
        let none = open("x", &path, [None, Some("none")], &OpenOptions::default()).unwrap();
        assert_eq!(contents(&none).len(), 2);
    }
}

#[test]
fn missing_values_and_damage_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.arrow");
    let one = image(3, 1);
    for (row, why) in [
        (
            (None, "a", Some(1)),
            "row 1 of the set, counted from 1: there is no image in it, but the path of one in a file: a; ",
        ),
        ((None, "", Some(1)), "there is no image in it; leave that row out"),
        ((Some(&one[..]), "a", None), "there is no label in it; leave that row out"),
        ((Some(&one), "a", Some(-1)), "its label is -1; labels are numbered from 0"),
        ((Some(b"pixels"), "a", Some(1)), "first bytes"),
    ] {
        file(&path, &[hugging(&[row])]);
        let message = refusal(open_all(&path));
        assert!(message.contains(why), "{message}");
    }
    let (fields, columns, _) = hugging(&[(Some(b""), "a", Some(1))]).column(1).as_struct().clone().into_parts();
    let missing = StructArray::new(fields, columns, Some(vec![false].into()));
    let schema = Schema::new(vec![Field::new("image", missing.data_type().clone(), true)]);
    file(&path, &[RecordBatch::try_new(Arc::new(schema), vec![Arc::new(missing)]).unwrap()]);
    assert!(refusal(open_all(&path)).contains("row 1 of the set, counted from 1: there is no image in it; leave that"));
    for write in [file as fn(&Path, &[RecordBatch]), stream] {
        write(&path, &[hugging(&[(Some(&one), "a", Some(1))])]);
        survives_damage(&path, 5, || Ok(Box::new(open_all(&path)?)));
    }
    std::fs::write(&path, "no Arrow file").unwrap();
    assert!(refusal(open_all(&path)).contains("Arrow"));
}

#[test]
fn an_image_that_is_null_is_none_whatever_lies_below_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.arrow");
    let (one, two) = (image(3, 1), image(5, 2));
    let whole = hugging(&[(Some(&one), "a.png", Some(1)), (Some(&two), "b.png", Some(2))]);
    let (fields, columns, _) = whole.column(1).as_struct().clone().into_parts();
    let masked = StructArray::new(fields, columns, Some(arrow_buffer::NullBuffer::from(vec![true, false])));
    let batch = RecordBatch::try_new(whole.schema(), vec![whole.column(0).clone(), Arc::new(masked)]).unwrap();
    file(&path, std::slice::from_ref(&whole));
    assert_eq!(contents(&open_all(&path).unwrap()).len(), 2);
    file(&path, &[batch]);
    let message = refusal(open_all(&path));
    assert!(message.contains("row 2 of the set, counted from 1: there is no image in it"), "{message}");
}

#[test]
fn a_dictionary_called_like_names_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.arrow");
    let one = image(3, 1);
    let names: arrow_array::DictionaryArray<arrow_array::types::Int8Type> = vec!["a"].into_iter().collect();
    let fields =
        vec![Field::new("image", DataType::Binary, false), Field::new("name", names.data_type().clone(), false)];
    let columns: Vec<ArrayRef> = vec![Arc::new(BinaryArray::from(vec![&one[..]])), Arc::new(names)];
    file(&path, &[RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap()]);
    assert_eq!(contents(&open_all(&path).unwrap()), [(String::new(), 0, 3, 1)]);
}
