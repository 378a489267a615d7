//! Pseudo-random numbers, the same on every machine: Marsaglia's xorshift64.

/// A stream of pseudo-random numbers.
pub struct Random(u64);

impl Random {
    /// A stream from `seed`.
    pub fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    /// The next 64 bits.
    pub fn word(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A number in `low..=high`.
    pub fn within(&mut self, low: usize, high: usize) -> usize {
        low + ((self.word() >> 24) % (high - low + 1) as u64) as usize
    }

    /// A byte.
    pub fn byte(&mut self) -> i8 {
        (self.word() >> 24) as i8
    }

    /// Fills `values` with random bytes.
    pub fn fill(&mut self, values: &mut [i8]) {
        values.fill_with(|| self.byte());
    }
}
