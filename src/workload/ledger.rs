//! Where the time of an operation goes, from a pass of its own: metering costs time itself.

use super::read::Opener;
use super::{Fingerprints, Session, Workload};
use crate::error::{Error, Result};
use crate::measure::{Clock, Meter, Part, Stopwatch};
use crate::results::Ledger;
use crate::store::registry::Resolved;
use crate::store::sealed::OpenStore;
use std::path::Path;
use std::sync::Arc;

/// Turns that the metered and the plain session take; each pair is mirrored. Many, because a machine that others use as
/// well is slow for milliseconds at a time.
const TURNS: u64 = 32;

/// Takes the time of reading from the store at `store` apart: two sessions, one with a meter between container and codec
/// and one without, take turns at `operations` operations each. What the meter says is less the clock's own cost, found
/// in the same calls; what it cannot explain of the plain session's time is `other_ns`. Each session has draws of its
/// own, or the second of each turn would find in the processor's caches what the first had read; in a `scan` it does.
///
/// Gives a reason instead where the work cannot be taken apart: writing, and formats that read pixels straight into the
/// caller's buffer.
///
/// # Errors
/// As [`Workload::start`] and [`Session::run`].
pub fn ledger(
    workload: Workload,
    store: &Path,
    expected: &Arc<Fingerprints>,
    operations: u64,
    seed: u64,
    clock: &Arc<dyn Clock>,
) -> Result<Result<Ledger, String>> {
    if workload.writes() {
        return Ok(Err("only reading is taken apart".into()));
    }
    let meter = Arc::new(Meter::new(Arc::clone(clock)));
    let open = OpenStore::open(store)?;
    if let Err(reason) = open.resolved.format.metered(&open.manifest.spec(), &meter) {
        return Ok(Err(reason));
    }
    drop(open);
    let mut plain = workload.start_reading(store, expected, seed, Box::new(OpenStore::open))?;
    let mut metered = workload.start_reading(store, expected, seed.wrapping_add(1), metered_opener(&meter))?;
    take_apart(&mut *plain, &mut *metered, &meter, operations, &**clock).map(Ok)
}

/// Opens stores with `meter` in them, and counts the time that takes.
fn metered_opener(meter: &Arc<Meter>) -> Box<Opener> {
    let meter = Arc::clone(meter);
    Box::new(move |path| {
        meter.time(Part::Open, || {
            OpenStore::open_through(path, |resolved, spec| {
                let format = resolved.format.metered(spec, &meter);
                let format = format.map_err(|what| Error::Unsupported { format: resolved.id.to_string(), what })?;
                Ok(Resolved { format, ..resolved })
            })
        })
    })
}

/// Lets both sessions take turns, so that what the machine does meanwhile is shared.
fn take_apart(
    plain: &mut dyn Session,
    metered: &mut dyn Session,
    meter: &Meter,
    operations: u64,
    clock: &dyn Clock,
) -> Result<Ledger> {
    let (mut plain_watch, mut metered_watch) = (Stopwatch::new(clock), Stopwatch::new(clock));
    // One operation each that does not count.
    plain.run(1, &mut Stopwatch::new(clock))?;
    metered.run(1, &mut Stopwatch::new(clock))?;
    meter.reset();
    let operations = operations.max(1);
    let (mut plain_images, mut metered_images) = (0, 0);
    for turn in 0..TURNS {
        let share = operations / TURNS + u64::from(turn < operations % TURNS);
        if turn % 2 == 0 {
            plain_images += plain.run(share, &mut plain_watch)?;
            metered_images += metered.run(share, &mut metered_watch)?;
        } else {
            metered_images += metered.run(share, &mut metered_watch)?;
            plain_images += plain.run(share, &mut plain_watch)?;
        }
    }
    let an_image = |watch: &Stopwatch<'_>, images: u64| watch.elapsed_ns() as f64 / images.max(1) as f64;
    let metered_ns = an_image(&metered_watch, metered_images);
    Ok(balance(meter, metered_images, metered_ns, an_image(&plain_watch, plain_images)))
}

/// The parts, an image; the rest is what they leave of the time of an image without a meter.
fn balance(meter: &Meter, images: u64, metered_ns: f64, total_ns: f64) -> Ledger {
    let part = |part| meter.spent_ns(part).map(|ns| ns / images.max(1) as f64);
    let [open, lookup, read, decode, copy] = [Part::Open, Part::Lookup, Part::Read, Part::Decode, Part::Copy].map(part);
    let known_ns: f64 = [open, lookup, read, decode, copy].into_iter().flatten().sum();
    Ledger {
        open_ns: open.unwrap_or(0.0),
        lookup_ns: lookup,
        read_ns: read.unwrap_or(0.0),
        decode_ns: decode.unwrap_or(0.0),
        copy_ns: copy,
        other_ns: (total_ns - known_ns).max(0.0),
        total_ns: Some(total_ns),
        metering_share: (total_ns > 0.0).then(|| metered_ns / total_ns - 1.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::Simulated;

    /// Reads two images in an operation; each part takes so many times 10 ns.
    struct Reading<'a> {
        clock: &'a Simulated,
        meter: Option<&'a Meter>,
        parts: &'a [(Part, u64)],
        rest: u64,
    }

    impl Session for Reading<'_> {
        fn run(&mut self, operations: u64, watch: &mut Stopwatch<'_>) -> Result<u64> {
            let work = |takes: u64| self.clock.pass(takes * 10);
            for _ in 0..operations {
                watch.time(|| {
                    work(self.rest);
                    for (part, takes) in self.parts {
                        match self.meter {
                            Some(meter) => {
                                meter.time(Part::Nothing, || ());
                                meter.time(*part, || work(*takes));
                            }
                            None => work(*takes),
                        }
                    }
                });
            }
            Ok(operations * 2)
        }
    }

    fn found(parts: &[(Part, u64)], rest: u64, rest_without_meter: u64, operations: u64) -> Ledger {
        let clock = Arc::new(Simulated::ticking(10));
        let meter = Meter::new(clock.clone());
        let mut plain = Reading { clock: &clock, meter: None, parts, rest: rest_without_meter };
        let mut metered = Reading { clock: &clock, meter: Some(&meter), parts, rest };
        take_apart(&mut plain, &mut metered, &meter, operations, &*clock).unwrap()
    }

    #[test]
    fn the_parts_and_the_rest_are_the_whole() {
        let parts = [(Part::Lookup, 4), (Part::Read, 6), (Part::Decode, 20)];
        let ledger = found(&parts, 9, 9, 21);
        // An operation takes 300 ns in its parts, 90 in the rest, and 10 to stop the watch; it reads two images.
        let expected = Ledger {
            open_ns: 0.0,
            lookup_ns: Some(20.0),
            read_ns: 30.0,
            decode_ns: 100.0,
            copy_ns: None,
            other_ns: 50.0,
            total_ns: Some(200.0),
            // Two looks of 10 ns for each part, and two for each nothing.
            metering_share: Some(12.0 / 40.0),
        };
        let share = ledger.metering_share.unwrap();
        assert!((share - 0.3).abs() < 1e-9, "{share}");
        assert_eq!(Ledger { metering_share: Some(12.0 / 40.0), ..ledger }, expected);
    }

    #[test]
    fn the_rest_is_never_less_than_nothing() {
        // Slower parts under the meter than without: what is left is nothing, and the total says so.
        let ledger = found(&[(Part::Open, 50), (Part::Copy, 50)], 0, 0, 1);
        assert_eq!((ledger.open_ns, ledger.copy_ns, ledger.lookup_ns), (250.0, Some(250.0), None));
        assert_eq!(ledger.other_ns, 5.0);
        let meter = Meter::new(Arc::new(Simulated::ticking(10)));
        meter.time(Part::Read, || ());
        let ledger = balance(&meter, 2, 4.0, 2.0);
        assert_eq!((ledger.read_ns, ledger.other_ns, ledger.total_ns), (5.0, 0.0, Some(2.0)));
        assert_eq!(ledger.metering_share, Some(1.0));
    }
}
