//! Verdicts and standings in words.

use crate::report::entry::Standing;
use crate::report::format;
use crate::report::model::{Group, Point, interleaved};
use crate::report::pick::{NOISY, half_width};
use crate::results::Comparison;

/// A verdict on another cell beside the best, with the interval of the ratio of their times.
pub(in crate::report) fn verdict(comparison: &Comparison) -> String {
    let Comparison { ratio, lo, hi, .. } = comparison;
    let range = |lo: f64, hi: f64| format!("({} to {})", format::sig3(lo), format::sig3(hi));
    match comparison.verdict.as_str() {
        "slower" => format!("{} times slower {}", format::sig3(*ratio), range(*lo, *hi)),
        "faster" => format!("{} times faster {}", format::sig3(1.0 / ratio), range(1.0 / hi, 1.0 / lo)),
        "tied" => format!("tied {}", range(*lo, *hi)),
        "inconclusive" => format!("not told apart {}", range(*lo, *hi)),
        other => other.to_owned(),
    }
}

/// How far the truth may be from an estimate: `± 12 %`, or where that would mean little the two ends; nothing where it is
/// not known.
pub(in crate::report) fn spread(point: Point) -> String {
    match half_width(point) {
        None => String::new(),
        Some(half) if half > NOISY => format!("({})", format::interval(point.interval, "")),
        Some(half) => format!("± {}", format::percent(half)),
    }
}

/// What stands beneath a number in the summary.
pub(in crate::report) fn standing(standing: &Standing<'_>) -> String {
    match standing {
        Standing::Fastest(among, 0) => format!("fastest{among}"),
        Standing::Fastest(among, close) => format!("fastest{among}, with {close} tied or not told apart"),
        Standing::Together(share) | Standing::Behind(share) => format!("{} of fastest", format::percent(*share)),
        Standing::Highest(among) => format!("highest estimate{among}, but nobody is slower for certain"),
        Standing::Judged(comparison) => verdict(comparison),
        Standing::Unranked(why) => (*why).into(),
    }
}

/// The sign before a number in the summary, and what it means; nothing where there is none.
pub(in crate::report) fn sign(standing: &Standing<'_>) -> Option<(&'static str, &'static str)> {
    match standing {
        Standing::Fastest(..) => Some(("★", "fastest")),
        Standing::Highest(_) => Some(("☆", "the highest estimate, but nobody is slower for certain")),
        Standing::Together(_) => Some(("≈", "not told apart from the fastest")),
        Standing::Judged(comparison) => match comparison.verdict.as_str() {
            "tied" => Some(("=", "tied with the best")),
            "inconclusive" => Some(("≈", "not told apart from the best")),
            _ => None,
        },
        _ => None,
    }
}

const CRITERION: &str = "★ fastest of its column. ≈ not told apart from it: the 95 % intervals overlap, one is wider than ± 50 % and not ten times away, or (measured one \
     after another) the numbers differ by less than a factor of 1.25; that does not prove them equal. ± is half the width of \
     the 95 % interval; where that is more than 50 %, its two ends are given. The last line of an entry is its share of the \
     fastest.";

const RUN: &str = "★ fastest of its column, with at least one other slower for certain; ☆ the highest estimate where none is. = tied: even the ends of \
     the interval are within 5 % of equal. ≈ not told apart, which does not prove them equal; an interval that lies beyond 1, but begins \
     less than 2 % from it, tells nothing apart either (so little counts as no difference); the table of all verdicts names the least difference that could \
     have been seen. “2 times slower” takes twice the time; the brackets of a verdict are the interval of that ratio. These verdicts compare cells that took turns, \
     launch by launch, with simultaneous 95 % intervals of the ratio of times: they are not read from the ± of each number, \
     half the width of its own 95 % interval (its two ends where that is more than 50 %). Peers are what people run in \
     Python today, and are judged like formats where workloads are compared (the ranking by several criteria is of formats alone); each has a process of its own, and “(own process)”, a format of ours that \
     has one, too, shows what that costs. The null twin is the same format, written a second time; references are what \
     the machine does with the same bytes in the same order: flat:raw reads them from one file (or writes and syncs it), \
     flat:raw,read=memory copies them in memory. Neither is ranked, nor is a bound: a format's bytes read past its library (read=direct), \
     which no other program delivers.";

/// What the signs of the summary table mean.
pub(in crate::report) fn legend(group: &Group<'_>) -> &'static str {
    if interleaved(group.results) { RUN } else { CRITERION }
}
