//! What can go wrong with the log: one flat enum.

/// Why the log refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Error {
    /// The partition has fewer than two sectors, or sectors or words of a size that does not fit entries.
    #[error("the flash partition does not suit a log")]
    Partition,
    /// The flash failed.
    #[error("the log's flash failed")]
    Flash,
    /// All numbers are used, after 2^32 - 1 entries.
    #[error("the log has no number left for another entry")]
    Exhausted,
}

impl From<nor_store::Error> for Error {
    fn from(error: nor_store::Error) -> Self {
        match error {
            nor_store::Error::Partition => Self::Partition,
            nor_store::Error::Exhausted => Self::Exhausted,
            nor_store::Error::Flash
            | nor_store::Error::Full
            | nor_store::Error::Corrupted
            | nor_store::Error::LogicBug => Self::Flash,
        }
    }
}
