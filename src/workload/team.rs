//! Reading with several threads: each batch is cut into slices, one for each thread, which has a reader of its own. What is
//! timed is the batch: until the last slice is there.

use super::read::{Opener, read_all_of};
use super::{Fingerprints, Order, Session, exchange};
use crate::error::{Error, Result};
use crate::measure::Stopwatch;
use crate::sample::Batch;
use crate::store::ImageReader;
use crate::store::container::StoreName;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

/// What travels between the session and a thread, back and forth, so that nothing is allocated anew.
#[derive(Default)]
struct Slice {
    indices: Vec<u64>,
    delivered: Batch,
}

struct Member {
    /// None only while the session is being dropped.
    ask: Option<Sender<Slice>>,
    answers: Receiver<(Slice, Result<()>)>,
    thread: Option<JoinHandle<()>>,
    /// The slice while nobody reads it.
    idle: Slice,
}

/// Reads from one open store by several threads.
pub(super) struct Team {
    members: Vec<Member>,
    name: StoreName,
    expected: Arc<Fingerprints>,
    order: Order,
    batch: u64,
    indices: Vec<u64>,
}

impl Team {
    /// Opens the store; operations of `batch` images in the order given, by `threads` threads.
    pub(super) fn new(
        store: &Path,
        expected: &Arc<Fingerprints>,
        order: Order,
        batch: u64,
        threads: u32,
        open: &Opener,
    ) -> Result<Self> {
        let open = open(store)?;
        read_all_of(&open, store, expected)?;
        let name = StoreName::new(&open.resolved.id, store);
        let members = (0..threads.max(1)).map(|_| Member::new(open.reader()?)).collect::<Result<_>>()?;
        Ok(Self { members, name, expected: Arc::clone(expected), order, batch, indices: Vec::new() })
    }

    fn one_batch(&mut self, watch: &mut Stopwatch<'_>) -> Result<()> {
        let share = self.indices.len().div_ceil(self.members.len()).max(1);
        let mut slices = self.indices.chunks(share);
        for member in &mut self.members {
            member.idle.delivered.clear_and_spoil();
            member.idle.indices.clear();
            member.idle.indices.extend_from_slice(slices.next().unwrap_or_default());
        }
        let members = &mut self.members;
        watch.operations([()], |()| {
            for member in members.iter_mut() {
                let slice = std::mem::take(&mut member.idle);
                member.ask.as_ref().map(|ask| ask.send(slice)).transpose().map_err(|_| gone())?;
            }
            // All of them, or the next batch would find the answers of this one.
            members.iter_mut().map(Member::take_answer).fold(Ok(()), Result::and)
        })?;
        for Member { idle, .. } in &self.members {
            self.expected.check(&self.name, &idle.indices, &idle.delivered)?;
        }
        Ok(())
    }
}

impl Member {
    fn new(mut reader: Box<dyn ImageReader>) -> Result<Self> {
        let (ask, asked) = channel::<Slice>();
        let (answer, answers) = channel();
        let thread = std::thread::Builder::new().name("reader".into()).spawn(move || {
            for mut slice in asked {
                let outcome = reader.read_batch(&slice.indices, &mut slice.delivered);
                if answer.send((slice, outcome)).is_err() {
                    return;
                }
            }
        });
        let thread = thread.map_err(|source| Error::Io { action: "start a thread in", path: ".".into(), source })?;
        Ok(Self { ask: Some(ask), answers, thread: Some(thread), idle: Slice::default() })
    }

    fn take_answer(&mut self) -> Result<()> {
        let (slice, outcome) = self.answers.recv().map_err(|_| gone())?;
        self.idle = slice;
        outcome
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        // It ends when nobody can ask any more; its reader must be gone before the store is opened again.
        self.ask = None;
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has said so itself.
            let _ = thread.join();
        }
    }
}

fn gone() -> Error {
    Error::Io { action: "read with a thread in", path: ".".into(), source: std::io::ErrorKind::BrokenPipe.into() }
}

impl Session for Team {
    fn run(&mut self, operations: u64, watch: &mut Stopwatch<'_>) -> Result<u64> {
        let mut images = 0;
        for _ in 0..operations {
            self.order.next(self.batch, &mut self.indices);
            self.one_batch(watch)?;
            images += self.indices.len() as u64;
        }
        Ok(images)
    }

    fn exchange_buffers(&mut self, buffers: &mut Vec<Batch>) {
        exchange(self.members.iter_mut().map(|member| &mut member.idle.delivered), buffers);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::Memory;
    use crate::measure::Simulated;
    use crate::store::copy::write;
    use crate::store::registry::resolve;
    use crate::store::sealed::{IfExists, OpenStore};
    use crate::store::{MANIFEST_FILE, WriteOptions};

    #[test]
    fn every_thread_reads_its_share_and_what_it_delivers_is_checked() {
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("store");
        let dataset = Memory::ragged(50, &[3]);
        let resolved = resolve(&"dir:raw".parse().unwrap()).unwrap();
        write(&resolved, &dataset, &store, WriteOptions::default(), IfExists::Refuse, &mut |_| Ok(())).unwrap();
        let expected = Arc::new(Fingerprints::of(&dataset).unwrap());
        for threads in [1, 3, 60] {
            let order = Order::shuffled(50, 1);
            let mut team = Team::new(&store, &expected, order, 16, threads, &OpenStore::open).unwrap();
            let clock = Simulated::ticking(1);
            let mut watch = Stopwatch::new(&clock);
            // A pass is three batches of 16 and one of 2: some threads have nothing to do.
            assert_eq!(team.run(8, &mut watch).unwrap(), 100, "{threads}");
            assert_eq!(watch.elapsed_ns(), 8, "a batch is one piece of work");
            let shares: Vec<_> = team.members.iter().map(|member| member.idle.indices.len()).collect();
            assert_eq!(shares.iter().sum::<usize>(), 2);
        }
        // Other images under the same names: the check of every thread's share finds them.
        let wrong = Arc::new(Fingerprints::of(&Memory::ragged(50, &[1])).unwrap());
        assert!(Team::new(&store, &wrong, Order::sequential(50), 16, 2, &OpenStore::open).is_err());
        let order = Order::sequential(50);
        let mut team = Team::new(&store, &expected, order, 16, 2, &OpenStore::open).unwrap();
        for entry in walkdir::WalkDir::new(&store).into_iter().flatten().filter(|e| e.file_type().is_file()) {
            if entry.file_name() != MANIFEST_FILE && entry.metadata().unwrap().len() > 40 {
                let mut bytes = std::fs::read(entry.path()).unwrap();
                *bytes.last_mut().unwrap() ^= 1;
                std::fs::write(entry.path(), bytes).unwrap();
            }
        }
        assert!(team.run(4, &mut Stopwatch::new(&Simulated::ticking(1))).is_err());
    }
}
