//! The worker's side of the protocol: requests in, replies out, one at a time.

use super::contestant::Contestant;
use super::protocol::{DatasetSpec, Failure, FailureKind, Hold, Looked, PROTOCOL, Reply, Request, WriteTask};
use crate::dataset::{self, Dataset, Memory, Take};
use crate::error::{IoContext, Result};
use crate::measure::space;
use crate::measure::warm::Warm;
use crate::sample::Batch;
use crate::store::copy::write;
use crate::store::registry;
use crate::store::sealed::IfExists;
use crate::store::verify::{Look, verify};
use crate::store::{Threads, WriteOptions};
use crate::workload::{Fingerprints, Source};
use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;

/// Answers requests, a line each, on `output` until `bye` or the end of the input.
///
/// # Errors
/// When an answer cannot be written: the supervisor is gone.
pub fn serve(requests: impl IntoIterator<Item = String>, mut output: impl Write) -> Result<()> {
    let mut worker = Worker::default();
    for line in requests {
        let reply = match serde_json::from_str(&line) {
            Ok(request) => worker.answer(request).unwrap_or_else(Reply::Failed),
            Err(error) => {
                Reply::Failed(Failure::new(FailureKind::Usage, format!("this is no request: {error}: {line}")))
            }
        };
        // Replies have string keys and finite numbers; should one not serialise, the supervisor is told.
        let text = serde_json::to_string(&reply).unwrap_or_else(|error| {
            format!(r#"{{"failed":{{"kind":"failed","message":"a reply cannot be written: {error}"}}}}"#)
        });
        writeln!(output, "{text}").and_then(|()| output.flush()).at("write", "standard output")?;
        if reply == (Reply::Bye {}) {
            break;
        }
    }
    Ok(())
}

#[derive(Default)]
struct Worker {
    contestants: BTreeMap<u32, Contestant>,
    /// What they deliver into, one after another.
    buffers: Vec<Batch>,
    /// Stores that are held in memory.
    warm: Warm,
    /// What was opened last: the cells of one contest write the same images.
    dataset: Option<(DatasetSpec, Arc<dyn Dataset>)>,
    source: Option<(DatasetSpec, u64, Arc<Source>)>,
}

impl Worker {
    fn answer(&mut self, request: Request) -> Result<Reply, Failure> {
        Ok(match request {
            Request::Hello { protocol: PROTOCOL } => {
                Reply::Hello { protocol: PROTOCOL, program: concat!("shelfmark ", env!("CARGO_PKG_VERSION")).into() }
            }
            Request::Hello { protocol } => {
                let message = format!("this worker speaks protocol {PROTOCOL}, not {protocol}");
                return Err(Failure::new(FailureKind::Usage, message));
            }
            Request::Look { dataset } => {
                let dataset = self.dataset(&dataset)?;
                Reply::Looked(Looked { look: dataset::Look::at(&*dataset)?, remarks: dataset.remarks() })
            }
            Request::Facts { dataset } => {
                let dataset = self.dataset(&dataset)?;
                Reply::Facts(Box::new(dataset::facts(&dataset.name(), &*dataset)?))
            }
            Request::Write(task) => self.write(&task)?,
            Request::Hold(Hold { stores, launch, seed }) => {
                // Given back before, or what is held could not be brought into memory anew.
                self.warm = Warm::default();
                let (warm, held) = Warm::new(&stores, launch, seed);
                self.warm = warm;
                Reply::Held { held }
            }
            Request::Prepare { cell, task } => {
                let source = if task.workload.writes() { Some(self.source(&task.dataset, task.images)?) } else { None };
                self.contestants.insert(cell, Contestant::new(task, source)?);
                Reply::Prepared { native: None }
            }
            Request::Turn { cell, warm_up, operations } => {
                let mut buffers = std::mem::take(&mut self.buffers);
                let turned = self.contestant(cell)?.turn(warm_up, operations, &mut buffers);
                self.buffers = buffers;
                Reply::Turned(turned?)
            }
            Request::Probe { cell, operations, counters_only } => {
                Reply::Probed(Box::new(self.contestant(cell)?.probe(operations, counters_only)?))
            }
            Request::Close { cell } => {
                self.contestants.remove(&cell);
                Reply::Closed {}
            }
            Request::Bye {} => {
                self.contestants.clear();
                Reply::Bye {}
            }
        })
    }

    fn contestant(&mut self, cell: u32) -> Result<&mut Contestant, Failure> {
        let missing = || Failure::new(FailureKind::Usage, format!("cell {cell} was not prepared"));
        self.contestants.get_mut(&cell).ok_or_else(missing)
    }

    fn dataset(&mut self, spec: &DatasetSpec) -> Result<Arc<dyn Dataset>> {
        if let Some((_, dataset)) = self.dataset.as_ref().filter(|(known, _)| known == spec) {
            return Ok(Arc::clone(dataset));
        }
        let dataset = dataset::open(&spec.name, &spec.options)?;
        self.dataset = Some((spec.clone(), Arc::clone(&dataset)));
        Ok(dataset)
    }

    /// The first `images` of a dataset, in memory: where images come from must not be part of what is measured.
    fn source(&mut self, spec: &DatasetSpec, images: u64) -> Result<Arc<Source>> {
        if let Some((.., source)) = self.source.as_ref().filter(|(known, n, _)| (known, *n) == (spec, images)) {
            return Ok(Arc::clone(source));
        }
        let taken = Take::new(self.dataset(spec)?, images)?;
        let source = Arc::new(Source::new(Arc::new(Memory::copy_of(&taken)?))?);
        self.source = Some((spec.clone(), images, Arc::clone(&source)));
        Ok(source)
    }

    fn write(&mut self, task: &WriteTask) -> Result<Reply> {
        let resolved = registry::resolve(&task.format.parse()?)?;
        let dataset = Take::new(self.dataset(&task.dataset)?, task.images)?;
        // With all processors: this is preparation, and nobody measures it.
        let options = WriteOptions { threads: Threads::new(None), ..WriteOptions::default() };
        write(&resolved, &dataset, &task.store, options, IfExists::Refuse, &mut |_| Ok(()))?;
        let verified = verify(&task.store, &dataset, Look::AtPixels, options.threads, &mut |_| Ok(()))?;
        let fingerprints = match Fingerprints::through(&dataset, &resolved)? {
            Some(lossy) => lossy,
            None => Fingerprints::of(&dataset)?,
        };
        fingerprints.write(&task.fingerprints)?;
        Ok(Reply::Written { storage: space(&task.store)?, verified })
    }
}
