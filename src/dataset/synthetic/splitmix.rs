//! Random numbers that are the same on every machine.

/// SplitMix64's increment, 2^64 divided by the golden ratio.
const GAMMA: u64 = 0x9E37_79B9_7F4A_7C15;

/// SplitMix64 (Steele, Lea and Flood 2014): value-stable, and its n-th output needs no earlier one.
pub struct SplitMix64(pub u64);

impl SplitMix64 {
    /// The stream that belongs to `index`: it starts at output `index` of the stream that starts at `seed`.
    pub fn nth(seed: u64, index: u64) -> Self {
        Self(Self(seed.wrapping_add(GAMMA.wrapping_mul(index))).next())
    }

    /// The next 64 bits.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GAMMA);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Uniform integer in `low..=high`, a range of at most 2^16.
    pub fn range(&mut self, low: i32, high: i32) -> i32 {
        low + (((self.next() >> 48) as i64 * i64::from(high - low + 1)) >> 16) as i32
    }
}
