//! The CMSDK UART, driven by interrupts through two ring buffers.
//!
//! The UART holds one byte. Its handler moves bytes between the register and the rings, so a
//! reader may be late by a whole ring and no byte is lost. When the ring of received bytes is full the
//! last byte stays in the register and receiving stops until the reader has made room; the
//! emulator then holds the host back, a real UART (which has no flow control lines) would overrun.
//! Overruns are counted.

use core::convert::Infallible;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use embassy_sync::blocking_mutex::raw::CriticalSectionRawMutex;
use embassy_sync::pipe::Pipe;
use embassy_sync::waitqueue::AtomicWaker;

use crate::register::Register;

const TX_FULL: u32 = 1 << 0;
const RX_FULL: u32 = 1 << 1;
const RX_OVERRUN: u32 = 1 << 3;

const TX_ENABLE: u32 = 1 << 0;
const RX_ENABLE: u32 = 1 << 1;
const TX_INTERRUPT: u32 = 1 << 2;
const RX_INTERRUPT: u32 = 1 << 3;

/// How many bytes one run of the transmit handler moves before others get their turn.
const BURST: usize = 64;

/// Bits of the interrupt register; writing one clears it.
const TX_PENDING: u32 = 1 << 0;
const RX_PENDING: u32 = 1 << 1;

/// The registers of a CMSDK UART.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Registers {
    pub data: Register,
    pub state: Register,
    pub control: Register,
    pub interrupts: Register,
    pub divisor: Register,
}

impl Registers {
    /// # Safety
    /// A CMSDK UART is at `base`.
    pub const unsafe fn new(base: usize) -> Self {
        // SAFETY: these are the offsets of the UART's registers (ARM DDI 0479).
        unsafe {
            Self {
                data: Register::new(base),
                state: Register::new(base + 0x04),
                control: Register::new(base + 0x08),
                interrupts: Register::new(base + 0x0c),
                divisor: Register::new(base + 0x10),
            }
        }
    }

    pub fn start(&self, divisor: u32, control: u32) {
        self.divisor.write(divisor.max(16));
        self.control.write(control | TX_ENABLE);
    }

    pub fn can_send(&self) -> bool {
        self.state.read() & TX_FULL == 0
    }

    pub const TX_INTERRUPT: u32 = TX_INTERRUPT;
    pub const TX_PENDING: u32 = TX_PENDING;
}

/// A UART with `RX` bytes of room for what came and `TX` for what is to be sent.
pub struct Uart<const RX: usize, const TX: usize> {
    registers: Registers,
    received: Pipe<CriticalSectionRawMutex, RX>,
    to_send: Pipe<CriticalSectionRawMutex, TX>,
    /// The ring is full and a byte waits in the register.
    stalled: AtomicBool,
    overruns: AtomicU32,
    drained: AtomicWaker,
}

impl<const RX: usize, const TX: usize> Uart<RX, TX> {
    /// Names the UART at `base`.
    ///
    /// # Safety
    /// A CMSDK UART is at `base`, and this is the only value that names it.
    pub const unsafe fn new(base: usize) -> Self {
        Self {
            // SAFETY: the caller says that a UART is there.
            registers: unsafe { Registers::new(base) },
            received: Pipe::new(),
            to_send: Pipe::new(),
            stalled: AtomicBool::new(false),
            overruns: AtomicU32::new(0),
            drained: AtomicWaker::new(),
        }
    }

    /// Starts the UART at clock / `divisor` baud, at least 16.
    pub fn start(&self, divisor: u32) {
        self.registers.start(divisor, RX_ENABLE | TX_INTERRUPT | RX_INTERRUPT);
    }

    /// Bytes that a real UART lost because nobody took them in time.
    pub fn overruns(&self) -> u32 {
        self.overruns.load(Ordering::Relaxed)
    }

    /// Takes a byte; to be called by the handler of the receive interrupt.
    ///
    /// A byte that arrives from here on interrupts again, so the handler looks once only: every
    /// access to a register costs the emulator a lock, and they bound the bytes a second.
    pub fn on_receive(&self) {
        self.registers.interrupts.write(RX_PENDING);
        critical_section::with(|_| self.receive());
    }

    /// Sends on; to be called by the handler of the transmit interrupt.
    pub fn on_transmit(&self) {
        self.registers.interrupts.write(TX_PENDING);
        critical_section::with(|_| self.send());
    }

    /// Called with interrupts off: takes the byte that the register holds, if there is room.
    fn receive(&self) {
        let state = self.registers.state.read();
        if state & RX_OVERRUN != 0 {
            self.registers.state.write(RX_OVERRUN);
            self.overruns.fetch_add(1, Ordering::Relaxed);
        }
        if state & RX_FULL == 0 {
            return;
        }
        let full = self.received.is_full();
        self.stalled.store(full, Ordering::Relaxed);
        if !full {
            let byte = self.registers.data.read() as u8;
            // There is room, as was just seen.
            let _ = self.received.try_write(&[byte]);
        }
    }

    /// Called with interrupts off: fills the register, as far as there are bytes.
    fn send(&self) {
        for _ in 0..BURST {
            if !self.registers.can_send() {
                return;
            }
            let mut byte = [0];
            if self.to_send.try_read(&mut byte).is_err() {
                self.drained.wake();
                return;
            }
            self.registers.data.write(u32::from(byte[0]));
        }
    }

    /// Waits for bytes and takes as many as there are, up to the length of `buffer`.
    pub async fn read(&self, buffer: &mut [u8]) -> usize {
        if buffer.is_empty() {
            return 0;
        }
        let taken = self.received.read(buffer).await;
        if self.stalled.load(Ordering::Relaxed) {
            critical_section::with(|_| self.receive());
        }
        taken
    }

    /// Waits for room and takes as many bytes of `data` as fit, at least one.
    pub async fn write(&self, data: &[u8]) -> usize {
        if data.is_empty() {
            return 0;
        }
        let taken = self.to_send.write(data).await;
        critical_section::with(|_| self.send());
        taken
    }

    /// Waits until every byte has left the ring.
    pub async fn flush(&self) {
        core::future::poll_fn(|context| {
            self.drained.register(context.waker());
            if self.to_send.is_empty() { core::task::Poll::Ready(()) } else { core::task::Poll::Pending }
        })
        .await
    }
}

impl<const RX: usize, const TX: usize> embedded_io::ErrorType for &Uart<RX, TX> {
    type Error = Infallible;
}

impl<const RX: usize, const TX: usize> embedded_io_async::Read for &Uart<RX, TX> {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Infallible> {
        Ok(Uart::read(self, buffer).await)
    }
}

impl<const RX: usize, const TX: usize> embedded_io_async::Write for &Uart<RX, TX> {
    async fn write(&mut self, data: &[u8]) -> Result<usize, Infallible> {
        Ok(Uart::write(self, data).await)
    }

    async fn flush(&mut self) -> Result<(), Infallible> {
        Uart::flush(self).await;
        Ok(())
    }
}
