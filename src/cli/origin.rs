//! What a store was written from: its manifest's words, as the flags that open it again.

use super::flags::{Images, parse_size};
use shelfmark::Error;
use shelfmark::store::Manifest;
use std::path::Path;

/// What the store at `store` is to be compared with: what was asked for, else what its manifest names.
///
/// # Errors
/// When neither says.
pub fn complete(asked: &Images, manifest: &Manifest, store: &Path) -> shelfmark::Result<Images> {
    let mut images = asked.clone();
    if images.dataset.is_some() {
        return Ok(images);
    }
    if manifest.dataset.is_empty() {
        return Err(Error::Store {
            format: manifest.format.clone(),
            path: store.to_owned(),
            cause: "it does not say what it was written from".into(),
            remedy: "name that with --dataset".into(),
        });
    }
    let (name, size, rgb) = flags(&manifest.dataset);
    images.dataset = Some(name.into());
    images.taking.resize = images.taking.resize.or(size);
    images.taking.rgb |= rgb;
    // Its first so many, made where they are made on the spot.
    images.taking.images = images.taking.images.or(Some(manifest.images));
    Ok(images)
}

/// The dataset's own name, and what was made of it (`folder:x as RGB resized to 8x9`).
fn flags(words: &str) -> (&str, Option<(u32, u32)>, bool) {
    let resized = words.rsplit_once(" resized to ").and_then(|(name, size)| Some((name, parse_size(size).ok()?)));
    let (name, size) = resized.map_or((words, None), |(name, size)| (name, Some(size)));
    let (name, rgb) = name.strip_suffix(" as RGB").map_or((name, false), |name| (name, true));
    (name, size, rgb)
}

#[cfg(test)]
mod tests {
    use super::*;
    use shelfmark::dataset::{self, OpenOptions};

    #[test]
    fn what_datasets_call_themselves_opens_them_again() {
        for resize in [None, Some((8, 9))] {
            for rgb in [false, true] {
                let options = OpenOptions { images: Some(1), resize, rgb, ..OpenOptions::default() };
                let words = dataset::open("synthetic:4x5x1", &options).unwrap().name();
                assert_eq!(flags(&words), ("synthetic:4x5x1", resize, rgb), "{words}");
            }
        }
        assert_eq!(flags("folder:a resized to the full"), ("folder:a resized to the full", None, false));
    }
}
