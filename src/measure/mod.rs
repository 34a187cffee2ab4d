//! Clocks, records of what was timed, and space on disk.

mod cache;
mod clock;
mod recorder;
pub mod schedule;
mod space;

pub use cache::Cache;
pub use clock::{Clock, Monotonic, Simulated, Stopwatch};
pub use recorder::{Measurement, Recorder};
pub use space::space;
