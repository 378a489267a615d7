//! The board's unique secret and the seed of its random numbers, see `emulation::fuses`.
//!
//! Both are read once, at the start, and their words are overwritten, so that they lie nowhere but
//! where they are used. The seed is mixed with the unique secret and the number of the boot.

use crypto::{Entropy, Generator, Key};
use emulation::Map;
use emulation::fuses::{ENTROPY, LEN, UNIQUE};
use emulation::window::{BOOTS, CODE, CODE_SHOWN};

use crate::register::Register;
use crate::window::word;

/// What the board had in its fuses.
pub struct Fuses {
    unique: Key,
    random: Generator,
}

impl Fuses {
    /// Takes the fuses of the board, after its memory was opened and the boot counted.
    ///
    /// # Safety
    /// The page at the fuses' address of `map` is memory, and no other code names it.
    pub unsafe fn take(map: &Map) -> Self {
        // SAFETY: passed on to the caller.
        let (unique, entropy) = unsafe { (read(map.fuses + UNIQUE), read(map.fuses + ENTROPY)) };
        let seed = entropy.derive(unique.bytes(), b"postern seed");
        let random = Generator::new(&seed, &word(BOOTS).read().to_le_bytes());
        Self { unique, random }
    }

    /// The board's unique secret.
    pub fn unique(&self) -> Key {
        self.unique.clone()
    }
}

impl Entropy for Fuses {
    fn fill(&mut self, bytes: &mut [u8]) {
        self.random.fill(bytes);
    }
}

/// Shows a pairing's code on the display, or nothing.
pub fn show_code(code: Option<u32>) {
    word(CODE).write(code.map_or(0, |code| code | CODE_SHOWN));
}

/// Reads a secret at `address`, and overwrites it there.
///
/// # Safety
/// As [`Fuses::take`].
unsafe fn read(address: usize) -> Key {
    let mut bytes = [0; LEN];
    for (at, chunk) in bytes.chunks_exact_mut(4).enumerate() {
        // SAFETY: a whole, aligned word within the page that the caller named.
        let word = unsafe { Register::new(address + 4 * at) };
        chunk.copy_from_slice(&word.read().to_le_bytes());
        word.write(0);
    }
    Key::new(bytes)
}
