//! Ctrl-C, for work that has something to put away first.

use shelfmark::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Knows whether the user asked to stop.
#[derive(Debug, Clone)]
pub struct Watch(Arc<AtomicBool>);

/// From now on Ctrl-C (and a request to terminate) is noted instead of ending the process; a second one ends it.
///
/// # Errors
/// When the system refuses.
pub fn watch() -> anyhow::Result<Watch> {
    let asked = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&asked);
    ctrlc::set_handler(move || {
        if seen.swap(true, Ordering::Relaxed) {
            tell!("shelfmark: stopped at once; what was not put away is removed the next time");
            // As a shell reports a process that Ctrl-C has ended.
            std::process::exit(130);
        }
        tell!("shelfmark: stopping as soon as this step is done; press again to stop at once");
    })?;
    Ok(Watch(asked))
}

impl Watch {
    /// # Errors
    /// [`Error::Interrupted`] when the user asked to stop.
    pub fn check(&self) -> shelfmark::Result<()> {
        if self.0.load(Ordering::Relaxed) { Err(Error::Interrupted(String::new())) } else { Ok(()) }
    }
}
