//! Records as LMDB hands them to us (label in front, then the codec's bytes), from a container that gives back the input
//! whatever it is asked for: the way from a damaged page of a library's file into our own code.
#![no_main]

use libfuzzer_sys::fuzz_target;
use shelfmark::results::Native;
use shelfmark::sample::{Batch, ImageShape, Shape};
use shelfmark::store::codec::CODECS;
use shelfmark::store::container::record::{
    self, Record, RecordContainer, RecordLayout, RecordReader, RecordStore, RecordWriter,
};
use shelfmark::store::{Capabilities, FormatId, StoreSpec, WriteOptions};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// Gives back one record under every number.
#[derive(Clone)]
struct Same(Arc<Vec<u8>>);

impl RecordContainer for Same {
    fn create(&self, _: &Path, layout: &RecordLayout, _: &WriteOptions) -> shelfmark::Result<Box<dyn RecordWriter>> {
        Err(layout.name.unsupported("writing"))
    }

    fn open(&self, _: &Path, _: &RecordLayout) -> shelfmark::Result<Arc<dyn RecordStore>> {
        Ok(Arc::new(self.clone()))
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::default()
    }

    fn native(&self) -> Option<Native> {
        None
    }

    fn settings(&self, _: &RecordLayout) -> BTreeMap<String, String> {
        BTreeMap::new()
    }

    fn keeps_labels(&self) -> bool {
        false
    }
}

impl RecordStore for Same {
    fn reader(self: Arc<Self>) -> shelfmark::Result<Box<dyn RecordReader>> {
        Ok(Box::new(Same(Arc::clone(&self.0))))
    }
}

impl RecordReader for Same {
    fn get(&mut self, _: u64) -> shelfmark::Result<Record<'_>> {
        Ok(Record { bytes: &self.0, label: 0 })
    }
}

fuzz_target!(|record: &[u8]| {
    let spec = StoreSpec { shape: Shape::Ragged { max: ImageShape::new(40, 50, 4) }, images: 3 };
    let same = Same(Arc::new(record.to_vec()));
    for info in CODECS {
        let id = FormatId { container: "lmdb".into(), codec: info.name.into(), options: BTreeMap::new() };
        let format = record::format(&id, same.clone()).expect("the codec is in the table");
        let at = Path::new("store");
        let mut reader = format.open(at, &spec).and_then(|store| store.reader()).expect("nothing is read yet");
        let mut batch = Batch::new();
        let read = reader.read_batch(&[0, 2], &mut batch).is_ok();
        assert_eq!(batch.len(), if read { 2 } else { 0 }, "{}", info.name);
        // What the audit says of a record must be what reading says of it.
        assert_eq!(format.audit(at, &spec).is_ok(), read, "{}", info.name);
        let _ = reader.read_file(1, &mut batch);
    }
});
