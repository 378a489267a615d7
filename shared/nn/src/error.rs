//! Errors: why an image is rejected.

/// Why an image cannot be loaded or run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// Fewer bytes than the header states: an incomplete transfer.
    Truncated {
        /// Bytes that the image should have.
        expected: usize,
        /// Bytes that it has.
        found: usize,
    },
    /// The magic bytes are not those of a model image.
    NotAnImage,
    /// The image has another version of the format.
    Version(u16),
    /// The calibration table has another form.
    CalibrationForm(u32),
    /// The kind of network is unknown.
    Kind(u16),
    /// The address of the image or of the arena is not a multiple of 16.
    Misaligned,
    /// The SHA-256 at the end does not match the content.
    Corrupted,
    /// A number in the named part of the image contradicts the rest.
    Inconsistent {
        /// The part.
        part: Part,
        /// Index of the record in this part.
        index: usize,
    },
    /// The network is a float one, which this engine does not run.
    Float,
    /// The arena is too small.
    Arena {
        /// Bytes that the network needs.
        needed: usize,
        /// Bytes of the given arena.
        given: usize,
    },
}

/// A part of an image, for [`Error::Inconsistent`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The header and its sections.
    Header,
    /// A tensor record.
    Tensor,
    /// An operator record.
    Operator,
    /// The list of outputs.
    Output,
    /// The calibration table.
    Calibration,
}

impl core::fmt::Display for Error {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Truncated { expected, found } => {
                write!(f, "truncated: {found} of {expected} bytes; copy or compile it again")
            }
            Self::NotAnImage => write!(f, "not a model image (it does not start with PSTN)"),
            Self::Version(version) => {
                write!(f, "format version {version}, this program reads version {}", crate::format::VERSION)
            }
            Self::CalibrationForm(form) => {
                let own = crate::format::CALIBRATION_FORM;
                write!(f, "calibration table of form {form}, this program reads forms up to {own}")
            }
            Self::Kind(kind) => write!(f, "unknown kind of network {kind}"),
            Self::Misaligned => write!(f, "not aligned to 16 bytes in memory"),
            Self::Corrupted => write!(f, "corrupted: its SHA-256 does not match; copy or compile it again"),
            Self::Inconsistent { part, index } => write!(f, "inconsistent: {part:?} {index}"),
            Self::Float => write!(f, "a float encoder: it needs a door with tract"),
            Self::Arena { needed, given } => write!(f, "needs an arena of {needed} bytes, has {given}"),
        }
    }
}

impl core::error::Error for Error {}
