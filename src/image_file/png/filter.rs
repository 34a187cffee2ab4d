//! PNG's row filters (W3C PNG, section 9) for 8 bits a channel: each row becomes a byte that names the filter, and what
//! the filter's prediction left over.

/// Number of filters: none, sub, up, average, Paeth, by their numbers in the file.
const FILTERS: u8 = 5;

/// Left, above and above left predict.
pub const PAETH: u8 = 4;

/// The Paeth predictor: of left, above and above left the one nearest to left + above - above left, the first on a tie.
/// Without its three distances: with `t` as below they are compared all at once (a fact of stb_image's decoder); the test
/// tries all 2^24 cases.
#[inline(always)]
fn paeth(left: u8, above: u8, corner: u8) -> u8 {
    // In 32 bits, not 16: a quarter faster to undo.
    let (left, above, corner) = (i32::from(left), i32::from(above), i32::from(corner));
    let (low, high) = (left.min(above), left.max(above));
    let t = 3 * corner - (left + above);
    let near = if high <= t { low } else { corner };
    (if t <= low { high } else { near }) as u8
}

#[inline(always)]
fn average(left: u8, above: u8) -> u8 {
    ((u16::from(left) + u16::from(above)) / 2) as u8
}

/// Undoes the filters of all rows of an image of `pixel` bytes a pixel, below a `black` row of as many bytes as the others:
/// `filtered` has a byte more a row than `pixels`. Whether every filter was one that PNG has.
pub fn undo(filtered: &[u8], pixels: &mut [u8], black: &[u8], pixel: usize) -> bool {
    match pixel {
        1 => undo_rows::<1>(filtered, pixels, black),
        2 => undo_rows::<2>(filtered, pixels, black),
        3 => undo_rows::<3>(filtered, pixels, black),
        4 => undo_rows::<4>(filtered, pixels, black),
        _ => false,
    }
}

fn undo_rows<const PIXEL: usize>(filtered: &[u8], pixels: &mut [u8], black: &[u8]) -> bool {
    let (row, mut above) = (black.len(), black);
    for (filtered, now) in filtered.chunks_exact(row + 1).zip(pixels.chunks_exact_mut(row)) {
        let (filter, from) = (filtered[0], &filtered[1..]);
        match filter {
            0 => now.copy_from_slice(from),
            1 => undo_row::<PIXEL>(from, above, now, |from, left, _, _| from.wrapping_add(left)),
            2 => now.iter_mut().zip(from).zip(above).for_each(|((now, from), above)| *now = from.wrapping_add(*above)),
            3 => undo_row::<PIXEL>(from, above, now, |from, left, above, _| from.wrapping_add(average(left, above))),
            4 => undo_row::<PIXEL>(from, above, now, |from, left, above, corner| {
                from.wrapping_add(paeth(left, above, corner))
            }),
            FILTERS.. => return false,
        }
        above = now;
    }
    true
}

/// One row, pixel after pixel, because each needs the one to its left.
#[inline(always)]
fn undo_row<const PIXEL: usize>(from: &[u8], above: &[u8], now: &mut [u8], undo: impl Fn(u8, u8, u8, u8) -> u8) {
    let (mut left, mut corner) = ([0; PIXEL], [0; PIXEL]);
    let (from, _) = from.as_chunks::<PIXEL>();
    let (above, _) = above.as_chunks::<PIXEL>();
    let (now, _) = now.as_chunks_mut::<PIXEL>();
    for ((now, from), above) in now.iter_mut().zip(from).zip(above) {
        for i in 0..PIXEL {
            left[i] = undo(from[i], left[i], above[i], corner[i]);
        }
        (*now, corner) = (left, *above);
    }
}

/// How the filter of a row is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// This one for every row: no time for choosing.
    Always(u8),
    /// The one whose output has the smallest sum of absolute values, bytes taken as signed: what the specification
    /// advises (section 12.7) and libpng and Pillow do.
    SmallestSum,
}

/// Appends the filtered rows of an image to `out`, with a row of scratch memory for each filter.
pub fn apply(pixels: &[u8], row: usize, pixel: usize, choice: Choice, scratch: &mut Vec<u8>, out: &mut Vec<u8>) {
    let filters = match choice {
        Choice::Always(one) => one..one + 1,
        Choice::SmallestSum => 0..FILTERS,
    };
    scratch.clear();
    // The row above the first is black.
    scratch.resize(row * 3, 0);
    let (black, candidates) = scratch.split_at_mut(row);
    let (mut best, mut next) = candidates.split_at_mut(row);
    let mut above = &*black;
    for now in pixels.chunks_exact(row) {
        let (mut chosen, mut smallest) = (filters.start, u64::MAX);
        for filter in filters.clone() {
            apply_row(filter, now, above, pixel, next);
            let sum = if filters.len() > 1 { sum_of_sizes(next) } else { 0 };
            if sum < smallest {
                (chosen, smallest) = (filter, sum);
                std::mem::swap(&mut best, &mut next);
            }
        }
        out.push(chosen);
        out.extend_from_slice(best);
        above = now;
    }
}

fn sum_of_sizes(row: &[u8]) -> u64 {
    // In pieces whose sums fit 16 bits, which vector units add eight at a time.
    let piece = |bytes: &[u8]| bytes.iter().map(|byte| u16::from((*byte as i8).unsigned_abs())).sum::<u16>();
    row.chunks(256).map(|bytes| u64::from(piece(bytes))).sum()
}

fn apply_row(filter: u8, now: &[u8], above: &[u8], pixel: usize, out: &mut [u8]) {
    let (head, rest) = now.split_at(pixel.min(now.len()));
    let (head_out, out) = out.split_at_mut(head.len());
    let left = &now[..rest.len()];
    let (head_above, above_rest) = above.split_at(head.len());
    let corner = &above[..rest.len()];
    // To the left of the first pixel everything is black: sub predicts nothing there, and Paeth as up does.
    for ((out, now), above) in head_out.iter_mut().zip(head).zip(head_above) {
        *out = now.wrapping_sub(match filter {
            0 | 1 => 0,
            3 => above / 2,
            _ => *above,
        });
    }
    let four = out.iter_mut().zip(rest).zip(left).zip(above_rest);
    match filter {
        0 => out.copy_from_slice(rest),
        1 => four.for_each(|(((out, now), left), _)| *out = now.wrapping_sub(*left)),
        2 => four.for_each(|(((out, now), _), above)| *out = now.wrapping_sub(*above)),
        3 => four.for_each(|(((out, now), left), above)| *out = now.wrapping_sub(average(*left, *above))),
        _ => four.zip(corner).for_each(|((((out, now), left), above), corner)| {
            *out = now.wrapping_sub(paeth(*left, *above, *corner));
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_predictor_is_that_of_the_specification() {
        for case in 0..1_u32 << 24 {
            let [left, above, corner, _] = case.to_le_bytes();
            let [a, b, c] = [left, above, corner].map(i32::from);
            let p = a + b - c;
            let (pa, pb, pc) = ((p - a).abs(), (p - b).abs(), (p - c).abs());
            let expected = if pa <= pb && pa <= pc {
                left
            } else if pb <= pc {
                above
            } else {
                corner
            };
            assert!(paeth(left, above, corner) == expected, "{left} {above} {corner}");
        }
    }

    proptest! {
        #[test]
        fn every_filter_is_undone(
            pixel in 1_usize..=4, width in 1_usize..40, height in 0_usize..6, choice in 0_u8..=FILTERS, seed: u64,
        ) {
            let row = width * pixel;
            let mut state = seed;
            // Differences of all sizes, and runs of the same byte.
            let pixels: Vec<u8> = (0..row * height).map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                if state >> 63 == 0 { 77 } else { (state >> 40) as u8 }
            }).collect();
            let choice = if choice == FILTERS { Choice::SmallestSum } else { Choice::Always(choice) };
            let (mut filtered, mut back) = (Vec::new(), vec![9; pixels.len()]);
            apply(&pixels, row, pixel, choice, &mut Vec::new(), &mut filtered);
            prop_assert_eq!(filtered.len(), (row + 1) * height);
            prop_assert!(undo(&filtered, &mut back, &vec![0; row], pixel));
            prop_assert_eq!(back, pixels);
        }
    }

    #[test]
    fn the_filter_with_the_smallest_sum_is_taken() {
        let mut filtered = Vec::new();
        // A ramp, the same again, and one that goes on as its corner says.
        apply(&[10, 20, 30, 10, 20, 30], 3, 1, Choice::SmallestSum, &mut Vec::new(), &mut filtered);
        assert_eq!(filtered, [1, 10, 10, 10, 2, 0, 0, 0]);
    }

    #[test]
    fn a_filter_that_there_is_not_is_noticed() {
        assert!(!undo(&[5, 1, 2, 3], &mut [0; 3], &[0; 3], 3));
        assert!(!undo(&[0, 1, 2, 3, 4, 5], &mut [0; 5], &[0; 5], 5));
    }
}
