//! Clocks, records of what was timed, counts of what was used, space on disk, cold caches, and how noisy the host is.

mod cache;
mod clock;
pub mod cold;
mod counters;
mod latency;
mod meter;
pub mod noise;
mod recorder;
pub mod schedule;
mod space;
pub mod warm;

pub use cache::Cache;
pub use clock::{Clock, Monotonic, Onlooker, Simulated, Stopwatch};
pub use counters::count;
pub use latency::latency;
pub use meter::{Meter, Part};
pub use recorder::{Measurement, Recorder};
pub use space::space;
