//! The boot loader: checks the firmware in flash, copies it to where it runs, and starts it.
//!
//! What it starts is decided by the crate `boot`. It runs where the firmware has its arena, so that the firmware may
//! have all memory that it would have without a boot loader, and is linked for the same addresses: it can be started
//! on its own with `-kernel`, as a debugger does, and is then neither checked nor confirmed.
//!
//! Where nothing can be started it stays, the lock without current, until somebody programs the board anew.
#![no_std]
#![no_main]

mod board;

use core::panic::PanicInfo;

use board::{MAP, watchdog};
use boot::{Ring, Start, Target, decide};
use cortex_m_rt::{ExceptionFrame, entry, exception};
use emulation::Region;
use emulation::nor::Nor;
use mps::interrupt::{Vector, vectors};
use mps::loading::{self, Loaded};

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
    loading::lock();
    if let Some(Start { slot, image, trial }) = choose() {
        if trial {
            // An update that hangs before it starts the watchdog is reset by it, too.
            watchdog();
        }
        let loaded = Loaded { slot, address: image.header.load, code: image.code };
        // SAFETY: the image was checked to lie within the memory for code, and the boot loader lies elsewhere.
        unsafe { loading::start(&MAP, &loaded) }
    }
    stay()
}

/// What to start, once the record says so.
fn choose() -> Option<Start<'static>> {
    let [a, b] = MAP.firmware.map(flash);
    // SAFETY: the board has this page, and the firmware, which takes the secret away, does not run yet.
    let unique = unsafe { loading::unique(&MAP) };
    let mut ring = Ring::open(Nor::new(flash(MAP.boot)), &unique).ok()?;
    let record = ring.edit()?;
    let target = Target { board: MAP.board, code: 0..MAP.code_len };
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
        cortex_m::asm::wfi();
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
