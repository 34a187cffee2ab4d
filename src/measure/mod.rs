//! Clocks, records of what was timed, space on disk, cold caches, and how noisy the host is.

mod clock;
pub mod cold;
pub mod noise;
mod recorder;
pub mod schedule;
mod space;

pub use clock::{Clock, Monotonic, Simulated, Stopwatch};
pub use recorder::{Measurement, Recorder};
pub use space::space;
