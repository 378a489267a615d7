//! The model image, version 2: a network ready to run from flash.
//!
//! All numbers are little endian. The address of the image is a multiple of 16. Every offset is relative to
//! its first byte. Every section and every array of weights starts at a multiple of 16.
//!
//! ```text
//!    0 +---------------------------------------------------------------+
//!      | "PSTN" | version u16 | kind u16 | length u32 | arena u32      |  Header, 192 bytes
//!   16 | operators u32, count u32 | tensors u32, count u32             |  (offset, count)
//!   32 | outputs u32, count u32   | calibration u32, count u32         |
//!   48 | data u32, length u32     | input u32 | form of calibration u32 |
//!   64 | name: UTF-8, padded with zeros, 32 bytes                      |
//!   96 | SHA-256 of the network the image was compiled from            |
//!  128 | SHA-256 of operators, tensors, outputs and data: the identity |
//!  160 | fidelity, 16 bytes, see [`FidelityRecord`]                    |
//!  176 | NPU section u32, length u32 | removed u32, count u32           |
//!  192 +---------------------------------------------------------------+
//!      | operators: 60 bytes each, in order of execution               |
//!      | tensors: 32 bytes each, with offset in the arena and lifetime |
//!      | outputs: u32 tensor numbers                                   |
//!      | data: weights i8; one [`kernels::Scale`] per channel          |
//!      | what an NPU runs instead: none, or a section of its own form  |
//!      | calibration: 16 bytes each, see [`CalibrationRecord`]         |
//!      | removed: 16 bytes each, see [`RemovedRecord`]                 |
//!      +---------------------------------------------------------------+
//! -32  | SHA-256 of everything before                                  |
//!      +---------------------------------------------------------------+
//! ```
//!
//! The weights of dense convolutions are packed as drawn in [`kernels::weights`]; those of depthwise
//! convolutions are in the order row, column, channel.
//!
//! The identity does not cover name, calibration, NPU section and what was removed, since an NPU gives the same bytes. So templates
//! stay valid when the same network gets a better calibration. It covers offsets of weights, so the table of calibration lies
//! behind the data.
//!
//! An encoder that another engine runs in float ([`Kind::FloatEncoder`]) has no operators, two tensors (pixels and embedding) and
//! one output. Its data is a [`FloatRecord`] with the ONNX file behind it; so its identity covers the file and how pixels
//! become its input.
//!
//! The calibration table has a form of its own. Form 0 has rows of 8 bytes, `one_in` and `threshold` only. They do not say
//! how they are known, so nothing is promised by them, see [`basis::UNPROVEN`].

use bytemuck::{Pod, Zeroable};

pub use layout::{Counts, TooLarge};

mod layout;

/// First four bytes of an image.
pub const MAGIC: [u8; 4] = *b"PSTN";
/// The version that this crate reads.
pub const VERSION: u16 = 2;
/// The form of calibration tables that is written.
pub const CALIBRATION_FORM: u32 = 1;
/// First four bytes of a [`FloatRecord`].
pub const FLOAT_MAGIC: [u8; 4] = *b"ONNX";
/// Alignment of the image, its sections, its arrays and the tensors in the arena, in bytes.
pub const ALIGN: usize = 16;
/// Length of the SHA-256 at the end of an image.
pub const DIGEST: usize = 32;

/// The kind of a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Any other network, which the door does not use.
    Other = 0,
    /// Face detector of the YuNet family: 12 outputs, cls, obj, bbox, kps for strides 8, 16, 32.
    Detector = 1,
    /// Face encoder: aligned face to embedding.
    Encoder = 2,
    /// Presentation attack detection.
    Liveness = 3,
    /// Face encoder that another engine runs in float, such as tract: [`Model::run`](crate::Model::run) cannot.
    FloatEncoder = 4,
}

impl Kind {
    /// The kind with number `value`.
    pub fn from_number(value: u16) -> Option<Self> {
        let known = [Self::Other, Self::Detector, Self::Encoder, Self::Liveness, Self::FloatEncoder];
        known.into_iter().find(|&kind| kind as u16 == value)
    }
}

/// Operator codes.
pub mod code {
    /// Dense convolution; the kernel of a fully connected layer has the size of its input.
    pub const CONV: u8 = 1;
    /// Depthwise convolution; a 1x1 kernel scales each channel.
    pub const DEPTHWISE: u8 = 2;
    /// Sum of two tensors.
    pub const ADD: u8 = 3;
    /// Maximum over a window.
    pub const MAX_POOL: u8 = 4;
    /// Mean over all pixels.
    pub const AVERAGE_POOL: u8 = 5;
    /// Nearest-neighbour upsampling by two.
    pub const RESIZE_2X: u8 = 6;
    /// Multiplication of each channel by the sigmoid of a logit, the second input. The weights are
    /// [`kernels::Gate::table`]; there is a single scale.
    pub const GATE: u8 = 7;
    /// A function of each value. The weights are [`kernels::TABLE_STEPS`] values, the first for -128; there are no
    /// scales.
    pub const TABLE: u8 = 8;

    /// The name of an operator.
    pub const fn name(code: u8) -> &'static str {
        match code {
            CONV => "convolution",
            DEPTHWISE => "depthwise",
            ADD => "add",
            MAX_POOL => "max pool",
            AVERAGE_POOL => "average pool",
            RESIZE_2X => "resize 2x",
            GATE => "gate",
            TABLE => "table",
            _ => "unknown",
        }
    }
}

/// A section: offset and number of records.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, Pod, Zeroable)]
pub struct Section {
    /// Offset of the first byte.
    pub offset: u32,
    /// Number of records; number of bytes for `data`.
    pub count: u32,
}

/// The header, 192 bytes.
#[repr(C)]
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
pub struct Header {
    /// [`MAGIC`].
    pub magic: [u8; 4],
    /// [`VERSION`].
    pub version: u16,
    /// A number of [`Kind`].
    pub kind: u16,
    /// Length of the whole image in bytes, including the SHA-256.
    pub length: u32,
    /// Bytes of arena that the network needs.
    pub arena: u32,
    /// Section of [`OperatorRecord`].
    pub operators: Section,
    /// Section of [`TensorRecord`].
    pub tensors: Section,
    /// Section of `u32` tensor numbers.
    pub outputs: Section,
    /// Section of [`CalibrationRecord`], or of rows of form 0.
    pub calibration: Section,
    /// Weights and scales.
    pub data: Section,
    /// Number of the input tensor: `i8 = u8 - 128`, RGB for images.
    pub input: u32,
    /// Form of the calibration table: 0, or [`CALIBRATION_FORM`].
    pub calibration_form: u32,
    /// Name in UTF-8, padded with zeros.
    pub name: [u8; 32],
    /// SHA-256 of the file the network was compiled from.
    pub source: [u8; 32],
    /// SHA-256 of operators, tensors, outputs and data.
    pub identity: [u8; 32],
    /// How close the image is to the network it was compiled from; for people and tools, the device does not use it.
    pub fidelity: FidelityRecord,
    /// What an NPU runs instead of the operators, see the crate `npu-section`; without one, zeros.
    pub npu: Section,
    /// Section of [`RemovedRecord`]; for people and tools, the device does not use it. Its offset is 0 where the writer of the
    /// image did not record what was removed.
    pub removed: Section,
}

/// How close an image is to the float network, over some sample pictures.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
pub struct FidelityRecord {
    /// What the figures are: 0 nothing, 1 cosines of embeddings, 2 the error of the outputs as a share of their size.
    pub figure: u32,
    /// Sample pictures.
    pub samples: u32,
    /// The worst one: the least cosine, or the greatest error of an output.
    pub worst: f32,
    /// The mean, over pictures or outputs.
    pub mean: f32,
}

/// What the compiler removed of a convolution without changing an output.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
pub struct RemovedRecord {
    /// The number of the operator.
    pub operator: u32,
    /// Its filters that were removed.
    pub filters: u32,
    /// Channels that were removed from its input.
    pub channels: u32,
    /// Channels of its input that were constant, and whose products are now in its biases.
    pub folded: u32,
}

/// The head of the data of a [`Kind::FloatEncoder`]; the ONNX file follows. Each pixel becomes `(pixel - mean) * scale`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
pub struct FloatRecord {
    /// [`FLOAT_MAGIC`].
    pub magic: [u8; 4],
    /// 0 if red is the first channel, 1 if blue is.
    pub bgr: u32,
    /// Subtracted first, by channel, in the network's order.
    pub mean: [f32; 3],
    /// Multiplied then.
    pub scale: f32,
    /// Zero.
    pub reserved: [u32; 2],
}

/// One operator.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, Pod, Zeroable)]
pub struct OperatorRecord {
    /// A number of [`code`].
    pub code: u8,
    /// 1 if negative accumulators have their own multipliers (a fused PReLU).
    pub prelu: u8,
    /// Kernel rows and columns.
    pub kernel: [u8; 2],
    /// Vertical and horizontal stride.
    pub stride: [u8; 2],
    /// Padding above and to the left.
    pub pad: [u8; 2],
    /// Input tensors; with a single input both are equal.
    pub input: [u16; 2],
    /// Output tensor.
    pub output: u16,
    /// Output rows that the last operator of a chain computes per band, see [`crate::bands`].
    pub band: u16,
    /// Least and greatest output.
    pub clamp: [i16; 2],
    /// Offset of the weights.
    pub weights: u32,
    /// Offset of the scales, one per channel.
    pub scales: u32,
    /// Addition: multipliers of both inputs.
    pub factor: [i32; 2],
    /// Addition: right shift.
    pub sum_shift: u32,
    /// Zero.
    pub reserved2: [u32; 5],
}

/// One tensor.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, Pod, Zeroable)]
pub struct TensorRecord {
    /// Offset in the arena, a multiple of 16.
    pub offset: u32,
    /// Rows.
    pub height: u16,
    /// Columns.
    pub width: u16,
    /// Channels.
    pub channels: u16,
    /// Bytes per value: 1 for `i8`, 2 for `i16`.
    pub bytes: u8,
    /// `i16` only: `real = value * 2^-frac_bits`.
    pub frac_bits: i8,
    /// Zero point of an `i8` tensor.
    pub zero_point: i32,
    /// Scale as an IEEE 754 single, for people and tools; the device does not use it.
    pub scale: f32,
    /// The operator that writes the tensor, or the first one of its chain; 0 for the input.
    pub first: u16,
    /// The last operator that reads the tensor, or the last one of its chain; outputs live until the end.
    pub last: u16,
    /// Rows that fit its memory. Less than `height` inside a chain, where the operator that writes the tensor
    /// is followed by the only one that reads it.
    pub kept: u16,
    /// Zero.
    pub reserved: [u16; 3],
}

/// A calibrated threshold of an encoder.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
pub struct CalibrationRecord {
    /// False-match rate: one in this many comparisons of different people.
    pub one_in: u32,
    /// Least similarity (cosine, Q15) that keeps this rate: the upper end of its 95 % band.
    pub threshold: i32,
    /// The estimate within the band (cosine, Q15); at most the threshold.
    pub estimate: i32,
    /// How the threshold is known: a number of [`basis`].
    pub basis: u32,
}

/// How the threshold of a row is known. The rows of an image are sorted by it.
pub mod basis {
    /// At least ten false matches were counted.
    pub const MEASURED: u32 = 1;
    /// The tail of the scores was fitted and continued.
    pub const MODELLED: u32 = 2;
    /// Nothing bears it out, as in rows of form 0, which do not say.
    pub const UNPROVEN: u32 = 3;
}

/// `offset` rounded up to [`ALIGN`].
pub const fn align(offset: usize) -> usize {
    offset.next_multiple_of(ALIGN)
}
