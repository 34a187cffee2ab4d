//! The noise floor, and the cost of measuring itself, in sentences.

use crate::report::format;
use crate::report::model::{Group, point};
use crate::report::noise::{Twin, twins};
use crate::report::row::is_harness;
use crate::results::{Cell, NullControl};

/// The verdict on a format beside itself.
pub(in crate::report) fn twin(control: &NullControl) -> &str {
    match control.verdict.as_str() {
        "tied" => "tied, as it should be",
        "inconclusive" => "not told apart, but no tie: the interval is wide",
        "slower" | "faster" => "told apart from itself: take differences of this size for noise",
        other => other,
    }
}

/// How far apart the same format and a second store of itself came, in a few words and at length; `None` where that was
/// not measured.
pub(in crate::report) fn floor(group: &Group<'_>) -> Option<(String, String)> {
    let all: Vec<Twin<'_>> = twins(group).into_iter().filter(|twin| twin.reach().is_finite()).collect();
    let least = all.iter().min_by(|a, b| a.reach().total_cmp(&b.reach()))?;
    let most = all.iter().max_by(|a, b| a.reach().total_cmp(&b.reach()))?;
    let named = |twin: &Twin<'_>| format!("{} ({})", format::percent(twin.reach()), twin.control.workload);
    let short = match all.len() {
        1 => named(most),
        _ => format!("{} to {}", named(least), named(most)),
    };
    let mut rest =
        "is how far from equal the 95 % interval of a format against its null twin reaches, the same format written a second time.".to_owned();
    let apart = |twin: &&Twin<'_>| matches!(twin.control.verdict.as_str(), "slower" | "faster");
    let loud: Vec<&str> = all.iter().filter(apart).map(|twin| twin.control.workload.as_str()).collect();
    if !loud.is_empty() {
        rest +=
            &format!(" In {} it was even told apart from itself: mistrust small differences there.", loud.join(", "));
    }
    Some((short, rest))
}

/// What measuring itself costs; `None` where that was not measured.
pub(in crate::report) fn harness(group: &Group<'_>) -> Option<String> {
    let rate = |cell: &&Cell| point(cell).map(|point| point.rate);
    let mut costs: Vec<(f64, &Cell)> = Vec::new();
    let mut shares: Vec<(f64, &Cell)> = Vec::new();
    for harness in group.cells().iter().filter(|cell| is_harness(cell)) {
        let Some(own) = rate(harness) else { continue };
        costs.push((harness.batch as f64 / own, harness));
        let beside = group.cells().iter().filter(|cell| {
            !is_harness(cell) && cell.workload == harness.workload && cell.images == harness.images && cell.batch > 1
        });
        let fastest = beside.filter_map(|cell| Some((rate(cell)? / own, *cell)));
        shares.extend(fastest.max_by(|a, b| a.0.total_cmp(&b.0)));
    }
    costs.sort_by(|a, b| a.0.total_cmp(&b.0));
    let name = |(cost, cell): &(f64, &Cell)| format!("{} in {}", format::seconds(*cost), cell.workload);
    let cost = match &costs[..] {
        [] => return None,
        [only] => name(only),
        [least, .., most] => format!("{} to {}", name(least), name(most)),
    };
    let most = shares.into_iter().max_by(|a, b| a.0.total_cmp(&b.0));
    let share = most.map_or(String::new(), |(share, cell)| {
        let (share, workload) = (format::percent(share), &cell.workload);
        format!(
            "; that is at most {share} of the time of the fastest cell measured in batches ({} in {workload})",
            cell.format
        )
    });
    Some(format!("The harness by itself, asking for images and getting none, takes {cost} per operation{share}."))
}
