//! What the report says in sentences: plain text, shared by the page and the Markdown.

mod answers;
mod banners;
mod facts;
mod gaps;
mod limits;
mod noise;
mod verdicts;

pub(super) use answers::{Answer, answers};
pub(super) use banners::banners;
pub(super) use facts::{cache, dataset, group_title, host, place, set_title};
pub(super) use gaps::{Gap, gaps};
pub(super) use limits::limits;
pub(super) use noise::{floor, harness, twin};
pub(super) use verdicts::{legend, sign, spread, standing, verdict};

use super::format;

/// A number of cells: `1 cell`, `12 cells`.
pub(super) fn cells(n: usize) -> String {
    format::many(n as u64, "cell")
}
