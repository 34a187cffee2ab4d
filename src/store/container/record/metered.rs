//! Metering: a record container and a codec that do what others do, and note how long each piece of it took.

use super::{Record, RecordContainer, RecordLayout, RecordReader, RecordStore, RecordWriter, TakeRecord};
use crate::error::Result;
use crate::measure::{Meter, Part};
use crate::results::Native;
use crate::sample::{Batch, ImageShape, Shape};
use crate::store::codec::{Codec, Decoder, Encoder};
use crate::store::{Capabilities, Removal, WriteOptions};
use std::collections::BTreeMap;
use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;

/// Bytes between two that are touched: no page of any machine is smaller.
const PAGE_BYTES: usize = 4096;

/// A container that counts the time of its readers: as [`Part::Lookup`] where it hands out bytes that it has not moved,
/// and then touching each of their pages as [`Part::Read`]; as [`Part::Read`] altogether where finding and moving are
/// one call. Writing is not metered.
pub struct MeteredContainer {
    /// What does the work.
    pub inner: Arc<dyn RecordContainer>,
    /// Where time is noted.
    pub meter: Arc<Meter>,
}

impl RecordContainer for MeteredContainer {
    fn create(&self, at: &Path, layout: &RecordLayout, write: &WriteOptions) -> Result<Box<dyn RecordWriter>> {
        self.inner.create(at, layout, write)
    }

    fn can_resume(&self) -> bool {
        self.inner.can_resume()
    }

    fn resume(
        &self,
        at: &Path,
        layout: &RecordLayout,
        write: &WriteOptions,
        keep: u64,
    ) -> Result<Box<dyn RecordWriter>> {
        self.inner.resume(at, layout, write, keep)
    }

    fn open_append(
        &self,
        at: &Path,
        layout: &RecordLayout,
        more: u64,
        write: &WriteOptions,
    ) -> Result<Box<dyn RecordWriter>> {
        self.inner.open_append(at, layout, more, write)
    }

    fn remove(&self, at: &Path, layout: &RecordLayout, removal: &Removal, write: &WriteOptions) -> Result<()> {
        self.inner.remove(at, layout, removal, write)
    }

    fn removes_at_once(&self) -> bool {
        self.inner.removes_at_once()
    }

    fn open(&self, at: &Path, layout: &RecordLayout) -> Result<Arc<dyn RecordStore>> {
        let inner = self.inner.open(at, layout)?;
        let can = self.inner.capabilities();
        // What verifies a checksum reads all of a record to hand it out.
        let only_finds = can.zero_copy && !can.checksums;
        Ok(Arc::new(MeteredStore { inner, meter: Arc::clone(&self.meter), only_finds }))
    }

    fn audit(&self, at: &Path, layout: &RecordLayout) -> Result<()> {
        self.inner.audit(at, layout)
    }

    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    fn native(&self) -> Option<Native> {
        self.inner.native()
    }

    fn settings(&self, layout: &RecordLayout) -> BTreeMap<String, String> {
        self.inner.settings(layout)
    }

    fn keeps_labels(&self) -> bool {
        self.inner.keeps_labels()
    }
}

struct MeteredStore {
    inner: Arc<dyn RecordStore>,
    meter: Arc<Meter>,
    only_finds: bool,
}

impl RecordStore for MeteredStore {
    fn reader(self: Arc<Self>) -> Result<Box<dyn RecordReader>> {
        let inner = self.meter.time(Part::Open, || Arc::clone(&self.inner).reader())?;
        Ok(Box::new(MeteredReader { inner, meter: Arc::clone(&self.meter), only_finds: self.only_finds }))
    }
}

struct MeteredReader {
    inner: Box<dyn RecordReader>,
    meter: Arc<Meter>,
    only_finds: bool,
}

impl RecordReader for MeteredReader {
    fn get(&mut self, index: u64) -> Result<Record<'_>> {
        let Self { inner, meter, only_finds } = self;
        // Among the others, so that it is as warm as they are.
        meter.time(Part::Nothing, || ());
        if !*only_finds {
            return meter.time(Part::Read, || inner.get(index));
        }
        let record = meter.time(Part::Lookup, || inner.get(index))?;
        meter.time(Part::Read, || touch(record.bytes));
        Ok(record)
    }

    /// As the container reads them; what it does between two records counts as finding or moving the second.
    fn get_each(&mut self, indices: &[u64], take: &mut TakeRecord<'_>) -> Result<()> {
        let Self { inner, meter, only_finds } = self;
        let part = if *only_finds { Part::Lookup } else { Part::Read };
        let mut since = meter.now_ns();
        let read = inner.get_each(indices, &mut |index, record| {
            meter.count_since(since, part);
            meter.time(Part::Nothing, || ());
            if *only_finds {
                meter.time(Part::Read, || touch(record.bytes));
            }
            let taken = take(index, record);
            since = meter.now_ns();
            taken
        });
        meter.count_since(since, part);
        read
    }

    fn decoded_bytes(&self) -> Option<u64> {
        self.inner.decoded_bytes()
    }
}

/// Looks at one byte of each page, so that all of them are mapped and in memory.
fn touch(bytes: &[u8]) {
    bytes.iter().step_by(PAGE_BYTES).chain(bytes.last()).for_each(|byte| {
        black_box(*byte);
    });
}

/// A codec that counts the time of decoding.
pub struct MeteredCodec {
    /// What does the work.
    pub inner: Arc<dyn Codec>,
    /// Where time is noted.
    pub meter: Arc<Meter>,
    /// As what: [`Part::Copy`] where records are the pixels themselves.
    pub part: Part,
}

impl Codec for MeteredCodec {
    fn accepts(&self, shape: ImageShape) -> Result<(), String> {
        self.inner.accepts(shape)
    }

    fn encoder(&self, shape: &Shape) -> Box<dyn Encoder> {
        self.inner.encoder(shape)
    }

    fn decoder(&self, shape: &Shape) -> Box<dyn Decoder> {
        let inner = self.inner.decoder(shape);
        Box::new(MeteredDecoder { inner, meter: Arc::clone(&self.meter), part: self.part })
    }

    fn checksums(&self) -> bool {
        self.inner.checksums()
    }

    fn native(&self) -> Native {
        self.inner.native()
    }

    fn settings(&self) -> BTreeMap<String, String> {
        self.inner.settings()
    }
}

struct MeteredDecoder {
    inner: Box<dyn Decoder>,
    meter: Arc<Meter>,
    part: Part,
}

impl Decoder for MeteredDecoder {
    fn decode(&mut self, record: &[u8], label: u32, out: &mut Batch) -> Result<(), String> {
        let Self { inner, meter, part } = self;
        meter.time(*part, || inner.decode(record, label, out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::Simulated;

    /// Each get takes 50 ns, each decoding 70.
    struct Slow(Arc<Simulated>);

    impl RecordReader for Slow {
        fn get(&mut self, index: u64) -> Result<Record<'_>> {
            self.0.pass(50);
            Ok(Record { bytes: &[3; 10_000], label: index as u32 })
        }
    }

    impl Decoder for Slow {
        fn decode(&mut self, record: &[u8], label: u32, out: &mut Batch) -> Result<(), String> {
            self.0.pass(70);
            out.push(ImageShape::new(1, record.len() as u32, 1), label).copy_from_slice(record);
            Ok(())
        }
    }

    fn spent(only_finds: bool, part: Part, batch: bool) -> [Option<f64>; 4] {
        let clock = Arc::new(Simulated::ticking(10));
        let meter = Arc::new(Meter::new(clock.clone()));
        let slow = || Box::new(Slow(Arc::clone(&clock)));
        let mut reader = MeteredReader { inner: slow(), meter: Arc::clone(&meter), only_finds };
        let mut decoder = MeteredDecoder { inner: slow(), meter: Arc::clone(&meter), part };
        let mut out = Batch::new();
        if batch {
            let mut take = |_: u64, record: Record<'_>| {
                decoder.decode(record.bytes, record.label, &mut out).unwrap();
                Ok(())
            };
            reader.get_each(&[0, 1], &mut take).unwrap();
        } else {
            for index in 0..2 {
                let record = reader.get(index).unwrap();
                decoder.decode(record.bytes, record.label, &mut out).unwrap();
            }
        }
        let last = out.get(1).unwrap();
        assert_eq!((out.len(), last.label, last.pixels), (2, 1, &[3; 10_000][..]));
        [Part::Lookup, Part::Read, Part::Decode, Part::Copy].map(|part| meter.spent_ns(part))
    }

    #[test]
    fn each_piece_counts_as_what_it_is() {
        for batch in [false, true] {
            assert_eq!(spent(false, Part::Decode, batch), [None, Some(100.0), Some(140.0), None], "{batch}");
            assert_eq!(spent(true, Part::Copy, batch), [Some(100.0), Some(0.0), None, Some(140.0)], "{batch}");
        }
    }
}
