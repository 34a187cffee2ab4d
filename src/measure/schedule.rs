//! In which order competing cells take their turns: data, made before anything is measured.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

/// The order of turns of one block: every cell once, then all of them again in the opposite order (A B C C B A). Over
/// such a block a machine that grows slower at a constant rate is equally slow for all cells.
pub type Block = Vec<usize>;

/// `blocks` blocks of `cells` cells. Within the first halves each cell follows each other cell equally often, as far as
/// the number of blocks allows: what a turn leaves behind (in caches, in the device's queue) falls on all cells alike.
///
/// The design is that of E. J. Williams, "Experimental designs balanced for the estimation of residual effects of
/// treatments" (1949): a square for an even number of cells, two for an odd one; `seed` decides which cell plays which
/// part and which row comes when.
pub fn blocks(cells: usize, blocks: usize, seed: u64) -> Vec<Block> {
    if cells == 0 {
        return Vec::new();
    }
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut rows: Vec<Vec<usize>> = Vec::new();
    let mut schedule = Vec::with_capacity(blocks);
    while schedule.len() < blocks {
        if rows.is_empty() {
            let mut parts: Vec<usize> = (0..cells).collect();
            parts.shuffle(&mut rng);
            rows = williams(cells);
            rows.iter_mut().flatten().for_each(|part| *part = parts[*part]);
            rows.shuffle(&mut rng);
        }
        // The loop refills `rows` before it can be empty here.
        let Some(row) = rows.pop() else { break };
        schedule.push(row.iter().chain(row.iter().rev()).copied().collect());
    }
    schedule
}

/// Orders of `n` parts in which each follows each other equally often: `n` rows for an even `n`, `2 n` for an odd one.
fn williams(n: usize) -> Vec<Vec<usize>> {
    // 0, n-1, 1, n-2, 2 ...: neighbours have all differences there are.
    let first: Vec<usize> = (0..n).map(|k| if k % 2 == 0 { k / 2 } else { n - 1 - k / 2 }).collect();
    let shifted = |by: usize| first.iter().map(move |part| (part + by) % n).collect::<Vec<_>>();
    let mut rows: Vec<_> = (0..n).map(shifted).collect();
    if n % 2 == 1 {
        rows.extend((0..n).map(|by| shifted(by).into_iter().rev().collect()));
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn every_block_is_mirrored_and_holds_each_cell_twice(cells in 1usize..12, count in 0usize..40, seed: u64) {
            let schedule = blocks(cells, count, seed);
            prop_assert_eq!(schedule.len(), count);
            for block in &schedule {
                let mut turned = block.clone();
                turned.reverse();
                prop_assert_eq!(block, &turned);
                let mut half = block[..cells].to_vec();
                half.sort_unstable();
                prop_assert_eq!(half, (0..cells).collect::<Vec<_>>());
            }
            prop_assert_eq!(&schedule, &blocks(cells, count, seed), "the same seed gives the same schedule");
        }

        #[test]
        fn each_cell_follows_each_other_equally_often(cells in 2usize..12, seed: u64) {
            let whole = if cells % 2 == 0 { cells } else { 2 * cells };
            let mut follows = BTreeMap::new();
            for block in blocks(cells, whole, seed) {
                block[..cells].windows(2).for_each(|pair| *follows.entry((pair[0], pair[1])).or_insert(0) += 1);
            }
            prop_assert_eq!(follows.len(), cells * (cells - 1));
            let often = if cells % 2 == 0 { 1 } else { 2 };
            prop_assert!(follows.values().all(|count| *count == often), "{:?}", follows);
        }
    }

    #[test]
    fn seeds_give_different_orders_and_nobody_is_always_first() {
        assert_ne!(blocks(6, 6, 1), blocks(6, 6, 2));
        let first: std::collections::BTreeSet<_> = blocks(6, 6, 1).iter().map(|block| block[0]).collect();
        assert_eq!(first.len(), 6);
        assert!(blocks(0, 3, 1).is_empty());
    }
}
