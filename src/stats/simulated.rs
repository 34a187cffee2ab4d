//! Contests with a known truth, for tests: launch effects, autocorrelated noise, slow turns and bursts.

use super::{Table, Work};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// How turns are disturbed beside the gaussian noise.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Tail {
    /// Not at all.
    Gaussian,
    /// 5 % of turns, each on its own, and in 15 % of blocks a burst over 1 to all of the neighbouring turns take 1.3 to
    /// 3 times as long.
    Heavy,
}

/// What a contest is like.
#[derive(Debug, Clone)]
pub struct World {
    pub launches: usize,
    pub blocks: usize,
    /// True time of each cell.
    pub times: Vec<f64>,
    /// Each cell's noise (both kinds) as a multiple of the contest's.
    pub noise: Vec<f64>,
    /// Standard deviation of ln time between launches, each cell on its own.
    pub launch_sd: f64,
    /// The same between the blocks of a launch.
    pub block_sd: f64,
    /// Lag-1 autocorrelation of the noise between blocks.
    pub lag1: f64,
    pub tail: Tail,
}

impl World {
    /// Cells that are alike.
    pub fn alike(cells: usize, launches: usize, blocks: usize) -> Self {
        Self {
            launches,
            blocks,
            times: vec![1.0; cells],
            noise: vec![1.0; cells],
            launch_sd: 0.01,
            block_sd: 0.03,
            lag1: 0.0,
            tail: Tail::Gaussian,
        }
    }

    /// Plays a contest.
    pub fn play(&self, rng: &mut ChaCha8Rng) -> Table {
        let cells = self.times.len();
        let mut order: Vec<usize> = (0..cells).collect();
        let launches = (0..self.launches).map(|_| {
            let luck: Vec<f64> = self.noise.iter().map(|noise| noise * self.launch_sd * normal(rng)).collect();
            let mut state: Vec<f64> = (0..cells).map(|_| normal(rng)).collect();
            let blocks = (0..self.blocks).map(|block| {
                for place in (1..cells).rev() {
                    order.swap(place, rng.random_range(0..=place));
                }
                let slow = self.slow_turns(rng);
                let mut work = vec![Work::default(); cells];
                for (place, &cell) in order.iter().enumerate() {
                    if block > 0 {
                        state[cell] = self.lag1 * state[cell] + (1.0 - self.lag1 * self.lag1).sqrt() * normal(rng);
                    }
                    let log = luck[cell] + self.noise[cell] * self.block_sd * state[cell];
                    let turns = slow[place] + slow[2 * cells - 1 - place];
                    work[cell] = Work { images: 2_000.0, ns: 1e7 * self.times[cell] * log.exp() * turns };
                }
                work
            });
            blocks.collect()
        });
        Table { launches: launches.collect() }
    }

    /// By how much each turn of a block, in order of time, is slowed down.
    fn slow_turns(&self, rng: &mut ChaCha8Rng) -> Vec<f64> {
        let mut slow = vec![1.0; 2 * self.times.len()];
        if self.tail == Tail::Heavy {
            let factor = |rng: &mut ChaCha8Rng| 1.3 + 1.7 * rng.random::<f64>();
            for turn in &mut slow {
                if rng.random::<f64>() < 0.05 {
                    *turn = factor(rng);
                }
            }
            if rng.random::<f64>() < 0.15 {
                let (from, length) = (rng.random_range(0..slow.len()), rng.random_range(1..=slow.len()));
                let by = factor(rng);
                slow.iter_mut().skip(from).take(length).for_each(|turn| *turn *= by);
            }
        }
        slow
    }
}

/// A generator for a setting, the same wherever the setting stands in a list.
pub fn rng(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

/// A standard normal number (Box and Muller 1958).
fn normal(rng: &mut ChaCha8Rng) -> f64 {
    let (radius, angle) = (1.0 - rng.random::<f64>(), rng.random::<f64>());
    (-2.0 * radius.ln()).sqrt() * (std::f64::consts::TAU * angle).cos()
}
