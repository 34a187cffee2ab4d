//! What trials come to.

use super::{Trial, Verdict};
use crate::results::Turns;
use crate::stats::{self, Rule, Table};
use std::collections::BTreeMap;
use std::fmt::Write;

/// What trials come to, as tables: how often identical cells were called different, for twins and for each slow-down the
/// shares of verdicts, each with its 95 % interval (Wilson 1927), how often the intervals held the truth; and the same in
/// short for each kind of contest.
pub fn summary(trials: &[Trial]) -> String {
    let hours = trials.iter().map(|trial| trial.wall_s).sum::<f64>() / 3600.0;
    let loads: Vec<f64> = trials.iter().filter_map(|trial| trial.load).collect();
    let load = loads.iter().sum::<f64>() / loads.len().max(1) as f64;
    let mut text = format!("{} trials in {hours:.2} hours, mean load {load:.1}\n\n", trials.len());
    text += &verdicts(trials);
    text += "\nthe same by contest; found: called slower\n";
    text += &contests(trials);
    let (slower, of) = against_best(trials);
    let _ = writeln!(
        text,
        "\nas runs judge, each against the best and all at once: {} of {of} identical cells called slower",
        wilson(slower, of)
    );
    text
}

fn different(verdict: &Verdict) -> bool {
    verdict.verdict == "faster" || verdict.verdict == "slower"
}

fn holds_truth(verdict: &Verdict) -> bool {
    let truth = 1.0 + verdict.percent / 100.0;
    verdict.lo <= truth && truth <= verdict.hi
}

fn share(of: &[&Verdict], holds: impl Fn(&Verdict) -> bool) -> String {
    wilson(of.iter().filter(|verdict| holds(verdict)).count(), of.len())
}

fn verdicts(trials: &[Trial]) -> String {
    let mut kinds: BTreeMap<(u64, &str), Vec<&Verdict>> = BTreeMap::new();
    for verdict in trials.iter().flat_map(|trial| &trial.verdicts) {
        // Percents are whole numbers here.
        kinds.entry((verdict.percent as u64, &verdict.kind)).or_default().push(verdict);
    }
    let mut text = format!(
        "{:18} {:>5}  {:>22} {:>22} {:>22} {:>22}  {:>9}\n",
        "", "n", "faster or slower", "tied", "inconclusive", "truth in interval", "mean ratio"
    );
    for ((percent, kind), of) in kinds {
        let mean = (of.iter().map(|v| v.ratio.ln()).sum::<f64>() / of.len().max(1) as f64).exp();
        let name = if percent == 0 { kind.to_owned() } else { format!("{kind} +{percent} %") };
        let _ = writeln!(
            text,
            "{name:18} {:>5}  {:>22} {:>22} {:>22} {:>22}  {mean:>9.4}",
            of.len(),
            share(&of, different),
            share(&of, |v| v.verdict == "tied"),
            share(&of, |v| v.verdict == "inconclusive"),
            share(&of, holds_truth),
        );
    }
    text
}

fn contests(trials: &[Trial]) -> String {
    let mut by_contest: BTreeMap<String, Vec<&Trial>> = BTreeMap::new();
    for trial in trials {
        let threads = if trial.threads > 1 { format!(", {} threads", trial.threads) } else { String::new() };
        by_contest.entry(format!("{} {}{threads}", trial.workload, trial.cache)).or_default().push(trial);
    }
    let mut text = format!(
        "{:24} {:>6} {:>5}  {:>20} {:>22} {:>9}  {:>22} {:>22}\n",
        "", "trials", "twins", "called different", "truth in interval", "half", "+5 % found", "+10 % found"
    );
    for (contest, trials) in by_contest {
        let all = || trials.iter().flat_map(|trial| &trial.verdicts);
        let at = |percent: f64| all().filter(|verdict| verdict.percent == percent).collect::<Vec<_>>();
        let twins = at(0.0);
        let mut halves: Vec<f64> = twins.iter().map(|verdict| (verdict.hi / verdict.lo).sqrt() - 1.0).collect();
        halves.sort_by(f64::total_cmp);
        let _ = writeln!(
            text,
            "{contest:24} {:>6} {:>5}  {:>20} {:>22} {:>7.1} %  {:>22} {:>22}",
            trials.len(),
            twins.len(),
            share(&twins, different),
            share(&all().collect::<Vec<_>>(), holds_truth),
            100.0 * halves.get(halves.len() / 2).unwrap_or(&f64::NAN),
            share(&at(5.0), |v| v.verdict == "slower"),
            share(&at(10.0), |v| v.verdict == "slower"),
        );
    }
    text
}

/// Twins that a run would have called slower than the best, and how many there were: the twins and the slow format, each
/// against the fastest.
fn against_best(trials: &[Trial]) -> (usize, usize) {
    let (mut slower, mut of) = (0, 0);
    for trial in trials {
        // All but the first twin and the slow format were compared.
        let twins = 1 + trial.verdicts.iter().filter(|verdict| verdict.percent == 0.0).count();
        let slow = trial.turns.get(1 + trial.verdicts.len());
        let competing = trial.turns.iter().take(twins).chain(slow);
        let turns: Vec<&Turns> = competing.collect();
        let Ok(table) = Table::from_turns(&turns) else { continue };
        let all: Vec<usize> = (0..turns.len()).collect();
        let Some((_, others)) = stats::against_best(&table, &all, &Rule::default()) else { continue };
        for (_, interval) in others.iter().filter(|(other, _)| *other < twins) {
            of += 1;
            slower += usize::from(interval.verdict == stats::Verdict::Slower);
        }
    }
    (slower, of)
}

/// A share with its 95 % interval: E. B. Wilson, "Probable inference, the law of succession, and statistical inference"
/// (1927).
fn wilson(holds: usize, of: usize) -> String {
    if of == 0 {
        return "none".into();
    }
    let (n, p, z) = (of as f64, holds as f64 / of as f64, 1.959_963_984_540_054);
    let (centre, scale) = (p + z * z / (2.0 * n), 1.0 + z * z / n);
    let half = z * (p * (1.0 - p) / n + z * z / (4.0 * n * n)).sqrt();
    let percent = |share: f64| 100.0 * share;
    format!(
        "{:.1} % ({:.1} to {:.1})",
        percent(p),
        percent(((centre - half) / scale).max(0.0)),
        percent(((centre + half) / scale).min(1.0))
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_have_wilsons_intervals() {
        // statsmodels.stats.proportion.proportion_confint(k, n, method="wilson")
        assert_eq!(wilson(0, 100), "0.0 % (0.0 to 3.7)");
        assert_eq!(wilson(4, 1000), "0.4 % (0.2 to 1.0)");
        assert_eq!(wilson(95, 100), "95.0 % (88.8 to 97.8)");
        assert_eq!(wilson(0, 0), "none");
    }

    fn verdict(kind: &str, percent: f64, lo: f64, hi: f64, verdict: &str) -> Verdict {
        Verdict { kind: kind.into(), percent, ratio: (lo * hi).sqrt(), lo, hi, verdict: verdict.into() }
    }

    /// Cells of two launches of a block each, whose turns took so long.
    fn turns(ns: impl Iterator<Item = u64>) -> Vec<Turns> {
        let cell = |ns: u64| Turns {
            launch: vec![0, 0, 1, 1],
            block: vec![0; 4],
            position: vec![0; 4],
            images: vec![100; 4],
            elapsed_ns: vec![ns, ns + 1, ns + 2, ns + 1],
        };
        ns.map(cell).collect()
    }

    fn trial(turns: Vec<Turns>) -> Trial {
        Trial {
            trial: 0,
            started_utc: String::new(),
            workload: "epoch".into(),
            cache: "warm".into(),
            threads: 1,
            launches: 8,
            blocks: 16,
            load: Some(1.0),
            wall_s: 9.0,
            verdicts: vec![
                verdict("twin", 0.0, 0.99, 1.01, "tied"),
                verdict("twin", 0.0, 1.03, 1.05, "slower"),
                verdict("spin", 5.0, 1.03, 1.06, "slower"),
            ],
            turns,
        }
    }

    #[test]
    fn the_summary_counts_verdicts() {
        let text = summary(&[trial(Vec::new()), trial(Vec::new())]);
        let line = |name: &str| text.lines().find(|line| line.starts_with(name)).unwrap().to_owned();
        assert!(line("twin").contains("    4 ") && line("twin").matches("50.0 %").count() == 3, "{text}");
        assert!(line("spin +5 %").contains("100.0 %"), "{text}");
        let contest = line("epoch warm");
        assert!(contest.contains("50.0 %") && contest.contains("66.7 %") && contest.contains("100.0 %"), "{text}");
        assert!(contest.ends_with("none"), "nothing was slowed down by 10 %: {text}");
    }

    #[test]
    fn twins_that_a_run_would_call_slower_are_counted() {
        // Three twins of which one is none, one that was slowed down, and the slow format.
        let cells = |twins: [u64; 3]| turns(twins.into_iter().chain([150_000, 900_000]));
        assert_eq!(against_best(&[trial(cells([100_000; 3]))]), (0, 2));
        assert_eq!(against_best(&[trial(cells([100_000, 200_000, 100_000])), trial(Vec::new())]), (1, 2));
    }
}
