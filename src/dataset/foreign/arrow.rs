//! Arrow's IPC format, files and streams: a column of encoded images, `image: struct<bytes, path>` as Hugging Face's
//! `datasets` keeps them (its `.arrow` files are streams), or a plain one of bytes; and a column of labels. Files are mapped
//! and images read where they lie.

use super::encoded::{Encoded, Found, Layout, Source, enough};
use super::files::{self, Files};
use super::kinds::{IMAGES, KEYS, LABELS, any_of, pick_where};
use super::labelled::{ALL_NAMES_OR_NUMBERS, Labelled, agree, label_by_name};
use super::refuse;
use super::rows::{Fault, NO_LABELS, without_labels};
use crate::dataset::OpenOptions;
use crate::error::Result;
use crate::store::container::StoreName;
use crate::store::container::guard::guarded;
use crate::store::container::mapped::{Mapped, Reads};
use arrow_array::cast::AsArray;
use arrow_array::types::{Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type, UInt32Type, UInt64Type};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_buffer::Buffer;
use arrow_ipc::reader::{FileDecoder, read_footer_length};
use arrow_ipc::{Block, MessageHeader};
use arrow_schema::{ArrowError, DataType, SchemaRef};
use bytes::Bytes;
use std::path::Path;

/// What a file begins with that is no stream, and ends with, too.
const MAGIC: &[u8] = b"ARROW1";
/// The footer's length and the magic.
const TRAILER_BYTES: usize = 10;
/// What a message begins with, but for old ones, which begin with their length.
const CONTINUATION: u32 = u32::MAX;

/// The images of all batches.
pub struct Batches(Vec<ArrayRef>);

/// Which batch, and which of its rows.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    batch: usize,
    row: usize,
}

impl Source for Batches {
    type Place = Place;

    fn fetch(&self, place: &Place, most: usize, out: &mut Vec<u8>) -> Result<(), String> {
        let bytes = self.0.get(place.batch).and_then(|images| bytes_at(images, place.row));
        let bytes = bytes.ok_or("there is no image in this row")?;
        out.extend_from_slice(&bytes[..bytes.len().min(most)]);
        Ok(())
    }
}

/// Bytes or a text of a column; none where it has none in this row.
fn bytes_at(column: &ArrayRef, row: usize) -> Option<&[u8]> {
    if row >= column.len() || column.is_null(row) {
        return None;
    }
    match column.data_type() {
        DataType::Binary => Some(column.as_binary::<i32>().value(row)),
        DataType::LargeBinary => Some(column.as_binary::<i64>().value(row)),
        DataType::BinaryView => Some(column.as_binary_view().value(row)),
        DataType::Utf8 => Some(column.as_string::<i32>().value(row).as_bytes()),
        DataType::LargeUtf8 => Some(column.as_string::<i64>().value(row).as_bytes()),
        DataType::Utf8View => Some(column.as_string_view().value(row).as_bytes()),
        _ => None,
    }
}

fn is_bytes(kind: &DataType) -> bool {
    matches!(kind, DataType::Binary | DataType::LargeBinary | DataType::BinaryView)
}

fn is_text(kind: &DataType) -> bool {
    matches!(kind, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View)
}

fn integer_at(column: &ArrayRef, row: usize) -> Option<i128> {
    if row >= column.len() || column.is_null(row) {
        return None;
    }
    Some(match column.data_type() {
        DataType::Int8 => column.as_primitive::<Int8Type>().value(row).into(),
        DataType::Int16 => column.as_primitive::<Int16Type>().value(row).into(),
        DataType::Int32 => column.as_primitive::<Int32Type>().value(row).into(),
        DataType::Int64 => column.as_primitive::<Int64Type>().value(row).into(),
        DataType::UInt8 => column.as_primitive::<UInt8Type>().value(row).into(),
        DataType::UInt16 => column.as_primitive::<UInt16Type>().value(row).into(),
        DataType::UInt32 => column.as_primitive::<UInt32Type>().value(row).into(),
        DataType::UInt64 => column.as_primitive::<UInt64Type>().value(row).into(),
        _ => return None,
    })
}

fn text(e: ArrowError) -> String {
    e.to_string()
}

/// The columns of a schema that matter, by number.
#[derive(Clone, Copy)]
struct Chosen {
    image: usize,
    label: Option<usize>,
    /// Whether labels are texts.
    names: bool,
    key: Option<usize>,
}

impl Chosen {
    fn of(schema: &SchemaRef, image: Option<&str>, label: Option<&str>) -> Result<Self, Fault> {
        let names: Vec<_> = schema.fields().iter().map(|field| field.name().as_str()).collect();
        let there = || schema.fields().iter().take(10).map(|f| format!("{} ({})", f.name(), f.data_type()));
        let there = || there().collect::<Vec<_>>().join(", ");
        let holds_bytes = |at: usize| match schema.field(at).data_type() {
            DataType::Struct(fields) => fields.find("bytes").is_some_and(|(_, field)| is_bytes(field.data_type())),
            kind => is_bytes(kind),
        };
        let found = pick_where(&names, image, IMAGES, holds_bytes).map(|(at, _)| at);
        let called = || image.map_or_else(|| any_of(IMAGES), str::to_owned);
        let image = found.ok_or_else(|| format!("no column of bytes is called {}; it has {}", called(), there()))?;
        let found = pick_where(&names, label, LABELS, |at| label.is_some() || at != image).map(|(at, _)| at);
        if let (Some(given), None) = (label.filter(|given| *given != NO_LABELS), found) {
            return Err(format!("there is no column {given}; it has {}", there()).into());
        }
        let labels = |kind: &DataType| kind.is_integer() || is_text(kind);
        if let Some(at) = found.filter(|at| !labels(schema.field(*at).data_type())) {
            return Err(match schema.field(at).data_type() {
                DataType::Dictionary(..) => Fault::new(
                    format!("the labels in {} are dictionary-encoded, and plain numbers or texts are read", names[at]),
                    "write them as plain numbers or texts, or name another column with label=COLUMN",
                ),
                kind => Fault::type_of_labels(names[at], kind),
            });
        }
        let texts = found.is_some_and(|at| is_text(schema.field(at).data_type()));
        // A column of another kind can be no name, and is not to fail for it: dictionaries are not read.
        let key = pick_where(&names, None, KEYS, |at| at != image && is_text(schema.field(at).data_type()));
        let key = key.map(|(at, _)| at);
        Ok(Self { image, label: found, names: texts, key })
    }

    /// What its labels are.
    fn labelled(&self) -> Labelled {
        match self.label {
            None => Labelled::Not,
            Some(_) if self.names => Labelled::Names,
            Some(_) => Labelled::Numbers,
        }
    }

    /// No other column is decoded.
    fn projection(self) -> Vec<usize> {
        [Some(self.image), self.label, self.key].into_iter().flatten().collect()
    }
}

/// What there is in a file: its schema and where its batches lie.
struct Messages {
    schema: SchemaRef,
    version: arrow_ipc::MetadataVersion,
    batches: Vec<Block>,
}

impl Messages {
    fn find(map: &[u8]) -> Result<Self, String> {
        if map.starts_with(MAGIC) { Self::of_file(map) } else { Self::of_stream(map) }
    }

    /// As the footer has them.
    fn of_file(map: &[u8]) -> Result<Self, String> {
        let trailer = map.len().checked_sub(TRAILER_BYTES).ok_or("it is cut short")?;
        let last: [u8; TRAILER_BYTES] = map[trailer..].try_into().map_err(|_| "it is cut short")?;
        let footer = trailer.checked_sub(read_footer_length(last).map_err(text)?).ok_or("its footer is too long")?;
        let footer = arrow_ipc::root_as_footer(&map[footer..trailer]).map_err(|e| format!("its footer: {e}"))?;
        let schema = footer.schema().ok_or("it has no schema")?;
        let schema = SchemaRef::new(arrow_ipc::convert::try_fb_to_schema(schema).map_err(text)?);
        let batches: Vec<_> = footer.recordBatches().iter().flatten().copied().collect();
        let number = |value: i64| usize::try_from(value).ok();
        let within = |block: &Block| {
            let (offset, head) = (number(block.offset())?, number(block.metaDataLength().into())?);
            let end = offset.checked_add(head)?.checked_add(number(block.bodyLength())?)?;
            (end <= trailer).then_some(())
        };
        match batches.iter().all(|block| within(block).is_some()) {
            true => Ok(Self { schema, version: footer.version(), batches }),
            false => Err("a batch would lie beyond its end".into()),
        }
    }

    /// One message after another.
    fn of_stream(map: &[u8]) -> Result<Self, String> {
        let (mut at, end) = (0, map.len());
        let word = |at: usize| Some(u32::from_le_bytes(*map.get(at..)?.first_chunk::<4>()?));
        let (mut described, mut batches) = (None, Vec::new());
        while at < end {
            let first = word(at).ok_or("it is cut short")?;
            let (head, length) = match first {
                CONTINUATION => (8, word(at + 4).ok_or("it is cut short")?),
                length => (4, length),
            };
            if length == 0 {
                break;
            }
            // Nothing of it overflows: a file is shorter than half of all addresses.
            let body_at = at + head + length as usize;
            let message = map.get(at + head..body_at).ok_or("it is cut short, or no Arrow file")?;
            let message = arrow_ipc::root_as_message(message).map_err(|e| format!("it is no Arrow file: {e}"))?;
            let body = usize::try_from(message.bodyLength()).map_err(|_| "a message of it is shorter than nothing")?;
            let next = body_at.checked_add(body).filter(|next| *next <= end).ok_or("it is cut short within a batch")?;
            match message.header_type() {
                MessageHeader::Schema if described.is_none() => {
                    let schema = message.header_as_schema().ok_or("its schema is missing")?;
                    let schema = arrow_ipc::convert::try_fb_to_schema(schema).map_err(text)?;
                    described = Some((SchemaRef::new(schema), message.version()));
                }
                MessageHeader::RecordBatch => {
                    let metadata = i32::try_from(body_at - at).map_err(|_| "a message of it is too long")?;
                    batches.push(Block::new(at as i64, metadata, body as i64));
                }
                // Dictionaries are of columns that are not asked for.
                _ => {}
            }
            at = next;
        }
        let (schema, version) = described.ok_or("it has no schema: it is no Arrow file")?;
        Ok(Self { schema, version, batches })
    }
}

/// Opens the file or folder of files at `path`; `rest` is all that the command line says.
///
/// # Errors
/// When they are no Arrow files, are compressed, or have no such columns.
pub fn open(
    rest: &str,
    path: &Path,
    [image, label]: [Option<&str>; 2],
    options: &OpenOptions,
) -> Result<Encoded<Batches>> {
    let mut remarks = Vec::new();
    let found = Files::find(path, |name| name.ends_with(".arrow"), ".arrow file", &mut remarks)?;
    let (mut source, mut images, mut texts) = (Batches(Vec::new()), Vec::new(), Vec::new());
    let mut labelled = None;
    for one in &found.paths {
        // To number names all of them have to be known.
        if images.len() >= enough(options) && labelled != Some(Labelled::Names) {
            break;
        }
        let damaged = |why: String| refuse(one, why, "check that it is a whole Arrow file or stream, not compressed");
        let name = StoreName { format: "arrow".into(), path: path.to_owned() };
        let map = Buffer::from(Bytes::from_owner(Mapped::open(
            std::path::absolute(one).unwrap_or(one.clone()),
            Reads::Near,
            &name,
        )?));
        let messages = guarded(|| Messages::find(&map)).map_err(damaged)?;
        let chosen = Chosen::of(&messages.schema, image, label);
        let chosen = chosen.map_err(|fault| fault.refuse(one, "name them: arrow:PATH,image=COLUMN,label=COLUMN"))?;
        agree(&mut labelled, chosen.labelled()).map_err(|why| refuse(one, why, ALL_NAMES_OR_NUMBERS))?;
        if chosen.label.is_none() && source.0.is_empty() {
            remarks.push(without_labels(label));
        }
        let decoder = FileDecoder::new(messages.schema.clone(), messages.version).with_projection(chosen.projection());
        for block in &messages.batches {
            // Both were within the file.
            let (offset, length) =
                (block.offset() as usize, block.metaDataLength() as usize + block.bodyLength() as usize);
            let batch = guarded(|| {
                let batch = decoder.read_record_batch(block, &map.slice_with_length(offset, length)).map_err(text)?;
                batch.ok_or_else(|| "where a batch should be is none".into())
            });
            add(&batch.map_err(damaged)?, chosen, &mut source, &mut images, &mut texts)
                .map_err(|fault| fault.behind(images.len()).refuse(one, "check that it is a whole Arrow file"))?;
        }
    }
    label_by_name(&mut images, &texts, &mut remarks).map_err(|why| refuse(path, why, ALL_NAMES_OR_NUMBERS))?;
    let (name, state) = (format!("arrow:{rest}"), files::state(&found.paths));
    Encoded::open(Layout { name, path: path.to_owned(), source, images, state, remarks }, options)
}

/// Adds the rows of a batch, whose columns are those of the projection in their order in it.
fn add(
    batch: &RecordBatch,
    chosen: Chosen,
    source: &mut Batches,
    images: &mut Vec<Found<Place>>,
    texts: &mut Vec<Vec<u8>>,
) -> Result<(), Fault> {
    let mut columns = batch.columns().iter();
    let mut next = || columns.next().ok_or("a column is missing");
    let image = next()?;
    let label = chosen.label.map(|_| next()).transpose()?;
    let key = chosen.key.map(|_| next()).transpose()?;
    let whole = image;
    let (image, path) = match image.as_struct_opt() {
        None => (image, None),
        Some(both) => (both.column_by_name("bytes").ok_or("its images have no bytes")?, both.column_by_name("path")),
    };
    for row in 0..batch.num_rows() {
        // A structure that is null may have bytes below it that say nothing.
        if whole.is_null(row) || bytes_at(image, row).is_none() {
            let path = path.filter(|_| !whole.is_null(row)).and_then(|paths| bytes_at(paths, row));
            return Err(Fault::no_image(path.unwrap_or_default()));
        }
        let label = match label {
            None => 0,
            Some(column) if is_text(column.data_type()) => {
                // Numbered when all are known.
                texts.push(bytes_at(column, row).unwrap_or_default().to_vec());
                0
            }
            Some(column) => {
                let label = integer_at(column, row).ok_or_else(Fault::no_label)?;
                u32::try_from(label).map_err(|_| Fault::label(label))?
            }
        };
        let name = path.or(key).and_then(|column| bytes_at(column, row));
        let place = Place { batch: source.0.len(), row };
        images.push(Found { key: name.unwrap_or_default().into(), label, place, header: None });
    }
    source.0.push(image.clone());
    Ok(())
}

#[cfg(test)]
mod tests;
