//! Parquet files with a column of encoded images: `image: struct<bytes, path>` and `label`, as Hugging Face's `datasets`
//! writes them, or a plain column of bytes. To know an image's size is to read its column: opening reads all that is wanted.

use super::encoded::{Encoded, Found, Layout, Source, enough};
use super::files::{self, Files};
use super::kinds::{IMAGES, KEYS, LABELS, any_of, pick, pick_where};
use super::labelled::{ALL_NAMES_OR_NUMBERS, Labelled, agree, label_by_name};
use super::refuse;
use super::rows::{Fault, NO_LABELS, without_labels};
use crate::dataset::OpenOptions;
use crate::error::Result;
use crate::image_file;
use crate::store::container::guard::guarded;
use ::parquet::basic::{ConvertedType, LogicalType, Type as Physical};
use ::parquet::column::reader::{ColumnReader, ColumnReaderImpl, get_column_reader};
use ::parquet::data_type::{ByteArray, ByteArrayType, DataType, Int32Type, Int64Type};
use ::parquet::errors::ParquetError;
use ::parquet::file::metadata::ParquetMetaData;
use ::parquet::file::reader::FileReader;
use ::parquet::file::serialized_reader::{ReadOptionsBuilder, SerializedFileReader, SerializedPageReader};
use ::parquet::schema::types::ColumnDescriptor;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Readers that are kept where they are, for whoever goes on behind them.
const KEPT: usize = 8;

/// Where an image is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    file: u32,
    group: u32,
    row: u32,
}

/// The columns of all files.
pub struct Columns {
    files: Vec<Described>,
    kept: Mutex<Vec<Cursor>>,
}

/// A file that was looked at. It is opened again for each reader: there may be more files than a process may have open.
struct Described {
    path: PathBuf,
    metadata: ParquetMetaData,
    chosen: Chosen,
}

/// The leaves of a file's schema that matter, by number.
struct Chosen {
    image: usize,
    label: Option<usize>,
    /// Whether labels are texts.
    names: bool,
    key: Option<usize>,
    /// Whether keys are the paths that stand beside the images.
    paths: bool,
}

impl Chosen {
    /// What its labels are.
    fn labelled(&self) -> Labelled {
        match self.label {
            None => Labelled::Not,
            Some(_) if self.names => Labelled::Names,
            Some(_) => Labelled::Numbers,
        }
    }
}

/// A reader within a row group.
struct Cursor {
    /// The row that comes next.
    next: Place,
    reader: ColumnReaderImpl<ByteArrayType>,
    /// The level of a value that is there.
    level: i16,
}

fn text(e: ParquetError) -> String {
    e.to_string()
}

/// The next value of a column, if there is one in that row.
fn value<T: DataType>(reader: &mut ColumnReaderImpl<T>, level: i16) -> Result<Option<T::T>, String> {
    let (mut values, mut levels) = (Vec::new(), Vec::new());
    let levels_wanted = (level > 0).then_some(&mut levels);
    match reader.read_records(1, levels_wanted, None, &mut values).map_err(text)? {
        (1, _, _) => Ok(values.pop()),
        _ => Err("its column has fewer rows than its row group".into()),
    }
}

impl Columns {
    fn column(&self, file: u32, group: u32, leaf: usize) -> Result<(ColumnReader, i16), String> {
        let Described { path, metadata, .. } = self.files.get(file as usize).ok_or("its file is not known")?;
        let column = metadata.file_metadata().schema_descr().columns().get(leaf).ok_or("no such column")?;
        let file = Arc::new(File::open(path).map_err(|e| format!("{}: {e}", path.display()))?);
        let places = metadata.page_index_for_row_group(group as usize).page_locations(leaf).cloned();
        let group = metadata.row_group(group as usize);
        let rows = usize::try_from(group.num_rows()).map_err(|e| e.to_string())?;
        let pages = SerializedPageReader::new(file, group.column(leaf), rows, places).map_err(text)?;
        Ok((get_column_reader(column.clone(), Box::new(pages)), column.max_def_level()))
    }

    fn texts(&self, file: u32, group: u32, leaf: usize) -> Result<(ColumnReaderImpl<ByteArrayType>, i16), String> {
        match self.column(file, group, leaf)? {
            (ColumnReader::ByteArrayColumnReader(reader), level) => Ok((reader, level)),
            _ => Err("a column is of another type than the file's schema says".into()),
        }
    }

    /// A reader that stands at `place`: one that stopped there or before, or a new one.
    fn cursor(&self, place: Place) -> Result<Cursor, String> {
        // Poisoned only by a panic while it is changed, of which there is none.
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let behind = |cursor: &Cursor| {
            let same = (cursor.next.file, cursor.next.group) == (place.file, place.group);
            place.row.checked_sub(cursor.next.row).filter(|_| same)
        };
        let near = kept.iter().enumerate().filter_map(|(at, cursor)| Some((behind(cursor)?, at))).min();
        let taken = near.map(|(_, at)| kept.remove(at));
        drop(kept);
        let mut cursor = match taken {
            Some(cursor) => cursor,
            None => {
                let image = self.files.get(place.file as usize).map(|file| file.chosen.image);
                let (reader, level) = self.texts(place.file, place.group, image.ok_or("its file is not known")?)?;
                Cursor { next: Place { row: 0, ..place }, reader, level }
            }
        };
        let skip = (place.row - cursor.next.row) as usize;
        if cursor.reader.skip_records(skip).map_err(text)? != skip {
            return Err("its column has fewer rows than its row group".into());
        }
        cursor.next = place;
        Ok(cursor)
    }

    fn image(&self, place: Place) -> Result<ByteArray, String> {
        let mut cursor = self.cursor(place)?;
        let image = value(&mut cursor.reader, cursor.level)?.ok_or("there is no image in this row")?;
        cursor.next.row += 1;
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT {
            kept.remove(0);
        }
        kept.push(cursor);
        Ok(image)
    }
}

impl Source for Columns {
    type Place = Place;

    fn fetch(&self, place: &Place, _: usize, out: &mut Vec<u8>) -> Result<(), String> {
        let image = guarded(|| self.image(*place))?;
        out.extend_from_slice(image.data());
        Ok(())
    }
}

/// Whether a column of bytes is said to hold texts; without that it may hold anything.
fn is_text(leaf: &ColumnDescriptor) -> bool {
    matches!(leaf.converted_type(), ConvertedType::UTF8 | ConvertedType::ENUM)
        || matches!(leaf.logical_type_ref(), Some(LogicalType::String | LogicalType::Enum))
}

/// Whether a column of integers is said to hold whole numbers, and not what else is kept in such: hundredths, days, times.
fn is_whole_number(leaf: &ColumnDescriptor) -> bool {
    let other = |kind: &LogicalType| !matches!(kind, LogicalType::Integer(_) | LogicalType::Unknown);
    use ConvertedType::{INT_8, INT_16, INT_32, INT_64, NONE, UINT_8, UINT_16, UINT_32, UINT_64};
    let plain = [NONE, INT_8, INT_16, INT_32, INT_64, UINT_8, UINT_16, UINT_32, UINT_64];
    plain.contains(&leaf.converted_type()) && !leaf.logical_type_ref().is_some_and(other)
}

/// What a column is said to hold, or else the type that it is kept in.
fn kind_of(leaf: &ColumnDescriptor) -> String {
    match (leaf.converted_type(), leaf.logical_type_ref()) {
        // Its name alone, and not what units and zones it has.
        (ConvertedType::NONE, Some(logical)) => {
            let name = format!("{logical:?}");
            name.split([' ', '(']).next().unwrap_or_default().to_uppercase()
        }
        (ConvertedType::NONE, None) => leaf.physical_type().to_string(),
        (converted, _) => converted.to_string(),
    }
}

/// Which columns have these names, or the usual ones.
fn choose(metadata: &ParquetMetaData, image: Option<&str>, label: Option<&str>) -> Result<Chosen, Fault> {
    let leaves = metadata.file_metadata().schema_descr().columns();
    // Lists have many values in a row.
    let flat =
        |physical: Physical, leaf: usize| leaves[leaf].physical_type() == physical && leaves[leaf].max_rep_level() == 0;
    let paths: Vec<_> = leaves.iter().map(|leaf| leaf.path().parts().join(".")).collect();
    let names: Vec<&str> = paths.iter().map(|path| path.strip_suffix(".bytes").unwrap_or(path)).collect();
    let there = || paths.iter().take(10).map(String::as_str).collect::<Vec<_>>().join(", ");
    let found = pick_where(&names, image, IMAGES, |leaf| flat(Physical::BYTE_ARRAY, leaf));
    let called = || image.map_or_else(|| any_of(IMAGES), str::to_owned);
    let (image, name) =
        found.ok_or_else(|| format!("no column of bytes is called {}; it has {}", called(), there()))?;
    // A list or a struct is a column, too, though its leaves have longer names.
    let columns: Vec<_> = leaves.iter().map(|leaf| leaf.path().parts()[0].as_str()).collect();
    let whole = label.and_then(|_| pick_where(&names, label, LABELS, |leaf| leaf != image));
    let found = whole.or_else(|| pick_where(&columns, label, LABELS, |leaf| columns[leaf] != columns[image]));
    let found = found.map(|(leaf, _)| leaf);
    let within = |leaf: usize| whole.is_none() && leaves[leaf].path().parts().len() > 1;
    if let (Some(given), None) = (label.filter(|given| *given != NO_LABELS), found) {
        return Err(match given.eq_ignore_ascii_case(name) {
            true => format!("{given} is its column of images, and cannot be that of labels, too").into(),
            false => format!("there is no column {given}; it has {}", there()).into(),
        });
    }
    let numbers =
        |leaf: usize| (flat(Physical::INT32, leaf) || flat(Physical::INT64, leaf)) && is_whole_number(&leaves[leaf]);
    let texts = |leaf: usize| flat(Physical::BYTE_ARRAY, leaf) && is_text(&leaves[leaf]);
    if let Some(leaf) = found.filter(|leaf| within(*leaf) || !numbers(*leaf) && !texts(*leaf)) {
        let kind = kind_of(&leaves[leaf]);
        return Err(match (leaves[leaf].max_rep_level(), leaves[leaf].path().parts().len()) {
            (0, 1) => Fault::type_of_labels(&paths[leaf], kind),
            (0, _) => Fault::type_of_labels(columns[leaf], format_args!("struct (with {} of {kind})", paths[leaf])),
            _ => Fault::type_of_labels(columns[leaf], format_args!("list of {kind}")),
        });
    }
    let beside = names.iter().position(|found| *found == format!("{name}.path"));
    let key = beside.or(pick(&names, None, KEYS).map(|(leaf, _)| leaf));
    let key = key.filter(|leaf| *leaf != image && flat(Physical::BYTE_ARRAY, *leaf));
    Ok(Chosen { image, label: found, names: found.is_some_and(texts), key, paths: beside.is_some() })
}

/// Opens the file or folder of files at `path`; `rest` is all that the command line says.
///
/// # Errors
/// When they are no Parquet files, or have no such columns.
pub fn open(
    rest: &str,
    path: &Path,
    [image, label]: [Option<&str>; 2],
    options: &OpenOptions,
) -> Result<Encoded<Columns>> {
    let mut remarks = Vec::new();
    let found = Files::find(path, |name| name.ends_with(".parquet"), ".parquet file", &mut remarks)?;
    let mut source = Columns { files: Vec::new(), kept: Mutex::default() };
    let (mut images, mut texts, mut labelled) = (Vec::new(), Vec::new(), None);
    for (nth, one) in (0..).zip(&found.paths) {
        // To number names all of them have to be known.
        if images.len() >= enough(options) && labelled != Some(Labelled::Names) {
            break;
        }
        let damaged = |why: String| refuse(one, why, "check that it is a whole Parquet file");
        let metadata = guarded(|| {
            let file = File::open(one).map_err(|e| e.to_string())?;
            // Pages that are not wanted are passed over where the file says where they are.
            let options = ReadOptionsBuilder::new().with_page_index().build();
            SerializedFileReader::new_with_options(file, options).map(|file| file.metadata().clone()).map_err(text)
        });
        let metadata = metadata.map_err(damaged)?;
        let chosen = told(|| choose(&metadata, image, label));
        let chosen = chosen.map_err(|fault| fault.refuse(one, "name them: parquet:PATH,image=COLUMN,label=COLUMN"))?;
        agree(&mut labelled, chosen.labelled()).map_err(|why| refuse(one, why, ALL_NAMES_OR_NUMBERS))?;
        if chosen.label.is_none() && nth == 0 {
            remarks.push(without_labels(label));
        }
        source.files.push(Described { path: one.clone(), metadata, chosen });
        told(|| scan(&source, nth, enough(options), &mut images))
            .map_err(|fault| fault.behind(images.len()).refuse(one, "check that it is a whole Parquet file"))?;
        guarded(|| source.label_texts(nth, &mut texts)).map_err(|why| refuse(one, why, ALL_NAMES_OR_NUMBERS))?;
    }
    label_by_name(&mut images, &texts, &mut remarks).map_err(|why| refuse(path, why, ALL_NAMES_OR_NUMBERS))?;
    let (name, state) = (format!("parquet:{rest}"), files::state(&found.paths));
    Encoded::open(Layout { name, path: path.to_owned(), source, images, state, remarks }, options)
}

/// Does `call`, with a panic as a fault.
fn told<T>(call: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
    guarded(|| Ok(call())).unwrap_or_else(|why| Err(why.into()))
}

/// Adds the rows of file `nth` to `images`, up to `enough`.
fn scan(source: &Columns, nth: u32, enough: usize, images: &mut Vec<Found<Place>>) -> Result<(), Fault> {
    let Described { metadata, chosen, .. } = source.files.get(nth as usize).ok_or("its file is not known")?;
    let Chosen { image, label, key, paths, .. } = chosen;
    for group in 0..metadata.num_row_groups() as u32 {
        let mut labels = label.map(|leaf| Labels::new(source, (nth, group), leaf)).transpose()?;
        let mut keys = key.map(|leaf| source.texts(nth, group, leaf)).transpose()?;
        let (mut reader, level) = source.texts(nth, group, *image)?;
        let rows = u32::try_from(metadata.row_group(group as usize).num_rows());
        for row in 0..rows.map_err(|_| "a row group has more rows than can be, or less than none")? {
            if images.len() >= enough {
                return Ok(());
            }
            let bytes = value(&mut reader, level)?;
            let name = match &mut keys {
                Some((reader, level)) => value(reader, *level)?,
                None => None,
            };
            let name = name.as_ref().map(ByteArray::data).unwrap_or_default();
            let bytes = bytes.ok_or_else(|| Fault::no_image(if *paths { name } else { &[] }))?;
            let label = labels.as_mut().map_or(Ok(0), Labels::next)?;
            let place = Place { file: nth, group, row };
            images.push(Found { key: name.into(), label, place, header: image_file::header(bytes.data()).ok() });
        }
    }
    Ok(())
}

impl Columns {
    /// Adds the labels of file `nth`, where they are texts; one that is missing is empty.
    fn label_texts(&self, nth: u32, texts: &mut Vec<Vec<u8>>) -> Result<(), String> {
        let Described { metadata, chosen, .. } = self.files.get(nth as usize).ok_or("its file is not known")?;
        let Some(leaf) = chosen.label else { return Ok(()) };
        for group in 0..metadata.num_row_groups() as u32 {
            let (ColumnReader::ByteArrayColumnReader(mut reader), level) = self.column(nth, group, leaf)? else {
                return Ok(());
            };
            for _ in 0..metadata.row_group(group as usize).num_rows() {
                texts.push(value(&mut reader, level)?.map(|text| text.data().to_vec()).unwrap_or_default());
            }
        }
        Ok(())
    }
}

/// A column of labels.
enum Labels {
    /// Numbered when all are known.
    Texts,
    Short(ColumnReaderImpl<Int32Type>, i16, bool),
    Long(ColumnReaderImpl<Int64Type>, i16),
}

impl Labels {
    fn new(source: &Columns, (file, group): (u32, u32), leaf: usize) -> Result<Self, String> {
        let Described { metadata, .. } = source.files.get(file as usize).ok_or("its file is not known")?;
        let column = metadata.file_metadata().schema_descr().columns().get(leaf).ok_or("no such column")?;
        // UINT_32 is kept in the bits of an INT32.
        let unsigned = column.converted_type() == ConvertedType::UINT_32;
        match source.column(file, group, leaf)? {
            (ColumnReader::Int32ColumnReader(reader), level) => Ok(Self::Short(reader, level, unsigned)),
            (ColumnReader::Int64ColumnReader(reader), level) => Ok(Self::Long(reader, level)),
            (ColumnReader::ByteArrayColumnReader(_), _) => Ok(Self::Texts),
            _ => Err("its labels are no whole numbers".into()),
        }
    }

    fn next(&mut self) -> Result<u32, Fault> {
        let label = match self {
            Self::Texts => Some(0),
            Self::Short(reader, level, true) => value(reader, *level)?.map(|label| i64::from(label as u32)),
            Self::Short(reader, level, false) => value(reader, *level)?.map(i64::from),
            Self::Long(reader, level) => value(reader, *level)?,
        };
        let label = label.ok_or_else(Fault::no_label)?;
        u32::try_from(label).map_err(|_| Fault::label(label))
    }
}

#[cfg(test)]
mod tests;
