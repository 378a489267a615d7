//! Why firmware is refused, or the record cannot be kept: one flat enum.

/// Why firmware is not started, or the record is not to be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The slot does not begin with the header of firmware.
    #[error("it is no firmware image")]
    NotFirmware,
    /// The image is another board's.
    #[error("it is for another board")]
    OtherBoard,
    /// The image is longer than what is there, or has no vector table.
    #[error("it is cut short")]
    Truncated,
    /// The image leaves the memory for code.
    #[error("it does not fit the memory for code")]
    Misplaced,
    /// The image has another SHA-256 than its header says.
    #[error("it was changed")]
    Damaged,
    /// The header is not the one that the record names.
    #[error("it is not the image that was expected")]
    Other,
    /// The board had a newer release in force.
    #[error("it is older than one that the board had")]
    RolledBack,
    /// The signature is not the signer's, or nobody is trusted yet.
    #[error("it is not signed by the key that the board trusts")]
    Unsigned,
    /// The partition of the record has fewer than two sectors, or sectors that records do not fit.
    #[error("the flash partition does not suit a boot record")]
    Partition,
    /// The flash failed.
    #[error("the boot record's flash failed")]
    Flash,
    /// There is no record that this board sealed.
    #[error("the board has no boot record of its own")]
    NoRecord,
}
