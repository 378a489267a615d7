//! A seeded random number generator, for boards whose hardware source is slow or yields few bytes.
//!
//! Fast key erasure (Bernstein, 2017) over HMAC-SHA-256: every request derives its bytes and the next key
//! from the current key, and erases the current key. So the memory of a board reveals nothing about numbers
//! generated before.

use sha2::{Digest, Sha256};

use crate::Key;

/// A source of unpredictable random numbers.
pub trait Entropy {
    /// Fills `bytes` with random numbers.
    fn fill(&mut self, bytes: &mut [u8]);

    /// A random key.
    fn key(&mut self) -> Key
    where
        Self: Sized,
    {
        let mut key = Key::new([0; 32]);
        self.fill(key.bytes_mut());
        key
    }
}

impl<E: Entropy> Entropy for &mut E {
    fn fill(&mut self, bytes: &mut [u8]) {
        (**self).fill(bytes);
    }
}

/// A seeded random number generator.
pub struct Generator {
    key: Key,
}

impl Generator {
    /// A generator from a secret `seed`, and a `context` that is different at every start with this seed,
    /// such as a boot counter.
    pub fn new(seed: &Key, context: &[u8]) -> Self {
        Self { key: seed.derive(context, b"postern random") }
    }
}

impl Entropy for Generator {
    fn fill(&mut self, bytes: &mut [u8]) {
        for (counter, chunk) in (0u32..).zip(bytes.chunks_mut(32)) {
            let block = self.key.derive(&counter.to_le_bytes(), b"postern output");
            chunk.iter_mut().zip(block.bytes()).for_each(|(to, from)| *to = *from);
        }
        self.key = self.key.derive(b"", b"postern next");
    }
}

/// SHA-256 of the concatenation of several pieces.
pub(crate) fn digest(pieces: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    pieces.iter().for_each(|piece| hash.update(piece));
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;

    #[test]
    fn output_depends_on_seed_and_context_and_never_repeats() {
        let seed = Key::new([1; 32]);
        let draw = |context: &[u8]| {
            let mut generator = Generator::new(&seed, context);
            let mut drawn = std::vec::Vec::new();
            for length in [5, 32, 33, 100] {
                let mut bytes = std::vec![0; length];
                generator.fill(&mut bytes);
                drawn.push(bytes);
            }
            drawn
        };
        assert_eq!(draw(b"1"), draw(b"1"));
        assert_ne!(draw(b"1"), draw(b"2"));
        let drawn = draw(b"1");
        assert_ne!(drawn[1], drawn[2][..32]);
        assert_ne!(drawn[2][..32], drawn[3][..32]);
        assert_ne!(drawn[3][..32], drawn[3][32..64]);
    }
}
