//! `cargo bench --bench limits`: how far the classics are from what the machine could do with the same bytes. Cells take
//! turns with their own parts done alone (files read and not decoded, streams inflated and not unfiltered), with one and
//! with two threads; what is printed are ratios of the turns' times with 95 % intervals over launches.
//!
//! `SHELFMARK_DATASET` names images of one shape (else synthetic ones), `SHELFMARK_DIR` the place for stores.

use shelfmark::dataset::{Dataset, OpenOptions, open};
use shelfmark::image_file;
use shelfmark::sample::Batch;
use shelfmark::stats::t_quantile;
use shelfmark::store::copy::write;
use shelfmark::store::registry::resolve;
use shelfmark::store::scratch::Scratch;
use shelfmark::store::sealed::{IfExists, OpenStore};
use shelfmark::store::verify::{Look, verify};
use shelfmark::store::{Threads, WriteOptions};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

type Fallible<T = ()> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// What one thread does with the images of its share, checked as it goes.
type Hand = Box<dyn FnMut(&[u64]) -> Fallible + Send>;

/// Launches: everything opened anew.
const LAUNCHES: usize = 12;

/// Mirrored blocks of a launch.
const BLOCKS: usize = 6;

/// Images of a turn: of those that take microseconds, and of photographs, which take a millisecond.
const TURN: usize = 1024;
const PHOTOGRAPHS: usize = 64;

/// Something that is timed.
struct Part {
    name: String,
    hands: Vec<Hand>,
}

impl Part {
    fn new(name: &str, threads: usize, hand: impl Fn() -> Fallible<Hand>) -> Fallible<Self> {
        let hands = (0..threads).map(|_| hand()).collect::<Fallible<_>>()?;
        let plural = if threads == 1 { String::new() } else { format!(", {threads} threads") };
        Ok(Self { name: format!("{name}{plural}"), hands })
    }

    /// Nanoseconds for `indices`, shared out.
    fn turn(&mut self, indices: &[u64]) -> Fallible<f64> {
        let started = Instant::now();
        if let [only] = &mut self.hands[..] {
            only(indices)?;
        } else {
            let shares = indices.chunks(indices.len().div_ceil(self.hands.len()));
            std::thread::scope(|scope| {
                let at_work: Vec<_> =
                    self.hands.iter_mut().zip(shares).map(|(hand, share)| scope.spawn(|| hand(share))).collect();
                // A thread that panics has printed why.
                at_work.into_iter().try_for_each(|hand| hand.join().unwrap_or_else(|_| Err("a thread panicked".into())))
            })?;
        }
        Ok(started.elapsed().as_nanos() as f64)
    }
}

/// What follows from the times of all parts: its name, and the logarithm of a ratio.
type Question = (&'static str, fn(&[f64]) -> f64);

/// Takes turns and prints times and answers.
fn contest(
    title: &str,
    (images, turn): (u64, usize),
    parts: &dyn Fn() -> Fallible<Vec<Part>>,
    questions: &[Question],
) -> Fallible {
    let mut launches: Vec<Vec<f64>> = Vec::new();
    let mut names = Vec::new();
    for launch in 0..LAUNCHES {
        let mut parts = parts()?;
        let mut spent = vec![0.0; parts.len()];
        for block in 0..=BLOCKS {
            // Whole chunks of 64.
            let start = ((launch * (BLOCKS + 1) + block) as u64 * 7919 * 64) % (images / 64 * 64).max(1);
            let indices: Vec<u64> = (0..turn as u64).map(|at| (start + at) % images).collect();
            for at in (0..parts.len()).chain((0..parts.len()).rev()) {
                let ns = parts[at].turn(&indices)?;
                // The first block is the warm-up.
                spent[at] += if block == 0 { 0.0 } else { ns / (2 * BLOCKS * turn) as f64 };
            }
        }
        names = parts.into_iter().map(|part| part.name).collect();
        launches.push(spent);
    }
    println!("{title}");
    for (at, name) in names.iter().enumerate() {
        let mut times: Vec<f64> = launches.iter().map(|spent| spent[at] / 1e3).collect();
        times.sort_by(f64::total_cmp);
        println!("  {name:44} {:9.2} us an image", times[times.len() / 2]);
    }
    for (question, answer) in questions {
        let logs: Vec<f64> = launches.iter().map(|spent| answer(spent)).collect();
        let mean = logs.iter().sum::<f64>() / logs.len() as f64;
        let variance = logs.iter().map(|log| (log - mean).powi(2)).sum::<f64>() / (logs.len() - 1) as f64;
        let half = t_quantile(0.975, (logs.len() - 1) as f64) * (variance / logs.len() as f64).sqrt();
        println!("  {question}: {:.3} ({:.3} to {:.3})", mean.exp(), (mean - half).exp(), (mean + half).exp());
    }
    Ok(())
}

fn store(format: &str, dataset: &dyn Dataset, place: &Path) -> Fallible<PathBuf> {
    let resolved = resolve(&format.parse()?)?;
    let path = place.join(resolved.id.directory_name());
    write(&resolved, dataset, &path, WriteOptions::default(), IfExists::Refuse, &mut |_| Ok(()))?;
    verify(&path, dataset, Look::AtPixels, Threads::ONE, &mut |_| Ok(()))?;
    Ok(path)
}

/// The format's own reading.
fn cell(store: &Path) -> Fallible<Hand> {
    let mut reader = OpenStore::open(store)?.reader()?;
    let mut batch = Batch::new();
    Ok(Box::new(move |indices| {
        for indices in indices.chunks(256) {
            batch.clear();
            reader.read_batch(indices, &mut batch)?;
        }
        Ok(())
    }))
}

/// Files opened, read to their end and closed.
fn files_alone(folder: &Path) -> Fallible<Hand> {
    use rustix::fs::{Mode, OFlags, openat};
    use std::fmt::Write;
    use std::io::Read;
    // Opened by name in their open folder, as the store does it.
    let (folder, mut name, mut buffer) = (std::fs::File::open(folder)?, String::new(), vec![0; 1 << 20]);
    Ok(Box::new(move |indices| {
        for index in indices {
            name.clear();
            write!(name, "{index:08}.png")?;
            let file = openat(&folder, name.as_str(), OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
            let mut file = std::fs::File::from(file);
            while file.read(&mut buffer)? > 0 {}
        }
        Ok(())
    }))
}

/// Streams inflated; each has to give so many bytes.
fn inflate_alone(streams: &Arc<Vec<Vec<u8>>>, images_a_stream: u64, bytes: usize) -> Fallible<Hand> {
    let (streams, mut inflater, mut out) = (Arc::clone(streams), libdeflater::Decompressor::new(), vec![0; bytes]);
    Ok(Box::new(move |indices| {
        for index in indices.iter().filter(|index| *index % images_a_stream == 0) {
            let inflated = inflater.zlib_decompress(&streams[(index / images_a_stream) as usize], &mut out)?;
            if inflated != bytes {
                return Err(format!("{inflated} bytes where {bytes} were expected").into());
            }
        }
        Ok(())
    }))
}

/// Files in memory decoded.
fn decode_alone(files: &Arc<Vec<Vec<u8>>>) -> Fallible<Hand> {
    let (files, mut decoder, mut batch) = (Arc::clone(files), image_file::Decoder::default(), Batch::new());
    Ok(Box::new(move |indices| {
        for index in indices {
            batch.clear();
            decoder.decode(&files[*index as usize], |_| Ok(()), 0, &mut batch)?;
        }
        Ok(())
    }))
}

/// The zlib stream of a PNG: its IDAT chunks one after the other.
fn stream_of(png: &[u8]) -> Vec<u8> {
    let (mut stream, mut rest) = (Vec::new(), &png[8..]);
    while let Some((length, more)) = rest.split_first_chunk::<4>() {
        let length = u32::from_be_bytes(*length) as usize;
        if more.starts_with(b"IDAT") {
            stream.extend_from_slice(&more[4..4 + length]);
        }
        rest = &more[8 + length..];
    }
    stream
}

fn png(dataset: &dyn Dataset, place: &Path) -> Fallible {
    let store = store("dir:png", dataset, place)?;
    let folder = store.join("images");
    let files = (0..dataset.len()).map(|index| std::fs::read(folder.join(format!("{index:08}.png"))));
    let streams: Vec<_> = files.map(|file| Ok(stream_of(&file?))).collect::<Fallible<_>>()?;
    let (streams, shape) = (Arc::new(streams), dataset.shape().max());
    let filtered = shape.bytes() + shape.height as usize;
    let inflate = || inflate_alone(&streams, 1, filtered);
    let parts = || {
        Ok(vec![
            Part::new("dir:png, batches", 1, || cell(&store))?,
            Part::new("its files read, not decoded", 1, || files_alone(&folder))?,
            Part::new("its streams inflated, nothing else", 1, inflate)?,
        ])
    };
    let whole: Question = ("time of the cell / of both parts", |ns| (ns[0] / (ns[1] + ns[2])).ln());
    contest("PNG files: the parts", (dataset.len(), TURN), &parts, &[whole])?;
    let parts = || {
        Ok(vec![
            Part::new("dir:png, batches", 1, || cell(&store))?,
            Part::new("dir:png, batches", 2, || cell(&store))?,
            Part::new("inflate", 1, inflate)?,
            Part::new("inflate", 2, inflate)?,
        ])
    };
    contest("PNG files: a second thread", (dataset.len(), TURN), &parts, &GAINS)
}

/// Of a cell with one and two threads and its pure work with one and two.
const GAINS: [Question; 3] = [
    ("the cell's gain, one thread's time / two threads'", |ns| (ns[0] / ns[1]).ln()),
    ("the pure work's gain, likewise", |ns| (ns[2] / ns[3]).ln()),
    ("the cell's gain / the pure work's", |ns| (ns[0] / ns[1] / (ns[2] / ns[3])).ln()),
];

fn jpeg(place: &Path) -> Fallible {
    let dataset =
        open("synthetic:ragged", &OpenOptions { images: Some(4 * PHOTOGRAPHS as u64), ..OpenOptions::default() })?;
    let store = store("dir:source", &*dataset, place)?;
    let mut files = Batch::new();
    (0..dataset.len()).try_for_each(|index| dataset.read_file(index, &mut files))?;
    let files: Arc<Vec<Vec<u8>>> = Arc::new(files.iter().map(|sample| sample.file.to_vec()).collect());
    let parts = || {
        Ok(vec![
            Part::new("dir:source, batches", 1, || cell(&store))?,
            Part::new("dir:source, batches", 2, || cell(&store))?,
            Part::new("JPEG decoding", 1, || decode_alone(&files))?,
            Part::new("JPEG decoding", 2, || decode_alone(&files))?,
        ])
    };
    contest("JPEG files of many sizes: a second thread", (dataset.len(), PHOTOGRAPHS), &parts, &GAINS)
}

#[cfg(feature = "hdf5")]
fn hdf5(dataset: &dyn Dataset, place: &Path) -> Fallible {
    use std::os::unix::fs::FileExt;
    const CHUNK: u64 = 64;
    let store = store("hdf5:raw,chunk=64,deflate=4,read=direct", dataset, place)?;
    let path = store.join("images.h5");
    let images = hdf5::File::open(&path)?.dataset("images")?;
    let file = std::fs::File::open(&path)?;
    let chunks = (0..dataset.len().div_ceil(CHUNK) as usize).map(|at| {
        let info = images.chunk_info(at).ok_or("a chunk is missing")?;
        let mut bytes = vec![0; info.size as usize];
        file.read_exact_at(&mut bytes, info.addr)?;
        Ok(bytes)
    });
    let streams = Arc::new(chunks.collect::<Fallible<Vec<_>>>()?);
    drop(images);
    let bytes = CHUNK as usize * dataset.shape().max().bytes();
    let parts = || {
        Ok(vec![
            Part::new("hdf5:raw,chunk=64,deflate=4,read=direct", 1, || cell(&store))?,
            Part::new("its chunks inflated, nothing else", 1, || inflate_alone(&streams, CHUNK, bytes))?,
        ])
    };
    let whole: Question = ("time of the cell / of inflating", |ns| (ns[0] / ns[1]).ln());
    // Turns of whole chunks.
    contest("HDF5, deflated chunks, in order", (dataset.len() / CHUNK * CHUNK, TURN), &parts, &[whole])
}

/// All images in one call, by HDF5 and by pread.
#[cfg(feature = "hdf5")]
fn slab(dataset: &dyn Dataset, place: &Path) -> Fallible {
    let (array, flat) = (store("hdf5:raw", dataset, place)?, store("flat:raw", dataset, place)?);
    let whole = |store: &Path| -> Fallible<Hand> {
        let mut reader = OpenStore::open(store)?.reader()?;
        let mut batch = Batch::new();
        Ok(Box::new(move |indices| {
            batch.clear();
            Ok(reader.read_batch(indices, &mut batch)?)
        }))
    };
    let parts =
        || Ok(vec![Part::new("hdf5:raw", 1, || whole(&array))?, Part::new("flat:raw, by pread", 1, || whole(&flat))?]);
    let all = dataset.len() / 64 * 64;
    contest(
        "HDF5, one slab of all images",
        (all, all as usize),
        &parts,
        &[("speed of hdf5:raw / speed of pread", |ns| (ns[1] / ns[0]).ln())],
    )
}

fn main() -> Fallible {
    // `cargo test --benches` builds and runs it, too: measuring is for `cargo bench`.
    if !std::env::args().any(|argument| argument == "--bench") {
        return Ok(());
    }
    let name = std::env::var("SHELFMARK_DATASET").unwrap_or_else(|_| "synthetic:32x32x3".into());
    let dataset = open(&name, &OpenOptions { images: Some(10_000), ..OpenOptions::default() })?;
    let place = std::env::var_os("SHELFMARK_DIR").map_or_else(|| "target/shelfmark".into(), PathBuf::from);
    let place = Scratch::new(&place, "limits")?;
    println!(
        "{name}: {} images, {LAUNCHES} launches of {BLOCKS} mirrored blocks; ratios with 95 % intervals; a few minutes, in which \
         nothing else should run",
        dataset.len()
    );
    png(&*dataset, place.path())?;
    jpeg(place.path())?;
    #[cfg(feature = "hdf5")]
    hdf5(&*dataset, place.path())?;
    #[cfg(feature = "hdf5")]
    slab(&*dataset, place.path())?;
    Ok(())
}
