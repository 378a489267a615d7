//! Outputs on the LEDs of FPGAIO, and inputs.
//!
//! An MPS board has no relay. Its first LED stands for it: lit while the relay has current. The emulator does not show
//! LEDs to its host, so the board writes each output into the window as well. The emulator's buttons are never
//! pressed, so the inputs are in the window.

use core::convert::Infallible;

use embedded_hal::digital::{ErrorType, InputPin, OutputPin};
use host_window::window::{
    BUTTON_BIT, CONTACT_BIT, COVER_BIT, INPUTS, LED_BIT, LOCK_BIT, OUTPUTS, PAIRING_BIT, UNLOCKS, WIRE_BITS,
};

use mps_registers::{Mmio, Register};

use crate::{window, wires};

/// The LED that stands for the lock's relay.
const LOCK_LED: u32 = 0;

/// FPGAIO's LED register, which the outputs share.
#[derive(Clone, Copy, Debug)]
pub struct Fpgaio {
    leds: Mmio,
}

impl Fpgaio {
    /// Names FPGAIO by its address.
    ///
    /// # Safety
    /// It is there.
    pub const unsafe fn new(base: usize) -> Self {
        // SAFETY: the caller says so; the LEDs are the first register.
        Self { leds: unsafe { Mmio::new(base) } }
    }

    /// Switches the relay off. A fault handler needs no more.
    pub fn lock(&self) {
        self.drive(LOCK_LED, LOCK_BIT, false);
    }

    /// The lock's relay, which has current while the output is high.
    pub fn lock_relay(self) -> Output {
        Output { fpgaio: self, led: LOCK_LED, mirror: LOCK_BIT }
    }

    /// LED `index`, which the board counts after the lock's.
    pub fn led(self, index: u32) -> Output {
        Output { fpgaio: self, led: LOCK_LED + 1 + index, mirror: LED_BIT + index }
    }

    fn drive(&self, led: u32, mirror: u32, high: bool) {
        critical_section::with(|_| {
            let outputs = window::word(OUTPUTS);
            let before = outputs.read();
            self.leds.write(with_bit(self.leds.read(), led, high));
            outputs.write(with_bit(before, mirror, high));
            if mirror == LOCK_BIT && high && before & 1 << LOCK_BIT == 0 {
                window::count(UNLOCKS);
            }
            if WIRE_BITS.contains(&mirror) && !high && before & 1 << mirror != 0 {
                wires::pulse(mirror == WIRE_BITS[1]);
            }
        });
    }
}

const fn with_bit(word: u32, bit: u32, high: bool) -> u32 {
    word & !(1 << bit) | (high as u32) << bit
}

/// One output of FPGAIO.
#[derive(Debug)]
pub struct Output {
    fpgaio: Fpgaio,
    led: u32,
    mirror: u32,
}

impl ErrorType for Output {
    type Error = Infallible;
}

impl OutputPin for Output {
    fn set_low(&mut self) -> Result<(), Infallible> {
        self.fpgaio.drive(self.led, self.mirror, false);
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Infallible> {
        self.fpgaio.drive(self.led, self.mirror, true);
        Ok(())
    }
}

/// An input that the host holds high in the window, such as the button.
#[derive(Debug)]
pub struct Input {
    bit: u32,
}

impl Input {
    /// The exit button inside, high while it is pressed.
    pub const BUTTON: Self = Self { bit: BUTTON_BIT };
    /// The door's contact, high while the door is open.
    pub const CONTACT: Self = Self { bit: CONTACT_BIT };
    /// The switch of the cover, high while that is open.
    pub const COVER: Self = Self { bit: COVER_BIT };
    /// The pairing button on the board, high while it is pressed.
    pub const PAIRING: Self = Self { bit: PAIRING_BIT };
}

impl ErrorType for Input {
    type Error = Infallible;
}

impl InputPin for Input {
    fn is_high(&mut self) -> Result<bool, Infallible> {
        Ok(window::word(INPUTS).read() >> self.bit & 1 != 0)
    }

    fn is_low(&mut self) -> Result<bool, Infallible> {
        self.is_high().map(|high| !high)
    }
}
