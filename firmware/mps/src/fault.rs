//! What a board does when it cannot go on: it switches the relay off, logs why, and resets.
//!
//! The message of a panic may hold any value, so only development firmware logs it, with its place in the source.

use core::panic::PanicInfo;

use crate::fpgaio::Fpgaio;
use crate::log;
use crate::reset::{ResetCause, reset};

/// For the panic handler.
pub fn panicked(fpgaio: Fpgaio, info: &PanicInfo<'_>) -> ! {
    cortex_m::interrupt::disable();
    fpgaio.lock();
    log::abandon();
    #[cfg(feature = "development")]
    defmt::error!("{}", defmt::Display2Format(info));
    #[cfg(not(feature = "development"))]
    {
        // As nobody reads it, the compiler leaves out the place and the arguments of each panic.
        let _ = info;
        defmt::error!("panic");
    }
    log::drain();
    reset(ResetCause::Panic)
}

/// For the hard fault handler; `program_counter` is where it happened.
pub fn faulted(fpgaio: Fpgaio, program_counter: u32) -> ! {
    cortex_m::interrupt::disable();
    fpgaio.lock();
    log::abandon();
    defmt::error!("fault at {=u32:#010x}", program_counter);
    log::drain();
    reset(ResetCause::Fault)
}

/// For the NMI, which the watchdog raises when nobody fed it.
pub fn hung(fpgaio: Fpgaio) -> ! {
    cortex_m::interrupt::disable();
    fpgaio.lock();
    log::abandon();
    defmt::error!("the watchdog was not fed");
    log::drain();
    reset(ResetCause::Watchdog)
}
