//! defmt's frames on a UART of their own.
//!
//! A log must never make a door wait. So frames go into a ring that the UART's interrupt empties, and a frame
//! that does not fit is dropped ([`LogRing`]). The number of dropped frames is logged as soon as there is room.
//! Only after a panic or a fault, when nothing else runs any more, the ring is emptied by waiting ([`drain`]).

use core::cell::UnsafeCell;

use mps_registers::log_ring::LogRing;
use mps_registers::uart::Uart;

/// Bytes of frames that may wait: 0.7 s at 115,200 baud.
const CAPACITY: usize = 8192;

/// How often [`drain`] looks for room before it gives up on a UART that does not move.
const PATIENCE: u32 = 1_000_000;

/// The ring and the UART that empties it.
struct Ring {
    frames: LogRing<CAPACITY>,
    uart: Option<Uart>,
}

impl Ring {
    /// Gives the UART a byte if it can take one; whether it did.
    fn send(&mut self) -> bool {
        let Some(uart) = self.uart else { return false };
        if !uart.can_send() {
            return false;
        }
        let byte = self.frames.pop();
        byte.inspect(|byte| uart.put(*byte)).is_some()
    }
}

struct Shared {
    encoder: UnsafeCell<defmt::Encoder>,
    restore: UnsafeCell<critical_section::RestoreState>,
    taken: UnsafeCell<bool>,
}

// SAFETY: the cells are only touched with interrupts off, on a single core.
unsafe impl Sync for Shared {}

/// The ring, apart from what does not begin as zeros, so that it costs no flash.
struct SharedRing(UnsafeCell<Ring>);

// SAFETY: as for `Shared`.
unsafe impl Sync for SharedRing {}

static RING: SharedRing = SharedRing(UnsafeCell::new(Ring { frames: LogRing::new(), uart: None }));

static SHARED: Shared = Shared {
    encoder: UnsafeCell::new(defmt::Encoder::new()),
    restore: UnsafeCell::new(critical_section::RestoreState::invalid()),
    taken: UnsafeCell::new(false),
};

fn with_ring<R>(f: impl FnOnce(&mut Ring) -> R) -> R {
    critical_section::with(|_| {
        // SAFETY: interrupts are off and `f` does not log, so nothing else holds the ring.
        f(unsafe { &mut *RING.0.get() })
    })
}

/// Starts sending on the UART at `base`, at clock / `divisor` baud.
///
/// # Safety
/// A CMSDK UART is at `base`, nothing else uses it, and its transmit handler calls
/// [`on_interrupt`].
pub unsafe fn start(base: usize, divisor: u32) {
    // SAFETY: the caller says that a UART is there.
    let uart = unsafe { Uart::new(base) };
    uart.start_sending(divisor);
    with_ring(|ring| {
        ring.uart = Some(uart);
        ring.send();
    });
}

/// Sends on; to be called by the handler of the UART's transmit interrupt.
pub fn on_interrupt() {
    with_ring(|ring| {
        if let Some(uart) = ring.uart {
            uart.acknowledge_send();
        }
        while ring.send() {}
    });
    let dropped = with_ring(|ring| ring.frames.take_dropped());
    if dropped > 0 {
        defmt::warn!("{=u32} log frames were dropped", dropped);
    }
}

/// Closes a frame that a fault has interrupted, for what is logged after it.
pub fn abandon() {
    with_ring(|ring| ring.frames.open());
    // SAFETY: interrupts are off or this is a fault, whose code is all that still runs.
    unsafe {
        *SHARED.taken.get() = false;
        *SHARED.encoder.get() = defmt::Encoder::new();
    }
}

/// Sends all that waits, or gives up if the UART takes nothing for long.
pub fn drain() {
    let mut patience = PATIENCE;
    while patience > 0 {
        let (sent, left) = with_ring(|ring| (ring.send(), !ring.frames.is_empty()));
        if !left {
            return;
        }
        patience = if sent { PATIENCE } else { patience - 1 };
    }
}

#[defmt::global_logger]
struct Logger;

// SAFETY: `acquire` turns interrupts off until `release`, so that frames never mix.
unsafe impl defmt::Logger for Logger {
    fn acquire() {
        // SAFETY: `release` restores it.
        let restore = unsafe { critical_section::acquire() };
        // SAFETY: interrupts are off.
        unsafe {
            assert!(!*SHARED.taken.get(), "a log within a log");
            *SHARED.taken.get() = true;
            *SHARED.restore.get() = restore;
            (*RING.0.get()).frames.open();
            (*SHARED.encoder.get()).start_frame(put);
        }
    }

    unsafe fn flush() {
        drain();
    }

    unsafe fn release() {
        // SAFETY: interrupts are off since `acquire`, whose state is restored last.
        unsafe {
            (*SHARED.encoder.get()).end_frame(put);
            (*RING.0.get()).frames.close();
            (*RING.0.get()).send();
            *SHARED.taken.get() = false;
            critical_section::release(*SHARED.restore.get());
        }
    }

    unsafe fn write(bytes: &[u8]) {
        // SAFETY: interrupts are off since `acquire`.
        unsafe { (*SHARED.encoder.get()).write(bytes, put) };
    }
}

fn put(bytes: &[u8]) {
    // SAFETY: only called between `acquire` and `release`, with interrupts off.
    unsafe { (*RING.0.get()).frames.push(bytes) };
}
