//! Why the board started, kept over a reset, and the ways to reset it.

use core::mem::MaybeUninit;

pub use host_window::window::ResetCause;

/// The cause and its complement, in memory that the start-up code leaves alone. After power-on it
/// is random, and then the two do not match.
#[unsafe(link_section = ".uninit.RESET_CAUSE")]
static mut NOTE: MaybeUninit<[u32; 2]> = MaybeUninit::uninit();

fn note() -> *mut [u32; 2] {
    (&raw mut NOTE).cast()
}

/// Why the board started. Call it once, and before everything else: it clears the note.
pub fn take_cause() -> ResetCause {
    // SAFETY: any bits are a valid array; interrupts and faults write the note only on their way
    // to a reset. Volatile, since the note comes from before this program started.
    let [cause, complement] = unsafe { note().read_volatile() };
    // SAFETY: as above.
    unsafe { note().write_volatile([0, 0]) };
    if cause == !complement { ResetCause::from_word(cause) } else { ResetCause::PowerOn }
}

/// Notes `cause` and resets the board.
pub fn reset(cause: ResetCause) -> ! {
    // SAFETY: nothing runs after this.
    unsafe { note().write_volatile([cause as u32, !(cause as u32)]) };
    cortex_m::peripheral::SCB::sys_reset()
}
