//! The NPU page: the registers of an NPU that a process on the host plays, with a doorbell.
//!
//! Memory does not react when it is written, as a register does. So the board writes registers as words, and rings for the
//! two that make the NPU act. The host takes a ring by writing the word that it has seen.
//!
//! ```text
//! offset  word                 writer
//! 0x000   registers            at the offsets of the NPU: ID, STATUS, QREAD, PROT and CONFIG the host, the others the board
//! 0xff8   bell                 board: a number that changes with each ring, from bit 16, and the register's offset
//! 0xffc   bell taken           host, the last word of the bell that it has taken
//! ```
//! ID is 0 on a board without an NPU: the host writes the page whenever it switches a board on.
//!
//! A ring of the register CMD that starts a stream is taken when STATUS says that it runs. Every other ring is taken when the
//! registers are as it leaves them. A board that waits for neither in vain has no NPU any more.
//!
//! The memory of the NPU, [`Layout::npu`](crate::Layout::npu), has the streams of three networks, [`STREAM`] bytes each, and
//! then the scratch. The host writes to the scratch alone, and only while a stream runs. Weights are read where they lie in
//! the flash.

/// Offset of the doorbell.
pub const BELL: usize = 0xff8;
/// Offset of what the host has seen of it.
pub const BELL_TAKEN: usize = 0xffc;

/// Bytes for the stream of a network.
pub const STREAM: u32 = 128 << 10;
/// Where the scratch begins in the memory of the NPU: after the streams of detector, encoder and liveness network.
pub const SCRATCH: u32 = 3 * STREAM;
