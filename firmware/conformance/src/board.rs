//! The suite on a board: memory, counter, semihosting.

use core::panic::PanicInfo;

use conformance::job::{self, Status};
use conformance::suite::{self, Workspace};
use cortex_m_rt::entry;
use cortex_m_semihosting::{debug, hio};
use mps_registers::counter::Counter;
use mps_registers::interrupt::{Vector, vectors};

use crate::npu;

/// Bytes for the tensors of the largest network.
const ARENA: usize = 3 << 20;

#[repr(align(16))]
struct Arena([i8; ARENA]);

#[unsafe(link_section = ".arena")]
static mut ARENA_MEMORY: Arena = Arena([0; ARENA]);

static mut WORKSPACE: Workspace = Workspace::new();

/// No interrupts are used.
#[unsafe(link_section = ".vector_table.interrupts")]
#[unsafe(no_mangle)]
pub static __INTERRUPTS: [Vector; 32] = vectors(&[]);

#[entry]
fn main() -> ! {
    let memory = memory();
    let (arena, workspace) = (&raw mut ARENA_MEMORY, &raw mut WORKSPACE);
    // SAFETY: `main` runs once, and nothing else refers to the statics.
    let passed = unsafe {
        if job::is_job(memory) {
            let arena = &mut (*arena).0;
            let counter = counter();
            let npu = npu::runner(&board::BOARD.layout);
            job::run_with(memory, arena, npu, || conformance_clock(&counter)) == Status::Done
        } else {
            let workspace = &mut *workspace;
            hio::hstdout().is_ok_and(|mut out| suite::run(workspace, &mut out) == Ok(true))
        }
    };
    exit(passed)
}

/// The shared memory, starting at the job.
fn memory() -> &'static mut [u8] {
    let len = board::BOARD.layout.partitions.nor.len as usize;
    // SAFETY: the board has this memory, and only this function names it, called once.
    unsafe { core::slice::from_raw_parts_mut((partitions::MEMORY_BASE + job::OFFSET) as *mut u8, len) }
}

/// Reads the counter. It is a function of its own and has a fixed name, so that a trace of what ran shows the parts of a
/// job: each begins where this function runs. See `emulator::executed`.
#[inline(never)]
#[unsafe(no_mangle)]
fn conformance_clock(counter: &board::Counter) -> u64 {
    counter.ticks()
}

fn counter() -> board::Counter {
    // SAFETY: the peripherals are there, and only here they are named.
    let counter = unsafe { board::counter() };
    counter.start();
    counter
}

#[cfg(board = "an500")]
use mps_registers::an500 as board;
#[cfg(board = "an547")]
use mps_registers::an547 as board;

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    if let Ok(mut out) = hio::hstdout() {
        let _ = core::fmt::Write::write_fmt(&mut out, format_args!("{info}\n"));
    }
    exit(false)
}

fn exit(passed: bool) -> ! {
    loop {
        debug::exit(if passed { debug::EXIT_SUCCESS } else { debug::EXIT_FAILURE });
    }
}
