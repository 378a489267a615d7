//! What a boot loader does on an MPS board: takes the secret's copy, puts code where it runs, jumps, and tells the
//! firmware which slot it was started from.

use crypto::Key;
use emulation::Map;
use emulation::fuses::{BOOT_WORD, LEN, STARTED, UNIQUE};
use emulation::window::OUTPUTS;

use crate::register::Register;
use crate::window::word;

/// Code that may be started.
#[derive(Clone, Copy, Debug)]
pub struct Loaded<'a> {
    /// The slot it lies in.
    pub slot: u8,
    /// Where it runs, a multiple of 4.
    pub address: u32,
    /// The code, whole words, with a stack pointer and a reset handler first.
    pub code: &'a [u8],
}

/// Shows the outputs as a reset left them: without current.
pub fn lock() {
    word(OUTPUTS).write(0);
}

/// The board's unique secret, which is left where it is for the firmware.
///
/// # Safety
/// The page at the fuses' address of `map` is memory.
pub unsafe fn unique(map: &Map) -> Key {
    let mut bytes = [0; LEN];
    for (at, chunk) in bytes.chunks_exact_mut(4).enumerate() {
        // SAFETY: a whole, aligned word within the page that the caller named.
        let word = unsafe { Register::new(map.fuses + UNIQUE + 4 * at) };
        chunk.copy_from_slice(&word.read().to_le_bytes());
    }
    Key::new(bytes)
}

/// The slot that a boot loader has started this firmware from; none if there was none.
///
/// # Safety
/// As [`unique`].
pub unsafe fn started_from(map: &Map) -> Option<u8> {
    // SAFETY: an aligned word within the page that the caller named.
    match unsafe { Register::new(map.fuses + BOOT_WORD) }.read() {
        STARTED => Some(0),
        word if word == STARTED | 1 => Some(1),
        _ => None,
    }
}

/// Copies code to its address and starts it.
///
/// # Safety
/// The code is firmware for this board, its address lies within the memory for code, and neither what runs now nor its
/// stack lies where it comes to lie.
pub unsafe fn start(map: &Map, loaded: &Loaded<'_>) -> ! {
    let words =
        loaded.code.chunks_exact(4).map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]]));
    let mut first = [0; 2];
    for (index, word) in words.enumerate() {
        if let Some(place) = first.get_mut(index) {
            *place = word;
        }
        // SAFETY: memory for code, says the caller.
        unsafe { Register::new(loaded.address as usize + 4 * index) }.write(word);
    }
    // SAFETY: an aligned word of the fuses' page, which every board has.
    unsafe { Register::new(map.fuses + BOOT_WORD) }.write(STARTED | u32::from(loaded.slot));
    let [stack, reset] = first;
    // SAFETY: the vector table of the code says so; its address is what the table's register must hold.
    unsafe {
        (*cortex_m::peripheral::SCB::PTR).vtor.write(loaded.address);
        cortex_m::asm::dsb();
        cortex_m::asm::isb();
        cortex_m::asm::bootstrap(stack as *const u32, reset as *const u32)
    }
}
