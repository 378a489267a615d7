//! The boot loader: checks the firmware in flash, copies it to where it runs, and starts it.
//!
//! The crate `boot` decides what to start. The boot loader runs where the firmware has its arena. So the firmware has
//! all memory that it would have without a boot loader, and is linked for the same addresses: a debugger can start it
//! on its own, with `-kernel`, and then nothing is checked or confirmed.
//!
//! If nothing can be started, the boot loader stays, and the lock has no current until somebody programs the board
//! again.
//!
//! It depends on few packages, as everything in it must be trusted before anything was checked.
#![no_std]
#![no_main]

mod board;
mod start;

use core::arch::asm;
use core::panic::PanicInfo;

use board::{BOARD, watchdog};
use boot::{Ring, Start, Target, decide};
use cortex_m_rt::{ExceptionFrame, entry, exception};
use host_window::fuses::UNIQUE;
use host_window::window::OUTPUTS;
use keys::Key;
use mps_registers::fuses::{self, After};
use mps_registers::interrupt::{Vector, vectors};
use mps_registers::{Mmio, Register};
use nor_model::Nor;
use partitions::{MEMORY_BASE, Region};
use start::{Loaded, start};

/// No line interrupts here.
#[unsafe(link_section = ".vector_table.interrupts")]
#[unsafe(no_mangle)]
pub static __INTERRUPTS: [Vector; 1] = vectors(&[]);

unsafe extern "C" {
    /// The stack's first word, by the linker.
    static _stack_start: u32;
    /// `cortex-m-rt`'s start-up code.
    fn Reset() -> !;
}

/// The first words of a vector table.
#[repr(C)]
struct Vectors {
    stack: &'static u32,
    reset: unsafe extern "C" fn() -> !,
    /// NMI and hard fault: there is nothing to do about either.
    faults: [unsafe extern "C" fn() -> !; 2],
}

/// What the processor reads at address 0, where the firmware's own vector table will be.
#[unsafe(link_section = ".start")]
#[used]
// SAFETY: the linker gives both symbols.
static VECTORS: Vectors = Vectors { stack: unsafe { &_stack_start }, reset: Reset, faults: [Reset; 2] };

#[entry]
fn main() -> ! {
    // The outputs as a reset leaves them: without current.
    // SAFETY: the board has the window page there, and its words are aligned.
    unsafe { Mmio::new(MEMORY_BASE + OUTPUTS) }.write(0);
    if let Some(Start { slot, image, trial }) = choose() {
        if trial {
            // An update that hangs before it starts the watchdog is reset by it, too.
            watchdog();
        }
        let loaded = Loaded { slot, address: image.header.load, code: image.code };
        // SAFETY: the image was checked to lie within the memory for code, and the boot loader lies elsewhere.
        unsafe { start(BOARD.layout.fuses, &loaded) }
    }
    stay()
}

/// What to start, once the record says so.
fn choose() -> Option<Start<'static>> {
    let partitions = BOARD.layout.partitions;
    let [a, b] = partitions.firmware.map(flash);
    // SAFETY: the board has this page, and the firmware, which wipes the secret there, does not run yet.
    let unique = Key::new(unsafe { fuses::secret(BOARD.layout.fuses + UNIQUE, After::Keep) });
    let mut ring = Ring::open(Nor::new(flash(partitions.boot)), &unique).ok()?;
    let record = ring.edit()?;
    let target = Target { board: partitions.board, code: 0..partitions.code_len };
    let decision = decide(record, [a, b], &target);
    if let Some(state) = decision.state {
        record.set_state(state);
        // A start that is not counted would be one too many.
        ring.save().ok()?;
    }
    decision.start.ok()
}

/// A region of the flash.
fn flash(region: Region) -> &'static mut [u8] {
    // SAFETY: the board has this memory, the regions are disjoint, and each is named once.
    unsafe { core::slice::from_raw_parts_mut(region.address() as *mut u8, region.len as usize) }
}

/// Waits for the power to go.
fn stay() -> ! {
    loop {
        // SAFETY: it waits for an interrupt, of which there is none, instead of burning power.
        unsafe { asm!("wfi", options(nomem, nostack, preserves_flags)) }
    }
}

#[exception]
unsafe fn HardFault(_: &ExceptionFrame) -> ! {
    stay()
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    stay()
}
