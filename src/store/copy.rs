//! A dataset into a store: read (and decoded) by as many threads as the options allow, written in order by one.

use crate::dataset::Dataset;
use crate::error::{Error, Result};
use crate::image_file;
use crate::sample::{Batch, Shape};
use crate::store::registry::Resolved;
use crate::store::sealed::{IfExists, StoreWriter};
use crate::store::{StoreSpec, Threads, WriteOptions};
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};

/// Samples handed over at once, unless they are large.
const BATCH: u64 = 256;

/// Decoded bytes handed over at once, unless a single image is larger: memory stays flat whatever the images' size.
const BATCH_BYTES: u64 = 16 << 20;

/// Images that one thread reads before it is another's turn, where images may be large.
const TURN: u64 = 32;

/// How many images are handled at once if all are as large as this shape allows.
pub fn batch_images(shape: &Shape) -> u64 {
    (BATCH_BYTES / (shape.max().bytes() as u64).max(1)).clamp(1, BATCH)
}

/// In which form samples are moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Decoded.
    Pixels,
    /// As encoded files, each decoded once to see that it can be.
    CheckedFiles,
    /// As encoded files, without a look at what is in them.
    Files,
}

impl Form {
    /// What a format takes.
    pub fn of(resolved: &Resolved) -> Self {
        if resolved.format.takes_files() { Self::CheckedFiles } else { Self::Pixels }
    }

    /// Appends sample `index` of `dataset` in this form. `scratch` is used for decoding.
    ///
    /// # Errors
    /// What the dataset says; a file that cannot be decoded.
    pub fn read(self, dataset: &dyn Dataset, index: u64, scratch: &mut Batch, out: &mut Batch) -> Result<()> {
        match self {
            Self::Pixels => dataset.read(index, out),
            Self::Files => dataset.read_file(index, out),
            Self::CheckedFiles => {
                dataset.read_file(index, out)?;
                scratch.clear();
                let Some(sample) = out.len().checked_sub(1).and_then(|last| out.get(last)) else { return Ok(()) };
                let decoded = image_file::decode(sample.file, |_| Ok(()), 0, scratch);
                decoded.map_err(|why| crate::dataset::broken_image(dataset, index, sample.key, &why))
            }
        }
    }
}

/// Writes `dataset` as a store of this format at `target`. `progress` is told of images written, and may stop it all by
/// returning an error.
///
/// # Errors
/// As [`StoreWriter`]; what the dataset says; what `progress` says.
pub fn write(
    resolved: &Resolved,
    dataset: &dyn Dataset,
    target: &Path,
    options: WriteOptions,
    if_exists: IfExists,
    progress: &mut dyn FnMut(u64) -> Result<()>,
) -> Result<()> {
    let spec = StoreSpec { shape: dataset.shape(), images: dataset.len() };
    let mut writer = StoreWriter::create(resolved, target, &spec, options, if_exists)?;
    writer.name_dataset(dataset.name());
    each_batch(dataset, 0, Form::of(resolved), options.threads, &mut |samples| {
        writer.append(samples)?;
        progress(samples.len() as u64)
    })?;
    writer.finish()
}

/// Hands all samples from `first` on to `consume`, in order, a batch at a time; several threads read ahead.
///
/// # Errors
/// What the dataset or `consume` says first.
pub fn each_batch(
    dataset: &dyn Dataset,
    first: u64,
    form: Form,
    threads: Threads,
    consume: &mut dyn FnMut(&Batch) -> Result<()>,
) -> Result<()> {
    let plan = Plan { dataset, first, form, images: batch_images(&dataset.shape()).max(TURN) };
    if threads.get() == 1 {
        let mut scratch = Batch::new();
        return (0..plan.turns()).try_for_each(|nth| {
            plan.read(nth, &mut scratch, &mut Batch::new, &mut |batch| {
                consume(&batch)?;
                Ok(Some(batch))
            })
        });
    }
    std::thread::scope(|scope| {
        // Reader k has the turns k, k + readers, ... and is asked for them in turn, which keeps the order. One batch
        // ready and one in the making for each bounds the memory.
        let readers = (threads.get() as u64).min(plan.turns());
        let running: Vec<_> = (0..readers)
            .map(|reader| {
                let (ready, messages) = sync_channel(1);
                let (give_back, used) = channel();
                let plan = &plan;
                scope.spawn(move || plan.read_every(reader, readers, &ready, &used));
                Running { messages, give_back }
            })
            .collect();
        (0..plan.turns()).try_for_each(|nth| running[(nth % readers) as usize].take_turn(consume))
    })
}

/// What a reading thread says.
enum Message {
    /// The next samples of its turn.
    Samples(Batch),
    /// The turn is over.
    End,
    /// It cannot go on.
    Failed(Error),
}

/// The other ends of a reading thread's channels.
struct Running {
    messages: Receiver<Message>,
    give_back: Sender<Batch>,
}

impl Running {
    fn take_turn(&self, consume: &mut dyn FnMut(&Batch) -> Result<()>) -> Result<()> {
        // A reader hangs up early only by panicking, and then the scope passes the panic on.
        while let Ok(message) = self.messages.recv() {
            match message {
                Message::Samples(batch) => {
                    consume(&batch)?;
                    // The memory is used again; a reader that has nothing left to read does not want it.
                    let _ = self.give_back.send(batch);
                }
                Message::End => return Ok(()),
                Message::Failed(error) => return Err(error),
            }
        }
        Ok(())
    }
}

struct Plan<'a> {
    dataset: &'a dyn Dataset,
    first: u64,
    form: Form,
    /// A turn.
    images: u64,
}

impl Plan<'_> {
    fn turns(&self) -> u64 {
        self.dataset.len().saturating_sub(self.first).div_ceil(self.images)
    }

    /// Reads turn `nth` and hands it over in batches that stay small, however large the images are. `hand_over` may
    /// give the memory back at once.
    fn read(
        &self,
        nth: u64,
        scratch: &mut Batch,
        memory: &mut dyn FnMut() -> Batch,
        hand_over: &mut dyn FnMut(Batch) -> Result<Option<Batch>>,
    ) -> Result<()> {
        let start = self.first + nth * self.images;
        let end = (start + self.images).min(self.dataset.len());
        let mut batch = memory();
        batch.clear();
        for index in start..end {
            self.form.read(self.dataset, index, scratch, &mut batch)?;
            if batch.bytes() as u64 >= BATCH_BYTES || index + 1 == end {
                batch = hand_over(batch)?.unwrap_or_else(&mut *memory);
                batch.clear();
            }
        }
        Ok(())
    }

    fn read_every(&self, first: u64, step: u64, ready: &SyncSender<Message>, used: &Receiver<Batch>) {
        let mut scratch = Batch::new();
        for nth in (first..self.turns()).step_by(step as usize) {
            let mut gone = false;
            let outcome = self.read(nth, &mut scratch, &mut || used.try_recv().unwrap_or_default(), &mut |batch| {
                gone |= ready.send(Message::Samples(batch)).is_err();
                Ok(None)
            });
            let failed = outcome.is_err();
            let last = outcome.map_or_else(Message::Failed, |()| Message::End);
            // Nobody listens any more when the copy failed elsewhere.
            if ready.send(last).is_err() || failed || gone {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{Memory, Take};
    use crate::sample::ImageShape;
    use std::sync::Arc;

    fn labels(dataset: &dyn Dataset, first: u64, threads: usize) -> Result<Vec<u32>> {
        let mut labels = Vec::new();
        each_batch(dataset, first, Form::Pixels, Threads::new(Some(threads)), &mut |batch| {
            labels.extend(batch.labels());
            Ok(())
        })?;
        Ok(labels)
    }

    #[test]
    fn several_threads_keep_the_order() {
        let dataset = Take::new(Arc::new(Memory::ragged(2_000, &[1, 3])), 2_000).unwrap();
        let wanted: Vec<u32> = (0..2_000).map(|index| index * 7).collect();
        for threads in [1, 2, 3, 16] {
            assert_eq!(labels(&dataset, 0, threads).unwrap(), wanted, "{threads} threads");
            assert_eq!(labels(&dataset, 1_990, threads).unwrap(), wanted[1_990..], "{threads} threads, the rest");
        }
    }

    /// Fails at one image.
    struct Hole(Memory);

    impl Dataset for Hole {
        fn name(&self) -> String {
            self.0.name()
        }
        fn len(&self) -> u64 {
            self.0.len()
        }
        fn shape(&self) -> Shape {
            self.0.shape()
        }
        fn read(&self, index: u64, out: &mut Batch) -> Result<()> {
            if index == 1_500 { Err(Error::Usage("a hole".into())) } else { self.0.read(index, out) }
        }
    }

    #[test]
    fn the_first_error_ends_it_whoever_makes_it() {
        for threads in [1, 2, 5] {
            let read = labels(&Hole(Memory::ragged(5_000, &[3])), 0, threads);
            assert!(read.unwrap_err().to_string().contains("a hole"), "{threads} threads");
            let mut calls = 0;
            let stopped =
                each_batch(&Memory::ragged(5_000, &[3]), 0, Form::Pixels, Threads::new(Some(threads)), &mut |_| {
                    calls += 1;
                    if calls == 3 { Err(Error::Usage("enough".into())) } else { Ok(()) }
                });
            assert!(stopped.is_err() && calls == 3, "{threads} threads: {calls}");
        }
    }

    #[test]
    fn batches_of_large_images_end_where_the_bytes_do() {
        let shape = ImageShape::new(1_500, 1_000, 3);
        let mut samples = Batch::new();
        (0..9).for_each(|label| samples.push(shape, label).fill(label as u8));
        let dataset = Memory::new("memory", Shape::Ragged { max: shape }, samples);
        for threads in [1, 2] {
            let mut sizes = Vec::new();
            each_batch(&dataset, 0, Form::Pixels, Threads::new(Some(threads)), &mut |batch| {
                sizes.push(batch.len());
                Ok(())
            })
            .unwrap();
            // 4.3 MiB each: four are the first to reach 16 MiB.
            assert_eq!(sizes, [4, 4, 1], "{threads} threads");
        }
    }

    #[test]
    fn large_images_make_small_batches() {
        let of = |shape| batch_images(&Shape::Fixed(shape));
        assert_eq!(of(ImageShape::new(32, 32, 3)), 256);
        assert_eq!(of(ImageShape::new(1_024, 1_024, 4)), 4);
        assert_eq!(of(ImageShape::new(10_000, 10_000, 3)), 1);
        assert_eq!(of(ImageShape::new(0, 0, 0)), 256);
    }
}
