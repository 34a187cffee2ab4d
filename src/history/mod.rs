//! What runs found over time: one line of JSON for each run, so that lines can be added, and read again, for years.
//!
//! | module | holds |
//! |---|---|
//! | `entry` | what a line holds |
//! | `file` | reading, adding |
//! | `trend` | a cell from run to run |
//! | `print` | trends for readers and programs |

mod entry;
mod file;
mod print;
mod trend;

pub use entry::{Entry, Machine, Point, SCHEMA_ID};
pub use file::{Added, add, read};
pub use print::{csv, markdown, terminal};
pub use trend::{Step, Trend, trends};

#[cfg(test)]
mod tests;
