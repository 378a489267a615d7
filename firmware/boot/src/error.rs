//! Why firmware is refused, or the record cannot be kept: one flat enum.
//!
//! Its messages are written by hand: a boot loader does without the packages that would write them.

use core::fmt;

/// Why firmware is not started, or the record cannot be read or written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Error {
    /// The slot does not begin with the header of firmware.
    NotFirmware,
    /// The image is for another board.
    OtherBoard,
    /// The image is longer than the slot, or has no vector table.
    Truncated,
    /// The image leaves the memory for code.
    Misplaced,
    /// The SHA-256 of the code is not that of the header.
    Damaged,
    /// The header is not that of the image in the record.
    Other,
    /// A newer release was active before.
    TooOld,
    /// The signature is not the signer's, or there is no signer.
    Unsigned,
    /// The partition of the record has fewer than two sectors, or sectors that records do not fit.
    Partition,
    /// The flash failed.
    Flash,
    /// There is no record that this board made.
    NoRecord,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotFirmware => "it is no firmware image",
            Self::OtherBoard => "it is for another board",
            Self::Truncated => "it is cut short",
            Self::Misplaced => "it does not fit the memory for code",
            Self::Damaged => "it was changed",
            Self::Other => "it is not the image that was expected",
            Self::TooOld => "it is older than one that the board had",
            Self::Unsigned => "it is not signed by the key that the board trusts",
            Self::Partition => "the flash partition does not suit a boot record",
            Self::Flash => "the boot record's flash failed",
            Self::NoRecord => "the board has no boot record of its own",
        })
    }
}

impl core::error::Error for Error {}

impl From<nor_store::Error> for Error {
    fn from(error: nor_store::Error) -> Self {
        match error {
            nor_store::Error::Partition => Self::Partition,
            nor_store::Error::Flash
            | nor_store::Error::Exhausted
            | nor_store::Error::Full
            | nor_store::Error::Corrupted
            | nor_store::Error::LogicBug => Self::Flash,
        }
    }
}
