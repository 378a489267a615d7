//! Pseudo-random numbers, the same everywhere: Marsaglia's xorshift64.

/// A stream of pseudo-random numbers.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A number in `low..=high`.
    pub(crate) fn within(&mut self, low: usize, high: usize) -> usize {
        low + ((self.next() >> 24) % (high - low + 1) as u64) as usize
    }

    pub(crate) fn byte(&mut self) -> i8 {
        (self.next() >> 24) as i8
    }

    pub(crate) fn fill(&mut self, values: &mut [i8]) {
        values.fill_with(|| self.byte());
    }
}
