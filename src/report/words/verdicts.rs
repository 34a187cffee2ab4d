//! Verdicts and standings in words.

use crate::report::entry::Standing;
use crate::report::format;
use crate::report::model::{Group, interleaved};
use crate::results::Comparison;

/// A verdict on another cell beside the best, whose name is given.
pub(in crate::report) fn verdict(comparison: &Comparison, best: &str) -> String {
    let Comparison { ratio, lo, hi, .. } = comparison;
    match comparison.verdict.as_str() {
        "slower" => format!("{} times slower ({} to {})", format::sig3(*ratio), format::sig3(*lo), format::sig3(*hi)),
        "faster" => {
            let [ratio, lo, hi] = [1.0 / ratio, 1.0 / hi, 1.0 / lo].map(format::sig3);
            format!("{ratio} times faster ({lo} to {hi})")
        }
        "tied" => format!("tied with {best}"),
        "inconclusive" => format!("not told apart{}", comparison.min_detectable.map_or(String::new(), detectable)),
        other => other.to_owned(),
    }
}

fn detectable(least: f64) -> String {
    format!(": a difference of {} could have been seen", format::percent(least - 1.0))
}

/// What stands beneath a number in the summary.
pub(in crate::report) fn standing(standing: &Standing<'_>) -> String {
    match standing {
        Standing::Fastest(among, 0) => format!("fastest{among}"),
        Standing::Fastest(among, close) => format!("fastest{among}, with {close} tied or not told apart"),
        Standing::Together(share) | Standing::Behind(share) => format!("{} of fastest", format::percent(*share)),
        Standing::Highest(among) => format!("highest estimate{among}, but nobody is slower for certain"),
        Standing::Judged(comparison, best) => verdict(comparison, best),
        Standing::Unranked(why) => (*why).into(),
    }
}

/// The sign before a number in the summary, and what it means; nothing where there is none.
pub(in crate::report) fn sign(standing: &Standing<'_>) -> Option<(&'static str, &'static str)> {
    match standing {
        Standing::Fastest(..) => Some(("★", "fastest")),
        Standing::Together(_) => Some(("≈", "not told apart from the fastest")),
        Standing::Judged(comparison, _) => match comparison.verdict.as_str() {
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

const RUN: &str = "★ fastest of its column, with at least one other slower for certain. = tied: even the ends of \
     the interval are within 5 % of equal. ≈ not told apart, which does not prove them equal; the least difference that could have been seen is named. \
     “2 times slower” takes twice the time, and in brackets stands its interval. These verdicts compare cells that took turns, \
     launch by launch, with simultaneous 95 % intervals of the ratio of times: they are not read from the ± of each number, \
     half the width of its own 95 % interval (its two ends where that is more than 50 %). Peers are what people run in \
     Python today, and are ranked like formats; each has a process of its own, and “(own process)”, a format of ours that \
     has one, too, shows what that costs. The null twin is the same format, written a second time; references are what \
     the machine does with the same bytes in the same order: flat:raw reads them from one file (or writes and syncs it), \
     flat:raw,read=memory copies them in memory. Neither is ranked.";

/// What the signs of the summary table mean.
pub(in crate::report) fn legend(group: &Group<'_>) -> &'static str {
    if interleaved(group.results) { RUN } else { CRITERION }
}
