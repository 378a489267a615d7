//! The pins of a door in memory.

use std::cell::Cell;
use std::convert::Infallible;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use embassy_time::Instant;
use embedded_hal::digital::{ErrorType, InputPin, OutputPin};

/// What a script may do at the door.
#[derive(Debug, Default)]
pub struct Wires {
    pairing: AtomicBool,
}

impl Wires {
    /// Presses or releases the pairing button.
    pub fn press_pairing(&self, pressed: bool) {
        self.pairing.store(pressed, Ordering::Relaxed);
    }
}

/// An output that nothing hangs on, or the lock; then it keeps when it was opened first.
#[derive(Debug, Default)]
pub(crate) struct Output(pub(crate) Option<Rc<Cell<Option<Instant>>>>);

impl ErrorType for Output {
    type Error = Infallible;
}

impl OutputPin for Output {
    fn set_low(&mut self) -> Result<(), Infallible> {
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Infallible> {
        if let Some(opened) = &self.0
            && opened.get().is_none()
        {
            opened.set(Some(Instant::now()));
        }
        Ok(())
    }
}

/// A keypad without keys, a watchdog that waits for ever.
#[derive(Debug)]
pub(crate) struct Unused;

impl board_api::Keypad for Unused {
    fn key(&mut self) -> Option<u8> {
        None
    }
}

impl board_api::Watchdog for Unused {
    fn feed(&mut self) {}
}

/// The pairing button, or an input that stays low.
#[derive(Debug, Default)]
pub(crate) struct Button(pub(crate) Option<Arc<Wires>>);

impl ErrorType for Button {
    type Error = Infallible;
}

impl InputPin for Button {
    fn is_high(&mut self) -> Result<bool, Infallible> {
        Ok(self.0.as_ref().is_some_and(|wires| wires.pairing.load(Ordering::Relaxed)))
    }

    fn is_low(&mut self) -> Result<bool, Infallible> {
        self.is_high().map(|high| !high)
    }
}
