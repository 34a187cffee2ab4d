//! How large stores may be when the images are.

/// Store sizes that hold at most `most` images: those of `sizes` that do, and where larger ones had to go, the largest
/// round number that still fits. Never empty, and in order.
pub fn at_most(sizes: &[u64], most: u64) -> Vec<u64> {
    let most = most.max(1);
    let mut fitting: Vec<u64> = sizes.iter().copied().filter(|size| *size <= most).collect();
    let round = round_down(most);
    if fitting.len() < sizes.len() && fitting.last().is_none_or(|last| *last < round) {
        fitting.push(round);
    }
    fitting
}

/// The largest number with one digit that counts, as in 400, up to `number`.
fn round_down(number: u64) -> u64 {
    let unit = 10_u64.pow(number.ilog10());
    number / unit * unit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_cut_to_what_fits() {
        let sizes = [100, 1_000, 10_000];
        assert_eq!(at_most(&sizes, 10_000), sizes);
        assert_eq!(at_most(&sizes, u64::MAX), sizes);
        assert_eq!(at_most(&sizes, 9_999), [100, 1_000, 9_000]);
        assert_eq!(at_most(&sizes, 1_099), [100, 1_000]);
        assert_eq!(at_most(&sizes, 467), [100, 400]);
        assert_eq!(at_most(&sizes, 42), [40]);
        assert_eq!(at_most(&sizes, 0), [1]);
    }
}
