//! Errors: invalid frames, buffers and detector heads.

use core::fmt;

/// Why a frame, a buffer or a set of detector heads was rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Error {
    /// A width or height is zero.
    EmptyFrame,
    /// The frame is larger than [`MAX_WIDTH`](crate::MAX_WIDTH) x [`MAX_HEIGHT`](crate::MAX_HEIGHT).
    FrameTooLarge,
    /// A YUYV frame has an odd width, but two pixels share one pair of chroma samples.
    OddWidth,
    /// The length of a buffer does not match width, height and format.
    BufferLength,
    /// A side of the detector's input is zero, larger than 1024, or not a multiple of 32.
    InputSize,
    /// The shape of a detector head does not match its stride and kind.
    HeadShape,
    /// A detector head has more fraction bits than the arithmetic of the decoder supports.
    HeadPrecision,
    /// The landmarks are degenerate: no similarity transform maps them to the template.
    DegenerateLandmarks,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::EmptyFrame => "the frame has no pixels",
            Self::FrameTooLarge => "the frame is larger than 320x256 pixels",
            Self::OddWidth => "a YUYV frame must have an even width",
            Self::BufferLength => "the length of a buffer does not match width, height and format",
            Self::InputSize => "the sides of the detector's input must be 32, 64, ... 1024 pixels",
            Self::HeadShape => "a detector head has an unexpected shape",
            Self::HeadPrecision => "a detector head has too many fraction bits",
            Self::DegenerateLandmarks => "the landmarks cannot be aligned to the face template",
        })
    }
}

impl core::error::Error for Error {}
