//! The interleaved run: competing cells take turns inside mirrored blocks, in several launches of their processes.
//!
//! | module | holds |
//! |---|---|
//! | [`profile`] | how much is measured |
//! | [`plan`] | contests and who takes part, as data |
//! | [`peers`] | the programs that people run today |
//! | `stores` | the stores, written and verified before anything is measured |
//! | `hosts` | the processes of one launch |
//! | `contest` | launches and their blocks |
//! | `pilot` | how long turns are |
//! | `outcome` | cells and verdicts |
//! | `verdicts` | what follows from the turns |
//! | `conduct` | the course of it all |
//!
//! Nothing is measured in this process: workers do that ([`crate::worker`]).

pub mod calibrate;
mod competitor;
mod conduct;
mod contest;
mod hosts;
mod launcher;
mod outcome;
pub mod peers;
mod pilot;
pub mod plan;
pub mod profile;
mod stores;
mod verdicts;

use conduct::open;
pub use conduct::run;
pub use launcher::{Launcher, Peer};
pub use outcome::{COUNTED, Outcome};
pub use verdicts::HOST_CACHE;

use crate::error::Result;
use crate::results::Results;
use crate::worker::protocol::DatasetSpec;
use plan::{Contest, Wanted};
use profile::{Profile, Sizes};
use std::path::PathBuf;
use std::time::Duration;

/// Everything that a run needs to know.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Which images.
    pub dataset: DatasetSpec,
    /// What is measured.
    pub wanted: Wanted,
    /// How thoroughly.
    pub profile: Profile,
    /// The profile's sizes, with what the user changed.
    pub sizes: Sizes,
    /// Where stores are written.
    pub place: PathBuf,
    /// Whether the user named the place: `default`, `given`.
    pub place_kind: &'static str,
    /// Of all draws.
    pub seed: u64,
    /// No answer of a worker may take longer.
    pub limit: Duration,
    /// The command, for the report.
    pub command: String,
    /// How processes are started.
    pub launcher: Launcher,
}

/// Nobody looks.
impl Observer for () {}

/// What a run tells while it goes on.
pub trait Observer {
    /// A dataset was opened, and something should be known about it.
    fn remark(&mut self, _text: &str) {}
    /// The plan is made.
    fn planned(&mut self, _contests: &[Contest]) {}
    /// Something is being prepared: in words.
    fn preparing(&mut self, _what: &str) {}
    /// A block of a contest is whole: so many of so many.
    fn block(&mut self, _contest: &Contest, _launch: u32, _of: u32) {}
    /// A contest has ended.
    fn held(&mut self, _contest: &Contest, _outcome: &Outcome) {}
    /// Everything known so far, after every block.
    ///
    /// # Errors
    /// When it cannot be saved.
    fn save(&mut self, _results: &Results) -> Result<()> {
        Ok(())
    }
    /// Whether to go on.
    ///
    /// # Errors
    /// [`crate::Error::Interrupted`] to stop.
    fn check(&mut self) -> Result<()> {
        Ok(())
    }
}
