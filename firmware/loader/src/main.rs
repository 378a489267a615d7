//! The boot loader: copies firmware from flash to where it runs, checks the copy, and starts it.
//!
//! Flash is outside the chip, so it may change after it was read. The copy is in memory that only this processor writes:
//! what was checked there is what runs. Its vector table takes the place of the one that the processor read at reset, so
//! the boot loader has a table of its own from its start on (`set-vtor`): a fault never runs code that was not checked.
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
mod memory;
mod start;

use core::arch::asm;
use core::panic::PanicInfo;

use board::{BOARD, watchdog};
use boot::{Requests, Ring, Start, Target, application_secret, decide};
use cortex_m_rt::{ExceptionFrame, entry, exception};
use host_window::fuses::{RECORD, UNIQUE};
use host_window::window::OUTPUTS;
use keys::Key;
use memory::Words;
use mps_registers::fuses::{self, After};
use mps_registers::interrupt::{Vector, vectors};
use mps_registers::{Mmio, Register};
use nor_model::Nor;
use partitions::{MEMORY_BASE, Region};
use start::{CODE_END, start};

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
    if let Some(Start { image, vectors, trial }) = choose() {
        if trial {
            // An update that hangs before it starts the watchdog is reset by it, too.
            watchdog();
        }
        // SAFETY: `choose` has copied the image to its address, and verified it there.
        unsafe { start(&image, vectors) }
    }
    stay()
}

/// What to start, once the record says so. The fuses' page then has what the firmware gets: the slot, the record, and a
/// derived secret in place of the device secret.
fn choose() -> Option<Start> {
    let partitions = BOARD.layout.partitions;
    let page = BOARD.layout.fuses;
    // SAFETY: the board has this page, and the firmware does not run yet.
    let unique = Key::new(unsafe { fuses::secret(page + UNIQUE, After::Wipe) });
    let application = application_secret(&unique);
    let mut ring = Ring::open(Nor::new(flash(partitions.boot)), &unique).ok()?;
    let record = ring.record()?;
    let request = Requests::open(Nor::new(flash(partitions.requests)), &application).ok();
    let request = request.and_then(|requests| requests.newest());
    let target = Target { board: partitions.board, code: 0..CODE_END };
    // SAFETY: the board has both slots, and memory for code, which the boot loader does not occupy.
    let mut memory = unsafe { Words::new(partitions.firmware) };
    let decision = decide(&record, request.as_ref(), &mut memory, &target);
    if decision.record != record {
        // A start that is not counted would be one too many.
        ring.save(&decision.record).ok()?;
    }
    let start = decision.start.ok()?;
    // SAFETY: the board has this page, and the firmware does not run yet.
    unsafe {
        fuses::put(page + UNIQUE, application.bytes());
        fuses::put(page + RECORD, decision.record.bytes());
        fuses::set_started(&fuses::boot_word(page), start.image.slot);
    }
    Some(start)
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
