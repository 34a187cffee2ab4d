//! Reading sessions: `read_one`, `read_batch`, `scan`, `epoch` on an open store, and `open`.

use super::{BATCH, Delivered, Fingerprints, Order, Session, exchange};
use crate::error::Result;
use crate::measure::Stopwatch;
use crate::sample::Batch;
use crate::store::ImageReader;
use crate::store::container::StoreName;
use crate::store::sealed::OpenStore;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Opens the store at a path.
pub type Opener = dyn Fn(&Path) -> Result<OpenStore>;

/// Single reads between two looks at the clock: a look costs 25 ns, a fast read 500.
const SINGLE_READS_AT_ONCE: u64 = 64;

/// Reads all of a store once, in order, and checks it: afterwards it is in memory, as the warm workloads say. (That it
/// was just written proves nothing: some systems take pages away that have not been used for a few seconds.)
pub fn read_all(store: &Path, expected: &Fingerprints) -> Result<()> {
    read_all_of(&OpenStore::open(store)?, store, expected)
}

/// The same of a store that was opened at `store` and stays open: what it maps is mapped afterwards, as in a training after
/// its first epoch.
pub fn read_all_of(open: &OpenStore, store: &Path, expected: &Fingerprints) -> Result<()> {
    read_all_as(open, store, expected, expected.images(), |index| index)
}

/// The same of a store of `images`, in which the image `stands_for(index)` of those expected is at place `index`.
pub fn read_all_as(
    open: &OpenStore,
    store: &Path,
    expected: &Fingerprints,
    images: u64,
    stands_for: impl Fn(u64) -> u64,
) -> Result<()> {
    let (name, mut reader) = (StoreName::new(&open.resolved.id, store), open.reader()?);
    if open.manifest.images != images {
        return Err(name.mismatch(format!("it says that it holds {} images, of {images}", open.manifest.images)));
    }
    let (mut indices, mut delivered) = (Vec::new(), Batch::new());
    let mut order = Order::sequential(images);
    for _ in 0..images.div_ceil(BATCH) {
        order.next(BATCH, &mut indices);
        delivered.clear();
        reader.read_batch(&indices, &mut delivered)?;
        indices.iter_mut().for_each(|index| *index = stands_for(*index));
        expected.check(&name, &indices, &delivered)?;
    }
    Ok(())
}

/// Reads from one open store.
pub struct Reads {
    reader: Box<dyn ImageReader>,
    name: StoreName,
    /// None where nothing is delivered.
    expected: Option<Arc<Fingerprints>>,
    order: Order,
    batch: u64,
    indices: Vec<u64>,
    delivered: Batch,
    /// Bytes of all that was delivered.
    pixel_bytes: u64,
}

impl Reads {
    /// Opens the store with `open`; operations of `batch` images in the order given.
    pub fn new(store: &Path, expected: &Arc<Fingerprints>, order: Order, batch: u64, open: &Opener) -> Result<Self> {
        let open = open(store)?;
        read_all_of(&open, store, expected)?;
        let name = StoreName::new(&open.resolved.id, store);
        Ok(Self::from_open(open.reader()?, name, Some(Arc::clone(expected)), order, batch))
    }

    /// From a reader; nothing is checked where nothing is expected because nothing is delivered.
    pub fn from_open(
        reader: Box<dyn ImageReader>,
        name: StoreName,
        expected: Option<Arc<Fingerprints>>,
        order: Order,
        batch: u64,
    ) -> Self {
        Self { reader, name, expected, order, batch, indices: Vec::new(), delivered: Batch::new(), pixel_bytes: 0 }
    }

    /// The order, to go on with where this stopped.
    pub fn into_order(self) -> Order {
        self.order
    }

    fn singles(&mut self, count: u64, watch: &mut Stopwatch<'_>) -> Result<()> {
        self.order.next(count, &mut self.indices);
        let Self { reader, indices, delivered, .. } = self;
        watch.operations(indices.iter(), |&index| reader.read(index, delivered))
    }

    fn one_batch(&mut self, watch: &mut Stopwatch<'_>) -> Result<()> {
        self.order.next(self.batch, &mut self.indices);
        let Self { reader, indices, delivered, .. } = self;
        watch.operations([indices], |indices| reader.read_batch(indices, delivered))
    }
}

impl Session for Reads {
    fn run(&mut self, operations: u64, watch: &mut Stopwatch<'_>) -> Result<u64> {
        let (mut done, mut images) = (0, 0);
        while done < operations {
            // The same images come again and again: left-over pixels must not pass for delivered ones.
            self.delivered.clear_and_spoil();
            if self.batch <= 1 {
                let count = SINGLE_READS_AT_ONCE.min(operations - done);
                self.singles(count, watch)?;
                done += count;
            } else {
                self.one_batch(watch)?;
                done += 1;
            }
            if let Some(expected) = &self.expected {
                // Which also makes sure that as many were delivered as were asked for.
                expected.check(&self.name, &self.indices, &self.delivered)?;
            }
            images += self.indices.len() as u64;
            self.pixel_bytes += self.delivered.bytes() as u64;
        }
        Ok(images)
    }

    fn delivered(&self) -> Option<Delivered> {
        let pixel_bytes = self.pixel_bytes;
        Some(Delivered { pixel_bytes, decoded_bytes: self.reader.decoded_bytes().unwrap_or(pixel_bytes) })
    }

    fn exchange_buffers(&mut self, buffers: &mut Vec<Batch>) {
        exchange([&mut self.delivered], buffers);
    }
}

/// Opens a store again and again.
pub struct Opens {
    store: PathBuf,
    expected: Arc<Fingerprints>,
    open: Box<Opener>,
    delivered: Batch,
    total: Delivered,
}

impl Opens {
    /// Of the store at `store`, with `open`.
    pub fn new(store: &Path, expected: &Arc<Fingerprints>, open: Box<Opener>) -> Result<Self> {
        read_all(store, expected)?;
        let (store, expected) = (store.to_owned(), Arc::clone(expected));
        Ok(Self { store, expected, open, delivered: Batch::new(), total: Delivered::default() })
    }
}

impl Session for Opens {
    fn run(&mut self, operations: u64, watch: &mut Stopwatch<'_>) -> Result<u64> {
        for _ in 0..operations {
            self.delivered.clear_and_spoil();
            let delivered = &mut self.delivered;
            let open = watch.time(|| -> Result<_> {
                let open = (self.open)(&self.store)?;
                let mut reader = open.reader()?;
                reader.read(0, delivered)?;
                Ok((open, reader))
            })?;
            watch.end_operation();
            let name = StoreName::new(&open.0.resolved.id, &self.store);
            self.expected.check(&name, &[0], &self.delivered)?;
            let pixel_bytes = self.delivered.bytes() as u64;
            self.total.pixel_bytes += pixel_bytes;
            self.total.decoded_bytes += open.1.decoded_bytes().unwrap_or(pixel_bytes);
        }
        Ok(operations)
    }

    fn delivered(&self) -> Option<Delivered> {
        Some(self.total)
    }

    fn exchange_buffers(&mut self, buffers: &mut Vec<Batch>) {
        exchange([&mut self.delivered], buffers);
    }
}
