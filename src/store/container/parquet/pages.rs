//! The pages of a file: found by the offset index, read by the library, taken apart here (a plain page of BYTE_ARRAYs is a
//! length of four bytes and the bytes, one after another).

use super::{IMAGE, LABEL};
use crate::store::container::mapped::Mapped;
use ::parquet::basic::{Compression, Encoding, Repetition, Type as Physical};
use ::parquet::column::page::Page as Raw;
use ::parquet::column::reader::ColumnReader;
use ::parquet::errors::ParquetError;
use ::parquet::file::reader::FileReader;
use ::parquet::file::serialized_reader::{ReadOptionsBuilder, SerializedFileReader};
use bytes::Bytes;
use std::ops::Range;

/// A row group.
struct Group {
    /// Number of its first row.
    first: u64,
    rows: u64,
    /// Numbers, within it, of the first rows of its pages of images.
    pages: Vec<u64>,
}

/// An open file.
pub struct Pages {
    file: SerializedFileReader<Bytes>,
    groups: Vec<Group>,
    rows: u64,
}

fn text(e: ParquetError) -> String {
    e.to_string()
}

impl Pages {
    /// Reads what the footer says of a file.
    ///
    /// # Errors
    /// Why it is no such file.
    pub fn open(map: Mapped) -> Result<Self, String> {
        let options = ReadOptionsBuilder::new().with_page_index().build();
        let file = SerializedFileReader::new_with_options(Bytes::from_owner(map), options).map_err(text)?;
        let metadata = file.metadata();
        let columns = metadata.file_metadata().schema_descr().columns();
        let wanted = [(IMAGE, Physical::BYTE_ARRAY), (LABEL, Physical::INT32)];
        let right = columns.len() == wanted.len()
            && columns.iter().zip(wanted).all(|(column, (name, physical))| {
                let required = column.self_type().get_basic_info().repetition() == Repetition::REQUIRED;
                column.name() == name && column.physical_type() == physical && required
            });
        if !right {
            return Err(format!("its columns are not {IMAGE} and {LABEL}"));
        }
        let (mut groups, mut first) = (Vec::new(), 0_u64);
        for nth in 0..metadata.num_row_groups() {
            let rows =
                u64::try_from(metadata.row_group(nth).num_rows()).map_err(|_| "a row group of less than nothing")?;
            let index = metadata.page_index_for_row_group(nth);
            let locations = index.page_locations(0).ok_or("it has no offset index")?;
            let starts = locations.iter().map(|page| u64::try_from(page.first_row_index).ok());
            let pages: Vec<u64> = starts.collect::<Option<_>>().ok_or("a page before the first row")?;
            let sound = pages.first() == Some(&0) && pages.is_sorted_by(|a, b| a < b) && pages.last() < Some(&rows);
            if !sound {
                return Err(format!("the pages of row group {nth} are not one behind the other"));
            }
            groups.push(Group { first, rows, pages });
            first = first.checked_add(rows).ok_or("more rows than can be")?;
        }
        Ok(Self { file, groups, rows: first })
    }

    /// How many rows there are.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Rows of the longest row group.
    pub fn longest_group(&self) -> u64 {
        self.groups.iter().map(|group| group.rows).max().unwrap_or(0)
    }

    /// Rows of the longest page.
    pub fn longest_page(&self) -> u64 {
        let ends = |group: &Group| group.pages[1..].iter().copied().chain([group.rows]).collect::<Vec<_>>();
        let of_group = |group: &Group| ends(group).iter().zip(&group.pages).map(|(end, start)| end - start).max();
        self.groups.iter().filter_map(of_group).max().unwrap_or(0)
    }

    /// What compresses its pages of images, as the option has it; none where there are no pages.
    pub fn compression(&self) -> Option<String> {
        let metadata = self.file.metadata();
        let group = metadata.row_groups().first()?;
        Some(match group.column(0).compression() {
            Compression::UNCOMPRESSED => "none".into(),
            Compression::SNAPPY => "snappy".into(),
            Compression::ZSTD(_) => "zstd".into(),
            other => other.to_string(),
        })
    }

    /// Whether there is a page of images that has to be decompressed.
    pub fn compresses(&self) -> bool {
        let groups = self.file.metadata().row_groups();
        groups.iter().any(|group| group.column(0).compression() != Compression::UNCOMPRESSED)
    }

    /// All labels.
    ///
    /// # Errors
    /// What the library says.
    pub fn labels(&self) -> Result<Vec<u32>, String> {
        let mut labels = Vec::new();
        for (nth, group) in self.groups.iter().enumerate() {
            let reader = self.file.get_row_group(nth).and_then(|group| group.get_column_reader(1)).map_err(text)?;
            let ColumnReader::Int32ColumnReader(mut reader) = reader else {
                return Err("labels are no numbers".into());
            };
            let (mut values, mut left) = (Vec::new(), usize::try_from(group.rows).unwrap_or(usize::MAX));
            while left > 0 {
                let (read, _, _) = reader.read_records(left, None, None, &mut values).map_err(text)?;
                if read == 0 {
                    return Err(format!("row group {nth} has fewer labels than rows"));
                }
                left = left.saturating_sub(read);
            }
            labels.extend(values.into_iter().map(|label| label as u32));
        }
        Ok(labels)
    }

    /// The page that holds row `row`.
    ///
    /// # Errors
    /// When there is no such row; what the library says.
    pub fn page(&self, row: u64) -> Result<Page, String> {
        let nth =
            self.groups.partition_point(|group| group.first <= row).checked_sub(1).ok_or("there is no such row")?;
        let group = &self.groups[nth];
        let within = row - group.first;
        // The first page begins with the first row.
        let number = group.pages.partition_point(|start| *start <= within) - 1;
        let reader = self.file.get_row_group(nth).map_err(text)?;
        let mut pages = reader.get_column_page_reader(0).map_err(text)?;
        for _ in 0..number {
            pages.skip_next_page().map_err(text)?;
        }
        let start = group.first + group.pages[number];
        let end = group.first + group.pages.get(number + 1).copied().unwrap_or(group.rows);
        Page::new(start..end, pages.get_next_page().map_err(text)?.ok_or("its page is missing")?)
    }
}

/// A page of images.
pub struct Page {
    rows: Range<u64>,
    bytes: Bytes,
    /// Where in `bytes` each image lies.
    places: Vec<Range<usize>>,
}

impl Page {
    fn new(rows: Range<u64>, page: Raw) -> Result<Self, String> {
        let plain = page.is_data_page() && page.encoding() == Encoding::PLAIN;
        if !plain || u64::from(page.num_values()) != rows.end - rows.start {
            return Err("its page is of another kind, or has other rows than the index says".into());
        }
        let bytes = page.buffer().clone();
        let (mut places, mut at) = (Vec::with_capacity((rows.end - rows.start) as usize), 0_usize);
        for _ in rows.clone() {
            let length = bytes.get(at..).and_then(|rest| rest.first_chunk::<4>()).ok_or("its page ends too soon")?;
            let start = at + 4;
            let end = start.checked_add(u32::from_le_bytes(*length) as usize).filter(|end| *end <= bytes.len());
            at = end.ok_or("its page ends too soon")?;
            places.push(start..at);
        }
        Ok(Self { rows, bytes, places })
    }

    /// The rows that it holds.
    pub fn rows(&self) -> &Range<u64> {
        &self.rows
    }

    /// How long it is, decompressed.
    pub fn bytes(&self) -> u64 {
        self.bytes.len() as u64
    }

    /// The image of a row.
    pub fn value(&self, row: u64) -> Option<&[u8]> {
        let nth = row.checked_sub(self.rows.start)?;
        self.bytes.get(self.places.get(usize::try_from(nth).ok()?)?.clone())
    }
}
