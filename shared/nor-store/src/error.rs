//! What can go wrong with a structure in flash: one flat enum.

use core::fmt;

/// Why an operation failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Error {
    /// The partition has too few or too many sectors, or sectors or words of a size that does not fit.
    Partition,
    /// The flash reported an error.
    Flash,
    /// All numbers are used.
    Exhausted,
    /// There is no room left.
    Full,
    /// The map is damaged beyond what an interrupted write can leave.
    Corrupted,
    /// A slice or an index that cannot fail did fail.
    LogicBug,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Partition => "the flash partition does not fit the structure",
            Self::Flash => "the flash failed",
            Self::Exhausted => "all numbers are used",
            Self::Full => "the partition is full",
            Self::Corrupted => "the partition is damaged",
            Self::LogicBug => "an impossible error: this is a bug",
        })
    }
}

impl core::error::Error for Error {}
