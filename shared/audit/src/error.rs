//! What can go wrong with the log: one flat enum.

/// Why the log refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Error {
    /// The partition has fewer than two sectors, or sectors or words that entries do not fit.
    #[error("the flash partition does not suit a log")]
    Partition,
    /// The flash failed.
    #[error("the log's flash failed")]
    Flash,
    /// All numbers are given: after four thousand million entries.
    #[error("the log has no number left for another entry")]
    Exhausted,
}
