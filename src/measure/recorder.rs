//! Collects what criterion times, so that results never depend on criterion's private files.

use crate::results::{CacheProof, Estimate, Turns};
use crate::stats;

/// One call of a benchmark: so many iterations took so long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measurement {
    /// Iterations asked for.
    pub iterations: u64,
    /// Images delivered or written by them.
    pub images: u64,
    /// Time they took.
    pub elapsed_ns: u64,
    /// Bytes that came from a device meanwhile, where the system says.
    pub device_read_bytes: Option<u64>,
}

/// All calls of one benchmark, warm-up included, in order.
#[derive(Debug, Clone)]
pub struct Recorder {
    calls: Vec<Measurement>,
    sample_size: usize,
}

impl Recorder {
    /// Nothing noted yet; criterion will take `sample_size` samples.
    pub fn new(sample_size: usize) -> Self {
        Self { calls: Vec::new(), sample_size }
    }

    /// Notes one call.
    pub fn note(&mut self, measurement: Measurement) {
        self.calls.push(measurement);
    }

    /// Whether nothing was measured.
    pub fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }

    /// The calls that are samples. Criterion warms up with doubling iteration counts, then takes samples that, in
    /// flat sampling, all have the same count: so the samples are the last calls of equal count, as many as there are samples. With `--quick` it
    /// never settles on a count; there the first call is the warm-up.
    fn samples(&self) -> &[Measurement] {
        let Some(last) = self.calls.last() else { return &[] };
        let settled = self.calls.iter().rev().take_while(|call| call.iterations == last.iterations).count();
        let settled = settled.min(self.sample_size);
        if settled >= 3 {
            &self.calls[self.calls.len() - settled..]
        } else {
            &self.calls[1.min(self.calls.len() - 1)..]
        }
    }

    /// The samples as turns: one launch, one block each.
    pub fn turns(&self) -> Turns {
        let samples = self.samples();
        Turns {
            launch: vec![0; samples.len()],
            block: (0..samples.len() as u32).collect(),
            position: vec![0; samples.len()],
            images: samples.iter().map(|sample| sample.images).collect(),
            elapsed_ns: samples.iter().map(|sample| sample.elapsed_ns).collect(),
        }
    }

    /// Whether the samples were warm: no byte came from a device. `None` where the system does not say.
    pub fn warm_proof(&self) -> Option<CacheProof> {
        let samples = self.samples();
        let bytes: u64 = samples.iter().map(|sample| sample.device_read_bytes).sum::<Option<_>>()?;
        (!samples.is_empty()).then(|| CacheProof {
            resident_before_pct: None,
            held: None,
            device_read_bytes: Some(bytes),
            metadata: if bytes == 0 { "warm" } else { "unknown" }.into(),
            proved: bytes == 0,
        })
    }

    /// Images a second: total images over total time, with a bootstrap interval over samples.
    pub fn estimate(&self, seed: u64) -> Option<Estimate> {
        stats::rate(&self.turns(), seed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recorder(iterations: &[u64]) -> Recorder {
        let mut recorder = Recorder::new(4);
        for &iterations in iterations {
            let device_read_bytes = Some(iterations / 8);
            recorder.note(Measurement {
                iterations,
                images: iterations * 2,
                elapsed_ns: iterations * 1_000,
                device_read_bytes,
            });
        }
        recorder
    }

    #[test]
    fn the_warm_up_does_not_count() {
        assert_eq!(recorder(&[1, 2, 4, 8, 5, 5, 5, 5]).turns().images, [10; 4]);
        // Slow operations are warmed up by a single one, which looks like a sample.
        assert_eq!(recorder(&[1, 1, 1, 1, 1]).turns().images, [2; 4]);
        assert_eq!(recorder(&[1, 2, 4, 8]).turns().images, [4, 8, 16]);
        assert_eq!(recorder(&[1]).turns().images, [2]);
        assert!(recorder(&[]).turns().images.is_empty());
        assert!(recorder(&[]).estimate(0).is_none());
    }

    #[test]
    fn warm_is_proved_by_the_samples_alone() {
        // The warm-up fetched a byte here, the samples did not.
        assert!(recorder(&[1, 8, 5, 5, 5]).warm_proof().unwrap().proved);
        let fetched = recorder(&[1, 9, 9, 9]).warm_proof().unwrap();
        assert_eq!((fetched.proved, fetched.device_read_bytes), (false, Some(3)));
        assert!(recorder(&[]).warm_proof().is_none());
    }

    #[test]
    fn the_estimate_is_images_over_time() {
        let estimate = recorder(&[1, 5, 5, 5, 5]).estimate(0).unwrap();
        assert!((estimate.images_per_s - 2_000_000.0).abs() < 1e-3, "{estimate:?}");
        assert_eq!(estimate.blocks, 4);
    }
}
