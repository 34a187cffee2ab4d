//! Clocks, records of what was timed, space on disk, and cold caches.

mod cache;
mod clock;
pub mod cold;
mod recorder;
pub mod schedule;
mod space;

pub use cache::Cache;
pub use clock::{Clock, Monotonic, Simulated, Stopwatch};
pub use recorder::{Measurement, Recorder};
pub use space::space;
