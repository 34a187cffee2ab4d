//! Clocks, records of what was timed, space on disk, and cold caches.

mod clock;
pub mod cold;
mod recorder;
pub mod schedule;
mod space;

pub use clock::{Clock, Monotonic, Simulated, Stopwatch};
pub use recorder::{Measurement, Recorder};
pub use space::space;
