//! The NPU section, version 2: what an NPU runs instead of the operators of an image.
//!
//! All numbers are little endian. The section lies at a multiple of 16, and each part of it, too. Offsets are relative to
//! its first byte. A reader takes parts that overlap: no command writes to any of them.
//!
//! ```text
//!   0 +------------------------------------------------------------------+
//!     | "PNPU" | version u16 | outputs u16 | CONFIG u32 | ID u32          |  Header, 112 bytes
//!  16 | stream u32, words u32              | data u32, length u32         |  (offset, count)
//!  32 | layers u32, count u32              | scratch u32 | cycles u32     |
//!  48 | input u32, length u32              | accelerator, 24 bytes        |
//!  80 | identity of the image that the stream computes, 32 bytes          |
//! 112 +------------------------------------------------------------------+
//!     | outputs: 8 bytes each, see [`Place`]                              |
//!     | layers: 12 bytes each, see [`LayerRecord`]                        |
//!     | stream: u32 each, the last one is STOP                            |
//!     | data: weights, scales and tables, encoded for the NPU             |
//!     +------------------------------------------------------------------+
//! ```
//!
//! `CONFIG` and `ID` are the words that Vela wrote for the accelerator; a driver compares them with the registers of the
//! NPU. The accelerator is one of [`ACCELERATORS`](crate::ACCELERATORS), with its `CONFIG`. `input` and the outputs are places in the scratch, whose values lie as in the arena: rows, columns, channels.

use bytemuck::{Pod, Zeroable};

/// First four bytes of a section.
pub const MAGIC: [u8; 4] = *b"PNPU";
/// The version that this crate reads.
pub const VERSION: u16 = 2;
/// Alignment of the section, its parts, the data and the scratch, in bytes.
pub const ALIGN: usize = 16;

/// The header, 112 bytes.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
pub struct Header {
    /// [`MAGIC`].
    pub magic: [u8; 4],
    /// [`VERSION`].
    pub version: u16,
    /// Number of outputs; they follow the header.
    pub outputs: u16,
    /// The word of the register CONFIG of the NPU that the stream is for.
    pub config: u32,
    /// The word of its architecture.
    pub id: u32,
    /// Offset of the stream.
    pub stream: u32,
    /// Words in the stream.
    pub words: u32,
    /// Offset of the data.
    pub data: u32,
    /// Bytes of data.
    pub data_bytes: u32,
    /// Offset of the layers.
    pub layers: u32,
    /// Number of layers.
    pub layer_count: u32,
    /// Bytes of scratch that the stream needs.
    pub scratch: u32,
    /// Cycles of the whole network, as Vela estimates them.
    pub cycles: u32,
    /// Where the input lies in the scratch.
    pub input: Place,
    /// Name of the accelerator in UTF-8, padded with zeros.
    pub accelerator: [u8; 24],
    /// Identity of the image whose operators the stream computes.
    pub identity: [u8; 32],
}

/// A place in the scratch.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
pub struct Place {
    /// Offset of the first byte.
    pub offset: u32,
    /// Bytes.
    pub bytes: u32,
}

/// What Vela estimates for an operator of the image.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
pub struct LayerRecord {
    /// Number of the operator in the image.
    pub operator: u32,
    /// Cycles.
    pub cycles: u32,
    /// Multiply-adds of the NPU, which may be more than those of the operator.
    pub multiply_adds: u32,
}
