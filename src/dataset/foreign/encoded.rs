//! What most of these layouts have in common: encoded images at places that are found out once, in a fixed order.

use super::refuse;
use crate::dataset::{Dataset, OnError, OpenOptions, folder, memory::out_of_range};
use crate::error::Result;
use crate::image_file::{self, Header};
use crate::sample::{Batch, ImageShape, Shape};
use rayon::prelude::*;
use std::path::{Path, PathBuf};

/// Bytes in which a header mostly lies; where it does not, the whole image is fetched.
pub const HEAD_BYTES: usize = 64 * 1024;

/// Broken images that a message names; the rest is counted.
const NAMED: usize = 5;

/// Where encoded images come from.
pub trait Source: Send + Sync {
    /// Where one of them lies.
    type Place: Send + Sync;
    /// Appends the image at `place` to `out`, which is empty; of a long one perhaps only the first `most` bytes.
    ///
    /// # Errors
    /// Why it is not there.
    fn fetch(&self, place: &Self::Place, most: usize, out: &mut Vec<u8>) -> Result<(), String>;
}

/// An image that was found, and has not been looked at.
pub struct Found<P> {
    /// Its name, whatever bytes that may be; empty where it has none.
    pub key: Box<[u8]>,
    pub label: u32,
    pub place: P,
    /// Its header, where it was at hand; else it is fetched.
    pub header: Option<Header>,
}

/// What a layout holds.
pub struct Layout<S: Source> {
    /// The dataset's name, as on the command line.
    pub name: String,
    pub path: PathBuf,
    pub source: S,
    pub images: Vec<Found<S::Place>>,
    /// Of all files that are read, see [`super::files::state`].
    pub state: Option<u64>,
    pub remarks: Vec<String>,
}

/// Encoded images of another program's layout.
pub struct Encoded<S: Source> {
    name: String,
    path: PathBuf,
    source: S,
    entries: Vec<Entry<S::Place>>,
    shape: Shape,
    channels: Option<u32>,
    state: Option<u64>,
    remarks: Vec<String>,
}

struct Entry<P> {
    key: Box<[u8]>,
    label: u32,
    shape: ImageShape,
    place: P,
}

impl<P> Entry<P> {
    fn admit(&self, found: ImageShape) -> Result<(), String> {
        match found == self.shape {
            true => Ok(()),
            false => Err(format!("it has changed from {} to {found} since it was looked at", self.shape)),
        }
    }
}

impl<S: Source> Encoded<S> {
    /// Reads the header of every image of `layout`, as far as `options` ask for them.
    ///
    /// # Errors
    /// When there are none, or some that cannot be used and `options` do not say to leave them out.
    pub fn open(layout: Layout<S>, options: &OpenOptions) -> Result<Self> {
        let Layout { name, path, source, mut images, state, mut remarks } = layout;
        let most = most(options);
        if options.on_error == OnError::Fail {
            images.truncate(most);
        }
        let all = images.len();
        let look = |(nth, found): (usize, Found<S::Place>)| {
            let looked = look(&source, &found, options.on_error);
            let Found { key, label, place, .. } = found;
            match looked {
                Ok(header) => Ok((Entry { key, label, shape: header.shape, place }, header.orientation)),
                Err(why) => Err(format!("{} ({why})", called(nth as u64, &key))),
            }
        };
        let looked: Vec<_> = images.into_par_iter().enumerate().map(look).collect();
        let (mut entries, mut broken, mut turned) = (Vec::with_capacity(all), Vec::new(), 0_u64);
        for one in looked {
            match one {
                Ok((entry, orientation)) => {
                    turned += u64::from(orientation != 1);
                    entries.push(entry);
                }
                Err(one) => broken.push(one),
            }
        }
        entries.truncate(most);
        if !broken.is_empty() {
            let mut list = broken.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
            if broken.len() > NAMED {
                list += &format!(" and {} more", broken.len() - NAMED);
            }
            let cause = format!("{} of {all} images cannot be used: {list}", broken.len());
            if options.on_error == OnError::Fail || entries.is_empty() {
                return Err(refuse(&path, cause, "mend them, or leave them out with --on-error skip"));
            }
            remarks.push(format!("left out: {cause}"));
        }
        if entries.is_empty() {
            return Err(refuse(&path, "there is no image in it", "check the path"));
        }
        if turned > 0 {
            remarks.push(format!("images with an EXIF orientation other than upright, which is not applied: {turned}"));
        }
        remarks.extend(name_all_or_none(&mut entries));
        let (shape, channels) = folder::common_shape(entries.iter().map(|entry| entry.shape));
        Ok(Self { name, path, source, entries, shape, channels, state, remarks })
    }

    /// Hands an image and what is known of it to `read`.
    fn with<T>(&self, index: u64, read: impl FnOnce(&[u8], &Entry<S::Place>) -> Result<T, String>) -> Result<T> {
        let entry = usize::try_from(index).ok().and_then(|at| self.entries.get(at));
        let entry = entry.ok_or_else(|| out_of_range(&self.name, index, self.len()))?;
        let mut bytes = Vec::new();
        let done = self.source.fetch(&entry.place, usize::MAX, &mut bytes).and_then(|()| read(&bytes, entry));
        done.map_err(|why| {
            let cause = format!("{}: {why}", called(index, &entry.key));
            refuse(&self.path, cause, "check that the file is whole, or leave the image out with --on-error skip")
        })
    }
}

/// Leaves all names out where some images have none: a store takes names of all samples or of none, and none with a zero
/// byte. Says so, where there were names.
fn name_all_or_none<P>(entries: &mut [Entry<P>]) -> Option<String> {
    let (all, is_name) = (entries.len(), |key: &[u8]| !key.is_empty() && !key.contains(&0));
    let without = entries.iter().filter(|entry| !is_name(&entry.key)).count();
    let some = entries.iter().any(|entry| !entry.key.is_empty());
    if without == 0 || !some {
        return None;
    }
    entries.iter_mut().for_each(|entry| entry.key = Box::default());
    Some(format!("all names are left out: {without} of {all} images have none, or one with a zero byte in it"))
}

/// How many images `options` ask for.
fn most(options: &OpenOptions) -> usize {
    options.images.and_then(|images| usize::try_from(images).ok()).unwrap_or(usize::MAX)
}

/// How many images are enough of them when looking for some.
pub fn enough(options: &OpenOptions) -> usize {
    // Those that are left out do not count, and which they are is seen later.
    if options.on_error == OnError::Fail { most(options) } else { usize::MAX }
}

/// An image in messages.
fn called(index: u64, key: &[u8]) -> String {
    match key {
        [] => format!("image {index}"),
        key => format!("image {index}, {}", String::from_utf8_lossy(key)),
    }
}

/// The header of an image, and whether it can be decoded where that decides whether it is left out.
fn look<S: Source>(source: &S, found: &Found<S::Place>, on_error: OnError) -> Result<Header, String> {
    if let (Some(header), OnError::Fail) = (found.header, on_error) {
        return Ok(header);
    }
    let mut bytes = Vec::new();
    let mut whole = |most: usize| {
        bytes.clear();
        source.fetch(&found.place, most, &mut bytes)?;
        let header = image_file::header(&bytes);
        if on_error == OnError::Skip {
            image_file::decode(&bytes, |_| Ok(()), 0, &mut Batch::new())?;
        }
        header.map_err(|why| super::kinds::what_it_is(&bytes).unwrap_or(why))
    };
    match on_error {
        OnError::Fail => whole(HEAD_BYTES).or_else(|_| whole(usize::MAX)),
        OnError::Skip => whole(usize::MAX),
    }
}

impl<S: Source> Dataset for Encoded<S> {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn len(&self) -> u64 {
        self.entries.len() as u64
    }

    fn path(&self) -> Option<&Path> {
        Some(&self.path)
    }

    fn state(&self, _: u64) -> Option<u64> {
        self.state
    }

    fn shape(&self) -> Shape {
        self.shape.clone()
    }

    fn channels(&self) -> Option<u32> {
        self.channels
    }

    fn read(&self, index: u64, out: &mut Batch) -> Result<()> {
        self.with(index, |bytes, entry| {
            image_file::decode(bytes, |shape| entry.admit(shape), entry.label, out)?;
            out.set_key(&entry.key);
            Ok(())
        })
    }

    fn has_files(&self) -> bool {
        true
    }

    fn read_file(&self, index: u64, out: &mut Batch) -> Result<()> {
        self.with(index, |bytes, entry| {
            // It would be kept as it is, in a store that takes it for an image of another shape.
            entry.admit(image_file::header(bytes)?.shape)?;
            out.push_file(entry.shape, entry.label, bytes.len()).copy_from_slice(bytes);
            out.set_key(&entry.key);
            Ok(())
        })
    }

    fn remarks(&self) -> Vec<String> {
        self.remarks.clone()
    }
}

impl<S: Source> std::fmt::Debug for Encoded<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Encoded({})", self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::super::trial::{contents, image};
    use super::*;

    /// Images in memory.
    struct Held(Vec<u8>);

    impl Source for Held {
        type Place = ();

        fn fetch(&self, (): &(), _: usize, out: &mut Vec<u8>) -> Result<(), String> {
            out.extend_from_slice(&self.0);
            Ok(())
        }
    }

    fn named(keys: &[&[u8]], options: &OpenOptions) -> Encoded<Held> {
        let found = |key: &&[u8]| Found { key: (*key).into(), label: 1, place: (), header: None };
        let (images, source) = (keys.iter().map(found).collect(), Held(image(3, 1)));
        let layout = Layout { name: "x".into(), path: "x".into(), source, images, state: None, remarks: Vec::new() };
        Encoded::open(layout, options).unwrap()
    }

    /// Another image each time.
    struct Growing(std::sync::atomic::AtomicU32);

    impl Source for Growing {
        type Place = ();

        fn fetch(&self, (): &(), _: usize, out: &mut Vec<u8>) -> Result<(), String> {
            let side = self.0.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            out.extend_from_slice(&image(side, 1));
            Ok(())
        }
    }

    #[test]
    fn an_image_that_has_changed_its_shape_is_refused() {
        let images = vec![Found { key: Box::default(), label: 1, place: (), header: None }];
        let (source, remarks) = (Growing(3.into()), Vec::new());
        let layout = Layout { name: "x".into(), path: "x".into(), source, images, state: None, remarks };
        let set = Encoded::open(layout, &OpenOptions::default()).unwrap();
        let mut out = Batch::new();
        for refused in [set.read(0, &mut out), set.read_file(0, &mut out)] {
            let said = refused.unwrap_err().to_string();
            assert!(said.contains("changed from 3x3x3"), "{said}");
        }
        assert_eq!(out.len(), 0);
    }

    #[test]
    fn all_are_named_or_none() {
        let keys = |set: &Encoded<Held>| contents(set).into_iter().map(|one| one.0).collect::<Vec<_>>();
        let all = OpenOptions::default();
        let whole = named(&[b"a", b"b"], &all);
        assert_eq!((keys(&whole), whole.remarks()), (vec!["a".into(), "b".into()], vec![]));
        let bare = named(&[b"", b""], &all);
        assert_eq!((keys(&bare), bare.remarks()), (vec![String::new(); 2], vec![]), "nothing was left out");
        for (some, without) in [([&b"a"[..], b"", b"c"], 1), ([b"", b"", b"c"], 2), ([b"a", b"b\0", b"c"], 1)] {
            let set = named(&some, &all);
            assert_eq!(keys(&set), [const { String::new() }; 3]);
            assert!(set.remarks()[0].contains(&format!("{without} of 3")), "{:?}", set.remarks());
        }
        // Only those count that are taken.
        let first = OpenOptions { images: Some(1), ..all };
        assert_eq!(keys(&named(&[b"a", b""], &first)), ["a"]);
    }
}
