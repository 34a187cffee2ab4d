//! Clocks, records of what was timed, counts of what was used, and space on disk.

mod clock;
mod counters;
mod latency;
mod meter;
mod recorder;
mod space;

pub use clock::{Clock, Monotonic, Onlooker, Simulated, Stopwatch};
pub use counters::count;
pub use latency::latency;
pub use meter::{Meter, Part};
pub use recorder::{Measurement, Recorder};
pub use space::space;
