//! Whether a design can lead to a verdict at all.

use super::{Rule, simultaneous_t};

/// Spread of a cell's time from launch to launch on a quiet machine, as a standard deviation of its logarithm.
const QUIET_LAUNCH: f64 = 0.005;

/// The same from mirrored block pair to mirrored block pair within a launch.
const QUIET_BLOCK: f64 = 0.02;

/// More of either than anybody would wait for.
const MOST: usize = 1_000;

/// Refuses a design in which not even cells that are exactly alike, on a machine quieter than most (standard deviations
/// of 0.5 % between launches and 2 % between blocks), could be called tied: every comparison would end as inconclusive
/// unless the cells are far apart.
///
/// # Errors
/// In words, with the smallest number of launches, or of blocks a launch, that would do.
pub fn reachable(launches: usize, blocks: usize, comparisons: usize, rule: &Rule) -> Result<(), String> {
    let enough = |launches: usize, blocks: usize| {
        // Also false for NaN.
        launches >= 2 && blocks >= 1 && half_width(launches, blocks, comparisons, rule) <= rule.tie.ln()
    };
    if enough(launches, blocks) {
        return Ok(());
    }
    let more_launches = (launches.max(2)..=MOST)
        .find(|&n| enough(n, blocks.max(1)))
        .map(|n| format!("{n} launches of {} blocks", blocks.max(1)));
    let more_blocks =
        (blocks.max(1)..=MOST).find(|&n| enough(launches, n)).map(|n| format!("{launches} launches of {n} blocks"));
    let needed: Vec<String> = more_launches.into_iter().chain(more_blocks).collect();
    let remedy =
        if needed.is_empty() { "compare fewer cells, or allow a wider tie".into() } else { needed.join(", or ") };
    Err(format!(
        "{launches} launches of {blocks} blocks with {comparisons} comparisons cannot lead to a verdict: intervals would \
         reach further than a tie ({:.0} %) even on a quiet machine; needed: {remedy}",
        (rule.tie - 1.0) * 100.0
    ))
}

/// Expected half width of the interval of ln(ratio) on a quiet machine.
fn half_width(launches: usize, blocks: usize, comparisons: usize, rule: &Rule) -> f64 {
    let of_launch = QUIET_LAUNCH.powi(2) + QUIET_BLOCK.powi(2) / blocks as f64;
    let se = (2.0 * of_launch / launches as f64).sqrt();
    simultaneous_t(rule.confidence, comparisons, launches as f64 - 1.0) * se
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hopeless_designs_are_refused_and_the_remedy_works() {
        let rule = Rule::default();
        let mut refused = 0;
        for launches in 0..8 {
            for blocks in 0..25 {
                for comparisons in [1, 3, 9, 60] {
                    let Err(refusal) = reachable(launches, blocks, comparisons, &rule) else { continue };
                    refused += 1;
                    let needed = refusal.split("needed: ").nth(1).unwrap();
                    for remedy in needed.split(", or ") {
                        let numbers: Vec<usize> = remedy.split(' ').filter_map(|word| word.parse().ok()).collect();
                        assert!(numbers[0] >= launches && numbers[1] >= blocks);
                        assert!(numbers[0] > launches || numbers[1] > blocks);
                        assert_eq!(reachable(numbers[0], numbers[1], comparisons, &rule), Ok(()), "{refusal}");
                    }
                }
            }
        }
        assert!(refused > 100);
    }

    #[test]
    fn designs_are_told_apart_by_launches_blocks_and_comparisons() {
        let rule = Rule::default();
        let ok = |launches, blocks, comparisons| reachable(launches, blocks, comparisons, &rule).is_ok();
        // With one launch there is no spread between launches; with two, t is 12.7.
        assert!(!ok(1, 1_000, 1) && !ok(2, 20, 1) && ok(3, 20, 1) && ok(4, 8, 1));
        assert!(!ok(4, 3, 9) && ok(4, 20, 9) && ok(6, 3, 9));
        assert!(!ok(4, 20, 60) && ok(8, 8, 60));
        let impossible = Rule { tie: 1.0, ..rule };
        assert!(reachable(9, 9, 1, &impossible).unwrap_err().contains("compare fewer cells"));
    }
}
