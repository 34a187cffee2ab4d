use super::super::trial::{contents, refusal, survives_damage};
use super::frames::is_in_shard;
use super::*;
use crate::dataset::Dataset;
use crate::sample::{ImageShape, Shape};
use zarrs::array::{ArrayBuilder, DataType, data_type};
use zarrs::group::GroupBuilder;
use zarrs::storage::byte_range::ByteRange;

fn array(root: &Path, name: &str, shape: &[u64], chunk: &[u64], dtype: DataType, bytes: Vec<u8>) {
    // Chunks of another array of that name have other places.
    let _ = std::fs::remove_dir_all(root.join(name).join("c"));
    let store = Arc::new(FilesystemStore::new(root).unwrap());
    let fill = vec![0_u8; bytes.len() / shape.iter().product::<u64>() as usize];
    let mut builder = ArrayBuilder::new(shape.to_vec(), chunk.to_vec(), dtype, zarrs::array::FillValue::from(fill));
    builder.bytes_to_bytes_codecs(vec![Arc::new(zarrs::array::codec::ZstdCodec::new(3, false))]);
    let array = builder.build(store, &format!("/{name}")).unwrap();
    array.store_metadata().unwrap();
    array.store_array_subset(&array.subset_all(), ArrayBytes::new_flen(bytes)).unwrap();
}

fn group(root: &Path) {
    let store = Arc::new(FilesystemStore::new(root).unwrap());
    GroupBuilder::new().build(store, "/").unwrap().store_metadata().unwrap();
}

fn open(path: &Path) -> Result<Arrays<Images>> {
    super::open(&path.display().to_string(), path, [None; 2])
}

#[test]
fn a_group_of_two_arrays_and_a_lone_one_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let pixels: Vec<u8> = (1..=5 * 2 * 4 * 3).collect();
    group(folder.path());
    array(folder.path(), "images", &[5, 2, 4, 3], &[2, 1, 4, 3], data_type::uint8(), pixels.clone());
    let none = open(folder.path()).unwrap();
    assert!(none.remarks()[0].contains("all labels are 0"));
    assert!(none.labels.is_none() && none.len() == 5, "no memory is set aside for labels that are not there");
    let labels = [7_i64, 0, 3, 1, 4_294_967_295].iter().flat_map(|label| label.to_ne_bytes()).collect();
    array(folder.path(), "labels", &[5], &[2], data_type::int64(), labels);
    let wanted = [7, 0, 3, 1, u32::MAX].iter().zip(0..).map(|(label, nth)| (String::new(), *label, 2, 1 + 24 * nth));
    assert_eq!(contents(&open(folder.path()).unwrap()), wanted.collect::<Vec<_>>());
    let lone = tempfile::tempdir().unwrap();
    array(lone.path(), "", &[5, 4, 6], &[5, 4, 6], data_type::uint8(), pixels);
    assert_eq!(open(lone.path()).unwrap().shape(), Shape::Fixed(ImageShape::new(4, 6, 1)));
    assert_eq!(contents(&open(lone.path()).unwrap())[4], (String::new(), 0, 4, 97));
}

#[test]
fn shards_are_read_and_their_damage_is_noticed_before_memory_is_set_aside() {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(FilesystemStore::new(folder.path()).unwrap());
    let mut builder = ArrayBuilder::new(vec![6, 2, 2], vec![4, 2, 2], data_type::uint8(), 0_u8);
    builder.subchunk_shape(vec![2, 2, 2]);
    builder.bytes_to_bytes_codecs(vec![Arc::new(zarrs::array::codec::ZstdCodec::new(3, false))]);
    let array = builder.build(store, "/").unwrap();
    array.store_metadata().unwrap();
    let pixels: Vec<u8> = (1..=24).collect();
    array.store_array_subset(&array.subset_all(), ArrayBytes::new_flen(pixels)).unwrap();
    let firsts = contents(&open(folder.path()).unwrap()).iter().map(|one| one.3).collect::<Vec<_>>();
    assert_eq!(firsts, [1, 5, 9, 13, 17, 21]);
    survives_damage(&folder.path().join("c/0/0/0"), 1, || Ok(Box::new(open(folder.path())?)));
}

#[test]
fn chunks_that_are_missing_in_shards_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(FilesystemStore::new(folder.path()).unwrap());
    let mut builder = ArrayBuilder::new(vec![7, 2, 2], vec![4, 2, 2], data_type::uint8(), 0_u8);
    builder.subchunk_shape(vec![1, 2, 1]);
    let array = builder.build(store, "/").unwrap();
    array.store_metadata().unwrap();
    // The second image and half of the last are of the fill value alone, and behind that one the shard has a place for more.
    let pixels: Vec<u8> = [&[1; 4][..], &[0; 4], &[1; 16], &[0, 2, 0, 2]].concat();
    array.store_array_subset(&array.subset_all(), ArrayBytes::new_flen(pixels)).unwrap();
    let set = open(folder.path()).unwrap();
    assert!(set.remarks()[0].ends_with(": 3") && set.remarks()[0].contains("in their shards"), "{:?}", set.remarks());
    assert_eq!(contents(&set).iter().map(|one| one.3).collect::<Vec<_>>(), [1, 0, 1, 1, 1, 1, 0]);
}

#[test]
fn a_chunk_without_a_place_in_its_shard_is_missing_and_one_beyond_its_end_is_damage() {
    let marks = ByteRange::FromStart(u64::MAX, Some(u64::MAX));
    assert_eq!(is_in_shard(Ok(Some(marks)), 100), Ok(false));
    assert_eq!(is_in_shard(Ok(Some(ByteRange::FromStart(7, Some(100)))), 100), Ok(true));
    assert!(is_in_shard(Ok(Some(ByteRange::FromStart(7, Some(101)))), 100).is_err());
}

#[test]
fn other_arrays_missing_chunks_and_damage_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    group(path);
    array(path, "pictures", &[2, 1, 1], &[1, 1, 1], data_type::uint8(), vec![1; 2]);
    assert!(refusal(open(path)).contains("no array of images called images, image, data, x or X; it holds pictures"));
    array(path, "images", &[2, 1, 1], &[1, 1, 1], data_type::float32(), vec![1; 8]);
    assert!(refusal(open(path)).contains("float32"));
    array(path, "images", &[2, 3, 9, 9], &[1, 3, 9, 9], data_type::uint8(), vec![1; 486]);
    assert!(refusal(open(path)).contains("channels come last"));
    array(path, "images", &[4, 2, 2], &[1, 2, 2], data_type::uint8(), vec![9; 16]);
    array(path, "labels", &[4], &[4], data_type::float32(), vec![1; 16]);
    assert!(refusal(open(path)).contains("whole numbers"));
    array(path, "labels", &[4], &[4], data_type::int8(), vec![1, 2, 0xFF, 3]);
    assert!(refusal(open(path)).contains("label 2 is -1"));
    array(path, "labels", &[3], &[3], data_type::int8(), vec![1; 3]);
    assert!(refusal(open(path)).contains("for 4 images"));
    array(path, "labels", &[4], &[4], data_type::uint8(), vec![1, 2, 0, 3]);
    for file in ["images/zarr.json", "labels/zarr.json", "images/c/0/0/0", "labels/c/0", "zarr.json"] {
        survives_damage(&path.join(file), 11, || Ok(Box::new(open(path)?)));
    }
    let chunk = |nth: u32| path.join(format!("images/c/{nth}/0/0"));
    std::fs::remove_file(chunk(1)).unwrap();
    let holed = open(path).unwrap();
    assert!(holed.remarks()[0].ends_with(": 1"));
    assert_eq!(contents(&holed).iter().map(|one| one.3).collect::<Vec<_>>(), [9, 0, 9, 9]);
    [2, 3].iter().for_each(|nth| std::fs::remove_file(chunk(*nth)).unwrap());
    // Names that no chunk of it has.
    ["notes.txt", "c/4/0/0", "c/00/0/0", "c/1/0/0.bak", "c.1.0.0"].iter().for_each(|name| {
        let at = path.join("images").join(name);
        std::fs::create_dir_all(at.parent().unwrap()).unwrap();
        std::fs::write(at, "no chunk").unwrap();
    });
    assert!(refusal(open(path)).contains("of 4 chunks 3 are missing"));
    let vast = std::fs::read_to_string(path.join("images/zarr.json")).unwrap();
    let one = |from: &str| from.replace(char::is_whitespace, "");
    std::fs::write(path.join("images/zarr.json"), one(&vast).replace("[4,2,2]", "[4611686018427387904,2,1]")).unwrap();
    assert!(refusal(open(path)).contains("written to its end"));
    array(path, "images", &[4, 2, 2], &[1, 2, 2], data_type::uint8(), vec![9; 16]);
    array(path, "labels", &[4], &[1], data_type::uint8(), vec![1, 2, 3, 4]);
    let label = |nth: u32| path.join(format!("labels/c/{nth}"));
    std::fs::remove_file(label(1)).unwrap();
    let holed = open(path).unwrap();
    assert!(holed.remarks()[0].contains("chunks of labels") && holed.remarks()[0].ends_with(": 1"));
    assert_eq!(contents(&holed).iter().map(|one| one.1).collect::<Vec<_>>(), [1, 0, 3, 4]);
    // Of labels that are all the fill value no chunk is written.
    [0, 2, 3].iter().for_each(|nth| std::fs::remove_file(label(*nth)).unwrap());
    let hollow = open(path).unwrap();
    assert!(hollow.remarks()[0].contains("chunks of labels") && hollow.remarks()[0].ends_with(": 4"));
    assert!(contents(&hollow).iter().all(|one| one.1 == 0));
    std::fs::remove_file(path.join("zarr.json")).unwrap();
    std::fs::write(path.join(".zgroup"), "{}").unwrap();
    assert!(refusal(open(path)).contains("version 2"));
}
