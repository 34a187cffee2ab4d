//! `zip`: one ZIP archive (PKWARE's APPNOTE 6.3) of uncompressed files, `00000012.png`, with the labels in `dataset.json` as
//! StyleGAN's tools keep them, `{"labels": [["00000012.png", 7], ...]}`. The archive's directory is read on opening; a file is
//! then found without a search, and its CRC-32 verified on every read, as every ZIP library does.

mod sink;

use super::fetch::fetch;
use super::in_place::InPlace;
use super::mapped::{Mapped, READAHEAD, Reads, TUNED};
use super::output::Output;
use super::record::{self, NewRecord, Record, RecordContainer, RecordLayout, RecordStore, RecordWriter};
use super::{ContainerInfo, StoreName};
use crate::error::{IoContext, Result};
use crate::results::Native;
use crate::store::facts::Facts;
use crate::store::{Capabilities, Durability, WriteOptions, sync};
use ::zip::write::{PreparedZipFile, SimpleFileOptions};
use ::zip::{CompressionMethod, ZipArchive, ZipWriter};
use serde::{Deserialize, Serialize};
use sink::Sink;
use std::collections::BTreeMap;
use std::io::{Cursor, Write};
use std::path::Path;
use std::sync::Arc;

pub const INFO: ContainerInfo = ContainerInfo {
    about: "one ZIP of uncompressed files, CRC-32 checked",
    codecs: &["png", "raw", "source", "jpeg", "qoi", "webp", "zstd", "lz4"],
    facts: Facts {
        licence: "MIT (zip)",
        specification: ".ZIP File Format Specification (APPNOTE 6.3); dataset.json of StyleGAN's dataset tool",
        others: "StyleGAN's loader, Python's zipfile, every archiver",
    },
    options: &[READAHEAD],
    tuned: &[TUNED],
    labels: "dataset.json in the archive",
    make: |id| record::format(id, Zip { reads: Reads::of(id) }),
};

const FILE: &str = "images.zip";
const LABELS: &str = "dataset.json";

struct Zip {
    reads: Reads,
}

/// `dataset.json`.
#[derive(Serialize, Deserialize)]
struct Labels {
    labels: Vec<(String, u32)>,
}

impl RecordContainer for Zip {
    fn create(&self, at: &Path, layout: &RecordLayout, write: &WriteOptions) -> Result<Box<dyn RecordWriter>> {
        let zip = ZipWriter::new(Sink::new(Output::create(&at.join(FILE))?));
        let (labels, sync_each) = (Labels { labels: Vec::new() }, write.durability == Durability::Each);
        Ok(Box::new(Writer { zip, labels, sync_each, name: layout.name.clone() }))
    }

    fn open(&self, _: &Path, layout: &RecordLayout) -> Result<Arc<dyn RecordStore>> {
        let name = &layout.name;
        let map = Mapped::open(FILE, self.reads, name)?;
        let (members, labels) = read_directory(map.bytes(), layout)?;
        let labels = read_labels(&map, labels, layout)?;
        Ok(Arc::new(Store { map, members, labels, name: name.clone() }))
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { checksums: true, zero_copy: true, ..Capabilities::RECORDS }
    }

    fn native(&self) -> Option<Native> {
        Some(Native { library: "zip".into(), version: env!("BUILT_ZIP_VERSION").into() })
    }

    fn settings(&self, _: &RecordLayout) -> BTreeMap<String, String> {
        BTreeMap::from([
            ("ZIP method".into(), "stored".into()),
            ("ZIP checksums".into(), "verified on every read".into()),
            ("ZIP read".into(), format!("{}, at the places that the directory gives", self.reads.words())),
        ])
    }

    fn keeps_labels(&self) -> bool {
        true
    }
}

fn member_name(index: u64, extension: &str) -> String {
    format!("{index:08}.{extension}")
}

struct Writer {
    zip: ZipWriter<Sink<Output>>,
    labels: Labels,
    sync_each: bool,
    name: StoreName,
}

impl Writer {
    fn add(&mut self, member: &str, bytes: &[u8]) -> Result<()> {
        // With its checksum worked out first a file is written in one go, and its header not gone back to.
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
        let prepared = PreparedZipFile::from_data(member, options, bytes);
        prepared.and_then(|file| self.zip.add_prepared_file(file)).map_err(|e| self.name.failed("zip", "write", e))
    }
}

impl RecordWriter for Writer {
    fn put(&mut self, record: NewRecord<'_>) -> Result<()> {
        let member = member_name(record.index, record.extension);
        self.add(&member, record.bytes)?;
        self.labels.labels.push((member, record.label));
        Ok(())
    }

    /// The files so far; their directory comes last, so that of an archive cut short only what repairs archives finds them.
    fn sync(&mut self) -> Result<()> {
        self.zip.flush().at("write", self.name.path.join(FILE))?;
        self.zip.get_ref().map_or(Ok(()), |sink| sink.inner.sync())?;
        sync::one(&self.name.path)
    }

    fn finish(mut self: Box<Self>) -> Result<()> {
        let fail =
            |name: &StoreName, e: &serde_json::Error| name.error(format!("labels: {e}"), "write the store again");
        let labels = serde_json::to_vec(&self.labels).map_err(|e| fail(&self.name, &e))?;
        self.add(LABELS, &labels)?;
        let Self { zip, name, sync_each, .. } = *self;
        let sink = zip.finish().map_err(|e| name.failed("zip", "finish", e))?;
        sink.into_inner().map_err(|why| name.failed("zip", "finish", why))?.flush(sync_each)
    }
}

/// Where a file of the archive lies.
#[derive(Debug, Clone, Copy)]
struct Member {
    /// Where its own header begins.
    header: u64,
    length: u64,
    crc32: u32,
}

/// Bytes of a file's header before its name.
const HEADER_BYTES: usize = 30;

impl Member {
    /// What stands before its name.
    fn header(self, map: &Mapped) -> Option<&[u8]> {
        map.part(self.header, HEADER_BYTES as u64)
    }

    /// Its bytes, whose checksum is right.
    fn bytes(self, map: &Mapped) -> Result<&[u8], String> {
        let header = self.header(map).ok_or("it would lie beyond the archive's end")?;
        if !header.starts_with(b"PK\x03\x04") {
            return Err("there is no file where the directory says".into());
        }
        // The header has a name and an extra field of its own, perhaps not as long as the directory's.
        let length = |at: usize| u64::from(u16::from_le_bytes([header[at], header[at + 1]]));
        let start = self.header + HEADER_BYTES as u64 + length(26) + length(28);
        let bytes = map.part(start, self.length).ok_or("it would lie beyond the archive's end")?;
        match crc32fast::hash(bytes) == self.crc32 {
            true => Ok(bytes),
            false => Err("its checksum (CRC-32) is wrong".into()),
        }
    }
}

/// The images of an archive in order, and where the labels lie.
fn read_directory(archive: &[u8], layout: &RecordLayout) -> Result<(Vec<Member>, Member)> {
    let name = &layout.name;
    let damaged = |what: String| name.damaged(format!("{FILE}: {what}"));
    let directory = ZipArchive::new(Cursor::new(archive)).map_err(|e| damaged(e.to_string()))?.metadata();
    if directory.len() as u64 != layout.records.saturating_add(1) || directory.has_duplicate_names() {
        let files = directory.len();
        return Err(damaged(format!("it holds {files} files for {} images and their labels", layout.records)));
    }
    let mut members = Vec::with_capacity(directory.len());
    for index in 0..directory.len() {
        let entry = directory.entry(index).map_err(|e| damaged(e.to_string()))?;
        let found = entry.name_raw();
        let expected = match index as u64 == layout.records {
            true => found == LABELS.as_bytes(),
            false => found.starts_with(member_name(index as u64, "").as_bytes()),
        };
        let stored = entry.compression() == CompressionMethod::Stored && !entry.encrypted();
        if !expected || !stored || entry.size() != entry.compressed_size() {
            return Err(damaged(format!("file {index} is not the one that belongs there, uncompressed")));
        }
        members.push(Member { header: entry.header_start(), length: entry.size(), crc32: entry.crc32() });
    }
    let labels = members.pop().ok_or_else(|| damaged("it is empty".into()))?;
    match members.iter().position(|member| member.length > layout.max_record_bytes()) {
        Some(long) => Err(damaged(format!("image {long} is too long for any image"))),
        None => Ok((members, labels)),
    }
}

fn read_labels(map: &Mapped, labels: Member, layout: &RecordLayout) -> Result<Vec<u32>> {
    let damaged = |what: String| layout.name.damaged(format!("{LABELS}: {what}"));
    let bytes = labels.bytes(map).map_err(damaged)?;
    let Labels { labels } = serde_json::from_slice(bytes).map_err(|e| damaged(e.to_string()))?;
    let right = |(index, (file, _)): (usize, &(String, u32))| file.starts_with(&member_name(index as u64, ""));
    match labels.len() as u64 == layout.records && labels.iter().enumerate().all(right) {
        true => Ok(labels.into_iter().map(|(_, label)| label).collect()),
        false => Err(damaged(format!("it does not hold a label for each of {} images, in order", layout.records))),
    }
}

struct Store {
    map: Mapped,
    members: Vec<Member>,
    labels: Vec<u32>,
    name: StoreName,
}

impl Store {
    fn member(&self, index: u64) -> Option<Member> {
        self.members.get(usize::try_from(index).ok()?).copied()
    }
}

impl InPlace for Store {
    fn fetch(&self, index: u64) {
        let header = self.member(index).and_then(|member| member.header(&self.map));
        header.into_iter().for_each(fetch);
    }

    fn record(&self, index: u64) -> Result<Record<'_>> {
        let damaged = |why: String| self.name.damaged(format!("image {index}: {why}"));
        let label = usize::try_from(index).ok().and_then(|at| self.labels.get(at).copied());
        let (member, label) = self.member(index).zip(label).ok_or_else(|| damaged("it is missing".into()))?;
        Ok(Record { bytes: member.bytes(&self.map).map_err(damaged)?, label })
    }
}

#[cfg(test)]
mod tests;
