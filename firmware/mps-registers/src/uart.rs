//! The registers of the CMSDK UART, which holds one byte in each direction.

use crate::{Mmio, Register};

/// Bits of the state register.
const TX_FULL: u32 = 1 << 0;
const RX_FULL: u32 = 1 << 1;
const RX_OVERRUN: u32 = 1 << 3;

/// Bits of the control register.
const TX_ENABLE: u32 = 1 << 0;
const RX_ENABLE: u32 = 1 << 1;
const TX_INTERRUPT: u32 = 1 << 2;
const RX_INTERRUPT: u32 = 1 << 3;

/// Bits of the interrupt register; writing one clears it.
const TX_PENDING: u32 = 1 << 0;
const RX_PENDING: u32 = 1 << 1;

/// The smallest divisor of the clock.
const LEAST_DIVISOR: u32 = 16;

/// How many bytes one call of [`Uart::send`] moves before others get their turn.
const BURST: usize = 64;

/// A CMSDK UART (ARM DDI 0479).
#[derive(Clone, Copy, Debug)]
pub struct Uart<R = Mmio> {
    data: R,
    state: R,
    control: R,
    interrupts: R,
    divisor: R,
}

/// What the receiver had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Received {
    /// The byte, which was taken.
    pub byte: Option<u8>,
    /// A byte waits in the register, as there was no room for it.
    pub waits: bool,
    /// A byte was lost since the last call.
    pub overrun: bool,
}

impl Uart {
    /// Names the UART at `base`.
    ///
    /// # Safety
    /// A CMSDK UART is at `base`.
    pub const unsafe fn new(base: usize) -> Self {
        // SAFETY: these are the offsets of the UART's registers.
        unsafe {
            Self {
                data: Mmio::new(base),
                state: Mmio::new(base + 0x04),
                control: Mmio::new(base + 0x08),
                interrupts: Mmio::new(base + 0x0c),
                divisor: Mmio::new(base + 0x10),
            }
        }
    }
}

impl<R: Register> Uart<R> {
    /// Starts both directions at clock / `divisor` baud, with interrupts. A divisor is at least 16.
    pub fn start(&self, divisor: u32) {
        self.divisor.write(divisor.max(LEAST_DIVISOR));
        self.control.write(TX_ENABLE | RX_ENABLE | TX_INTERRUPT | RX_INTERRUPT);
    }

    /// Starts the transmitter alone.
    pub fn start_sending(&self, divisor: u32) {
        self.divisor.write(divisor.max(LEAST_DIVISOR));
        self.control.write(TX_ENABLE | TX_INTERRUPT);
    }

    /// Ends the receive interrupt that is being handled.
    pub fn acknowledge_receive(&self) {
        self.interrupts.write(RX_PENDING);
    }

    /// Ends the transmit interrupt that is being handled.
    pub fn acknowledge_send(&self) {
        self.interrupts.write(TX_PENDING);
    }

    /// Takes the byte that the register holds, if there is `room` for it. Without room it stays there, and
    /// the UART receives no more.
    pub fn receive(&self, room: bool) -> Received {
        let state = self.state.read();
        let overrun = state & RX_OVERRUN != 0;
        if overrun {
            self.state.write(RX_OVERRUN);
        }
        let full = state & RX_FULL != 0;
        let byte = (full && room).then(|| self.data.read() as u8);
        Received { byte, waits: full && !room, overrun }
    }

    /// Sends bytes from `next` while the register takes them, at most `BURST`. `true` if `next` had no more.
    pub fn send(&self, mut next: impl FnMut() -> Option<u8>) -> bool {
        for _ in 0..BURST {
            if !self.can_send() {
                return false;
            }
            let Some(byte) = next() else { return true };
            self.put(byte);
        }
        false
    }

    /// Sends a byte; the register must take one ([`Uart::can_send`]).
    pub fn put(&self, byte: u8) {
        self.data.write(u32::from(byte));
    }

    /// Whether the register takes a byte.
    pub fn can_send(&self) -> bool {
        self.state.read() & TX_FULL == 0
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::cell::RefCell;
    use std::rc::Rc;
    use std::vec::Vec;

    use super::*;
    use crate::fake::{Device, Fake};

    /// A UART: bytes that come, and those that went out, of which it takes `takes`.
    #[derive(Default)]
    struct Wire {
        state: u32,
        data: u8,
        sent: Vec<u8>,
        takes: usize,
        control: u32,
        divisor: u32,
    }

    impl Wire {
        /// A byte comes over the wire.
        fn arrive(&mut self, byte: u8) {
            if self.state & RX_FULL != 0 {
                self.state |= RX_OVERRUN;
            }
            self.state |= RX_FULL;
            self.data = byte;
        }
    }

    impl Device for Wire {
        fn read(&mut self, offset: usize) -> u32 {
            match offset {
                0x00 => {
                    self.state &= !RX_FULL;
                    u32::from(self.data)
                }
                _ => self.state | if self.sent.len() < self.takes { 0 } else { TX_FULL },
            }
        }

        fn write(&mut self, offset: usize, value: u32) {
            match offset {
                0x00 => self.sent.push(value as u8),
                0x04 => self.state &= !value,
                0x08 => self.control = value,
                0x10 => self.divisor = value,
                _ => assert!(value == TX_PENDING || value == RX_PENDING),
            }
        }
    }

    fn uart() -> (Rc<RefCell<Wire>>, Uart<Fake<Wire>>) {
        let wire = Rc::new(RefCell::new(Wire::default()));
        let register = |offset| Fake::new(&wire, offset);
        let uart = Uart {
            data: register(0x00),
            state: register(0x04),
            control: register(0x08),
            interrupts: register(0x0c),
            divisor: register(0x10),
        };
        (wire, uart)
    }

    #[test]
    fn a_byte_without_room_waits_and_is_not_lost() {
        let (wire, uart) = uart();
        assert_eq!(uart.receive(true), Received::default());
        wire.borrow_mut().arrive(7);
        assert_eq!(uart.receive(false), Received { waits: true, ..Received::default() });
        assert_eq!(uart.receive(true), Received { byte: Some(7), ..Received::default() });
        assert_eq!(uart.receive(true), Received::default());
    }

    #[test]
    fn an_overrun_is_told_once() {
        let (wire, uart) = uart();
        wire.borrow_mut().arrive(1);
        wire.borrow_mut().arrive(2);
        assert_eq!(uart.receive(true), Received { byte: Some(2), waits: false, overrun: true });
        wire.borrow_mut().arrive(3);
        assert_eq!(uart.receive(true), Received { byte: Some(3), waits: false, overrun: false });
    }

    #[test]
    fn bytes_are_sent_until_there_are_none_or_the_register_is_full() {
        let (wire, uart) = uart();
        wire.borrow_mut().takes = 3;
        let mut bytes = 0..10u8;
        assert!(!uart.send(|| bytes.next()));
        assert_eq!(wire.borrow().sent, [0, 1, 2], "no byte is taken that the register does not take");
        wire.borrow_mut().takes = 1000;
        assert!(uart.send(|| bytes.next()));
        assert_eq!(wire.borrow().sent, (0..10).collect::<Vec<u8>>());
        assert!(!uart.send(|| Some(0)), "others get their turn");
        assert_eq!(wire.borrow().sent.len(), 10 + BURST);
    }

    #[test]
    fn it_starts_no_faster_than_it_can() {
        let (wire, uart) = uart();
        uart.start(3);
        assert_eq!((wire.borrow().divisor, wire.borrow().control), (16, 0b1111));
        uart.start_sending(2604);
        assert_eq!((wire.borrow().divisor, wire.borrow().control), (2604, 0b0101));
    }
}
