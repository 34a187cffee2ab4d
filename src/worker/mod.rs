//! The worker process, which measures, and its supervisor's side, which does not.
//!
//! A worker holds the competing cells of one workload and gives each its turns as it is told ([`protocol`]). Whatever
//! may crash or hang does so there: the supervisor sees the process end, or the time limit pass, and goes on.

mod contestant;
mod host;
pub mod protocol;
mod serve;

pub use host::Host;
pub use serve::serve;
