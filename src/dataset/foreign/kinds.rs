//! What people keep where an encoded image is looked for.

/// By its first bytes, where they tell.
pub fn what_it_is(value: &[u8]) -> Option<String> {
    match value {
        // A pickle's protocol and, from version 4 on, its frame.
        [0x80, 2..=5, ..] => {
            Some("it is a pickled Python object, and reading one can run any program that is in it".into())
        }
        // Field 1 (channels: 1, 3 or 4), then field 2: Caffe's Datum.
        [0x08, 1 | 3 | 4, 0x10, ..] => Some("it looks like a Datum of Caffe".into()),
        [0x93, b'N', b'U', b'M', b'P', b'Y', ..] => Some("it is an array of NumPy, not an encoded image".into()),
        _ => None,
    }
}

/// Names that columns of images usually have.
pub const IMAGES: &[&str] = &["image", "img", "images", "jpg", "jpeg", "png", "data", "x"];
/// Of labels.
pub const LABELS: &[&str] = &["label", "labels", "class", "class_id", "target", "fine_label", "cls", "y"];
/// Of names.
pub const KEYS: &[&str] = &["key", "__key__", "name", "filename", "file_name", "file", "path"];
/// That arrays of images usually have.
pub const IMAGE_ARRAYS: &[&str] = &["images", "image", "data", "x", "X"];
/// Of labels.
pub const LABEL_ARRAYS: &[&str] = &["labels", "label", "targets", "y", "Y"];
/// And in HDF5.
pub const HDF5_LABEL_ARRAYS: &[&str] = &["labels", "label", "targets", "meta", "y", "Y"];

/// Names in a sentence: `a, b or c`.
pub fn any_of(names: &[&str]) -> String {
    match names {
        [first @ .., last] if !first.is_empty() => format!("{} or {last}", first.join(", ")),
        names => names.concat(),
    }
}

/// Which of `columns` has the given name; where none is given, the first of the `usual` ones that there is.
pub fn pick<'a>(columns: &[&'a str], given: Option<&str>, usual: &[&str]) -> Option<(usize, &'a str)> {
    pick_where(columns, given, usual, |_| true)
}

/// As [`pick`], among those columns that `fit` by their number.
pub fn pick_where<'a>(
    columns: &[&'a str],
    given: Option<&str>,
    usual: &[&str],
    fit: impl Fn(usize) -> bool,
) -> Option<(usize, &'a str)> {
    let find = |wanted: &str| {
        let mut named = columns.iter().enumerate();
        named.find(|(at, name)| name.eq_ignore_ascii_case(wanted) && fit(*at)).map(|(at, name)| (at, *name))
    };
    match given {
        Some(given) => find(given),
        None => usual.iter().find_map(|usual| find(usual)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_in_a_sentence() {
        assert_eq!([any_of(&["a"]), any_of(&["a", "b", "c"])], ["a", "a, b or c"]);
    }

    #[test]
    fn a_given_name_goes_before_usual_ones() {
        let columns = ["x", "Image", "label2"];
        assert_eq!(pick(&columns, None, IMAGES), Some((1, "Image")));
        assert_eq!(pick(&columns, Some("X"), IMAGES), Some((0, "x")));
        assert_eq!(pick(&columns, Some("y"), IMAGES), None);
        assert_eq!(pick(&columns, None, LABELS), None);
        assert_eq!(pick_where(&columns, None, IMAGES, |at| at != 1), Some((0, "x")), "the next that fits");
    }
}
