//! How a driver reaches an NPU: its registers, and the memory as the NPU sees it.

/// The registers of an Ethos-U55 that a driver uses: offsets in bytes from its base address.
pub mod block {
    /// Version of the architecture and of the product.
    pub const ID: u16 = 0x00;
    /// What it does, see [`status`](super::status).
    pub const STATUS: u16 = 0x04;
    /// Starts a stream, clears the interrupt, gates clock and power.
    pub const CMD: u16 = 0x08;
    /// Starts a reset to a level of protection.
    pub const RESET: u16 = 0x0c;
    /// Where the stream begins, lower half; the upper one follows.
    pub const QBASE: u16 = 0x10;
    /// How far the stream was read, in bytes.
    pub const QREAD: u16 = 0x18;
    /// The port of the stream.
    pub const QCONFIG: u16 = 0x1c;
    /// Bytes of the stream.
    pub const QSIZE: u16 = 0x20;
    /// The level of protection that is active.
    pub const PROT: u16 = 0x24;
    /// Product, multipliers, memory in the NPU.
    pub const CONFIG: u16 = 0x28;
    /// The port of each memory, two bits each.
    pub const REGIONCFG: u16 = 0x3c;
    /// Limits of the first port; three more follow.
    pub const AXI_LIMIT0: u16 = 0x40;
    /// Where memory 0 begins, lower half; upper halves and seven more memories follow.
    pub const BASEP0: u16 = 0x80;
}

/// Bits of the register STATUS.
pub mod status {
    /// A stream runs.
    pub const RUNNING: u32 = 1;
    /// The interrupt is raised.
    pub const IRQ: u32 = 1 << 1;
    /// The bus refused an access.
    pub const BUS: u32 = 1 << 2;
    /// A reset is not finished.
    pub const RESETTING: u32 = 1 << 3;
    /// A word of the stream is no command.
    pub const PARSE: u32 = 1 << 4;
    /// The stream ended with its last command.
    pub const END: u32 = 1 << 5;
    /// The units for weights disagree.
    pub const WEIGHTS: u32 = 1 << 7;
    /// A memory in the NPU has lost a bit.
    pub const ECC: u32 = 1 << 8;
    /// Everything that makes a result worthless.
    pub const FAULTS: u32 = BUS | PARSE | WEIGHTS | ECC;
}

/// Bits of the register CMD.
pub mod command {
    /// Starts the stream.
    pub const RUN: u32 = 1;
    /// Clears the interrupt.
    pub const CLEAR_IRQ: u32 = 1 << 1;
    /// Lets clock and power be switched off where there is nothing to do.
    pub const GATED: u32 = 3 << 2;
}

/// How an NPU is connected on a board.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wiring {
    /// The level of protection: bit 0 privileged, bit 1 not secure.
    pub level: u32,
    /// Which of the four limits, and so which port, the stream uses. 0 and 1 are port M0, 2 and 3 port M1.
    pub stream: u8,
    /// The one of weights and tables.
    pub data: u8,
    /// The one of the scratch.
    pub scratch: u8,
    /// The limits: bytes of a burst, memory type, most reads and writes that are not yet answered.
    pub limits: [u32; 4],
}

/// 32 reads and 16 writes may be unanswered, with bursts of 64 bytes.
pub const USUAL_LIMIT: u32 = 15 << 24 | 31 << 16;

impl Default for Wiring {
    /// Privileged and secure; the scratch behind port M0, stream and data in the slower memory behind M1.
    fn default() -> Self {
        Self { level: 1, stream: 2, data: 3, scratch: 0, limits: [USUAL_LIMIT; 4] }
    }
}

/// An NPU on a board.
pub trait NpuBus {
    /// How it is connected.
    fn wiring(&self) -> Wiring {
        Wiring::default()
    }

    /// Reads a register of [`block`].
    fn read(&mut self, register: u16) -> u32;

    /// Writes a register of [`block`]. All writes to memory before it are seen by the NPU before it.
    fn write(&mut self, register: u16, value: u32);

    /// The address at which the NPU sees the first byte of `memory`; `None` if it cannot reach all of it.
    fn address(&mut self, memory: &[u8]) -> Option<u32>;

    /// Makes what the processor has written to `memory` visible to the NPU: cleans the data cache, if there is one.
    fn clean(&mut self, memory: &[u8]);

    /// Makes what the NPU has written to `memory` visible to the processor: invalidates the data cache, if there is one. Such a
    /// board gives the driver a scratch that begins and ends with a line of the cache, so that no other data is lost.
    fn invalidate(&mut self, memory: &mut [u8]);

    /// Waits a little, at most for the interrupt. `count` is how often this operation has waited before; `false` says that
    /// its time is over.
    fn wait(&mut self, count: u32) -> bool;
}
