//! When an unfinished conversion notes how far it has come.

use std::time::{Duration, Instant};

/// Time between two checkpoints: what a killed conversion has to do again.
const EVERY: Duration = Duration::from_secs(5);

/// The first checkpoint at once, because from then on a killed process leaves something to go on with; then one whenever
/// [`EVERY`] has passed since the end of the last.
#[derive(Default)]
pub struct Checkpoints {
    last: Option<Instant>,
}

impl Checkpoints {
    /// Calls `checkpoint` if it is time by `clock`.
    ///
    /// # Errors
    /// What `checkpoint` says.
    pub fn if_due<E>(
        &mut self,
        mut clock: impl FnMut() -> Instant,
        checkpoint: impl FnOnce() -> Result<(), E>,
    ) -> Result<(), E> {
        if self.last.is_some_and(|last| clock().saturating_duration_since(last) < EVERY) {
            return Ok(());
        }
        checkpoint()?;
        // Looked at again: a checkpoint that takes long is not followed by the next one at once.
        self.last = Some(clock());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checkpoints_come_at_once_and_again_and_again() {
        let start = Instant::now();
        let mut checkpoints = Checkpoints::default();
        let mut done = Vec::new();
        for second in 0..=16 {
            let clock = || start + Duration::from_secs(second);
            let checkpoint = || {
                done.push(second);
                Ok::<(), ()>(())
            };
            checkpoints.if_due(clock, checkpoint).unwrap();
        }
        assert_eq!(done, [0, 5, 10, 15]);
    }

    #[test]
    fn one_that_failed_is_told_and_does_not_count() {
        let start = Instant::now();
        let mut checkpoints = Checkpoints::default();
        assert_eq!(checkpoints.if_due(|| start, || Err("full")), Err("full"));
        let mut done = false;
        let checkpoint = || {
            done = true;
            Ok::<(), ()>(())
        };
        checkpoints.if_due(|| start, checkpoint).unwrap();
        assert!(done);
    }
}
