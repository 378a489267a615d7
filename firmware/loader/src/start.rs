//! Starting the firmware: the processor goes to its verified copy, and nothing of the boot loader's secrets is left.
//!
//! The MPU is switched on on the way. It lets the processor execute the firmware's memory for code, and no other memory. The
//! boot loader itself lies where the firmware has data. So the last instructions run in a gate at the end of the memory for
//! code.

use core::arch::asm;

use boot::Image;
use mps_registers::{Mmio, Register, mpu};

use crate::board::BOARD;

/// The register with the address of the vector table, SCB.VTOR (Armv7-M and Armv8-M architecture).
const VTOR: usize = 0xe000_ed08;

/// The gate (Armv7-M and later): it switches the MPU on, as r0 and r1 say, and starts the firmware.
///
/// ```text
/// 6001       str r1, [r0]
/// f3bf 8f4f  dsb
/// f3bf 8f6f  isb
/// f382 8808  msr MSP, r2
/// 4718       bx  r3
/// ```
const GATE: [u32; 4] = [0xf3bf_6001, 0xf3bf_8f4f, 0xf382_8f6f, 0x4718_8808];

/// Where the gate is, and so the end of the memory that firmware may occupy.
pub const CODE_END: u32 = BOARD.layout.partitions.code_len - 4 * GATE.len() as u32;

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
    for (address, word) in (CODE_END..).step_by(4).zip(GATE) {
        // SAFETY: memory for code, where no firmware lies.
        unsafe { Mmio::new(address as usize) }.write(word);
    }
    // SAFETY: this is that board, and a reset has switched its MPU off.
    unsafe { mpu::set(BOARD.memory) };
    let (control, enable) = mpu::CONTROL;
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
            "bx {gate}",
            at = in(reg) &raw mut _stack_end,
            end = in(reg) &raw const _stack_start,
            zero = in(reg) 0,
            gate = in(reg) CODE_END | 1,
            in("r0") control,
            in("r1") enable,
            in("r2") stack,
            in("r3") reset,
            options(noreturn, nostack),
        )
    }
}
