//! The suite on a board: memory, counter, semihosting.

use core::panic::PanicInfo;

use conformance::job::{self, Status};
use conformance::suite::{self, Workspace};
use cortex_m_rt::entry;
use cortex_m_semihosting::{debug, hio};
use mps::clock::Counter;
use mps::interrupt::{Vector, vectors};

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
            job::run(memory, arena, || counter.ticks()) == Status::Done
        } else {
            let workspace = &mut *workspace;
            hio::hstdout().is_ok_and(|mut out| suite::run(workspace, &mut out) == Ok(true))
        }
    };
    exit(passed)
}

/// The shared memory, starting at the job.
fn memory() -> &'static mut [u8] {
    let len = board::MAP.nor.len as usize;
    // SAFETY: the board has this memory. Only this function refers to it, and it is called once.
    unsafe { core::slice::from_raw_parts_mut((emulation::MEMORY_BASE + job::OFFSET) as *mut u8, len) }
}

fn counter() -> board::BoardCounter {
    // SAFETY: the board has these peripherals, and nothing else refers to them.
    let counter = unsafe { board::counter() };
    counter.start();
    counter
}

#[cfg(board = "an547")]
mod board {
    use mps::sse_counter::SseCounter;

    pub const MAP: emulation::Map = emulation::AN547;
    pub type BoardCounter = SseCounter;

    /// # Safety
    /// Must be called only once.
    pub unsafe fn counter() -> SseCounter {
        // SAFETY: AN547 has its counter and timer at these addresses; the caller ensures that they are used
        // once.
        unsafe { SseCounter::new(0x5810_0000, 0x5810_1000, 0x5800_0000) }
    }
}

#[cfg(board = "an500")]
mod board {
    use mps::cmsdk_timer::CmsdkTimer;

    pub const MAP: emulation::Map = emulation::AN500;
    pub type BoardCounter = CmsdkTimer;

    /// # Safety
    /// Must be called only once.
    pub unsafe fn counter() -> CmsdkTimer {
        // SAFETY: AN500 has FPGAIO and timer at these addresses; the caller ensures that they are used once.
        unsafe { CmsdkTimer::new(0x4002_8000, 0x4000_0000) }
    }
}

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
