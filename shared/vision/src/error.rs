//! What can be wrong with a picture or a detector.

use core::fmt;

/// Why a frame, a buffer or a set of detector heads was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Error {
    /// A width or height is zero.
    EmptyFrame,
    /// The frame is larger than [`MAX_WIDTH`](crate::MAX_WIDTH) x [`MAX_HEIGHT`](crate::MAX_HEIGHT).
    FrameTooLarge,
    /// A YUYV frame has an odd width, but two pixels share one pair of chroma samples.
    OddWidth,
    /// A buffer's length is not what its width, height and format ask for.
    BufferLength,
    /// The detector's input is empty, larger than 1024 on a side, or no multiple of 32.
    InputSize,
    /// A detector head has not the shape that its stride and kind ask for.
    HeadShape,
    /// A detector head has more fractional bits than the decoder's arithmetic can hold.
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
            Self::BufferLength => "a buffer's length does not fit its width, height and format",
            Self::InputSize => "a detector's input must have sides of 32, 64, ... 1024 pixels",
            Self::HeadShape => "a detector head has an unexpected shape",
            Self::HeadPrecision => "a detector head has too many fractional bits",
            Self::DegenerateLandmarks => "the landmarks cannot be aligned to the face template",
        })
    }
}

impl core::error::Error for Error {}
