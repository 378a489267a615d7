//! Starting the firmware: the processor goes to its verified copy, and nothing of the boot loader's secrets is left.

use core::arch::asm;

use boot::Image;
use mps_registers::{Mmio, Register};

/// The register with the address of the vector table, SCB.VTOR (Armv7-M and Armv8-M architecture).
const VTOR: usize = 0xe000_ed08;

unsafe extern "C" {
    /// Where the boot loader's stack ends, by the linker: the lowest address of its memory after its statics.
    static mut _stack_end: u32;
    /// Where its stack begins: the first address after it.
    static _stack_start: u32;
}

/// Starts an image at its address, where its code is already. `vectors` are its stack pointer and reset handler. First the
/// boot loader's stack is wiped: the device secret and keys that are derived from it were there.
///
/// # Safety
/// The code at the image's address was verified, and is firmware for this board. Neither what runs now nor its stack
/// lies there.
pub unsafe fn start(image: &Image, vectors: [u32; 2]) -> ! {
    // SAFETY: every Cortex-M of this class has this register.
    unsafe { Mmio::new(VTOR) }.write(image.header.load);
    let [stack, reset] = vectors;
    // SAFETY: stack pointer and reset handler are those of the code's vector table, says the caller. All operands are
    // in registers before the stack is wiped, and nothing is called after that. The barriers end every write and every
    // fetched instruction of before. The main stack is in use since the reset.
    unsafe {
        asm!(
            "2:",
            "str {zero}, [{at}], #4",
            "cmp {at}, {end}",
            "blo 2b",
            "dsb",
            "isb",
            "msr MSP, {stack}",
            "bx {reset}",
            at = in(reg) &raw mut _stack_end,
            end = in(reg) &raw const _stack_start,
            zero = in(reg) 0,
            stack = in(reg) stack,
            reset = in(reg) reset,
            options(noreturn, nostack),
        )
    }
}
