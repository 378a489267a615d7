//! An EEPROM on the I2C bus of the shield, and the counter in it.
//!
//! The bus is Arm's SBCon: software moves the two wires.
//!
//! ```text
//! 0x00  read: bit 0 SCL, bit 1 SDA as they are; write: lets these wires go high
//! 0x04  write: pulls these wires low
//! ```
//! The EEPROM is a 24C04 with addresses of two bytes, at the device address 0x50. Two places hold the counter in turns, so
//! that a power cut while one is written leaves the other:
//!
//! ```text
//! 0x00  value u32 LE | its complement     even values
//! 0x08  value u32 LE | its complement     odd values
//! ```
//! An EEPROM can be written with any value. It stands for a counter that cannot be lowered, and is apart from the flash.

use crate::{Mmio, Register};

/// The clock wire.
const SCL: u32 = 1;
/// The data wire.
const SDA: u32 = 2;
/// The device's address, and that of a read.
const WRITE: u8 = 0xa0;
const READ: u8 = 0xa1;
/// Bytes of the two places.
const PLACES: usize = 16;
/// How often a device that is busy with a write is asked.
const PATIENCE: u32 = 100_000;

/// The EEPROM does not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoAnswer;

/// The EEPROM.
#[derive(Debug)]
pub struct Eeprom<R = Mmio> {
    high: R,
    low: R,
}

impl Eeprom {
    /// Names the bus at an address.
    ///
    /// # Safety
    /// An SBCon is at `base`, and nothing else uses it.
    pub const unsafe fn new(base: usize) -> Self {
        // SAFETY: the registers of the SBCon, as the caller says.
        unsafe { Self { high: Mmio::new(base), low: Mmio::new(base + 4) } }
    }
}

impl<R: Register> Eeprom<R> {
    /// Whether there is one.
    pub fn is_there(&mut self) -> bool {
        self.start();
        let answered = self.put(WRITE);
        self.stop();
        answered
    }

    /// The value of the counter; 0 in a new EEPROM.
    ///
    /// # Errors
    /// [`NoAnswer`].
    pub fn value(&mut self) -> Result<u32, NoAnswer> {
        self.address(0)?;
        self.start();
        let answered = self.put(READ);
        let mut places = [0; PLACES];
        for (at, byte) in places.iter_mut().enumerate() {
            *byte = self.take(at + 1 < PLACES);
        }
        self.stop();
        let [even, odd] = [0, 8].map(|at| {
            let word = |at: usize| {
                places.get(at..).and_then(<[u8]>::first_chunk).map(|word| u32::from_le_bytes(*word))
            };
            word(at).filter(|value| word(at + 4) == Some(!value))
        });
        if answered { Ok(even.max(odd).unwrap_or(0)) } else { Err(NoAnswer) }
    }

    /// Raises the counter by one.
    ///
    /// # Errors
    /// [`NoAnswer`], also if it does not read back.
    pub fn raise(&mut self) -> Result<(), NoAnswer> {
        let value = self.value()?.checked_add(1).ok_or(NoAnswer)?;
        self.address(if value & 1 == 0 { 0 } else { 8 })?;
        let bytes = value.to_le_bytes().into_iter().chain((!value).to_le_bytes());
        let mut answered = true;
        for byte in bytes {
            answered &= self.put(byte);
        }
        self.stop();
        if answered && self.value()? == value { Ok(()) } else { Err(NoAnswer) }
    }

    /// Begins a transfer at an address in the EEPROM.
    fn address(&mut self, place: u8) -> Result<(), NoAnswer> {
        for _ in 0..PATIENCE {
            self.start();
            if self.put(WRITE) {
                return if self.put(0) && self.put(place) { Ok(()) } else { Err(NoAnswer) };
            }
            self.stop();
        }
        Err(NoAnswer)
    }

    fn start(&mut self) {
        self.high.write(SDA);
        self.high.write(SCL);
        self.low.write(SDA);
        self.low.write(SCL);
    }

    fn stop(&mut self) {
        self.low.write(SDA);
        self.high.write(SCL);
        self.high.write(SDA);
    }

    /// Sends a byte. Returns whether it was acknowledged.
    fn put(&mut self, byte: u8) -> bool {
        for bit in (0..8).rev() {
            self.clock(byte >> bit & 1 == 1);
        }
        !self.clock(true)
    }

    /// Receives a byte, and acknowledges it if there shall be more.
    fn take(&mut self, more: bool) -> u8 {
        let byte = (0..8).fold(0, |byte, _| byte << 1 | u8::from(self.clock(true)));
        self.clock(!more);
        byte
    }

    /// One cycle of the clock with the data wire released or pulled low. Returns how the wire is.
    fn clock(&mut self, release: bool) -> bool {
        if release {
            self.high.write(SDA)
        } else {
            self.low.write(SDA)
        }
        self.high.write(SCL);
        let is_high = self.high.read() & SDA != 0;
        self.low.write(SCL);
        is_high
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use crate::fake::{Device, Fake};
    use core::cell::RefCell;
    use std::rc::Rc;

    /// A bus with a 24C04, or nothing, on it.
    struct Bus {
        rom: [u8; 512],
        there: bool,
        /// Wires as the board drives them, and the device's pull on the data wire.
        out: u32,
        pulls: bool,
        state: State,
        shift: (u8, u32),
        pointer: usize,
        /// Whether the next fall of the clock ends the start condition.
        starts: bool,
    }

    #[derive(Clone, Copy, PartialEq)]
    enum State {
        Idle,
        Address,
        /// How many bytes of the pointer came.
        Pointer(u8),
        Send,
    }

    impl Bus {
        fn edge(&mut self, before: u32) {
            let (scl, sda) = (self.out & SCL, self.out & SDA);
            if before & SCL != 0 && scl != 0 && before & SDA != sda {
                self.state = if sda == 0 && self.there { State::Address } else { State::Idle };
                (self.shift, self.pulls, self.starts) = ((0, 0), false, sda == 0);
            } else if before & SCL != 0 && scl == 0 && !core::mem::take(&mut self.starts) {
                self.fall();
            }
        }

        /// The clock falls: a bit, or an acknowledge, is over.
        fn fall(&mut self) {
            let (byte, count) = self.shift;
            match self.state {
                State::Idle => {}
                State::Send if count == 8 => {
                    // The board's acknowledge is on the wire.
                    let more = self.out & SDA == 0;
                    self.pointer = (self.pointer + 1) % self.rom.len();
                    self.state = if more { State::Send } else { State::Idle };
                    self.shift = (0, 0);
                    self.pulls = more && self.rom[self.pointer] >> 7 == 0;
                }
                State::Send => {
                    self.shift.1 += 1;
                    self.pulls = count < 7 && self.rom[self.pointer] >> (6 - count) & 1 == 0;
                }
                _ if count < 8 => {
                    self.shift = (byte << 1 | u8::from(self.out & SDA != 0), count + 1);
                    self.pulls = count == 7;
                }
                state => {
                    self.pulls = false;
                    self.shift = (0, 0);
                    self.state = match (state, byte) {
                        (State::Address, WRITE) => State::Pointer(0),
                        (State::Address, READ) => {
                            self.pulls = self.rom[self.pointer] >> 7 == 0;
                            State::Send
                        }
                        (State::Pointer(0), high) => {
                            self.pointer = usize::from(high) << 8;
                            State::Pointer(1)
                        }
                        (State::Pointer(1), low) => {
                            self.pointer |= usize::from(low);
                            State::Pointer(2)
                        }
                        (State::Pointer(_), data) => {
                            self.rom[self.pointer] = data;
                            self.pointer += 1;
                            State::Pointer(2)
                        }
                        _ => State::Idle,
                    };
                }
            }
        }
    }

    impl Device for Bus {
        fn read(&mut self, _: usize) -> u32 {
            if self.pulls { self.out & !SDA } else { self.out }
        }

        fn write(&mut self, offset: usize, value: u32) {
            let before = self.out;
            self.out = if offset == 0 { before | value } else { before & !value };
            self.edge(before);
        }
    }

    fn eeprom(there: bool) -> (Rc<RefCell<Bus>>, Eeprom<Fake<Bus>>) {
        let (state, shift, pointer) = (State::Idle, (0, 0), 0);
        let rom = [0; 512];
        let bus = Bus { rom, there, out: SCL | SDA, pulls: false, state, shift, pointer, starts: false };
        let bus = Rc::new(RefCell::new(bus));
        let eeprom = Eeprom { high: Fake::new(&bus, 0), low: Fake::new(&bus, 4) };
        (bus, eeprom)
    }

    #[test]
    fn the_counter_rises_and_survives_a_torn_write() {
        let (bus, mut eeprom) = eeprom(true);
        assert!(eeprom.is_there());
        assert_eq!(eeprom.value(), Ok(0));
        for value in 1..=600 {
            assert_eq!(eeprom.raise(), Ok(()));
            assert_eq!(eeprom.value(), Ok(value));
        }
        assert_eq!(bus.borrow().rom[..4], 600u32.to_le_bytes());
        // Torn while 601 is written: 600 is there.
        bus.borrow_mut().rom[8] = 0x59;
        assert_eq!(eeprom.value(), Ok(600));
    }

    #[test]
    fn a_bus_without_an_eeprom_has_no_counter() {
        let (_, mut eeprom) = eeprom(false);
        assert!(!eeprom.is_there());
        assert_eq!(eeprom.value(), Err(NoAnswer));
    }
}
