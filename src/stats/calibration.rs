//! What the procedure does where the truth is known. The tables of METHODOLOGY.md come from here:
//! `SHELFMARK_STATS_TRIALS=2000 cargo test --lib stats::calibration -- --nocapture --test-threads=1`
//! Without the variable only some of the settings are tried.
//! Seeds are fixed and bands are four standard errors of the simulation wide, so that these never fail by chance.

use super::simulated::{Tail, World, rng};
use super::{Rule, Verdict, against_best, rate_of, ratio};

/// What was asked for: trials of each setting.
fn asked() -> Option<usize> {
    std::env::var("SHELFMARK_STATS_TRIALS").ok().and_then(|text| text.parse().ok())
}

/// All values where trials were asked for, else the first two.
fn settings<T>(values: &[T]) -> &[T] {
    if asked().is_some() { values } else { &values[..2] }
}

/// Four standard errors of a share found in so many trials.
fn slack(share: f64, trials: usize) -> f64 {
    4.0 * (share * (1.0 - share) / trials as f64).sqrt()
}

/// Every combination of what a machine may do to a run.
fn worlds(launches: usize, blocks: usize) -> Vec<World> {
    let mut worlds = Vec::new();
    for launch_sd in [0.0, 0.01, 0.03] {
        for block_sd in [0.03, 0.1] {
            for lag1 in [0.0, 0.3, 0.6] {
                for tail in [Tail::Gaussian, Tail::Heavy] {
                    worlds.push(World { launch_sd, block_sd, lag1, tail, ..World::alike(4, launches, blocks) });
                }
            }
        }
    }
    worlds
}

/// Coverage of the intervals of ratios and rates: 4 to 10 launches, 3 to 20 blocks, in all worlds.
#[test]
fn intervals_cover_as_often_as_they_say() {
    let (trials, rule) = (asked().unwrap_or(40), Rule::default());
    println!(
        "coverage of 95 % intervals, {trials} trials of each of 36 settings a line: least, mean, most; false verdicts"
    );
    let (mut covered_all, mut all) = (0.0, 0.0);
    for &launches in settings(&[4, 10, 6, 8]) {
        for &blocks in settings(&[3, 8, 20]) {
            let (mut shares, mut false_verdicts, mut rates) = (Vec::new(), 0, 0.0);
            for (number, world) in worlds(launches, blocks).iter().enumerate() {
                let mut rng = rng((launches * 100_000 + blocks * 1_000 + number) as u64);
                // The mean of all disturbances is the truth for rates; it is known exactly without them.
                let truth = 1e5 / (0.5 * (world.launch_sd.powi(2) + world.block_sd.powi(2))).exp();
                let (mut covered, mut rate_covered) = (0, 0);
                for _ in 0..trials {
                    let table = world.play(&mut rng);
                    let interval = ratio(&table, 0, 1, &rule).unwrap();
                    covered += usize::from(interval.lo <= 1.0 && 1.0 <= interval.hi);
                    false_verdicts += usize::from(matches!(interval.verdict, Verdict::Faster | Verdict::Slower));
                    let rate = rate_of(&table, 0).unwrap();
                    rate_covered += usize::from(rate.lo <= truth && truth <= rate.hi);
                }
                let share = covered as f64 / trials as f64;
                let place = format!("{world:?}: {share}");
                assert!(share > 0.93 - slack(0.93, trials) && share < 0.99 + slack(0.99, trials), "{place}");
                shares.push(share);
                if world.tail == Tail::Gaussian {
                    rates += rate_covered as f64 / trials as f64 / 18.0;
                }
            }
            let mean = shares.iter().sum::<f64>() / shares.len() as f64;
            let (least, most) = shares.iter().fold((1.0f64, 0.0f64), |(a, b), &share| (a.min(share), b.max(share)));
            let wrong = false_verdicts as f64 / (36 * trials) as f64;
            println!(
                "{launches:2} launches {blocks:2} blocks: ratio {least:.3} {mean:.3} {most:.3}; rate (gaussian) {rates:.3}; \
                 false verdicts {wrong:.4}"
            );
            assert!((rates - 0.95).abs() < 0.015 + slack(0.95, 18 * trials), "{launches} {blocks}: {rates}");
            assert!(wrong < 0.05, "{launches} {blocks}: {wrong}");
            covered_all += shares.iter().sum::<f64>();
            all += shares.len() as f64;
        }
    }
    println!("over all {all} settings: {:.4}", covered_all / all);
    assert!((covered_all / all - 0.952).abs() < 0.008);
}

/// Shares of verdicts on cell 1 against cell 0, with that many cells compared with the best.
fn verdicts(cells: usize, launches: usize, se: f64, effect: f64, trials: usize) -> [f64; 4] {
    // All other cells are far behind: they cost comparisons, and never are candidates.
    let mut world =
        World { block_sd: 1e-6, launch_sd: se * (launches as f64 / 2.0).sqrt(), ..World::alike(cells, launches, 1) };
    world.times.iter_mut().skip(1).for_each(|time| *time = 3.0);
    world.times[1] = effect;
    let mut rng = rng((cells * 1_000 + launches) as u64);
    let mut counts = [0.0; 4];
    let competing: Vec<usize> = (0..cells).collect();
    for _ in 0..trials {
        let table = world.play(&mut rng);
        let found = if cells == 2 {
            ratio(&table, 1, 0, &Rule::default()).unwrap().verdict
        } else {
            let (best, others) = against_best(&table, &competing, &Rule::default()).unwrap();
            let of = |cell| others.iter().find(|(other, _)| *other == cell).unwrap().1.verdict;
            // Where cell 1 came out as the best, cell 0 is judged: slower there is faster here.
            match if best == 1 { of(0) } else { of(1) } {
                Verdict::Slower if best == 1 => Verdict::Faster,
                verdict => verdict,
            }
        };
        let at = [Verdict::Slower, Verdict::Faster, Verdict::Tied, Verdict::Inconclusive];
        counts[at.iter().position(|&verdict| verdict == found).unwrap()] += 1.0 / trials as f64;
    }
    counts
}

/// Differences are found, ties are recognised, and neither where it is not.
#[test]
fn verdicts_are_reached_and_seldom_wrong() {
    let trials = asked().unwrap_or(300);
    for &se in settings(&[0.0075, 0.01, 0.005, 0.02]) {
        println!(
            "standard error {se}: shares of slower at +5 % and +10 %; of tied, of a difference for twins; of tied at +7 %"
        );
        for cells in [2, 4, 10] {
            for launches in [4, 6, 8, 10] {
                let [five, ten, twins, seven] =
                    [1.05, 1.1, 1.0, 1.07].map(|effect| verdicts(cells, launches, se, effect, trials));
                println!(
                    "{cells:2} cells {launches:2} launches: {:.3} {:.3}; {:.3} {:.4}; {:.4}",
                    five[0],
                    ten[0],
                    twins[2],
                    twins[0] + twins[1],
                    seven[2]
                );
                assert!(five[1] + ten[1] + seven[1] == 0.0, "a slower cell was called faster");
                assert!(twins[0] + twins[1] < 0.05 + slack(0.05, trials));
                assert!(seven[2] < 0.004 + slack(0.004, trials));
                if se <= 0.01 && cells == 2 {
                    assert!(ten[0] > 0.95, "{ten:?}");
                    assert!(twins[0] + twins[1] < 0.008 + slack(0.008, trials), "{twins:?}");
                }
                if se <= 0.0075 && launches >= 8 && cells == 2 {
                    assert!(five[0] > 0.8, "{five:?}");
                }
            }
        }
    }
}

/// All intervals of a contest hold at once, whoever is best, with cells that differ in noise up to twentyfold.
#[test]
fn intervals_against_the_best_hold_at_once() {
    let (trials, rule) = (asked().unwrap_or(100), Rule::default());
    let rising = [0.3, 0.5, 0.7, 1.0, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0];
    println!(
        "simultaneous coverage of 9 comparisons with the best: all alike; +1 % each; noise differing 20-fold; that, and one far ahead"
    );
    for &launches in settings(&[4, 10, 6, 8]) {
        let mut shares = Vec::new();
        for (tail, lag1) in [(Tail::Gaussian, 0.0), (Tail::Heavy, 0.6)] {
            for setting in 0..4 {
                let mut world = World { tail, lag1, ..World::alike(10, launches, 8) };
                if setting > 0 {
                    world.times = (0..10).map(|cell| 1.01f64.powi(cell)).collect();
                }
                if setting >= 2 {
                    world.noise = rising.to_vec();
                }
                if setting == 3 {
                    // No doubt about the best: here the intervals have nothing to spare.
                    world.times = (0..10).map(|cell| if cell == 0 { 1.0 } else { 5.0 }).collect();
                }
                let mut rng = rng((launches * 10 + setting) as u64);
                let truth = |cell: usize| {
                    let others = world.times.iter().enumerate().filter(|(other, _)| *other != cell);
                    // Noise stretches the mean, too.
                    let mean = |cell: usize| {
                        let sd = world.noise[cell];
                        let variance = sd * sd * (world.launch_sd.powi(2) + world.block_sd.powi(2));
                        world.times[cell] * (0.5 * variance).exp()
                    };
                    mean(cell) / others.map(|(other, _)| mean(other)).fold(f64::INFINITY, f64::min)
                };
                let truths: Vec<f64> = (0..10).map(truth).collect();
                let all: Vec<usize> = (0..10).collect();
                let held = (0..trials).filter(|_| {
                    let (_, others) = against_best(&world.play(&mut rng), &all, &rule).unwrap();
                    others.iter().all(|(cell, found)| (found.lo..=found.hi).contains(&truths[*cell]))
                });
                let share = held.count() as f64 / trials as f64;
                assert!(share > 0.935 - slack(0.935, trials), "{world:?}: {share}");
                shares.push(share);
            }
        }
        println!(
            "{launches:2} launches: {:.3?} gaussian, {:.3?} heavy tails and lag-1 0.6",
            &shares[..4],
            &shares[4..]
        );
    }
}
