//! The model image, version 2: a network ready to run from flash.
//!
//! All numbers are little endian. The image lies at an address that is a multiple of 16; every
//! offset counts from its first byte and every section starts at a multiple of 16, weights too.
//!
//! ```text
//!    0 +---------------------------------------------------------------+
//!      | "PSTN" | version u16 | kind u16 | length u32 | arena u32      |  Header, 192 bytes
//!   16 | operators u32, count u32 | tensors u32, count u32             |  (offset, count)
//!   32 | outputs u32, count u32   | calibration u32, count u32         |
//!   48 | data u32, length u32     | input tensor u32 | reserved u32     |
//!   64 | name: UTF-8, padded with zeros, 32 bytes                      |
//!   96 | SHA-256 of the network the image was compiled from            |
//!  128 | SHA-256 of operators, tensors, outputs and data: the identity |
//!  160 | reserved, zero, 32 bytes                                      |
//!  192 +---------------------------------------------------------------+
//!      | operators: 60 bytes each, in the order in which they run      |
//!      | tensors: 32 bytes each, with place in the arena and lifetime  |
//!      | outputs: u32 tensor numbers                                   |
//!      | calibration: 8 bytes each, see [`CalibrationRecord`]          |
//!      | data: weights i8; a [`kernels::Scale`] a channel              |
//!      +---------------------------------------------------------------+
//! -32  | SHA-256 of everything before                                  |
//!      +---------------------------------------------------------------+
//! ```
//!
//! Weights of dense convolutions are packed as [`kernels::weights`] draws it, those of depthwise
//! ones lie in the order row, column, channel.
//!
//! The identity leaves out name and calibration, so that a better calibration of the same network
//! keeps the templates that it made.

use bytemuck::{Pod, Zeroable};

/// First four bytes of an image.
pub const MAGIC: [u8; 4] = *b"PSTN";
/// The version this crate writes and reads.
pub const VERSION: u16 = 2;
/// Alignment of the image, its sections, its arrays and the tensors in the arena, in bytes.
pub const ALIGN: usize = 16;
/// Length of the SHA-256 that ends an image.
pub const DIGEST: usize = 32;

/// What a network is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Anything; the device does not run it by itself.
    Other = 0,
    /// Face detector of the YuNet family: 12 outputs, cls, obj, bbox, kps for strides 8, 16, 32.
    Detector = 1,
    /// Face encoder: an aligned face to an embedding.
    Encoder = 2,
    /// Presentation-attack detection.
    Liveness = 3,
}

impl Kind {
    /// The kind with number `value`.
    pub fn from_number(value: u16) -> Option<Self> {
        [Self::Other, Self::Detector, Self::Encoder, Self::Liveness].into_iter().find(|&k| k as u16 == value)
    }
}

/// Operator codes.
pub mod code {
    /// Dense convolution; a fully connected layer has a kernel of its input's size.
    pub const CONV: u8 = 1;
    /// Depthwise convolution; with a 1x1 kernel a scale a channel.
    pub const DEPTHWISE: u8 = 2;
    /// Sum of two tensors.
    pub const ADD: u8 = 3;
    /// Maximum over a window.
    pub const MAX_POOL: u8 = 4;
    /// Mean over all pixels.
    pub const AVERAGE_POOL: u8 = 5;
    /// Enlargement to twice the size.
    pub const RESIZE_2X: u8 = 6;
    /// Multiplication of each channel with the sigmoid of a logit, the second input. The weights are
    /// [`kernels::Gate::table`], the scale is a single one.
    pub const GATE: u8 = 7;
}

/// A section: where it starts and how many records it has.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, Pod, Zeroable)]
pub struct Section {
    /// Offset of the first byte.
    pub offset: u32,
    /// Number of records; of bytes for `data`.
    pub count: u32,
}

/// The first 192 bytes.
#[repr(C)]
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
pub struct Header {
    /// [`MAGIC`].
    pub magic: [u8; 4],
    /// [`VERSION`].
    pub version: u16,
    /// A number of [`Kind`].
    pub kind: u16,
    /// Length of the whole image in bytes, its SHA-256 included.
    pub length: u32,
    /// Bytes of arena that a run needs.
    pub arena: u32,
    /// Section of [`OperatorRecord`].
    pub operators: Section,
    /// Section of [`TensorRecord`].
    pub tensors: Section,
    /// Section of `u32` tensor numbers.
    pub outputs: Section,
    /// Section of [`CalibrationRecord`].
    pub calibration: Section,
    /// Weights and scales.
    pub data: Section,
    /// Number of the input tensor: `i8 = u8 - 128`, RGB for pictures.
    pub input: u32,
    /// Zero.
    pub reserved: u32,
    /// Name in UTF-8, padded with zeros.
    pub name: [u8; 32],
    /// SHA-256 of the file the network was compiled from.
    pub source: [u8; 32],
    /// SHA-256 of operators, tensors, outputs and data.
    pub identity: [u8; 32],
    /// Zero.
    pub reserved2: [u8; 32],
}

/// One operator.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, Pod, Zeroable)]
pub struct OperatorRecord {
    /// A number of [`code`].
    pub code: u8,
    /// 1 if negative accumulators have multipliers of their own (a fused PReLU).
    pub prelu: u8,
    /// Kernel rows and columns.
    pub kernel: [u8; 2],
    /// Vertical and horizontal stride.
    pub stride: [u8; 2],
    /// Padding above and to the left.
    pub pad: [u8; 2],
    /// Input tensors; the second one is the first again where there is just one.
    pub input: [u16; 2],
    /// Output tensor.
    pub output: u16,
    /// Rows of output that the last operator of a chain computes at a time, see [`crate::bands`].
    pub band: u16,
    /// Least and greatest output.
    pub clamp: [i16; 2],
    /// Offset of the weights.
    pub weights: u32,
    /// Offset of the scales, one a channel.
    pub scales: u32,
    /// Sum: multipliers of both inputs.
    pub factor: [i32; 2],
    /// Sum: right shift.
    pub sum_shift: u32,
    /// Zero.
    pub reserved2: [u32; 5],
}

/// One tensor.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, Pod, Zeroable)]
pub struct TensorRecord {
    /// Place in the arena, a multiple of 16.
    pub offset: u32,
    /// Rows.
    pub height: u16,
    /// Columns.
    pub width: u16,
    /// Channels.
    pub channels: u16,
    /// Bytes a value: 1 for `i8`, 2 for `i16`.
    pub bytes: u8,
    /// `i16` only: `real = value * 2^-frac_bits`.
    pub frac_bits: i8,
    /// Zero point of an `i8` tensor.
    pub zero_point: i32,
    /// Scale as an IEEE 754 single; for people and tools, the device does not use it.
    pub scale: f32,
    /// The operator that writes it, or the first of its chain; 0 for the input.
    pub first: u16,
    /// The last operator that reads it, or the last of its chain; outputs live to the end.
    pub last: u16,
    /// Rows that there is room for at a time; fewer than `height` inside a chain, whose operator that
    /// writes the tensor is followed by the only one that reads it.
    pub kept: u16,
    /// Zero.
    pub reserved: [u16; 3],
}

/// A threshold of an encoder.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
pub struct CalibrationRecord {
    /// The false-match rate is one in this many comparisons of different people.
    pub one_in: u32,
    /// Similarity (cosine, Q15) from which that rate is kept.
    pub threshold: i32,
}

/// `offset` rounded up to [`ALIGN`].
pub const fn align(offset: usize) -> usize {
    offset.next_multiple_of(ALIGN)
}
