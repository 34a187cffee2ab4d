//! **shelfmark** measures which storage format a training set of images should live in.
//!
//! It writes the same images into every format, reads them back the way a training job does, checks every pixel,
//! and shows what each format costs in time and space. The words used here are those of `METHODOLOGY.md`.
//!
//! | module | holds |
//! |---|---|
//! | [`dataset`] | where samples come from |
//! | [`image_file`] | encoded images as people keep them: JPEG, PNG, WebP ... |
//! | [`store`] | the image-store traits, the table of formats, codecs and containers |
//! | [`workload`] | what each access pattern does; used by benches and tests alike |
//! | [`measure`] | clocks, records of measurements, space on disk, cold caches |
//! | [`stats`] | intervals, pure and seeded |
//! | [`compare`] | two runs side by side, and a gate on what repeats exactly |
//! | [`history`] | what runs found over time, a line each |
//! | [`results`] | the versioned shape of what was found |
//! | [`report`] | charts and the page |
//! | [`export`] | results in the formats of other tools |
//! | [`worker`] | the process that measures, and the protocol between it and its supervisor |
//! | [`run`] | the interleaved run: what is planned, who takes which turn, what becomes of the turns |
//! | [`sys`] | what the operating system counts |

pub mod build_info;
pub mod compare;
pub mod dataset;
pub mod error;
pub mod export;
pub mod history;
pub mod image_file;
pub mod measure;
pub mod report;
pub mod results;
pub mod run;
pub mod sample;
pub mod stats;
pub mod store;
pub mod sys;
pub mod worker;
pub mod workload;

pub use error::{Error, Result};
