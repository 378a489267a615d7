//! The CMSDK UART, driven by interrupts through two ring buffers.
//!
//! The UART holds one byte in each direction. Its handlers move bytes between register and rings, so that a
//! reader may be late by a whole ring and no byte is lost. When the ring of received bytes is full, the last
//! byte stays in the register, and receiving stops until the reader has made room. The emulator then holds the
//! host back; a real UART, which has no flow control lines, would overrun. Overruns are counted.

use core::convert::Infallible;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use embassy_sync::blocking_mutex::raw::CriticalSectionRawMutex;
use embassy_sync::pipe::Pipe;
use embassy_sync::waitqueue::AtomicWaker;
use mps_registers::uart;

/// A UART with `RX` bytes of room for what came and `TX` for what is to be sent.
pub struct Uart<const RX: usize, const TX: usize> {
    registers: uart::Uart,
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
            registers: unsafe { uart::Uart::new(base) },
            received: Pipe::new(),
            to_send: Pipe::new(),
            stalled: AtomicBool::new(false),
            overruns: AtomicU32::new(0),
            drained: AtomicWaker::new(),
        }
    }

    /// Starts the UART at clock / `divisor` baud, at least 16.
    pub fn start(&self, divisor: u32) {
        self.registers.start(divisor);
    }

    /// Bytes that a real UART lost because nobody took them in time.
    pub fn overruns(&self) -> u32 {
        self.overruns.load(Ordering::Relaxed)
    }

    /// Takes a byte; to be called by the handler of the receive interrupt.
    ///
    /// A byte that arrives from here on interrupts again, so the handler looks only once: each access to a
    /// register costs the emulator a lock, and these accesses limit the bytes a second.
    pub fn on_receive(&self) {
        self.registers.acknowledge_receive();
        critical_section::with(|_| self.receive());
    }

    /// Sends on; to be called by the handler of the transmit interrupt.
    pub fn on_transmit(&self) {
        self.registers.acknowledge_send();
        critical_section::with(|_| self.send());
    }

    /// Called with interrupts off: takes the byte that the register holds, if there is room.
    fn receive(&self) {
        let received = self.registers.receive(!self.received.is_full());
        if received.overrun {
            self.overruns.fetch_add(1, Ordering::Relaxed);
        }
        self.stalled.store(received.waits, Ordering::Relaxed);
        if let Some(byte) = received.byte {
            // There is room, as was just seen.
            let _ = self.received.try_write(&[byte]);
        }
    }

    /// Called with interrupts off: fills the register while there are bytes.
    fn send(&self) {
        let next = || {
            let mut byte = [0];
            self.to_send.try_read(&mut byte).ok().map(|_| byte[0])
        };
        if self.registers.send(next) {
            self.drained.wake();
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
