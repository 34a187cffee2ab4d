//! `parquet`: one file of Apache Parquet (<https://parquet.apache.org/docs/file-format/>), `images.parquet`, with the columns
//! `image` (BYTE_ARRAY, plain: neither dictionary nor statistics) and `label` (UINT_32). A file is row groups, a row group pages;
//! to read an image is to read its page, found by the offset index, and the page read last is kept. Labels are read on opening.
//! Page checksums are verified where a file has them; the library does not write them.

mod pages;

use super::guard::guarded;
use super::mapped::{Mapped, Reads};
use super::output::Output;
use super::record::{self, NewRecord, Record, RecordContainer, RecordLayout, RecordReader, RecordStore, RecordWriter};
use super::{ContainerInfo, StoreName};
use crate::error::Result;
use crate::results::Native;
use crate::store::facts::Facts;
use crate::store::options::{OptionInfo, Values, integer, word};
use crate::store::{Capabilities, Durability, FormatId, WriteOptions, sync};
use ::parquet::basic::{Compression, Encoding, LogicalType, Repetition, Type as Physical, ZstdLevel};
use ::parquet::data_type::{ByteArray, ByteArrayType, Int32Type};
use ::parquet::errors::ParquetError;
use ::parquet::file::properties::{EnabledStatistics, WriterProperties};
use ::parquet::file::writer::SerializedFileWriter;
use ::parquet::schema::types::{ColumnPath, Type, TypePtr};
use pages::{Page, Pages};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

const ROW_GROUP: OptionInfo = OptionInfo {
    key: "rowgroup",
    values: Values::Integer { min: 1, max: 1 << 20 },
    default: "1000",
    about: "images a row group",
    reading: false,
};

const PAGE: OptionInfo = OptionInfo {
    key: "page",
    values: Values::Integer { min: 1, max: 1 << 20 },
    default: "10",
    about: "images a page: what is read, and decompressed, for one of them",
    reading: false,
};

const COMPRESSION: OptionInfo = OptionInfo {
    key: "compression",
    values: Values::OneOf(&["none", "snappy", "zstd"]),
    default: "none",
    about: "of pages; for raw images",
    reading: false,
};

pub const INFO: ContainerInfo = ContainerInfo {
    about: "Apache Parquet, a column of images",
    codecs: &["png", "raw", "source", "jpeg", "qoi", "webp"],
    facts: Facts {
        licence: "Apache-2.0",
        specification: "Apache Parquet's format, with its page index",
        others: "pyarrow, pandas, Hugging Face datasets, Spark, DuckDB, Polars",
    },
    options: &[ROW_GROUP, PAGE, COMPRESSION],
    // Pages of one image suit shuffled reads (compressed, 1.5 times as fast) and ruin reads in order (14 times as slow).
    tuned: &[],
    labels: "a column beside the images",
    make: |id| record::format(id, Parquet::new(id)),
};

const FILE: &str = "images.parquet";
const IMAGE: &str = "image";
const LABEL: &str = "label";

/// A row group is ended before it is larger.
const BYTES_A_GROUP: usize = 256 << 20;

struct Parquet {
    /// Rows a row group.
    group: usize,
    /// Rows a page.
    page: usize,
    compression: String,
}

impl Parquet {
    fn new(id: &FormatId) -> Self {
        let number = |option: &OptionInfo, default| {
            integer(id, option.key).and_then(|number| usize::try_from(number).ok()).unwrap_or(default)
        };
        Self {
            group: number(&ROW_GROUP, 1000),
            page: number(&PAGE, 10),
            compression: word(id, &COMPRESSION).to_owned(),
        }
    }

    fn properties(&self) -> WriterProperties {
        let compression = match self.compression.as_str() {
            "snappy" => Compression::SNAPPY,
            "zstd" => Compression::ZSTD(ZstdLevel::default()),
            _ => Compression::UNCOMPRESSED,
        };
        let image = || ColumnPath::from(IMAGE);
        WriterProperties::builder()
            .set_created_by(format!("shelfmark {}", env!("CARGO_PKG_VERSION")))
            .set_dictionary_enabled(false)
            .set_encoding(Encoding::PLAIN)
            .set_statistics_enabled(EnabledStatistics::None)
            .set_column_compression(image(), compression)
            .set_column_data_page_size_limit(image(), usize::MAX)
            .set_data_page_row_count_limit(self.page)
            // Limits are looked at after each of these.
            .set_write_batch_size(self.page)
            .set_max_row_group_row_count(None)
            .build()
    }
}

fn schema() -> Result<TypePtr, ParquetError> {
    let column = |name, physical, logical| {
        let builder = Type::primitive_type_builder(name, physical).with_repetition(Repetition::REQUIRED);
        builder.with_logical_type(logical).build().map(Arc::new)
    };
    let number = Some(LogicalType::integer(32, false));
    let fields = vec![column(IMAGE, Physical::BYTE_ARRAY, None)?, column(LABEL, Physical::INT32, number)?];
    Type::group_type_builder("images").with_fields(fields).build().map(Arc::new)
}

impl RecordContainer for Parquet {
    fn create(&self, at: &Path, layout: &RecordLayout, write: &WriteOptions) -> Result<Box<dyn RecordWriter>> {
        let output = Output::create(&at.join(FILE))?;
        let file = schema().and_then(|schema| SerializedFileWriter::new(output, schema, Arc::new(self.properties())));
        Ok(Box::new(Writer {
            file: file.map_err(|e| layout.name.failed("Parquet", "create", e))?,
            rows: self.group,
            images: Vec::new(),
            labels: Vec::new(),
            bytes: 0,
            sync_each: write.durability == Durability::Each,
            name: layout.name.clone(),
        }))
    }

    fn open(&self, _: &Path, layout: &RecordLayout) -> Result<Arc<dyn RecordStore>> {
        let name = &layout.name;
        let damaged = |why: String| name.damaged(format!("{FILE}: {why}"));
        let map = Mapped::open(FILE, Reads::Near, name)?;
        let pages = guarded(|| Pages::open(map)).map_err(damaged)?;
        if pages.rows() != layout.records {
            return Err(name.damaged(format!("it holds {} rows for {} images", pages.rows(), layout.records)));
        }
        let labels = guarded(|| pages.labels()).map_err(damaged)?;
        Ok(Arc::new(Store { pages, labels, max_bytes: layout.max_record_bytes(), name: name.clone() }))
    }

    fn audit(&self, _: &Path, layout: &RecordLayout) -> Result<()> {
        let name = &layout.name;
        let map = Mapped::open(FILE, Reads::Near, name)?;
        let pages = guarded(|| Pages::open(map)).map_err(|why| name.damaged(format!("{FILE}: {why}")))?;
        let asked = |what: &str, found: u64, wanted: usize| match found > wanted as u64 {
            true => Err(name.mismatch(format!("a {what} of it has {found} rows; asked for were {wanted}"))),
            false => Ok(()),
        };
        asked("row group", pages.longest_group(), self.group)?;
        asked("page", pages.longest_page(), self.page)?;
        let (found, wanted) = (pages.compression(), self.compression.as_str());
        match found.as_deref().is_none_or(|found| found == wanted) {
            true => Ok(()),
            false => Err(name.mismatch(format!("its pages are compressed by {found:?}; asked for was {wanted}"))),
        }
    }

    fn capabilities(&self) -> Capabilities {
        // A record in a page that is not compressed is a part of the map.
        Capabilities { zero_copy: self.compression == "none", ..Capabilities::RECORDS }
    }

    fn native(&self) -> Option<Native> {
        Some(Native { library: "parquet".into(), version: env!("BUILT_PARQUET_VERSION").into() })
    }

    fn settings(&self, _: &RecordLayout) -> BTreeMap<String, String> {
        BTreeMap::from([
            ("Parquet row group".into(), format!("{} images or {} MiB", self.group, BYTES_A_GROUP >> 20)),
            ("Parquet page".into(), format!("{} images", self.page)),
            ("Parquet compression".into(), self.compression.clone()),
            ("Parquet read".into(), "mapped, page by page; the last one is kept".into()),
        ])
    }

    fn keeps_labels(&self) -> bool {
        true
    }
}

struct Writer {
    file: SerializedFileWriter<Output>,
    /// Rows a row group.
    rows: usize,
    images: Vec<ByteArray>,
    labels: Vec<i32>,
    /// Of the row group so far.
    bytes: usize,
    sync_each: bool,
    name: StoreName,
}

impl Writer {
    fn end_group(&mut self) -> Result<()> {
        if self.images.is_empty() {
            return Ok(());
        }
        self.bytes = 0;
        let written = write_group(&mut self.file, &self.images, &self.labels);
        self.images.clear();
        self.labels.clear();
        written.map_err(|e| self.name.failed("Parquet", "write", e))
    }
}

fn write_group(
    file: &mut SerializedFileWriter<Output>,
    images: &[ByteArray],
    labels: &[i32],
) -> Result<(), ParquetError> {
    let mut group = file.next_row_group()?;
    let missing = || ParquetError::General("the schema has fewer columns".into());
    let mut column = group.next_column()?.ok_or_else(missing)?;
    column.typed::<ByteArrayType>().write_batch(images, None, None)?;
    column.close()?;
    let mut column = group.next_column()?.ok_or_else(missing)?;
    column.typed::<Int32Type>().write_batch(labels, None, None)?;
    column.close()?;
    group.close().map(|_| ())
}

impl RecordWriter for Writer {
    fn put(&mut self, record: NewRecord<'_>) -> Result<()> {
        if self.bytes + record.bytes.len() > BYTES_A_GROUP {
            self.end_group()?;
        }
        self.bytes += record.bytes.len();
        self.images.push(ByteArray::from(record.bytes.to_vec()));
        // UINT_32 is kept in the bits of an INT32.
        self.labels.push(record.label as i32);
        if self.images.len() >= self.rows { self.end_group() } else { Ok(()) }
    }

    /// The row groups so far; the footer that tells of them comes last, and a file without it is none.
    fn sync(&mut self) -> Result<()> {
        self.end_group()?;
        self.file.inner_mut().flush(true)?;
        sync::one(&self.name.path)
    }

    fn finish(mut self: Box<Self>) -> Result<()> {
        self.end_group()?;
        self.file.finish().map_err(|e| self.name.failed("Parquet", "finish", e))?;
        self.file.inner_mut().flush(self.sync_each)
    }
}

struct Store {
    pages: Pages,
    labels: Vec<u32>,
    max_bytes: u64,
    name: StoreName,
}

impl RecordStore for Store {
    fn reader(self: Arc<Self>) -> Result<Box<dyn RecordReader>> {
        Ok(Box::new(Reader { last: None, decoded: 0, store: self }))
    }
}

struct Reader {
    /// The page that was read last.
    last: Option<Page>,
    /// Bytes of pages that were decompressed.
    decoded: u64,
    store: Arc<Store>,
}

impl RecordReader for Reader {
    fn get(&mut self, index: u64) -> Result<Record<'_>> {
        let Self { last, decoded, store } = self;
        let damaged = |why: String| store.name.damaged(format!("image {index}: {why}"));
        let label = usize::try_from(index).ok().and_then(|at| store.labels.get(at).copied());
        let label = label.ok_or_else(|| damaged("it is missing".into()))?;
        let page = match last.take().filter(|page| page.rows().contains(&index)) {
            Some(page) => last.insert(page),
            None => {
                let page = last.insert(guarded(|| store.pages.page(index)).map_err(damaged)?);
                *decoded += page.bytes();
                page
            }
        };
        let bytes = page.value(index).ok_or_else(|| damaged("its page does not hold it".into()))?;
        match bytes.len() as u64 <= store.max_bytes {
            true => Ok(Record { bytes, label }),
            false => Err(damaged("it is too long for any image".into())),
        }
    }

    /// Of pages that are not compressed the library hands over the mapped bytes: nothing of them is decoded, and only the
    /// image asked for is moved.
    fn decoded_bytes(&self) -> Option<u64> {
        self.store.pages.compresses().then_some(self.decoded)
    }
}

#[cfg(test)]
mod tests;
