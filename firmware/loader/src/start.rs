//! Starting the firmware: its code goes where it runs, and the processor goes there.

use core::arch::asm;

use mps_registers::{Mmio, Register, fuses};

/// The register with the address of the vector table, SCB.VTOR (Armv7-M and Armv8-M architecture).
const VTOR: usize = 0xe000_ed08;

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

/// Copies code to its address, tells it its slot in the word at `fuses`, and starts it.
///
/// # Safety
/// The code is firmware for this board, its address lies within the memory for code, and neither what runs now nor its
/// stack lies where the code goes. The page at `fuses` is memory.
pub unsafe fn start(fuses: usize, loaded: &Loaded<'_>) -> ! {
    let mut first = [0; 2];
    let (words, _) = loaded.code.as_chunks();
    for (index, word) in words.iter().enumerate() {
        let word = u32::from_le_bytes(*word);
        if let Some(place) = first.get_mut(index) {
            *place = word;
        }
        // SAFETY: memory for code, says the caller.
        unsafe { Mmio::new(loaded.address as usize + 4 * index) }.write(word);
    }
    // SAFETY: passed on to the caller.
    let word = unsafe { fuses::boot_word(fuses) };
    fuses::set_started(&word, loaded.slot);
    // SAFETY: every Cortex-M of this class has this register.
    unsafe { Mmio::new(VTOR) }.write(loaded.address);
    let [stack, reset] = first;
    // SAFETY: stack pointer and reset handler are those of the code's vector table, says the caller. The barriers
    // end every write and every fetched instruction of before. The main stack is in use since the reset.
    unsafe {
        asm!(
            "dsb",
            "isb",
            "msr MSP, {stack}",
            "bx {reset}",
            stack = in(reg) stack,
            reset = in(reg) reset,
            options(noreturn, nostack),
        )
    }
}
