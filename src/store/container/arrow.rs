//! `arrow`: one file of Apache Arrow's IPC format (<https://arrow.apache.org/docs/format/Columnar.html>), `images.arrow`, with
//! the columns `image` (binary) and `label` (uint32), in batches, not compressed, so that a mapped file is read where it lies
//! (what Hugging Face's `datasets` and `pyarrow.ipc.open_file` over a memory map do).

use super::fetch::fetch;
use super::guard::guarded;
use super::in_place::InPlace;
use super::mapped::{Mapped, READAHEAD, Reads, TUNED};
use super::output::Output;
use super::record::{self, NewRecord, Record, RecordContainer, RecordLayout, RecordStore, RecordWriter};
use super::{ContainerInfo, StoreName};
use crate::error::Result;
use crate::results::Native;
use crate::store::facts::Facts;
use crate::store::options::{OptionInfo, Values, integer};
use crate::store::{Capabilities, Durability, WriteOptions, sync};
use arrow_array::builder::BinaryBuilder;
use arrow_array::cast::AsArray;
use arrow_array::types::UInt32Type;
use arrow_array::{Array, BinaryArray, RecordBatch, UInt32Array};
use arrow_buffer::Buffer;
use arrow_ipc::reader::{FileDecoder, read_footer_length};
use arrow_ipc::writer::FileWriter;
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef};
use bytes::Bytes;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

const BATCH: OptionInfo = OptionInfo {
    key: "batch",
    values: Values::Integer { min: 1, max: 1 << 20 },
    default: "1000",
    about: "records a batch (1000 is what Hugging Face's datasets write)",
    reading: false,
};

pub const INFO: ContainerInfo = ContainerInfo {
    about: "Apache Arrow's IPC file, mapped",
    codecs: &["raw", "png", "source", "jpeg", "qoi", "webp", "zstd", "lz4"],
    facts: Facts {
        licence: "Apache-2.0",
        specification: "Arrow Columnar Format, IPC file",
        others: "pyarrow, Hugging Face datasets, Polars, DuckDB; implementations in a dozen languages",
    },
    options: &[BATCH, READAHEAD],
    tuned: &[TUNED],
    labels: "a column beside the images",
    make: |id| record::format(id, Arrow { batch: integer(id, BATCH.key).unwrap_or(1000), reads: Reads::of(id) }),
};

const FILE: &str = "images.arrow";
const IMAGE: &str = "image";
const LABEL: &str = "label";

/// A batch's places are 32-bit numbers: it ends before they do not suffice.
const BYTES_A_BATCH: usize = 256 << 20;

/// Magic and padding before the first batch; magic and the footer's length at the end.
const TRAILER_BYTES: usize = 10;

struct Arrow {
    /// Records a batch.
    batch: u64,
    reads: Reads,
}

fn schema() -> SchemaRef {
    let fields = vec![Field::new(IMAGE, DataType::Binary, false), Field::new(LABEL, DataType::UInt32, false)];
    Arc::new(Schema::new(fields))
}

impl RecordContainer for Arrow {
    fn create(&self, at: &Path, layout: &RecordLayout, write: &WriteOptions) -> Result<Box<dyn RecordWriter>> {
        let file = FileWriter::try_new(Output::create(&at.join(FILE))?, &schema());
        Ok(Box::new(Writer {
            file: file.map_err(|e| layout.name.failed("Arrow", "create", e))?,
            batch: self.batch,
            images: BinaryBuilder::new(),
            labels: Vec::new(),
            bytes: 0,
            sync_each: write.durability == Durability::Each,
            name: layout.name.clone(),
        }))
    }

    fn open(&self, _: &Path, layout: &RecordLayout) -> Result<Arc<dyn RecordStore>> {
        let name = &layout.name;
        let map = Buffer::from(Bytes::from_owner(Mapped::open(FILE, self.reads, name)?));
        let (mut batches, mut first) = (Vec::new(), 0);
        for batch in guarded(|| read_batches(&map)).map_err(|why| name.damaged(format!("{FILE}: {why}")))? {
            let count = batch.num_rows() as u64;
            batches.push(Part::new(first, &batch));
            first += count;
        }
        if first != layout.records {
            return Err(name.damaged(format!("it holds {first} records for {} images", layout.records)));
        }
        Ok(Arc::new(Store { batches, max_bytes: layout.max_record_bytes(), name: name.clone() }))
    }

    fn audit(&self, _: &Path, layout: &RecordLayout) -> Result<()> {
        let name = &layout.name;
        let map = Buffer::from(Bytes::from_owner(Mapped::open(FILE, self.reads, name)?));
        let batches = guarded(|| read_batches(&map)).map_err(|why| name.damaged(format!("{FILE}: {why}")))?;
        let most = batches.iter().map(|batch| batch.num_rows() as u64).max().unwrap_or(0);
        match most > self.batch {
            true => Err(name.mismatch(format!("a batch of it has {most} records; asked for was batch={}", self.batch))),
            false => Ok(()),
        }
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { zero_copy: true, ..Capabilities::RECORDS }
    }

    fn native(&self) -> Option<Native> {
        Some(Native { library: "arrow-rs".into(), version: env!("BUILT_ARROW_VERSION").into() })
    }

    fn settings(&self, _: &RecordLayout) -> BTreeMap<String, String> {
        BTreeMap::from([
            ("Arrow batch".into(), format!("{} records or {} MiB", self.batch, BYTES_A_BATCH >> 20)),
            ("Arrow compression".into(), "none".into()),
            ("Arrow read".into(), self.reads.words().into()),
        ])
    }

    fn keeps_labels(&self) -> bool {
        true
    }
}

/// The batches of a mapped file, with their bytes where they lie in it.
fn read_batches(map: &Buffer) -> Result<Vec<RecordBatch>, String> {
    let text = |e: ArrowError| e.to_string();
    let trailer = map.len().checked_sub(TRAILER_BYTES).ok_or("it is too short")?;
    let last: [u8; TRAILER_BYTES] = map[trailer..].try_into().map_err(|_| "it is too short")?;
    let footer = trailer.checked_sub(read_footer_length(last).map_err(text)?).ok_or("its footer is too long")?;
    let footer = arrow_ipc::root_as_footer(&map[footer..trailer]).map_err(|e| format!("its footer: {e}"))?;
    let found = footer.schema().ok_or("it has no schema")?;
    let found = arrow_ipc::convert::try_fb_to_schema(found).map_err(text)?;
    if found.fields() != schema().fields() {
        return Err(format!(
            "its columns are {}",
            found.fields().iter().map(|f| f.name().as_str()).collect::<Vec<_>>().join(", ")
        ));
    }
    let decoder = FileDecoder::new(schema(), footer.version());
    let mut batches = Vec::new();
    for block in footer.recordBatches().iter().flatten() {
        let part = |length: i64| usize::try_from(length).ok();
        let place = part(block.offset()).zip(part(block.metaDataLength().into()).zip(part(block.bodyLength())));
        let place = place.and_then(|(offset, (head, body))| Some((offset, head.checked_add(body)?)));
        let within = place.filter(|(offset, length)| offset.checked_add(*length).is_some_and(|end| end <= trailer));
        let (offset, length) = within.ok_or("a batch would lie beyond its end")?;
        let batch = decoder.read_record_batch(block, &map.slice_with_length(offset, length)).map_err(text)?;
        batches.push(batch.ok_or("where a batch should be is none")?);
    }
    Ok(batches)
}

struct Writer {
    file: FileWriter<Output>,
    batch: u64,
    images: BinaryBuilder,
    labels: Vec<u32>,
    /// Of the batch so far.
    bytes: usize,
    sync_each: bool,
    name: StoreName,
}

impl Writer {
    fn end_batch(&mut self) -> Result<()> {
        if self.labels.is_empty() {
            return Ok(());
        }
        self.bytes = 0;
        let labels = UInt32Array::from(std::mem::take(&mut self.labels));
        let batch = RecordBatch::try_new(schema(), vec![Arc::new(self.images.finish()), Arc::new(labels)]);
        batch.and_then(|batch| self.file.write(&batch)).map_err(|e| self.name.failed("Arrow", "write", e))
    }
}

impl RecordWriter for Writer {
    fn put(&mut self, record: NewRecord<'_>) -> Result<()> {
        if self.bytes + record.bytes.len() > BYTES_A_BATCH {
            self.end_batch()?;
        }
        self.bytes += record.bytes.len();
        self.images.append_value(record.bytes);
        self.labels.push(record.label);
        if self.labels.len() as u64 >= self.batch { self.end_batch() } else { Ok(()) }
    }

    /// The batches so far; the footer that a file is opened by comes last, so that of one cut short they are read as a stream.
    fn sync(&mut self) -> Result<()> {
        self.end_batch()?;
        self.file.get_mut().flush(true)?;
        sync::one(&self.name.path)
    }

    fn finish(mut self: Box<Self>) -> Result<()> {
        self.end_batch()?;
        self.file.finish().map_err(|e| self.name.failed("Arrow", "finish", e))?;
        self.file.get_mut().flush(self.sync_each)
    }
}

/// A batch.
struct Part {
    /// Number of its first record.
    first: u64,
    images: BinaryArray,
    labels: UInt32Array,
}

impl Part {
    /// `batch` was compared with the schema.
    fn new(first: u64, batch: &RecordBatch) -> Self {
        let (images, labels) = (batch.column(0).as_binary(), batch.column(1).as_primitive::<UInt32Type>());
        Self { first, images: images.clone(), labels: labels.clone() }
    }
}

struct Store {
    batches: Vec<Part>,
    max_bytes: u64,
    name: StoreName,
}

impl Store {
    /// The batch that holds a record, and its row there.
    fn row(&self, index: u64) -> Option<(&Part, usize)> {
        let batch = self.batches.get(self.batches.partition_point(|batch| batch.first <= index).checked_sub(1)?)?;
        let row = usize::try_from(index - batch.first).ok().filter(|row| *row < batch.images.len())?;
        Some((batch, row))
    }
}

impl InPlace for Store {
    fn fetch(&self, index: u64) {
        if let Some((batch, row)) = self.row(index) {
            fetch(batch.images.value(row));
        }
    }

    fn record(&self, index: u64) -> Result<Record<'_>> {
        let damaged = |what: &str| self.name.damaged(format!("image {index} is {what}"));
        let (batch, row) = self.row(index).ok_or_else(|| damaged("missing"))?;
        let bytes = batch.images.value(row);
        match bytes.len() as u64 <= self.max_bytes {
            true => Ok(Record { bytes, label: batch.labels.value(row) }),
            false => Err(damaged("too long for any image")),
        }
    }
}

#[cfg(test)]
mod tests;
