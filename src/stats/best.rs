//! Each cell against the fastest.

use super::interval::{Reach, log_time, paired};
use super::{Interval, Rule, Table};

/// Compares each competing cell with the best: its number, and for each other cell (in the order given) its time over
/// the time of the best. `None` for fewer than two launches or two cells, or a cell that is not in every block.
///
/// The intervals hold all at once, and allow for the best of the run not being the best in truth: two-sided multiple
/// comparisons with the best (Edwards and Hsu 1983; Hsu, "Multiple Comparisons", 1996, chapter 4). Let d be the reach
/// for all comparisons with one fixed cell. Whichever cell is truly best, with the stated probability no other is found
/// more than d standard errors faster than it, and all comparisons with it are right within d. So every cell that none
/// beats by d stays a candidate, and a cell's interval spans its comparisons with all candidates but itself. Each
/// comparison has a variance of its own: a variance pooled over cells would make the intervals of noisy cells too narrow.
pub fn against_best(table: &Table, competing: &[usize], rule: &Rule) -> Option<(usize, Vec<(usize, Interval)>)> {
    let logs = competing.iter().map(|&cell| log_time(table, cell)).collect::<Option<Vec<_>>>()?;
    if logs.len() < 2 {
        return None;
    }
    let reach = Reach::new(logs[0].pulls.len(), logs.len() - 1, rule);
    let differs = |i: usize, k: usize| {
        let log = logs[i].value - logs[k].value;
        let half = reach.interval * paired(&logs[i], &logs[k]);
        (log - half, log + half)
    };
    let all = 0..logs.len();
    let candidates: Vec<usize> =
        all.clone().filter(|&k| all.clone().all(|i| i == k || differs(k, i).0 <= 0.0)).collect();
    let best = all.clone().min_by(|&i, &k| logs[i].value.total_cmp(&logs[k].value))?;
    let others = all.filter(|&i| i != best).map(|i| {
        let spans = candidates.iter().filter(|&&k| k != i).map(|&k| differs(i, k));
        let (lo, hi) = spans.fold(differs(i, best), |(lo, hi), (from, to)| (lo.min(from), hi.max(to)));
        let log = logs[i].value - logs[best].value;
        (competing[i], Interval::new(log, (lo, hi), paired(&logs[i], &logs[best]), reach, rule))
    });
    Some((competing[best], others.collect()))
}
