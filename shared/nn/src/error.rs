//! Why an image is refused.

/// Why an image cannot be loaded or run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// Fewer bytes than the header says: the transfer was cut short.
    Truncated {
        /// Bytes that the image should have.
        expected: usize,
        /// Bytes that there are.
        found: usize,
    },
    /// The first bytes are not those of a model image.
    NotAnImage,
    /// The image was written for another version of the format.
    Version(u16),
    /// The kind of network is not known.
    Kind(u16),
    /// The image does not lie at a multiple of 16 bytes.
    Misaligned,
    /// The SHA-256 at the end does not fit the content.
    Corrupted,
    /// A number in the named part of the image contradicts the rest.
    Inconsistent {
        /// The part.
        part: Part,
        /// The record in it.
        index: usize,
    },
    /// The arena is smaller than the plan.
    Arena {
        /// Bytes that the plan needs.
        needed: usize,
        /// Bytes that were given.
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
            Self::NotAnImage => write!(f, "not a model image (it does not begin with PSTN)"),
            Self::Version(version) => {
                write!(f, "format version {version}, this program reads version {}", crate::format::VERSION)
            }
            Self::Kind(kind) => write!(f, "unknown kind of network {kind}"),
            Self::Misaligned => write!(f, "not at a multiple of 16 bytes in memory"),
            Self::Corrupted => write!(f, "corrupted: its SHA-256 does not fit; copy or compile it again"),
            Self::Inconsistent { part, index } => write!(f, "inconsistent: {part:?} {index}"),
            Self::Arena { needed, given } => write!(f, "needs an arena of {needed} bytes, has {given}"),
        }
    }
}

impl core::error::Error for Error {}
