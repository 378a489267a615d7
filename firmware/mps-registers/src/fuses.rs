//! The fuses of an emulated board, see [`host_window::fuses`]: secrets, and what the boot loader started.

use host_window::fuses::{BOOT_WORD, LEN, RECORD, RECORD_LEN, STARTED};

use crate::{Mmio, Register};

/// Whether a secret stays in its words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum After {
    /// It stays there for the firmware.
    Keep,
    /// Its words are overwritten.
    Wipe,
}

/// Reads a secret at `address`.
///
/// # Safety
/// The page at the fuses' address is memory, `address` is one of a secret in it, and no other code names it.
pub unsafe fn secret(address: usize, after: After) -> [u8; LEN] {
    let mut bytes = [0; LEN];
    for (at, chunk) in bytes.chunks_exact_mut(4).enumerate() {
        // SAFETY: a whole, aligned word within the page that the caller named.
        let word = unsafe { Mmio::new(address + 4 * at) };
        chunk.copy_from_slice(&word.read().to_le_bytes());
        if after == After::Wipe {
            word.write(0);
        }
    }
    bytes
}

/// Writes whole words of `bytes` at `address`, in place of what was there.
///
/// # Safety
/// The page at the fuses' address is memory, the bytes lie within it, and no other code names them.
pub unsafe fn put(address: usize, bytes: &[u8]) {
    for (at, chunk) in bytes.as_chunks().0.iter().enumerate() {
        // SAFETY: a whole, aligned word within the page that the caller named.
        unsafe { Mmio::new(address + 4 * at) }.write(u32::from_le_bytes(*chunk));
    }
}

/// The boot record that the boot loader has left in the page at `fuses`.
///
/// # Safety
/// The page at `fuses` is memory.
pub unsafe fn record(fuses: usize) -> [u8; RECORD_LEN] {
    let mut bytes = [0; RECORD_LEN];
    for (at, chunk) in bytes.as_chunks_mut().0.iter_mut().enumerate() {
        // SAFETY: a whole, aligned word within the page that the caller named.
        *chunk = unsafe { Mmio::new(fuses + RECORD + 4 * at) }.read().to_le_bytes();
    }
    bytes
}

/// The boot loader's word.
///
/// # Safety
/// The page at `fuses` is memory.
pub unsafe fn boot_word(fuses: usize) -> Mmio {
    // SAFETY: an aligned word within the page that the caller named.
    unsafe { Mmio::new(fuses + BOOT_WORD) }
}

/// Writes which slot is started.
pub fn set_started(word: &impl Register, slot: u8) {
    word.write(STARTED | u32::from(slot));
}

/// The slot from which a boot loader has started this firmware; `None` without a boot loader.
pub fn started_from(word: &impl Register) -> Option<u8> {
    match word.read() {
        STARTED => Some(0),
        word if word == STARTED | 1 => Some(1),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use core::cell::Cell;

    use super::*;

    struct Word(Cell<u32>);

    impl Register for Word {
        fn read(&self) -> u32 {
            self.0.get()
        }

        fn write(&self, value: u32) {
            self.0.set(value);
        }
    }

    #[test]
    fn the_slot_goes_from_boot_loader_to_firmware() {
        let word = Word(Cell::new(0));
        assert_eq!(started_from(&word), None);
        for slot in [0, 1] {
            set_started(&word, slot);
            assert_eq!(started_from(&word), Some(slot));
        }
        word.write(STARTED | 2);
        assert_eq!(started_from(&word), None);
    }
}
