//! What was measured in a contest.

use crate::results::Turns;
use std::collections::BTreeMap;

/// What a cell did in a block: both turns of its mirrored pair together.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Work {
    /// Images (or stores opened).
    pub images: f64,
    /// Nanoseconds they took.
    pub ns: f64,
}

/// What was measured in a contest: per launch, per block, per cell. Cells keep their numbers; launches and blocks are
/// in order of time.
///
/// The launch is the unit of every interval between launches. Blocks within one share its luck (where memory came to
/// lie, who the neighbours were) and each other's (a slow second hits several in a row); sums over launches take both in
/// without a model of either, so that autocorrelation needs no correction.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Table {
    /// `[launch][block][cell]`
    pub launches: Vec<Vec<Vec<Work>>>,
}

/// Logarithm of a cell's time an image, and what each unit adds to its error.
pub(super) struct LogTime {
    /// ln of nanoseconds an image, over all units.
    pub value: f64,
    /// By how much each unit pulls `value` away from the others (its influence, Hampel 1974), times the number of
    /// units. They add up to zero.
    pub pulls: Vec<f64>,
}

impl LogTime {
    /// The delta method: `value` is `ln(sum ns / sum images)`, whose derivative with respect to a unit's weight is its
    /// share of the time less its share of the images. `None` without units, or where one did nothing.
    pub(super) fn new(units: &[Work]) -> Option<Self> {
        let sum = sum(units.iter());
        if units.is_empty() || !units.iter().all(Work::is_real) || !sum.is_real() {
            return None;
        }
        let n = units.len() as f64;
        let pulls = units.iter().map(|unit| n * (unit.ns / sum.ns - unit.images / sum.images)).collect();
        Some(Self { value: (sum.ns / sum.images).ln(), pulls })
    }

    /// Standard error of the mean of `pulls`.
    pub(super) fn standard_error(pulls: impl ExactSizeIterator<Item = f64>) -> f64 {
        let n = pulls.len() as f64;
        (pulls.map(|pull| pull * pull).sum::<f64>() / (n * (n - 1.0))).sqrt()
    }
}

impl Work {
    fn is_real(&self) -> bool {
        self.images > 0.0 && self.ns > 0.0 && self.images.is_finite() && self.ns.is_finite()
    }
}

fn sum<'a>(works: impl Iterator<Item = &'a Work>) -> Work {
    works.fold(Work::default(), |a, b| Work { images: a.images + b.images, ns: a.ns + b.ns })
}

impl Table {
    /// Puts the turns of cells that competed side by side. Only blocks count in which every cell had both turns: a run
    /// that was cut short, or a worker that died, leaves halves. Launches without such a block are left out.
    ///
    /// # Errors
    /// In words, when there is no cell or no whole block; when columns differ in length; when a cell has more than two
    /// turns in a block, or a turn without images or time.
    pub fn from_turns(cells: &[&Turns]) -> Result<Self, String> {
        let mut blocks: BTreeMap<(u32, u32), Vec<(u32, Work)>> = BTreeMap::new();
        for (cell, turns) in cells.iter().enumerate() {
            let rows = turns.launch.len();
            let lengths = [turns.block.len(), turns.position.len(), turns.images.len(), turns.elapsed_ns.len()];
            if lengths.iter().any(|&length| length != rows) {
                return Err(format!("the columns of cell {cell} differ in length; measure again"));
            }
            for row in 0..rows {
                let key = (turns.launch[row], turns.block[row]);
                let turn = Work { images: turns.images[row] as f64, ns: turns.elapsed_ns[row] as f64 };
                let place = format_args!("cell {cell}, launch {}, block {}", key.0, key.1).to_string();
                if !turn.is_real() {
                    return Err(format!("{place}: a turn without images or time; leave the cell out as failed"));
                }
                let block = blocks.entry(key).or_insert_with(|| vec![(0, Work::default()); cells.len()]);
                let (visits, work) = &mut block[cell];
                *visits += 1;
                if *visits > 2 {
                    return Err(format!("{place}: more than two turns; number launches and blocks without repetition"));
                }
                *work = sum([*work, turn].iter());
            }
        }
        let mut launches: BTreeMap<u32, Vec<Vec<Work>>> = BTreeMap::new();
        for ((launch, _), block) in blocks {
            if block.iter().all(|&(visits, _)| visits == 2) {
                launches.entry(launch).or_default().push(block.into_iter().map(|(_, work)| work).collect());
            }
        }
        if launches.is_empty() {
            return Err("there is no block in which every cell had both its turns; let the run go on for longer".into());
        }
        Ok(Self { launches: launches.into_values().collect() })
    }

    /// Blocks over all launches.
    pub fn blocks(&self) -> usize {
        self.launches.iter().map(Vec::len).sum()
    }

    /// Sums of a cell over each launch. `None` where the cell is missing from a block, or a launch has none.
    pub(super) fn by_launch(&self, cell: usize) -> Option<Vec<Work>> {
        let launches = self.by_block(cell)?;
        launches.iter().map(|blocks| (!blocks.is_empty()).then(|| sum(blocks.iter()))).collect()
    }

    /// A cell's blocks, launch by launch. `None` where it is missing from one.
    pub(super) fn by_block(&self, cell: usize) -> Option<Vec<Vec<Work>>> {
        self.launches.iter().map(|blocks| blocks.iter().map(|block| block.get(cell).copied()).collect()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Turns of (launch, block, images, ns).
    fn turns(rows: &[(u32, u32, u64, u64)]) -> Turns {
        let mut turns = Turns::default();
        for (position, &(launch, block, images, ns)) in rows.iter().enumerate() {
            turns.launch.push(launch);
            turns.block.push(block);
            turns.position.push(position as u32);
            turns.images.push(images);
            turns.elapsed_ns.push(ns);
        }
        turns
    }

    #[test]
    fn pairs_are_added_up_and_halves_left_out() {
        let a = turns(&[(7, 1, 1, 10), (7, 1, 2, 30), (7, 0, 5, 50), (7, 0, 5, 51), (9, 0, 1, 1), (9, 0, 1, 1)]);
        // The second cell misses a visit in block 1 of launch 7, and launch 8 is its own.
        let b =
            turns(&[(7, 0, 4, 4), (7, 0, 4, 5), (7, 1, 3, 3), (8, 0, 1, 1), (8, 0, 1, 1), (9, 0, 2, 2), (9, 0, 2, 3)]);
        let work = |images, ns| Work { images, ns };
        let table = Table::from_turns(&[&a, &b]).unwrap();
        assert_eq!(
            table.launches,
            [vec![vec![work(10.0, 101.0), work(8.0, 9.0)]], vec![vec![work(2.0, 2.0), work(4.0, 5.0)]]]
        );
        assert_eq!(table.blocks(), 2);
        let alone = Table::from_turns(&[&a]).unwrap();
        assert_eq!(alone.launches[0], [vec![work(10.0, 101.0)], vec![work(3.0, 40.0)]], "blocks in order");
    }

    #[test]
    fn what_cannot_be_a_contest_is_refused_in_words() {
        let whole = turns(&[(0, 0, 1, 1), (0, 0, 1, 1)]);
        let mut ragged = whole.clone();
        ragged.images.pop();
        for (cells, word) in [
            (vec![], "no block"),
            (vec![&turns(&[(0, 0, 1, 1)])], "no block"),
            (vec![&whole, &ragged], "cell 1 differ in length"),
            (vec![&turns(&[(0, 0, 1, 1), (0, 0, 1, 1), (0, 0, 1, 1)])], "more than two turns"),
            (vec![&whole, &turns(&[(0, 0, 0, 1), (0, 0, 1, 1)])], "cell 1, launch 0, block 0: a turn without images"),
            (vec![&turns(&[(0, 0, 1, 0), (0, 0, 1, 1)])], "without images or time"),
        ] {
            let refusal = Table::from_turns(&cells).unwrap_err();
            assert!(refusal.contains(word), "{refusal}");
        }
    }

    #[test]
    fn pulls_are_the_derivatives_of_the_value() {
        let units = [(10.0, 100.0), (20.0, 260.0), (5.0, 40.0)].map(|(images, ns)| Work { images, ns });
        let log = LogTime::new(&units).unwrap();
        assert!((log.value - (400.0f64 / 35.0).ln()).abs() < 1e-12);
        assert!(log.pulls.iter().sum::<f64>().abs() < 1e-12);
        for unit in 0..units.len() {
            // A little more weight on one unit.
            let mut nudged = units;
            nudged[unit] = Work { images: units[unit].images * 1.000_001, ns: units[unit].ns * 1.000_001 };
            let slope = (LogTime::new(&nudged).unwrap().value - log.value) / 1e-6;
            assert!((slope * 3.0 - log.pulls[unit]).abs() < 1e-5, "{slope}");
        }
        assert!(LogTime::new(&[]).is_none());
        assert!(LogTime::new(&[Work { images: 1.0, ns: 0.0 }]).is_none());
    }
}
